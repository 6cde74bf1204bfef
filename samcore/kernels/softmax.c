/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of a softmax over a tile of scores. */
#include "kernel.h"
#include "kernels.h"
#include "math.h"

void
KERNEL (add_relative) (float *s, const float *rel_h, const float *rel_w, size_t key_h, size_t key_w)
{
  for (size_t y = 0; y < key_h; y++, s += key_w)
    {
      float h = rel_h[y];

      SIMD
      for (size_t x = 0; x < key_w; x++)
        s[x] += h + rel_w[x];
    }
}

float
KERNEL (exp_row) (float *s, size_t n, float *max)
{
  float m = *max, sum = 0;

  SIMD_MAX (m)
  for (size_t i = 0; i < n; i++)
    m = s[i] > m ? s[i] : m;

  SIMD_SUM (sum)
  for (size_t i = 0; i < n; i++)
    {
      s[i] = sam_exp (s[i] - m);
      sum += s[i];
    }

  *max = m;
  return sum;
}
