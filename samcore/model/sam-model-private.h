/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A model's steps one by one, for tests. Internal. */
#pragma once

#include "samcore/weights/sam-checkpoint.h"
#include "samcore/model/sam-mask-decoder.h"
#include "samcore/sam-model.h"

G_BEGIN_DECLS

/* As sam_model_load(), from a checkpoint that is open already. */
SamModel *sam_model_new (SamCheckpoint *checkpoint, const SamJob *job, GError **error);

/* Checks and packs all weights now, which otherwise the first sam_model_encode() does. Errors as
 * there. */
gboolean sam_model_pack (SamModel *model, const SamJob *job, GError **error);
/* Of one predict for so many points, 2 per multiply-add, as the reference does it. */
double sam_model_get_click_gflop (const SamModel *model, size_t n_points);

const SamModelSpec     *sam_model_get_spec (const SamModel *model);
const SamPromptEncoder *sam_model_get_prompt_encoder (const SamModel *model);

/* One object of a prompt. */
typedef struct
{
  GArray       *points; /* of float[2] */
  GArray       *labels; /* of int */
  const SamBox *box;    /* NULL: given by its points, or by the mask alone */
} SamPromptObject;

/* image: the picture, or the same reduced; part: of the picture, in the model's own input */
SamEmbedding *sam_model_encode_part (SamModel          *model,
                                     SamImage          *image,
                                     const SamGeometry *part,
                                     const SamJob      *job,
                                     const SamTrace    *trace,
                                     GError           **error);
/* Of what the encoder sees of @image, which is all that the embedding depends on; NULL: no memory.
 * Free with g_free. */
char *sam_model_digest_input (SamModel *model, SamImage *image);
/* @embedding: taken over; @image: what it was made of, or NULL: no close-ups then. */
SamScene *sam_model_make_scene (const SamModel *model, SamEmbedding *embedding, SamImage *image);
SamEmbedding *sam_model_encode_traced (SamModel       *model,
                                       SamImage       *image,
                                       const SamJob   *job,
                                       const SamTrace *trace,
                                       GError        **error);

/* Candidates for one object, before any choice. tokens: as sam_prompt_encoder_arrange() makes them
 * mask: [4 side, 4 side] logits or NULL */
gboolean sam_model_decode (SamModel           *model,
                           const SamEmbedding *embedding,
                           const SamToken     *tokens,
                           size_t              n_tokens,
                           const float        *mask,
                           SamMaskRange        wanted,
                           SamDecoded         *decoded,
                           const SamJob       *job,
                           const SamTrace     *trace,
                           GError            **error);

/* The decoder's masks that an answer is chosen from. ambiguous: "multimask" in the references. */
SamMaskRange sam_model_get_choice (const SamModel *model, gboolean ambiguous);
/* The decoder's masks that answer: their number, and which. */
size_t sam_model_choose (const SamModel   *model,
                         const SamDecoded *decoded,
                         gboolean          ambiguous,
                         size_t            choice[SAM_N_MASKS - 1]);

G_END_DECLS
