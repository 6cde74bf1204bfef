/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RepViT, the convolutional encoder of EdgeSAM.
 *
 *   [s, s, 3] ──▶ stem, stride 4 ──▶ blocks (sam-repvit-block.c) at strides 4, 8, 16, 32
 *   stride 16 ──▶ 1x1 ─┐
 *   stride 32 ──▶ 1x1 ──▶ x 2 ──▶ + ──▶ neck ──▶ embedding [s / 16, s / 16, channels] */
#include "samcore/encoders/sam-encoder.h"

#include "samcore/base/sam-arena.h"
#include "samcore/encoders/sam-repvit-block.h"

#define N_STAGES   4
#define MAX_BLOCKS 256
#define MAX_WIDTH  2048 /* with inputs up to 1024, products fit 32 bits */

typedef struct
{
  SamEncoder      parent;
  SamStem         stem;
  SamRepVitBlock *blocks;
  size_t          n_blocks;
  size_t          end[N_STAGES]; /* the last block of each stage */
  SamLinear       fuse[2];       /* strides 16 and 32 */
  SamNeck         neck;
} RepVit;

static void
repvit_free (SamEncoder *encoder)
{
  RepVit *self = (RepVit *) encoder;

  g_free (self->blocks);
  g_free (self);
}

/* The padding that the stem and the blocks of strides 4 and 8 leave uniform along an axis. All of
 * it is computed where a block would have to count rows of which it leaves out every other. */
static SamPadding
shorten (const RepVit *self, size_t seen)
{
  size_t     n = self->parent.input;
  SamUniform uniform = sam_stem_uniform ((SamUniform) { seen, n });

  for (size_t i = 0; i <= self->end[1]; i++)
    {
      if (self->blocks[i].squeeze && self->blocks[i].downsample)
        uniform.end = 0;
      uniform = sam_uniform_after (uniform, sam_depthwise_taps (&self->blocks[i].spatial));
    }

  return sam_padding_begin (n, seen, uniform, 8);
}

/* The largest map [0] and what a block needs to work on [1], in floats. */
static void
measure_blocks (const RepVit *self, size_t sizes[2])
{
  const SamEncoder *encoder = &self->parent;
  size_t            side = encoder->input / 4;
  size_t            n_embedding = encoder->side * encoder->side * encoder->channels;

  sizes[0] = MAX (side * side * self->stem.second.out, n_embedding);
  sizes[1] = n_embedding;
  for (size_t i = 0; i < self->n_blocks; i++)
    {
      sizes[1] = MAX (sizes[1], sam_repvit_block_scratch (&self->blocks[i], side, side));
      side = self->blocks[i].downsample ? side / 2 : side;
      sizes[0] = MAX (sizes[0], side * side * self->blocks[i].mlp[0].in);
    }
}

static gboolean
repvit_encode (const SamEncoder *encoder,
               const SamInput   *input,
               SamFeatures      *features,
               const SamJob     *job,
               const SamTrace   *trace,
               GError          **error)
{
  const RepVit     *self = (const RepVit *) encoder;
  size_t            side = encoder->input / 4;
  size_t            n = encoder->side * encoder->side;
  size_t            n_steps = self->n_blocks + 2;
  size_t            sizes[2];
  g_auto (SamArena) arena = { 0 };
  SamPadding        h = shorten (self, input->h);
  SamPadding        w = shorten (self, input->w);
  float            *x, *y, *work[2], *scratch, *s16, *fused;

  measure_blocks (self, sizes);
  sam_arena_plan (&arena, &work[0], sizes[0], 1, 1);
  sam_arena_plan (&arena, &work[1], sizes[0], 1, 1);
  sam_arena_plan (&arena, &scratch, sizes[1], 1, 1);
  sam_arena_plan (&arena, &s16, n, self->fuse[0].in, 1);
  sam_arena_plan (&arena, &fused, n, encoder->channels, 1);
  if (! sam_arena_commit (&arena, error))
    return FALSE;

  x = work[0];
  sam_stem_run (&self->stem, x, input->x, encoder->input * 3, &h, &w);
  sam_trace (trace, "features.0", x, side * side, self->stem.second.out);
  if (! sam_job_step (job, 1.0 / n_steps, error))
    return FALSE;

  for (size_t i = 0; i < self->n_blocks; i++)
    {
      const SamRepVitBlock *block = &self->blocks[i];

      y = x == work[0] ? work[1] : work[0];
      if (i == self->end[2])
        y = s16;
      sam_repvit_block_run (block, y, x, &h, &w, scratch);
      x = y;
      side = block->downsample ? side / 2 : side;
      if (i == self->end[1])
        {
          sam_padding_restore (y, h, w, block->mlp[0].in);
          h = w = (SamPadding) { .n = side };
        }
      sam_trace_numbered (trace, "features.", i + 1, x, side * side, block->mlp[0].in);

      if (! sam_job_step (job, (i + 2.0) / n_steps, error))
        return FALSE;
    }

  /* stride 32, half as wide and high as the embedding */
  y = x == work[0] ? work[1] : work[0];
  sam_linear_run (&self->fuse[1], y, x, NULL, n / 4, SAM_ACT_NONE);
  sam_resize_bicubic (fused, y, side, side, encoder->channels, encoder->side, encoder->side);
  sam_linear_run (&self->fuse[0], fused, s16, fused, n, SAM_ACT_NONE);
  sam_trace (trace, "fused", fused, n, encoder->channels);
  sam_neck_run (&self->neck, features->embedding, fused, scratch, encoder->side, trace);

  return sam_job_step (job, 1.0, error);
}

