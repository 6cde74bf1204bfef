/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A pickle read as data.
 *
 * A pickle is a program for a stack machine (sam-pickle-machine.c): push a constant, build a
 * container from what is above the mark, remember the top under a number, import a name, call it.
 * Ours knows the opcodes that pickles are written with (sam-pickle-opcodes.c). It imports nothing:
 * a name is looked up in the caller's list, and stands for something foreign if it is not there. It
 * calls nothing: a call becomes a value that holds what would be called, and the caller decides
 * what that means.
 *
 * Every opcode makes at most one value of fixed size and moves what is on the stack, or copies the
 * items of a list, all of which together are no more than the bytes read. So memory is proportional
 * to these, and there is no recursion that nesting could exhaust. A limit on the number of opcodes
 * bounds both when the "pickle" is really the gigabytes of weights behind one. */
#include "config.h"

#include <string.h>

#include "samcore/weights/sam-pickle.h"
#include "samcore/weights/sam-pickle-machine.h"
#include "samcore/weights/sam-pickle-opcodes.h"

#define MAX_OPCODES 1000000 /* some 40 000 tensors */

gboolean
sam_pickle_is_string (const SamPickleValue *value, const char *string)
{
  return value->type == SAM_PICKLE_STRING && value->n == strlen (string) &&
         memcmp (value->bytes, string, value->n) == 0;
}

const char *
sam_pickle_type_name (SamPickleType type)
{
  static const char *names[] = {
    "None",     "a boolean", "a number", "a number", "a number",
    "a string", "bytes",     "a tuple",  "a list",   "a dictionary",
    "a class",  "a storage", "a tensor", "a class",  "an object",
  };

  return names[type];
}

static gboolean
run (SamPickle *pickle)
{
  const uint8_t *p = sam_machine_take (pickle, 2);

  if (p == NULL)
    return FALSE;
  if (p[0] != SAM_OPCODE_PROTO || p[1] < 2 || p[1] > 5)
    return sam_machine_fail (pickle, "no pickle protocol from 2 to 5");

  for (int i = 0; i < MAX_OPCODES; i++)
    {
      p = sam_machine_take (pickle, 1);
      if (p == NULL)
        return FALSE;
      if (*p == SAM_OPCODE_STOP)
        {
          pickle->root = sam_machine_pop (pickle);
          return pickle->root != NULL;
        }
      if (! sam_pickle_step (pickle, *p))
        return FALSE;
    }

  return sam_machine_fail (pickle, "far too many opcodes");
}

SamPickle *
sam_pickle_new (const char            *name,
                const uint8_t         *data,
                size_t                 size,
                const SamPickleGlobal *globals,
                GError               **error)
{
  g_autoptr (SamPickle) pickle = g_new0 (SamPickle, 1);
  gboolean              whole;

  pickle->name = name;
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
  pickle->name = NULL;
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
      size_t          n = b + 1 < pickle->blocks->len ? SAM_MACHINE_BLOCK : pickle->n_in_block;

      for (size_t i = 0; i < n; i++)
        switch (block[i].type)
          {
          case SAM_PICKLE_TUPLE:
          case SAM_PICKLE_LIST:
          case SAM_PICKLE_DICT:
          case SAM_PICKLE_PERSISTENT:
          case SAM_PICKLE_CALL:
          case SAM_PICKLE_FOREIGN:
          case SAM_PICKLE_OBJECT:
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
