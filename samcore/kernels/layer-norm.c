/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Layer norm: mean, then the variance of the differences (one pass over x^2 would cancel), then the
 * row. */
#include "kernel.h"
#include "kernels.h"

static inline float
sum_of (const float *x, size_t n, float mean, const bool square)
{
  float  lane[SAM_LANES] = { 0 };
  size_t i = 0;

  for (; i + SAM_LANES <= n; i += SAM_LANES)
    {
      SIMD for (size_t l = 0; l < SAM_LANES; l++)
        lane[l] += square ? (x[i + l] - mean) * (x[i + l] - mean) : x[i + l];
    }
  for (; i < n; i++)
    lane[0] += square ? (x[i] - mean) * (x[i] - mean) : x[i];

  return sum_lanes (lane);
}

/* Rows shorter than a register, as many beside each other. */
static void
norm_narrow (float       *y,
             const float *x,
             const float *weight,
             const float *bias,
             float        eps,
             size_t       n,
             size_t       c)
{
  float mean[SAM_LANES] = { 0 }, inverse[SAM_LANES] = { 0 };

  for (size_t i = 0; i < c; i++)
    {
      SIMD for (size_t row = 0; row < n; row++) mean[row] += x[row * c + i];
    }
  SIMD for (size_t row = 0; row < n; row++) mean[row] /= c;
  for (size_t i = 0; i < c; i++)
    {
      SIMD for (size_t row = 0; row < n; row++)
        inverse[row] += (x[row * c + i] - mean[row]) * (x[row * c + i] - mean[row]);
    }
  SIMD for (size_t row = 0; row < n; row++)
    inverse[row] = 1.0f / __builtin_sqrtf (inverse[row] / c + eps);
  for (size_t i = 0; i < c; i++)
    {
      SIMD for (size_t row = 0; row < n; row++)
        y[row * c + i] = (x[row * c + i] - mean[row]) * inverse[row] * weight[i] + bias[i];
    }
}

void
KERNEL (layer_norm) (float       *y,
                     const float *x,
                     const float *weight,
                     const float *bias,
                     float        eps,
                     size_t       n,
                     size_t       c)
{
  if (c < SAM_LANES)
    {
      for (size_t row = 0; row < n; row += SAM_LANES)
        norm_narrow (y + row * c, x + row * c, weight, bias, eps,
                     n - row < SAM_LANES ? n - row : SAM_LANES, c);
      return;
    }

  for (; n > 0; n--, x += c, y += c)
    {
      float mean = sum_of (x, c, 0, false) / c;
      float inverse = 1.0f / __builtin_sqrtf (sum_of (x, c, mean, true) / c + eps);

      SIMD for (size_t i = 0; i < c; i++) y[i] = (x[i] - mean) * inverse * weight[i] + bias[i];
    }
}
