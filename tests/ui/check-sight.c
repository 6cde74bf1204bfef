/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Zoom and place of the picture in the widget; no display. */
#include "config.h"

#include <math.h>

#include "ui/sui-sight.h"

#define WIDGET_WIDTH  624
#define WIDGET_HEIGHT 424

static SuiSight
look_at (double image_width, double image_height)
{
  SuiSight sight;

  sui_sight_init (&sight);
  sight.image_width = image_width;
  sight.image_height = image_height;
  sight.widget_width = WIDGET_WIDTH;
  sight.widget_height = WIDGET_HEIGHT;

  return sight;
}

/* Both directions, as the formula in the header has it. */
static void
test_spaces (void)
{
  SuiSight sight = look_at (120, 80);
  double   x, y;

  sight.zoom = 2.5;
  sight.pan_x = 30;
  sight.pan_y = -7;
  sui_sight_to_widget (&sight, 10, 20, &x, &y);
  g_assert_cmpfloat (x, ==, 55.0);
  g_assert_cmpfloat (y, ==, 43.0);
  sui_sight_to_image (&sight, 55, 43, &x, &y);
  g_assert_cmpfloat (x, ==, 10.0);
  g_assert_cmpfloat (y, ==, 20.0);
}

/* The left and upper borders belong to the picture, the right and lower ones do not. */
static void
test_hit (void)
{
  SuiSight sight = look_at (120, 80);
  double   x, y;

  sight.zoom = 2.0;
  sight.pan_x = sight.pan_y = 10;
  g_assert_true (sui_sight_hit (&sight, 10, 10, &x, &y));
  g_assert_true (sui_sight_hit (&sight, 249, 169, &x, &y));
  g_assert_cmpfloat (x, ==, 119.5);
  g_assert_cmpfloat (y, ==, 79.5);
  g_assert_false (sui_sight_hit (&sight, 9, 10, &x, &y));
  g_assert_false (sui_sight_hit (&sight, 10, 9, &x, &y));
  g_assert_false (sui_sight_hit (&sight, 250, 10, &x, &y));
  g_assert_false (sui_sight_hit (&sight, 10, 170, &x, &y));

  sui_sight_to_nearest (&sight, 0, 1000, &x, &y);
  g_assert_cmpfloat (x, ==, 0.0);
  g_assert_cmpfloat (y, ==, 80.0);
  sui_sight_to_nearest (&sight, 12, 14, &x, &y);
  g_assert_cmpfloat (x, ==, 1.0);
  g_assert_cmpfloat (y, ==, 2.0);

  sight = look_at (0, 0);
  g_assert_false (sui_sight_has_picture (&sight));
  g_assert_false (sui_sight_hit (&sight, 0, 0, &x, &y));
}

/* In the middle, with a margin of 12, and within the limits of the zoom. */
static void
test_fit (void)
{
  SuiSight sight = look_at (120, 80);

  g_assert_true (sui_sight_apply_fit (&sight));
  g_assert_cmpfloat (sight.zoom, ==, 5.0);
  g_assert_cmpfloat (sight.pan_x, ==, 12.0);
  g_assert_cmpfloat (sight.pan_y, ==, 12.0);
  g_assert_false (sui_sight_apply_fit (&sight));

  /* the same zoom in a higher widget: only the place changes */
  sight.widget_height += 100;
  g_assert_false (sui_sight_apply_fit (&sight));
  g_assert_cmpfloat (sight.pan_y, ==, 62.0);

  sight = look_at (16, 16);
  sui_sight_apply_fit (&sight);
  g_assert_cmpfloat (sight.zoom, ==, 8.0);
  g_assert_cmpfloat (sight.pan_x, ==, (WIDGET_WIDTH - 128) / 2);

  sight = look_at (1e6, 1e6);
  sui_sight_apply_fit (&sight);
  g_assert_cmpfloat (sight.zoom, ==, SUI_SIGHT_MIN_ZOOM);

  /* before GTK gives the widget a size */
  sight = look_at (160, 80);
  sight.widget_width = sight.widget_height = 1;
  sui_sight_apply_fit (&sight);
  g_assert_cmpfloat (sight.zoom, ==, 0.1);

  sight = look_at (0, 0);
  g_assert_false (sui_sight_apply_fit (&sight));
  g_assert_cmpfloat (sight.zoom, ==, 1.0);
}

