/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A model: the image encoder, prompt encoder and mask decoder of one checkpoint. Immutable. */
#pragma once

#include "samcore/sam-image.h"
#include "samcore/sam-job.h"
#include "samcore/sam-logits.h"
#include "samcore/sam-prompt.h"
#include "samcore/sam-scene.h"

G_BEGIN_DECLS

typedef struct _SamModel SamModel;

/**
 * sam_model_load:
 * @path: a checkpoint of a known family; the family is recognised by the names and shapes of its
 *   tensors
 *
 * Opens a checkpoint. The encoder's matrices, which make up most of a large file, are read and
 * checked by the first sam_model_encode().
 *
 * Returns: (transfer full): NULL with SAM_ERROR_BAD_FILE, which names the file, the tensor and what
 * is wrong with it (missing, wrong shape, not finite); SAM_ERROR_UNKNOWN_MODEL if no family fits;
 * or G_IO_ERROR_CANCELLED.
 */
SamModel *sam_model_load (const char *path, const SamJob *job, GError **error);

SamModel *sam_model_ref (SamModel *model);
void      sam_model_unref (SamModel *model);

/* Strings belong to the model. */
const char *sam_model_get_family (const SamModel *model);     /* "builtin", "sam", "mobilesam", … */
const char *sam_model_get_name (const SamModel *model);       /* to show to users: "SAM ViT-B" */
const char *sam_model_get_hash (const SamModel *model);       /* of its weights and arithmetic */
size_t      sam_model_get_image_size (const SamModel *model); /* side of the input, in pixels */
double      sam_model_get_gflop (const SamModel *model); /* of one encode, 2 per multiply-add */

/**
 * sam_model_encode:
 * @image: of any size; the scene keeps a reference to it if the model makes close-ups
 *
 * Runs the image encoder. This is the slow part, and needed once per picture: afterwards
 * sam_model_predict() answers any number of prompts.
 *
 * Returns: (transfer full): NULL with SAM_ERROR_NO_MEMORY; SAM_ERROR_BAD_FILE if a matrix of the
 * encoder has values that are not finite; or G_IO_ERROR_CANCELLED.
 */
SamScene *sam_model_encode (SamModel *model, SamImage *image, const SamJob *job, GError **error);

/**
 * sam_model_predict:
 * @scene: of the same model
 *
 * Runs the prompt encoder and the mask decoder for one prompt. Each box of a prompt is an object
 * (see SamPrompt); the answer to several objects is one candidate: the maximum of their logits,
 * with the mean of their predicted IoUs.
 *
 * Returns: (transfer full): see sam_logits_get_n_candidates(). NULL with
 * SAM_ERROR_BAD_PROMPT as sam_prompt_check(); SAM_ERROR_UNSUPPORTED if @scene, or the answer to be
 * refined, is another model's; SAM_ERROR_NO_MEMORY; or G_IO_ERROR_CANCELLED.
 */
SamLogits *sam_model_predict (SamModel        *model,
                              SamScene        *scene,
                              const SamPrompt *prompt,
                              const SamJob    *job,
                              GError         **error);

/**
 * sam_model_save_embedding:
 *
 * Writes an embedding as a safetensors file: maps in float32, channels last; the model's hash and
 * the picture's size in the metadata. The file is written under a temporary name and renamed when
 * it is complete. FALSE with SAM_ERROR_NO_MEMORY or G_FILE_ERROR.
 */
gboolean sam_model_save_embedding (SamModel           *model,
                                   const SamEmbedding *embedding,
                                   const char         *path,
                                   GError            **error);

/**
 * sam_model_open_embedding:
 *
 * Reads what sam_model_save_embedding() wrote.
 *
 * Returns: (transfer full): NULL with SAM_ERROR_BAD_FILE if the file is damaged or not an
 * embedding, or SAM_ERROR_UNSUPPORTED if it is another model's
 */
SamEmbedding *sam_model_open_embedding (SamModel *model, const char *path, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SamModel, sam_model_unref)

G_END_DECLS
