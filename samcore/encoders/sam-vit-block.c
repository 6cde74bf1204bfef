/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A transformer block:
 *   x = x + proj (attention (qkv (norm1 (x))))
 *   x = x + mlp2 (GELU (mlp1 (norm2 (x))))                     x: [h, w, width]
 *
 * The attention is over windows of the map or over all of it:
 *   score of query i and key j = q_i . k_j / sqrt (d) + q_i . Rh[yi - yj + h - 1] + q_i . Rw[xi -
 *   xj + w - 1]
 * where the last two use q as it is, not scaled. Windows beyond the map are filled with zeros after
 * norm1: their q, k, v are the bias of qkv, and they are attended to like others. So qkv is
 * computed for the map's places alone and the windows are filled with the bias. */
#include "samcore/encoders/sam-vit-block.h"

#include <math.h>

#include <glib.h>

#include "samcore/sam-parallel.h"
#include "samcore/nn/sam-window-attention.h"

#define EPS     1e-6f
#define MAX_MLP 16384

/* One table of relative positions, [length, d], the rows turned round: for a query at y the keys'
 * rows are then consecutive. */
static float *
fetch_relative (SamWeights *weights, const char *prefix, const char *name, size_t length, size_t d)
{
  const float *table = sam_weights_matrix (weights, length, d,
                                           sam_prefix ("%sattn.%s", prefix, name).text);
  float       *reversed = sam_weights_alloc (weights, length * d);

  if (table == NULL || reversed == NULL)
    return NULL;
  for (size_t i = 0; i < length; i++)
    for (size_t k = 0; k < d; k++)
      reversed[i * d + k] = table[(length - 1 - i) * d + k];

  return reversed;
}

void
sam_vit_block_fetch (SamWeights       *weights,
                     SamVitBlock      *block,
                     const char       *prefix,
                     size_t            width,
                     size_t            heads,
                     size_t            h,
                     size_t            w,
                     const char *const mlp[2])
{
  size_t inner = sam_weights_dim (weights, 2, 1, 1, 8192,
                                  sam_prefix ("%sattn.proj.weight", prefix).text);
  size_t wide = sam_weights_dim (weights, 2, 0, 1, MAX_MLP,
                                 sam_prefix ("%s%s.weight", prefix, mlp[0]).text);

  block->heads = heads;
  if (heads == 0)
    {
      size_t d = sam_weights_dim (weights, 2, 1, 1, 128,
                                  sam_prefix ("%sattn.rel_pos_h", prefix).text);
      size_t length = sam_weights_dim (weights, 2, 0, 1, 2 * h - 1,
                                       sam_prefix ("%sattn.rel_pos_h", prefix).text);

      if (sam_weights_failed (weights))
        return;
      if (inner % d != 0)
        {
          sam_weights_fail (weights,
                            "the tensor %sattn.proj.weight has %" G_GSIZE_FORMAT
                            " columns, which cannot be divided into heads of %" G_GSIZE_FORMAT,
                            prefix, inner, d);
          return;
        }
      block->heads = inner / d;
      if (length != 2 * h - 1)
        block->window = (length + 1) / 2;
      block->rel_h = fetch_relative (weights, prefix, "rel_pos_h",
                                     block->window != 0 ? 2 * block->window - 1 : 2 * h - 1, d);
      block->rel_w = fetch_relative (weights, prefix, "rel_pos_w",
                                     block->window != 0 ? 2 * block->window - 1 : 2 * w - 1, d);
    }

  sam_weights_norm (weights, &block->norm[0], width, EPS, sam_prefix ("%snorm1", prefix).text);
  sam_weights_linear (weights, &block->qkv, width, 3 * inner, SAM_BIAS_YES,
                      sam_prefix ("%sattn.qkv", prefix).text);
  sam_weights_linear (weights, &block->proj, inner, width, SAM_BIAS_YES,
                      sam_prefix ("%sattn.proj", prefix).text);
  sam_weights_norm (weights, &block->norm[1], width, EPS, sam_prefix ("%snorm2", prefix).text);
  sam_weights_linear (weights, &block->mlp[0], width, wide, SAM_BIAS_YES,
                      sam_prefix ("%s%s", prefix, mlp[0]).text);
  sam_weights_linear (weights, &block->mlp[1], wide, width, SAM_BIAS_YES,
                      sam_prefix ("%s%s", prefix, mlp[1]).text);
}

size_t
sam_vit_block_scratch (const SamVitBlock *block, size_t h, size_t w)
{
  SamWindowGrid grid = sam_window_attention_grid (block->window, h, w);
  size_t        inner = block->proj.in;
  size_t        relative = block->rel_h != NULL ? grid.n * block->heads * (grid.h + grid.w) : 0;
  size_t        windows = block->window != 0 ? grid.n * 3 * inner : 0;

  return h * w * 3 * inner + windows + grid.n * inner + relative;
}

