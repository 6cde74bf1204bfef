/* SPDX-License-Identifier: GPL-3.0-or-later */
/* EfficientNet-Lite, the convolutional encoder of the built-in model.
 *
 *   [s, s, 3] ──▶ scale ──▶ 3x3/2 ──▶ ReLU6 ──▶ blocks (sam-lite-block.c) at strides 2 to 32
 *   stride 16 ──▶ 1x1 ─┐
 *   stride 32 ──▶ 1x1 ──▶ x 2 ──▶ + ──▶ neck ──▶ embedding [s / 16, s / 16, channels]
 *
 * Blocks come in seven stages, each of another width; the last ones of strides 4 and 8 go on to the
 * decoder. The trunk was trained with pictures in a scale of its own, (v - 127) / 128, and with the
 * convolutions' padding at 0 in that scale. What is around the picture, though, is 0 in the model
 * file's scale: the mean colour. */
#include "samcore/encoders/sam-encoder.h"

#include <string.h>

#include "samcore/base/sam-arena.h"
#include "samcore/base/sam-scratch.h"
#include "samcore/encoders/sam-lite-block.h"
#include "samcore/kernels/sam-kernels.h"
#include "samcore/sam-parallel.h"

#define N_SCALES   4
#define N_STAGES   7
#define MAX_BLOCKS 256
#define MAX_WIDTH  2048 /* with inputs up to 1024, products fit 32 bits */
#define BAND       2    /* of the first convolution's rows */

#define MIDDLE 127 /* of the trunk's scale */
#define RANGE  128

/* No tensor tells them. */
static const size_t stage_strides[N_STAGES] = { 1, 2, 2, 2, 1, 2, 1 };

static const SamTaps stem_taps = { .side = 3, .stride = 2, .before = 0 };

typedef struct
{
  SamEncoder     parent;
  float          mean[3], std[3]; /* of the trunk's scale, in the model file's */
  SamPictureConv stem;
  SamLiteBlock  *blocks;
  size_t         n_blocks;
  size_t         end[N_SCALES]; /* the last block of each scale */
  SamLinear      fuse[2];       /* strides 16 and 32 */
  SamNeck        neck;
} Lite;

static void
lite_free (SamEncoder *encoder)
{
  Lite *self = (Lite *) encoder;

  g_free (self->blocks);
  g_free (self);
}

static size_t
block_out (const Lite *self, size_t i)
{
  return self->blocks[i].layers.narrow.out;
}

typedef struct
{
  const Lite  *self;
  float       *y;
  const float *x;
  size_t       ld, h, w; /* of x */
} StemRun;

static void
run_stem_rows (size_t first, size_t last, gpointer data)
{
  const StemRun    *run = data;
  const Lite       *self = run->self;
  const SamKernels *kernels = sam_kernels ();
  const size_t      row = 3 * run->w, row_y = run->w / 2 * self->stem.out;
  const size_t      n = MIN (2 * last + 1, run->h) - 2 * first;
  float            *scaled = sam_scratch_floats (SAM_SCRATCH_RING, (n + 1) * row);

  for (size_t i = 0; i < n; i++)
    kernels->normalise (scaled + i * row, run->x + (2 * first + i) * run->ld, self->mean, self->std,
                        run->w);
  memset (scaled + n * row, 0, row * sizeof *scaled); /* below the picture */

  for (size_t i = first; i < last; i++, scaled += 2 * row)
    {
      const float *rows[3] = { scaled, scaled + row, scaled + 2 * row };
      float       *y = run->y + i * row_y;

      kernels->conv_picture (y, rows, self->stem.w, self->stem.b, run->w, self->stem.out,
                             stem_taps.before);
      kernels->activate (y, y, row_y, SAM_ACT_RELU6);
    }
}

static void
run_stem (const Lite *self, float *y, const SamInput *input, SamPadding *h, SamPadding *w)
{
  StemRun run = { self, y, input->x, self->parent.input * 3, h->n, w->n };

  sam_parallel_for (h->n / 2, BAND, run_stem_rows, &run);
  *h = sam_padding_after (*h, stem_taps);
  *w = sam_padding_after (*w, stem_taps);
}

