/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A pickle read as data.
 *
 * A pickle is a program for a stack machine: push a constant, build a container from what is above
 * the mark, remember the top under a number, import a name, call it. Ours knows the opcodes that
 * dictionaries of tensors are written with. It imports nothing: a name is looked up in the caller's
 * list and is refused if it is not there. It calls nothing: a call becomes a value that holds what
 * would be called, and the caller decides what that means.
 *
 * Every opcode makes at most one value of fixed size and moves what is on the stack, so memory is
 * proportional to the bytes read, and there is no recursion that nesting could exhaust. A limit on
 * the number of opcodes bounds both when the "pickle" is really the gigabytes of weights behind
 * one. */
#include "config.h"

#include <string.h>

#include "samcore/weights/sam-pickle.h"

#define MAX_OPCODES 1000000 /* some 40 000 tensors */
#define N_BLOCK     1024    /* values allocated at a time */

struct _SamPickle
{
  const SamCheckpoint   *checkpoint;
  GError               **error;
  const SamPickleGlobal *globals;
  const uint8_t         *data;
  size_t                 size;
  size_t                 at;
  GPtrArray             *blocks; /* SamPickleValue[N_BLOCK] */
  size_t                 n_in_block;
  GPtrArray             *stack;      /* SamPickleValue */
  GArray                *marks;      /* guint, heights of the stack */
  GHashTable            *memo;       /* number → SamPickleValue */
  GPtrArray             *persistent; /* SamPickleValue */
  SamPickleValue        *root;
};

/* What we refuse, by name. */
static const struct
{
  uint8_t     opcode;
  const char *name;
} refused[] = {
  { 'F', "FLOAT" },       { 'I', "INT" },          { 'L', "LONG" },
  { 'S', "STRING" },      { 'V', "UNICODE" },      { 'P', "PERSID" },
  { 'i', "INST" },        { 'o', "OBJ" },          { 'g', "GET" },
  { 'p', "PUT" },         { 0x81, "NEWOBJ" },      { 0x82, "EXT1" },
  { 0x83, "EXT2" },       { 0x84, "EXT4" },        { 0x8f, "EMPTY_SET" },
  { 0x90, "ADDITEMS" },   { 0x91, "FROZENSET" },   { 0x92, "NEWOBJ_EX" },
  { 0x96, "BYTEARRAY8" }, { 0x97, "NEXT_BUFFER" }, { 0x98, "READONLY_BUFFER" },
};

static gboolean
fail (SamPickle *pickle, const char *reason)
{
  return sam_checkpoint_fail (pickle->checkpoint, pickle->error, "%s at byte %zu of its pickle",
                              reason, pickle->at);
}

const char *
sam_pickle_type_name (SamPickleType type)
{
  static const char *names[] = {
    "None",    "a boolean", "a number",     "a number", "a number",  "a string",  "bytes",
    "a tuple", "a list",    "a dictionary", "a class",  "a storage", "an object",
  };

  return names[type];
}

/* Steps over @n bytes; NULL at the end of the file. */
static const uint8_t *
take (SamPickle *pickle, uint64_t n)
{
  const uint8_t *p = pickle->data + pickle->at;

  if (n > pickle->size - pickle->at)
    {
      fail (pickle, "the file ends");
      return NULL;
    }
  pickle->at += n;

  return p;
}

/* A little-endian number of @n bytes. */
static gboolean
take_number (SamPickle *pickle, int n, uint64_t *number)
{
  const uint8_t *p = take (pickle, n);

  if (p == NULL)
    return FALSE;
  *number = 0;
  for (int i = n - 1; i >= 0; i--)
    *number = *number << 8 | p[i];

  return TRUE;
}

