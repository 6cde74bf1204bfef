/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the decoder answers: per candidate a low-resolution map of logits and two scores.
 * Immutable. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _SamLogits SamLogits;

void sam_logits_free (SamLogits *logits);

/* 3 for an ambiguous prompt, otherwise 1; in the model's own order (never sorted). */
size_t sam_logits_get_n_candidates (const SamLogits *logits);
/* The candidate to show first: the greatest predicted IoU among those that agree with the user's
 * own points (logit > 0 at the positive ones, <= 0 at the negative ones); among all when none
 * does. */
size_t sam_logits_get_best (const SamLogits *logits);

/* [height, width], stride 4 of the model's input: 256 x 256 for an input of 1024; or a finer grid
 * over the part of the picture that was looked at more closely, which sam_logits_get_part()
 * tells. */
size_t       sam_logits_get_width (const SamLogits *logits);
size_t       sam_logits_get_height (const SamLogits *logits);
const float *sam_logits_get_values (const SamLogits *logits, size_t candidate);
/* The part of the picture under a candidate's map; outside of it there is nothing of the object. */
void sam_logits_get_part (const SamLogits *logits,
                          size_t           candidate,
                          size_t          *x,
                          size_t          *y,
                          size_t          *width,
                          size_t          *height);

/* The model's own estimate of the mask's IoU with the truth. Usually within 0..1. */
float sam_logits_get_iou (const SamLogits *logits, size_t candidate);
/* Pixels above +1 over pixels above -1, of the low-resolution logits inside the picture (SAM's
 * stability score): how little the mask depends on the threshold. 0 where both are empty. */
float sam_logits_get_stability (const SamLogits *logits, size_t candidate);
/* SAM 2's logit that there is an object at all; NAN for models without it. */
float sam_logits_get_object_score (const SamLogits *logits);

/* Logit of @candidate at a place of the picture, as the full-size mask has it there. */
float sam_logits_sample (const SamLogits *logits, size_t candidate, float x_image, float y_image);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SamLogits, sam_logits_free)

G_END_DECLS