typedef struct
{
  const SamVitBlock *block;
  SamWindowGrid      grid;
  const float       *qkv;
  float             *rel_h, *rel_w;
} Relative;

/* For one head of one window: a matrix product per row of queries, and per column. */
static void
relative_positions (size_t first, size_t last, gpointer data)
{
  const Relative    *r = data;
  const SamVitBlock *block = r->block;
  size_t             inner = block->proj.in;
  size_t             d = inner / block->heads;
  size_t             h = r->grid.h;
  size_t             w = r->grid.w;

  for (size_t i = first; i < last; i++)
    {
      size_t       window = i / block->heads;
      size_t       head = i % block->heads;
      const float *q = r->qkv + window * h * w * 3 * inner + head * d;
      float       *rel_h = r->rel_h + i * h * w * h;
      float       *rel_w = r->rel_w + i * h * w * w;

      for (size_t y = 0; y < h; y++)
        sam_gemm_nt (rel_h + y * w * h, h, q + y * w * 3 * inner, 3 * inner,
                     block->rel_h + (h - 1 - y) * d, d, w, h, d, 1.0f, 0.0f);
      for (size_t x = 0; x < w; x++)
        sam_gemm_nt (rel_w + x * w, w * w, q + x * 3 * inner, w * 3 * inner,
                     block->rel_w + (w - 1 - x) * d, d, h, w, d, 1.0f, 0.0f);
    }
}

/* y: [h, w, inner]  x: [h, w, width], before norm1 */
static const float *
attention_run (const SamVitBlock *block, const float *x, size_t h, size_t w, float *scratch)
{
  SamWindowGrid grid = sam_window_attention_grid (block->window, h, w);
  size_t        inner = block->proj.in;
  size_t        d = inner / block->heads;
  size_t        window = block->window;
  float        *whole = scratch;
  float        *qkv = window != 0 ? whole + h * w * 3 * inner : whole;
  float        *out = qkv + grid.n * 3 * inner;
  SamAttention  a = {
     .q = qkv,
     .k = qkv + inner,
     .v = qkv + 2 * inner,
     .o = out,
     .q_stride = 3 * inner,
     .k_stride = 3 * inner,
     .v_stride = 3 * inner,
     .o_stride = inner,
     .q_head = d,
     .k_head = d,
     .v_head = d,
     .o_head = d,
     .n_q = grid.h * grid.w,
     .n_k = grid.h * grid.w,
     .n_heads = block->heads,
     .d = d,
     .scale = 1.0f / sqrtf (d),
     .key_h = grid.h,
     .key_w = grid.w,
     .arithmetic = sam_matrix_get_arithmetic (block->qkv.m),
  };

  sam_norm_linear_run (&block->norm[0], &block->qkv, whole, x, NULL, h * w, SAM_ACT_NONE);
  if (window != 0)
    sam_window_attention_partition (qkv, whole, h, w, 3 * inner, window, block->qkv.b);

  if (block->rel_h != NULL)
    {
      Relative r = { block, grid, qkv, out + grid.n * inner, NULL };

      r.rel_w = r.rel_h + grid.n * block->heads * grid.h;
      sam_parallel_for (grid.n_windows * block->heads, 1, relative_positions, &r);
      a.rel_h = r.rel_h;
      a.rel_w = r.rel_w;
    }
  sam_window_attention_each (&a, grid.n_windows, a.n_q * 3 * inner, a.n_q * 3 * inner,
                             a.n_q * inner);

  if (window == 0)
    return out;
  sam_window_attention_reverse (whole, out, h, w, inner, window);

  return whole;
}

void
sam_vit_block_run (const SamVitBlock *block, float *x, size_t h, size_t w, float *scratch)
{
  size_t n = h * w;

  sam_linear_run (&block->proj, x, attention_run (block, x, h, w, scratch), x, n, SAM_ACT_NONE);
  sam_mlp_run (&block->norm[1], block->mlp, x, x, NULL, x, n, SAM_ACT_GELU);
}

double
sam_vit_block_flop (const SamVitBlock *block, size_t h, size_t w)
{
  SamWindowGrid grid = sam_window_attention_grid (block->window, h, w);
  double        width = block->qkv.in;
  double        inner = block->proj.in;

  return 2.0 * h * w * (4.0 * width * inner + 2.0 * width * block->mlp[0].out) +
         4.0 * grid.n * grid.h * grid.w * inner +
         (block->rel_h != NULL ? 2.0 * grid.n * inner * (grid.h + grid.w) : 0.0);
}
