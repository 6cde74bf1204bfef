/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each opcode of a pickle does: pushes a constant, builds a container of what is above the
 * mark, remembers the top under a number, mentions a name, calls it. A table at the end names them
 * all. */
#include "config.h"

#include <string.h>

#include "samcore/weights/sam-pickle-machine.h"
#include "samcore/weights/sam-pickle-opcodes.h"

#define MAX_LINE (1 << 20) /* bytes of a name or a number as text */

/* What an opcode does. @n and @type are its line's of the table below. */
typedef struct
{
  const char *name;                                               /* as in Python's pickletools */
  gboolean (*run) (SamPickle *pickle, int n, SamPickleType type); /* NULL: refused */
  int           n;
  SamPickleType type;
} Opcode;

/* EMPTY_TUPLE, TUPLE1, TUPLE2, TUPLE3, EMPTY_LIST, EMPTY_DICT: of the @n values on top */
static gboolean
do_gather (SamPickle *pickle, int n, SamPickleType type)
{
  if (pickle->stack->len - sam_machine_get_floor (pickle) < (guint) n)
    return sam_machine_fail (pickle, "nothing on the stack");
  sam_machine_gather (pickle, pickle->stack->len - n, type);

  return TRUE;
}

/* TUPLE, LIST, DICT: of what lies above the mark */
static gboolean
do_gather_marked (SamPickle *pickle, int n, SamPickleType type)
{
  guint height = 0;

  if (! sam_machine_pop_mark (pickle, &height))
    return FALSE;
  if (type == SAM_PICKLE_DICT && (pickle->stack->len - height) % 2 != 0)
    return sam_machine_fail (pickle, "a key without a value");
  sam_machine_gather (pickle, height, type);

  return TRUE;
}

/* What lies above @from goes into the container below it. */
static gboolean
add_items (SamPickle *pickle, guint from, SamPickleType type)
{
  SamPickleValue *container;

  if (from <= sam_machine_get_floor (pickle))
    return sam_machine_fail (pickle, "nothing on the stack");
  container = g_ptr_array_index (pickle->stack, from - 1);
  if (type == SAM_PICKLE_DICT && (pickle->stack->len - from) % 2 != 0)
    return sam_machine_fail (pickle, "a key without a value");
  if (container->type == SAM_PICKLE_OBJECT && type == SAM_PICKLE_DICT)
    {
      sam_machine_gather (pickle, from, SAM_PICKLE_DICT);
      sam_machine_append (container, sam_machine_pop (pickle));
      return TRUE;
    }
  if (container->type != type && container->type != SAM_PICKLE_OBJECT)
    return sam_machine_fail (pickle, "items for something that is not a container");
  for (guint i = from; i < pickle->stack->len; i++)
    sam_machine_append (container, g_ptr_array_index (pickle->stack, i));
  g_ptr_array_set_size (pickle->stack, from);

  return TRUE;
}

/* APPEND, SETITEM: the @n values on top go into the container below them. */
static gboolean
do_add (SamPickle *pickle, int n, SamPickleType type)
{
  if (pickle->stack->len - sam_machine_get_floor (pickle) < (guint) n + 1)
    return sam_machine_fail (pickle, "nothing on the stack");

  return add_items (pickle, pickle->stack->len - n, type);
}

/* APPENDS, SETITEMS: what lies above the mark */
static gboolean
do_add_marked (SamPickle *pickle, int n, SamPickleType type)
{
  guint height = 0;

  return sam_machine_pop_mark (pickle, &height) && add_items (pickle, height, type);
}

/* Strings and bytes, behind a length of @n_length bytes */
static gboolean
do_bytes (SamPickle *pickle, int n_length, SamPickleType type)
{
  SamPickleValue *value;
  const uint8_t  *bytes;
  uint64_t        length;

  if (! sam_machine_take_number (pickle, n_length, &length))
    return FALSE;
  bytes = sam_machine_take (pickle, length);
  if (bytes == NULL)
    return FALSE;
  if (length > G_MAXUINT32)
    return sam_machine_fail (pickle, "a string that is too long");
  value = sam_machine_push (pickle, type);
  value->n = length;
  value->bytes = (const char *) bytes;

  return TRUE;
}

