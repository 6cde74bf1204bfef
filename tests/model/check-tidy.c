/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Logits that keep to their prompt: points decide, stray pieces go, small holes are filled. */
#include "config.h"

#include "samcore/model/sam-tidy.h"

#define SIDE 64

static void
fill (float *logits, size_t x0, size_t y0, size_t x1, size_t y1, float value)
{
  for (size_t y = y0; y < y1; y++)
    for (size_t x = x0; x < x1; x++)
      logits[y * SIDE + x] = value;
}

/* A 40 x 40 object with a hole of one cell and one of 10 x 10, a crumb and a piece of 15 x 15. */
static void
tidy (float *logits, const float (*places)[2], const int *labels, guint n)
{
  g_autoptr (GArray) points = g_array_new (FALSE, FALSE, 2 * sizeof (float));
  g_autoptr (GArray) signs = g_array_new (FALSE, FALSE, sizeof (int));
  SamPromptObject    object = { points, signs, NULL };
  SamGeometry        geometry;
  SamGrid            grid = { &geometry, SIDE };
  g_autoptr (GError) error = NULL;

  g_array_append_vals (points, places, n);
  g_array_append_vals (signs, labels, n);
  sam_geometry_init (&geometry, SIDE, SIDE, SIDE, SAM_FIT_LONGEST, SAM_UPSAMPLE_TWO_STEP);

  fill (logits, 0, 0, SIDE, SIDE, -4);
  fill (logits, 2, 2, 42, 42, 4);
  fill (logits, 5, 5, 6, 6, -4);
  fill (logits, 20, 20, 30, 30, -4);
  fill (logits, 60, 2, 62, 4, 4);
  fill (logits, 46, 46, 61, 61, 4);

  g_assert_true (sam_tidy_logits (logits, &grid, &object, &error));
  g_assert_no_error (error);
}

static void
test_pieces_and_holes (void)
{
  float logits[SIDE * SIDE];

  tidy (logits, (const float[][2]) { { 10.5f, 10.5f } }, (const int[]) { 1 }, 1);
  g_assert_cmpfloat (logits[5 * SIDE + 5], >, 0);    /* a small hole is filled */
  g_assert_cmpfloat (logits[25 * SIDE + 25], <, 0);  /* a large one is the object's */
  g_assert_cmpfloat (logits[3 * SIDE + 61], <, 0);   /* a crumb goes */
  g_assert_cmpfloat (logits[50 * SIDE + 50], >, 0);  /* a large piece stays */
  g_assert_cmpfloat (logits[10 * SIDE + 10], ==, 4); /* what was right is as it was */
}

static void
test_points (void)
{
  float logits[SIDE * SIDE];

  /* on: the crumb, and a place where nothing was found; off: in the small hole, on the object */
  tidy (logits,
        (const float[][2]) { { 60.5f, 2.5f }, { 52.5f, 10.5f }, { 5.5f, 5.5f }, { 38.5f, 38.5f } },
        (const int[]) { 1, 1, 0, 0 }, 4);
  g_assert_cmpfloat (logits[2 * SIDE + 60], >, 0);
  g_assert_cmpfloat (logits[10 * SIDE + 52], >, 0);
  g_assert_cmpfloat (logits[5 * SIDE + 5], <, 0);
  g_assert_cmpfloat (logits[38 * SIDE + 38], <, 0);
  g_assert_cmpfloat (logits[10 * SIDE + 10], >, 0); /* large beside the clicked crumbs */
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/tidy/pieces-and-holes", test_pieces_and_holes);
  g_test_add_func ("/tidy/points", test_points);

  return g_test_run ();
}