static SamPickleValue *
new_value (SamPickle *pickle, SamPickleType type)
{
  SamPickleValue *value;

  if (pickle->blocks->len == 0 || pickle->n_in_block == N_BLOCK)
    {
      g_ptr_array_add (pickle->blocks, g_new0 (SamPickleValue, N_BLOCK));
      pickle->n_in_block = 0;
    }
  value = (SamPickleValue *) g_ptr_array_index (pickle->blocks, pickle->blocks->len - 1) +
          pickle->n_in_block++;
  value->type = type;

  return value;
}

static SamPickleValue *
push (SamPickle *pickle, SamPickleType type)
{
  SamPickleValue *value = new_value (pickle, type);

  g_ptr_array_add (pickle->stack, value);

  return value;
}

/* The lowest place that an opcode may pop: what lies below a mark is not its business. */
static guint
get_floor (SamPickle *pickle)
{
  return pickle->marks->len == 0 ? 0 : g_array_index (pickle->marks, guint, pickle->marks->len - 1);
}

static SamPickleValue *
get_top (SamPickle *pickle)
{
  if (pickle->stack->len <= get_floor (pickle))
    {
      fail (pickle, "nothing on the stack");
      return NULL;
    }

  return g_ptr_array_index (pickle->stack, pickle->stack->len - 1);
}

static SamPickleValue *
pop (SamPickle *pickle)
{
  SamPickleValue *top = get_top (pickle);

  if (top != NULL)
    g_ptr_array_set_size (pickle->stack, pickle->stack->len - 1);

  return top;
}

/* The height of the stack at the last mark, which goes. */
static gboolean
pop_mark (SamPickle *pickle, guint *height)
{
  if (pickle->marks->len == 0)
    return fail (pickle, "a mark is missing");
  *height = get_floor (pickle);
  g_array_set_size (pickle->marks, pickle->marks->len - 1);

  return TRUE;
}

/* Grows by doubling; the size is worked out from n, which saves a field in each value. */
static void
append (SamPickleValue *container, SamPickleValue *item)
{
  uint32_t n = container->n;

  if ((n & (n - 1)) == 0)
    container->items = g_renew (SamPickleValue *, container->items, n == 0 ? 1 : (size_t) n * 2);
  container->items[container->n++] = item;
}

/* What lies on the stack from @from on becomes the items of a new @type on top. */
static SamPickleValue *
gather (SamPickle *pickle, guint from, SamPickleType type)
{
  SamPickleValue *value = new_value (pickle, type);

  for (guint i = from; i < pickle->stack->len; i++)
    append (value, g_ptr_array_index (pickle->stack, i));
  g_ptr_array_set_size (pickle->stack, from);
  g_ptr_array_add (pickle->stack, value);

  return value;
}

static gboolean
gather_tuple (SamPickle *pickle, guint n)
{
  if (pickle->stack->len - get_floor (pickle) < n)
    return fail (pickle, "nothing on the stack");
  gather (pickle, pickle->stack->len - n, SAM_PICKLE_TUPLE);

  return TRUE;
}

/* APPEND, APPENDS, SETITEM, SETITEMS: what lies above @from goes into the container below it. */
static gboolean
add_items (SamPickle *pickle, guint from, SamPickleType type)
{
  SamPickleValue *container;

  if (from <= get_floor (pickle))
    return fail (pickle, "nothing on the stack");
  container = g_ptr_array_index (pickle->stack, from - 1);
  if (container->type != type)
    return fail (pickle, "items for something that is no container of them");
  if (type == SAM_PICKLE_DICT && (pickle->stack->len - from) % 2 != 0)
    return fail (pickle, "a key without a value");
  for (guint i = from; i < pickle->stack->len; i++)
    append (container, g_ptr_array_index (pickle->stack, i));
  g_ptr_array_set_size (pickle->stack, from);

  return TRUE;
}

