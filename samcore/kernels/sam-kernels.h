/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of small loops, one per instruction-set level. Each runs on the calling thread, reads
 * and writes exactly the arrays' shapes and expects no alignment. y and x never overlap unless "may
 * be" is said.
 *
 * The words that go with products, c = a b, a: [m, k], b: [k, n], here and where they are called:
 *   line    64 bytes of a packed row, a cache line
 *   tile    of c, with its sums in registers
 *   strip   as many packed rows of a as a tile has
 *   panel   as many packed columns of b as a tile has
 *   part    of k: what has one scale where numbers are rounded to bytes
 *   depth   of k: how far one tile goes before the next one, so that what they share stays in the
 *           cache
 *   block   rows of a that are packed together and meet all of b
 *   group   columns of b, whole panels, after which a block's result gets what follows the product
 *   piece   of a loop (sam_parallel_for): what a thread does at a time */
#pragma once

#include "samcore/kernels/sam-act.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Are whole models faster with these products than with those in float32, on the processors that
 * have the level? The later, the faster. */
typedef enum
{
  SAM_NOT_FASTER,
  SAM_FASTER_ON_AMD,
  SAM_FASTER,
  SAM_FASTEST
} SamFaster;

/* Products of packed operands, c = a b or c += a b, in one precision; what is added up is float32
 * or, of int8, exact.
 *   a: strips of `strip` rows, each [k' / line][strip][line], a line being 64 bytes, k' = k rounded
 *   up to lines
 *   b: panels of `panel` columns, k' x panel elements each, in an order of the level's own
 * Both hold zeros from k to k'; a's rows beyond the last may hold anything.
 *
 * int8: before each `part` of k stands what the integers mean, for each row in a line like the
 * others. */
typedef struct _SamGemm
{
  size_t strip, panel, line;
  /* The first @k elements of a row, and zeros to k', to its place in a strip: at @line * row in it.
   * x: [k]; writes its lines, strip lines apart. A row can be packed in several pieces that begin
   * at parts. */
  void (*pack_row) (void *to, const float *x, size_t k);
  /* Columns in panels. b: [k, n], or transposed [n, k], rows ldb apart */
  void (*pack_columns) (void *to, const float *b, size_t ldb, bool transposed, size_t n, size_t k);
  /* c: [m, n], rows ldc apart */
  void (*gemm) (float      *c,
                size_t      ldc,
                const void *a,
                const void *b,
                size_t      m,
                size_t      n,
                size_t      k,
                bool        add);
  SamFaster faster;
  size_t    part;        /* of k, with a scale of its own; 0: there are none */
  size_t    column_head; /* bytes before each part of each column */
  int       largest;     /* weights are -largest … largest; only tests look */
} SamGemm;

static inline size_t
sam_n_lines (const SamGemm *gemm, size_t k)
{
  return (k + gemm->line - 1) / gemm->line;
}

static inline size_t
sam_n_parts (const SamGemm *gemm, size_t k)
{
  return gemm->part > 0 ? (k + gemm->part - 1) / gemm->part : 0;
}

/* Bytes of strips of n rows. */
static inline size_t
sam_strips_bytes (const SamGemm *gemm, size_t n, size_t k)
{
  return (n + gemm->strip - 1) / gemm->strip * gemm->strip *
         (sam_n_lines (gemm, k) + sam_n_parts (gemm, k)) * 64;
}

/* Bytes of panels of n columns. */
static inline size_t
sam_panels_bytes (const SamGemm *gemm, size_t n, size_t k)
{
  return (n + gemm->panel - 1) / gemm->panel * gemm->panel *
         (sam_n_lines (gemm, k) * 64 + sam_n_parts (gemm, k) * gemm->column_head);
}

/* Where row @row begins in packed strips; its lines are strip lines apart. */
static inline char *
sam_packed_row (const SamGemm *gemm, float *strips, size_t row, size_t k)
{
  return (char *) strips + sam_strips_bytes (gemm, row / gemm->strip * gemm->strip, k) +
         row % gemm->strip * 64;
}

#define SAM_TAP_BITS 15