/* NONE, NEWTRUE, NEWFALSE: @value is all there is */
static gboolean
do_constant (SamPickle *pickle, int value, SamPickleType type)
{
  sam_machine_push (pickle, type)->integer = value;

  return TRUE;
}

/* BININT, the only one of its kind with a sign */
static gboolean
do_signed (SamPickle *pickle, int n, SamPickleType type)
{
  uint64_t number;

  if (! sam_machine_take_number (pickle, n, &number))
    return FALSE;
  sam_machine_push (pickle, type)->integer = (int32_t) (uint32_t) number;

  return TRUE;
}

/* BININT1, BININT2 */
static gboolean
do_unsigned (SamPickle *pickle, int n, SamPickleType type)
{
  uint64_t number;

  if (! sam_machine_take_number (pickle, n, &number))
    return FALSE;
  sam_machine_push (pickle, type)->integer = (int64_t) number;

  return TRUE;
}

/* LONG1, LONG4: a number where it fits */
static gboolean
do_long (SamPickle *pickle, int n_length, SamPickleType type)
{
  SamPickleValue *value;
  uint64_t        bits;

  if (! do_bytes (pickle, n_length, type))
    return FALSE;
  value = sam_machine_get_top (pickle);
  if (value->n > sizeof bits)
    return TRUE;

  bits = value->n > 0 && (value->bytes[value->n - 1] & 0x80) ? ~(uint64_t) 0 : 0;
  for (uint32_t i = value->n; i > 0; i--)
    bits = bits << 8 | (uint8_t) value->bytes[i - 1];
  value->type = SAM_PICKLE_INT;
  value->integer = (int64_t) bits;

  return TRUE;
}

/* BINFLOAT, big endian */
static gboolean
do_float (SamPickle *pickle, int n, SamPickleType type)
{
  const uint8_t *p = sam_machine_take (pickle, n);
  uint64_t       bits;

  if (p == NULL)
    return FALSE;
  memcpy (&bits, p, sizeof bits);
  bits = GUINT64_FROM_BE (bits);
  memcpy (&sam_machine_push (pickle, type)->number, &bits, sizeof bits);

  return TRUE;
}

static gboolean
equals (const char *bytes, size_t n, const char *string)
{
  return strlen (string) == n && memcmp (bytes, string, n) == 0;
}

/* What @module and @name, both strings, stand for. */
static void
push_global (SamPickle *pickle, SamPickleValue *module, SamPickleValue *name)
{
  SamPickleValue *foreign;

  for (const SamPickleGlobal *global = pickle->globals; global->module != NULL; global++)
    if (equals (module->bytes, module->n, global->module) &&
        equals (name->bytes, name->n, global->name))
      {
        sam_machine_push (pickle, SAM_PICKLE_GLOBAL)->global = global;
        return;
      }

  foreign = sam_machine_push (pickle, SAM_PICKLE_FOREIGN);
  sam_machine_append (foreign, module);
  sam_machine_append (foreign, name);
}

/* The rest of a line, without its end, as a string. */
static SamPickleValue *
take_line (SamPickle *pickle)
{
  SamPickleValue *value;
  const char     *line = (const char *) pickle->data + pickle->at;
  const uint8_t  *end = memchr (line, '\n', pickle->size - pickle->at);
  size_t          n = end == NULL ? 0 : (size_t) (end - (const uint8_t *) line);

  if (end == NULL || n > MAX_LINE)
    {
      sam_machine_fail (pickle, "an unterminated line");
      return NULL;
    }
  pickle->at += n + 1;
  value = sam_machine_new_value (pickle, SAM_PICKLE_STRING);
  value->bytes = line;
  value->n = n;

  return value;
}

