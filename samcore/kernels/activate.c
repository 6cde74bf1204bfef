/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Activations, alone and after a product. The kind is looked at outside the loops. */
#include "functions.h"
#include "kernel.h"
#include "kernels.h"

#define EACH(n, y, value)                                                                          \
  do                                                                                               \
    {                                                                                              \
      SIMD for (size_t i = 0; i < n; i++) y[i] = value;                                            \
    }                                                                                              \
  while (0)

void
KERNEL (activate) (float *y, const float *x, size_t n, SamAct act)
{
  switch (act)
    {
    case SAM_ACT_NONE:
      if (y != x)
        memcpy (y, x, n * sizeof *y);
      break;
    case SAM_ACT_RELU:
      EACH (n, y, sam_relu (x[i]));
      break;
    case SAM_ACT_RELU6:
      EACH (n, y, sam_relu6 (x[i]));
      break;
    case SAM_ACT_GELU:
      EACH (n, y, sam_gelu (x[i]));
      break;
    case SAM_ACT_GELU_ROUGH:
      EACH (n, y, sam_gelu_rough (x[i]));
      break;
    case SAM_ACT_SIGMOID:
      EACH (n, y, sam_sigmoid (x[i]));
      break;
    }
}

void
KERNEL (finish) (float       *y,
                 size_t       ld,
                 const float *b,
                 const float *r,
                 size_t       ld_r,
                 size_t       n,
                 size_t       c,
                 SamAct       act)
{
  if (b == NULL && r == NULL && act == SAM_ACT_NONE)
    return;

  for (size_t row = 0; row < n; row++, y += ld)
    {
      if (b != NULL && act == SAM_ACT_GELU)
        EACH (c, y, sam_gelu (y[i] + b[i]));
      else if (b != NULL && act == SAM_ACT_GELU_ROUGH)
        EACH (c, y, sam_gelu_rough (y[i] + b[i]));
      else if (b != NULL && act == SAM_ACT_RELU)
        EACH (c, y, sam_relu (y[i] + b[i]));
      else if (b != NULL && act == SAM_ACT_RELU6)
        EACH (c, y, sam_relu6 (y[i] + b[i]));
      else
        {
          if (b != NULL)
            EACH (c, y, y[i] + b[i]);
          if (act != SAM_ACT_NONE)
            KERNEL (activate) (y, y, c, act);
        }
      if (r != NULL)
        {
          EACH (c, y, y[i] + r[i]);
          r += ld_r;
        }
    }
}
