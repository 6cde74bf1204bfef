/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A model: one checkpoint = an image encoder, a prompt encoder and a mask decoder. Immutable. */
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
 * @path: a checkpoint of any family that we know; recognised from tensor names and shapes
 *
 * SAM_ERROR_BAD_FILE names the file, the tensor and the reason (missing, wrong shape, not finite);
 * SAM_ERROR_UNKNOWN_MODEL when no family fits; G_IO_ERROR_CANCELLED.
 *
 * The encoder's matrices, which are nearly all of a large model, are not read yet.
 */
SamModel *sam_model_load (const char *path, const SamJob *job, GError **error);

SamModel *sam_model_ref (SamModel *model);
void      sam_model_unref (SamModel *model);

const char *sam_model_get_family (const SamModel *model);     /* "repvit", "sam", "mobilesam", … */
const char *sam_model_get_name (const SamModel *model);       /* for people: "SAM ViT-B" */
const char *sam_model_get_hash (const SamModel *model);       /* part of an embedding's cache key */
size_t      sam_model_get_image_size (const SamModel *model); /* side of the network's input */
double      sam_model_get_gflop (const SamModel *model); /* of one encode, 2 per multiply-add */

/**
 * sam_model_encode:
 *
 * Runs the image encoder, the slow part, once per picture. SAM_ERROR_NO_MEMORY; SAM_ERROR_BAD_FILE
 * when the encoder's matrices hold what is not finite; G_IO_ERROR_CANCELLED.
 */
SamScene *sam_model_encode (SamModel *model, SamImage *image, const SamJob *job, GError **error);

/**
 * sam_model_predict:
 *
 * Runs the prompt encoder and the mask decoder for one prompt. A prompt of several boxes is
 * answered by one prediction each, united by the maximum of their logits, with the mean of their
 * IoUs. SAM_ERROR_BAD_PROMPT as sam_prompt_check(); SAM_ERROR_UNSUPPORTED when @scene is another
 * model's.
 */
SamLogits *sam_model_predict (SamModel        *model,
                              SamScene        *scene,
                              const SamPrompt *prompt,
                              const SamJob    *job,
                              GError         **error);

/* An embedding as a file (safetensors, f32, channels last, geometry in the metadata) and back; the
 * hash of the model is kept and checked. Written to a temporary name, then renamed. */
gboolean      sam_model_save_embedding (SamModel           *model,
                                        const SamEmbedding *embedding,
                                        const char         *path,
                                        GError            **error);
SamEmbedding *sam_model_open_embedding (SamModel *model, const char *path, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SamModel, sam_model_unref)

G_END_DECLS
