/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Logits drawn to the picture's colours and edges by a conditional random field. Internal. */
#pragma once

#include <stdint.h>

#include <glib.h>

/**
 * sam_crf_refine:
 * @logits: [height, stride], of which [height, width] is read and changed
 * @picture: [height, width, 3] R'G'B'
 *
 * The unary term is the logit, plus how much more often the pixel's colour occurs inside than
 * outside, both as the logits have it. The pairwise term asks neighbours of like colour to agree: a
 * fully connected field in the small (Krähenbühl and Koltun 2011, "Efficient inference in fully
 * connected CRFs with Gaussian edge potentials"), by a few mean-field steps. The result does not
 * depend on the number of threads. SAM_ERROR_NO_MEMORY.
 */
gboolean sam_crf_refine (float         *logits,
                         size_t         stride,
                         const uint8_t *picture,
                         size_t         width,
                         size_t         height,
                         GError       **error);
