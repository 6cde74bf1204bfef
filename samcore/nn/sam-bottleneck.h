/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inverted bottleneck of convolutional networks, as one operation. Internal. */
#pragma once

#include "samcore/nn/sam-layers.h"

/* widen: [in] to [hidden], or all zeros where x is wide already; spatial: of hidden; narrow:
 * [hidden] to [out]. All have biases. */
typedef struct
{
  SamLinear    widen;
  SamDepthwise spatial;
  SamLinear    narrow;
} SamBottleneck;

/* y = last (narrow (act (spatial (act (widen (x))))) + r)
 * x: [h, w, in]  r: [h', w', out] or NULL  y: [h', w', out] with h' = ceil (h / stride); y is
 *                neither x nor r
 * The wide arrays exist only as the rows that the depthwise convolution looks at. */
void sam_bottleneck_run (const SamBottleneck *bottleneck,
                         float               *y,
                         const float         *x,
                         const float         *r,
                         size_t               h,
                         size_t               w,
                         SamAct               act,
                         SamAct               last);

/* 2 per multiply-add */
double sam_bottleneck_flop (const SamBottleneck *bottleneck, size_t h, size_t w);