/* The padding that the stem and the blocks of strides 2 and 4 leave uniform: after the 5x5 kernels
 * of stride 8 it would be next to nothing. */
static SamPadding
shorten (const Lite *self, size_t seen)
{
  const size_t n = self->parent.input;
  SamUniform   uniform = sam_uniform_after ((SamUniform) { seen, n }, stem_taps);

  for (size_t i = 0; i <= self->end[0]; i++)
    uniform = sam_uniform_after (uniform, sam_depthwise_taps (&self->blocks[i].layers.spatial));

  return sam_padding_begin (n, seen, uniform, 4);
}

/* Room for the largest map of stem and blocks. */
static size_t
find_largest (const Lite *self)
{
  size_t side = self->parent.input / 2;
  size_t largest = side * side * self->stem.out;

  for (size_t i = 0; i < self->n_blocks; i++)
    {
      side /= self->blocks[i].layers.spatial.stride;
      largest = MAX (largest, side * side * block_out (self, i));
    }

  return MAX (largest, self->parent.side * self->parent.side * self->parent.channels);
}

static gboolean
lite_encode (const SamEncoder *encoder,
             const SamInput   *input,
             SamFeatures      *features,
             const SamJob     *job,
             const SamTrace   *trace,
             GError          **error)
{
  const Lite       *self = (const Lite *) encoder;
  size_t            side = encoder->input / 2;
  size_t            n = encoder->side * encoder->side;
  size_t            n_steps = self->n_blocks + 2;
  size_t            scale = 0;
  size_t            largest = find_largest (self);
  g_auto (SamArena) arena = { 0 };
  SamPadding        h = shorten (self, input->h);
  SamPadding        w = shorten (self, input->w);
  float            *x, *y, *work[2], *scratch, *s16, *fused;

  sam_arena_plan (&arena, &work[0], largest, 1, 1);
  sam_arena_plan (&arena, &work[1], largest, 1, 1);
  sam_arena_plan (&arena, &scratch, n, encoder->channels, 1);
  sam_arena_plan (&arena, &s16, n, self->fuse[0].in, 1);
  sam_arena_plan (&arena, &fused, n, encoder->channels, 1);
  if (! sam_arena_commit (&arena, error))
    return FALSE;

  x = work[0];
  run_stem (self, x, input, &h, &w);
  sam_trace (trace, "stem", x, side * side, self->stem.out);
  if (! sam_job_step (job, 1.0 / n_steps, error))
    return FALSE;

  for (size_t i = 0; i < self->n_blocks; i++)
    {
      y = x == work[0] ? work[1] : work[0];
      if (i == self->end[scale] && scale < 2 && features->skip[scale] != NULL)
        y = features->skip[scale];
      else if (i == self->end[scale] && scale == 2)
        y = s16;
      sam_lite_block_run (&self->blocks[i], y, x, &h, &w);
      x = y;
      side /= self->blocks[i].layers.spatial.stride;
      if (i == self->end[0])
        {
          sam_padding_restore (y, h, w, block_out (self, i));
          h = w = (SamPadding) { .n = side };
        }
      sam_trace_numbered (trace, "blocks.", i, x, side * side, block_out (self, i));

      if (i == self->end[scale])
        scale++;
      if (! sam_job_step (job, (i + 2.0) / n_steps, error))
        return FALSE;
    }

  /* stride 32, half as wide and high as the embedding */
  y = x == work[0] ? work[1] : work[0];
  sam_linear_run (&self->fuse[1], y, x, NULL, n / 4, SAM_ACT_NONE);
  sam_resize_bilinear (fused, y, side, side, encoder->channels, encoder->side, encoder->side);
  sam_linear_run (&self->fuse[0], fused, s16, fused, n, SAM_ACT_NONE);
  sam_trace (trace, "fused", fused, n, encoder->channels);
  sam_neck_run (&self->neck, features->embedding, fused, scratch, encoder->side, trace);

  return sam_job_step (job, 1.0, error);
}

