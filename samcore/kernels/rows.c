/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sums and products of rows, and rows as columns. */
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
KERNEL (add_product) (float *y, const float *a, const float *b, size_t n)
{
  SIMD
  for (size_t i = 0; i < n; i++)
    y[i] += a[i] * b[i];
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

/* Four at once: y, which waits for its last sum, is read and written more rarely. */
void
KERNEL (sum_rows) (float *restrict y, const float *restrict x, size_t ld, size_t n, size_t c)
{
  for (; n >= 4; n -= 4, x += 4 * ld)
    {
      SIMD
      for (size_t i = 0; i < c; i++)
        y[i] += (x[i] + x[ld + i]) + (x[2 * ld + i] + x[3 * ld + i]);
    }
  for (; n > 0; n--, x += ld)
    {
      SIMD
      for (size_t i = 0; i < c; i++)
        y[i] += x[i];
    }
}

/* Squares of 16 stay in the level 1 cache while they are read one way and written the other. */
void
KERNEL (transpose) (float *y, const float *x, size_t n, size_t c)
{
  for (size_t row = 0; row < n; row += 16)
    for (size_t column = 0; column < c; column += 16)
      for (size_t i = column; i < column + 16 && i < c; i++)
        for (size_t j = row; j < row + 16 && j < n; j++)
          y[i * n + j] = x[j * c + i];
}

void
KERNEL (product) (float *y, size_t ld, const float *x, const float *z, size_t n, size_t k, size_t m)
{
  for (size_t column = 0; column < m; column++, z += k)
    for (size_t row = 0; row < n; row++)
      {
        const float *a = x + row * k;
        float        lane[SAM_LANES] = { 0 };
        size_t       i = 0;

        for (; i + SAM_LANES <= k; i += SAM_LANES)
          {
            SIMD
            for (size_t l = 0; l < SAM_LANES; l++)
              lane[l] += a[i + l] * z[i + l];
          }
        for (; i < k; i++)
          lane[0] += a[i] * z[i];
        y[row * ld + column] = sum_lanes (lane);
      }
}
