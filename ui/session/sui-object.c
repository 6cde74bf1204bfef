/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Objects and states are small: lists of references. */
#include "config.h"

#include <string.h>

#include "samcore/sam-error.h"
#include "ui/session/sui-object.h"

SuiResult *
sui_result_new (SamLogits *logits)
{
  SuiResult *result = g_atomic_rc_box_new0 (SuiResult);

  result->logits = logits;
  result->n_candidates = (guint) MIN (sam_logits_get_n_candidates (logits), SUI_MAX_CANDIDATES);
  for (guint i = 0; i < result->n_candidates; i++)
    result->iou[i] = sam_logits_get_iou (logits, i);

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

  sam_logits_free (result->logits);
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
  object->steps = g_array_new (FALSE, FALSE, sizeof (SuiStep));

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

void
sui_object_follow (SuiObject *object, const SuiObject *old, gboolean refine)
{
  if (old->steps->len > 0)
    g_array_append_vals (object->steps, old->steps->data, old->steps->len);
  if (refine && old->result != NULL)
    {
      SuiStep step = { old->prompts->len, old->candidate };

      g_array_append_val (object->steps, step);
      object->previous = sui_result_ref (old->result);
    }
  else if (old->previous != NULL)
    {
      object->previous = sui_result_ref (old->previous);
    }
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
  g_array_unref (object->steps);
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

gboolean
sui_object_has_room (const SuiObject *object)
{
  guint n_points = SUI_PROMPT_MAX_POINTS, n_boxes = 1;

  for (guint i = 0; i < object->prompts->len; i++)
    {
      const SuiPrompt *prompt = g_ptr_array_index (object->prompts, i);

      if (prompt->kind == SUI_PROMPT_POINT)
        n_points++;
      else if (prompt->kind == SUI_PROMPT_STROKE || prompt->label == 0)
        n_points += SUI_PROMPT_MAX_POINTS;
      else
        n_boxes++;
    }

  return object->prompts->len < SUI_MAX_PROMPTS && n_points <= SAM_PROMPT_MAX_POINTS &&
         n_boxes <= SAM_PROMPT_MAX_BOXES;
}

SuiState *
sui_state_new_without_objects (void)
{
  SuiState *state = g_new0 (SuiState, 1);

  state->objects = g_ptr_array_new_with_free_func ((GDestroyNotify) sui_object_unref);

  return state;
}

SuiState *
sui_state_new (void)
{
  SuiState *state = sui_state_new_without_objects ();

  g_ptr_array_add (state->objects, sui_object_new ());

  return state;
}

SuiState *
sui_state_copy (const SuiState *state)
{
  SuiState *copy = sui_state_new_without_objects ();

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
sui_state_set (SuiState *state, guint i, SuiObject *object)
{
  sui_object_unref (g_ptr_array_index (state->objects, i));
  g_ptr_array_index (state->objects, i) = object;
}

SuiObject *
sui_state_get (const SuiState *state, guint i)
{
  return g_ptr_array_index (state->objects, i);
}

gboolean
sui_state_is_empty (const SuiState *state)
{
  for (guint i = 0; i < state->objects->len; i++)
    if (sui_state_get (state, i)->prompts->len > 0)
      return FALSE;

  return TRUE;
}

gboolean
sui_state_is_answerable (const SuiState *state)
{
  for (guint i = 0; i < state->objects->len; i++)
    if (sui_object_is_answerable (sui_state_get (state, i)))
      return TRUE;

  return FALSE;
}

/* --- text --- */

static void
append_object (const SuiObject *object, const SuiPlace *place, GString *text)
{
  guint s = 0;

  g_string_append_printf (text, "object %d\n", object->chosen ? (int) object->candidate : -1);
  for (guint i = 0; i < object->prompts->len; i++)
    {
      for (; s < object->steps->len && g_array_index (object->steps, SuiStep, s).n_prompts == i;
           s++)
        {
          guint candidate = g_array_index (object->steps, SuiStep, s).candidate;

          g_string_append_printf (text, "then %d\n",
                                  candidate == SUI_STEP_BEST ? -1 : (int) candidate);
        }
      sui_prompt_append_to (g_ptr_array_index (object->prompts, i), place, text);
      g_string_append_c (text, '\n');
    }
}

void
sui_state_append_to (const SuiState *state, const SuiPlace *place, GString *text)
{
  for (guint i = 0; i < state->objects->len; i++)
    if (sui_state_get (state, i)->prompts->len > 0)
      append_object (sui_state_get (state, i), place, text);
}

static gboolean
bad_line (GError **error, const char *line)
{
  g_set_error (error, SAM_ERROR, SAM_ERROR_BAD_PROMPT, "cannot read the prompt \"%.40s\"", line);

  return FALSE;
}

/* A candidate's number from 0, or -1 for the best. */
static gboolean
read_candidate (const char *word, guint *candidate)
{
  guint64 number;

  *candidate = SUI_STEP_BEST;
  if (strcmp (word, "-1") == 0)
    return TRUE;
  if (! g_ascii_string_to_unsigned (word, 10, 0, SUI_MAX_CANDIDATES - 1, &number, NULL))
    return FALSE;
  *candidate = (guint) number;

  return TRUE;
}

gboolean
sui_state_read_line (SuiState       *state,
                     const char     *line,
                     const SuiPlace *place,
                     guint           width,
                     guint           height,
                     GError        **error)
{
  SuiObject *object = state->objects->len > 0 ? sui_state_get (state, state->objects->len - 1)
                                              : NULL;
  g_autoptr (SuiPrompt) prompt = NULL;

  if (g_str_has_prefix (line, "object "))
    {
      guint candidate;

      if (state->objects->len >= SUI_MAX_OBJECTS ||
          ! read_candidate (line + strlen ("object "), &candidate))
        return bad_line (error, line);
      object = sui_object_new ();
      object->chosen = candidate != SUI_STEP_BEST;
      object->candidate = object->chosen ? candidate : 0;
      g_ptr_array_add (state->objects, object);
      state->current = state->objects->len - 1;
      return TRUE;
    }
  if (object == NULL)
    return bad_line (error, line);

  if (g_str_has_prefix (line, "then "))
    {
      SuiStep step = { object->prompts->len, 0 };

      if (! read_candidate (line + strlen ("then "), &step.candidate) ||
          ! sui_object_is_answerable (object) ||
          (object->steps->len > 0 &&
           g_array_index (object->steps, SuiStep, object->steps->len - 1).n_prompts ==
             step.n_prompts))
        return bad_line (error, line);
      g_array_append_val (object->steps, step);
      return TRUE;
    }

  prompt = sui_prompt_parse (line, place, error);
  if (prompt == NULL)
    return FALSE;
  if (! sui_object_has_room (object) || ! sui_prompt_fits (prompt, width, height))
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_BAD_PROMPT,
                   "the prompt \"%.40s\" is outside the picture, or is one too many", line);
      return FALSE;
    }
  g_ptr_array_add (object->prompts, g_steal_pointer (&prompt));

  return TRUE;
}
