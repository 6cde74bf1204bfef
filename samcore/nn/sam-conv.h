/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dense convolution with packed weights. Internal. */
#pragma once

#include "samcore/nn/sam-matrix.h"

/* Cross-correlation, zero padding    m: [out, kernel kernel in]  b: [out] or NULL */
typedef struct
{
  SamMatrix   *m;
  const float *b;
  size_t       in, out, kernel, stride, pad;
} SamConv;

/* x: [h, w, in]  y: [h', w', out] with h' = (h + 2 pad - kernel) / stride + 1. A 1x1 of stride 1 is
 *                a SamLinear. */
void sam_conv_run (const SamConv *conv, float *y, const float *x, size_t h, size_t w, SamAct act);
/* y = conv (x) + r    r: [h', w', out] */
void sam_conv_sum_run (const SamConv *conv,
                       float         *y,
                       const float   *x,
                       const float   *r,
                       size_t         h,
                       size_t         w);
/* Only y's rows [first, last), y: [last - first, w', out]; of x only the rows that they depend
 * on need be there, x points at the map's row x_first. */
void sam_conv_run_rows (const SamConv *conv,
                        float         *y,
                        const float   *x,
                        size_t         h,
                        size_t         w,
                        SamAct         act,
                        size_t         first,
                        size_t         last,
                        size_t         x_first);
