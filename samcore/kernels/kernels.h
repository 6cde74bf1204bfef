/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernels of the level that is being compiled; what they do is said in sam-kernels.h. */
#pragma once

#include "kernel.h"

void KERNEL (activate) (float *y, const float *x, size_t n, SamAct act);
void KERNEL (finish) (float       *y,
                      size_t       ld,
                      const float *b,
                      const float *r,
                      size_t       ld_r,
                      size_t       n,
                      size_t       c,
                      SamAct       act);
void KERNEL (add) (float *y, const float *a, const float *b, size_t n);
void KERNEL (add_product) (float *y, const float *a, const float *b, size_t n);
void KERNEL (add_row) (float *y, const float *x, const float *b, size_t n, size_t c);
void KERNEL (scale_row) (float *y, const float *x, const float *s, size_t n, size_t c);
void KERNEL (sum_rows) (float *y, const float *x, size_t ld, size_t n, size_t c);
void KERNEL (
  product) (float *y, size_t ld, const float *x, const float *z, size_t n, size_t k, size_t m);
void KERNEL (
  correlate) (float *y, const float *x, const float *w, size_t n_weights, size_t step, size_t n);
void KERNEL (layer_norm) (float       *y,
                          const float *x,
                          const float *weight,
                          const float *bias,
                          float        eps,
                          size_t       n,
                          size_t       c);
void KERNEL (
  add_relative) (float *s, const float *rel_h, const float *rel_w, size_t key_h, size_t key_w);
float KERNEL (exp_row) (float *s, size_t n, float *max);
void  KERNEL (exp_columns) (float *s, size_t n, size_t c, float *max, float *sum);
void  KERNEL (softmax_columns) (float *s, size_t n, size_t rows, size_t c);
void  KERNEL (transpose) (float *y, const float *x, size_t n, size_t c);
void  KERNEL (scale) (float *y, const float *x, float f, size_t n);
void
  KERNEL (depthwise) (float *y, const float *const *x, const SamDepthwise *d, size_t w, SamAct act);
void KERNEL (conv_picture) (float             *y,
                            const float *const x[3],
                            const float       *k,
                            const float       *b,
                            size_t             w,
                            size_t             out,
                            size_t             before);
void KERNEL (blend_columns) (float          *y,
                             const float    *x,
                             const uint32_t *i,
                             const float    *f,
                             size_t          n_taps,
                             size_t          n,
                             size_t          c);
void KERNEL (blend) (float *y, const float *const *x, const float *f, size_t n_taps, size_t n);
void KERNEL (filter_rows) (uint8_t       *y,
                           size_t         ld_y,
                           const uint8_t *x,
                           size_t         ld_x,
                           const size_t  *first,
                           const size_t  *count,
                           const int16_t *taps,
                           size_t         width,
                           int            bits,
                           size_t         n_rows,
                           size_t         w,
                           size_t         n);
void KERNEL (correlate_bytes) (uint8_t       *y,
                               const uint8_t *x,
                               const int32_t *taps,
                               size_t         n_taps,
                               size_t         step,
                               int            bits,
                               size_t         n);
void KERNEL (widen_bytes) (float *y, const uint8_t *x, size_t n);
void KERNEL (normalise) (float *y, const float *x, const float *mean, const float *std, size_t n);

extern const SamGemm KERNEL (gemm_f32);
#ifdef __AVX512BF16__
extern const SamGemm KERNEL (gemm_bf16);
#endif
extern const SamGemm KERNEL (gemm_int8);
void                 KERNEL (edge_hard) (uint8_t *y, const float *x, float threshold, size_t n);
size_t               KERNEL (count_above) (const float *x, float threshold, size_t n);
void                 KERNEL (edge_smooth) (uint8_t     *y,
                           const float *above,
                           const float *x,
                           const float *below,
                           float        per_row,
                           size_t       n);
void KERNEL (likeness) (float *y, const float *a, const float *b, size_t ld, float f, size_t n);
bool KERNEL (all_finite) (const float *x, size_t n);
void KERNEL (widen_bf16) (float *y, const void *x, size_t n);
void KERNEL (widen_f16) (float *y, const void *x, size_t n);
