/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The mask decoder's answer: for each candidate a low-resolution map of logits, and scores.
 * Immutable. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _SamLogits SamLogits;

void sam_logits_free (SamLogits *logits);

/* 3 for an ambiguous prompt (SAM-HQ: 1), otherwise 1. Candidates are numbered from 0, in the
 * model's order. */
size_t sam_logits_get_n_candidates (const SamLogits *logits);
/* The candidate to show first: the one with the greatest predicted IoU among those that agree with
 * the user's points (logit > 0 at each positive one, <= 0 at each negative one); among all if none
 * does. */
size_t sam_logits_get_best (const SamLogits *logits);

/* A candidate's map, [height, width]; the logits' own memory. One value for 4 x 4 pixels of the
 * model's input: 256 x 256 for an input of 1024. For a close-up a finer grid over a part of the
 * picture, which sam_logits_get_part() returns. */
size_t       sam_logits_get_width (const SamLogits *logits);
size_t       sam_logits_get_height (const SamLogits *logits);
const float *sam_logits_get_values (const SamLogits *logits, size_t candidate);
/* The part of the picture that a candidate's map covers, in pixels; outside it nothing belongs to
 * the object. */
void sam_logits_get_part (const SamLogits *logits,
                          size_t           candidate,
                          size_t          *x,
                          size_t          *y,
                          size_t          *width,
                          size_t          *height);

/* The model's estimate of the mask's IoU with the true one; not always within [0, 1]. */
float sam_logits_get_iou (const SamLogits *logits, size_t candidate);
/* SAM's stability score, in [0, 1]: how little the mask depends on the threshold. The number of
 * logits above +1 over that of those above -1, inside the picture; 0 if there are none. */
float sam_logits_get_stability (const SamLogits *logits, size_t candidate);
/* SAM 2's logit for there being an object at all; NAN for other models. */
float sam_logits_get_object_score (const SamLogits *logits);

/* The logit of @candidate at a place in the picture, in pixels: the value that the mask at full
 * size is made from there. */
float sam_logits_sample (const SamLogits *logits, size_t candidate, float x_image, float y_image);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SamLogits, sam_logits_free)

G_END_DECLS
