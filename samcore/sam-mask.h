/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A mask: 8 bits of coverage for each pixel, 0 outside the object, 255 inside, values between at
 * soft edges. Immutable. */
#pragma once

#include <stdint.h>

#include "samcore/sam-job.h"
#include "samcore/sam-logits.h"

G_BEGIN_DECLS

typedef struct _SamMask SamMask;

/**
 * SamEdge:
 * @SAM_EDGE_HARD: 255 where the logit is > 0, otherwise 0; what the reference implementations
 *   return
 * @SAM_EDGE_SMOOTH: an edge about one pixel wide, from the logits' slope; >= 128 exactly where a
 *   hard mask is 255
 */
typedef enum
{
  SAM_EDGE_HARD,
  SAM_EDGE_SMOOTH
} SamEdge;

/**
 * sam_mask_new_from_logits:
 *
 * Makes the mask of one candidate at the picture's size: upsampled, without the padding, resized
 * and thresholded in the model's own order. It is computed row by row, without a buffer of floats
 * as large as the picture.
 *
 * Returns: (transfer full): NULL with SAM_ERROR_NO_MEMORY or G_IO_ERROR_CANCELLED
 */
SamMask *sam_mask_new_from_logits (const SamLogits *logits,
                                   size_t           candidate,
                                   SamEdge          edge,
                                   const SamJob    *job,
                                   GError         **error);

/* The same at another size, in general a smaller one: logits are sampled at the centres of its
 * pixels, and a smooth edge is one of them wide. */
SamMask *sam_mask_new_from_logits_at (const SamLogits *logits,
                                      size_t           candidate,
                                      size_t           width,
                                      size_t           height,
                                      SamEdge          edge,
                                      const SamJob    *job,
                                      GError         **error);

/* @coverage: [height, width], from g_malloc(); the mask takes it over. */
SamMask *sam_mask_new_take (size_t width, size_t height, uint8_t *coverage);
/* All 0. NULL with SAM_ERROR_NO_MEMORY, or SAM_ERROR_BAD_IMAGE for sides out of range. */
SamMask *sam_mask_new_empty (size_t width, size_t height, GError **error);
SamMask *sam_mask_copy (const SamMask *mask, GError **error);
void     sam_mask_free (SamMask *mask);

size_t sam_mask_get_width (const SamMask *mask);
size_t sam_mask_get_height (const SamMask *mask);
/* [height, width], the mask's own memory. */
const uint8_t *sam_mask_get_coverage (const SamMask *mask);

/* The number of pixels >= 128. */
size_t sam_mask_get_area (const SamMask *mask);
/* The smallest box around the pixels > 0, in pixels, x1 and y1 exclusive; FALSE if there are
 * none. */
gboolean sam_mask_get_bounds (const SamMask *mask, size_t *x0, size_t *y0, size_t *x1, size_t *y1);

/* The functions below return a new mask of the same size, (transfer full), or NULL with
 * SAM_ERROR_NO_MEMORY. Distances are in pixels; areas are numbers of pixels, where inside means
 * >= 128. Objects are 8-connected, holes 4-connected. */

/* The greater coverage of the two, which must be of the same size. */
SamMask *sam_mask_unite (const SamMask *a, const SamMask *b, GError **error);
/* Without holes of at most @max_area. */
SamMask *sam_mask_fill_holes (const SamMask *mask, double max_area, GError **error);
/* Without objects of less than @min_area. */
SamMask *sam_mask_drop_specks (const SamMask *mask, double min_area, GError **error);
/* Grows by a Euclidean distance, or shrinks if it is negative; soft edges stay soft. A mask that
 * touches the picture's border does not shrink from there. */
SamMask *sam_mask_grow (const SamMask *mask, double distance, GError **error);
/* Gaussian blur; @radius as in GIMP's Select > Feather. */
SamMask *sam_mask_feather (const SamMask *mask, double radius, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SamMask, sam_mask_free)

G_END_DECLS
