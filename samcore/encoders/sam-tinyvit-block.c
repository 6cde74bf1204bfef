/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of TinyViT:
 *   conv    x = GELU (x + 1x1 (GELU (depthwise (GELU (1x1 (x))))))      or without x and the last
 *           GELU
 *   block   x = x + proj (attention (qkv (norm (x))))                   in windows
 *           x = depthwise (x)
 *           x = x + fc2 (GELU (fc1 (norm (x))))
 *
 * Windows beyond the map are filled with zeros before the norm, which makes them the norm's bias:
 * their q, k, v are one constant vector. Each run makes it: to use the matrix when it is fetched
 * would pack it even where the picture is in the cache, and before its values are checked. A
 * token's vector is laid out by head: q, k, v of the first head, q, k, v of the second. Scores gain
 * a bias that depends on |dy|, |dx| and the head. */
#include "samcore/encoders/sam-tinyvit-block.h"

#include <math.h>

#include <glib.h>

#include "samcore/nn/sam-window-attention.h"

#define EPS       1e-5f
#define MAX_WIDTH 4096

void
sam_tinyvit_conv_fetch (SamWeights     *weights,
                        SamTinyViTConv *conv,
                        const char     *prefix,
                        size_t          in,
                        size_t          out,
                        size_t          stride,
                        gboolean        residual)
{
  size_t hidden = sam_weights_dim (weights, 4, 0, 1, MAX_WIDTH,
                                   sam_prefix ("%sconv1.c.weight", prefix).text);

  conv->residual = residual;
  sam_weights_conv1x1_bn (weights, &conv->layers.widen, in, hidden,
                          sam_prefix ("%sconv1", prefix).text);
  sam_weights_depthwise_bn (weights, &conv->layers.spatial, hidden, 3, stride, 1,
                            sam_prefix ("%sconv2", prefix).text);
  sam_weights_conv1x1_bn (weights, &conv->layers.narrow, hidden, out,
                          sam_prefix ("%sconv3", prefix).text);
}

void
sam_tinyvit_conv_run (const SamTinyViTConv *conv,
                      float                *y,
                      const float          *x,
                      SamPadding           *h,
                      SamPadding           *w)
{
  const SamTaps taps = sam_depthwise_taps (&conv->layers.spatial);

  if (conv->residual)
    sam_bottleneck_run (&conv->layers, y, x, x, h->n, w->n, SAM_ACT_GELU, SAM_ACT_GELU);
  else
    sam_bottleneck_run (&conv->layers, y, x, NULL, h->n, w->n, SAM_ACT_GELU, SAM_ACT_NONE);
  *h = sam_padding_after (*h, taps);
  *w = sam_padding_after (*w, taps);
}

double
sam_tinyvit_conv_flop (const SamTinyViTConv *conv, size_t h, size_t w)
{
  const SamBottleneck *b = &conv->layers;
  const double         n = (double) h * w / (b->spatial.stride * b->spatial.stride);

  return 2.0 * ((double) h * w * b->widen.in * b->widen.out + 9.0 * n * b->widen.out +
                n * b->narrow.in * b->narrow.out);
}

/* [heads, window^2] ──▶ [heads, window^2, window^2] */
static void
fetch_bias (SamWeights *weights, SamTinyViTBlock *block, const char *prefix)
{
  size_t       w = block->window;
  size_t       n = w * w;
  const float *table = sam_weights_matrix (weights, block->heads, n,
                                           sam_prefix ("%sattn.attention_biases", prefix).text);

  block->bias = sam_weights_alloc (weights, block->heads * n * n);
  if (table == NULL || block->bias == NULL)
    return;

  for (size_t head = 0; head < block->heads; head++)
    for (size_t i = 0; i < n; i++)
      for (size_t j = 0; j < n; j++)
        {
          size_t dy = MAX (i / w, j / w) - MIN (i / w, j / w);
          size_t dx = MAX (i % w, j % w) - MIN (i % w, j % w);

          block->bias[(head * n + i) * n + j] = table[head * n + dy * w + dx];
        }
}

