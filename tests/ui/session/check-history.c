/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The history alone: what is a step, and whose answers are kept. */
#include "config.h"

#include <math.h>

#include "samcore/mask/sam-logits-private.h"
#include "ui/session/sui-history.h"

#define SIDE 4

/* As the session fills it in. */
static void
answer (SuiHistory *history)
{
  SuiObject  *object = sui_history_get_object (history);
  SamGeometry geometry;
  float      *values = g_new0 (float, 3 * SIDE * SIDE);

  sam_geometry_init (&geometry, SIDE, SIDE, SIDE * 4, SAM_FIT_SQUASH, SAM_UPSAMPLE_BILINEAR);
  object->result = sui_result_new (sam_logits_new_take (&geometry, 3, SIDE, values,
                                                        (float[]) { 0.5f, 0.6f, 0.7f }, NAN, 0.0f,
                                                        NULL));
  object->mask = sam_mask_new_take (1, 1, g_malloc0 (1));
}

static void
add (SuiHistory *history, double x)
{
  g_assert_true (sui_history_add (history, sui_prompt_new_point (x, 1, 1)));
}

static guint
count_prompts (SuiHistory *history)
{
  return sui_history_get_object (history)->prompts->len;
}

static float
last_x (SuiHistory *history)
{
  const SuiPrompt *last = g_ptr_array_index (sui_history_get_object (history)->prompts,
                                             count_prompts (history) - 1);

  return last->xy[0];
}

static guint
count_undos (SuiHistory *history)
{
  guint n = 0;

  while (sui_history_undo (history))
    n++;

  return n;
}

static void
test_steps (void)
{
  SuiHistory *history = sui_history_new ();

  g_assert_false (sui_history_undo (history));
  g_assert_false (sui_history_redo (history));
  for (int i = 1; i <= 3; i++)
    add (history, i);
  g_assert_cmpuint (count_prompts (history), ==, 3);

  g_assert_true (sui_history_undo (history));
  g_assert_true (sui_history_undo (history));
  g_assert_cmpuint (count_prompts (history), ==, 1);
  g_assert_true (sui_history_redo (history));
  g_assert_cmpuint (count_prompts (history), ==, 2);
  g_assert_true (sui_history_can_redo (history));

  /* another step, and what was undone is forgotten */
  sui_history_delete (history, 0);
  g_assert_false (sui_history_can_redo (history));
  g_assert_cmpuint (count_prompts (history), ==, 1);
  g_assert_cmpfloat (last_x (history), ==, 2);
  g_assert_cmpuint (count_undos (history), ==, 3);

  sui_history_reset (history);
  g_assert_false (sui_history_can_redo (history));
  g_assert_cmpuint (count_prompts (history), ==, 0);
  sui_history_free (history);
}

static void
test_drag (void)
{
  SuiHistory *history = sui_history_new ();

  add (history, 1);
  g_assert_true (sui_history_replace (history, 0, sui_prompt_new_point (2, 1, 1), TRUE));
  g_assert_false (sui_history_replace (history, 0, sui_prompt_new_point (3, 1, 1), TRUE));
  g_assert_false (sui_history_replace (history, 0, sui_prompt_new_point (4, 1, 1), FALSE));
  /* ended */
  g_assert_true (sui_history_replace (history, 0, sui_prompt_new_point (5, 1, 1), TRUE));
  g_assert_true (sui_history_undo (history));
  g_assert_cmpfloat (last_x (history), ==, 4);
  g_assert_true (sui_history_undo (history));
  g_assert_cmpfloat (last_x (history), ==, 1);

  /* undo ended the second one */
  g_assert_true (sui_history_replace (history, 0, sui_prompt_new_point (6, 1, 1), FALSE));
  g_assert_cmpuint (count_undos (history), ==, 2);
  sui_history_free (history);
}