static gboolean
push_bytes (SamPickle *pickle, SamPickleType type, int n_length)
{
  SamPickleValue *value;
  const uint8_t  *bytes;
  uint64_t        length;

  if (! take_number (pickle, n_length, &length))
    return FALSE;
  bytes = take (pickle, length);
  if (bytes == NULL)
    return FALSE;
  if (length > G_MAXUINT32)
    return fail (pickle, "too long a string");
  value = push (pickle, type);
  value->n = length;
  value->bytes = (const char *) bytes;

  return TRUE;
}

static gboolean
push_integer (SamPickle *pickle, SamPickleType type, int64_t integer)
{
  push (pickle, type)->integer = integer;

  return TRUE;
}

static gboolean
push_long (SamPickle *pickle, int n_length)
{
  SamPickleValue *value;
  uint64_t        bits;

  if (! push_bytes (pickle, SAM_PICKLE_LONG, n_length))
    return FALSE;
  value = get_top (pickle);
  if (value->n > sizeof bits)
    return TRUE;

  bits = value->n > 0 && (value->bytes[value->n - 1] & 0x80) ? ~(uint64_t) 0 : 0;
  for (int i = (int) value->n - 1; i >= 0; i--)
    bits = bits << 8 | (uint8_t) value->bytes[i];
  value->type = SAM_PICKLE_INT;
  value->integer = (int64_t) bits;

  return TRUE;
}

static gboolean
push_float (SamPickle *pickle)
{
  const uint8_t *p = take (pickle, 8);
  uint64_t       bits;

  if (p == NULL)
    return FALSE;
  memcpy (&bits, p, sizeof bits);
  bits = GUINT64_FROM_BE (bits);
  memcpy (&push (pickle, SAM_PICKLE_FLOAT)->number, &bits, sizeof bits);

  return TRUE;
}

static gboolean
equals (const char *bytes, size_t n, const char *string)
{
  return strlen (string) == n && memcmp (bytes, string, n) == 0;
}

static gboolean
push_global (SamPickle  *pickle,
             const char *module,
             size_t      n_module,
             const char *name,
             size_t      n_name)
{
  g_autofree char *quoted_module = NULL;
  g_autofree char *quoted_name = NULL;

  for (const SamPickleGlobal *global = pickle->globals; global->module != NULL; global++)
    if (equals (module, n_module, global->module) && equals (name, n_name, global->name))
      {
        push (pickle, SAM_PICKLE_GLOBAL)->global = global;
        return TRUE;
      }

  quoted_module = sam_quote (module, n_module);
  quoted_name = sam_quote (name, n_name);

  return sam_checkpoint_fail (
    pickle->checkpoint, pickle->error,
    "its pickle asks for %s of the Python module %s, which a dictionary of "
    "tensors does not need; nothing of the file was run",
    quoted_name, quoted_module);
}

/* The rest of a line, without its end. */
static const char *
take_line (SamPickle *pickle, size_t *n)
{
  const char    *line = (const char *) pickle->data + pickle->at;
  const uint8_t *end = memchr (line, '\n', pickle->size - pickle->at);

  if (end == NULL)
    {
      fail (pickle, "a name without end");
      return NULL;
    }
  *n = end - (const uint8_t *) line;
  pickle->at += *n + 1;

  return line;
}

static gboolean
do_global (SamPickle *pickle)
{
  const char *module, *name;
  size_t      n_module, n_name;

  module = take_line (pickle, &n_module);
  if (module == NULL)
    return FALSE;
  name = take_line (pickle, &n_name);
  if (name == NULL)
    return FALSE;

  return push_global (pickle, module, n_module, name, n_name);
}

static gboolean
do_stack_global (SamPickle *pickle)
{
  SamPickleValue *name = pop (pickle);
  SamPickleValue *module = name == NULL ? NULL : pop (pickle);

  if (module == NULL)
    return FALSE;
  if (name->type != SAM_PICKLE_STRING || module->type != SAM_PICKLE_STRING)
    return fail (pickle, "an import whose name is not a string");

  return push_global (pickle, module->bytes, module->n, name->bytes, name->n);
}

