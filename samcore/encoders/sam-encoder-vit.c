/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plain vision transformer of SAM, SAM-HQ and EfficientSAM.
 *
 *   [s, s, 3] ──▶ 16x16/16 ──▶ + positions ──▶ blocks ──▶ neck ──▶ [s / 16, s / 16, 256]
 *
 * SAM-HQ also wants the output of the first global block. SAM's table of positions is as large as
 * the map; EfficientSAM's is 14 x 14 behind a class token's row and is enlarged bicubically,
 * once. */
#include "samcore/encoders/sam-encoder.h"

#include <string.h>

#include "samcore/base/sam-arena.h"
#include "samcore/encoders/sam-vit-block.h"

#define PATCH      16
#define MAX_BLOCKS 64
#define MAX_WIDTH  4096

/* EfficientSAM: of the table of positions, and of a head */
#define SMALL_SIDE 14
#define HEAD_WIDTH 64

typedef struct
{
  SamEncoder   parent;
  SamConv      patch;
  const float *positions; /* [side, side, width] */
  SamVitBlock *blocks;
  size_t       n_blocks;
  size_t       middle; /* the block whose output SAM-HQ wants */
  SamNeck      neck;
} Vit;

static void
vit_free (SamEncoder *encoder)
{
  Vit *self = (Vit *) encoder;

  g_free (self->blocks);
  g_free (self);
}

static gboolean
vit_encode (const SamEncoder *encoder,
            const SamInput   *input,
            SamFeatures      *features,
            const SamJob     *job,
            const SamTrace   *trace,
            GError          **error)
{
  const Vit        *self = (const Vit *) encoder;
  size_t            side = encoder->side;
  size_t            n = side * side;
  size_t            width = self->patch.out;
  size_t            n_work = n * encoder->channels;
  g_auto (SamArena) arena = { 0 };
  float            *x, *scratch;

  for (size_t i = 0; i < self->n_blocks; i++)
    n_work = MAX (n_work, sam_vit_block_scratch (&self->blocks[i], side, side));
  sam_arena_plan (&arena, &x, n, width, 1);
  sam_arena_plan (&arena, &scratch, n_work, 1, 1);
  if (! sam_arena_commit (&arena, error))
    return FALSE;

  sam_conv_sum_run (&self->patch, x, input->x, self->positions, encoder->input, encoder->input);
  sam_trace (trace, "pos", x, n, width);
  if (! sam_job_step (job, 1.0 / (self->n_blocks + 2), error))
    return FALSE;

  for (size_t i = 0; i < self->n_blocks; i++)
    {
      sam_vit_block_run (&self->blocks[i], x, side, side, scratch);
      sam_trace_numbered (trace, "blocks.", i, x, n, width);
      if (features->middle != NULL && i == self->middle)
        memcpy (features->middle, x, n * width * sizeof (float));
      if (! sam_job_step (job, (i + 2.0) / (self->n_blocks + 2), error))
        return FALSE;
    }
  sam_neck_run (&self->neck, features->embedding, x, scratch, side, trace);

  return sam_job_step (job, 1.0, error);
}

static const SamEncoderClass vit_class = { vit_encode, vit_free };

/* [1, 1 + 14 x 14, width] without its first row ──▶ [side, side, width] */
static const float *
fetch_small_positions (SamWeights *weights, const char *prefix, size_t side, size_t width)
{
  const size_t shape[3] = { 1, 1 + SMALL_SIDE * SMALL_SIDE, width };
  const float *small = sam_weights_fetch (weights, 3, shape,
                                          sam_prefix ("%spos_embed", prefix).text);
  float       *large = sam_weights_alloc (weights, side * side * width);

  if (small == NULL || large == NULL)
    return NULL;
  sam_resize_bicubic (large, small + width, SMALL_SIDE, SMALL_SIDE, width, side, side);

  return large;
}

SamEncoder *
sam_encoder_vit_new (SamWeights *weights, const SamModelSpec *spec)
{
  static const char *const sam_mlp[2] = { "mlp.lin1", "mlp.lin2" };
  static const char *const efficient_mlp[2] = { "mlp.fc1", "mlp.fc2" };

  const char  *prefix = spec->encoder_prefix;
  gboolean     efficient = sam_weights_has (weights,
                                            sam_prefix ("%sblocks.0.mlp.fc1.weight", prefix).text);
  size_t       side = spec->input / PATCH;
  size_t       width = sam_weights_dim (weights, 4, 0, 8, MAX_WIDTH,
                                        sam_prefix ("%spatch_embed.proj.weight", prefix).text);
  size_t       channels = sam_weights_dim (weights, 4, 0, 8, MAX_WIDTH,
                                           sam_prefix ("%sneck.0.weight", prefix).text);
  const size_t shape[4] = { 1, side, side, width };
  Vit         *self;

  if (! sam_weights_failed (weights) && efficient && width % HEAD_WIDTH != 0)
    sam_weights_fail (weights,
                      "an encoder %" G_GSIZE_FORMAT " wide cannot be divided into heads of %d",
                      width, HEAD_WIDTH);
  if (sam_weights_failed (weights))
    return NULL;

  self = g_new0 (Vit, 1);
  self->parent.klass = &vit_class;
  self->parent.input = spec->input;
  self->parent.side = side;
  self->parent.channels = channels;
  self->blocks = g_new0 (SamVitBlock, MAX_BLOCKS);
  self->middle = MAX_BLOCKS;

  sam_weights_conv (weights, &self->patch, 3, width, PATCH, PATCH, 0, SAM_BIAS_YES,
                    sam_prefix ("%spatch_embed.proj", prefix).text);
  self->positions = efficient ? fetch_small_positions (weights, prefix, side, width)
                              : sam_weights_fetch (weights, 4, shape,
                                                   sam_prefix ("%spos_embed", prefix).text);
  self->parent.flop = 2.0 * side * side * width * 3.0 * PATCH * PATCH;
  while (self->n_blocks < MAX_BLOCKS && ! sam_weights_failed (weights))
    {
      g_autofree char *name = g_strdup_printf ("%sblocks.%" G_GSIZE_FORMAT ".", prefix,
                                               self->n_blocks);
      SamVitBlock     *block = &self->blocks[self->n_blocks];

      if (! sam_weights_has (weights, sam_prefix ("%sattn.qkv.weight", name).text))
        break;
      sam_vit_block_fetch (weights, block, name, width, efficient ? width / HEAD_WIDTH : 0, side,
                           side, efficient ? efficient_mlp : sam_mlp);
      if (sam_weights_failed (weights))
        break;
      if (block->window == 0 && self->middle == MAX_BLOCKS)
        self->middle = self->n_blocks;
      self->parent.flop += sam_vit_block_flop (block, side, side);
      self->n_blocks++;
    }
  if (! sam_weights_failed (weights) && self->n_blocks == 0)
    sam_weights_fail (weights, "the encoder has no blocks; the file is not a complete model");
  sam_neck_fetch (&self->neck, weights, prefix, width, channels);
  self->parent.flop += sam_neck_flop (&self->neck, side);
  if (spec->decoder.hq)
    {
      self->parent.middle_channels = width;
      if (! sam_weights_failed (weights) && self->middle == MAX_BLOCKS)
        sam_weights_fail (weights,
                          "the encoder has no global block; the file is not a complete model");
    }

  if (sam_weights_failed (weights))
    {
      vit_free (&self->parent);
      return NULL;
    }

  return &self->parent;
}
