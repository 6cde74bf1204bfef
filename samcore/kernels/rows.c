/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sums and products of rows, sums of many rows with weights, and rows as columns. */
#include "kernels.h"
#include "vector.h"

void
KERNEL (add) (float *y, const float *a, const float *b, size_t n)
{
  SIMD for (size_t i = 0; i < n; i++) y[i] = a[i] + b[i];
}

void
KERNEL (add_product) (float *y, const float *a, const float *b, size_t n)
{
  SIMD for (size_t i = 0; i < n; i++) y[i] += a[i] * b[i];
}

void
KERNEL (add_row) (float *y, const float *x, const float *b, size_t n, size_t c)
{
  for (; n > 0; n--, x += c, y += c)
    {
      SIMD for (size_t i = 0; i < c; i++) y[i] = x[i] + b[i];
    }
}

void
KERNEL (scale_row) (float *y, const float *x, const float *s, size_t n, size_t c)
{
  for (; n > 0; n--, x += c, y += c)
    {
      SIMD for (size_t i = 0; i < c; i++) y[i] = x[i] * s[i];
    }
}

void
KERNEL (scale) (float *y, const float *x, float f, size_t n)
{
  SIMD for (size_t i = 0; i < n; i++) y[i] = x[i] * f;
}

/* Four at once: y, which waits for its last sum, is read and written more rarely. */
void
KERNEL (sum_rows) (float *restrict y, const float *restrict x, size_t ld, size_t n, size_t c)
{
  for (; n >= 4; n -= 4, x += 4 * ld)
    {
      SIMD for (size_t i = 0; i < c; i++)
        y[i] += (x[i] + x[ld + i]) + (x[2 * ld + i] + x[3 * ld + i]);
    }
  for (; n > 0; n--, x += ld)
    {
      SIMD for (size_t i = 0; i < c; i++) y[i] += x[i];
    }
}

/* So many sums stay in registers while the weights pass by. */
#define SUMS (4 * SAM_LANES)

void
KERNEL (
  correlate) (float *y, const float *x, const float *w, size_t n_weights, size_t step, size_t n)
{
  size_t i = 0;

  for (; i + SUMS <= n; i += SUMS)
    {
      float sum[SUMS] = { 0 };

      for (size_t k = 0; k < n_weights; k++)
        {
          SIMD for (size_t l = 0; l < SUMS; l++) sum[l] += w[k] * x[k * step + i + l];
        }
      memcpy (y + i, sum, sizeof sum);
    }
  for (; i < n; i++)
    {
      float sum = 0;

      for (size_t k = 0; k < n_weights; k++)
        sum += w[k] * x[k * step + i];
      y[i] = sum;
    }
}

/* y = xT    x, y: [SAM_LANES, SAM_LANES], rows ld_x and ld_y apart */
INLINE void
transpose_square (float *y, size_t ld_y, const float *x, size_t ld_x)
{
  Vec v[SAM_LANES];

#pragma GCC unroll 16
  for (size_t i = 0; i < SAM_LANES; i++)
    v[i] = load (x + i * ld_x);
  turn (v);
#pragma GCC unroll 16
  for (size_t i = 0; i < SAM_LANES; i++)
    memcpy (y + i * ld_y, &v[i], sizeof v[i]);
}

#define LINE 16 /* floats: a cache line */

/* By squares of whole cache lines, which stay in the level 1 cache while they are read one way and
 * written the other. The last ones overlap those before: the same values are written twice. */
void
KERNEL (transpose) (float *y, const float *x, size_t n, size_t c)
{
  if (n < LINE || c < LINE)
    {
      for (size_t i = 0; i < c; i++)
        for (size_t j = 0; j < n; j++)
          y[i * n + j] = x[j * c + i];
      return;
    }

  for (size_t row = 0; row < n; row += LINE)
    for (size_t column = 0; column < c; column += LINE)
      {
        size_t       first_row = n - row < LINE ? n - LINE : row;
        size_t       first_column = c - column < LINE ? c - LINE : column;
        const float *from = x + first_row * c + first_column;
        float       *to = y + first_column * n + first_row;

        for (size_t i = 0; i < LINE; i += SAM_LANES)
          for (size_t j = 0; j < LINE; j += SAM_LANES)
            transpose_square (to + i * n + j, n, from + j * c + i, c);
      }
}

/* One row x: [k] with n <= SAM_LANES rows z: [n, k]    y: [n] */
INLINE void
dots (float *y, const float *x, const float *z, const size_t n, const size_t k)
{
  Vec sums[SAM_LANES] = { { 0 } };

#pragma GCC unroll 16
  for (size_t p = 0; p < n; p++, z += k)
    {
      size_t i = 0;

#pragma GCC unroll 8
      for (; i + SAM_LANES <= k; i += SAM_LANES)
        sums[p] = add_multiples (sums[p], load (x + i), load (z + i));
      if (i < k)
        sums[p] = add_multiples (sums[p], load_some (x + i, k - i), load_some (z + i, k - i));
    }

  sums[0] = sum_each (sums);
  memcpy (y, sums, n * sizeof *y);
}

/* Apart, so that its addresses do not take the registers of what has constant ones. */
static __attribute__ ((noinline)) void
any_dots (float *y, const float *x, const float *z, size_t n, size_t k)
{
  dots (y, x, z, n, k);
}

/* So many rows z at a time that their sums fill a register. All x pass by them before the next ones
 * come. */
void
KERNEL (product) (float *y, size_t ld, const float *x, const float *z, size_t n, size_t k, size_t m)
{
  for (size_t column = 0; column < m; column += SAM_LANES, z += SAM_LANES * k)
    {
      size_t columns = m - column < SAM_LANES ? m - column : SAM_LANES;

      for (size_t row = 0; row < n; row++)
        {
          if (columns == SAM_LANES && k == 32)
            dots (y + row * ld + column, x + row * 32, z, SAM_LANES, 32);
          else if (columns == SAM_LANES && k == 16)
            dots (y + row * ld + column, x + row * 16, z, SAM_LANES, 16);
          else
            any_dots (y + row * ld + column, x + row * k, z, columns, k);
        }
    }
}
