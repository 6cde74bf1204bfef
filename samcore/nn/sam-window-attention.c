/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attention in the windows of a map: cutting it up and putting it together again, or a whole block
 * window by window. */
#include "samcore/nn/sam-window-attention.h"

#include <string.h>

#include <glib.h>

#include "samcore/kernels/sam-kernels.h"
#include "samcore/sam-parallel.h"
#include "samcore/base/sam-scratch.h"

typedef struct
{
  float       *y;
  const float *x, *pad;
  size_t       h, w, c, window, across;
} Windows;

static void
partition_windows (size_t first, size_t last, gpointer data)
{
  const Windows *s = data;
  size_t         bytes = s->c * sizeof (float);

  for (size_t i = first; i < last; i++)
    {
      float *out = s->y + i * s->window * s->window * s->c;
      size_t y0 = i / s->across * s->window;
      size_t x0 = i % s->across * s->window;
      size_t n = MIN (s->window, s->w - x0);

      for (size_t y = y0; y < y0 + s->window; y++)
        {
          size_t inside = y < s->h ? n : 0;

          if (inside > 0)
            memcpy (out, s->x + (y * s->w + x0) * s->c, inside * bytes);
          for (size_t k = inside; k < s->window; k++)
            memcpy (out + k * s->c, s->pad, bytes);
          out += s->window * s->c;
        }
    }
}

void
sam_window_attention_partition (float       *y,
                                const float *x,
                                size_t       h,
                                size_t       w,
                                size_t       c,
                                size_t       window,
                                const float *pad)
{
  Windows s = { y, x, pad, h, w, c, window, sam_window_attention_count (w, window) };

  sam_parallel_for (sam_window_attention_count (h, window) * s.across, 1, partition_windows, &s);
}

static void
reverse_windows (size_t first, size_t last, gpointer data)
{
  const Windows *s = data;

  for (size_t i = first; i < last; i++)
    {
      const float *in = s->x + i * s->window * s->window * s->c;
      size_t       y0 = i / s->across * s->window;
      size_t       x0 = i % s->across * s->window;
      size_t       n = MIN (s->window, s->w - x0);

      for (size_t y = y0; y < MIN (y0 + s->window, s->h); y++)
        {
          memcpy (s->y + (y * s->w + x0) * s->c, in, n * s->c * sizeof (float));
          in += s->window * s->c;
        }
    }
}

void
sam_window_attention_reverse (float *y, const float *x, size_t h, size_t w, size_t c, size_t window)
{
  Windows s = { y, x, NULL, h, w, c, window, sam_window_attention_count (w, window) };

  sam_parallel_for (sam_window_attention_count (h, window) * s.across, 1, reverse_windows, &s);
}

void
sam_window_attention_each (const SamAttention *a,
                           size_t              n,
                           size_t              q_step,
                           size_t              kv_step,
                           size_t              o_step)
{
  g_autofree SamAttention *all = g_new (SamAttention, n);

  for (size_t i = 0; i < n; i++)
    {
      all[i] = *a;
      all[i].q += i * q_step;
      all[i].k += i * kv_step;
      all[i].v += i * kv_step;
      all[i].o += i * o_step;
      if (a->rel_h != NULL)
        {
          all[i].rel_h += i * a->n_heads * a->n_q * a->key_h;
          all[i].rel_w += i * a->n_heads * a->n_q * a->key_w;
        }
    }
  sam_attention (all, n);
}

#define PIECE_PLACES 224 /* as many rows as the products take at once */

typedef struct
{
  const SamWindowAttention *block;
  float                    *y;
  const float              *x;
  size_t                    h, w, across;
} BlockRun;

/* Of the places of windows [first, last), each side x side, those that lie inside of a map [h, w]:
 * the map's row and the place. Returns how many. */
static size_t
list_places (uint32_t *rows,
             uint32_t *places,
             size_t    first,
             size_t    last,
             size_t    across,
             size_t    side,
             size_t    h,
             size_t    w)
{
  size_t n = 0;

  for (size_t i = 0; i < (last - first) * side * side; i++)
    {
      size_t window = first + i / (side * side);
      size_t y = window / across * side + i / side % side;
      size_t x = window % across * side + i % side;

      if (y < h && x < w)
        {
          rows[n] = (uint32_t) (y * w + x);
          places[n++] = (uint32_t) i;
        }
    }

  return n;
}

