/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The history is a list of states; a state is a list of objects; what was said about an object is
 * immutable, so states share objects and a step of undo costs a few pointers. */
#include "config.h"

#include "ui/session/sui-history.h"

struct _SuiHistory
{
  GPtrArray *states; /* of SuiState, at least one */
  guint      at;
  gboolean   open_step; /* of a drag that goes on */
};

SuiHistory *
sui_history_new (void)
{
  SuiHistory *history = g_new0 (SuiHistory, 1);

  history->states = g_ptr_array_new_with_free_func ((GDestroyNotify) sui_state_free);
  g_ptr_array_add (history->states, sui_state_new ());

  return history;
}

void
sui_history_free (SuiHistory *history)
{
  if (history == NULL)
    return;

  g_ptr_array_unref (history->states);
  g_free (history);
}

void
sui_history_reset (SuiHistory *history)
{
  g_ptr_array_set_size (history->states, 0);
  g_ptr_array_add (history->states, sui_state_new ());
  history->at = 0;
  history->open_step = FALSE;
}

static SuiState *
get_state_at (const SuiHistory *history, guint i)
{
  return g_ptr_array_index (history->states, i);
}

SuiState *
sui_history_get_state (SuiHistory *history)
{
  return get_state_at (history, history->at);
}

SuiObject *
sui_history_get_object (SuiHistory *history)
{
  SuiState *state = sui_history_get_state (history);

  return sui_state_get (state, state->current);
}

void
sui_history_set_current (SuiHistory *history, guint object)
{
  SuiState *state = sui_history_get_state (history);

  g_return_if_fail (object < state->objects->len);

  state->current = object;
  history->open_step = FALSE;
}

/* --- steps --- */

void
sui_history_push (SuiHistory *history, SuiState *state)
{
  g_ptr_array_set_size (history->states, history->at + 1);
  if (history->states->len >= SUI_HISTORY_MAX)
    g_ptr_array_remove_index (history->states, 0);
  g_ptr_array_add (history->states, state);
  history->at = history->states->len - 1;
  history->open_step = FALSE;
}

/* Takes @object: the next step has it in place of the current one. */
static void
push_object (SuiHistory *history, SuiObject *object)
{
  SuiState *state = sui_state_copy (sui_history_get_state (history));

  sui_state_set (state, state->current, object);
  sui_history_push (history, state);
}

/* Takes @object: the current step has it in place of the current one. */
static void
amend_object (SuiHistory *history, SuiObject *object)
{
  SuiState *state = sui_history_get_state (history);

  sui_state_set (state, state->current, object);
  g_ptr_array_set_size (history->states, history->at + 1);
}

gboolean
sui_history_add (SuiHistory *history, SuiPrompt *prompt)
{
  g_autoptr (SuiPrompt) taken = prompt;
  SuiObject            *old = sui_history_get_object (history), *object;

  if (! sui_object_has_room (old))
    return FALSE;

  object = sui_object_copy (old);
  g_ptr_array_add (object->prompts, g_steal_pointer (&taken));
  sui_object_follow (object, old, TRUE);
  push_object (history, object);

  return TRUE;
}

gboolean
sui_history_replace (SuiHistory *history, guint i, SuiPrompt *prompt, gboolean more)
{
  /* What was found with the prompt elsewhere would hold it there: no previous answer. */
  SuiObject *object = sui_object_copy (sui_history_get_object (history));
  gboolean   added = ! history->open_step;

  sui_prompt_unref (g_ptr_array_index (object->prompts, i));
  g_ptr_array_index (object->prompts, i) = prompt;
  if (added)
    push_object (history, object);
  else
    amend_object (history, object);
  history->open_step = more;

  return added;
}

void
sui_history_delete (SuiHistory *history, guint i)
{
  SuiObject *object = sui_object_copy (sui_history_get_object (history));

  g_ptr_array_remove_index (object->prompts, i);
  push_object (history, object);
}

