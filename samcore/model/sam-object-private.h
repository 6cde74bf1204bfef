/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How objects are measured, compared and cleaned. The order of everything is that of Segment
 * Anything's automatic mask generator. Internal. */
#pragma once

#include "samcore/sam-object.h"

G_BEGIN_DECLS

/* (element-type SamObject): an empty array that owns its objects. */
GPtrArray *sam_objects_new (void);

/* The functions below take @objects over and return those that are left, in the order of their
 * scores. Of two whose boxes' IoU exceeds @max_iou, the worse one goes. */

/* By predicted IoU. */
GPtrArray *sam_objects_prefer_high_scores (GPtrArray *objects, double max_iou);
/* Those from small crops show more. */
GPtrArray *sam_objects_prefer_small_crops (GPtrArray *objects, double max_iou);
/* Cleans each mask, and prefers those that had nothing to be cleaned. NULL with
 * SAM_ERROR_NO_MEMORY. */
GPtrArray *sam_objects_clean (GPtrArray *objects, size_t min_area, double max_iou, GError **error);

/* Which of the boxes [n, 4] to keep, by falling score. (transfer full) (element-type guint) */
GArray *sam_boxes_suppress (const float *boxes, const float *scores, guint n, double max_iou);

/* Fills holes (or drops islands; if all are too small the largest stays) of fewer than @min_area
 * pixels, neighbours in eight directions. @changed: whether there were any. FALSE with
 * SAM_ERROR_NO_MEMORY. */
gboolean sam_object_clean_mask (uint8_t  *mask,
                                size_t    width,
                                size_t    height,
                                size_t    min_area,
                                gboolean  holes,
                                gboolean *changed,
                                GError  **error);

SamCorners sam_corners_from_mask (const uint8_t *mask, size_t width, size_t height);

/* The number of pixels above threshold + offset over that of those above threshold - offset; NAN if
 * there are none. Divided in float32, as in the reference. */
float sam_object_measure_stability (size_t n_inner, size_t n_outer);

void sam_object_set_no_memory (GError **error);

G_END_DECLS