/* OrderedDict (), or OrderedDict ([[key, value], …]) as Python 2 wrote it. */
static gboolean
make_dict (SamPickle *pickle, SamPickleValue *arguments)
{
  SamPickleValue *dict = push (pickle, SAM_PICKLE_DICT);
  SamPickleValue *list;

  if (arguments->n == 0)
    return TRUE;
  list = arguments->items[0];
  if (arguments->n != 1 || list->type != SAM_PICKLE_LIST)
    return fail (pickle, "a dictionary made from something else than pairs");
  for (uint32_t i = 0; i < list->n; i++)
    {
      SamPickleValue *pair = list->items[i];

      if ((pair->type != SAM_PICKLE_LIST && pair->type != SAM_PICKLE_TUPLE) || pair->n != 2)
        return fail (pickle, "a dictionary made from something else than pairs");
      append (dict, pair->items[0]);
      append (dict, pair->items[1]);
    }

  return TRUE;
}

static gboolean
do_reduce (SamPickle *pickle)
{
  SamPickleValue *arguments = pop (pickle);
  SamPickleValue *callee = arguments == NULL ? NULL : pop (pickle);
  SamPickleValue *call;

  if (callee == NULL)
    return FALSE;
  if (arguments->type != SAM_PICKLE_TUPLE || callee->type != SAM_PICKLE_GLOBAL)
    return fail (pickle, "a call of something that is no function");
  if (callee->global->kind == SAM_PICKLE_KIND_DICT)
    return make_dict (pickle, arguments);

  call = push (pickle, SAM_PICKLE_CALL);
  append (call, callee);
  append (call, arguments);

  return TRUE;
}

/* State of a dictionary (a module's _metadata) is of no use to us; nothing else may have any. */
static gboolean
do_build (SamPickle *pickle)
{
  SamPickleValue *target;

  if (pop (pickle) == NULL)
    return FALSE;
  target = get_top (pickle);
  if (target == NULL)
    return FALSE;
  if (target->type != SAM_PICKLE_DICT)
    return fail (pickle, "state for something else than a dictionary");

  return TRUE;
}

static gboolean
do_persistent (SamPickle *pickle)
{
  SamPickleValue *id = pop (pickle);
  SamPickleValue *value;

  if (id == NULL)
    return FALSE;
  value = push (pickle, SAM_PICKLE_PERSISTENT);
  append (value, id);
  g_ptr_array_add (pickle->persistent, value);

  return TRUE;
}

static gboolean
memo_put (SamPickle *pickle, uint64_t number)
{
  SamPickleValue *top = get_top (pickle);

  if (top == NULL)
    return FALSE;
  g_hash_table_insert (pickle->memo, GSIZE_TO_POINTER ((gsize) number), top);

  return TRUE;
}

static gboolean
memo_get (SamPickle *pickle, uint64_t number)
{
  SamPickleValue *value = g_hash_table_lookup (pickle->memo, GSIZE_TO_POINTER ((gsize) number));

  if (value == NULL)
    return fail (pickle, "nothing is remembered under the number asked for");
  g_ptr_array_add (pickle->stack, value);

  return TRUE;
}

static gboolean
refuse (SamPickle *pickle, uint8_t opcode)
{
  for (size_t i = 0; i < G_N_ELEMENTS (refused); i++)
    if (refused[i].opcode == opcode)
      return sam_checkpoint_fail (
        pickle->checkpoint, pickle->error,
        "its pickle uses %s, which a dictionary of tensors does not need; "
        "nothing of the file was run",
        refused[i].name);

  return sam_checkpoint_fail (pickle->checkpoint, pickle->error,
                              "its pickle has the unknown opcode 0x%02x", opcode);
}