static void
test_choose (void)
{
  SuiHistory *history = sui_history_new ();

  add (history, 1);
  answer (history);
  sui_history_choose (history, 2);
  sui_history_choose (history, 0);
  g_assert_cmpuint (sui_history_get_object (history)->candidate, ==, 0);
  g_assert_true (sui_history_get_object (history)->chosen);

  /* the answer is fed back */
  add (history, 2);
  g_assert_nonnull (sui_history_get_object (history)->previous);
  g_assert_cmpuint (sui_history_get_object (history)->steps->len, ==, 1);
  g_assert_cmpuint (count_undos (history), ==, 3);
  sui_history_free (history);
}

static void
test_objects (void)
{
  SuiHistory *history = sui_history_new ();

  add (history, 1);
  sui_history_add_object (history);
  add (history, 2);
  g_assert_cmpuint (sui_history_get_state (history)->objects->len, ==, 2);
  sui_history_set_current (history, 0);
  g_assert_cmpfloat (last_x (history), ==, 1);

  sui_history_delete_object (history, 0);
  g_assert_cmpfloat (last_x (history), ==, 2);
  sui_history_delete_object (history, 0);
  g_assert_cmpuint (sui_history_get_state (history)->objects->len, ==, 1);
  g_assert_cmpuint (count_prompts (history), ==, 0);
  /* set_current was none */
  g_assert_cmpuint (count_undos (history), ==, 5);
  sui_history_free (history);
}

static void
test_oldest (void)
{
  SuiHistory *history = sui_history_new ();

  for (int i = 0; i < SUI_HISTORY_MAX + 10; i++)
    sui_history_push (history, sui_state_new ());
  g_assert_cmpuint (count_undos (history), ==, SUI_HISTORY_MAX - 1);
  sui_history_free (history);
}

static void
test_trim (void)
{
  SuiHistory *history = sui_history_new ();
  guint       n = SUI_HISTORY_KEPT + 5;

  /* object 0 is in all states, object 1 is another in each */
  add (history, 1);
  answer (history);
  sui_history_add_object (history);
  for (guint i = 0; i < n; i++)
    {
      add (history, i);
      answer (history);
    }
  sui_history_trim (history);

  for (guint i = n; i > 0; i--)
    {
      const SuiState  *state = sui_history_get_state (history);
      const SuiObject *shared = sui_state_get (state, 0), *own = sui_state_get (state, 1);

      g_assert_nonnull (shared->result);
      g_assert_nonnull (shared->mask);
      g_assert_true ((own->result != NULL) == (i + SUI_HISTORY_KEPT >= n));
      g_assert_true ((own->mask != NULL) == (i == n));
      g_assert_true (sui_history_undo (history));
    }
  sui_history_free (history);
}

static void
test_drop (void)
{
  SuiHistory *history = sui_history_new ();

  add (history, 1);
  /* a choice that came with the image */
  sui_history_get_object (history)->chosen = TRUE;
  sui_history_get_object (history)->candidate = 2;
  sui_history_drop_answers (history);
  g_assert_true (sui_history_get_object (history)->chosen);
  g_assert_cmpuint (sui_history_get_object (history)->candidate, ==, 2);

  answer (history);
  sui_history_drop_masks (history);
  g_assert_null (sui_history_get_object (history)->mask);
  g_assert_nonnull (sui_history_get_object (history)->result);
  sui_history_drop_answers (history);
  g_assert_null (sui_history_get_object (history)->result);
  g_assert_false (sui_history_get_object (history)->chosen);
  g_assert_cmpuint (count_prompts (history), ==, 1);
  sui_history_free (history);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/history/steps", test_steps);
  g_test_add_func ("/history/drag", test_drag);
  g_test_add_func ("/history/choose", test_choose);
  g_test_add_func ("/history/objects", test_objects);
  g_test_add_func ("/history/oldest", test_oldest);
  g_test_add_func ("/history/trim", test_trim);
  g_test_add_func ("/history/drop", test_drop);

  return g_test_run ();
}
