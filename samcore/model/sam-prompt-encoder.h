/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the user said as the decoder takes it: tokens for points and boxes, a map for a mask.
 * Internal. */
#pragma once

#include "samcore/encoders/sam-family.h"
#include "samcore/base/sam-trace.h"

G_BEGIN_DECLS

#define SAM_LABEL_PAD          -1
#define SAM_LABEL_OFF          0
#define SAM_LABEL_ON           1
#define SAM_LABEL_TOP_LEFT     2
#define SAM_LABEL_BOTTOM_RIGHT 3

/* In pixels of the network's input. */
typedef struct
{
  float x_model, y_model;
  int   label;
} SamToken;

typedef struct _SamPromptEncoder SamPromptEncoder;

/* side: of the embedding; width: its channels. Failures go to @weights; NULL then. */
SamPromptEncoder *
sam_prompt_encoder_new (SamWeights *weights, const SamModelSpec *spec, size_t side, size_t width);
void sam_prompt_encoder_free (SamPromptEncoder *encoder);

/* Points of the picture in the family's order, with its padding. A GArray of SamToken.
 * box: four floats or NULL */
GArray *sam_prompt_encoder_arrange (const SamPromptEncoder *encoder,
                                    const SamGeometry      *geometry,
                                    const float (*points)[2],
                                    const int   *labels,
                                    size_t       n_points,
                                    const float *box);

/* tokens: [n, width] */
void sam_prompt_encoder_embed (const SamPromptEncoder *encoder,
                               float                  *tokens,
                               const SamToken         *prompt,
                               size_t                  n);

/* What is to be added to every place of the embedding when there is no mask: [width], or NULL for
 * nothing. */
const float *sam_prompt_encoder_get_no_mask (const SamPromptEncoder *encoder);
gboolean     sam_prompt_encoder_takes_masks (const SamPromptEncoder *encoder);

/* y = embedding + what the mask says, of an encoder that takes masks   y, embedding: [side, side,
 * width] mask: [4 side, 4 side] logits */
void sam_prompt_encoder_add_mask (const SamPromptEncoder *encoder,
                                  float                  *y,
                                  const float            *embedding,
                                  const float            *mask,
                                  const SamTrace         *trace);

/* [side, side, width]: the positional encoding of the embedding's places */
const float *sam_prompt_encoder_get_grid (const SamPromptEncoder *encoder);

G_END_DECLS
