/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is said about an object: to a model, as text, elsewhere. */
#include "config.h"

#include "samcore/sam-error.h"
#include "ui/session/sui-prompt.h"

static GPtrArray *
just (SuiPrompt *prompt)
{
  GPtrArray *prompts = g_ptr_array_new_with_free_func ((GDestroyNotify) sui_prompt_unref);

  g_ptr_array_add (prompts, prompt);

  return prompts;
}

static void
test_say (void)
{
  static const float    line[] = { 10, 50, 60, 50, 90, 50 };
  static const float    round[] = { 20, 20, 80, 20, 80, 80, 20, 80 };
  g_autoptr (GPtrArray) stroke = just (sui_prompt_new_stroke (line, 3, 6, 1));
  g_autoptr (GPtrArray) lasso = just (sui_prompt_new_lasso (round, 4, 1));
  g_autoptr (GPtrArray) without = just (sui_prompt_new_lasso (round, 4, 0));
  g_auto (SamPrompt)    a = { NULL }, b = { NULL }, c = { NULL };
  g_autoptr (SamMask)   mask = NULL;

  sam_prompt_init (&a);
  sam_prompt_init (&b);
  sam_prompt_init (&c);

  g_assert_null (sui_prompt_say (stroke, 100, 100, TRUE, &a));
  g_assert_cmpuint (a.points->len, ==, 8);
  for (guint i = 0; i < a.points->len; i++)
    {
      const SamPoint *p = &g_array_index (a.points, SamPoint, i);

      g_assert_cmpfloat_with_epsilon (p->x_image, 10 + 80 * (i + 0.5) / 8, 1e-3);
      g_assert_cmpfloat (p->y_image, ==, 50);
      g_assert_cmpint (p->label, ==, 1);
    }

  mask = sui_prompt_say (lasso, 100, 100, TRUE, &b);
  g_assert_true (b.mask == mask);
  g_assert_cmpuint (b.boxes->len, ==, 1);
  g_assert_cmpfloat (g_array_index (b.boxes, SamBox, 0).x1_image, ==, 80);
  g_assert_cmpuint (sam_mask_get_width (mask), ==, 256);
  g_assert_cmpfloat_with_epsilon (sam_mask_get_area (mask) / 65536.0, 0.36, 0.01);

  g_assert_null (sui_prompt_say (without, 100, 100, TRUE, &c));
  g_assert_cmpuint (c.boxes->len, ==, 0);
  g_assert_cmpuint (c.points->len, >=, 1);
  for (guint i = 0; i < c.points->len; i++)
    {
      const SamPoint *p = &g_array_index (c.points, SamPoint, i);

      g_assert_cmpint (p->label, ==, 0);
      g_assert_true (p->x_image > 20 && p->x_image < 80 && p->y_image > 20 && p->y_image < 80);
    }
}

static void
test_parse (void)
{
  static const char *const good[] = {
    "point 1 1.5 2.25",      "box 1 1 2 3 4",           "stroke 0 5 1 2 3 4",
    "lasso 1 1 2 3 4 5 6.5", "mask 1 0 0 8 1 8 1 /w==",
  };
  static const char *const bad[] = {
    "",
    "point",
    "point 2 1 2",
    "point 1 1",
    "point 1 1 2 3",
    "point 1 nan 2",
    "point 1 inf 2",
    "point 1 1,5 2",
    "box 1 1 2 3",
    "lasso 1 1 2 3 4",
    "stroke 1 -3 1 2",
    "stroke 1 5",
    "circle 1 2 3",
    "mask 1 0 0 8 1 8 1 /w",
    "mask 1 0 0 8 1 9999 9999 AAAA",
    "mask 1 0 0 8 1 8",
    "point 1 1e30 2",
    "mask 1 0 0 8 1 8 1 /w== x",
  };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (GError)    error = NULL;
      g_autoptr (SuiPrompt) prompt = sui_prompt_parse (good[i], NULL, &error);
      g_autoptr (GString)   text = g_string_new (NULL);

      g_assert_no_error (error);
      sui_prompt_append_to (prompt, NULL, text);
      g_assert_cmpstr (text->str, ==, good[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (sui_prompt_parse (bad[i], NULL, &error));
      g_assert_error (error, SAM_ERROR, SAM_ERROR_BAD_PROMPT);
    }
}

static void
test_move (void)
{
  g_autoptr (SuiPrompt) box = sui_prompt_new_box (10, 10, 30, 20);
  g_autoptr (SuiPrompt) there = sui_prompt_move (box, 1000, -1000, 100, 50);
  g_autoptr (SuiPrompt) corner = sui_prompt_move_corner (box, 0, 35, 15, 100, 50);
  g_autoptr (SuiPrompt) flat = sui_prompt_move_corner (box, 3, 10, 10, 100, 50);

  g_assert_cmpfloat (there->xy[0], ==, 80);
  g_assert_cmpfloat (there->xy[2], ==, 100);
  g_assert_cmpfloat (there->xy[1], ==, 0);
  g_assert_cmpfloat (there->xy[3], ==, 10);
  g_assert_cmpfloat (corner->xy[0], ==, 30);
  g_assert_cmpfloat (corner->xy[2], ==, 35);
  g_assert_cmpfloat (corner->xy[1], ==, 15);
  g_assert_true (sui_prompt_fits (flat, 100, 50));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/prompt/say", test_say);
  g_test_add_func ("/prompt/parse", test_parse);
  g_test_add_func ("/prompt/move", test_move);

  return g_test_run ();
}
