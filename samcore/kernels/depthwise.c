/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Depthwise 3x3 convolution of one row, channels last. Several output pixels at a time share nine
 * weights and the columns between them, all in registers; those at the sides go one at a time,
 * without the columns that lie outside. */
#include "kernels.h"
#include "vector.h"

#define PIXELS 4
#define VALUES 512 /* of a stretch, whose rows all stay in the level 1 cache */

/* n pixels, SAM_LANES channels of each; x0, x1, x2: where the first one's neighbourhood begins;
 * first and last: the columns of a neighbourhood that lie in the row */
INLINE void
pixels (const size_t n,
        float       *y,
        const float *x0,
        const float *x1,
        const float *x2,
        const Vec    weights[9],
        Vec          bias,
        size_t       c,
        const size_t stride,
        const size_t first,
        const size_t last)
{
  const float *x[3] = { x0, x1, x2 };
  Vec          sums[PIXELS];

#pragma GCC unroll 4
  for (size_t p = 0; p < n; p++)
    sums[p] = bias;
#pragma GCC unroll 3
  for (size_t row = 0; row < 3; row++)
#pragma GCC unroll 3
    for (size_t column = first; column < last; column++)
#pragma GCC unroll 4
      for (size_t p = 0; p < n; p++)
        sums[p] = add_multiples (sums[p], load (x[row] + (p * stride + column - first) * c),
                                 weights[row * 3 + column]);
#pragma GCC unroll 4
  for (size_t p = 0; p < n; p++)
    memcpy (y + p * c, &sums[p], sizeof sums[p]);
}

/* n pixels from column @at on, in groups; c >= SAM_LANES. The last pixels and channels overlap
 * those before: the same values are written twice. */
INLINE void
stretch (const size_t       group,
         float             *y,
         const float *const x[3],
         const float       *k,
         const float       *b,
         size_t             at,
         size_t             n,
         size_t             c,
         const size_t       stride,
         const size_t       first,
         const size_t       last)
{
  const size_t from = (at + first - 1) * c;
  const float *x0 = x[0] + from, *x1 = x[1] + from, *x2 = x[2] + from;

  for (size_t i = 0; i < c; i += SAM_LANES)
    {
      size_t channel = c - i < SAM_LANES ? c - SAM_LANES : i;
      Vec    bias = load (b + channel), weights[9];

#pragma GCC unroll 9
      for (size_t tap = 0; tap < 9; tap++)
        weights[tap] = load (k + tap * c + channel);
      for (size_t p = 0; p < n; p += group)
        {
          size_t pixel = n - p < group ? n - group : p;
          size_t left = pixel * stride * c + channel;
          float *to = y + pixel * c + channel;

          pixels (group, to, x0 + left, x1 + left, x2 + left, weights, bias, c, stride, first,
                  last);
        }
    }
}

/* Stretch by stretch; the last one of several pixels overlaps the one before, too. */
INLINE void
wide_row (float             *y,
          const float *const x[3],
          const float       *k,
          const float       *b,
          size_t             w,
          size_t             c,
          const size_t       stride,
          SamAct             act)
{
  const size_t n = (w - 1) / stride + 1;
  const size_t end = w > 1 ? (w - 2) / stride + 1
                           : 1; /* of the pixels that have all their neighbours */
  const size_t most = VALUES / PIXELS / c > 0 ? VALUES / PIXELS / c * PIXELS : PIXELS;

  for (size_t j = 0, done; j < n; j += done)
    {
      size_t at = j * stride;
      float *to = y + j * c;

      done = 1;
      if (j == 0 && w > 1)
        {
          stretch (1, to, x, k, b, at, 1, c, stride, 1, 3);
        }
      else if (j == 0)
        {
          stretch (1, to, x, k, b, at, 1, c, stride, 1, 2);
        }
      else if (j == end)
        {
          stretch (1, to, x, k, b, at, 1, c, stride, 0, 2);
        }
      else if (end <= PIXELS)
        {
          stretch (1, to, x, k, b, at, 1, c, stride, 0, 3);
        }
      else
        {
          j = end - j < PIXELS ? end - PIXELS : j;
          done = end - j < most ? end - j : most;
          to = y + j * c;
          stretch (PIXELS, to, x, k, b, j * stride, done, c, stride, 0, 3);
        }
      /* while it is in the level 1 cache */
      if (act != SAM_ACT_NONE)
        KERNEL (activate) (to, to, done * c, act);
    }
}

/* A row with fewer channels than a register has lanes. */
static void
narrow_row (float             *y,
            const float *const x[3],
            const float       *k,
            const float       *b,
            size_t             w,
            size_t             c,
            size_t             stride)
{
  for (size_t at = 0; at < w; at += stride, y += c)
    for (size_t i = 0; i < c; i++)
      {
        float sum = b[i];

        for (size_t row = 0; row < 3; row++)
          for (size_t column = at == 0; column < 3 && at + column - 1 < w; column++)
            sum += x[row][(at + column - 1) * c + i] * k[(row * 3 + column) * c + i];
        y[i] = sum;
      }
}

void
KERNEL (depthwise3x3) (float             *y,
                       const float *const x[3],
                       const float       *k,
                       const float       *b,
                       size_t             w,
                       size_t             c,
                       size_t             stride,
                       SamAct             act)
{
  if (c < SAM_LANES)
    {
      narrow_row (y, x, k, b, w, c, stride);
      KERNEL (activate) (y, y, ((w - 1) / stride + 1) * c, act);
    }
  else if (stride == 1)
    {
      wide_row (y, x, k, b, w, c, 1, act);
    }
  else
    {
      wide_row (y, x, k, b, w, c, stride, act);
    }
}
