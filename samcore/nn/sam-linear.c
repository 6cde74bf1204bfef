/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Linear layers, and MLPs: these pack the activated groups of their first product again, as the
 * rows of the second. */
#include "config.h"

#include "samcore/nn/sam-linear.h"

#include "samcore/kernels/sam-kernels.h"
#include "samcore/nn/sam-matrix-private.h"
#include "samcore/nn/sam-matrix-product.h"
#include "samcore/sam-parallel.h"
#include "samcore/base/sam-scratch.h"

void
sam_matrix_linear (float           *y,
                   const float     *x,
                   const SamMatrix *w,
                   const float     *b,
                   const float     *r,
                   size_t           n,
                   SamAct           act)
{
  SamRows rows = { .x = x, .ld = w->in };

  sam_matrix_linear_rows (y, &rows, w, b, r, n, act);
}

void
sam_matrix_linear_rows (float           *y,
                        const SamRows   *x,
                        const SamMatrix *w,
                        const float     *b,
                        const float     *r,
                        size_t           n,
                        SamAct           act)
{
  const SamMatrixProduct product = { y, w, b, r, act };
  const SamRowSource     rows = sam_rows_source (x);

  sam_matrix_product_run (&product, &rows, n);
}

typedef struct
{
  SamRowSource     rows;
  const SamMatrix *first_w;
  const float     *first_b;
  SamAct           first_act;
  SamMatrixProduct second;
} Mlp;

static void
mlp_rows (size_t first, size_t last, gpointer data)
{
  const Mlp        *mlp = data;
  const SamKernels *kernels = sam_kernels ();
  const SamMatrix  *w = mlp->first_w;
  const SamGemm    *gemm = mlp->second.w->gemm;
  const size_t      n = last - first;
  const size_t      middle = w->out;
  float *packed = sam_scratch_bytes (SAM_SCRATCH_MIDDLE, sam_strips_bytes (gemm, n, middle));
  float *group = sam_scratch_floats (SAM_SCRATCH_GROUP, n * SAM_MATRIX_GROUP);
  float *strips;

  sam_row_source_make (&mlp->rows, first, last);
  strips = sam_matrix_pack_rows (w, &mlp->rows, first, last);
  for (size_t column = 0; column < middle; column += SAM_MATRIX_GROUP)
    {
      size_t c = MIN (SAM_MATRIX_GROUP, middle - column);

      w->gemm->gemm (group, c, strips, sam_matrix_panels (w, column, c), n, c, w->in, false);
      kernels->finish (group, c, mlp->first_b != NULL ? mlp->first_b + column : NULL, NULL, 0, n, c,
                       mlp->first_act);
      for (size_t row = 0; row < n; row++)
        gemm->pack_row (sam_packed_row (gemm, packed, row, middle) +
                          sam_strips_bytes (gemm, gemm->strip, column),
                        group + row * c, c);
    }
  sam_matrix_product_multiply (&mlp->second, packed, first, last, 0, mlp->second.w->out);
}

void
sam_matrix_mlp (float           *y,
                const SamRows   *x,
                const SamMatrix *w1,
                const float     *b1,
                SamAct           act,
                const SamMatrix *w2,
                const float     *b2,
                const float     *r,
                size_t           n)
{
  Mlp mlp = {
    sam_rows_source (x), w1, b1, sam_matrix_suit_act (w1, act), { y, w2, b2, r, SAM_ACT_NONE }
  };
  size_t work = w1->in * w1->out + w2->in * w2->out;

  if (n <= SAM_MATRIX_FEW_ROWS)
    {
      g_autofree float *middle = g_new (float, n * w1->out);

      sam_matrix_linear_rows (middle, x, w1, b1, NULL, n, act);
      sam_matrix_linear (y, middle, w2, b2, r, n, SAM_ACT_NONE);
      return;
    }

  sam_matrix_prepare (w1);
  sam_matrix_prepare (w2);
  sam_parallel_for (n, sam_matrix_product_grain (w1, n, w1->in + w2->in, work, x->maker), mlp_rows,
                    &mlp);
}
