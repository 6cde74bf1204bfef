/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All objects of a picture: a grid of points, the masks they give, and of these the good ones that
 * are not the same. The steps and their order are those of Segment Anything's automatic mask
 * generator. */
#pragma once

#include "samcore/sam-model.h"
#include "samcore/sam-predictor.h"
#include "samcore/sam-rle.h"

G_BEGIN_DECLS

/**
 * SamEverythingOptions: @points_per_side: the grid's size; so many squared prompts @min_iou:
 * predicted IoU must exceed this; 0: whatever it is; or SAM_EVERYTHING_SUITABLE @min_stability:
 * stability score at least this; 0: whatever it is; or SAM_EVERYTHING_SUITABLE @stability_offset:
 * pixels above mask_threshold + this over pixels above mask_threshold - this @mask_threshold: the
 * logit from which a pixel is on @max_box_iou: of two masks of one crop whose boxes' IoU exceeds
 * this the worse one goes @crop_layers: look at 4, 16 … overlapping crops of the picture too:
 * better for small objects, slower @max_crop_iou: like @max_box_iou, between crops; the smaller
 * crop's mask stays @crop_overlap: of neighbouring crops, as a part of the picture's shorter side
 * @crop_points_divisor: the grid of each next layer of crops has so many times fewer points per
 * side @min_area: holes and islands of fewer pixels are removed
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

/* What suits the model: the reference's 0.88 and 0.95, or less for a small one that is never so
 * sure. */
#define SAM_EVERYTHING_SUITABLE (-1.0)

/* What the reference does by default, with scores that suit the model. */
void sam_everything_options_init (SamEverythingOptions *options);

/* Boxes as the reference has them: for masks the first and the last column and row, so that x1 - x0
 * is one less than the width; for crops right and bottom exclusive. */
typedef struct
{
  size_t x0, y0, x1, y1;
} SamCorners;

typedef struct
{
  SamRle     rle; /* of the picture's size */
  SamCorners box; /* 0, 0, 0, 0 for an empty mask */
  SamCorners crop;
  float      iou; /* predicted */
  float      stability;
  double     x, y;      /* the point, in pixels of the picture */
  size_t     candidate; /* which of the point's */
} SamObject;

/**
 * sam_everything:
 *
 * (element-type SamObject) (transfer full): in the reference's order. SAM_ERROR_NO_MEMORY;
 * G_IO_ERROR_CANCELLED.
 */
GPtrArray *sam_everything (SamModel                   *model,
                           SamImage                   *image,
                           const SamEverythingOptions *options,
                           const SamJob               *job,
                           GError                    **error);

/* The same, with something that stands for a model. */
GPtrArray *sam_everything_predict (const SamPredictor         *predictor,
                                   SamImage                   *image,
                                   const SamEverythingOptions *options,
                                   const SamJob               *job,
                                   GError                    **error);

SamMask *sam_object_to_mask (const SamObject *object, GError **error);

/* The steps, for tests. */

/* (element-type double): x, y of each point, from 0 to 1 */
GArray *sam_everything_make_grid (int points_per_side);
/* (element-type SamCorners), the whole picture first; the number of each layer into n_of_layer
 * [n_layers + 1] */
GArray *sam_everything_make_crops (size_t width,
                                   size_t height,
                                   int    n_layers,
                                   double overlap,
                                   int   *n_of_layer);
/* Whether a box in the picture ends within 20 pixels of the crop's border, where that is not the
 * picture's. */
gboolean sam_everything_is_cut_off (const SamCorners *box,
                                    const SamCorners *crop,
                                    size_t            width,
                                    size_t            height);
/* Indices of the boxes [n, 4] to keep, by falling score. (element-type guint) */
GArray *sam_everything_suppress (const float *boxes, const float *scores, guint n, double max_iou);
/* Fills holes (or drops islands; if all are too small the largest stays) of fewer than min_area
 * pixels, neighbours in eight directions; mask: [height, width], 0 or 255. */
gboolean   sam_everything_clean (uint8_t  *mask,
                                 size_t    width,
                                 size_t    height,
                                 size_t    min_area,
                                 gboolean  holes,
                                 gboolean *changed,
                                 GError  **error);
SamCorners sam_everything_find_box (const uint8_t *mask, size_t width, size_t height);
/* Parts of the pixels above t + offset in those above t - offset; NAN if there are none. Integers
 * divided in f32. */
float sam_everything_measure_stability (size_t n_inner, size_t n_outer);

G_END_DECLS
