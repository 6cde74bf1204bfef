/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SAM's two-way mask decoder, with the options that its descendants added. Internal. */
#pragma once

#include "samcore/sam-embedding.h"
#include "samcore/encoders/sam-encoder.h"
#include "samcore/encoders/sam-family.h"
#include "samcore/model/sam-prompt-encoder.h"
#include "samcore/base/sam-trace.h"

G_BEGIN_DECLS

#define SAM_N_MASKS 4 /* one for precise prompts, three for ambiguous ones */

typedef struct _SamMaskDecoder SamMaskDecoder;

/* Failures go to @weights; NULL then. */
SamMaskDecoder *
sam_mask_decoder_new (SamWeights *weights, const SamModelSpec *spec, const SamEncoder *encoder);
void sam_mask_decoder_free (SamMaskDecoder *decoder);
/* Of one run without a mask, 2 per multiply-add, as the reference does it. n_prompt: tokens of the
 * prompt */
double sam_mask_decoder_get_flop (const SamMaskDecoder *decoder, size_t n_prompt);

/* Per picture: the encoder's side features as the decoder adds them. Channels are 0 where there are
 * none.
 * stride 4: [4 side, 4 side, c]  stride 8: [2 side, 2 side, c]  hq: [4 side, 4 side, c] */
void     sam_mask_decoder_get_channels (const SamMaskDecoder *decoder,
                                        size_t               *stride4,
                                        size_t               *stride8,
                                        size_t               *hq);
gboolean sam_mask_decoder_prepare (const SamMaskDecoder *decoder,
                                   const SamFeatures    *features,
                                   float                *stride4,
                                   float                *stride8,
                                   float                *hq,
                                   const SamTrace       *trace,
                                   GError              **error);

/* embedding: [side, side, width]  the others as sam_mask_decoder_prepare() makes them, or NULL */
typedef struct
{
  const float *embedding, *stride4, *stride8, *hq;
} SamDecoderImage;

/* Which of its SAM_N_MASKS masks a decoder is to make. */
typedef struct
{
  size_t first, n;
} SamMaskRange;

typedef struct
{
  size_t       side; /* of a mask: 4 times the embedding's */
  SamMaskRange made;
  float       *masks; /* [made.n, side, side], with HQ one more: the finer mask; free with g_free */
  float        iou[SAM_N_MASKS]; /* of all, made or not */
  float        object_score;     /* NAN without */
} SamDecoded;

/* Mask @i of those made: [side, side] */
static inline const float *
sam_decoded_get_mask (const SamDecoded *decoded, size_t i)
{
  return decoded->masks + (i - decoded->made.first) * decoded->side * decoded->side;
}

/* HQ's: [side, side] */
static inline const float *
sam_decoded_get_finer_mask (const SamDecoded *decoded)
{
  return decoded->masks + decoded->made.n * decoded->side * decoded->side;
}

/* mask: [4 side, 4 side] logits or NULL  wanted: within SAM_N_MASKS */
gboolean sam_mask_decoder_run (const SamMaskDecoder   *decoder,
                               const SamPromptEncoder *prompts,
                               const SamDecoderImage  *image,
                               const SamToken         *tokens,
                               size_t                  n_tokens,
                               const float            *mask,
                               SamMaskRange            wanted,
                               SamDecoded             *decoded,
                               const SamJob           *job,
                               const SamTrace         *trace,
                               GError                **error);

G_END_DECLS
