/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Outlines enclose what the mask holds. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "ui/session/sui-contour.h"

static double
enclosed (const SuiContour *contour, size_t line)
{
  double twice = 0.0;

  for (size_t i = contour->starts[line], n = contour->starts[line + 1]; i < n; i++)
    {
      size_t k = i + 1 < n ? i + 1 : contour->starts[line];

      twice += (double) contour->xy[2 * i] * contour->xy[2 * k + 1] -
               (double) contour->xy[2 * k] * contour->xy[2 * i + 1];
    }

  return twice / 2.0;
}

static void
test_contour (void)
{
  uint8_t               *coverage = g_malloc0 (20 * 10);
  g_autoptr (SamMask)    mask = sam_mask_new_take (20, 10, coverage);
  g_autoptr (SuiContour) nothing = sui_contour_new (mask);
  g_autoptr (SuiContour) ring = NULL;
  g_autoptr (SuiContour) all = NULL;
  g_autoptr (SuiContour) noise = NULL;
  double                 outer, inner;

  g_assert_cmpuint (nothing->n_lines, ==, 0);

  for (int y = 1; y < 9; y++)
    for (int x = 2; x < 14; x++)
      coverage[y * 20 + x] = y >= 4 && y < 6 && x >= 5 && x < 9 ? 0 : 255;
  ring = sui_contour_new (mask);
  g_assert_cmpuint (ring->n_lines, ==, 2);
  outer = enclosed (ring, 0);
  inner = enclosed (ring, 1);
  /* the corners are cut by an eighth of a pixel; the hole runs the other way */
  g_assert_cmpfloat_with_epsilon (fabs (outer), 96.0, 1.0);
  g_assert_cmpfloat_with_epsilon (fabs (inner), 8.0, 1.0);
  g_assert_true ((outer > 0) != (inner > 0));

  /* up to the border */
  memset (coverage, 255, 200);
  all = sui_contour_new (mask);
  g_assert_cmpuint (all->n_lines, ==, 1);
  g_assert_cmpfloat_with_epsilon (fabs (enclosed (all, 0)), 200.0, 1.0);

  /* every line closes: each corner is near the one before it */
  {
    g_autoptr (GRand) random = g_rand_new_with_seed (1);

    for (int i = 0; i < 200; i++)
      coverage[i] = (uint8_t) g_rand_int_range (random, 0, 256);
  }
  noise = sui_contour_new (mask);
  g_assert_cmpuint (noise->n_lines, >, 3);
  for (size_t l = 0; l < noise->n_lines; l++)
    for (size_t i = noise->starts[l], n = noise->starts[l + 1]; i < n; i++)
      {
        size_t k = i + 1 < n ? i + 1 : noise->starts[l];

        g_assert_cmpfloat (hypot (noise->xy[2 * i] - noise->xy[2 * k],
                                  noise->xy[2 * i + 1] - noise->xy[2 * k + 1]),
                           <, 1.5);
      }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/contour", test_contour);

  return g_test_run ();
}
