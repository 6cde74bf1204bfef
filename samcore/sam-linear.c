/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Products with OpenBLAS, which runs on one thread: we cut them into pieces of rows, or of columns when there
 * are few rows, and do what follows the product while the piece is still in the cache. Piece sizes depend on
 * the product's sizes only. */
#include "config.h"

#include "samcore/sam-kernels.h"
#include "samcore/sam-ops.h"
#include "samcore/sam-parallel.h"

#include <cblas.h>
#include <glib.h>

#define FEW_ROWS 32

void
sam_gemm_nt (float *c, size_t ldc, const float *a, size_t lda, const float *b, size_t ldb,
             size_t m, size_t n, size_t k, float alpha, float beta)
{
  cblas_sgemm (CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

void
sam_gemm_nn (float *c, size_t ldc, const float *a, size_t lda, const float *b, size_t ldb,
             size_t m, size_t n, size_t k, float alpha, float beta)
{
  cblas_sgemm (CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

typedef struct
{
  float       *y;
  const float *x, *w, *b, *r;
  size_t       n, in, out;
  SamAct       act;
} Linear;

/* Rows [row0, row1) and columns [column0, column1) of y. */
static void
linear_part (const Linear *l, size_t row0, size_t row1, size_t column0, size_t column1)
{
  const SamKernels *kernels = sam_kernels ();
  size_t            n = row1 - row0, c = column1 - column0;
  const float      *x = l->x + row0 * l->in;
  const float      *w = l->w + column0 * l->in;
  const float      *b = l->b != NULL ? l->b + column0 : NULL;
  const float      *r = l->r != NULL ? l->r + row0 * l->out + column0 : NULL;
  float            *y = l->y + row0 * l->out + column0;

  if (r == y && l->act == SAM_ACT_NONE)
    {
      sam_gemm_nt (y, l->out, x, l->in, w, l->in, n, c, l->in, 1, 1);
      kernels->finish (y, l->out, b, NULL, 0, n, c, l->act);
    }
  else if (r == y)
    {
      float *product = sam_parallel_scratch (SAM_SCRATCH_ROWS, n * c);

      sam_gemm_nt (product, c, x, l->in, w, l->in, n, c, l->in, 1, 0);
      kernels->finish (product, c, b, NULL, 0, n, c, l->act);
      for (size_t row = 0; row < n; row++, y += l->out, product += c)
        kernels->add (y, y, product, c);
    }
  else
    {
      sam_gemm_nt (y, l->out, x, l->in, w, l->in, n, c, l->in, 1, 0);
      kernels->finish (y, l->out, b, r, l->out, n, c, l->act);
    }
}

static void
linear_rows (size_t first, size_t last, gpointer data)
{
  const Linear *l = data;

  linear_part (l, first, last, 0, l->out);
}

static void
linear_columns (size_t first, size_t last, gpointer data)
{
  const Linear *l = data;

  linear_part (l, 0, l->n, first, last);
}

void
sam_linear (float *y, const float *x, const float *w, const float *b, const float *r,
            size_t n, size_t in, size_t out, SamAct act)
{
  Linear l = { y, x, w, b, r, n, in, out, act };

  /* OpenBLAS packs the weights anew for every piece: pieces want many rows. At least four of them, so that
   * two threads end together, and none so small that waking a thread costs more. */
  if (n < FEW_ROWS)
    sam_parallel_for (out, MAX (64, 1000000 / (n * in + 1) / 16 * 16), linear_columns, &l);
  else
    sam_parallel_for (n, MAX (CLAMP ((n + 3) / 4, FEW_ROWS, 512), 500000 / (in * out + 1)), linear_rows, &l);
}
