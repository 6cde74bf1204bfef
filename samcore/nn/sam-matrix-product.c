/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Products with packed weights. A piece of work is a block of rows:
 *
 *   1. its rows are fetched (copied, gathered, normalised, or the neighbourhoods of a convolution)
 *      and packed
 *   2. for each group of columns: product, then bias, activation and residual while the group is in
 *      the cache
 *
 * Few rows are cut into groups of columns instead. */
#include "config.h"

#include "samcore/nn/sam-matrix-product.h"

#include "samcore/kernels/sam-kernels.h"
#include "samcore/nn/sam-matrix-private.h"
#include "samcore/sam-parallel.h"
#include "samcore/base/sam-scratch.h"

#define BLOCK_ROWS  288 /* a multiple of the strips 6, 8 and 32, nearly of 14 */
#define MANY_BLOCKS 4   /* for each thread */
#define LINE_BYTES  64
#define ROWS_AT_ONCE                                                                               \
  8 /* are fetched, then packed: a processor waits for what it has just written in pieces */
#define FETCH 32 /* multiplications that fetching and packing a value takes as long as */
#define READ                                                                                       \
  16 /* multiplications that reading a weight takes as long as, if it is not in the cache */

/* Of packed rows in a block, where they are wide: less than half of a level 2 cache of 2 MB; panels
 * and results go through it, too. */
#define BLOCK_BYTES (896 << 10)

static size_t
round_up (size_t n, size_t to)
{
  return (n + to - 1) / to * to;
}

float *
sam_matrix_pack_rows (const SamMatrix *w, const SamRowSource *source, size_t first, size_t last)
{
  const SamGemm *gemm = w->gemm;
  float         *strips = sam_scratch_bytes (SAM_SCRATCH_ROWS,
                                             sam_strips_bytes (gemm, last - first, w->in));
  float         *buffer = sam_scratch_floats (SAM_SCRATCH_ROW, ROWS_AT_ONCE * w->in);
  const float   *rows[ROWS_AT_ONCE];

  for (size_t row = first, n; row < last; row += n)
    {
      char *to = sam_packed_row (gemm, strips, row - first, w->in);

      n = MIN (MIN (ROWS_AT_ONCE, last - row), gemm->strip - (row - first) % gemm->strip);
      for (size_t i = 0; i < n; i++)
        rows[i] = source->row (source->data, row + i, w->in, buffer + i * w->in);
      for (size_t i = 0; i < n; i++)
        gemm->pack_row (to + i * LINE_BYTES, rows[i], w->in);
    }

  return strips;
}

void
sam_matrix_product_multiply (const SamMatrixProduct *p,
                             const float            *strips,
                             size_t                  first,
                             size_t                  last,
                             size_t                  column0,
                             size_t                  column1)
{
  const SamMatrix *w = p->w;
  const bool       add = p->r ==
                   p->y; /* to what is there: nothing comes between, see sam_matrix_product_run() */
  size_t n = last - first;

  for (size_t column = column0; column < column1; column += SAM_MATRIX_GROUP)
    {
      size_t       c = MIN (SAM_MATRIX_GROUP, column1 - column);
      size_t       at = first * w->out + column;
      const void  *panels = sam_matrix_panels (w, column, c);
      const float *b = p->b != NULL ? p->b + column : NULL;
      const float *r = p->r != NULL && ! add ? p->r + at : NULL;

      w->gemm->gemm (p->y + at, w->out, strips, panels, n, c, w->in, add);
      sam_kernels ()->finish (p->y + at, w->out, b, r, w->out, n, c, p->act);
    }
}

typedef struct
{
  const SamMatrixProduct *product;
  const SamRowSource     *rows;
  size_t                  n;
} Run;

static void
product_rows (size_t first, size_t last, gpointer data)
{
  const Run       *run = data;
  const SamMatrix *w = run->product->w;

  sam_row_source_make (run->rows, first, last);
  sam_matrix_product_multiply (run->product, sam_matrix_pack_rows (w, run->rows, first, last),
                               first, last, 0, w->out);
}

static void
product_columns (size_t first, size_t last, gpointer data)
{
  const Run *run = data;

  sam_matrix_product_multiply (run->product,
                               sam_matrix_pack_rows (run->product->w, run->rows, 0, run->n), 0,
                               run->n, first, last);
}

size_t
sam_matrix_product_grain (const SamMatrix   *w,
                          size_t             n,
                          size_t             k,
                          size_t             work_per_row,
                          const SamRowMaker *maker)
{
  const SamGemm *gemm = w->gemm;
  const size_t   unit = maker != NULL ? maker->rows : 1; /* are made together */
  const size_t   n_threads = sam_parallel_get_n_threads_here ();
  const size_t   most = CLAMP (BLOCK_BYTES * gemm->strip / sam_strips_bytes (gemm, gemm->strip, k),
                               gemm->strip, BLOCK_ROWS);
  const size_t   n_blocks = round_up ((n + most - 1) / most, n_threads);
  size_t         rows = MAX ((n + n_blocks - 1) / n_blocks,
                             SAM_WORTH_A_PIECE / (work_per_row + FETCH * k) + 1);

  if (n_threads > 1 && n_blocks < MANY_BLOCKS * n_threads)
    return round_up (rows, unit);

  /* so many come out even in any size: one that suits the cache and the strips */
  return MAX (round_up (rows, gemm->strip) / unit, 1) * unit;
}

void
sam_matrix_product_run (const SamMatrixProduct *product, const SamRowSource *rows, size_t n)
{
  const SamMatrix *w = product->w;
  const size_t     work = w->in * w->out;
  SamMatrixProduct suited = *product;
  Run              run = { &suited, rows, n };
  size_t           n_pieces = 1;

  if (n == 0)
    return;

  g_assert (product->r != product->y || product->act == SAM_ACT_NONE);
  sam_matrix_prepare (w);
  suited.act = sam_matrix_suit_act (w, product->act);
  if (n > SAM_MATRIX_FEW_ROWS)
    {
      sam_parallel_for (n, sam_matrix_product_grain (w, n, w->in, work, rows->maker), product_rows,
                        &run);
      return;
    }
  sam_row_source_make (rows, 0, n);
  if (sam_parallel_get_n_threads_here () > 1) /* each packs the rows again */
    n_pieces = MAX (round_up ((n + READ) * work / SAM_WORTH_A_PIECE, 2), 1);
  sam_parallel_for (w->out, round_up ((w->out + n_pieces - 1) / n_pieces, w->gemm->panel),
                    product_columns, &run);
}
