/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All objects of a picture: a grid of points, the masks they give, and of these the good ones that
 * are not the same. The steps and their order are those of Segment Anything's automatic mask
 * generator. */
#pragma once

#include "samcore/sam-model.h"
#include "samcore/sam-object.h"

G_BEGIN_DECLS

/* For @min_iou and @min_stability: what suits the model. The reference's 0.88 and 0.95 for the
 * published models, less for the built-in one, whose scores are lower. */
#define SAM_EVERYTHING_SUITABLE (-1.0)

/**
 * SamEverythingOptions:
 * @points_per_side: of the grid, which has the square of this many points
 * @min_iou: a mask's predicted IoU must exceed this; 0: any; or SAM_EVERYTHING_SUITABLE
 * @min_stability: a mask's stability must be at least this; 0: any; or SAM_EVERYTHING_SUITABLE
 * @stability_offset: the stability is the number of pixels whose logit is above
 *   mask_threshold + this, over the number of those above mask_threshold - this
 * @mask_threshold: the logit above which a pixel belongs to the mask
 * @max_box_iou: if the boxes of two masks of a crop have a greater IoU, the worse mask goes
 * @crop_layers: search 4, 16 … overlapping crops of the picture as well, so many layers of them:
 *   finds smaller objects, takes longer
 * @max_crop_iou: like @max_box_iou, between crops; the mask from the smaller crop stays
 * @crop_overlap: of neighbouring crops, as a part of the picture's shorter side
 * @crop_points_divisor: each layer of crops has so many times fewer points per side than the one
 *   before
 * @min_area: holes and islands of fewer pixels are removed; 0: none are
 */
typedef struct
{
  int    points_per_side;
  double min_iou;
  double min_stability;
  double stability_offset;
  double mask_threshold;
  double max_box_iou;
  int    crop_layers;
  double max_crop_iou;
  double crop_overlap;
  int    crop_points_divisor;
  size_t min_area;
} SamEverythingOptions;

/* The reference's defaults: 32 points per side, no further crops; scores that suit the model. */
void sam_everything_options_init (SamEverythingOptions *options);

/**
 * sam_everything:
 *
 * Finds the objects of @image. It encodes the picture and each of its crops once; embeddings are
 * not taken from the cache.
 *
 * Returns: (transfer full) (element-type SamObject): in the reference's order, which is by falling
 * predicted IoU; with several crops, those of the smallest first; with @min_area, cleaned masks
 * last. Free with g_ptr_array_unref(). NULL with SAM_ERROR_NO_MEMORY, SAM_ERROR_BAD_FILE as
 * sam_model_encode(), or G_IO_ERROR_CANCELLED.
 */
GPtrArray *sam_everything (SamModel                   *model,
                           SamImage                   *image,
                           const SamEverythingOptions *options,
                           const SamJob               *job,
                           GError                    **error);

G_END_DECLS
