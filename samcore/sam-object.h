/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One of the objects that were found in a picture. */
#pragma once

#include "samcore/sam-mask.h"
#include "samcore/sam-rle.h"

G_BEGIN_DECLS

/* A box in pixels, as the reference has it: of a mask, the first and the last column and row, so
 * that x1 - x0 is one less than the width; of a crop, x1 and y1 are exclusive. */
typedef struct
{
  size_t x0, y0, x1, y1;
} SamCorners;

/**
 * SamObject:
 * @rle: the mask, of the picture's size
 * @box: the mask's; 0, 0, 0, 0 for an empty one
 * @crop: of the picture, in which it was found
 * @iou: the IoU that the model predicted for the mask
 * @stability: from 0 to 1: how little the mask changes with the threshold
 * @x: of the point that gave the mask, in pixels of the picture
 * @y: likewise
 * @candidate: which of the point's candidates it was
 *
 * Owned by the array that sam_everything() returns.
 */
typedef struct
{
  SamRle     rle;
  SamCorners box;
  SamCorners crop;
  float      iou;
  float      stability;
  double     x, y;
  size_t     candidate;
} SamObject;

/* (transfer full): a hard mask of the picture's size; NULL with SAM_ERROR_NO_MEMORY. */
SamMask *sam_object_to_mask (const SamObject *object, GError **error);

G_END_DECLS