static const SamEncoderClass lite_class = { lite_encode, lite_free };

/* A stage begins where the width changes. */
static void
fetch_blocks (Lite *self, SamWeights *weights, const char *prefix)
{
  size_t side = self->parent.input / 2;
  size_t in = self->stem.out, n_stages = 0, n_scales = 0, i;

  self->blocks = g_new0 (SamLiteBlock, MAX_BLOCKS);
  for (i = 0; i < MAX_BLOCKS && ! sam_weights_failed (weights); i++)
    {
      g_autofree char *name = g_strdup_printf ("%strunk.blocks.%" G_GSIZE_FORMAT, prefix, i);
      size_t           stride = 1, out;

      if (! sam_weights_has (weights, sam_prefix ("%s.dw.c.weight", name).text))
        break;
      out = sam_weights_dim (weights, 4, 0, 1, MAX_WIDTH,
                             sam_prefix ("%s.project.c.weight", name).text);
      if (out != in || i == 0)
        {
          if (n_stages == N_STAGES)
            {
              n_stages++;
              break;
            }
          stride = stage_strides[n_stages++];
        }
      if (stride == 2 && n_stages > 2) /* the first of these has half of the stem's size */
        self->end[n_scales++] = i - 1;
      sam_lite_block_fetch (weights, &self->blocks[i], name, in, out, stride);
      self->parent.flop += sam_lite_block_flop (&self->blocks[i], side, side);
      side /= stride;
      in = out;
    }
  if (! sam_weights_failed (weights) && n_stages != N_STAGES)
    sam_weights_fail (weights,
                      "the encoder has not the %d widths of an EfficientNet-Lite; "
                      "the file is not a complete model",
                      N_STAGES);
  if (sam_weights_failed (weights))
    return;

  self->n_blocks = i;
  self->end[n_scales] = i - 1;
}

SamEncoder *
sam_encoder_lite_new (SamWeights *weights, const SamModelSpec *spec)
{
  const char      *prefix = spec->encoder_prefix;
  Lite            *self = g_new0 (Lite, 1);
  g_autofree char *stem = g_strconcat (prefix, "trunk.stem.c", NULL);
  size_t           channels, side = spec->input / 2;

  self->parent.klass = &lite_class;
  self->parent.input = spec->input;
  self->parent.side = spec->input / 16;
  for (int c = 0; c < 3; c++)
    {
      self->mean[c] = (MIDDLE - spec->preprocess.mean[c]) / spec->preprocess.std[c];
      self->std[c] = RANGE / spec->preprocess.std[c];
    }

  sam_picture_conv_fetch (&self->stem, weights, stem);
  self->parent.flop = 2.0 * side * side * 27 * self->stem.out;
  fetch_blocks (self, weights, prefix);
  if (sam_weights_failed (weights))
    {
      lite_free (&self->parent);
      return NULL;
    }

  channels = sam_weights_dim (weights, 4, 0, 8, MAX_WIDTH,
                              sam_prefix ("%sfuse_stage2.weight", prefix).text);
  for (int i = 0; i < 2; i++)
    sam_weights_conv1x1 (weights, &self->fuse[i], block_out (self, self->end[2 + i]), channels,
                         SAM_BIAS_NO, sam_prefix ("%sfuse_stage%d", prefix, 2 + i).text);
  sam_neck_fetch (&self->neck, weights, prefix, channels, channels);

  self->parent.channels = channels;
  for (int i = 0; i < 2; i++)
    self->parent.skip_channels[i] = block_out (self, self->end[i]);
  side = self->parent.side;
  self->parent.flop += 2.0 * side * side * channels * (self->fuse[0].in + 0.25 * self->fuse[1].in) +
                       sam_neck_flop (&self->neck, side);

  return &self->parent;
}
