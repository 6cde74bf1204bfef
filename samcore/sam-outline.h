/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The outline of a mask: closed curves around its objects and holes, as polygons and as Bezier
 * curves. Immutable. */
#pragma once

#include "samcore/sam-mask.h"

G_BEGIN_DECLS

typedef struct _SamOutline SamOutline;

/**
 * sam_outline_new:
 * @mask: inside where its coverage is >= 128; soft edges place the outline between pixels
 *
 * Traces every object (8-connected) and every hole. Curves around objects run clockwise on the
 * screen, those around holes counter-clockwise, so that either fill rule gives the mask back. Where
 * two straight runs of at least three pixels meet, the corner stays sharp. An empty mask has no
 * curves.
 *
 * Returns: (transfer full): NULL with SAM_ERROR_NO_MEMORY or G_IO_ERROR_CANCELLED
 */
SamOutline *sam_outline_new (const SamMask *mask, const SamJob *job, GError **error);
void        sam_outline_free (SamOutline *outline);

size_t sam_outline_get_n_curves (const SamOutline *outline);

/* [n_points, 2]: x, y in pixels of the mask, from its top left corner; closed, the first point is
 * not repeated. The outline's own memory. */
const double *sam_outline_get_polygon (const SamOutline *outline, size_t curve, size_t *n_points);

/**
 * sam_outline_fit:
 * @tolerance: > 0, in pixels: how far the Bezier curve may lie from the polygon
 *
 * Returns: (transfer full): [n_anchors, 3, 2]: for each anchor the handle before it, the anchor and
 * the handle after it; closed. This is the order of GIMP's paths. Free with g_free().
 */
double *
sam_outline_fit (const SamOutline *outline, size_t curve, double tolerance, size_t *n_anchors);

/* The area within the polygons, without that of holes, in pixels. */
double sam_outline_get_area (const SamOutline *outline);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SamOutline, sam_outline_free)

G_END_DECLS
