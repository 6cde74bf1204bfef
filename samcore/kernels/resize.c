/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The two halves of a separable resize: along a row, then between rows. A gather with one channel
 * is the common case of masks, hence its own loop. Pictures of bytes are shrunk in whole numbers:
 * between rows here, along a row in filter.c. */
#include "functions.h"
#include "kernel.h"
#include "kernels.h"

void
KERNEL (blend) (float *y, const float *const *x, const float *f, size_t n_taps, size_t n)
{
  const float *x0 = x[0], *x1 = x[1];
  float        f0 = f[0], f1 = f[1];

  if (n_taps == 2)
    {
      SIMD for (size_t i = 0; i < n; i++) y[i] = f0 * x0[i] + f1 * x1[i];
    }
  else
    {
      const float *x2 = x[2], *x3 = x[3];
      float        f2 = f[2], f3 = f[3];

      SIMD for (size_t i = 0; i < n; i++) y[i] = f0 * x0[i] + f1 * x1[i] + f2 * x2[i] + f3 * x3[i];
    }
}

void
KERNEL (blend_columns) (float          *y,
                        const float    *x,
                        const uint32_t *i,
                        const float    *f,
                        size_t          n_taps,
                        size_t          n,
                        size_t          c)
{
  if (c == 1 && n_taps == 2)
    {
      SIMD for (size_t j = 0; j < n; j++) y[j] = f[j] * x[i[j]] + f[n + j] * x[i[n + j]];
      return;
    }

  for (size_t j = 0; j < n; j++, y += c)
    {
      const float *from[4];
      float        factor[4];

      for (size_t t = 0; t < n_taps; t++)
        {
          from[t] = x + i[t * n + j] * c;
          factor[t] = f[t * n + j];
        }
      KERNEL (blend) (y, from, factor, n_taps, c);
    }
}

/* So many sums stay in registers while the taps pass by. */
#define BLOCK (4 * SAM_LANES)

void
KERNEL (correlate_bytes) (uint8_t       *y,
                          const uint8_t *x,
                          const int32_t *taps,
                          size_t         n_taps,
                          size_t         step,
                          int            bits,
                          size_t         n)
{
  const int32_t half = 1 << (bits - 1);
  size_t        i = 0;

  for (; i + BLOCK <= n; i += BLOCK)
    {
      int32_t sum[BLOCK];

      for (size_t l = 0; l < BLOCK; l++)
        sum[l] = half;
      for (size_t k = 0; k < n_taps; k++)
        {
          SIMD for (size_t l = 0; l < BLOCK; l++) sum[l] += x[k * step + i + l] * taps[k];
        }
      SIMD for (size_t l = 0; l < BLOCK; l++) y[i + l] = sam_byte (sum[l] >> bits);
    }
  for (; i < n; i++)
    {
      int32_t sum = half;

      for (size_t k = 0; k < n_taps; k++)
        sum += x[k * step + i] * taps[k];
      y[i] = sam_byte (sum >> bits);
    }
}