/* One opcode after STOP and PROTO are out of the way. */
static gboolean
step (SamPickle *pickle, uint8_t opcode)
{
  SamPickleValue *top;
  uint64_t        number = 0;
  guint           height = 0;

  switch (opcode)
    {
    case 0x95: /* FRAME: where a writer's buffer ended, of no use to us */
      return take_number (pickle, 8, &number);

    case 'N':
      return push_integer (pickle, SAM_PICKLE_NONE, 0);
    case 0x88:
      return push_integer (pickle, SAM_PICKLE_BOOL, TRUE);
    case 0x89:
      return push_integer (pickle, SAM_PICKLE_BOOL, FALSE);
    case 'J': /* BININT, the only one with a sign */
      return take_number (pickle, 4, &number) &&
             push_integer (pickle, SAM_PICKLE_INT, (int32_t) (uint32_t) number);
    case 'K':
      return take_number (pickle, 1, &number) && push_integer (pickle, SAM_PICKLE_INT, number);
    case 'M':
      return take_number (pickle, 2, &number) && push_integer (pickle, SAM_PICKLE_INT, number);
    case 0x8a:
      return push_long (pickle, 1);
    case 0x8b:
      return push_long (pickle, 4);
    case 'G':
      return push_float (pickle);

    case 'X':
      return push_bytes (pickle, SAM_PICKLE_STRING, 4);
    case 0x8c:
      return push_bytes (pickle, SAM_PICKLE_STRING, 1);
    case 0x8d:
      return push_bytes (pickle, SAM_PICKLE_STRING, 8);
    case 'U':
      return push_bytes (pickle, SAM_PICKLE_STRING, 1); /* Python 2's */
    case 'T':
      return push_bytes (pickle, SAM_PICKLE_STRING, 4);
    case 'C':
      return push_bytes (pickle, SAM_PICKLE_BYTES, 1);
    case 'B':
      return push_bytes (pickle, SAM_PICKLE_BYTES, 4);
    case 0x8e:
      return push_bytes (pickle, SAM_PICKLE_BYTES, 8);

    case ')':
      return push (pickle, SAM_PICKLE_TUPLE) != NULL;
    case 0x85:
      return gather_tuple (pickle, 1);
    case 0x86:
      return gather_tuple (pickle, 2);
    case 0x87:
      return gather_tuple (pickle, 3);
    case 't':
      return pop_mark (pickle, &height) && gather (pickle, height, SAM_PICKLE_TUPLE) != NULL;
    case ']':
      return push (pickle, SAM_PICKLE_LIST) != NULL;
    case 'l':
      return pop_mark (pickle, &height) && gather (pickle, height, SAM_PICKLE_LIST) != NULL;
    case '}':
      return push (pickle, SAM_PICKLE_DICT) != NULL;
    case 'd':
      if (! pop_mark (pickle, &height))
        return FALSE;
      if ((pickle->stack->len - height) % 2 != 0)
        return fail (pickle, "a key without a value");
      return gather (pickle, height, SAM_PICKLE_DICT) != NULL;

    case '(':
      g_array_append_val (pickle->marks, pickle->stack->len);
      return TRUE;
    case '0':
      return pop (pickle) != NULL;
    case '1':
      if (! pop_mark (pickle, &height))
        return FALSE;
      g_ptr_array_set_size (pickle->stack, height);
      return TRUE;
    case '2':
      top = get_top (pickle);
      if (top == NULL)
        return FALSE;
      g_ptr_array_add (pickle->stack, top);
      return TRUE;

    case 'a':
      return get_top (pickle) != NULL &&
             add_items (pickle, pickle->stack->len - 1, SAM_PICKLE_LIST);
    case 'e':
      return pop_mark (pickle, &height) && add_items (pickle, height, SAM_PICKLE_LIST);
    case 's':
      if (pickle->stack->len - get_floor (pickle) < 3)
        return fail (pickle, "nothing on the stack");
      return add_items (pickle, pickle->stack->len - 2, SAM_PICKLE_DICT);
    case 'u':
      return pop_mark (pickle, &height) && add_items (pickle, height, SAM_PICKLE_DICT);

    case 'q':
      return take_number (pickle, 1, &number) && memo_put (pickle, number);
    case 'r':
      return take_number (pickle, 4, &number) && memo_put (pickle, number);
    case 0x94:
      return memo_put (pickle, g_hash_table_size (pickle->memo));
    case 'h':
      return take_number (pickle, 1, &number) && memo_get (pickle, number);
    case 'j':
      return take_number (pickle, 4, &number) && memo_get (pickle, number);

    case 'c':
      return do_global (pickle);
    case 0x93:
      return do_stack_global (pickle);
    case 'R':
      return do_reduce (pickle);
    case 'b':
      return do_build (pickle);
    case 'Q':
      return do_persistent (pickle);

    default:
      return refuse (pickle, opcode);
    }
}

