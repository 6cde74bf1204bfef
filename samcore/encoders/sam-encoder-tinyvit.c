/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TinyViT, the encoder of MobileSAM and of SAM-HQ's light model.
 *
 *   [s, s, 3] ──▶ 3x3/2, GELU, 3x3/2 ──▶ [s/4, s/4, 64]
 *   layer 0: convolutional blocks        ──▶ scale /2 ──▶ [s/8, s/8, 128]
 *   layer 1: blocks with 7x7 windows     ──▶ scale /2 ──▶ [s/16, s/16, 160]
 *   layer 2: blocks with 14x14 windows   ──▶ width only ──▶ [s/16, s/16, 320]
 *   layer 3: blocks with 7x7 windows     ──▶ neck ──▶ [s/16, s/16, 256]
 *
 * SAM-HQ also wants what layer 1 hands on. */
#include "samcore/encoders/sam-encoder.h"

#include <string.h>

#include "samcore/base/sam-arena.h"
#include "samcore/encoders/sam-tinyvit-block.h"

#define N_LAYERS   4
#define MAX_BLOCKS 32
#define MAX_WIDTH  1024

typedef struct
{
  size_t          width, n_blocks;
  SamTinyViTConv  conv[MAX_BLOCKS];  /* layer 0 */
  SamTinyViTBlock block[MAX_BLOCKS]; /* the others */
  SamTinyViTConv  downsample;        /* all but the last */
} Layer;

typedef struct
{
  SamEncoder parent;
  SamStem    patch;
  Layer      layer[N_LAYERS];
  SamNeck    neck;
} TinyViT;

/* The last change of width keeps the scale, so that the embedding has stride 16. */
static const size_t strides[N_LAYERS - 1] = { 2, 2, 1 };

static void
tinyvit_free (SamEncoder *encoder)
{
  g_free (encoder);
}

/* The padding that layer 0 and its change of scale leave uniform along an axis. */
static SamPadding
shorten (const TinyViT *self, size_t seen)
{
  size_t     n = self->parent.input;
  SamUniform uniform = sam_stem_uniform ((SamUniform) { seen, n });

  for (size_t k = 0; k < self->layer[0].n_blocks; k++)
    uniform = sam_uniform_after (uniform, (SamTaps) { 3, 1, 1 });

  return sam_padding_begin (n, seen, sam_uniform_after (uniform, (SamTaps) { 3, strides[0], 1 }),
                            4 * strides[0]);
}

static gboolean
tinyvit_encode (const SamEncoder *encoder,
                const SamInput   *input,
                SamFeatures      *features,
                const SamJob     *job,
                const SamTrace   *trace,
                GError          **error)
{
  const TinyViT    *self = (const TinyViT *) encoder;
  size_t            side = encoder->input / 4;
  size_t            n = encoder->side * encoder->side;
  size_t            n_x = side * side * self->layer[0].width;
  size_t            n_work = n * encoder->channels;
  double            step = 1.0;
  double            n_steps = 2.0;
  g_auto (SamArena) arena = { 0 };
  SamPadding        h = shorten (self, input->h);
  SamPadding        w = shorten (self, input->w);
  float            *x, *y, *scratch;

  for (size_t i = 0, s = side; i < N_LAYERS; i++)
    {
      const Layer *layer = &self->layer[i];

      n_x = MAX (n_x, s * s * layer->width);
      n_steps += layer->n_blocks;
      if (i < N_LAYERS - 1)
        s /= strides[i];
    }
  sam_arena_plan (&arena, &x, n_x, 1, 1);
  sam_arena_plan (&arena, &y, n_x, 1, 1);
  sam_arena_plan (&arena, &scratch, n_work, 1, 1);
  if (! sam_arena_commit (&arena, error))
    return FALSE;

  sam_stem_run (&self->patch, x, input->x, encoder->input * 3, &h, &w);
  sam_trace (trace, "patch_embed", x, side * side, self->layer[0].width);
  if (! sam_job_step (job, step++ / n_steps, error))
    return FALSE;

  for (size_t i = 0; i < N_LAYERS; i++)
    {
      const Layer *layer = &self->layer[i];
      char         name[32];

      g_snprintf (name, sizeof name, "layers.%" G_GSIZE_FORMAT ".blocks.", i);
      for (size_t k = 0; k < layer->n_blocks; k++)
        {
          float *swap = x;

          if (i == 0)
            sam_tinyvit_conv_run (&layer->conv[k], y, x, &h, &w);
          else
            sam_tinyvit_block_run (&layer->block[k], y, x, side, side);
          x = y;
          y = swap;
          sam_trace_numbered (trace, name, k, x, side * side, layer->width);
          if (! sam_job_step (job, step++ / n_steps, error))
            return FALSE;
        }
      if (i < N_LAYERS - 1)
        {
          float *swap = x;

          sam_tinyvit_conv_run (&layer->downsample, y, x, &h, &w);
          sam_padding_restore (y, h, w, self->layer[i + 1].width);
          x = y;
          y = swap;
          side = side / strides[i];
          h = w = (SamPadding) { .n = side };
        }
      /* the reference counts the change of scale to the layer before it */
      sam_trace_numbered (trace, "layers.", i, x, side * side,
                          self->layer[MIN (i + 1, N_LAYERS - 1)].width);
      if (i == 1 && features->middle != NULL)
        memcpy (features->middle, x, n * encoder->middle_channels * sizeof (float));
    }
  sam_neck_run (&self->neck, features->embedding, x, scratch, side, trace);

  return sam_job_step (job, 1.0, error);
}