/* Columns of the weights of conv_picture come in whole so many: the widest register. */
#define SAM_CONV_ALIGN 16

/* Depthwise convolution; w: [side, side, c], side 3 or 5; b: [c]. Output i looks at the inputs from
 * stride i - before on, before < side, along both sides of a map; outside lie zeros. */
typedef struct
{
  const float *w, *b;
  size_t       c, side, stride, before;
} SamDepthwise;

typedef struct
{
  const char    *name; /* of the level */
  const SamGemm *f32;
  const SamGemm
    *bf16; /* both operands rounded; NULL where the processor has no instruction for it */
  const SamGemm
    *int8; /* both operands rounded to bytes, each row and column by scales of its own */

  /* y = act (x)    x, y: [n]; y may be x */
  void (*activate) (float *y, const float *x, size_t n, SamAct act);
  /* What follows a product: y = act (y + b) + r    y: [n, c], rows ld apart; b: [c] or NULL;
   * r: [n, c] or NULL, rows ld_r apart; may be y's rows before the product, not y itself */
  void (*finish) (float       *y,
                  size_t       ld,
                  const float *b,
                  const float *r,
                  size_t       ld_r,
                  size_t       n,
                  size_t       c,
                  SamAct       act);
  /* y = a + b    [n]; y may be either */
  void (*add) (float *y, const float *a, const float *b, size_t n);
  /* y = y + a b    [n] */
  void (*add_product) (float *y, const float *a, const float *b, size_t n);
  /* y = x + b in each row    x, y: [n, c]; b: [c]; y may be x */
  void (*add_row) (float *y, const float *x, const float *b, size_t n, size_t c);
  /* y = x s in each row    x, y: [n, c]; s: [c]; y may be x */
  void (*scale_row) (float *y, const float *x, const float *s, size_t n, size_t c);
  /* y = y + the sum of the rows    x: [n, c], rows ld apart; y: [c] */
  void (*sum_rows) (float *y, const float *x, size_t ld, size_t n, size_t c);
  /* y = x zT without packing, for a few rows x    x: [n, k]; z: [m, k]; y: [n, m], rows ld apart
   * A sum is the same, to the bit, wherever its rows are: pieces of z come out as the whole
   * does. */
  void (
    *product) (float *y, size_t ld, const float *x, const float *z, size_t n, size_t k, size_t m);
  /* y[i] = sum over k of w[k] x[k step + i]    y: [n]; w: [n_weights]; x: [(n_weights - 1) step +
   *                                            n] */
  void (
    *correlate) (float *y, const float *x, const float *w, size_t n_weights, size_t step, size_t n);
  /* Normalised rows    x, y: [n, c]; weight, bias: [c]; y may be x */
  void (*layer_norm) (float       *y,
                      const float *x,
                      const float *weight,
                      const float *bias,
                      float        eps,
                      size_t       n,
                      size_t       c);

  /* s += rel_h[y] + rel_w[x] for key (y, x)    s: [key_h, key_w]; rel_h: [key_h]; rel_w: [key_w] */
  void (
    *add_relative) (float *s, const float *rel_h, const float *rel_w, size_t key_h, size_t key_w);
  /* s = e^(s - m), m the largest of s and *max; *max = m    s: [n]; returns the sum of the new s */
  float (*exp_row) (float *s, size_t n, float *max);
  /* The same for each column of s: [n, c]; max and sum, [c], are set. n > 0 */
  void (*exp_columns) (float *s, size_t n, size_t c, float *max, float *sum);
  /* Softmax over each column of n arrays [rows, c]. rows > 0 */
  void (*softmax_columns) (float *s, size_t n, size_t rows, size_t c);
  /* y = xT    x: [n, c]; y: [c, n] */
  void (*transpose) (float *y, const float *x, size_t n, size_t c);
  /* y = x f    x, y: [n]; y may be x */
  void (*scale) (float *y, const float *x, float f, size_t n);

  /* One row of a depthwise convolution; x: the d->side rows that its taps meet, [w, c] each;
   * y: [ceil (w / stride), c] */
  void (*depthwise) (float *y, const float *const *x, const SamDepthwise *d, size_t w, SamAct act);

  /* One row of a picture's dense 3x3 convolution of stride 2; x: the rows that its taps meet,
   * [w, 3] each; before: the columns of zeros before them, 0 or 1; k: [3, 3, 3, ld] and b: [ld],
   * zeros from out on, ld: out rounded up to SAM_CONV_ALIGN; y: [ceil (w / 2), out] */
  void (*conv_picture) (float             *y,
                        const float *const x[3],
                        const float       *k,
                        const float       *b,
                        size_t             w,
                        size_t             out,
                        size_t             before);

  /* y[j] = sum over t of f[t][j] x[i[t][j]], rows of c    x: [w, c]; i, f: [n_taps, n], 2 or 4
   * taps; y: [n, c] */
  void (*blend_columns) (float          *y,
                         const float    *x,
                         const uint32_t *i,
                         const float    *f,
                         size_t          n_taps,
                         size_t          n,
                         size_t          c);
  /* y = sum over t of f[t] x[t]    x: n_taps (2 or 4) arrays [n]; y: [n] */
  void (*blend) (float *y, const float *const *x, const float *f, size_t n_taps, size_t n);

  /* Rows of pixels of three bytes: y[j] = sum over k < count[j] of tap[j][k] x[first[j] + k],
   * rounded from @bits of fraction, within 0 … 255. A tap is low + 2^SAM_TAP_BITS high, where 0 <=
   * low < 2^SAM_TAP_BITS
   * y: [n_rows, n, 3] and x: [n_rows, w, 3], rows ld_y and ld_x bytes apart; taps: [n, 2, width],
   * low and high, width a multiple of 4, zeros from count[j] on; count[j] > 0 */
  void (*filter_rows) (uint8_t       *y,
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
  /* y[i] = sum over k of taps[k] x[k step + i], rounded from @bits of fraction, within 0 … 255
   * y: [n]; taps: [n_taps]; x: [(n_taps - 1) step + n] */
  void (*correlate_bytes) (uint8_t       *y,
                           const uint8_t *x,
                           const int32_t *taps,
                           size_t         n_taps,
                           size_t         step,
                           int            bits,
                           size_t         n);
  /* y = x    x, y: [n] */
  void (*widen_bytes) (float *y, const uint8_t *x, size_t n);
  /* y = (x - mean) / std in each pixel    x, y: [n, 3]; mean, std: [3]; y may be x */
  void (*normalise) (float *y, const float *x, const float *mean, const float *std, size_t n);

  /* y = 255 where x > threshold, else 0    [n] */
  void (*edge_hard) (uint8_t *y, const float *x, float threshold, size_t n);
  /* How many x > threshold    [n] */
  size_t (*count_above) (const float *x, float threshold, size_t n);
  /* The part of each pixel on the object: y = 255 (x / |slope| + 0.5), 0 to 255, but >= 128 exactly
   * where x > 0; 0 for NaN. above and below: the rows at both sides, per_row: 1 over the rows
   * between them. [n], n > 0 */
  void (*edge_smooth) (uint8_t     *y,
                       const float *above,
                       const float *x,
                       const float *below,
                       float        per_row,
                       size_t       n);

  /* y = e^(-f d), d: the squared distance of two colours, f >= 0    a, b: [3, n], ld apart; y:
   * [n] */
  void (*likeness) (float *y, const float *a, const float *b, size_t ld, float f, size_t n);

  /* Is none of them NaN or an infinity?    x: [n] */
  bool (*all_finite) (const float *x, size_t n);
  /* y = x, exactly    y: [n]; x: [n] values of 16 bits, at any address */
  void (*widen_bf16) (float *y, const void *x, size_t n);
  void (*widen_f16) (float *y, const void *x, size_t n);
} SamKernels;

/* The table for this processor, or the lower one that the environment variable SAM_CPU names. */
const SamKernels *sam_kernels (void);
/* Level @i of those that this processor can run, the lowest first; NULL after the last. For
 * tests. */
const SamKernels *sam_kernels_level (size_t i);