static gboolean
run (SamPickle *pickle)
{
  const uint8_t *p = take (pickle, 2);

  if (p == NULL)
    return FALSE;
  if (p[0] != 0x80 || p[1] < 2 || p[1] > 5)
    return fail (pickle, "no pickle protocol from 2 to 5");

  for (int i = 0; i < MAX_OPCODES; i++)
    {
      p = take (pickle, 1);
      if (p == NULL)
        return FALSE;
      if (*p == '.')
        {
          pickle->root = pop (pickle);
          return pickle->root != NULL;
        }
      if (! step (pickle, *p))
        return FALSE;
    }

  return fail (pickle, "far too many opcodes");
}

SamPickle *
sam_pickle_new (const SamCheckpoint   *checkpoint,
                const uint8_t         *data,
                size_t                 size,
                const SamPickleGlobal *globals,
                GError               **error)
{
  g_autoptr (SamPickle) pickle = g_new0 (SamPickle, 1);
  gboolean              whole;

  pickle->checkpoint = checkpoint;
  pickle->error = error;
  pickle->globals = globals;
  pickle->data = data;
  pickle->size = size;
  pickle->blocks = g_ptr_array_new ();
  pickle->stack = g_ptr_array_new ();
  pickle->marks = g_array_new (FALSE, FALSE, sizeof (guint));
  pickle->memo = g_hash_table_new (NULL, NULL);
  pickle->persistent = g_ptr_array_new ();

  whole = run (pickle);
  pickle->error = NULL;

  return whole ? g_steal_pointer (&pickle) : NULL;
}

void
sam_pickle_free (SamPickle *pickle)
{
  if (pickle == NULL)
    return;

  for (guint b = 0; b < pickle->blocks->len; b++)
    {
      SamPickleValue *block = g_ptr_array_index (pickle->blocks, b);
      size_t          n = b + 1 < pickle->blocks->len ? N_BLOCK : pickle->n_in_block;

      for (size_t i = 0; i < n; i++)
        switch (block[i].type)
          {
          case SAM_PICKLE_TUPLE:
          case SAM_PICKLE_LIST:
          case SAM_PICKLE_DICT:
          case SAM_PICKLE_PERSISTENT:
          case SAM_PICKLE_CALL:
            g_free (block[i].items);
            break;
          default:
            break;
          }
      g_free (block);
    }
  g_ptr_array_unref (pickle->blocks);
  g_ptr_array_unref (pickle->stack);
  g_array_unref (pickle->marks);
  g_hash_table_unref (pickle->memo);
  g_ptr_array_unref (pickle->persistent);
  g_free (pickle);
}

const SamPickleValue *
sam_pickle_get_root (const SamPickle *pickle)
{
  return pickle->root;
}

size_t
sam_pickle_get_size (const SamPickle *pickle)
{
  return pickle->at;
}

size_t
sam_pickle_get_n_persistent (const SamPickle *pickle)
{
  return pickle->persistent->len;
}

const SamPickleValue *
sam_pickle_get_persistent (const SamPickle *pickle, size_t i)
{
  return g_ptr_array_index (pickle->persistent, i);
}
