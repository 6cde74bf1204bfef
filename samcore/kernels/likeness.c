/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How alike colours are. */
#include "functions.h"
#include "kernel.h"
#include "kernels.h"

void
KERNEL (likeness) (float *y, const float *a, const float *b, size_t ld, float f, size_t n)
{
  const float *a1 = a + ld, *a2 = a + 2 * ld, *b1 = b + ld, *b2 = b + 2 * ld;

  SIMD for (size_t i = 0; i < n; i++)
  {
    float d0 = a[i] - b[i], d1 = a1[i] - b1[i], d2 = a2[i] - b2[i];

    y[i] = sam_exp_negative (-f * (d0 * d0 + d1 * d1 + d2 * d2));
  }
}
