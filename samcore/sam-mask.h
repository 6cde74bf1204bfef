/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A mask at picture size: coverage in 8 bits, 0 off the object, 255 on it, between at soft
 * edges. */
#pragma once

#include <stdint.h>

#include "samcore/sam-job.h"
#include "samcore/sam-logits.h"

G_BEGIN_DECLS

typedef struct _SamMask SamMask;

/**
 * SamEdge: @SAM_EDGE_HARD: logit > 0, nothing between 0 and 255; what the reference implementations
 * return @SAM_EDGE_SMOOTH: an edge about one pixel wide, from the logits' slope; >= 128 exactly
 * where hard is on
 */
typedef enum
{
  SAM_EDGE_HARD,
  SAM_EDGE_SMOOTH
} SamEdge;

/**
 * sam_mask_new_from_logits:
 *
 * The mask of one candidate at the picture's size, by the model's own order of steps (upsample, cut
 * the padding off, resize, threshold), computed in tiles: no buffer of floats as large as the
 * picture. SAM_ERROR_NO_MEMORY; G_IO_ERROR_CANCELLED.
 */
SamMask *sam_mask_new_from_logits (const SamLogits *logits,
                                   size_t           candidate,
                                   SamEdge          edge,
                                   const SamJob    *job,
                                   GError         **error);

/* The same at another size, smaller as a rule: the logits are taken at the centres of its pixels,
 * and a smooth edge is one of them wide. */
SamMask *sam_mask_new_from_logits_at (const SamLogits *logits,
                                      size_t           candidate,
                                      size_t           width,
                                      size_t           height,
                                      SamEdge          edge,
                                      const SamJob    *job,
                                      GError         **error);

/* @coverage: [height, width], taken over (g_free). */
SamMask *sam_mask_new_take (size_t width, size_t height, uint8_t *coverage);
/* All 0; NULL with SAM_ERROR_NO_MEMORY or SAM_ERROR_BAD_IMAGE. */
SamMask *sam_mask_new_empty (size_t width, size_t height, GError **error);
SamMask *sam_mask_copy (const SamMask *mask, GError **error);
void     sam_mask_free (SamMask *mask);

size_t         sam_mask_get_width (const SamMask *mask);
size_t         sam_mask_get_height (const SamMask *mask);
const uint8_t *sam_mask_get_coverage (const SamMask *mask);

/* Number of pixels >= 128. */
size_t sam_mask_get_area (const SamMask *mask);
/* The smallest box of pixels > 0, right and bottom exclusive; FALSE when there is none. */
gboolean sam_mask_get_bounds (const SamMask *mask, size_t *x0, size_t *y0, size_t *x1, size_t *y1);

/* Each returns a new mask, of the same size. Lengths are pixels, areas pixels of the 128 level,
 * 8-connected objects and 4-connected holes. NULL with SAM_ERROR_NO_MEMORY. */
SamMask *sam_mask_unite (const SamMask *a, const SamMask *b, GError **error); /* maximum */
SamMask *sam_mask_fill_holes (const SamMask *mask, double max_area, GError **error);
SamMask *sam_mask_drop_specks (const SamMask *mask, double min_area, GError **error);
/* Grows by a Euclidean distance, shrinks for a negative one; soft edges stay soft. The picture's
 * border does not eat into a mask that touches it. */
SamMask *sam_mask_grow (const SamMask *mask, double distance, GError **error);
/* Gaussian blur, radius as in GIMP's Select > Feather. */
SamMask *sam_mask_feather (const SamMask *mask, double radius, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SamMask, sam_mask_free)

G_END_DECLS
