/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The picture with what was said and what was found, where the user points. */
#pragma once

#include <gtk/gtk.h>

#include "ui/session/sui-session.h"
#include "ui/sui-drag.h"
#include "ui/sui-paint.h"

G_BEGIN_DECLS

#define SUI_TYPE_CANVAS (sui_canvas_get_type ())
G_DECLARE_FINAL_TYPE (SuiCanvas, sui_canvas, SUI, CANVAS, GtkDrawingArea)

/* Signals: "zoom" when the zoom has changed; "full" when a prompt was refused because there are too
 * many. */
GtkWidget *sui_canvas_new (SuiSession *session);

void          sui_canvas_set_look (SuiCanvas *canvas, SuiCanvasLook look);
SuiCanvasLook sui_canvas_get_look (SuiCanvas *canvas);
void          sui_canvas_set_tool (SuiCanvas *canvas, SuiTool tool);
SuiTool       sui_canvas_get_tool (SuiCanvas *canvas);
/* What the left button does: 1 adds, 0 takes away; the right button and Alt do the other. */
void   sui_canvas_set_label (SuiCanvas *canvas, int label);
int    sui_canvas_get_label (SuiCanvas *canvas);
void   sui_canvas_set_brush (SuiCanvas *canvas, double width); /* on the screen */
double sui_canvas_get_brush (SuiCanvas *canvas);

/* Pixels of the screen, as the desktop counts them, per pixel of the picture. */
double sui_canvas_get_zoom (SuiCanvas *canvas);
void   sui_canvas_set_zoom (SuiCanvas *canvas, double zoom); /* about the middle */
void   sui_canvas_zoom_step (SuiCanvas *canvas, int steps);
void   sui_canvas_zoom_fit (SuiCanvas *canvas);
/* One pixel of the picture is one pixel of the screen, also on a HiDPI one. */
void sui_canvas_zoom_one (SuiCanvas *canvas);

/* Deletes the marked prompt, or else the last. */
void sui_canvas_delete (SuiCanvas *canvas);

/* Between the picture and the widget. */
void sui_canvas_to_widget (SuiCanvas *canvas, double x_image, double y_image, double *x, double *y);
void sui_canvas_to_image (SuiCanvas *canvas, double x, double y, double *x_image, double *y_image);

G_END_DECLS
