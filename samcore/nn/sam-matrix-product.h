/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Products of rows with a packed matrix, in one pass over blocks of rows that stay in the cache.
 * Internal: the layers (sam-linear.c, sam-conv.c, …) are made of these. */
#pragma once

#include "samcore/nn/sam-matrix.h"
#include "samcore/nn/sam-rows.h"

/* Up to so many rows are cut into groups of columns instead of blocks of rows. */
#define SAM_MATRIX_FEW_ROWS 64

/* y = act (rows wT + b) + r    b: [out] or NULL  r: [n, out] or NULL  y: [n, out]
 * r may be y itself where act is SAM_ACT_NONE. */
typedef struct
{
  float           *y;
  const SamMatrix *w;
  const float     *b, *r;
  SamAct           act;
} SamMatrixProduct;

/* All of it, on all threads. */
void sam_matrix_product_run (const SamMatrixProduct *product, const SamRowSource *rows, size_t n);

/* The same in steps, for loops of one's own, after sam_matrix_prepare(): */

/* Rows per piece so that @k packed elements of each stay in the cache, and all threads have as much
 * to do: one thread takes what the cache holds, since each piece goes over all weights again. A row
 * comes out the same in whatever piece it is. */
size_t sam_matrix_product_grain (const SamMatrix   *w,
                                 size_t             n,
                                 size_t             k,
                                 size_t             work_per_row,
                                 const SamRowMaker *maker);
/* 1. Rows [first, last) as products with w want them; in the thread's SAM_SCRATCH_ROWS, by way of
 *    SAM_SCRATCH_ROW. */
float *
sam_matrix_pack_rows (const SamMatrix *w, const SamRowSource *rows, size_t first, size_t last);
/* 2. Rows [first, last) and columns [column0, column1), of whole groups or to the end, of y, from
 *    packed rows. act as
 * it is, not suited to w. */
void sam_matrix_product_multiply (const SamMatrixProduct *product,
                                  const float            *strips,
                                  size_t                  first,
                                  size_t                  last,
                                  size_t                  column0,
                                  size_t                  column1);
