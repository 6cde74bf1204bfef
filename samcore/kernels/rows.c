/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sums and products of rows. */
#include "kernel.h"
#include "kernels.h"

void
KERNEL (add) (float *y, const float *a, const float *b, size_t n)
{
  SIMD
  for (size_t i = 0; i < n; i++)
    y[i] = a[i] + b[i];
}

void
KERNEL (add_row) (float *y, const float *x, const float *b, size_t n, size_t c)
{
  for (; n > 0; n--, x += c, y += c)
    {
      SIMD
      for (size_t i = 0; i < c; i++)
        y[i] = x[i] + b[i];
    }
}

void
KERNEL (scale_row) (float *y, const float *x, const float *s, size_t n, size_t c)
{
  for (; n > 0; n--, x += c, y += c)
    {
      SIMD
      for (size_t i = 0; i < c; i++)
        y[i] = x[i] * s[i];
    }
}

void
KERNEL (scale) (float *y, const float *x, float f, size_t n)
{
  SIMD
  for (size_t i = 0; i < n; i++)
    y[i] = x[i] * f;
}

void
KERNEL (sum_rows) (float *y, const float *x, size_t n, size_t c)
{
  for (; n > 0; n--, x += c)
    {
      SIMD
      for (size_t i = 0; i < c; i++)
        y[i] += x[i];
    }
}
