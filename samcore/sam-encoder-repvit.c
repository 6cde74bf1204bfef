/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RepViT, the convolutional encoder of the built-in model and of EdgeSAM.
 *
 *   [s, s, 3] ──▶ stem, stride 4 ──▶ blocks at strides 4, 8, 16, 32
 *   stride 16 ──▶ 1x1 ─┐
 *   stride 32 ──▶ 1x1 ──▶ x 2 ──▶ + ──▶ neck ──▶ embedding [s / 16, s / 16, channels]
 *
 * A block mixes places, then channels:
 *   x = squeeze-excite (depthwise 3x3 (x))              stride 1, the squeeze-excite in some blocks
 *   x = 1x1 (squeeze-excite (depthwise 3x3 (x)))        stride 2, to the next width
 *   x = x + 1x1 (GELU (1x1 (x)))
 * The published block of stride 1 has three branches, 3x3 + 1x1 + identity; they are one 3x3 kernel when
 * added up, which is done once when the weights are fetched (or was, in the built-in model's file). */
#include "samcore/sam-encoder.h"

#include <string.h>

#include "samcore/sam-arena.h"

#define N_STAGES   4
#define MAX_BLOCKS 256
#define MAX_WIDTH  2048 /* with inputs up to 1024, products fit 32 bits */

typedef struct
{
  SamDepthwise spatial;
  gboolean     squeeze;
  SamLinear    reduce, expand;
  gboolean     downsample;
  SamLinear    project; /* only when downsampling */
  SamLinear    widen, narrow;
  size_t       in, out;
} Block;

typedef struct
{
  SamEncoder parent;
  SamConv    stem[2];
  Block     *blocks;
  size_t     n_blocks;
  size_t     end[N_STAGES]; /* the last block of each stage */
  SamLinear  fuse[2];       /* strides 16 and 32 */
  gboolean   bicubic;
  SamNeck    neck;
} RepVit;

/* 3x3, 1x1 and identity, each with its batch norm, as one 3x3 kernel. */
static void
fetch_spatial (SamWeights   *weights,
               SamDepthwise *layer,
               size_t        c,
               const char   *name)
{
  g_autofree char *branch3 = g_strconcat (name, ".conv", NULL);
  g_autofree char *branch1 = g_strconcat (name, ".conv1", NULL);
  float           *k3, *b3, *k1, *b1;

  if (! sam_weights_has (weights, "%s.c.weight", branch3))
    {
      sam_weights_depthwise_bn (weights, layer, c, 1, "%s", name);
      return;
    }

  k3 = sam_weights_folded (weights, &b3, c, 1, 3, "%s", branch3);
  k1 = sam_weights_folded (weights, &b1, c, 1, 1, "%s", branch1);
  if (sam_weights_failed (weights))
    return;

  for (size_t i = 0; i < c; i++)
    {
      k3[i * 9 + 4] += k1[i] + 1.0f;
      b3[i] += b1[i];
    }
  sam_weights_depthwise_take (weights, layer, c, 1, k3, b3);
}

static void
fetch_squeeze (SamWeights *weights,
               Block      *block,
               size_t      c,
               const char *name)
{
  const char *reduce = sam_weights_has (weights, "%s.fc1.weight", name) ? "fc1" : "conv_reduce";
  const char *expand = sam_weights_has (weights, "%s.fc1.weight", name) ? "fc2" : "conv_expand";
  size_t      r;

  block->squeeze = sam_weights_has (weights, "%s.%s.weight", name, reduce);
  if (! block->squeeze)
    return;

  r = sam_weights_dim (weights, 4, 0, 1, MAX_WIDTH, "%s.%s.weight", name, reduce);
  sam_weights_conv1x1 (weights, &block->reduce, c, r, SAM_BIAS_YES, "%s.%s", name, reduce);
  sam_weights_conv1x1 (weights, &block->expand, r, c, SAM_BIAS_YES, "%s.%s", name, expand);
}

/* Returns the width after the block, 0 after a failure. */
static size_t
fetch_block (SamWeights *weights,
             Block      *block,
             size_t      in,
             const char *name)
{
  g_autofree char *spatial = g_strconcat (name, ".token_mixer.0", NULL);
  g_autofree char *squeeze = g_strconcat (name, ".token_mixer.1", NULL);
  gboolean         folded  = sam_weights_has (weights, "%s.token_mixer.2.weight", name);
  size_t           out     = in;
  size_t           hidden;

  block->downsample = folded || sam_weights_has (weights, "%s.token_mixer.2.c.weight", name);
  if (block->downsample)
    {
      out = sam_weights_dim (weights, 4, 0, 1, MAX_WIDTH, "%s.token_mixer.2%s.weight", name,
                             folded ? "" : ".c");
      sam_weights_depthwise_bn (weights, &block->spatial, in, 2, "%s", spatial);
      sam_weights_conv1x1_bn (weights, &block->project, in, out, "%s.token_mixer.2", name);
    }
  else
    {
      fetch_spatial (weights, &block->spatial, in, spatial);
    }
  fetch_squeeze (weights, block, in, squeeze);

  folded = sam_weights_has (weights, "%s.channel_mixer.m.0.weight", name);
  hidden = sam_weights_dim (weights, 4, 0, 1, 4 * MAX_WIDTH, "%s.channel_mixer.m.0%s.weight", name,
                            folded ? "" : ".c");
  sam_weights_conv1x1_bn (weights, &block->widen, out, hidden, "%s.channel_mixer.m.0", name);
  sam_weights_conv1x1_bn (weights, &block->narrow, hidden, out, "%s.channel_mixer.m.2", name);
  block->in  = in;
  block->out = out;

  return sam_weights_failed (weights) ? 0 : out;
}

static void
repvit_free (SamEncoder *encoder)
{
  RepVit *self = (RepVit *) encoder;

  g_free (self->blocks);
  g_free (self);
}

/* x: [side, side, in], overwritten  y: [side', side', out]  hidden: [side', side', widen.out] */
static void
block_run (const Block *block,
           float       *y,
           float       *x,
           float       *hidden,
           float       *row,
           size_t       side)
{
  size_t side2 = block->downsample ? side / 2 : side;
  size_t n     = side2 * side2;
  float *mixed = block->downsample ? hidden : y;

  sam_depthwise_run (&block->spatial, mixed, x, side, side, SAM_ACT_NONE);
  if (block->squeeze)
    {
      float *mean = row, *scale = row + MAX_WIDTH, *low = row + 2 * MAX_WIDTH;

      sam_mean_rows (mean, mixed, n, block->in);
      sam_linear_run (&block->reduce, low, mean, NULL, 1, SAM_ACT_RELU);
      sam_linear_run (&block->expand, scale, low, NULL, 1, SAM_ACT_SIGMOID);
      sam_scale_row (mixed, mixed, scale, n, block->in);
    }
  if (block->downsample)
    sam_linear_run (&block->project, y, mixed, NULL, n, SAM_ACT_NONE);

  sam_linear_run (&block->widen, hidden, y, NULL, n, SAM_ACT_GELU);
  sam_linear_run (&block->narrow, y, hidden, y, n, SAM_ACT_NONE);
}

static gboolean
repvit_encode (const SamEncoder *encoder,
               const float      *input,
               SamFeatures      *features,
               const SamJob     *job,
               const SamTrace   *trace,
               GError          **error)
{
  const RepVit         *self     = (const RepVit *) encoder;
  size_t                side     = encoder->input / 4;
  size_t                n        = encoder->side * encoder->side;
  size_t                n_steps  = self->n_blocks + 2;
  size_t                stage    = 0;
  size_t                largest  = side * side * self->stem[1].out;
  size_t                hidden_n = 4 * side * side * self->stem[0].out;
  g_auto (SamArena)     arena    = { 0 };
  float                *x, *y, *hidden, *row, *s16, *fused;

  for (size_t i = 0, s = side; i < self->n_blocks; i++)
    {
      const Block *block = &self->blocks[i];

      s       = block->downsample ? s / 2 : s;
      largest = MAX (largest, s * s * block->out);
      hidden_n = MAX (hidden_n, s * s * MAX (block->widen.out, block->in));
    }
  largest  = MAX (largest, n * encoder->channels);
  hidden_n = MAX (hidden_n, n * encoder->channels);
  sam_arena_plan (&arena, &x, largest, 1, 1);
  sam_arena_plan (&arena, &y, largest, 1, 1);
  sam_arena_plan (&arena, &hidden, hidden_n, 1, 1);
  sam_arena_plan (&arena, &row, 3, MAX_WIDTH, 1);
  sam_arena_plan (&arena, &s16, n, self->fuse[0].in, 1);
  sam_arena_plan (&arena, &fused, n, encoder->channels, 1);
  if (! sam_arena_commit (&arena, error))
    return FALSE;

  features->embedding = sam_alloc_floats (n, encoder->channels, 1, error);
  if (features->embedding == NULL)
    return FALSE;
  for (int i = 0; i < 2; i++)
    {
      size_t s = encoder->side * (i == 0 ? 4 : 2);

      if (encoder->skip_channels[i] == 0)
        continue;
      features->skip[i] = sam_alloc_floats (s, s, encoder->skip_channels[i], error);
      if (features->skip[i] == NULL)
        return FALSE;
    }

  sam_conv_run (&self->stem[0], hidden, input, encoder->input, encoder->input, SAM_ACT_GELU);
  sam_conv_run (&self->stem[1], x, hidden, encoder->input / 2, encoder->input / 2, SAM_ACT_NONE);
  sam_trace (trace, "features.0", x, side * side, self->stem[1].out);
  if (! sam_job_step (job, 1.0 / n_steps, error))
    return FALSE;

  for (size_t i = 0; i < self->n_blocks; i++)
    {
      const Block *block = &self->blocks[i];
      float       *swap  = x;

      block_run (block, y, x, hidden, row, side);
      x    = y;
      y    = swap;
      side = block->downsample ? side / 2 : side;
      sam_trace_numbered (trace, "features.", i + 1, x, side * side, block->out);

      if (i == self->end[stage])
        {
          size_t n_bytes = side * side * block->out * sizeof (float);

          if (stage < 2 && features->skip[stage] != NULL)
            memcpy (features->skip[stage], x, n_bytes);
          if (stage == 2)
            memcpy (s16, x, n_bytes);
          stage++;
        }
      if (! sam_job_step (job, (i + 2.0) / n_steps, error))
        return FALSE;
    }

  /* stride 32, half as wide and high as the embedding */
  sam_linear_run (&self->fuse[1], y, x, NULL, n / 4, SAM_ACT_NONE);
  if (self->bicubic)
    sam_resize_bicubic (fused, y, side, side, encoder->channels, encoder->side, encoder->side);
  else
    sam_resize_bilinear (fused, y, side, side, encoder->channels, encoder->side, encoder->side);
  sam_linear_run (&self->fuse[0], fused, s16, fused, n, SAM_ACT_NONE);
  sam_trace (trace, "fused", fused, n, encoder->channels);
  sam_neck_run (&self->neck, features->embedding, fused, hidden, encoder->side, trace);

  return sam_job_step (job, 1.0, error);
}

static const SamEncoderClass repvit_class = { repvit_encode, repvit_free };

static double
count_flop (const RepVit *self)
{
  double side = self->parent.input / 2;
  double flop = 9.0 * side * side * self->stem[0].in * self->stem[0].out;

  side /= 2;
  flop += 9.0 * side * side * self->stem[1].in * self->stem[1].out;
  for (size_t i = 0; i < self->n_blocks; i++)
    {
      const Block *block = &self->blocks[i];

      side /= block->downsample ? 2 : 1;
      flop += side * side * (9.0 * block->in + (block->downsample ? (double) block->in * block->out : 0.0) +
                             2.0 * block->widen.in * block->widen.out);
    }
  flop += side * side * self->fuse[1].in * self->fuse[1].out * 1.0;
  flop += 4.0 * side * side * self->fuse[0].in * self->fuse[0].out;

  return 2.0 * flop + sam_neck_flop (&self->neck, self->parent.side);
}

SamEncoder *
sam_encoder_repvit_new (SamWeights         *weights,
                        const SamModelSpec *spec)
{
  const char *prefix = spec->encoder_prefix;
  RepVit     *self   = g_new0 (RepVit, 1);
  gboolean    folded = sam_weights_has (weights, "%sfeatures.0.0.weight", prefix);
  const char *part   = folded ? "" : ".c";
  size_t      width[2], channels, stage = 0;

  self->parent.klass = &repvit_class;
  self->parent.input = spec->input;
  self->parent.side  = spec->input / 16;

  width[0] = sam_weights_dim (weights, 4, 0, 1, MAX_WIDTH, "%sfeatures.0.0%s.weight", prefix, part);
  width[1] = sam_weights_dim (weights, 4, 0, 1, MAX_WIDTH, "%sfeatures.0.2%s.weight", prefix, part);
  sam_weights_conv_bn (weights, &self->stem[0], 3, width[0], 3, 2, 1, "%sfeatures.0.0", prefix);
  sam_weights_conv_bn (weights, &self->stem[1], width[0], width[1], 3, 2, 1, "%sfeatures.0.2", prefix);

  self->blocks = g_new0 (Block, MAX_BLOCKS);
  for (size_t i = 0, c = width[1]; i < MAX_BLOCKS && ! sam_weights_failed (weights); i++)
    {
      g_autofree char *name = g_strdup_printf ("%sfeatures.%" G_GSIZE_FORMAT, prefix, i + 1);
      Block           *block = &self->blocks[i];

      if (! sam_weights_has (weights, "%s.channel_mixer.m.0%s.weight", name, part))
        break;
      c = fetch_block (weights, block, c, name);
      self->n_blocks = i + 1;
      if (block->downsample)
        {
          if (i == 0 || stage == N_STAGES - 1)
            {
              sam_weights_fail (weights, "the encoder has a change of scale at %s, where none can be", name);
              break;
            }
          self->end[stage++] = i - 1;
        }
    }
  if (! sam_weights_failed (weights) && stage != N_STAGES - 1)
    sam_weights_fail (weights, "the encoder has %" G_GSIZE_FORMAT " scales instead of 4; "
                      "the file is not a complete model", stage + 1);
  if (sam_weights_failed (weights))
    {
      repvit_free (&self->parent);
      return NULL;
    }
  self->end[stage] = self->n_blocks - 1;

  self->bicubic = sam_weights_has (weights, "%sfuse_stage3.op_list.0.weight", prefix);
  channels      = sam_weights_dim (weights, 4, 0, 8, MAX_WIDTH, "%sfuse_stage2.weight", prefix);
  sam_weights_conv1x1 (weights, &self->fuse[0], self->blocks[self->end[2]].out, channels, SAM_BIAS_NO,
                       "%sfuse_stage2", prefix);
  sam_weights_conv1x1 (weights, &self->fuse[1], self->blocks[self->end[3]].out, channels, SAM_BIAS_NO,
                       "%sfuse_stage3%s", prefix, self->bicubic ? ".op_list.0" : "");
  sam_neck_fetch (&self->neck, weights, prefix, channels, channels);

  self->parent.channels = channels;
  if (spec->decoder.high_res)
    {
      self->parent.skip_channels[0] = self->blocks[self->end[0]].out;
      self->parent.skip_channels[1] = self->blocks[self->end[1]].out;
    }
  self->parent.flop = count_flop (self);

  return &self->parent;
}
