/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An inverted bottleneck goes row by row of the map and keeps the last three of its wide rows, which are all that the
 * depthwise convolution looks at. */
#include "config.h"

#include "samcore/sam-bottleneck.h"

#include "samcore/sam-kernels.h"
#include "samcore/sam-matrix-private.h"
#include "samcore/sam-matrix-product.h"
#include "samcore/sam-parallel.h"

#define PIECES   2 /* for each thread */
#define MIN_ROWS 4 /* of a piece */

typedef struct
{
  SamRowSource     rows;
  SamMatrixProduct widen;  /* of a row of the map; y is set for each */
  SamMatrixProduct narrow; /* of all rows, but for the last activation */
  const float     *k, *bk, *zeros;
  size_t           h, w, w_out, stride;
  SamAct           last;
} Bottleneck;

/* Row @row of act (w1 x + b1): [w, hidden] */
static void
widen_row (const Bottleneck *t, float *wide, size_t row)
{
  SamMatrixProduct widen = t->widen;

  widen.y = wide;
  sam_matrix_product_multiply (&widen, sam_matrix_pack_rows (widen.w, &t->rows, row * t->w, (row + 1) * t->w), 0, t->w,
                               0, widen.w->out);
}

static void
bottleneck_rows (size_t first, size_t last, gpointer data)
{
  const Bottleneck *t       = data;
  const SamGemm    *gemm    = t->narrow.w->gemm;
  const size_t      hidden  = t->widen.w->out;
  const size_t      row_y   = t->w_out * t->narrow.w->out;
  float            *ring    = sam_parallel_scratch (SAM_SCRATCH_RING, 3 * t->w * hidden);
  float            *mixed   = sam_parallel_scratch (SAM_SCRATCH_SCORES, t->w_out * hidden);
  float            *packed  = sam_parallel_scratch (SAM_SCRATCH_MIDDLE,
                                                    sam_strips_bytes (gemm, t->w_out, hidden) / sizeof (float));
  size_t            made[3] = { 0, 0, 0 }; /* which row of the padded map lies in each third of the ring */

  for (size_t i = first; i < last; i++)
    {
      const float *rows[3];

      for (size_t d = 0; d < 3; d++)
        {
          size_t row  = i * t->stride + d; /* of the padded map; 0 is above the first */
          float *wide = ring + row % 3 * t->w * hidden;

          rows[d] = wide;
          if (row == 0 || row > t->h)
            rows[d] = t->zeros;
          else if (made[row % 3] != row)
            widen_row (t, wide, row - 1);
          made[row % 3] = row == 0 || row > t->h ? 0 : row;
        }

      sam_kernels ()->depthwise3x3 (mixed, rows, t->k, t->bk, t->w, hidden, t->stride, t->widen.act);
      for (size_t j = 0; j < t->w_out; j++)
        gemm->pack_row (sam_packed_row (gemm, packed, j, hidden), mixed + j * hidden, hidden);
      sam_matrix_product_multiply (&t->narrow, packed, i * t->w_out, (i + 1) * t->w_out, 0, t->narrow.w->out);
      if (t->last != SAM_ACT_NONE)
        sam_kernels ()->activate (t->narrow.y + i * row_y, t->narrow.y + i * row_y, row_y, t->last);
    }
}

/* Rows per piece. Each piece makes up to two wide rows that its neighbour makes, too: so as few as keep all threads
 * busy when one of them is slower than the others. */
static size_t
rows_per_piece (size_t h_out)
{
  const size_t n_threads = sam_parallel_get_n_threads_here ();
  const size_t n_pieces  = n_threads > 1 ? PIECES * n_threads : 1;

  return MAX (MIN_ROWS, (h_out + n_pieces - 1) / n_pieces);
}

void
sam_matrix_bottleneck (float *y, const float *x, const SamMatrix *w1, const float *b1,
                       const float *k, const float *bk, const SamMatrix *w2, const float *b2, const float *r,
                       size_t h, size_t w, size_t stride, SamAct act, SamAct last)
{
  g_autofree float *zeros = g_new0 (float, w * w1->out);
  const SamRows     rows  = { .x = x, .ld = w1->in };
  const size_t      h_out = (h - 1) / stride + 1;
  Bottleneck        t     = { .rows = sam_rows_source (&rows),
                              .widen = { .w = w1, .b = b1, .act = sam_matrix_suit_act (w1, act) },
                              .narrow = { .y = y, .w = w2, .b = b2, .r = r },
                              .k = k, .bk = bk, .zeros = zeros, .h = h, .w = w, .w_out = (w - 1) / stride + 1,
                              .stride = stride, .last = sam_matrix_suit_act (w2, last) };

  sam_matrix_prepare (w1);
  sam_matrix_prepare (w2);
  sam_parallel_for (h_out, rows_per_piece (h_out), bottleneck_rows, &t);
}
