/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The operations that the networks are made of, on whole arrays, in parallel: thin layers over
 * OpenBLAS and the kernel table. Those with weight matrices are in sam-layers.h. Activations are
 * channels last; weights have been put into the order named here when the model was loaded. All
 * arrays are contiguous float32. x and y never overlap unless "may be" is said. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "samcore/kernels/sam-act.h"
#include "samcore/nn/sam-padding.h"

/* y = x zT for a few rows x and many rows z    x: [n, k]  z: [m, k]  y: [n, m], rows ld apart */
void
sam_product (float *y, size_t ld, const float *x, const float *z, size_t n, size_t k, size_t m);

/* Batched small products for attention outside sam_attention: c = a bT, a: [m, k], b: [n, k], c:
 * [m, n], rows ld* apart. One thread. */
void sam_gemm_nt (float       *c,
                  size_t       ldc,
                  const float *a,
                  size_t       lda,
                  const float *b,
                  size_t       ldb,
                  size_t       m,
                  size_t       n,
                  size_t       k,
                  float        alpha,
                  float        beta);
/* c = alpha a b, b: [k, n] */
void sam_gemm_nn (float       *c,
                  size_t       ldc,
                  const float *a,
                  size_t       lda,
                  const float *b,
                  size_t       ldb,
                  size_t       m,
                  size_t       n,
                  size_t       k,
                  float        alpha);

/* Depthwise 3x3, zero padding 1   y: [h', w', c], h' = ceil (h / stride)  x: [h, w, c]  k: [3, 3,
 *                                 c]  b: [c] */
typedef struct
{
  float       *y;
  const float *x, *k, *b;
  size_t       h, w, c, stride;
} SamDepthwiseMap;

/* The places [first, last) of y, whole rows, in the calling thread: for a SamRowMaker of data @map,
 * which makes sam_depthwise_row() places at once: w'. */
void   sam_depthwise_make (const void *map, size_t first, size_t last);
size_t sam_depthwise_row (const SamDepthwiseMap *map);
/* The means of all of y over its places, [c], without making it: they follow from sums of x. h, w:
 * x's sides, of which nothing is left out unless the stride is 1 */
void sam_depthwise_mean (const SamDepthwiseMap *map,
                         const SamPadding      *h,
                         const SamPadding      *w,
                         float                 *mean);

/* Maxima of 2x2 places of n maps x: [n, h, w, …] with stride floats per place, of which the first c
 * count  y: [n, h / 2, w / 2, c] */
void sam_max_pool (float *y, const float *x, size_t n, size_t h, size_t w, size_t c, size_t stride);

/* Over the last axis, biased variance; y may be x. The SAM family's LayerNorm2d is this, channels
 * last. */
void sam_layer_norm (float       *y,
                     const float *x,
                     const float *weight,
                     const float *bias,
                     float        eps,
                     size_t       n,
                     size_t       c);
/* y may be x */
void sam_activate (float *y, const float *x, size_t n, SamAct act);
/* y = a + b, y may be either */
void sam_add (float *y, const float *a, const float *b, size_t n);
/* each row of y = row of x + b; y may be x   x: [n, c]  b: [c] */
void sam_add_row (float *y, const float *x, const float *b, size_t n, size_t c);

/**
 * Scaled dot-product attention for many heads and windows; never more than a tile of scores exists.
 *   o[i, h] = softmax_j (scale q[i, h] . k[j, h] + bias) v[j, h]
 * q, k, v, o are strided: element (token, head, d) lies at token * *_stride + head * *_head + d.
 * bias_h, bias_w: decomposed relative positions, or NULL: the score of query i and key j = (yj, xj)
 * on a
 *   grid of key_w columns gains rel_h[i, h, yj] + rel_w[i, h, xj]; both made by the caller,
 *   [n_heads, n_q, key_h] and [n_heads, n_q, key_w].
 * bias: a full table [n_heads, n_q, n_k], or NULL.
 * v has the width d of q and k.
 */
typedef struct
{
  const float *q, *k, *v;
  float       *o;
  size_t       q_stride, k_stride, v_stride, o_stride;
  size_t       q_head, k_head, v_head, o_head;
  size_t       n_q, n_k, n_heads, d;
  float        scale;
  const float *rel_h, *rel_w;
  size_t       key_h, key_w;
  const float *bias;
  int          arithmetic; /* SamArithmetic: of q, k, v and the weights e^… when multiplied */
} SamAttention;

/* Works on n independent attentions (windows) at once; a[i] may share weights and biases. */
void sam_attention (const SamAttention *a, size_t n);

/* Resizing, channels last, align_corners = False, as torch's interpolate without antialias; source
 * coordinates in float32 as there. x: [h, w, c]  y: [h2, w2, c] */
void
sam_resize_bilinear (float *y, const float *x, size_t h, size_t w, size_t c, size_t h2, size_t w2);
void
sam_resize_bicubic (float *y, const float *x, size_t h, size_t w, size_t c, size_t h2, size_t w2);
/* y[2i, 2j] = y[2i, 2j+1] = … += x[i, j]: nearest x 2, added to y: [2h, 2w, c] */
void sam_add_upsampled (float *y, const float *x, size_t h, size_t w, size_t c);
