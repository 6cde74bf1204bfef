/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A block of RepViT mixes places, then channels:
 *   y = squeeze-excite (depthwise 3x3 (x))              stride 1, the squeeze-excite in some blocks
 *   y = 1x1 (squeeze-excite (depthwise 3x3 (x)))        stride 2, to the next width
 *   y = y + 1x1 (GELU (1x1 (y)))
 * Squeeze-excite multiplies each channel by sigmoid (1x1 (ReLU (1x1 (means of the channels)))).
 *
 * Places are mixed piece by piece just before their channels are. The means of the channels are
 * known before: they follow from sums over the block's input; and the factors go into the depthwise
 * kernel.
 *
 * The published block of stride 1 has three branches, 3x3 + 1x1 + identity; they are one 3x3 kernel
 * when added up, which is done once when the weights are fetched. */
#include "samcore/encoders/sam-repvit-block.h"

#include "samcore/kernels/sam-kernels.h"

#define MAX_WIDTH 2048

/* 3x3, 1x1 and identity, each but the last with its batch norm, as one 3x3 kernel. */
static void
fetch_spatial (SamWeights *weights, SamDepthwise *layer, size_t c, const char *name)
{
  float *k3, *b3, *k1, *b1;

  k3 = sam_weights_folded (weights, &b3, c, 1, 3, sam_prefix ("%s.conv", name).text);
  k1 = sam_weights_folded (weights, &b1, c, 1, 1, sam_prefix ("%s.conv1", name).text);
  if (sam_weights_failed (weights))
    return;

  for (size_t i = 0; i < c; i++)
    {
      k3[i * 9 + 4] += k1[i] + 1.0f;
      b3[i] += b1[i];
    }
  sam_weights_depthwise_take (weights, layer, c, 3, 1, 1, k3, b3);
}

static void
fetch_squeeze (SamWeights *weights, SamRepVitBlock *block, size_t c, const char *name)
{
  size_t r;

  block->squeeze = sam_weights_has (weights, sam_prefix ("%s.fc1.weight", name).text);
  if (! block->squeeze)
    return;

  r = sam_weights_dim (weights, 4, 0, 1, MAX_WIDTH, sam_prefix ("%s.fc1.weight", name).text);
  sam_weights_conv1x1 (weights, &block->reduce, c, r, SAM_BIAS_YES,
                       sam_prefix ("%s.fc1", name).text);
  sam_weights_conv1x1 (weights, &block->expand, r, c, SAM_BIAS_YES,
                       sam_prefix ("%s.fc2", name).text);
}

void
sam_repvit_block_fetch (SamWeights     *weights,
                        SamRepVitBlock *block,
                        const char     *name,
                        size_t          in,
                        size_t         *out)
{
  g_autofree char *spatial = g_strconcat (name, ".token_mixer.0", NULL);
  g_autofree char *squeeze = g_strconcat (name, ".token_mixer.1", NULL);
  size_t           hidden;

  *out = in;
  block->downsample = sam_weights_has (weights,
                                       sam_prefix ("%s.token_mixer.2.c.weight", name).text);
  if (block->downsample)
    {
      *out = sam_weights_dim (weights, 4, 0, 1, MAX_WIDTH,
                              sam_prefix ("%s.token_mixer.2.c.weight", name).text);
      sam_weights_depthwise_bn (weights, &block->spatial, in, 3, 2, 1, spatial);
      sam_weights_conv1x1_bn (weights, &block->project, in, *out,
                              sam_prefix ("%s.token_mixer.2", name).text);
    }
  else
    {
      fetch_spatial (weights, &block->spatial, in, spatial);
    }
  fetch_squeeze (weights, block, in, squeeze);

  hidden = sam_weights_dim (weights, 4, 0, 1, 4 * MAX_WIDTH,
                            sam_prefix ("%s.channel_mixer.m.0.c.weight", name).text);
  sam_weights_conv1x1_bn (weights, &block->mlp[0], *out, hidden,
                          sam_prefix ("%s.channel_mixer.m.0", name).text);
  sam_weights_conv1x1_bn (weights, &block->mlp[1], hidden, *out,
                          sam_prefix ("%s.channel_mixer.m.2", name).text);
}

static size_t
places_after (const SamRepVitBlock *block, size_t h, size_t w)
{
  size_t stride = block->spatial.stride;

  return ((h + stride - 1) / stride) * ((w + stride - 1) / stride);
}

size_t
sam_repvit_block_scratch (const SamRepVitBlock *block, size_t h, size_t w)
{
  size_t n = places_after (block, h, w);

  return (n + 10) * block->spatial.c + 3 * MAX_WIDTH;
}

/* The kernel and bias of a depthwise convolution whose result is multiplied: [9, c] and [c] at
 * @scaled. */
static void
excite (SamDepthwiseMap *map, const float *factors, float *scaled)
{
  const size_t c = map->c;

  sam_kernels ()->scale_row (scaled, map->k, factors, 9, c);
  sam_kernels ()->scale_row (scaled + 9 * c, map->b, factors, 1, c);
  map->k = scaled;
  map->b = scaled + 9 * c;
}

void
sam_repvit_block_run (const SamRepVitBlock *block,
                      float                *y,
                      const float          *x,
                      SamPadding           *h,
                      SamPadding           *w,
                      float                *scratch)
{
  size_t             n = places_after (block, h->n, w->n);
  size_t             c = block->spatial.c;
  float             *mean = scratch;
  float             *low = mean + MAX_WIDTH;
  float             *factors = low + MAX_WIDTH;
  float             *scaled = factors + MAX_WIDTH;
  float             *hidden = scaled + 10 * c;
  float             *mixed = block->downsample ? hidden : y;
  SamDepthwiseMap    map = sam_depthwise_map (&block->spatial, mixed, x, h->n, w->n);
  SamRowMaker        spatial = { sam_depthwise_make, &map, sam_depthwise_row (&map) };
  const SamRowMaker *maker = &spatial;

  if (block->squeeze)
    {
      sam_depthwise_mean (&map, h, w, mean);
      sam_linear_run (&block->reduce, low, mean, NULL, 1, SAM_ACT_RELU);
      sam_linear_run (&block->expand, factors, low, NULL, 1, SAM_ACT_SIGMOID);
      excite (&map, factors, scaled);
    }
  if (block->downsample)
    {
      SamRows rows = { .x = mixed, .ld = c, .maker = maker };

      sam_matrix_linear_rows (y, &rows, block->project.m, block->project.b, NULL, n, SAM_ACT_NONE);
      maker = NULL;
    }

  sam_mlp_run (NULL, block->mlp, y, y, maker, y, n, SAM_ACT_GELU);
  *h = sam_padding_after (*h, sam_depthwise_taps (&block->spatial));
  *w = sam_padding_after (*w, sam_depthwise_taps (&block->spatial));
}

double
sam_repvit_block_flop (const SamRepVitBlock *block, size_t h, size_t w)
{
  double n = places_after (block, h, w);

  return 2.0 * n *
         (9.0 * block->spatial.c +
          (block->downsample ? (double) block->project.in * block->project.out : 0.0) +
          2.0 * block->mlp[0].in * block->mlp[0].out);
}
