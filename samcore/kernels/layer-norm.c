/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Layer norm: mean, then the variance of the differences (one pass over x^2 would cancel), then the row. */
#include "kernel.h"
#include "kernels.h"

#include <math.h>

void
KERNEL (layer_norm) (float *y, const float *x, const float *weight, const float *bias, float eps,
                     size_t n, size_t c)
{
  for (; n > 0; n--, x += c, y += c)
    {
      float sum = 0, squares = 0, mean, inverse;

      SIMD_SUM (sum)
      for (size_t i = 0; i < c; i++)
        sum += x[i];
      mean = sum / c;

      SIMD_SUM (squares)
      for (size_t i = 0; i < c; i++)
        squares += (x[i] - mean) * (x[i] - mean);
      inverse = 1.0f / __builtin_sqrtf (squares / c + eps);

      SIMD
      for (size_t i = 0; i < c; i++)
        y[i] = (x[i] - mean) * inverse * weight[i] + bias[i];
    }
}
