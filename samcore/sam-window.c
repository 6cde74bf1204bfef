/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attention in the windows of a map: cutting it up and putting it together again, or a whole block window by
 * window. */
#include "samcore/sam-window.h"

#include <string.h>

#include <glib.h>

#include "samcore/sam-kernels.h"
#include "samcore/sam-parallel.h"

typedef struct
{
  float       *y;
  const float *x, *pad;
  size_t       h, w, c, window, across;
} Windows;

static void
partition_windows (size_t   first,
                   size_t   last,
                   gpointer data)
{
  const Windows *s     = data;
  size_t         bytes = s->c * sizeof (float);

  for (size_t i = first; i < last; i++)
    {
      float *out = s->y + i * s->window * s->window * s->c;
      size_t y0  = i / s->across * s->window;
      size_t x0  = i % s->across * s->window;
      size_t n   = MIN (s->window, s->w - x0);

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
sam_window_partition (float       *y,
                      const float *x,
                      size_t       h,
                      size_t       w,
                      size_t       c,
                      size_t       window,
                      const float *pad)
{
  Windows s = { y, x, pad, h, w, c, window, sam_window_count (w, window) };

  sam_parallel_for (sam_window_count (h, window) * s.across, 1, partition_windows, &s);
}

static void
reverse_windows (size_t   first,
                 size_t   last,
                 gpointer data)
{
  const Windows *s = data;

  for (size_t i = first; i < last; i++)
    {
      const float *in = s->x + i * s->window * s->window * s->c;
      size_t       y0 = i / s->across * s->window;
      size_t       x0 = i % s->across * s->window;
      size_t       n  = MIN (s->window, s->w - x0);

      for (size_t y = y0; y < MIN (y0 + s->window, s->h); y++)
        {
          memcpy (s->y + (y * s->w + x0) * s->c, in, n * s->c * sizeof (float));
          in += s->window * s->c;
        }
    }
}

void
sam_window_reverse (float       *y,
                    const float *x,
                    size_t       h,
                    size_t       w,
                    size_t       c,
                    size_t       window)
{
  Windows s = { y, x, NULL, h, w, c, window, sam_window_count (w, window) };

  sam_parallel_for (sam_window_count (h, window) * s.across, 1, reverse_windows, &s);
}

void
sam_window_attention (const SamAttention *a,
                      size_t              n,
                      size_t              q_step,
                      size_t              kv_step,
                      size_t              o_step)
{
  g_autofree SamAttention *all = g_new (SamAttention, n);

  for (size_t i = 0; i < n; i++)
    {
      all[i]    = *a;
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
  const SamWindowBlock *block;
  float                *y;
  const float          *x;
  size_t                h, w, across;
} BlockRun;

static void
run_windows (size_t   first,
             size_t   last,
             gpointer data)
{
  const BlockRun       *run    = data;
  const SamWindowBlock *block  = run->block;
  const size_t          window = block->window;
  const size_t          n      = (last - first) * window * window;
  const size_t          wide   = block->qkv->out;
  const size_t          width  = block->proj->out;
  uint32_t             *rows   = (uint32_t *) sam_parallel_scratch (SAM_SCRATCH_INDEX, 2 * n);
  uint32_t             *places = rows + n;
  float                *qkv    = sam_parallel_scratch (SAM_SCRATCH_RING, n * (wide + block->proj->in + width));
  float                *o      = qkv + n * wide;
  float                *z      = o + n * block->proj->in;
  SamAttention          a      = block->attention;
  SamRowNorm            norm   = { block->norm->w, block->norm->b, block->norm->eps };
  SamRows               in     = { .x = run->x, .ld = block->qkv->in, .index = rows, .norm = &norm };
  SamRows               out    = { .x = o, .ld = block->proj->in, .index = places };
  size_t                n_rows = 0;

  /* the map's row at each place of the windows that lies inside */
  for (size_t i = 0; i < n; i++)
    {
      size_t at = first + i / (window * window);
      size_t y  = at / run->across * window + i / window % window;
      size_t x  = at % run->across * window + i % window;

      if (y < run->h && x < run->w)
        {
          rows[n_rows]     = (uint32_t) (y * run->w + x);
          places[n_rows++] = (uint32_t) i;
        }
    }

  sam_matrix_linear_rows (qkv, &in, block->qkv->m, block->qkv->b, NULL, n_rows, SAM_ACT_NONE);
  /* from the last one on, so that none is overwritten before it has moved */
  for (size_t i = n, from = n_rows; from < i; i--)
    {
      if (from > 0 && places[from - 1] == i - 1)
        memcpy (qkv + (i - 1) * wide, qkv + --from * wide, wide * sizeof *qkv);
      else
        memcpy (qkv + (i - 1) * wide, block->pad, wide * sizeof *qkv);
    }

  a.q = qkv;
  a.k = qkv + block->k_offset;
  a.v = qkv + block->v_offset;
  a.o = o;
  sam_window_attention (&a, last - first, window * window * wide, window * window * wide,
                        window * window * block->proj->in);

  sam_matrix_linear_rows (z, &out, block->proj->m, block->proj->b, NULL, n_rows, SAM_ACT_NONE);
  for (size_t i = 0; i < n_rows; i++)
    sam_kernels ()->add (run->y + rows[i] * width, run->x + rows[i] * width, z + i * width, width);
}

void
sam_window_block_run (const SamWindowBlock *block,
                      float                *y,
                      const float          *x,
                      size_t                h,
                      size_t                w)
{
  BlockRun run = { block, y, x, h, w, sam_window_count (w, block->window) };

  sam_parallel_for (sam_window_count (h, block->window) * run.across,
                    MAX (1, PIECE_PLACES / (block->window * block->window)), run_windows, &run);
}