void
sam_tinyvit_block_fetch (SamWeights      *weights,
                         SamTinyViTBlock *block,
                         const char      *prefix,
                         size_t           width)
{
  size_t area = sam_weights_dim (weights, 2, 1, 1, 32 * 32,
                                 sam_prefix ("%sattn.attention_biases", prefix).text);
  size_t heads = sam_weights_dim (weights, 2, 0, 1, 64,
                                  sam_prefix ("%sattn.attention_biases", prefix).text);
  size_t hidden = sam_weights_dim (weights, 2, 0, 1, 4 * MAX_WIDTH,
                                   sam_prefix ("%smlp.fc1.weight", prefix).text);

  if (sam_weights_failed (weights))
    return;

  block->heads = heads;
  block->window = (size_t) sqrt ((double) area);
  if (block->window * block->window != area || width % heads != 0 || width / heads > 128)
    {
      sam_weights_fail (weights,
                        "the tensor %sattn.attention_biases has shape [%" G_GSIZE_FORMAT
                        ", %" G_GSIZE_FORMAT "], which does not match a square window",
                        prefix, heads, area);
      return;
    }

  sam_weights_norm (weights, &block->norm[0], width, EPS, sam_prefix ("%sattn.norm", prefix).text);
  sam_weights_linear (weights, &block->qkv, width, 3 * width, SAM_BIAS_YES,
                      sam_prefix ("%sattn.qkv", prefix).text);
  fetch_bias (weights, block, prefix);
  sam_weights_linear (weights, &block->proj, width, width, SAM_BIAS_YES,
                      sam_prefix ("%sattn.proj", prefix).text);
  sam_weights_depthwise_bn (weights, &block->local, width, 3, 1, 1,
                            sam_prefix ("%slocal_conv", prefix).text);
  sam_weights_norm (weights, &block->norm[1], width, EPS, sam_prefix ("%smlp.norm", prefix).text);
  sam_weights_linear (weights, &block->mlp[0], width, hidden, SAM_BIAS_YES,
                      sam_prefix ("%smlp.fc1", prefix).text);
  sam_weights_linear (weights, &block->mlp[1], hidden, width, SAM_BIAS_YES,
                      sam_prefix ("%smlp.fc2", prefix).text);
}

static size_t
padded_places (const SamTinyViTBlock *block, size_t h, size_t w)
{
  return sam_window_attention_grid (block->window, h, w).n;
}

void
sam_tinyvit_block_run (const SamTinyViTBlock *block, float *y, float *x, size_t h, size_t w)
{
  size_t            c = block->proj.in;
  size_t            d = c / block->heads;
  size_t            area = block->window * block->window;
  g_autofree float *pad = g_new (float, 3 * c);
  SamDepthwiseMap   map = sam_depthwise_map (&block->local, y, x, h, w);
  SamRowMaker       local = { sam_depthwise_make, &map, sam_depthwise_row (&map) };
  SamWindowAttention    windows = {
    .norm = &block->norm[0], .qkv = &block->qkv, .proj = &block->proj, .pad = pad,
    .window = block->window, .k_offset = d, .v_offset = 2 * d,
    .attention = {
      .q_stride = 3 * c, .k_stride = 3 * c, .v_stride = 3 * c, .o_stride = c,
      .q_head = 3 * d, .k_head = 3 * d, .v_head = 3 * d, .o_head = d,
      .n_q = area, .n_k = area, .n_heads = block->heads, .d = d,
      .scale = 1.0f / sqrtf (d), .bias = block->bias,
      .arithmetic = sam_matrix_get_arithmetic (block->qkv.m),
    },
  };

  sam_linear_run (&block->qkv, pad, block->norm[0].b, NULL, 1, SAM_ACT_NONE);
  sam_window_attention_run (&windows, x, x, h, w);
  sam_mlp_run (&block->norm[1], block->mlp, y, y, &local, y, h * w, SAM_ACT_GELU);
}

double
sam_tinyvit_block_flop (const SamTinyViTBlock *block, size_t h, size_t w)
{
  double n = (double) h * w;
  double c = block->proj.in;

  return 2.0 * n * (4.0 * c * c + 9.0 * c + 2.0 * c * block->mlp[0].out) +
         4.0 * padded_places (block, h, w) * block->window * block->window * c;
}
