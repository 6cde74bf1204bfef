/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Depthwise convolution of one row, channels last. A register of channels goes along a stretch of
 * pixels with its weights in registers, as far as there are any, several output pixels at a time;
 * those at the sides go one at a time, without the columns that lie outside. */
#include "kernels.h"
#include "vector.h"

#define PIXELS    4
#define FEWEST    16   /* pixels of a stretch */
#define VALUES    8192 /* that it reads */
#define MOST_TAPS 25

INLINE void
store (float *y, Vec v, bool clip)
{
  if (clip)
    v = smaller (6.0f - (Vec) { 0 }, larger ((Vec) { 0 }, v));
  memcpy (y, &v, sizeof v);
}

/* One pixel; x: the rows; at: where its neighbourhood begins in the padded row, in which the row
 * itself is the columns [before, before + w) */
INLINE void
one_pixel (float              *y,
           const float *const *x,
           const Vec           weights[MOST_TAPS],
           Vec                 sum,
           size_t              c,
           size_t              at,
           size_t              before,
           size_t              w,
           const size_t        side,
           bool                clip)
{
#pragma GCC unroll 5
  for (size_t row = 0; row < side; row++)
#pragma GCC unroll 5
    for (size_t column = 0; column < side; column++)
      if (at + column >= before && at + column < before + w)
        sum = add_multiples (sum, load (x[row] + (at + column - before) * c),
                             weights[row * side + column]);
  store (y, sum, clip);
}

/* PIXELS pixels that have all their neighbours; at: the column where the first one's begin */
INLINE void
several_pixels (float              *y,
                const float *const *x,
                const Vec           weights[MOST_TAPS],
                Vec                 bias,
                size_t              c,
                size_t              at,
                const size_t        side,
                const size_t        stride,
                bool                clip)
{
  Vec sums[PIXELS];

#pragma GCC unroll 4
  for (size_t k = 0; k < PIXELS; k++)
    sums[k] = bias;
#pragma GCC unroll 5
  for (size_t row = 0; row < side; row++)
    {
      const float *from = x[row] + at * c;

#pragma GCC unroll 5
      for (size_t column = 0; column < side; column++)
#pragma GCC unroll 4
        for (size_t k = 0; k < PIXELS; k++)
          sums[k] = add_multiples (sums[k], load (from + (k * stride + column) * c),
                                   weights[row * side + column]);
    }
#pragma GCC unroll 4
  for (size_t k = 0; k < PIXELS; k++)
    store (y + k * c, sums[k], clip);
}

/* Pixels [first, last), of which those in [begin, end) have all their neighbours. The last pixels
 * and channels overlap those before: the same values are written twice. */
INLINE void
stretch (float              *y,
         const float *const *x,
         const SamDepthwise *d,
         size_t              w,
         size_t              first,
         size_t              last,
         size_t              begin,
         size_t              end,
         const size_t        side,
         const size_t        stride,
         bool                clip)
{
  const size_t c = d->c, before = d->before;

  begin = begin > first ? begin : first;
  end = end < last ? end : last;
  if (end < begin + PIXELS)
    begin = end = last;

  for (size_t i = 0; i < c; i += SAM_LANES)
    {
      const size_t channel = c - i < SAM_LANES ? c - SAM_LANES : i;
      float       *to = y + channel;
      const float *from[5];
      Vec          bias = load (d->b + channel), weights[MOST_TAPS];

#pragma GCC unroll 25
      for (size_t tap = 0; tap < side * side; tap++)
        weights[tap] = load (d->w + tap * c + channel);
#pragma GCC unroll 5
      for (size_t row = 0; row < side; row++)
        from[row] = x[row] + channel;

      for (size_t j = first; j < begin; j++)
        one_pixel (to + j * c, from, weights, bias, c, j * stride, before, w, side, clip);
      for (size_t j = begin; j < end; j += PIXELS)
        {
          const size_t pixel = end - j < PIXELS ? end - PIXELS : j;

          several_pixels (to + pixel * c, from, weights, bias, c, pixel * stride - before, side,
                          stride, clip);
        }
      for (size_t j = end; j < last; j++)
        one_pixel (to + j * c, from, weights, bias, c, j * stride, before, w, side, clip);
    }
}

/* Stretch by stretch, each as long as what it reads stays in the level 1 cache, where the processor
 * brings it in the order in which it lies; wide ones so long that weights serve several pixels. */
INLINE void
wide_row (float              *y,
          const float *const *x,
          const SamDepthwise *d,
          size_t              w,
          bool                clip,
          const size_t        side,
          const size_t        stride)
{
  const size_t before = d->before;
  const size_t n = (w - 1) / stride + 1;
  const size_t begin = (before + stride - 1) / stride; /* of those that have all neighbours */
  const size_t end = w + before >= side ? (w + before - side) / stride + 1 : 0;
  const size_t fit = VALUES / (side * stride * d->c) / PIXELS * PIXELS;
  const size_t most = fit > FEWEST ? fit : FEWEST;

  for (size_t j = 0, done; j < n; j += done)
    {
      done = n - j < 2 * most ? n - j : most;
      stretch (y, x, d, w, j, j + done, begin, end, side, stride, clip);
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
  const size_t n = (w - 1) / d->stride + 1;
  const bool   clip = act == SAM_ACT_RELU6;

  if (d->c < SAM_LANES)
    narrow_row (y, x, d, w);
  else if (d->side == 3 && d->stride == 1)
    wide_row (y, x, d, w, clip, 3, 1);
  else if (d->side == 3)
    wide_row (y, x, d, w, clip, 3, 2);
  else if (d->stride == 1)
    wide_row (y, x, d, w, clip, 5, 1);
  else
    wide_row (y, x, d, w, clip, 5, 2);

  if (act != SAM_ACT_NONE && (! clip || d->c < SAM_LANES))
    KERNEL (activate) (y, y, n * d->c, act);
}
