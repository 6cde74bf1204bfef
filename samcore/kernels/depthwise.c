/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Depthwise 3x3 convolution of one row, channels last. Four output pixels at a time share the nine weights
 * and the columns between them; what is left and the sides go one pixel at a time, without the columns that
 * lie outside. */
#include "kernel.h"
#include "kernels.h"
#include "math.h"

static inline float
finish (float v, SamAct act)
{
  switch (act)
    {
    case SAM_ACT_RELU:
      return sam_relu (v);
    case SAM_ACT_GELU:
      return sam_gelu (v);
    case SAM_ACT_SIGMOID:
      return sam_sigmoid (v);
    default:
      return v;
    }
}

/* Four pixels that have all their neighbours in the row. x points at the first one's left neighbours. */
static inline __attribute__ ((always_inline)) void
four (float *restrict y, const float *restrict x0, const float *restrict x1, const float *restrict x2,
      const float *restrict k, const float *restrict b, size_t c, size_t stride, SamAct act)
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

      y[i]         = finish (a0, act);
      y[c + i]     = finish (a1, act);
      y[2 * c + i] = finish (a2, act);
      y[3 * c + i] = finish (a3, act);
    }
#undef TAP
}

/* One pixel; first and last: the columns of its neighbourhood that lie in the row. */
static void
one (float *restrict y, const float *const x[3], const float *restrict k, const float *restrict b,
     size_t at, size_t c, size_t first, size_t last, SamAct act)
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
  if (act != SAM_ACT_NONE)
    KERNEL (activate) (y, y, c, act);
}

void
KERNEL (depthwise3x3) (float *y, const float *const x[3], const float *k, const float *b,
                       size_t w, size_t c, size_t stride, SamAct act)
{
  size_t n = (w - 1) / stride + 1;

  for (size_t j = 0; j < n;)
    {
      size_t at = j * stride;

      if (at > 0 && (j + 3) * stride + 1 < w && j + 4 <= n)
        {
          const float *x0 = x[0] + (at - 1) * c, *x1 = x[1] + (at - 1) * c, *x2 = x[2] + (at - 1) * c;

          if (stride == 1 && act == SAM_ACT_NONE)
            four (y + j * c, x0, x1, x2, k, b, c, 1, SAM_ACT_NONE);
          else if (stride == 1 && act == SAM_ACT_GELU)
            four (y + j * c, x0, x1, x2, k, b, c, 1, SAM_ACT_GELU);
          else
            four (y + j * c, x0, x1, x2, k, b, c, stride, act);
          j += 4;
        }
      else
        {
          one (y + j * c, x, k, b, at, c, at == 0, at + 1 < w ? 3 : 2, act);
          j++;
        }
    }
}