/* GLOBAL: two lines */
static gboolean
do_global (SamPickle *pickle, int n, SamPickleType type)
{
  SamPickleValue *module = take_line (pickle);
  SamPickleValue *name = module == NULL ? NULL : take_line (pickle);

  if (name == NULL)
    return FALSE;
  push_global (pickle, module, name);

  return TRUE;
}

static gboolean
do_stack_global (SamPickle *pickle, int n, SamPickleType type)
{
  SamPickleValue *name = sam_machine_pop (pickle);
  SamPickleValue *module = name == NULL ? NULL : sam_machine_pop (pickle);

  if (module == NULL)
    return FALSE;
  if (name->type != SAM_PICKLE_STRING || module->type != SAM_PICKLE_STRING)
    return sam_machine_fail (pickle, "an import whose name is not a string");
  push_global (pickle, module, name);

  return TRUE;
}

/* EXT1, EXT2, EXT4: a name under a number that only the writer's Python knows */
static gboolean
do_extension (SamPickle *pickle, int n, SamPickleType type)
{
  SamPickleValue *number;

  if (sam_machine_take (pickle, n) == NULL)
    return FALSE;
  number = sam_machine_new_value (pickle, SAM_PICKLE_STRING);
  number->bytes = "copyreg";
  number->n = strlen (number->bytes);
  push_global (pickle, number, number);

  return TRUE;
}

/* OrderedDict (), or OrderedDict ([[key, value], …]) as Python 2 wrote it. */
static gboolean
make_dict (SamPickle *pickle, SamPickleValue *arguments)
{
  SamPickleValue *dict = sam_machine_push (pickle, SAM_PICKLE_DICT);
  SamPickleValue *list;

  if (arguments->n == 0)
    return TRUE;
  list = arguments->items[0];
  if (arguments->n != 1 || list->type != SAM_PICKLE_LIST)
    return sam_machine_fail (pickle, "a dictionary made from something other than pairs");
  /* Each item has cost a byte at least; only a list that was remembered can be copied often. */
  pickle->n_copied += list->n;
  if (pickle->n_copied > pickle->at)
    return sam_machine_fail (pickle, "dictionaries made again and again from the same pairs");
  for (uint32_t i = 0; i < list->n; i++)
    {
      SamPickleValue *pair = list->items[i];

      if ((pair->type != SAM_PICKLE_LIST && pair->type != SAM_PICKLE_TUPLE) || pair->n != 2)
        return sam_machine_fail (pickle, "a dictionary made from something other than pairs");
      sam_machine_append (dict, pair->items[0]);
      sam_machine_append (dict, pair->items[1]);
    }

  return TRUE;
}

/* What @callee, nothing that we know, would make of @arguments. */
static SamPickleValue *
push_object (SamPickle *pickle, SamPickleValue *callee, SamPickleValue *arguments)
{
  SamPickleValue *object = sam_machine_push (pickle, SAM_PICKLE_OBJECT);

  sam_machine_append (object, callee);
  sam_machine_append (object, arguments);

  return object;
}

/* REDUCE, NEWOBJ: a call of what lies below a tuple of arguments */
static gboolean
do_call (SamPickle *pickle, int n, SamPickleType type)
{
  SamPickleValue *arguments = sam_machine_pop (pickle);
  SamPickleValue *callee = arguments == NULL ? NULL : sam_machine_pop (pickle);
  SamPickleValue *call;

  if (callee == NULL)
    return FALSE;
  if (callee->type == SAM_PICKLE_FOREIGN || callee->type == SAM_PICKLE_OBJECT ||
      callee->type == SAM_PICKLE_CALL)
    return push_object (pickle, callee, arguments) != NULL;
  if (arguments->type != SAM_PICKLE_TUPLE || callee->type != SAM_PICKLE_GLOBAL)
    return sam_machine_fail (pickle, "a call of something that is not a function");
  if (callee->global->kind == SAM_PICKLE_KIND_DICT)
    return make_dict (pickle, arguments);

  call = sam_machine_push (pickle, type);
  sam_machine_append (call, callee);
  sam_machine_append (call, arguments);

  return TRUE;
}

