/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An inverted bottleneck goes row by row of the map and keeps the last three of its wide rows,
 * which are all that the depthwise convolution needs. */
#include "config.h"

#include "samcore/nn/sam-bottleneck.h"

#include "samcore/kernels/sam-kernels.h"
#include "samcore/nn/sam-matrix-private.h"
#include "samcore/nn/sam-matrix-product.h"
#include "samcore/sam-parallel.h"
#include "samcore/base/sam-scratch.h"

#define PIECES   2 /* for each thread */
#define MIN_ROWS 4 /* of a piece */

typedef struct
{
  const SamDepthwise *spatial;
  SamRowSource        rows;
  SamMatrixProduct    widen;  /* of a row of the map; y is set for each */
  SamMatrixProduct    narrow; /* of all rows, but for the last activation */
  size_t              h, w, w_out;
  SamAct              last;
} Run;

/* Row @row of act (widen (x)): [w, hidden] */
static void
widen_row (const Run *run, float *wide, size_t row)
{
  SamMatrixProduct widen = run->widen;

  widen.y = wide;
  sam_matrix_product_multiply (&widen,
                               sam_matrix_pack_rows (widen.w, &run->rows, row * run->w,
                                                     (row + 1) * run->w),
                               0, run->w, 0, widen.w->out);
}

static void
run_rows (size_t first, size_t last, gpointer data)
{
  const Run          *run = data;
  const SamDepthwise *spatial = run->spatial;
  const SamGemm      *gemm = run->narrow.w->gemm;
  const size_t        hidden = spatial->c;
  const size_t        row_y = run->w_out * run->narrow.w->out;
  float              *ring = sam_scratch_floats (SAM_SCRATCH_RING, 3 * run->w * hidden);
  float              *mixed = sam_scratch_floats (SAM_SCRATCH_SCORES, run->w_out * hidden);
  float              *packed = sam_scratch_bytes (SAM_SCRATCH_MIDDLE,
                                                  sam_strips_bytes (gemm, run->w_out, hidden));
  const float        *zeros = sam_scratch_zeros (run->w * hidden);
  size_t made[3] = { 0, 0, 0 }; /* which row of the padded map lies in each third of the ring */

  for (size_t i = first; i < last; i++)
    {
      const float *rows[3];

      for (size_t d = 0; d < 3; d++)
        {
          size_t row = i * spatial->stride + d; /* of the padded map; 0 is above the first */
          float *wide = ring + row % 3 * run->w * hidden;

          rows[d] = wide;
          if (row == 0 || row > run->h)
            rows[d] = zeros;
          else if (made[row % 3] != row)
            widen_row (run, wide, row - 1);
          made[row % 3] = row == 0 || row > run->h ? 0 : row;
        }

      sam_kernels ()->depthwise3x3 (mixed, rows, spatial->w, spatial->b, run->w, hidden,
                                    spatial->stride, run->widen.act);
      for (size_t j = 0; j < run->w_out; j++)
        gemm->pack_row (sam_packed_row (gemm, packed, j, hidden), mixed + j * hidden, hidden);
      sam_matrix_product_multiply (&run->narrow, packed, i * run->w_out, (i + 1) * run->w_out, 0,
                                   run->narrow.w->out);
      if (run->last != SAM_ACT_NONE)
        sam_kernels ()->activate (run->narrow.y + i * row_y, run->narrow.y + i * row_y, row_y,
                                  run->last);
    }
}

/* Rows per piece. Each piece makes up to two wide rows that its neighbour makes, too: so as few as
 * keep all threads busy when one of them is slower than the others. */
static size_t
rows_per_piece (size_t h_out)
{
  const size_t n_threads = sam_parallel_get_n_threads_here ();
  const size_t n_pieces = n_threads > 1 ? PIECES * n_threads : 1;

  return MAX (MIN_ROWS, (h_out + n_pieces - 1) / n_pieces);
}

void
sam_bottleneck_run (const SamBottleneck *bottleneck,
                    float               *y,
                    const float         *x,
                    const float         *r,
                    size_t               h,
                    size_t               w,
                    SamAct               act,
                    SamAct               last)
{
  const SamLinear    *widen = &bottleneck->widen;
  const SamLinear    *narrow = &bottleneck->narrow;
  const SamDepthwise *spatial = &bottleneck->spatial;
  const SamRows       rows = { .x = x, .ld = widen->in };
  const size_t        h_out = (h - 1) / spatial->stride + 1;
  Run                 run = { .spatial = spatial,
                              .rows = sam_rows_source (&rows),
                              .widen = { .w = widen->m,
.b = widen->b,
.act = sam_matrix_suit_act (widen->m, act), },
                              .narrow = { .y = y, .w = narrow->m, .b = narrow->b, .r = r },
                              .h = h,
                              .w = w,
                              .w_out = (w - 1) / spatial->stride + 1,
                              .last = sam_matrix_suit_act (narrow->m, last) };

  sam_matrix_prepare (widen->m);
  sam_matrix_prepare (narrow->m);
  sam_parallel_for (h_out, rows_per_piece (h_out), run_rows, &run);
}
