/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A block of Hiera:
 *   z = norm1 (x)
 *   r = x, or if it pools: maximum of 2x2 places of residual (z)
 *   y = r + proj (attention (qkv (z)))              in windows of the map, or over all of it
 *   y = y + mlp2 (GELU (mlp1 (norm2 (y))))
 *
 * When it pools, the queries of each window are the maxima of 2x2 places, per channel; keys and values stay.
 * Windows beyond the map are filled with zeros after norm1: their q, k, v are the bias of qkv, and count in
 * the maxima and as keys. No relative positions. */
#include "samcore/sam-hiera-block.h"

#include <math.h>

#include <glib.h>

#include "samcore/sam-parallel.h"
#include "samcore/sam-window.h"

#define EPS       1e-6f
#define MAX_WIDTH 4096

void
sam_hiera_block_fetch (SamWeights    *weights,
                       SamHieraBlock *block,
                       const char    *prefix,
                       size_t         in,
                       size_t         heads,
                       size_t         window,
                       size_t        *out)
{
  size_t width  = sam_weights_dim (weights, 2, 0, 1, MAX_WIDTH, "%sattn.proj.weight", prefix);
  size_t hidden = sam_weights_dim (weights, 2, 0, 1, 4 * MAX_WIDTH, "%smlp.layers.0.weight", prefix);

  *out = width;
  block->heads  = heads;
  block->window = window;
  block->pool   = sam_weights_has (weights, "%sproj.weight", prefix);
  if (sam_weights_failed (weights))
    return;
  if (width % heads != 0 || width / heads > 128)
    {
      sam_weights_fail (weights, "the tensor %sattn.proj.weight has %" G_GSIZE_FORMAT " rows, which %"
                        G_GSIZE_FORMAT " heads do not divide", prefix, width, heads);
      return;
    }
  /* without pooling the residual wants the same width; the shapes below see to it */

  sam_weights_norm (weights, &block->norm[0], in, EPS, "%snorm1", prefix);
  sam_weights_linear (weights, &block->qkv, in, 3 * width, SAM_BIAS_YES, "%sattn.qkv", prefix);
  sam_weights_linear (weights, &block->proj, width, block->pool ? width : in, SAM_BIAS_YES, "%sattn.proj", prefix);
  if (block->pool)
    sam_weights_linear (weights, &block->residual, in, width, SAM_BIAS_YES, "%sproj", prefix);
  sam_weights_norm (weights, &block->norm[1], width, EPS, "%snorm2", prefix);
  sam_weights_linear (weights, &block->mlp[0], width, hidden, SAM_BIAS_YES, "%smlp.layers.0", prefix);
  sam_weights_linear (weights, &block->mlp[1], hidden, width, SAM_BIAS_YES, "%smlp.layers.1", prefix);
}

typedef struct
{
  float       *y;
  const float *x;
  size_t       h, w, c, stride, step;
} Pool;

static void
pool_maps (size_t   first,
           size_t   last,
           gpointer data)
{
  const Pool *p = data;
  size_t      w = p->w / 2;

  /* an item is one row of one map */
  for (size_t i = first; i < last; i++)
    {
      const float *x = p->x + i / (p->h / 2) * p->step + 2 * (i % (p->h / 2)) * p->w * p->stride;
      float       *y = p->y + i * w * p->c;

      for (size_t k = 0; k < w; k++, x += 2 * p->stride, y += p->c)
        {
          const float *below = x + p->w * p->stride;

          for (size_t c = 0; c < p->c; c++)
            {
              float top    = x[c] > x[c + p->stride] ? x[c] : x[c + p->stride];
              float bottom = below[c] > below[c + p->stride] ? below[c] : below[c + p->stride];

              y[c] = top > bottom ? top : bottom;
            }
        }
    }
}

/* n maps  x: [n, h, w, …] with stride floats per place, of which the first c count  y: [n, h / 2, w / 2, c] */
static void
max_pool (float       *y,
          const float *x,
          size_t       n,
          size_t       h,
          size_t       w,
          size_t       c,
          size_t       stride)
{
  Pool p = { y, x, h, w, c, stride, h * w * stride };

  sam_parallel_for (n * (h / 2), 4, pool_maps, &p);
}

/* Where windows cover the map exactly it is cheaper to cut up the map before qkv than q, k, v after. */
static gboolean
cut_first (const SamHieraBlock *block,
           size_t               h,
           size_t               w)
{
  return block->window != 0 && h % block->window == 0 && w % block->window == 0;
}

size_t
sam_hiera_block_scratch (const SamHieraBlock *block,
                         size_t               h,
                         size_t               w)
{
  size_t n      = h * w;
  size_t width  = block->proj.in;
  SamGrid grid   = sam_window_grid (block->window, h, w);
  size_t cut    = block->window == 0 ? 0 : cut_first (block, h, w) ? n * block->qkv.in : n * 3 * width;
  size_t pooled = block->pool ? MAX (n * width, grid.n / 4 * width) : 0;

  return n * MAX (block->qkv.in, width) +
         MAX (cut + grid.n * 4 * width + pooled, n * block->mlp[0].out);
}

