/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stack machine that a pickle is a program for. Values are allocated in blocks, and freed with
 * these. */
#include "config.h"

#include "samcore/sam-error.h"
#include "samcore/weights/sam-pickle-machine.h"

gboolean
sam_machine_fail_because (SamPickle *pickle, const char *format, ...)
{
  g_autofree char *reason = NULL;
  va_list          args;

  va_start (args, format);
  reason = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (pickle->error, SAM_ERROR, SAM_ERROR_BAD_FILE, "%s: %s", pickle->name, reason);

  return FALSE;
}

gboolean
sam_machine_fail (SamPickle *pickle, const char *reason)
{
  return sam_machine_fail_because (pickle, "%s at byte %zu of its pickle", reason, pickle->at);
}

const uint8_t *
sam_machine_take (SamPickle *pickle, uint64_t n)
{
  const uint8_t *p = pickle->data + pickle->at;

  if (n > pickle->size - pickle->at)
    {
      sam_machine_fail (pickle, "the file ends");
      return NULL;
    }
  pickle->at += n;

  return p;
}

gboolean
sam_machine_take_number (SamPickle *pickle, int n, uint64_t *number)
{
  const uint8_t *p = sam_machine_take (pickle, n);

  if (p == NULL)
    return FALSE;
  *number = 0;
  for (int i = n - 1; i >= 0; i--)
    *number = *number << 8 | p[i];

  return TRUE;
}

SamPickleValue *
sam_machine_new_value (SamPickle *pickle, SamPickleType type)
{
  SamPickleValue *value;

  if (pickle->blocks->len == 0 || pickle->n_in_block == SAM_MACHINE_BLOCK)
    {
      g_ptr_array_add (pickle->blocks, g_new0 (SamPickleValue, SAM_MACHINE_BLOCK));
      pickle->n_in_block = 0;
    }
  value = (SamPickleValue *) g_ptr_array_index (pickle->blocks, pickle->blocks->len - 1) +
          pickle->n_in_block++;
  value->type = type;

  return value;
}

SamPickleValue *
sam_machine_push (SamPickle *pickle, SamPickleType type)
{
  SamPickleValue *value = sam_machine_new_value (pickle, type);

  g_ptr_array_add (pickle->stack, value);

  return value;
}

guint
sam_machine_get_floor (SamPickle *pickle)
{
  return pickle->marks->len == 0 ? 0 : g_array_index (pickle->marks, guint, pickle->marks->len - 1);
}

SamPickleValue *
sam_machine_get_top (SamPickle *pickle)
{
  if (pickle->stack->len <= sam_machine_get_floor (pickle))
    {
      sam_machine_fail (pickle, "nothing on the stack");
      return NULL;
    }

  return g_ptr_array_index (pickle->stack, pickle->stack->len - 1);
}

SamPickleValue *
sam_machine_pop (SamPickle *pickle)
{
  SamPickleValue *top = sam_machine_get_top (pickle);

  if (top != NULL)
    g_ptr_array_set_size (pickle->stack, pickle->stack->len - 1);

  return top;
}

gboolean
sam_machine_pop_mark (SamPickle *pickle, guint *height)
{
  if (pickle->marks->len == 0)
    return sam_machine_fail (pickle, "a mark is missing");
  *height = sam_machine_get_floor (pickle);
  g_array_set_size (pickle->marks, pickle->marks->len - 1);

  return TRUE;
}

/* Grows by doubling; the size is worked out from n, which saves a field in each value. */
void
sam_machine_append (SamPickleValue *container, SamPickleValue *item)
{
  uint32_t n = container->n;

  if ((n & (n - 1)) == 0)
    container->items = g_renew (SamPickleValue *, container->items, n == 0 ? 1 : (size_t) n * 2);
  container->items[container->n++] = item;
}

SamPickleValue *
sam_machine_gather (SamPickle *pickle, guint from, SamPickleType type)
{
  SamPickleValue *value = sam_machine_new_value (pickle, type);

  for (guint i = from; i < pickle->stack->len; i++)
    sam_machine_append (value, g_ptr_array_index (pickle->stack, i));
  g_ptr_array_set_size (pickle->stack, from);
  g_ptr_array_add (pickle->stack, value);

  return value;
}