void
sui_history_choose (SuiHistory *history, guint candidate)
{
  SuiObject *old = sui_history_get_object (history);
  SuiObject *object = sui_object_copy (old);

  object->result = sui_result_ref (old->result);
  object->candidate = candidate;
  object->chosen = TRUE;
  sui_object_follow (object, old, FALSE);
  if (old->chosen)
    amend_object (history, object);
  else
    push_object (history, object);
}

void
sui_history_add_object (SuiHistory *history)
{
  SuiState *state = sui_state_copy (sui_history_get_state (history));

  g_ptr_array_add (state->objects, sui_object_new ());
  state->current = state->objects->len - 1;
  sui_history_push (history, state);
}

void
sui_history_delete_object (SuiHistory *history, guint object)
{
  SuiState *state = sui_state_copy (sui_history_get_state (history));

  g_ptr_array_remove_index (state->objects, object);
  if (state->objects->len == 0)
    g_ptr_array_add (state->objects, sui_object_new ());
  if (state->current > object || state->current >= state->objects->len)
    state->current--;
  state->current = MIN (state->current, state->objects->len - 1);
  sui_history_push (history, state);
}

gboolean
sui_history_can_undo (SuiHistory *history)
{
  return history->at > 0;
}

gboolean
sui_history_can_redo (SuiHistory *history)
{
  return history->at + 1 < history->states->len;
}

gboolean
sui_history_undo (SuiHistory *history)
{
  if (! sui_history_can_undo (history))
    return FALSE;
  history->at--;
  history->open_step = FALSE;

  return TRUE;
}

gboolean
sui_history_redo (SuiHistory *history)
{
  if (! sui_history_can_redo (history))
    return FALSE;
  history->at++;
  history->open_step = FALSE;

  return TRUE;
}

/* --- what is kept --- */

static gboolean
state_has (const SuiState *state, const SuiObject *object)
{
  return g_ptr_array_find (state->objects, object, NULL);
}

static gboolean
is_near (const SuiHistory *history, guint i)
{
  return i + SUI_HISTORY_KEPT >= history->at && i <= history->at + SUI_HISTORY_KEPT;
}

/* Near states may share an object with a far one. */
static gboolean
is_object_near (const SuiHistory *history, const SuiObject *object)
{
  guint first = history->at - MIN (history->at, SUI_HISTORY_KEPT);
  guint last = MIN (history->at + SUI_HISTORY_KEPT, history->states->len - 1);

  for (guint i = first; i <= last; i++)
    if (state_has (get_state_at (history, i), object))
      return TRUE;

  return FALSE;
}

void
sui_history_trim (SuiHistory *history)
{
  const SuiState *now = sui_history_get_state (history);

  for (guint s = 0; s < history->states->len; s++)
    {
      SuiState *state = get_state_at (history, s);

      for (guint i = 0; i < state->objects->len; i++)
        {
          SuiObject *object = sui_state_get (state, i);

          if (state_has (now, object))
            continue;
          g_clear_pointer (&object->mask, sam_mask_free);
          if ((object->result != NULL || object->previous != NULL) && ! is_near (history, s) &&
              ! is_object_near (history, object))
            {
              g_clear_pointer (&object->result, sui_result_unref);
              g_clear_pointer (&object->previous, sui_result_unref);
            }
        }
    }
}

void
sui_history_drop_answers (SuiHistory *history)
{
  for (guint s = 0; s < history->states->len; s++)
    {
      SuiState *state = get_state_at (history, s);

      for (guint i = 0; i < state->objects->len; i++)
        {
          SuiObject *old = sui_state_get (state, i);
          /* jobs may hold the old object with its previous answer: make another */
          SuiObject *object = sui_object_copy (old);

          /* a choice that was kept with the image waits for its first answer; so do steps */
          if (old->result == NULL)
            {
              object->chosen = old->chosen;
              object->candidate = old->candidate;
              if (old->previous == NULL)
                sui_object_follow (object, old, FALSE);
            }
          sui_state_set (state, i, object);
        }
    }
}

void
sui_history_drop_masks (SuiHistory *history)
{
  SuiState *state = sui_history_get_state (history);

  for (guint i = 0; i < state->objects->len; i++)
    g_clear_pointer (&sui_state_get (state, i)->mask, sam_mask_free);
}
