/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Guarded arrays and comparison, see guarded.h. */
#include "tests/lib/guarded.h"

float *
guarded_input (size_t n, double scale)
{
  float *x = g_new (float, n + GUARD);

  for (size_t i = 0; i < n; i++)
    x[i] = (float) g_test_rand_double_range (-scale, scale);
  for (size_t i = n; i < n + GUARD; i++)
    x[i] = NAN;

  return x;
}

float *
guarded_output (size_t n)
{
  float *y = g_new (float, n + 2 * GUARD);

  for (size_t i = 0; i < n + 2 * GUARD; i++)
    y[i] = i >= GUARD && i < n + GUARD ? NAN : MARKER;

  return y + GUARD;
}

void
guarded_output_free (float *y, size_t n)
{
  for (size_t i = 0; i < GUARD; i++)
    {
      g_assert_cmpfloat (y[-1 - (int) i], ==, MARKER);
      g_assert_cmpfloat (y[n + i], ==, MARKER);
    }
  g_free (y - GUARD);
}

void
assert_near (double y, double wanted, double roundings, double size)
{
  if (! (fabs (y - wanted) <= roundings * 0x1p-24 * size))
    g_error ("%.9g is not %.9g: off by %.3g, which are %.1f roundings of %g; allowed are %g", y,
             wanted, fabs (y - wanted), fabs (y - wanted) / 0x1p-24 / size, size, roundings);
}
