/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An inverted bottleneck goes through the map in bands of rows, and keeps in a ring the wide rows
 * that the depthwise convolution looks at. A band is as high as the cache allows, so that each pass
 * over the weights serves many rows. */
#include "config.h"

#include "samcore/nn/sam-bottleneck.h"

#include "samcore/kernels/sam-kernels.h"
#include "samcore/nn/sam-matrix-private.h"
#include "samcore/nn/sam-matrix-product.h"
#include "samcore/sam-parallel.h"
#include "samcore/base/sam-scratch.h"

#define PIECES     2           /* for each thread */
#define BAND_BYTES (768 << 10) /* of the ring and of what is packed: half of a level 2 cache */
#define MOST_SIDE  5           /* of the depthwise kernel */

typedef struct
{
  const SamDepthwise *spatial;
  const float        *x;
  SamRowSource        rows;   /* of x */
  SamMatrixProduct    widen;  /* y is set for each band; without a matrix x is wide */
  SamMatrixProduct    narrow; /* of all rows, but for the last activation */
  size_t              h, w, w_out, band, ring;
  SamAct              act, last;
} Run;

/* The wide row @row of the map. */
static float *
find_wide (const Run *run, float *ring, size_t row)
{
  return ring + row % run->ring * run->w * run->spatial->c;
}

/* Rows [first, last) of act (widen (x)), each [w, hidden], in the ring. */
static void
widen_rows (const Run *run, float *ring, size_t first, size_t last)
{
  for (size_t n; first < last; first += n)
    {
      SamMatrixProduct widen = run->widen;

      n = MIN (last - first, run->ring - first % run->ring);
      widen.y = find_wide (run, ring, first);
      sam_matrix_product_multiply (&widen,
                                   sam_matrix_pack_rows (widen.w, &run->rows, first * run->w,
                                                         (first + n) * run->w),
                                   0, n * run->w, 0, widen.w->out);
    }
}

/* act (spatial (…)) of the output row @row: [w', hidden] */
static void
mix_row (const Run *run, float *mixed, float *ring, const float *zeros, size_t row)
{
  const SamDepthwise *spatial = run->spatial;
  const size_t        top = row * spatial->stride; /* in the padded map */
  const float        *rows[MOST_SIDE];

  for (size_t tap = 0; tap < spatial->side; tap++)
    {
      const size_t at = top + tap;

      if (at < spatial->before || at >= run->h + spatial->before)
        rows[tap] = zeros;
      else if (run->widen.w == NULL)
        rows[tap] = run->x + (at - spatial->before) * run->w * spatial->c;
      else
        rows[tap] = find_wide (run, ring, at - spatial->before);
    }
  sam_kernels ()->depthwise (mixed, rows, spatial, run->w, run->act);
}

static void
run_rows (size_t first, size_t last, gpointer data)
{
  const Run          *run = data;
  const SamDepthwise *spatial = run->spatial;
  const SamGemm      *gemm = run->narrow.w->gemm;
  const size_t        hidden = spatial->c;
  const size_t        row_y = run->w_out * run->narrow.w->out;
  const size_t        wide = run->widen.w != NULL ? run->ring * run->w * hidden : 0;
  float              *ring = sam_scratch_floats (SAM_SCRATCH_RING, wide);
  float              *mixed = sam_scratch_floats (SAM_SCRATCH_SCORES, run->w_out * hidden);
  const size_t        n_bytes = sam_strips_bytes (gemm, run->band * run->w_out, hidden);
  float              *packed = sam_scratch_bytes (SAM_SCRATCH_MIDDLE, n_bytes);
  const float        *zeros = sam_scratch_zeros (run->w * hidden);

  for (size_t i = first, n, made = 0; i < last; i += n)
    {
      const size_t top = i * spatial->stride;
      float       *y = run->narrow.y + i * row_y;

      n = MIN (run->band, last - i);
      if (run->widen.w != NULL)
        {
          const size_t from = MAX (top, spatial->before) - spatial->before;
          const size_t to = MIN (top + (n - 1) * spatial->stride + spatial->side - spatial->before,
                                 run->h);

          widen_rows (run, ring, MAX (from, made), to);
          made = to;
        }
      for (size_t row = 0; row < n; row++)
        {
          mix_row (run, mixed, ring, zeros, i + row);
          for (size_t j = 0; j < run->w_out; j++)
            gemm->pack_row (sam_packed_row (gemm, packed, row * run->w_out + j, hidden),
                            mixed + j * hidden, hidden);
        }
      sam_matrix_product_multiply (&run->narrow, packed, i * run->w_out, (i + n) * run->w_out, 0,
                                   run->narrow.w->out);
      if (run->last != SAM_ACT_NONE)
        sam_kernels ()->activate (y, y, n * row_y, run->last);
    }
}

/* Rows per piece. Each piece makes the wide rows that its neighbour makes, too: so as few as keep
 * all threads busy when one of them is slower than the others, or fewer where that would be much of
 * the work. */
static size_t
rows_per_piece (const Run *run, size_t h_out)
{
  const size_t n_threads = sam_parallel_get_n_threads_here ();
  const size_t fewest = 2 * (run->spatial->side - 1);
  size_t rows = n_threads > 1 ? (h_out + PIECES * n_threads - 1) / (PIECES * n_threads) : h_out;

  if (rows < fewest)
    rows = MAX ((h_out + n_threads - 1) / n_threads, fewest / 2);

  return rows;
}

/* Output rows that are made at once. */
static size_t
rows_per_band (const Run *run, size_t h_out)
{
  const size_t row = run->w * run->spatial->c * sizeof (float);
  const size_t packed = sam_strips_bytes (run->narrow.w->gemm, run->w_out, run->spatial->c);
  const size_t shared = (run->spatial->side - run->spatial->stride) * row;

  if (BAND_BYTES <= shared)
    return 1;
  return CLAMP ((BAND_BYTES - shared) / (run->spatial->stride * row + packed), 1, h_out);
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
                              .x = x,
                              .rows = sam_rows_source (&rows),
                              .narrow = { .y = y, .w = narrow->m, .b = narrow->b, .r = r },
                              .h = h,
                              .w = w,
                              .w_out = (w - 1) / spatial->stride + 1,
                              .act = sam_matrix_suit_act (narrow->m, act),
                              .last = sam_matrix_suit_act (narrow->m, last) };

  if (widen->m != NULL)
    {
      run.widen = (SamMatrixProduct) { .w = widen->m,
                                       .b = widen->b,
                                       .act = sam_matrix_suit_act (widen->m, act) };
      sam_matrix_prepare (widen->m);
    }
  sam_matrix_prepare (narrow->m);
  run.band = rows_per_band (&run, h_out);
  run.ring = (run.band - 1) * spatial->stride + spatial->side;
  sam_parallel_for (h_out, rows_per_piece (&run, h_out), run_rows, &run);
}

double
sam_bottleneck_flop (const SamBottleneck *b, size_t h, size_t w)
{
  const double n = (double) h * w;
  const double n_out = n / (b->spatial.stride * b->spatial.stride);

  return 2.0 * (n * b->widen.in * b->widen.out +
                n_out * b->spatial.c * (b->spatial.side * b->spatial.side + b->narrow.out));
}