/* NEWOBJ_EX: arguments by place, arguments by name */
static gboolean
do_call_named (SamPickle *pickle, int n, SamPickleType type)
{
  SamPickleValue *named = sam_machine_pop (pickle);
  SamPickleValue *arguments = named == NULL ? NULL : sam_machine_pop (pickle);
  SamPickleValue *callee = arguments == NULL ? NULL : sam_machine_pop (pickle);

  if (callee == NULL)
    return FALSE;
  sam_machine_append (push_object (pickle, callee, arguments), named);

  return TRUE;
}

/* INST: the class in two lines; OBJ: the class behind the mark; the arguments follow the mark */
static gboolean
do_call_marked (SamPickle *pickle, int n_lines, SamPickleType type)
{
  SamPickleValue *callee, *arguments;
  guint           height = 0;

  if (! sam_machine_pop_mark (pickle, &height))
    return FALSE;
  if (n_lines == 0 && pickle->stack->len == height)
    return sam_machine_fail (pickle, "nothing on the stack");
  arguments = sam_machine_gather (pickle, height + (n_lines == 0), SAM_PICKLE_TUPLE);
  sam_machine_pop (pickle);
  if (n_lines > 0 && ! do_global (pickle, 0, SAM_PICKLE_GLOBAL))
    return FALSE;
  callee = sam_machine_pop (pickle);

  return callee != NULL && push_object (pickle, callee, arguments) != NULL;
}

/* The state of a dictionary (a module's _metadata) or of a tensor is of no use to us. */
static gboolean
do_build (SamPickle *pickle, int n, SamPickleType type)
{
  SamPickleValue *state = sam_machine_pop (pickle);
  SamPickleValue *target = state == NULL ? NULL : sam_machine_get_top (pickle);

  if (target == NULL)
    return FALSE;
  if (target->type == SAM_PICKLE_OBJECT)
    sam_machine_append (target, state);

  return TRUE;
}

static gboolean
do_persistent (SamPickle *pickle, int n, SamPickleType type)
{
  SamPickleValue *id = sam_machine_pop (pickle);
  SamPickleValue *value;

  if (id == NULL)
    return FALSE;
  value = sam_machine_push (pickle, type);
  sam_machine_append (value, id);
  g_ptr_array_add (pickle->persistent, value);

  return TRUE;
}

static gboolean
remember (SamPickle *pickle, uint64_t number)
{
  SamPickleValue *top = sam_machine_get_top (pickle);

  if (top == NULL)
    return FALSE;
  g_hash_table_insert (pickle->memo, GSIZE_TO_POINTER ((gsize) number), top);

  return TRUE;
}

/* BINPUT, LONG_BINPUT */
static gboolean
do_put (SamPickle *pickle, int n, SamPickleType type)
{
  uint64_t number;

  return sam_machine_take_number (pickle, n, &number) && remember (pickle, number);
}

/* MEMOIZE: under the next number */
static gboolean
do_memoize (SamPickle *pickle, int n, SamPickleType type)
{
  return remember (pickle, g_hash_table_size (pickle->memo));
}

/* BINGET, LONG_BINGET */
static gboolean
do_get (SamPickle *pickle, int n, SamPickleType type)
{
  SamPickleValue *value;
  uint64_t        number;

  if (! sam_machine_take_number (pickle, n, &number))
    return FALSE;
  value = g_hash_table_lookup (pickle->memo, GSIZE_TO_POINTER ((gsize) number));
  if (value == NULL)
    return sam_machine_fail (pickle, "a reference to a missing memo");
  g_ptr_array_add (pickle->stack, value);

  return TRUE;
}

static gboolean
do_mark (SamPickle *pickle, int n, SamPickleType type)
{
  g_array_append_val (pickle->marks, pickle->stack->len);

  return TRUE;
}

