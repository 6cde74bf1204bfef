/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "ui/sui-sight.h"

#define MARGIN 12.0 /* around a fitted picture */
/* A small icon is shown larger, but not as a few giant squares. */
#define MAX_FIT_ZOOM  8.0
#define REVEAL_MARGIN 20.0

void
sui_sight_init (SuiSight *sight)
{
  *sight = (SuiSight) { .scale = 1.0, .zoom = 1.0, .fit = TRUE };
}

gboolean
sui_sight_has_picture (const SuiSight *sight)
{
  return sight->image_width > 0 && sight->image_height > 0;
}

void
sui_sight_to_widget (const SuiSight *sight, double x_image, double y_image, double *x, double *y)
{
  *x = x_image * sight->zoom + sight->pan_x;
  *y = y_image * sight->zoom + sight->pan_y;
}

void
sui_sight_to_image (const SuiSight *sight, double x, double y, double *x_image, double *y_image)
{
  *x_image = (x - sight->pan_x) / sight->zoom;
  *y_image = (y - sight->pan_y) / sight->zoom;
}

void
sui_sight_to_nearest (const SuiSight *sight, double x, double y, double *x_image, double *y_image)
{
  sui_sight_to_image (sight, x, y, x_image, y_image);
  *x_image = CLAMP (*x_image, 0.0, sight->image_width);
  *y_image = CLAMP (*y_image, 0.0, sight->image_height);
}

gboolean
sui_sight_hit (const SuiSight *sight, double x, double y, double *x_image, double *y_image)
{
  sui_sight_to_image (sight, x, y, x_image, y_image);

  return *x_image >= 0 && *y_image >= 0 && *x_image < sight->image_width &&
         *y_image < sight->image_height;
}

void
sui_sight_settle (SuiSight *sight)
{
  double width = sight->image_width * sight->zoom;
  double height = sight->image_height * sight->zoom;

  if (! sui_sight_has_picture (sight))
    return;
  sight->pan_x = CLAMP (sight->pan_x, sight->widget_width / 2 - width, sight->widget_width / 2);
  sight->pan_y = CLAMP (sight->pan_y, sight->widget_height / 2 - height, sight->widget_height / 2);
  sight->pan_x = round (sight->pan_x * sight->scale) / sight->scale;
  sight->pan_y = round (sight->pan_y * sight->scale) / sight->scale;
}

gboolean
sui_sight_apply_fit (SuiSight *sight)
{
  double before = sight->zoom, zoom;

  if (! sight->fit || ! sui_sight_has_picture (sight))
    return FALSE;
  zoom = MIN (MAX (sight->widget_width - 2 * MARGIN, 16.0) / sight->image_width,
              MAX (sight->widget_height - 2 * MARGIN, 16.0) / sight->image_height);
  zoom = CLAMP (zoom, SUI_SIGHT_MIN_ZOOM, MAX_FIT_ZOOM);
  sight->zoom = zoom;
  sight->pan_x = (sight->widget_width - sight->image_width * zoom) / 2;
  sight->pan_y = (sight->widget_height - sight->image_height * zoom) / 2;
  sui_sight_settle (sight);

  return zoom != before;
}

void
sui_sight_zoom_about (SuiSight *sight, double zoom, double x, double y)
{
  double x_image, y_image;

  sui_sight_to_image (sight, x, y, &x_image, &y_image);
  sight->fit = FALSE;
  sight->zoom = CLAMP (zoom, SUI_SIGHT_MIN_ZOOM, SUI_SIGHT_MAX_ZOOM);
  sight->pan_x = x - x_image * sight->zoom;
  sight->pan_y = y - y_image * sight->zoom;
  sui_sight_settle (sight);
}

void
sui_sight_pan_by (SuiSight *sight, double dx, double dy)
{
  sight->fit = FALSE;
  sight->pan_x += dx;
  sight->pan_y += dy;
  sui_sight_settle (sight);
}

/* How far to move what is at @x, for it to be between the margins of 0 and @length. */
static double
distance_to_margin (double x, double length)
{
  if (x < REVEAL_MARGIN)
    return REVEAL_MARGIN - x;
  if (x > length - REVEAL_MARGIN)
    return length - REVEAL_MARGIN - x;

  return 0.0;
}

void
sui_sight_reveal (SuiSight *sight, double x_image, double y_image)
{
  double x, y, dx, dy;

  sui_sight_to_widget (sight, x_image, y_image, &x, &y);
  dx = distance_to_margin (x, sight->widget_width);
  dy = distance_to_margin (y, sight->widget_height);
  if (dx != 0.0 || dy != 0.0)
    sui_sight_pan_by (sight, dx, dy);
}
