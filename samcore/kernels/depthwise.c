/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Depthwise 3x3 convolution of one row, channels last. Four output pixels at a time share the nine weights
 * and the columns between them; what is left and the sides go one pixel at a time, without the columns that
 * lie outside. */
#include "kernel.h"
#include "kernels.h"

/* Four pixels that have all their neighbours in the row. x points at the first one's left neighbours. */
INLINE void
four (float *restrict y, const float *restrict x0, const float *restrict x1, const float *restrict x2,
      const float *restrict k, const float *restrict b, size_t c, const size_t stride)
{
  const size_t step = stride * c;

#define TAP(x, row, column)                    \
  {                                            \
    float f = k[(row * 3 + column) * c + i];   \
                                               \
    a0 += x[column * c + i] * f;               \
    a1 += x[column * c + step + i] * f;        \
    a2 += x[column * c + 2 * step + i] * f;    \
    a3 += x[column * c + 3 * step + i] * f;    \
  }

  SIMD
  for (size_t i = 0; i < c; i++)
    {
      float a0 = b[i], a1 = a0, a2 = a0, a3 = a0;

      TAP (x0, 0, 0) TAP (x0, 0, 1) TAP (x0, 0, 2)
      TAP (x1, 1, 0) TAP (x1, 1, 1) TAP (x1, 1, 2)
      TAP (x2, 2, 0) TAP (x2, 2, 1) TAP (x2, 2, 2)

      y[i]         = a0;
      y[c + i]     = a1;
      y[2 * c + i] = a2;
      y[3 * c + i] = a3;
    }
#undef TAP
}

/* One pixel; first and last: the columns of its neighbourhood that lie in the row. */
static void
one (float *restrict y, const float *const x[3], const float *restrict k, const float *restrict b,
     size_t at, size_t c, size_t first, size_t last)
{
  memcpy (y, b, c * sizeof *y);
  for (size_t row = 0; row < 3; row++)
    for (size_t column = first; column < last; column++)
      {
        const float *from   = x[row] + (at + column - 1) * c;
        const float *weight = k + (row * 3 + column) * c;

        SIMD
        for (size_t i = 0; i < c; i++)
          y[i] += from[i] * weight[i];
      }
}

void
KERNEL (depthwise3x3) (float *y, const float *const x[3], const float *k, const float *b,
                       size_t w, size_t c, size_t stride, SamAct act)
{
  size_t n = (w - 1) / stride + 1;

  for (size_t j = 0, done; j < n; j += done, y += done * c)
    {
      size_t at = j * stride;

      done = at > 0 && (j + 3) * stride + 1 < w && j + 4 <= n ? 4 : 1;
      if (done == 1)
        {
          one (y, x, k, b, at, c, at == 0, at + 1 < w ? 3 : 2);
        }
      else
        {
          const float *x0 = x[0] + (at - 1) * c, *x1 = x[1] + (at - 1) * c, *x2 = x[2] + (at - 1) * c;

          if (stride == 1)
            four (y, x0, x1, x2, k, b, c, 1);
          else
            four (y, x0, x1, x2, k, b, c, stride);
        }
      /* while it is in the level 1 cache */
      if (act != SAM_ACT_NONE)
        KERNEL (activate) (y, y, done * c, act);
    }
}
