/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cubic Bezier curves through a closed polygon. Internal. */
#pragma once

#include <glib.h>
#include <stddef.h>

G_BEGIN_DECLS

typedef struct
{
  double x, y;
} SamVertex;

/**
 * sam_bezier_fit:
 * @polygon: [n_points], closed: the first point is not repeated
 * @known_corners: [n_points]: 1 where the curve must keep a corner; others are found
 * @tolerance: > 0, in the polygon's unit: how far the curve may lie from the polygon
 * @n_anchors: (out)
 *
 * Returns: (transfer full): [n_anchors, 3, 2]: per anchor the handle before it, itself, the handle
 * after it. Free with g_free().
 */
double *sam_bezier_fit (const SamVertex *polygon,
                        const guint8    *known_corners,
                        size_t           n_points,
                        double           tolerance,
                        size_t          *n_anchors);

G_END_DECLS
