/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is done to a mask between the model and the one who gets it. The order is the same wherever
 * a mask is finished:
 *
 *   1. fill holes    before specks are dropped: an island in a filled hole is object, no speck
 *   2. drop specks   before growing, so that nothing grows that is to go
 *   3. grow          before the matte, which looks for the object's end around the mask's
 *   4. matte         needs an edge that is still narrow
 *   5. feather       last: it blurs what all the others have made */
#pragma once

#include "samcore/sam-mask.h"

G_BEGIN_DECLS

/**
 * SamMaskFinish:
 * @fill_holes: holes of at most this area are filled
 * @min_area: parts of less area are dropped
 * @grow: a distance; shrinks when negative
 * @feather: a radius
 *
 * 0 leaves the mask alone.
 */
typedef struct
{
  double fill_holes;
  double min_area;
  double grow;
  double feather;
} SamMaskFinish;

/* Makes opacities of the edge. Returns a new mask of the same size, or NULL with an error. */
typedef SamMask *(*SamMatteFunc) (const SamMask *mask,
                                  gpointer       data,
                                  const SamJob  *job,
                                  GError       **error);

/**
 * sam_mask_finish:
 * @mask: taken over
 * @scale: pixels of @mask per unit of length of @finish
 * @matte: (nullable): for a matte, which samcore itself has not; @data goes with it
 *
 * NULL with SAM_ERROR_NO_MEMORY, G_IO_ERROR_CANCELLED or the error of @matte.
 */
SamMask *sam_mask_finish (SamMask             *mask,
                          const SamMaskFinish *finish,
                          double               scale,
                          SamMatteFunc         matte,
                          gpointer             data,
                          const SamJob        *job,
                          GError             **error);

G_END_DECLS
