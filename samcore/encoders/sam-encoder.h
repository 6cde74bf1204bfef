/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An image encoder: from the network's input to the features that the decoder works on. Internal.
 *
 * A further family takes, in this order:
 * 1. sam-encoder-NAME.c: a struct that begins with SamEncoder and holds the layers (sam-layers.h);
 *    a constructor that fetches them with sam_weights_*() in the order of the forward pass, sizes
 *    that it reads from tensors first checked with sam_weights_dim(); an encode function that plans
 *    its scratch memory with SamArena, calls sam_job_step() once per layer and sam_trace() where
 *    tests compare maps. The encoder knows nothing of prompts, pictures or files.
 * 2. in sam-family.c: how to recognise it and its SamModelSpec, where that differs from SAM's.
 * 3. in tests/encoders/check-family.c: its line in the table of golden files; and its section in
 *    docs/model.md. */
#pragma once

#include "samcore/base/sam-arena.h"
#include "samcore/encoders/sam-family.h"
#include "samcore/sam-job.h"
#include "samcore/nn/sam-padding.h"
#include "samcore/base/sam-trace.h"

G_BEGIN_DECLS

/* The picture, preprocessed: x: [input, input, 3], zeros beyond its first h rows and w columns. */
typedef struct
{
  const float *x;
  size_t       h, w;
} SamInput;

/* What encode fills in: the caller's memory. */
typedef struct
{
  float *embedding; /* [side, side, channels] */
  float
    *skip[2]; /* [4 side, 4 side, skip_channels[0]], [2 side, 2 side, skip_channels[1]], or NULL */
  float *middle; /* [side, side, middle_channels] of an early layer, or NULL */
} SamFeatures;

typedef struct
{
  gboolean (*encode) (const SamEncoder *encoder,
                      const SamInput   *input,
                      SamFeatures      *features,
                      const SamJob     *job,
                      const SamTrace   *trace,
                      GError          **error);
  void (*free) (SamEncoder *encoder);
} SamEncoderClass;

struct _SamEncoder
{
  const SamEncoderClass *klass;
  size_t                 input;            /* side of the input */
  size_t                 side;             /* of the embedding */
  size_t                 channels;         /* of the embedding */
  size_t                 skip_channels[2]; /* 0: none */
  size_t                 middle_channels;  /* 0: none */
  double                 flop;             /* of one encode, 2 per multiply-add */
};

/* All features of the encoder but the embedding. */
static inline void
sam_features_plan (SamFeatures *features, const SamEncoder *encoder, SamArena *arena)
{
  for (size_t i = 0, side = 4 * encoder->side; i < 2; i++, side /= 2)
    if (encoder->skip_channels[i] > 0)
      sam_arena_plan (arena, &features->skip[i], side, side, encoder->skip_channels[i]);
  if (encoder->middle_channels > 0)
    sam_arena_plan (arena, &features->middle, encoder->side, encoder->side,
                    encoder->middle_channels);
}

SamEncoder *sam_encoder_hiera_new (SamWeights *weights, const SamModelSpec *spec);
SamEncoder *sam_encoder_lite_new (SamWeights *weights, const SamModelSpec *spec);
SamEncoder *sam_encoder_repvit_new (SamWeights *weights, const SamModelSpec *spec);
SamEncoder *sam_encoder_tinyvit_new (SamWeights *weights, const SamModelSpec *spec);
SamEncoder *sam_encoder_vit_new (SamWeights *weights, const SamModelSpec *spec);

/* The last steps of all encoders but SAM 2's: 1x1, LayerNorm, 3x3, LayerNorm. */
typedef struct
{
  SamLinear conv1;
  SamNorm   norm1;
  SamConv   conv2;
  SamNorm   norm2;
} SamNeck;

void sam_neck_fetch (SamNeck *neck, SamWeights *weights, const char *prefix, size_t in, size_t out);
/* x: [side, side, in]  scratch, y: [side, side, out]; trace gets "neck.0" to "neck.3" */
void   sam_neck_run (const SamNeck  *neck,
                     float          *y,
                     const float    *x,
                     float          *scratch,
                     size_t          side,
                     const SamTrace *trace);
double sam_neck_flop (const SamNeck *neck, size_t side);

/* The 3x3 convolution of stride 2 that a picture meets first. */
typedef struct
{
  const float *w, *b; /* as the kernel conv_picture wants them */
  size_t       out;
} SamPictureConv;

/* NAME as for sam_weights_folded() */
void sam_picture_conv_fetch (SamPictureConv *conv, SamWeights *weights, const char *name);

/* The first steps of convolutional encoders: two 3x3 convolutions of stride 2, a GELU between
 * them. */
typedef struct
{
  SamPictureConv first;
  SamConv        second;
} SamStem;

/* NAME.0 and NAME.2, as for sam_weights_conv_bn() */
void sam_stem_fetch (SamStem *stem, SamWeights *weights, const char *name);
/* x: [h, w, 3], rows ld floats apart  y: [h / 4, w / 4, out]; h and w are multiples of 4 and become
 *                                     y's */
void sam_stem_run (const SamStem *stem,
                   float         *y,
                   const float   *x,
                   size_t         ld,
                   SamPadding    *h,
                   SamPadding    *w);
/* What is still uniform after it. */
SamUniform sam_stem_uniform (SamUniform uniform);
double     sam_stem_flop (const SamStem *stem, size_t input);

G_END_DECLS
