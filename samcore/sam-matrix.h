/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A weight matrix, packed once for the processor's products, and what is done with one: linear layers, MLPs
 * and dense convolutions, each in one pass over blocks of rows that stay in the cache. Internal. */
#pragma once

#include "samcore/sam-ops.h"

#include <stdbool.h>

typedef enum
{
  SAM_ARITHMETIC_F32,
  SAM_ARITHMETIC_FAST /* operands rounded to bf16 or int8 where the processor multiplies those faster, else the same */
} SamArithmetic;

/* What models that are loaded from now on may use at most; a model keeps what it was loaded with. Unless set, it is
 * what the environment variable SAM_PRECISION says: f32 gives the reference implementations' numbers; fast, the
 * default, is bf16 where the processor is known to multiply it faster, else int8 where it is known to multiply that
 * faster; bf16 and int8 are these wherever there are products for them. */
SamArithmetic sam_arithmetic_get (void);
void         sam_arithmetic_set (SamArithmetic arithmetic);
/* "f32", "bf16" or "int8": what such models compute with on this processor. */
const char  *sam_arithmetic_name (void);

typedef struct _SamMatrix SamMatrix;
typedef struct _SamGemm   SamGemm;

/* The products of that kind on this processor, of two arrays that are no weights: never in int8. */
const SamGemm *sam_arithmetic_gemm (SamArithmetic arithmetic);

/* w: [out, in], must outlive the matrix, which is packed from it at its first use. Immutable for callers. */
SamMatrix *sam_matrix_new (const float *w, size_t out, size_t in, SamArithmetic arithmetic);
/* What to do when the matrix has been packed and no longer needs w; in whatever thread uses it first. */
typedef void (*SamMatrixPacked) (void *data, const float *w, size_t n);
void       sam_matrix_on_packed (SamMatrix *matrix, SamMatrixPacked packed, void *data);
/* Packs it now. After true w is not looked at again; false: there was no memory, w is still needed. */
bool       sam_matrix_pack (SamMatrix *matrix);
/* Packs it, too, which is when all values are looked at. */
bool       sam_matrix_is_finite (SamMatrix *matrix);
void       sam_matrix_free (SamMatrix *matrix);
/* What its products use, and what goes with them should. */
SamArithmetic sam_matrix_get_arithmetic (const SamMatrix *matrix);
/* SAM_ACT_GELU, or SAM_ACT_GELU_ROUGH where that suits its products. */
SamAct     sam_matrix_get_gelu (const SamMatrix *matrix);

/* Layer norm of a row; weight, bias: [in] */
typedef struct
{
  const float *weight, *bias;
  float        eps;
} SamRowNorm;

#define SAM_ROW_ZERO UINT32_MAX

/* Makes rows [first, last) of an array that nobody has read yet, in the thread that reads them first and finds them in
 * its cache. first and last are multiples of rows, or the end; each row is asked for once. */
typedef struct
{
  void       (*make) (const void *data, size_t first, size_t last);
  const void  *data;
  size_t       rows;
} SamRowMaker;

/* The rows [n, in] that a product reads: rows of x, ld floats apart, in this order or in that of index (each
 * an x row's number or SAM_ROW_ZERO), normalised if norm is set, but not those of zeros; then row i of add, [n, in],
 * is added. maker: makes x, or NULL if x is there; then the rows are in order. */
typedef struct
{
  const float       *x;
  size_t             ld;
  const uint32_t    *index;
  const SamRowNorm  *norm;
  const float       *add;
  const SamRowMaker *maker;
} SamRows;

/* y = act (x wT + b) + r    x: [n, in]  b: [out] or NULL  r: [n, out] or NULL  y: [n, out]
 * r may be y itself where act is SAM_ACT_NONE. */
void sam_matrix_linear (float *y, const float *x, const SamMatrix *w, const float *b, const float *r,
                        size_t n, SamAct act);
void sam_matrix_linear_rows (float *y, const SamRows *x, const SamMatrix *w, const float *b, const float *r,
                             size_t n, SamAct act);

/* y = act (x w1T + b1) w2T + b2 + r    as two linear layers, but the middle stays in the cache; y may be r,
 * and x if the rows are in order */
void sam_matrix_mlp (float *y, const SamRows *x, const SamMatrix *w1, const float *b1, SamAct act,
                     const SamMatrix *w2, const float *b2, const float *r, size_t n);

/* Dense convolution, cross-correlation, zero padding; x: [h, w, in]  b: [out] or NULL
 * k: [out, kh, kw, in] as a matrix [out, kh kw in]
 * y: [h', w', out] with h' = (h + 2 pad - kh) / stride + 1. A 1x1 of stride 1 is sam_matrix_linear(). */
void sam_matrix_conv2d (float *y, const float *x, const SamMatrix *k, const float *b,
                        size_t h, size_t w, size_t in, size_t kh, size_t kw, size_t stride, size_t pad,
                        SamAct act);
/* Only its rows [first, last), y: [last - first, w', out]; of x only the rows that they look at need be there, x
 * points at the map's row x_first. */
void sam_matrix_conv2d_rows (float *y, const float *x, const SamMatrix *k, const float *b,
                             size_t h, size_t w, size_t in, size_t kh, size_t kw, size_t stride, size_t pad,
                             SamAct act, size_t first, size_t last, size_t x_first);

/* Transposed 2x2 convolution of stride 2: y = act (norm (convT (x) + b + r))
 * x: [h, w, in]  k: [2, 2, out, in] as a matrix [4 out, in]  b: [out]  r: [2h, 2w, out] or NULL
 * norm: over out, or NULL  y: [2h, 2w, out] */
void sam_matrix_conv_transpose2x2 (float *y, const float *x, const SamMatrix *k, const float *b, const float *r,
                                   size_t h, size_t w, const SamRowNorm *norm, SamAct act);

/* An inverted bottleneck: y = last (w2 act (depthwise 3x3 (act (w1 x + b1)) + bk) + b2 + r), padding 1
 * x: [h, w, in]  w1: [hidden, in]  k: [3, 3, hidden]  b1, bk: [hidden]  w2: [out, hidden]  b2: [out]
 * r: [h', w', out] or NULL  y: [h', w', out] with h' = ceil (h / stride); y is neither x nor r
 * The wide arrays exist only as the three rows that the depthwise convolution looks at. */
void sam_matrix_bottleneck (float *y, const float *x, const SamMatrix *w1, const float *b1,
                            const float *k, const float *bk, const SamMatrix *w2, const float *b2, const float *r,
                            size_t h, size_t w, size_t stride, SamAct act, SamAct last);