/* Whoever zooms or pans does not want the picture to follow the widget any more. */
static void
test_fit_ends (void)
{
  SuiSight sight = look_at (120, 80);

  sui_sight_apply_fit (&sight);
  sui_sight_pan_by (&sight, 10, 0);
  g_assert_false (sight.fit);
  g_assert_false (sui_sight_apply_fit (&sight));
  g_assert_cmpfloat (sight.pan_x, ==, 22.0);

  sight = look_at (120, 80);
  sui_sight_apply_fit (&sight);
  sui_sight_zoom_about (&sight, 2.0, 0, 0);
  g_assert_false (sight.fit);
  g_assert_false (sui_sight_apply_fit (&sight));
  g_assert_cmpfloat (sight.zoom, ==, 2.0);
}

static void
test_zoom (void)
{
  SuiSight sight = look_at (1200, 800);
  double   x, y, x2, y2;

  /* what is there stays, but for the half pixel by which the pan is rounded */
  sui_sight_apply_fit (&sight);
  for (double zoom = 0.3; zoom < 60; zoom *= 1.25)
    {
      sui_sight_to_image (&sight, 200, 150, &x, &y);
      sui_sight_zoom_about (&sight, zoom, 200, 150);
      g_assert_cmpfloat (sight.zoom, ==, zoom);
      sui_sight_to_image (&sight, 200, 150, &x2, &y2);
      g_assert_cmpfloat_with_epsilon (x * zoom, x2 * zoom, 0.5 + 1e-9);
      g_assert_cmpfloat_with_epsilon (y * zoom, y2 * zoom, 0.5 + 1e-9);
    }

  sui_sight_zoom_about (&sight, 1000, 200, 150);
  g_assert_cmpfloat (sight.zoom, ==, SUI_SIGHT_MAX_ZOOM);
  sui_sight_zoom_about (&sight, 0, 200, 150);
  g_assert_cmpfloat (sight.zoom, ==, SUI_SIGHT_MIN_ZOOM);
}

static void
test_pan (void)
{
  SuiSight sight = look_at (120, 80);

  /* until the border is in the middle */
  sui_sight_apply_fit (&sight);
  sui_sight_pan_by (&sight, 1e5, 1e5);
  g_assert_cmpfloat (sight.pan_x, ==, WIDGET_WIDTH / 2);
  g_assert_cmpfloat (sight.pan_y, ==, WIDGET_HEIGHT / 2);
  sui_sight_pan_by (&sight, -1e5, -1e5);
  g_assert_cmpfloat (sight.pan_x, ==, WIDGET_WIDTH / 2 - 600);
  g_assert_cmpfloat (sight.pan_y, ==, WIDGET_HEIGHT / 2 - 400);

  /* whole pixels of the screen, of which a HiDPI one has more */
  sight = look_at (1000, 1000);
  sui_sight_pan_by (&sight, 10.3, 20.7);
  g_assert_cmpfloat (sight.pan_x, ==, 10.0);
  g_assert_cmpfloat (sight.pan_y, ==, 21.0);
  sight.scale = 2.0;
  sui_sight_pan_by (&sight, 0.3, 0.8);
  g_assert_cmpfloat (sight.pan_x, ==, 10.5);
  g_assert_cmpfloat (sight.pan_y, ==, 22.0);
}

/* What is visible stays where it is; the rest comes to 20 pixels from the border. */
static void
test_reveal (void)
{
  SuiSight sight = look_at (1000, 1000);
  double   x, y;

  sui_sight_reveal (&sight, 100, 100);
  g_assert_true (sight.fit);
  g_assert_cmpfloat (sight.pan_x, ==, 0.0);
  g_assert_cmpfloat (sight.pan_y, ==, 0.0);

  sui_sight_reveal (&sight, 900, 100);
  g_assert_false (sight.fit);
  sui_sight_to_widget (&sight, 900, 100, &x, &y);
  g_assert_cmpfloat (x, ==, WIDGET_WIDTH - 20);
  g_assert_cmpfloat (y, ==, 100.0);

  sui_sight_reveal (&sight, 10, 990);
  sui_sight_to_widget (&sight, 10, 990, &x, &y);
  g_assert_cmpfloat (x, ==, 20.0);
  g_assert_cmpfloat (y, ==, WIDGET_HEIGHT - 20);
  sui_sight_reveal (&sight, 10, 0);
  sui_sight_to_widget (&sight, 10, 0, &x, &y);
  g_assert_cmpfloat (y, ==, 20.0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/sight/spaces", test_spaces);
  g_test_add_func ("/sight/hit", test_hit);
  g_test_add_func ("/sight/fit", test_fit);
  g_test_add_func ("/sight/fit-ends", test_fit_ends);
  g_test_add_func ("/sight/zoom", test_zoom);
  g_test_add_func ("/sight/pan", test_pan);
  g_test_add_func ("/sight/reveal", test_reveal);

  return g_test_run ();
}
