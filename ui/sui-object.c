/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Objects and states are small: lists of references. */
#include "config.h"

#include "ui/sui-object.h"

SuiResult *
sui_result_new (const SuiEngine *engine,
                SamLogits       *logits,
                guint            best)
{
  SuiResult *result = g_atomic_rc_box_new0 (SuiResult);

  result->engine = engine;
  result->logits = logits;
  result->n_candidates = (guint) MIN (engine->n_candidates (logits), SUI_MAX_CANDIDATES);
  result->best = best;
  for (guint i = 0; i < result->n_candidates; i++)
    result->iou[i] = engine->iou (logits, i);

  return result;
}

SuiResult *
sui_result_ref (SuiResult *result)
{
  return g_atomic_rc_box_acquire (result);
}

static void
result_clear (gpointer data)
{
  SuiResult *result = data;

  result->engine->logits_free (result->logits);
  for (guint i = 0; i < SUI_MAX_CANDIDATES; i++)
    sam_mask_free (result->thumbnail[i]);
}

void
sui_result_unref (SuiResult *result)
{
  if (result != NULL)
    g_atomic_rc_box_release_full (result, result_clear);
}

SuiObject *
sui_object_new (void)
{
  SuiObject *object = g_atomic_rc_box_new0 (SuiObject);

  object->prompts = g_ptr_array_new_with_free_func ((GDestroyNotify) sui_prompt_unref);

  return object;
}

SuiObject *
sui_object_copy (const SuiObject *object)
{
  SuiObject *copy = sui_object_new ();

  for (guint i = 0; i < object->prompts->len; i++)
    g_ptr_array_add (copy->prompts, sui_prompt_ref (g_ptr_array_index (object->prompts, i)));

  return copy;
}

SuiObject *
sui_object_ref (SuiObject *object)
{
  return g_atomic_rc_box_acquire (object);
}

static void
object_clear (gpointer data)
{
  SuiObject *object = data;

  g_ptr_array_unref (object->prompts);
  sui_result_unref (object->previous);
  sui_result_unref (object->result);
  sam_mask_free (object->mask);
}

void
sui_object_unref (SuiObject *object)
{
  if (object != NULL)
    g_atomic_rc_box_release_full (object, object_clear);
}

gboolean
sui_object_is_answerable (const SuiObject *object)
{
  for (guint i = 0; i < object->prompts->len; i++)
    if (((const SuiPrompt *) g_ptr_array_index (object->prompts, i))->label == 1)
      return TRUE;

  return FALSE;
}

SuiState *
sui_state_new (void)
{
  SuiState *state = g_new0 (SuiState, 1);

  state->objects = g_ptr_array_new_with_free_func ((GDestroyNotify) sui_object_unref);
  g_ptr_array_add (state->objects, sui_object_new ());

  return state;
}

SuiState *
sui_state_copy (const SuiState *state)
{
  SuiState *copy = g_new0 (SuiState, 1);

  copy->objects = g_ptr_array_new_with_free_func ((GDestroyNotify) sui_object_unref);
  for (guint i = 0; i < state->objects->len; i++)
    g_ptr_array_add (copy->objects, sui_object_ref (g_ptr_array_index (state->objects, i)));
  copy->current = state->current;

  return copy;
}

void
sui_state_free (SuiState *state)
{
  if (state == NULL)
    return;

  g_ptr_array_unref (state->objects);
  g_free (state);
}

void
sui_state_set (SuiState  *state,
               guint      i,
               SuiObject *object)
{
  sui_object_unref (g_ptr_array_index (state->objects, i));
  g_ptr_array_index (state->objects, i) = object;
}

SuiObject *
sui_state_get (const SuiState *state,
               guint           i)
{
  return g_ptr_array_index (state->objects, i);
}
