/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The crops that a picture is searched in for objects, and the grid of points that is asked in
 * each. Internal. */
#pragma once

#include "samcore/sam-image.h"
#include "samcore/sam-object.h"

G_BEGIN_DECLS

/* (transfer full) (element-type double): x, y of points_per_side^2 points, row by row, from 0 to
 * 1. */
GArray *sam_crops_make_grid (int points_per_side);

/**
 * sam_crops_make:
 * @n_layers: beyond the picture itself
 * @overlap: of neighbouring crops, as a part of the picture's shorter side
 * @n_of_layer: [n_layers + 1] (out): the number of crops in each layer
 *
 * Returns: (transfer full) (element-type SamCorners): the picture first, then layer by layer
 */
GArray *sam_crops_make (size_t width, size_t height, int n_layers, double overlap, int *n_of_layer);

/* Whether a box in the picture ends within 20 pixels of the crop's border, where that is not the
 * picture's. */
gboolean
sam_crop_cuts_off (const SamCorners *crop, const SamCorners *box, size_t width, size_t height);

/* In the picture, the box of a mask of the crop's size. */
SamCorners sam_crop_find_box (const SamCorners *crop, const uint8_t *mask);
/* Fills in @rle, of the picture's size, with a mask of the crop's size. FALSE: no memory. */
gboolean sam_crop_place_mask (const SamCorners *crop,
                              const uint8_t    *mask,
                              size_t            width,
                              size_t            height,
                              SamRle           *rle);
/* (transfer full): NULL with SAM_ERROR_NO_MEMORY. */
SamImage *sam_crop_cut_image (const SamCorners *crop, SamImage *image, GError **error);

G_END_DECLS
