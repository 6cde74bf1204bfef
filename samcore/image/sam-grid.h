/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Maps of logits over a picture or a part of it, brought from one grid to another. Internal. */
#pragma once

#include "samcore/image/sam-geometry.h"

/* Logits in cells: [side, side] over the input of @geometry. */
typedef struct
{
  const SamGeometry *geometry;
  size_t             side;
} SamGrid;

/**
 * sam_grid_resample:
 * @y: [to->side, to->side]
 * @x: [from->side, from->side]
 * @outside: the value of what lies outside of the part that @from covers
 *
 * Bilinear at the centres of the cells; where they become larger, the mean over each of them. Both
 * geometries are parts of the same picture; exact when they and the sides are equal.
 */
void
sam_grid_resample (float *y, const SamGrid *to, const float *x, const SamGrid *from, float outside);

/* The place of the picture at the centre of a cell. */
void sam_grid_get_place (const SamGrid *grid,
                         size_t         column,
                         size_t         row,
                         double        *x_image,
                         double        *y_image);
