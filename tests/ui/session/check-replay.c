/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prompts that are given at once: in which order they are said, and which answers are fed back.
 * That they are answered to the same pixel as in a window is for check-kept. */
#include "config.h"

#include <string.h>

#include "ui/session/sui-replay.h"

#define SIDE 64

/* What is said for a prompt line and, if there is one, a rough mask, in the lines of a state. */
static char *
say (const char *line, const SamMask *mask)
{
  g_auto (SamPrompt)   prompt = { NULL };
  g_autoptr (SuiState) said = NULL;
  g_autoptr (SuiState) again = NULL;
  GString             *text = g_string_new (NULL);
  g_autoptr (GString)  second = g_string_new (NULL);
  g_autoptr (GError)   error = NULL;

  sam_prompt_init (&prompt);
  g_assert_true (sam_prompt_parse (&prompt, line, NULL));
  prompt.mask = mask;
  said = sui_replay_new (&prompt);
  sui_state_append_to (said, NULL, text);

  /* what a window keeps of it can be read again */
  again = sui_replay_parse (text->str, NULL, SIDE, SIDE, &error);
  g_assert_no_error (error);
  sui_state_append_to (again, NULL, second);
  g_assert_cmpstr (second->str, ==, text->str);

  return g_string_free (text, FALSE);
}

static void
test_order (void)
{
  static const struct
  {
    const char *line, *said;
  } cases[] = {
    { "10,20", "object -1\npoint 1 10 20\n" },
    { "box 1,2,30,40", "object -1\nbox 1 1 2 30 40\n" },
    { "10,20; 30,40", "object -1\npoint 1 10 20\nthen -1\npoint 1 30 40\n" },
    { "5,6 -; 10,20; 7,8 -; 30,40",
      "object -1\npoint 1 10 20\nthen -1\npoint 1 30 40\nthen -1\npoint 0 5 6\nthen -1\n"
      "point 0 7 8\n" },
    { "5,6 -; box 1,2,30,40; 10,20; box 3,4,5,6",
      "object -1\nbox 1 1 2 30 40\nbox 1 3 4 5 6\nthen -1\npoint 1 10 20\nthen -1\npoint 0 5 6\n" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *said = say (cases[i].line, NULL);

      g_assert_cmpstr (said, ==, cases[i].said);
    }
}

static void
test_mask (void)
{
  uint8_t            *coverage = g_malloc0 (SIDE * SIDE);
  g_autoptr (SamMask) mask = sam_mask_new_take (SIDE, SIDE, coverage);
  g_autofree char    *alone = NULL;
  g_autofree char    *boxed = NULL;

  memset (coverage + 30 * SIDE + 20, 255, 8);
  alone = say ("25,30", mask);
  g_assert_true (g_str_has_prefix (alone, "object -1\nmask 1 20 30 28 31 64 64 "));
  g_assert_true (g_str_has_suffix (alone, "\nthen -1\npoint 1 25 30\n"));

  /* the first box is the mask's, for both are the same object; another is another's */
  boxed = say ("box 10,12,40,50; box 1,2,3,4", mask);
  g_assert_true (g_str_has_prefix (boxed, "object -1\nmask 1 10 12 40 50 64 64 "));
  g_assert_true (g_str_has_suffix (boxed, "\nbox 1 1 2 3 4\n"));
}

/* As many as a prompt takes: not as many answers. */
static void
test_many (void)
{
  g_auto (SamPrompt)   prompt = { NULL };
  g_autoptr (SuiState) said = NULL;
  const SuiObject     *object;

  sam_prompt_init (&prompt);
  for (int i = 0; i < SAM_PROMPT_MAX_POINTS; i++)
    sam_prompt_add_point (&prompt, i % SIDE, i % 7, i % 3 > 0);
  said = sui_replay_new (&prompt);
  object = sui_state_get (said, 0);
  g_assert_cmpuint (object->prompts->len, ==, SAM_PROMPT_MAX_POINTS);
  g_assert_cmpuint (object->steps->len, ==, SUI_REPLAY_MAX_ANSWERS - 1);
  for (guint i = 0; i < object->steps->len; i++)
    g_assert_cmpuint (g_array_index (object->steps, SuiStep, i).n_prompts, ==,
                      (i + 1) * SAM_PROMPT_MAX_POINTS / SUI_REPLAY_MAX_ANSWERS);
}

/* Nothing says where the object is: there is no answer to feed back. */
static void
test_only_off (void)
{
  g_auto (SamPrompt)   prompt = { NULL };
  g_autoptr (SuiState) said = NULL;

  sam_prompt_init (&prompt);
  sam_prompt_add_point (&prompt, 5, 6, 0);
  sam_prompt_add_point (&prompt, 7, 8, 0);
  said = sui_replay_new (&prompt);
  g_assert_cmpuint (sui_state_get (said, 0)->steps->len, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/replay/order", test_order);
  g_test_add_func ("/replay/mask", test_mask);
  g_test_add_func ("/replay/many", test_many);
  g_test_add_func ("/replay/only-off", test_only_off);

  return g_test_run ();
}
