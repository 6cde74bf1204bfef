/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the picture lies in the widget, and how large. Arithmetic only: no GTK, no drawing.
 *
 * Three spaces: image (pixels of the picture), widget (pixels as the desktop counts them), device
 * (real pixels of the screen, @scale times as many).
 *
 *   widget = image * zoom + pan */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define SUI_SIGHT_MIN_ZOOM (1.0 / 256)
#define SUI_SIGHT_MAX_ZOOM 64.0

/**
 * SuiSight:
 * @image_width, @image_height: 0 without a picture
 * @scale: device pixels per pixel of the widget
 * @fit: whether the picture follows the widget's size
 *
 * The owner keeps the sizes and @scale up to date; the functions below change the rest.
 */
typedef struct
{
  double image_width, image_height;
  double widget_width, widget_height;
  double scale;

  double   zoom, pan_x, pan_y;
  gboolean fit;
} SuiSight;

void     sui_sight_init (SuiSight *sight);
gboolean sui_sight_has_picture (const SuiSight *sight);

void
sui_sight_to_widget (const SuiSight *sight, double x_image, double y_image, double *x, double *y);
void
sui_sight_to_image (const SuiSight *sight, double x, double y, double *x_image, double *y_image);
/* The nearest place of the picture. */
void
sui_sight_to_nearest (const SuiSight *sight, double x, double y, double *x_image, double *y_image);
/* As sui_sight_to_image(); TRUE when the place is on the picture. */
gboolean
sui_sight_hit (const SuiSight *sight, double x, double y, double *x_image, double *y_image);

/* The picture can be moved until its border reaches the middle of the widget. Pans to whole device
 * pixels, for sharpness. */
void sui_sight_settle (SuiSight *sight);
/* With @fit, shows the whole picture; TRUE when that changed the zoom. */
gboolean sui_sight_apply_fit (SuiSight *sight);
/* What is at that place of the widget stays there. */
void sui_sight_zoom_about (SuiSight *sight, double zoom, double x, double y);
void sui_sight_pan_by (SuiSight *sight, double dx, double dy);
/* Pans, if necessary, so that a place of the picture is visible. */
void sui_sight_reveal (SuiSight *sight, double x_image, double y_image);

G_END_DECLS