static const SamEncoderClass repvit_class = { repvit_encode, repvit_free };

SamEncoder *
sam_encoder_repvit_new (SamWeights *weights, const SamModelSpec *spec)
{
  const char      *prefix = spec->encoder_prefix;
  RepVit          *self = g_new0 (RepVit, 1);
  g_autofree char *stem = g_strconcat (prefix, "features.0", NULL);
  size_t           channels, side, stage = 0;

  self->parent.klass = &repvit_class;
  self->parent.input = spec->input;
  self->parent.side = spec->input / 16;

  sam_stem_fetch (&self->stem, weights, stem);

  side = spec->input / 4;
  self->parent.flop = sam_stem_flop (&self->stem, spec->input);
  self->blocks = g_new0 (SamRepVitBlock, MAX_BLOCKS);
  for (size_t i = 0, c = self->stem.second.out; i < MAX_BLOCKS && ! sam_weights_failed (weights);
       i++)
    {
      g_autofree char *name = g_strdup_printf ("%sfeatures.%" G_GSIZE_FORMAT, prefix, i + 1);
      SamRepVitBlock  *block = &self->blocks[i];

      if (! sam_weights_has (weights, sam_prefix ("%s.channel_mixer.m.0.c.weight", name).text))
        break;
      sam_repvit_block_fetch (weights, block, name, c, &c);
      if (sam_weights_failed (weights))
        break;
      self->n_blocks = i + 1;
      self->parent.flop += sam_repvit_block_flop (block, side, side);
      if (block->downsample)
        {
          side /= 2;
          if (i == 0 || stage == N_STAGES - 1)
            {
              sam_weights_fail (weights, "the encoder has an unexpected change of scale at %s",
                                name);
              break;
            }
          self->end[stage++] = i - 1;
        }
    }
  if (! sam_weights_failed (weights) && stage != N_STAGES - 1)
    sam_weights_fail (weights,
                      "the encoder has %" G_GSIZE_FORMAT " scales instead of 4; "
                      "the file is not a complete model",
                      stage + 1);
  if (sam_weights_failed (weights))
    {
      repvit_free (&self->parent);
      return NULL;
    }
  self->end[stage] = self->n_blocks - 1;

  channels = sam_weights_dim (weights, 4, 0, 8, MAX_WIDTH,
                              sam_prefix ("%sfuse_stage2.weight", prefix).text);
  sam_weights_conv1x1 (weights, &self->fuse[0], self->blocks[self->end[2]].mlp[0].in, channels,
                       SAM_BIAS_NO, sam_prefix ("%sfuse_stage2", prefix).text);
  sam_weights_conv1x1 (weights, &self->fuse[1], self->blocks[self->end[3]].mlp[0].in, channels,
                       SAM_BIAS_NO, sam_prefix ("%sfuse_stage3.op_list.0", prefix).text);
  sam_neck_fetch (&self->neck, weights, prefix, channels, channels);

  self->parent.channels = channels;
  side = self->parent.side;
  self->parent.flop += 2.0 * side * side * channels * (self->fuse[0].in + 0.25 * self->fuse[1].in) +
                       sam_neck_flop (&self->neck, side);

  return &self->parent;
}
