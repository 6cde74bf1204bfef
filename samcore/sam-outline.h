/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The outline of a mask: closed curves around its objects and holes, as polygons and as Bezier
 * curves. */
#pragma once

#include "samcore/sam-mask.h"

G_BEGIN_DECLS

typedef struct _SamOutline SamOutline;

/**
 * sam_outline_new:
 * @mask: where coverage >= 128 is inside; soft edges place the outline between pixels
 *
 * Traces every object (8-connected) and every hole. Objects run clockwise on the screen, holes the
 * other way round, so that both fill rules give the mask back. Corners of three and more straight
 * pixels stay sharp. An empty mask has no curves. SAM_ERROR_NO_MEMORY; G_IO_ERROR_CANCELLED.
 */
SamOutline *sam_outline_new (const SamMask *mask, const SamJob *job, GError **error);
void        sam_outline_free (SamOutline *outline);

size_t sam_outline_get_n_curves (const SamOutline *outline);

/* [n_points, 2]: x, y in pixels of the mask, origin at its top left corner; closed, the first point
 * is not repeated. */
const double *sam_outline_get_polygon (const SamOutline *outline, size_t curve, size_t *n_points);

/**
 * sam_outline_fit:
 * @tolerance: in pixels, > 0: how far the Bezier curve may lie from the polygon
 *
 * Returns: (transfer full): [n_anchors, 3, 2]: per anchor the handle before it, itself, the handle
 * after it, closed; the order that GIMP's paths have. Free with g_free.
 */
double *
sam_outline_fit (const SamOutline *outline, size_t curve, double tolerance, size_t *n_anchors);

/* Area inside minus area of holes, in pixels, of the polygons. */
double sam_outline_get_area (const SamOutline *outline);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SamOutline, sam_outline_free)

G_END_DECLS
