/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The outline of a mask as closed lines, so that it stays sharp at any zoom. Immutable. */
#pragma once

#include "samcore/sam-mask.h"

G_BEGIN_DECLS

/**
 * SuiContour:
 * @n_lines: closed lines
 * @starts: [n_lines + 1], where each line starts in @xy, in corners
 * @xy: [starts[n_lines], 2], pixels of the mask
 */
typedef struct
{
  size_t  n_lines;
  size_t *starts;
  float  *xy;
} SuiContour;

/* Where the coverage crosses one half, to a fraction of a pixel; the picture's border closes
 * lines. */
SuiContour *sui_contour_new (const SamMask *mask);
SuiContour *sui_contour_ref (SuiContour *contour);
void        sui_contour_unref (SuiContour *contour);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SuiContour, sui_contour_unref)

G_END_DECLS
