/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the decoder makes logits. Internal. */
#pragma once

#include "samcore/image/sam-geometry.h"
#include "samcore/sam-logits.h"
#include "samcore/sam-prompt.h"

/* Logit of what is not in a candidate's part of the picture. */
#define SAM_LOGITS_OUTSIDE (-10.0f)

/**
 * sam_logits_new_take:
 * @values: [n_candidates, side, side], taken over (g_free); unclamped
 * @iou: [n_candidates], copied
 * @object_score: NAN where the family has none
 * @mask_input_limit: refining feeds the values back clamped to +-this (SAM 2: 32); 0 for no limit
 * @prompt: (nullable): to choose the best candidate by
 */
SamLogits *sam_logits_new_take (const SamGeometry *geometry,
                                size_t             n_candidates,
                                size_t             side,
                                float             *values,
                                const float       *iou,
                                float              object_score,
                                float              mask_input_limit,
                                const SamPrompt   *prompt);

/* The same, each candidate on a grid of its own part of the picture: geometries [n_candidates],
 * copied. */
SamLogits *sam_logits_new_parts_take (const SamGeometry *geometries,
                                      size_t             n_candidates,
                                      size_t             side,
                                      float             *values,
                                      const float       *iou,
                                      float              object_score,
                                      float              mask_input_limit,
                                      const SamPrompt   *prompt);

const SamGeometry *sam_logits_get_geometry (const SamLogits *logits, size_t candidate);
float              sam_logits_get_mask_input_limit (const SamLogits *logits);
