/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dense 3x3 convolution of a picture: its three channels are too few for a product, whose rows
 * would be gathered for longer than they are multiplied. Several pixels share each vector of
 * weights. */
#include "vector.h"

#include "kernels.h"

#define IN     3
#define STRIDE 2
#define PIXELS 8

/* n pixels; at: the column that the first one's first tap meets; first and last: the taps of a row
 * of the kernel that lie in the picture. */
INLINE void
pixels (const size_t       n,
        float             *y,
        const float *const x[3],
        const float       *k,
        const float       *b,
        size_t             at,
        size_t             out,
        const size_t       first,
        const size_t       last)
{
  const size_t ld = (out + SAM_CONV_ALIGN - 1) / SAM_CONV_ALIGN * SAM_CONV_ALIGN;

  for (size_t o = 0; o < out; o += SAM_LANES)
    {
      Vec sums[PIXELS];

#pragma GCC unroll 8
      for (size_t p = 0; p < n; p++)
        sums[p] = load (b + o);
      for (size_t row = 0; row < 3; row++)
        {
          const float *from = x[row] + at * IN;
          const float *weights = k + (row * 3 * IN + first) * ld + o;

          for (size_t tap = first; tap < last; tap++, from++, weights += ld)
            {
              Vec v = load (weights);

#pragma GCC unroll 8
              for (size_t p = 0; p < n; p++)
                sums[p] = add_multiple (sums[p], from[p * STRIDE * IN], v);
            }
        }
      if (out - o >= SAM_LANES)
        {
#pragma GCC unroll 8
          for (size_t p = 0; p < n; p++)
            memcpy (y + p * out + o, &sums[p], sizeof sums[p]);
        }
      else
        {
          for (size_t p = 0; p < n; p++)
            store_some (y + p * out + o, sums[p], out - o);
        }
    }
}

void
KERNEL (conv_picture) (float             *y,
                       const float *const x[3],
                       const float       *k,
                       const float       *b,
                       size_t             w,
                       size_t             out,
                       size_t             before)
{
  for (size_t at = 0, done; at < w; at += done * STRIDE, y += done * out)
    {
      const size_t first = at < before ? before - at : 0; /* of the columns of the kernel */
      const size_t last = w + before - at < 3 ? w + before - at : 3;
      const size_t from = at + first - before;

      done = first == 0 && from + (PIXELS - 1) * STRIDE + 3 <= w ? PIXELS : 1;
      if (done == PIXELS)
        pixels (PIXELS, y, x, k, b, from, out, 0, 3 * IN);
      else
        pixels (1, y, x, k, b, from, out, first * IN, last * IN);
    }
}
