/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inverted bottleneck of convolutional networks, as one operation. Internal. */
#pragma once

#include "samcore/sam-matrix.h"

/* An inverted bottleneck: y = last (w2 act (depthwise 3x3 (act (w1 x + b1)) + bk) + b2 + r), padding 1
 * x: [h, w, in]  w1: [hidden, in]  k: [3, 3, hidden]  b1, bk: [hidden]  w2: [out, hidden]  b2: [out]
 * r: [h', w', out] or NULL  y: [h', w', out] with h' = ceil (h / stride); y is neither x nor r
 * The wide arrays exist only as the three rows that the depthwise convolution looks at. */
void sam_matrix_bottleneck (float *y, const float *x, const SamMatrix *w1, const float *b1,
                            const float *k, const float *bk, const SamMatrix *w2, const float *b2, const float *r,
                            size_t h, size_t w, size_t stride, SamAct act, SamAct last);
