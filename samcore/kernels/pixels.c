/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes become the floats that networks see. */
#include "kernel.h"
#include "kernels.h"

void
KERNEL (widen_bytes) (float *y, const uint8_t *x, size_t n)
{
  SIMD for (size_t i = 0; i < n; i++) y[i] = x[i];
}

/* Three vectors are whole pixels. */
#define PIXELS (3 * SAM_LANES)

void
KERNEL (normalise) (float *y, const float *x, const float *mean, const float *std, size_t n)
{
  float  means[PIXELS], stds[PIXELS];
  size_t i = 0;

  for (size_t l = 0; l < PIXELS; l++)
    {
      means[l] = mean[l % 3];
      stds[l] = std[l % 3];
    }
  for (; i + PIXELS <= 3 * n; i += PIXELS)
    {
      SIMD for (size_t l = 0; l < PIXELS; l++) y[i + l] = (x[i + l] - means[l]) / stds[l];
    }
  for (; i < 3 * n; i++)
    y[i] = (x[i] - mean[i % 3]) / std[i % 3];
}