static const SamEncoderClass tinyvit_class = { tinyvit_encode, tinyvit_free };

SamEncoder *
sam_encoder_tinyvit_new (SamWeights *weights, const SamModelSpec *spec)
{
  const char      *prefix = spec->encoder_prefix;
  TinyViT         *self = g_new0 (TinyViT, 1);
  g_autofree char *patch = g_strconcat (prefix, "patch_embed.seq", NULL);
  size_t           side = spec->input / 4;
  size_t           width;

  self->parent.klass = &tinyvit_class;
  self->parent.input = spec->input;
  self->parent.side = spec->input / 16;
  self->parent.channels = sam_weights_dim (weights, 4, 0, 8, MAX_WIDTH,
                                           sam_prefix ("%sneck.0.weight", prefix).text);

  sam_stem_fetch (&self->patch, weights, patch);
  self->parent.flop = sam_stem_flop (&self->patch, spec->input);
  width = self->patch.second.out;

  for (size_t i = 0; i < N_LAYERS && ! sam_weights_failed (weights); i++)
    {
      Layer           *layer = &self->layer[i];
      g_autofree char *down = g_strdup_printf ("%slayers.%" G_GSIZE_FORMAT ".downsample.", prefix,
                                               i);
      size_t           next;

      layer->width = width;
      while (layer->n_blocks < MAX_BLOCKS)
        {
          g_autofree char *name = g_strdup_printf ("%slayers.%" G_GSIZE_FORMAT
                                                   ".blocks.%" G_GSIZE_FORMAT ".",
                                                   prefix, i, layer->n_blocks);

          if (! sam_weights_has (
                weights, sam_prefix (i == 0 ? "%sconv1.c.weight" : "%sattn.qkv.weight", name).text))
            break;
          if (i == 0)
            {
              sam_tinyvit_conv_fetch (weights, &layer->conv[layer->n_blocks], name, width, width, 1,
                                      TRUE);
              self->parent.flop += sam_tinyvit_conv_flop (&layer->conv[layer->n_blocks], side,
                                                          side);
            }
          else
            {
              sam_tinyvit_block_fetch (weights, &layer->block[layer->n_blocks], name, width);
              if (! sam_weights_failed (weights))
                self->parent.flop += sam_tinyvit_block_flop (&layer->block[layer->n_blocks], side,
                                                             side);
            }
          layer->n_blocks++;
        }
      if (layer->n_blocks == 0)
        sam_weights_fail (weights,
                          "the encoder's layer %" G_GSIZE_FORMAT " has no blocks; "
                          "the file is not a complete model",
                          i);
      if (i == N_LAYERS - 1)
        break;

      next = sam_weights_dim (weights, 4, 0, 1, MAX_WIDTH,
                              sam_prefix ("%sconv3.c.weight", down).text);
      sam_tinyvit_conv_fetch (weights, &layer->downsample, down, width, next, strides[i], FALSE);
      self->parent.flop += sam_tinyvit_conv_flop (&layer->downsample, side, side);
      width = next;
      side /= strides[i];
    }
  if (spec->decoder.hq)
    self->parent.middle_channels = self->layer[2].width;
  sam_neck_fetch (&self->neck, weights, prefix, width, self->parent.channels);
  self->parent.flop += sam_neck_flop (&self->neck, self->parent.side);

  if (sam_weights_failed (weights))
    {
      tinyvit_free (&self->parent);
      return NULL;
    }

  return &self->parent;
}
