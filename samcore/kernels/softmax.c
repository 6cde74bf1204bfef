/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of a softmax over a tile of scores. */
#include "functions.h"
#include "kernel.h"
#include "kernels.h"

void
KERNEL (add_relative) (float *s, const float *rel_h, const float *rel_w, size_t key_h, size_t key_w)
{
  for (size_t y = 0; y < key_h; y++, s += key_w)
    {
      float h = rel_h[y];

      SIMD for (size_t x = 0; x < key_w; x++) s[x] += h + rel_w[x];
    }
}

float
KERNEL (exp_row) (float *s, size_t n, float *max)
{
  float  m = *max, lane[SAM_LANES] = { 0 };
  size_t i = 0;

  SIMD_MAX (m)
  for (size_t j = 0; j < n; j++)
    m = s[j] > m ? s[j] : m;

  for (; i + SAM_LANES <= n; i += SAM_LANES)
    {
      SIMD for (size_t l = 0; l < SAM_LANES; l++)
      {
        float e = sam_exp_negative (s[i + l] - m);

        s[i + l] = e;
        lane[l] += e;
      }
    }
  for (; i < n; i++)
    {
      s[i] = sam_exp_negative (s[i] - m);
      lane[0] += s[i];
    }

  *max = m;
  return sum_lanes (lane);
}

#define STRIP 16 /* columns whose maximum and sum stay in registers */

INLINE void
exp_strip (float *s, size_t ld, size_t n, const size_t c, float *max, float *sum)
{
  float m[STRIP], total[STRIP] = { 0 };

  memcpy (m, s, c * sizeof *m);
  for (size_t j = 1; j < n; j++)
    {
      SIMD for (size_t i = 0; i < c; i++) m[i] = s[j * ld + i] > m[i] ? s[j * ld + i] : m[i];
    }
  for (size_t j = 0; j < n; j++)
    {
      SIMD for (size_t i = 0; i < c; i++)
      {
        float e = sam_exp_negative (s[j * ld + i] - m[i]);

        s[j * ld + i] = e;
        total[i] += e;
      }
    }
  memcpy (max, m, c * sizeof *m);
  memcpy (sum, total, c * sizeof *m);
}

void
KERNEL (exp_columns) (float *s, size_t n, size_t c, float *max, float *sum)
{
  size_t i = 0;

  for (; i + STRIP <= c; i += STRIP)
    exp_strip (s + i, c, n, STRIP, max + i, sum + i);
  if (c - i == STRIP / 2) /* an odd number of tokens with eight heads */
    exp_strip (s + i, c, n, STRIP / 2, max + i, sum + i);
  else if (i < c)
    exp_strip (s + i, c, n, c - i, max + i, sum + i);
}

void
KERNEL (softmax_columns) (float *s, size_t n, size_t rows, size_t c)
{
  for (; n > 0; n--, s += rows * c)
    for (size_t first = 0; first < c; first += STRIP)
      {
        float  max[STRIP], sum[STRIP];
        size_t columns = c - first < STRIP ? c - first : STRIP;

        if (columns == STRIP / 2)
          exp_strip (s + first, c, rows, STRIP / 2, max, sum);
        else
          exp_strip (s + first, c, rows, columns, max, sum);
        for (size_t row = 0; row < rows; row++)
          {
            SIMD for (size_t i = 0; i < columns; i++) s[row * c + first + i] /= sum[i];
          }
      }
}
