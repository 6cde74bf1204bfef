/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Logits become coverage. */
#include "kernel.h"
#include "kernels.h"

void
KERNEL (edge_hard) (uint8_t *y, const float *x, float threshold, size_t n)
{
  SIMD for (size_t i = 0; i < n; i++) y[i] = x[i] > threshold ? 255 : 0;
}

size_t
KERNEL (count_above) (const float *x, float threshold, size_t n)
{
  size_t count = 0;

  /* so few at a time that 32 bits hold the sums, which widen best */
  for (size_t first = 0; first < n; first += 1 << 20)
    {
      size_t   last = n - first < 1 << 20 ? n : first + (1 << 20);
      uint32_t part = 0;

      SIMD_SUM (part)
      for (size_t i = first; i < last; i++)
        part += x[i] > threshold;
      count += part;
    }

  return count;
}

static inline uint8_t
smooth (float value, float dx, float dy)
{
  float slope = __builtin_sqrtf (dx * dx + dy * dy);
  /* where it is flat: on or off, nothing between; the subtraction puts 0 on the off side */
  float distance = (value - 1e-30f) / (slope > 1e-30f ? slope : 1e-30f);
  float part = 255.0f * (distance + 0.5f);
  int   rounded;

  part = part > 0 ? part : 0; /* NaN too */
  part = part < 255 ? part : 255;
  rounded = (int) (part + 0.5f);

  return (uint8_t) (value > 0 ? (rounded > 128 ? rounded : 128) : (rounded < 127 ? rounded : 127));
}

void
KERNEL (edge_smooth) (uint8_t     *y,
                      const float *above,
                      const float *x,
                      const float *below,
                      float        per_row,
                      size_t       n)
{
  if (n == 1)
    {
      y[0] = smooth (x[0], 0, (below[0] - above[0]) * per_row);
      return;
    }

  y[0] = smooth (x[0], x[1] - x[0], (below[0] - above[0]) * per_row);
  SIMD for (size_t i = 1; i < n - 1; i++)
    y[i] = smooth (x[i], (x[i + 1] - x[i - 1]) * 0.5f, (below[i] - above[i]) * per_row);
  y[n - 1] = smooth (x[n - 1], x[n - 1] - x[n - 2], (below[n - 1] - above[n - 1]) * per_row);
}