/* n rows of c to their places among n_places; pad at the others. From the last one on, so that none
 * is overwritten before it has moved. */
static void
spread_rows (float          *x,
             const uint32_t *places,
             size_t          n,
             size_t          n_places,
             size_t          c,
             const float    *pad)
{
  for (size_t i = n_places; n < i; i--)
    {
      if (n > 0 && places[n - 1] == i - 1)
        memcpy (x + (i - 1) * c, x + --n * c, c * sizeof *x);
      else
        memcpy (x + (i - 1) * c, pad, c * sizeof *x);
    }
}

static void
run_windows (size_t first, size_t last, gpointer data)
{
  const BlockRun           *run = data;
  const SamWindowAttention *block = run->block;
  const size_t              side = block->window;
  const size_t              shrink = block->residual != NULL ? 2 : 1;
  const size_t              side_y = side / shrink;
  const size_t              n = (last - first) * side * side;
  const size_t              n_y = (last - first) * side_y * side_y;
  const size_t              wide = block->qkv->out;
  const size_t              width = block->proj->out;
  uint32_t                 *rows = sam_scratch_bytes (SAM_SCRATCH_INDEX, 4 * n * sizeof *rows);
  uint32_t                 *places = rows + n;
  uint32_t                 *rows_y = places + n;
  uint32_t                 *places_y = rows_y + n;
  float       *qkv = sam_scratch_floats (SAM_SCRATCH_RING, n * (wide + width) + 3 * n_y * width);
  float       *z = qkv + n * wide;
  float       *o = z + n * width;
  float       *q = o + n_y * width;
  float       *r = q + n_y * width;
  SamAttention a = block->attention;
  SamRowNorm   norm = { block->norm->w, block->norm->b, block->norm->eps };
  SamRows      in = { .x = run->x, .ld = block->qkv->in, .index = rows, .norm = &norm };
  SamRows      out = { .x = o, .ld = width, .index = places_y };
  size_t       n_rows = list_places (rows, places, first, last, run->across, side, run->h, run->w);
  size_t       n_rows_y = list_places (rows_y, places_y, first, last, run->across, side_y,
                                       run->h / shrink, run->w / shrink);

  sam_matrix_linear_rows (qkv, &in, block->qkv->m, block->qkv->b, NULL, n_rows, SAM_ACT_NONE);
  spread_rows (qkv, places, n_rows, n, wide, block->pad);
  a.q = qkv;
  a.k = qkv + block->k_offset;
  a.v = qkv + block->v_offset;
  a.o = o;
  if (block->residual != NULL)
    {
      sam_max_pool (q, qkv, last - first, side, side, width, wide);
      a.q = q;
      sam_matrix_linear_rows (z, &in, block->residual->m, block->residual->b, NULL, n_rows,
                              SAM_ACT_NONE);
      spread_rows (z, places, n_rows, n, width, block->pad); /* what is there is dropped */
      sam_max_pool (r, z, last - first, side, side, width, width);
    }
  sam_window_attention_each (&a, last - first, side_y * side_y * a.q_stride, side * side * wide,
                             side_y * side_y * width);

  sam_matrix_linear_rows (z, &out, block->proj->m, block->proj->b, NULL, n_rows_y, SAM_ACT_NONE);
  for (size_t i = 0; i < n_rows_y; i++)
    sam_kernels ()->add (run->y + rows_y[i] * width, z + i * width,
                         block->residual != NULL ? r + places_y[i] * width
                                                 : run->x + rows[i] * width,
                         width);
}

void
sam_window_attention_run (const SamWindowAttention *block,
                          float                    *y,
                          const float              *x,
                          size_t                    h,
                          size_t                    w)
{
  BlockRun run = { block, y, x, h, w, sam_window_attention_count (w, block->window) };

  sam_parallel_for (sam_window_attention_count (h, block->window) * run.across,
                    MAX (1, PIECE_PLACES / (block->window * block->window)), run_windows, &run);
}