/* Without pooling, all the way window by window. */
static void
run_windows (const SamHieraBlock *block,
             float               *y,
             const float         *x,
             size_t               h,
             size_t               w)
{
  size_t         width   = block->proj.in;
  size_t         d       = width / block->heads;
  size_t         area    = block->window * block->window;
  SamWindowBlock windows = {
    .norm = &block->norm[0], .qkv = &block->qkv, .proj = &block->proj, .pad = block->qkv.b,
    .window = block->window, .k_offset = width, .v_offset = 2 * width,
    .attention = {
      .q_stride = 3 * width, .k_stride = 3 * width, .v_stride = 3 * width, .o_stride = width,
      .q_head = d, .k_head = d, .v_head = d, .o_head = d,
      .n_q = area, .n_k = area, .n_heads = block->heads, .d = d,
      .scale = 1.0f / sqrtf (d), .arithmetic = sam_matrix_get_arithmetic (block->qkv.m),
    },
  };

  sam_window_block_run (&windows, y, x, h, w);
  sam_mlp_run (&block->norm[1], block->mlp, y, y, y, h * w, SAM_ACT_GELU);
}

void
sam_hiera_block_run (const SamHieraBlock *block,
                     float               *y,
                     const float         *x,
                     size_t               h,
                     size_t               w,
                     float               *scratch)
{
  size_t       n       = h * w;
  size_t       width   = block->proj.in;
  size_t       d       = width / block->heads;
  size_t       window  = block->window;
  SamGrid      grid    = sam_window_grid (block->window, h, w);
  gboolean     first   = cut_first (block, h, w);
  size_t       shrink  = block->pool ? 2 : 1;
  size_t       h2      = h / shrink;
  size_t       w2      = w / shrink;
  float       *z       = scratch;
  float       *rest    = z + n * MAX (block->qkv.in, width);
  float       *cut     = rest;
  float       *qkv     = rest + (window == 0 ? 0 : first ? n * block->qkv.in : n * 3 * width);
  float       *out     = qkv + grid.n * 3 * width;
  float       *pooled  = out + grid.n * width;
  const float *r       = x;
  const float *attended;
  SamAttention a       = {
    .q = qkv, .k = qkv + width, .v = qkv + 2 * width, .o = out,
    .q_stride = 3 * width, .k_stride = 3 * width, .v_stride = 3 * width, .o_stride = width,
    .q_head = d, .k_head = d, .v_head = d, .o_head = d,
    .n_q = grid.h * grid.w, .n_k = grid.h * grid.w, .n_heads = block->heads, .d = d,
    .scale = 1.0f / sqrtf (d), .arithmetic = sam_matrix_get_arithmetic (block->qkv.m),
  };
  size_t       q_step = a.n_k * 3 * width;

  if (window != 0 && ! block->pool)
    {
      run_windows (block, y, x, h, w);
      return;
    }

  sam_norm_run (&block->norm[0], z, x, n);
  if (block->pool)
    {
      sam_linear_run (&block->residual, pooled, z, NULL, n, SAM_ACT_NONE);
      max_pool (y, pooled, 1, h, w, width, width);
      r = y;
    }

  if (first)
    {
      sam_window_partition (cut, z, h, w, block->qkv.in, window, block->qkv.b); /* nothing to fill */
      sam_linear_run (&block->qkv, qkv, cut, NULL, n, SAM_ACT_NONE);
    }
  else if (window != 0)
    {
      sam_linear_run (&block->qkv, cut, z, NULL, n, SAM_ACT_NONE);
      sam_window_partition (qkv, cut, h, w, 3 * width, window, block->qkv.b);
    }
  else
    {
      sam_linear_run (&block->qkv, qkv, z, NULL, n, SAM_ACT_NONE);
    }

  if (block->pool)
    {
      max_pool (pooled, qkv, grid.n_windows, grid.h, grid.w, width, 3 * width);
      a.q        = pooled;
      a.q_stride = width;
      a.n_q      = grid.h / 2 * (grid.w / 2);
      q_step     = a.n_q * width;
    }
  sam_window_attention (&a, grid.n_windows, q_step, a.n_k * 3 * width, a.n_q * width);

  attended = out;
  if (window != 0)
    {
      sam_window_reverse (z, out, h2, w2, width, window / shrink);
      attended = z;
    }
  sam_linear_run (&block->proj, y, attended, r, h2 * w2, SAM_ACT_NONE);

  sam_mlp_run (&block->norm[1], block->mlp, y, y, y, h2 * w2, SAM_ACT_GELU);
}

double
sam_hiera_block_flop (const SamHieraBlock *block,
                      size_t               h,
                      size_t               w)
{
  SamGrid grid  = sam_window_grid (block->window, h, w);
  double n     = (double) h * w;
  double width = block->proj.in;
  double n2    = block->pool ? n / 4 : n;
  double n_q   = block->pool ? grid.n / 4.0 : grid.n;

  return 2.0 * (n * block->qkv.in * width * (block->pool ? 4.0 : 3.0) + n2 * width * width +
                n2 * 2.0 * width * block->mlp[0].out) +
         4.0 * n_q * grid.h * grid.w * width;
}
