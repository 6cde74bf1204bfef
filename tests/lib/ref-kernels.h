/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the kernels and operations compute, in double precision and the plainest way, from the
 * formulas. Arguments are those of sam-kernels.h and sam-ops.h with results in double. */
#pragma once

#include "samcore/kernels/sam-kernels.h"
#include "samcore/nn/sam-ops.h"

double ref_activate (double x, SamAct act);
void   ref_layer_norm (double      *y,
                       const float *x,
                       const float *weight,
                       const float *bias,
                       double       eps,
                       size_t       n,
                       size_t       c);
void   ref_linear (double      *y,
                   const float *x,
                   const float *w,
                   const float *b,
                   const float *r,
                   size_t       n,
                   size_t       in,
                   size_t       out,
                   SamAct       act);
void   ref_conv2d (double      *y,
                   const float *x,
                   const float *k,
                   const float *b,
                   size_t       h,
                   size_t       w,
                   size_t       in,
                   size_t       out,
                   size_t       kh,
                   size_t       kw,
                   size_t       stride,
                   size_t       pad,
                   SamAct       act);
/* x: [h, w, c]  y: [h', w', c], h' = ceil (h / stride) */
void
ref_depthwise (double *y, const float *x, const SamDepthwise *d, size_t h, size_t w, SamAct act);
void ref_conv_transpose2x2 (double      *y,
                            const float *x,
                            const float *k,
                            const float *b,
                            const float *r,
                            size_t       h,
                            size_t       w,
                            size_t       in,
                            size_t       out);
/* o: [n_q, n_heads, d], contiguous */
void ref_attention (double *o, const SamAttention *a);
/* bicubic: else bilinear; one rounding to float in the source coordinate, as the operation
 * promises */
void ref_resize (double      *y,
                 const float *x,
                 size_t       h,
                 size_t       w,
                 size_t       c,
                 size_t       h2,
                 size_t       w2,
                 int          bicubic);
