/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Paints what the session holds: the picture, what was found, the prompts.
 *
 * Two layers. The base (picture, tint, outline, in the chosen look) is kept as a surface of device
 * pixels and made again only when the view or what is found changes; what follows the pointer is
 * drawn over it each time. User space is the widget's. */
#pragma once

#include <cairo.h>

#include "ui/session/sui-session.h"
#include "ui/sui-pyramid.h"
#include "ui/sui-sight.h"

G_BEGIN_DECLS

typedef enum
{
  SUI_CANVAS_TINT,
  SUI_CANVAS_OUTLINE,
  SUI_CANVAS_BLACK,
  SUI_CANVAS_WHITE,
  SUI_CANVAS_TRANSPARENT,
  SUI_CANVAS_MASK
} SuiCanvasLook;

/**
 * SuiPaint:
 * @session: the owner's
 * @pyramid: (nullable): the picture; NULL while it is being made
 * @base: (nullable): NULL when it has to be made again
 * @mask, @current: (nullable): of the session's view, A8
 * @hover: (nullable): the mask of the preview, A8, made when it is first drawn
 */
typedef struct
{
  SuiSession      *session;
  SuiCanvasLook    look;
  SuiPyramid      *pyramid;
  cairo_surface_t *base;
  cairo_surface_t *mask, *current;
  cairo_surface_t *hover;
} SuiPaint;

void sui_paint_init (SuiPaint *paint, SuiSession *session);
void sui_paint_clear (SuiPaint *paint);

/* When the session's view, or its preview, is another one. */
void sui_paint_update_view (SuiPaint *paint);
void sui_paint_update_hover (SuiPaint *paint);
/* When anything else changed that the base shows. */
void sui_paint_drop_base (SuiPaint *paint);

/* @ground: the grey around the picture */
void sui_paint_draw_base (SuiPaint *paint, cairo_t *cr, const SuiSight *sight, double ground);
void sui_paint_draw_hover (SuiPaint *paint, cairo_t *cr, const SuiSight *sight);
/* @marked: the prompt of the current object that is under the pointer; -1 for none */
void sui_paint_draw_prompts (SuiPaint *paint, cairo_t *cr, const SuiSight *sight, int marked);
/* The brush; coordinates are the widget's. */
void sui_paint_draw_brush (cairo_t *cr, double x, double y, double width);

G_END_DECLS
