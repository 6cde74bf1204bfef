/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a session computes with: the core, or, in tests, something that answers as told. All
 * functions are called from the session's worker thread, one at a time, but for the ref and unref
 * ones. */
#pragma once

#include "samcore/sam-model.h"

G_BEGIN_DECLS

/**
 * SuiEngine: @load: a model's name or file ("" for the default) @encode: may answer from a cache
 * @predict: three candidates or one @sample: the logit of a candidate at a place of the picture
 * @mask: a candidate's mask at @width x @height: the picture's size, or a reduced one with the same
 * aspect
 */
typedef struct
{
  SamModel *(*load) (const char *model, const SamJob *job, GError **error);
  SamModel *(*model_ref) (SamModel *model);
  void (*model_unref) (SamModel *model);
  SamScene *(*encode) (SamModel *model, SamImage *image, const SamJob *job, GError **error);
  SamScene *(*embedding_ref) (SamScene *embedding);
  void (*embedding_unref) (SamScene *embedding);
  SamLogits *(*predict) (SamModel        *model,
                         SamScene        *embedding,
                         const SamPrompt *prompt,
                         const SamJob    *job,
                         GError         **error);
  void (*logits_free) (SamLogits *logits);
  size_t (*n_candidates) (const SamLogits *logits);
  float (*iou) (const SamLogits *logits, size_t candidate);
  float (*sample) (const SamLogits *logits, size_t candidate, float x_image, float y_image);
  SamMask *(*mask) (const SamLogits *logits,
                    size_t           candidate,
                    size_t           width,
                    size_t           height,
                    SamEdge          edge,
                    const SamJob    *job,
                    GError         **error);
} SuiEngine;

/* The core. */
extern const SuiEngine sui_engine_core;

G_END_DECLS
