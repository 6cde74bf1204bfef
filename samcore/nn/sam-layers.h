/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Layers with their weights, as the networks hold them, and the calls that run them. Fetched by
 * sam-weights.h, which owns the memory. Internal. */
#pragma once

#include "samcore/kernels/sam-kernels.h"
#include "samcore/nn/sam-conv.h"
#include "samcore/nn/sam-conv-transpose.h"
#include "samcore/nn/sam-linear.h"
#include "samcore/nn/sam-ops.h"
#include "samcore/nn/sam-padding.h"

/* m: [out, in]  b: [out] or NULL. Also a 1x1 convolution. */
typedef struct
{
  SamMatrix   *m;
  const float *b;
  size_t       in, out;
} SamLinear;

/* Transposed 2x2, stride 2   m: [2 2 out, in]  b: [out] */
typedef struct
{
  SamMatrix   *m;
  const float *b;
  size_t       in, out;
} SamConvTranspose;

/* LayerNorm over c */
typedef struct
{
  const float *w, *b;
  size_t       c;
  float        eps;
} SamNorm;

/* x: [n, in]  r: [n, out] or NULL  y: [n, out] = act (…) + r */
static inline void
sam_linear_run (const SamLinear *l, float *y, const float *x, const float *r, size_t n, SamAct act)
{
  sam_matrix_linear (y, x, l->m, l->b, r, n, act);
}

/* y = layer (norm (x)) + r */
static inline void
sam_norm_linear_run (const SamNorm   *norm,
                     const SamLinear *l,
                     float           *y,
                     const float     *x,
                     const float     *r,
                     size_t           n,
                     SamAct           act)
{
  const SamRowNorm row_norm = { norm->w, norm->b, norm->eps };
  const SamRows    rows = { .x = x, .ld = l->in, .norm = &row_norm };

  sam_matrix_linear_rows (y, &rows, l->m, l->b, r, n, act);
}

/* y = layer (x + add) + r    add: [n, in] */
static inline void
sam_sum_linear_run (const SamLinear *l,
                    float           *y,
                    const float     *x,
                    const float     *add,
                    const float     *r,
                    size_t           n)
{
  const SamRows rows = { .x = x, .ld = l->in, .add = add };

  sam_matrix_linear_rows (y, &rows, l->m, l->b, r, n, SAM_ACT_NONE);
}

/* y = mlp[1] (act (mlp[0] (norm (x)))) + r; norm, r or maker, which makes x, may be NULL; y may be
 * x and r */
static inline void
sam_mlp_run (const SamNorm     *norm,
             const SamLinear    mlp[2],
             float             *y,
             const float       *x,
             const SamRowMaker *maker,
             const float       *r,
             size_t             n,
             SamAct             act)
{
  const SamRowNorm row_norm = norm != NULL ? (SamRowNorm) { norm->w, norm->b, norm->eps }
                                           : (SamRowNorm) { 0 };
  const SamRows    rows = {
       .x = x, .ld = mlp[0].in, .norm = norm != NULL ? &row_norm : NULL, .maker = maker
  };

  sam_matrix_mlp (y, &rows, mlp[0].m, mlp[0].b, act, mlp[1].m, mlp[1].b, r, n);
}

/* Along both sides of a map. */
static inline SamTaps
sam_depthwise_taps (const SamDepthwise *d)
{
  return (SamTaps) { d->side, d->stride, d->before };
}

/* x: [h, w, c]; of a 3x3 with padding 1 */
static inline SamDepthwiseMap
sam_depthwise_map (const SamDepthwise *d, float *y, const float *x, size_t h, size_t w)
{
  return (SamDepthwiseMap) { y, x, d->w, d->b, h, w, d->c, d->stride };
}

/* y = act (norm (transposed convolution (x) + r)); norm and r may be NULL */
static inline void
sam_conv_transpose_norm_run (const SamConvTranspose *c,
                             const SamNorm          *norm,
                             float                  *y,
                             const float            *x,
                             const float            *r,
                             size_t                  h,
                             size_t                  w,
                             SamAct                  act)
{
  const SamRowNorm row_norm = norm != NULL ? (SamRowNorm) { norm->w, norm->b, norm->eps }
                                           : (SamRowNorm) { 0 };

  sam_matrix_conv_transpose2x2 (y, x, c->m, c->b, r, h, w, norm != NULL ? &row_norm : NULL, act);
}

static inline void
sam_conv_transpose_run (const SamConvTranspose *c,
                        float                  *y,
                        const float            *x,
                        const float            *r,
                        size_t                  h,
                        size_t                  w)
{
  sam_conv_transpose_norm_run (c, NULL, y, x, r, h, w, SAM_ACT_NONE);
}

/* y may be x */
static inline void
sam_norm_run (const SamNorm *norm, float *y, const float *x, size_t n)
{
  sam_layer_norm (y, x, norm->w, norm->b, norm->eps, n, norm->c);
}
