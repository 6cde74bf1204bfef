/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Depthwise convolution of one row, channels last. Several output pixels at a time share the
 * weights, in registers as far as there are any; those at the sides go one at a time, without the
 * columns that lie outside. */
#include "kernels.h"
#include "vector.h"

#define PIXELS    4
#define VALUES    512 /* of a stretch, whose rows all stay in the level 1 cache */
#define MOST_TAPS 25

INLINE Vec
clipped (Vec v)
{
  return smaller (6.0f - (Vec) { 0 }, larger ((Vec) { 0 }, v));
}

/* One pixel; at: the column that is met by the first of the columns [first, last) of its
 * neighbourhood that lie in the row */
INLINE void
one_pixel (float              *y,
           const float *const *x,
           const SamDepthwise *d,
           size_t              at,
           size_t              first,
           size_t              last,
           bool                clip)
{
  const size_t c = d->c;

  for (size_t i = 0; i < c; i += SAM_LANES)
    {
      const size_t channel = c - i < SAM_LANES ? c - SAM_LANES : i;
      Vec          sum = load (d->b + channel);

      for (size_t row = 0; row < d->side; row++)
        {
          const float *from = x[row] + at * c + channel;
          const float *weights = d->w + (row * d->side + first) * c + channel;

          for (size_t column = first; column < last; column++, from += c, weights += c)
            sum = add_multiples (sum, load (from), load (weights));
        }
      if (clip)
        sum = clipped (sum);
      memcpy (y + channel, &sum, sizeof sum);
    }
}

/* n >= PIXELS pixels that have all their neighbours; x: the rows from the first neighbour on. The
 * last pixels and channels overlap those before: the same values are written twice. */
INLINE void
stretch (float              *y,
         const float *const *x,
         const SamDepthwise *d,
         size_t              at,
         size_t              n,
         const size_t        side,
         const size_t        stride,
         bool                clip)
{
  const size_t c = d->c;

  for (size_t i = 0; i < c; i += SAM_LANES)
    {
      const size_t channel = c - i < SAM_LANES ? c - SAM_LANES : i;
      Vec          bias = load (d->b + channel), weights[MOST_TAPS];

#pragma GCC unroll 25
      for (size_t tap = 0; tap < side * side; tap++)
        weights[tap] = load (d->w + tap * c + channel);
      for (size_t p = 0; p < n; p += PIXELS)
        {
          const size_t pixel = n - p < PIXELS ? n - PIXELS : p;
          const size_t left = (at + pixel * stride) * c + channel;
          float       *to = y + pixel * c + channel;
          Vec          sums[PIXELS];

#pragma GCC unroll 4
          for (size_t k = 0; k < PIXELS; k++)
            sums[k] = bias;
#pragma GCC unroll 5
          for (size_t row = 0; row < side; row++)
            {
              const float *from = x[row] + left;

#pragma GCC unroll 5
              for (size_t column = 0; column < side; column++)
#pragma GCC unroll 4
                for (size_t k = 0; k < PIXELS; k++)
                  sums[k] = add_multiples (sums[k], load (from + (k * stride + column) * c),
                                           weights[row * side + column]);
            }
#pragma GCC unroll 4
          for (size_t k = 0; k < PIXELS; k++)
            {
              if (clip)
                sums[k] = clipped (sums[k]);
              memcpy (to + k * c, &sums[k], sizeof sums[k]);
            }
        }
    }
}

/* Stretch by stretch; the last one of several pixels overlaps the one before, too. */
INLINE void
wide_row (float              *y,
          const float *const *x,
          const SamDepthwise *d,
          size_t              w,
          SamAct              act,
          const size_t        side,
          const size_t        stride)
{
  const size_t c = d->c, before = d->before;
  const size_t n = (w - 1) / stride + 1;
  const size_t begin = (before + stride - 1) / stride; /* of those that have all neighbours */
  const size_t end = w + before >= side ? (w + before - side) / stride + 1 : 0;
  const size_t most = VALUES / PIXELS / c > 0 ? VALUES / PIXELS / c * PIXELS : PIXELS;
  const bool   clip = act == SAM_ACT_RELU6;

  for (size_t j = 0, done; j < n; j += done)
    {
      float *to = y + j * c;

      done = 1;
      if (j < begin || j >= end || end < begin + PIXELS)
        {
          const size_t at = j * stride; /* in the padded row */
          const size_t first = at < before ? before - at : 0;
          const size_t last = at + side > w + before ? w + before - at : side;

          one_pixel (to, x, d, at + first - before, first, last, clip);
        }
      else
        {
          j = end - j < PIXELS ? end - PIXELS : j;
          done = end - j < most ? end - j : most;
          to = y + j * c;
          stretch (to, x, d, j * stride - before, done, side, stride, clip);
        }
      /* while it is in the level 1 cache */
      if (act != SAM_ACT_NONE && ! clip)
        KERNEL (activate) (to, to, done * c, act);
    }
}

/* A row with fewer channels than a register has lanes. */
static void
narrow_row (float *y, const float *const *x, const SamDepthwise *d, size_t w)
{
  const size_t c = d->c, side = d->side;

  for (size_t at = 0; at < w; at += d->stride, y += c)
    for (size_t i = 0; i < c; i++)
      {
        float sum = d->b[i];

        for (size_t row = 0; row < side; row++)
          for (size_t column = 0; column < side; column++)
            if (at + column >= d->before && at + column < w + d->before)
              sum += x[row][(at + column - d->before) * c + i] *
                     d->w[(row * side + column) * c + i];
        y[i] = sum;
      }
}

void
KERNEL (depthwise) (float *y, const float *const *x, const SamDepthwise *d, size_t w, SamAct act)
{
  if (d->c < SAM_LANES)
    {
      narrow_row (y, x, d, w);
      KERNEL (activate) (y, y, ((w - 1) / d->stride + 1) * d->c, act);
    }
  else if (d->side == 3 && d->stride == 1)
    {
      wide_row (y, x, d, w, act, 3, 1);
    }
  else if (d->side == 3)
    {
      wide_row (y, x, d, w, act, 3, 2);
    }
  else if (d->stride == 1)
    {
      wide_row (y, x, d, w, act, 5, 1);
    }
  else
    {
      wide_row (y, x, d, w, act, 5, 2);
    }
}