static gboolean
do_pop (SamPickle *pickle, int n, SamPickleType type)
{
  return sam_machine_pop (pickle) != NULL;
}

static gboolean
do_pop_mark (SamPickle *pickle, int n, SamPickleType type)
{
  guint height = 0;

  if (! sam_machine_pop_mark (pickle, &height))
    return FALSE;
  g_ptr_array_set_size (pickle->stack, height);

  return TRUE;
}

static gboolean
do_dup (SamPickle *pickle, int n, SamPickleType type)
{
  SamPickleValue *top = sam_machine_get_top (pickle);

  if (top == NULL)
    return FALSE;
  g_ptr_array_add (pickle->stack, top);

  return TRUE;
}

/* FLOAT, STRING, UNICODE: a line of text, of no use to us */
static gboolean
do_line (SamPickle *pickle, int n, SamPickleType type)
{
  SamPickleValue *line = take_line (pickle);

  if (line == NULL)
    return FALSE;
  g_ptr_array_add (pickle->stack, line);

  return TRUE;
}

/* INT, LONG: a number as text, which may end in an L */
static gboolean
do_digits (SamPickle *pickle, int n, SamPickleType type)
{
  SamPickleValue *line = take_line (pickle);
  char            digits[24] = "";

  if (line == NULL)
    return FALSE;
  memcpy (digits, line->bytes, MIN (line->n, sizeof digits - 1));
  sam_machine_push (pickle, type)->integer = g_ascii_strtoll (digits, NULL, 10);

  return TRUE;
}

/* FRAME: where a writer's buffer ended, of no use to us */
static gboolean
do_frame (SamPickle *pickle, int n, SamPickleType type)
{
  return sam_machine_take (pickle, n) != NULL;
}

