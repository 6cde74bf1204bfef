/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A block of Hiera:
 *   z = norm1 (x)
 *   r = x, or if it pools: maximum of 2x2 places of residual (z)
 *   y = r + proj (attention (qkv (z)))              in windows of the map, or over all of it
 *   y = y + mlp2 (GELU (mlp1 (norm2 (y))))
 *
 * When it pools, the queries of each window are the maxima of 2x2 places, per channel; keys and
 * values stay. Windows beyond the map are filled with zeros after norm1: their q, k, v are the bias
 * of qkv, and count in the maxima and as keys. No relative positions. */
#include "samcore/encoders/sam-hiera-block.h"

#include <math.h>

#include <glib.h>

#include "samcore/nn/sam-window-attention.h"

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
  size_t width = sam_weights_dim (weights, 2, 0, 1, MAX_WIDTH,
                                  sam_prefix ("%sattn.proj.weight", prefix).text);
  size_t hidden = sam_weights_dim (weights, 2, 0, 1, 4 * MAX_WIDTH,
                                   sam_prefix ("%smlp.layers.0.weight", prefix).text);

  *out = width;
  block->heads = heads;
  block->window = window;
  block->pool = sam_weights_has (weights, sam_prefix ("%sproj.weight", prefix).text);
  if (sam_weights_failed (weights))
    return;
  if (width % heads != 0 || width / heads > 128)
    {
      sam_weights_fail (weights,
                        "the tensor %sattn.proj.weight has %" G_GSIZE_FORMAT
                        " rows, which cannot be divided among %" G_GSIZE_FORMAT " heads",
                        prefix, width, heads);
      return;
    }
  /* without pooling the residual wants the same width; the shapes below see to it */

  sam_weights_norm (weights, &block->norm[0], in, EPS, sam_prefix ("%snorm1", prefix).text);
  sam_weights_linear (weights, &block->qkv, in, 3 * width, SAM_BIAS_YES,
                      sam_prefix ("%sattn.qkv", prefix).text);
  sam_weights_linear (weights, &block->proj, width, block->pool ? width : in, SAM_BIAS_YES,
                      sam_prefix ("%sattn.proj", prefix).text);
  if (block->pool)
    sam_weights_linear (weights, &block->residual, in, width, SAM_BIAS_YES,
                        sam_prefix ("%sproj", prefix).text);
  sam_weights_norm (weights, &block->norm[1], width, EPS, sam_prefix ("%snorm2", prefix).text);
  sam_weights_linear (weights, &block->mlp[0], width, hidden, SAM_BIAS_YES,
                      sam_prefix ("%smlp.layers.0", prefix).text);
  sam_weights_linear (weights, &block->mlp[1], hidden, width, SAM_BIAS_YES,
                      sam_prefix ("%smlp.layers.1", prefix).text);
}

size_t
sam_hiera_block_scratch (const SamHieraBlock *block, size_t h, size_t w)
{
  size_t n = h * w;
  size_t width = block->proj.in;

  if (block->window != 0)
    return 0;

  return n * (block->qkv.in + 4 * width + (block->pool ? width : 0));
}

/* The whole map as one window. */
static void
run_global (const SamHieraBlock *block,
            float               *y,
            const float         *x,
            size_t               h,
            size_t               w,
            SamAttention         a,
            float               *scratch)
{
  size_t       n = h * w;
  size_t       width = block->proj.in;
  float       *z = scratch;
  float       *qkv = z + n * block->qkv.in;
  float       *o = qkv + n * 3 * width;
  float       *pooled = o + n * width;
  const float *r = x;

  sam_norm_run (&block->norm[0], z, x, n);
  if (block->pool)
    {
      sam_linear_run (&block->residual, pooled, z, NULL, n, SAM_ACT_NONE);
      sam_max_pool (y, pooled, 1, h, w, width, width);
      r = y;
    }
  sam_linear_run (&block->qkv, qkv, z, NULL, n, SAM_ACT_NONE);
  a.q = qkv;
  a.k = qkv + width;
  a.v = qkv + 2 * width;
  a.o = o;
  if (block->pool)
    {
      sam_max_pool (pooled, qkv, 1, h, w, width, 3 * width);
      a.q = pooled;
    }
  sam_attention (&a, 1);
  sam_linear_run (&block->proj, y, o, r, a.n_q, SAM_ACT_NONE);
}

void
sam_hiera_block_run (const SamHieraBlock *block,
                     float               *y,
                     const float         *x,
                     size_t               h,
                     size_t               w,
                     float               *scratch)
{
  size_t        width = block->proj.in;
  size_t        d = width / block->heads;
  size_t        shrink = block->pool ? 2 : 1;
  SamWindowGrid grid = sam_window_attention_grid (block->window, h, w);
  SamWindowAttention windows = {
    .norm = &block->norm[0], .qkv = &block->qkv, .proj = &block->proj, .pad = block->qkv.b,
    .residual = block->pool ? &block->residual : NULL,
    .window = block->window, .k_offset = width, .v_offset = 2 * width,
    .attention = {
      .q_stride = block->pool ? width : 3 * width, .k_stride = 3 * width,
      .v_stride = 3 * width, .o_stride = width,
      .q_head = d, .k_head = d, .v_head = d, .o_head = d,
      .n_q = grid.h / shrink * (grid.w / shrink), .n_k = grid.h * grid.w,
      .n_heads = block->heads, .d = d,
      .scale = 1.0f / sqrtf (d), .arithmetic = sam_matrix_get_arithmetic (block->qkv.m),
    },
  };

  if (block->window != 0)
    sam_window_attention_run (&windows, y, x, h, w);
  else
    run_global (block, y, x, h, w, windows.attention, scratch);
  sam_mlp_run (&block->norm[1], block->mlp, y, y, NULL, y, h / shrink * (w / shrink), SAM_ACT_GELU);
}

double
sam_hiera_block_flop (const SamHieraBlock *block, size_t h, size_t w)
{
  SamWindowGrid grid = sam_window_attention_grid (block->window, h, w);
  double        n = (double) h * w;
  double        width = block->proj.in;
  double        n2 = block->pool ? n / 4 : n;
  double        n_q = block->pool ? grid.n / 4.0 : grid.n;

  return 2.0 * (n * block->qkv.in * width * (block->pool ? 4.0 : 3.0) + n2 * width * width +
                n2 * 2.0 * width * block->mlp[0].out) +
         4.0 * n_q * grid.h * grid.w * width;
}
