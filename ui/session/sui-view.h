/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What there is to see of a session's answers, and how they are finished. */
#pragma once

#include "samcore/sam-mask.h"
#include "ui/session/sui-contour.h"

G_BEGIN_DECLS

/* Lengths are pixels, areas square pixels, of the image that the picture was made of: see
 * sui_session_set_factor(). 0 leaves the mask alone. @matte is for the one who makes the result:
 * the session shows it as a smooth edge. */
typedef struct
{
  SamEdge  edge;
  gboolean matte;
  double   grow; /* shrinks when negative */
  double   feather;
  double   fill_holes;
  double   min_area;
} SuiOptions;

/**
 * SuiView:
 * @scale: pixels of the masks per pixel of the picture, at most 1
 * @mask: all objects, options applied; NULL when there are none
 * @current: the current object alone; NULL when it is empty
 * @outline, @current_outline: their outlines, in pixels of the masks
 * @area: of @mask, as a part of the picture
 *
 * What there is to see. Immutable.
 */
typedef struct
{
  double      scale;
  SamMask    *mask, *current;
  SuiContour *outline, *current_outline;
  double      area;
} SuiView;

/* Pictures up to the first are always shown with the very mask that is applied; larger ones with
 * one that has as many pixels as the screen shows, up to the second. A preview under the pointer
 * has at most SUI_HOVER_SIDE pixels a side. */
#define SUI_VIEW_LEAST     1000000.0
#define SUI_VIEW_MOST      4000000.0
#define SUI_HOVER_SIDE     512
#define SUI_THUMBNAIL_SIDE 144

/* Pixels of a view's masks per pixel of the picture; see sui_session_set_detail(). */
double sui_view_get_scale (guint width, guint height, double detail);
void   sui_view_free (SuiView *view);

G_END_DECLS