/* All but PROTO, which is the first, and STOP, which is the last. */
static const Opcode opcodes[256] = {
  [0x95] = { "FRAME", do_frame, 8 },

  ['N'] = { "NONE", do_constant, 0, SAM_PICKLE_NONE },
  [0x88] = { "NEWTRUE", do_constant, TRUE, SAM_PICKLE_BOOL },
  [0x89] = { "NEWFALSE", do_constant, FALSE, SAM_PICKLE_BOOL },
  ['J'] = { "BININT", do_signed, 4, SAM_PICKLE_INT },
  ['K'] = { "BININT1", do_unsigned, 1, SAM_PICKLE_INT },
  ['M'] = { "BININT2", do_unsigned, 2, SAM_PICKLE_INT },
  [0x8a] = { "LONG1", do_long, 1, SAM_PICKLE_LONG },
  [0x8b] = { "LONG4", do_long, 4, SAM_PICKLE_LONG },
  ['I'] = { "INT", do_digits, 0, SAM_PICKLE_INT },
  ['L'] = { "LONG", do_digits, 0, SAM_PICKLE_INT },
  ['G'] = { "BINFLOAT", do_float, 8, SAM_PICKLE_FLOAT },

  ['X'] = { "BINUNICODE", do_bytes, 4, SAM_PICKLE_STRING },
  [0x8c] = { "SHORT_BINUNICODE", do_bytes, 1, SAM_PICKLE_STRING },
  [0x8d] = { "BINUNICODE8", do_bytes, 8, SAM_PICKLE_STRING },
  ['U'] = { "SHORT_BINSTRING", do_bytes, 1, SAM_PICKLE_STRING }, /* Python 2's */
  ['T'] = { "BINSTRING", do_bytes, 4, SAM_PICKLE_STRING },
  ['C'] = { "SHORT_BINBYTES", do_bytes, 1, SAM_PICKLE_BYTES },
  ['B'] = { "BINBYTES", do_bytes, 4, SAM_PICKLE_BYTES },
  [0x8e] = { "BINBYTES8", do_bytes, 8, SAM_PICKLE_BYTES },
  [0x96] = { "BYTEARRAY8", do_bytes, 8, SAM_PICKLE_BYTES },
  ['F'] = { "FLOAT", do_line },
  ['S'] = { "STRING", do_line },
  ['V'] = { "UNICODE", do_line },

  [')'] = { "EMPTY_TUPLE", do_gather, 0, SAM_PICKLE_TUPLE },
  [0x85] = { "TUPLE1", do_gather, 1, SAM_PICKLE_TUPLE },
  [0x86] = { "TUPLE2", do_gather, 2, SAM_PICKLE_TUPLE },
  [0x87] = { "TUPLE3", do_gather, 3, SAM_PICKLE_TUPLE },
  ['t'] = { "TUPLE", do_gather_marked, 0, SAM_PICKLE_TUPLE },
  [']'] = { "EMPTY_LIST", do_gather, 0, SAM_PICKLE_LIST },
  ['l'] = { "LIST", do_gather_marked, 0, SAM_PICKLE_LIST },
  ['}'] = { "EMPTY_DICT", do_gather, 0, SAM_PICKLE_DICT },
  ['d'] = { "DICT", do_gather_marked, 0, SAM_PICKLE_DICT },
  ['a'] = { "APPEND", do_add, 1, SAM_PICKLE_LIST },
  ['e'] = { "APPENDS", do_add_marked, 0, SAM_PICKLE_LIST },
  [0x8f] = { "EMPTY_SET", do_gather, 0, SAM_PICKLE_LIST },
  [0x90] = { "ADDITEMS", do_add_marked, 0, SAM_PICKLE_LIST },
  [0x91] = { "FROZENSET", do_gather_marked, 0, SAM_PICKLE_LIST },
  ['s'] = { "SETITEM", do_add, 2, SAM_PICKLE_DICT },
  ['u'] = { "SETITEMS", do_add_marked, 0, SAM_PICKLE_DICT },

  ['('] = { "MARK", do_mark },
  ['0'] = { "POP", do_pop },
  ['1'] = { "POP_MARK", do_pop_mark },
  ['2'] = { "DUP", do_dup },
  ['q'] = { "BINPUT", do_put, 1 },
  ['r'] = { "LONG_BINPUT", do_put, 4 },
  [0x94] = { "MEMOIZE", do_memoize },
  ['h'] = { "BINGET", do_get, 1 },
  ['j'] = { "LONG_BINGET", do_get, 4 },

  ['c'] = { "GLOBAL", do_global },
  [0x93] = { "STACK_GLOBAL", do_stack_global },
  [0x82] = { "EXT1", do_extension, 1 },
  [0x83] = { "EXT2", do_extension, 2 },
  [0x84] = { "EXT4", do_extension, 4 },
  ['R'] = { "REDUCE", do_call, 0, SAM_PICKLE_CALL },
  [0x81] = { "NEWOBJ", do_call, 0, SAM_PICKLE_CALL },
  [0x92] = { "NEWOBJ_EX", do_call_named },
  ['o'] = { "OBJ", do_call_marked, 0 },
  ['i'] = { "INST", do_call_marked, 2 },
  ['b'] = { "BUILD", do_build },
  ['Q'] = { "BINPERSID", do_persistent, 0, SAM_PICKLE_PERSISTENT },

  ['P'] = { "PERSID" },
  ['g'] = { "GET" },
  ['p'] = { "PUT" },
  [0x97] = { "NEXT_BUFFER" },
  [0x98] = { "READONLY_BUFFER" },
};

gboolean
sam_pickle_step (SamPickle *pickle, uint8_t code)
{
  const Opcode *opcode = &opcodes[code];

  if (opcode->run != NULL)
    return opcode->run (pickle, opcode->n, opcode->type);
  if (opcode->name != NULL)
    return sam_machine_fail_because (
      pickle,
      "its pickle uses %s, which PyTorch does not write; nothing of the file "
      "was run",
      opcode->name);

  return sam_machine_fail_because (pickle, "its pickle has the unknown opcode 0x%02x", code);
}
