/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>
#include <string.h>

#include "ui/sui-mark.h"
#include "ui/sui-paint.h"

#define TINT_ALPHA  0.42
#define OTHER_ALPHA 0.35 /* of the prompts of other objects */

/* Blue and orange stay apart for all kinds of colour vision, and from most pictures. */
static const double colour_current[3] = { 0.10, 0.50, 1.00 };
static const double colour_other[3] = { 1.00, 0.60, 0.05 };
static const double white[3] = { 1, 1, 1 };

void
sui_paint_init (SuiPaint *paint, SuiSession *session)
{
  *paint = (SuiPaint) { .session = session };
}

void
sui_paint_clear (SuiPaint *paint)
{
  g_clear_pointer (&paint->base, cairo_surface_destroy);
  g_clear_pointer (&paint->mask, cairo_surface_destroy);
  g_clear_pointer (&paint->current, cairo_surface_destroy);
  g_clear_pointer (&paint->hover, cairo_surface_destroy);
  g_clear_pointer (&paint->pyramid, sui_pyramid_free);
}

/* NULL without a mask, or without memory. */
static cairo_surface_t *
surface_of (const SamMask *mask)
{
  cairo_surface_t *surface;
  const uint8_t   *from;
  uint8_t         *to;
  size_t           width, height;

  if (mask == NULL)
    return NULL;
  width = sam_mask_get_width (mask);
  height = sam_mask_get_height (mask);
  surface = cairo_image_surface_create (CAIRO_FORMAT_A8, (int) width, (int) height);
  if (cairo_surface_status (surface) != CAIRO_STATUS_SUCCESS)
    {
      cairo_surface_destroy (surface);
      return NULL;
    }
  from = sam_mask_get_coverage (mask);
  to = cairo_image_surface_get_data (surface);
  for (size_t y = 0; y < height; y++)
    memcpy (to + y * (size_t) cairo_image_surface_get_stride (surface), from + y * width, width);
  cairo_surface_mark_dirty (surface);

  return surface;
}

void
sui_paint_update_view (SuiPaint *paint)
{
  const SuiView *view = sui_session_get_view (paint->session);

  g_clear_pointer (&paint->mask, cairo_surface_destroy);
  g_clear_pointer (&paint->current, cairo_surface_destroy);
  if (view != NULL)
    {
      paint->mask = surface_of (view->mask);
      paint->current = surface_of (view->current);
    }
  sui_paint_drop_base (paint);
}

void
sui_paint_update_hover (SuiPaint *paint)
{
  g_clear_pointer (&paint->hover, cairo_surface_destroy);
}

void
sui_paint_drop_base (SuiPaint *paint)
{
  g_clear_pointer (&paint->base, cairo_surface_destroy);
}

/* --- masks and outlines --- */

static void
clip_to_picture (cairo_t *cr, const SuiSight *sight)
{
  cairo_rectangle (cr, sight->pan_x, sight->pan_y, sight->image_width * sight->zoom,
                   sight->image_height * sight->zoom);
  cairo_clip (cr);
}

/* The mask under the current source; @scale: its pixels per pixel of the picture. */
static void
paint_mask (cairo_t *cr, const SuiSight *sight, cairo_surface_t *mask, double scale)
{
  cairo_pattern_t *pattern;
  double           shown = sight->zoom / scale * sight->scale;

  if (mask == NULL)
    return;

  cairo_save (cr);
  clip_to_picture (cr, sight);
  cairo_translate (cr, sight->pan_x, sight->pan_y);
  /* the mask's size is the picture's, rounded */
  cairo_scale (cr, sight->zoom * sight->image_width / cairo_image_surface_get_width (mask),
               sight->zoom * sight->image_height / cairo_image_surface_get_height (mask));
  pattern = cairo_pattern_create_for_surface (mask);
  cairo_pattern_set_extend (pattern, CAIRO_EXTEND_PAD);
  cairo_pattern_set_filter (pattern, shown < 0.75                   ? CAIRO_FILTER_GOOD
                                     : scale == 1.0 && shown >= 2.0 ? CAIRO_FILTER_NEAREST
                                                                    : CAIRO_FILTER_BILINEAR);
  cairo_mask (cr, pattern);
  cairo_pattern_destroy (pattern);
  cairo_restore (cr);
}

/* An outline as a path, leaving out corners that cannot be told apart on this screen. */
static void
add_outline (cairo_t *cr, const SuiSight *sight, const SuiContour *outline, double scale)
{
  double zoom = sight->zoom / scale;
  double nearest = 0.4 / sight->scale;

  if (outline == NULL)
    return;

  for (size_t l = 0; l < outline->n_lines; l++)
    {
      double   x_last = 0.0, y_last = 0.0;
      gboolean open = FALSE, outside_last = FALSE;

      for (size_t i = outline->starts[l]; i < outline->starts[l + 1]; i++)
        {
          double   x = outline->xy[2 * i] * zoom + sight->pan_x;
          double   y = outline->xy[2 * i + 1] * zoom + sight->pan_y;
          gboolean outside = x < -50 || y < -50 || x > sight->widget_width + 50 ||
                             y > sight->widget_height + 50;

          if (i > outline->starts[l] && fabs (x - x_last) + fabs (y - y_last) < nearest)
            continue;
          /* nothing is drawn far away; corners are near each other, so no line is missed */
          if (outside && outside_last)
            open = FALSE;
          else if (open)
            cairo_line_to (cr, x, y);
          else
            cairo_move_to (cr, x, y);
          open = ! (outside && outside_last);
          outside_last = outside;
          x_last = x;
          y_last = y;
        }
      if (open && outline->starts[l + 1] > outline->starts[l])
        cairo_line_to (cr, outline->xy[2 * outline->starts[l]] * zoom + sight->pan_x,
                       outline->xy[2 * outline->starts[l] + 1] * zoom + sight->pan_y);
    }
}

static void
stroke_outline (cairo_t *cr, const double *colour, double width)
{
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_ROUND);
  cairo_set_source_rgba (cr, 0, 0, 0, 0.65);
  cairo_set_line_width (cr, width + 2.0);
  cairo_stroke_preserve (cr);
  cairo_set_source_rgb (cr, colour[0], colour[1], colour[2]);
  cairo_set_line_width (cr, width);
  cairo_stroke (cr);
}

/* --- the base --- */

static void
paint_checks (cairo_t *cr)
{
  static const uint8_t size = 8;
  cairo_surface_t     *checks = cairo_image_surface_create (CAIRO_FORMAT_RGB24, 2 * size, 2 * size);
  cairo_t             *inner = cairo_create (checks);

  /* GIMP's medium checks */
  cairo_set_source_rgb (inner, 0.6, 0.6, 0.6);
  cairo_paint (inner);
  cairo_set_source_rgb (inner, 0.4, 0.4, 0.4);
  cairo_rectangle (inner, 0, 0, size, size);
  cairo_rectangle (inner, size, size, size, size);
  cairo_fill (inner);
  cairo_destroy (inner);
  cairo_set_source_surface (cr, checks, 0, 0);
  cairo_pattern_set_extend (cairo_get_source (cr), CAIRO_EXTEND_REPEAT);
  cairo_pattern_set_filter (cairo_get_source (cr), CAIRO_FILTER_NEAREST);
  cairo_paint (cr);
  cairo_surface_destroy (checks);
}

static void
paint_grey (cairo_t *cr, double grey)
{
  cairo_set_source_rgb (cr, grey, grey, grey);
  cairo_paint (cr);
}

static void
paint_picture (SuiPaint *paint, cairo_t *cr, const SuiSight *sight)
{
  double x0, y0, x1, y1;

  if (paint->pyramid == NULL)
    return;
  sui_sight_to_image (sight, 0, 0, &x0, &y0);
  sui_sight_to_image (sight, sight->widget_width, sight->widget_height, &x1, &y1);
  cairo_save (cr);
  cairo_translate (cr, sight->pan_x, sight->pan_y);
  cairo_scale (cr, sight->zoom, sight->zoom);
  sui_pyramid_paint (paint->pyramid, cr, sight->zoom * sight->scale, x0, y0, x1, y1);
  cairo_restore (cr);
}

static void
paint_tint (SuiPaint *paint, cairo_t *cr, const SuiSight *sight)
{
  const SuiView *view = sui_session_get_view (paint->session);

  if (view == NULL || view->mask == NULL)
    return;
  if (paint->current == NULL || sui_session_get_n_objects (paint->session) == 1)
    {
      const double *c = paint->current != NULL ? colour_current : colour_other;

      cairo_set_source_rgba (cr, c[0], c[1], c[2], TINT_ALPHA);
      paint_mask (cr, sight, paint->mask, view->scale);
      return;
    }

  cairo_push_group (cr);
  cairo_set_source_rgb (cr, colour_other[0], colour_other[1], colour_other[2]);
  paint_mask (cr, sight, paint->mask, view->scale);
  cairo_set_source_rgb (cr, colour_current[0], colour_current[1], colour_current[2]);
  paint_mask (cr, sight, paint->current, view->scale);
  cairo_pop_group_to_source (cr);
  cairo_paint_with_alpha (cr, TINT_ALPHA);
}

static void
paint_outlines (SuiPaint *paint, cairo_t *cr, const SuiSight *sight)
{
  const SuiView *view = sui_session_get_view (paint->session);

  if (view == NULL)
    return;
  if (view->outline != NULL && view->outline != view->current_outline)
    {
      add_outline (cr, sight, view->outline, view->scale);
      stroke_outline (cr, colour_other, 1.25);
    }
  if (view->current_outline != NULL)
    {
      add_outline (cr, sight, view->current_outline, view->scale);
      stroke_outline (cr, white, 1.5);
    }
}

/* In the chosen look; outlines may reach over the border, so they come later. */
static void
paint_look (SuiPaint *paint, cairo_t *cr, const SuiSight *sight)
{
  const SuiView *view = sui_session_get_view (paint->session);

  switch (paint->look)
    {
    case SUI_CANVAS_TINT:
      paint_picture (paint, cr, sight);
      paint_tint (paint, cr, sight);
      break;

    case SUI_CANVAS_OUTLINE:
      paint_picture (paint, cr, sight);
      break;

    case SUI_CANVAS_BLACK:
    case SUI_CANVAS_WHITE:
    case SUI_CANVAS_TRANSPARENT:
      if (paint->look == SUI_CANVAS_TRANSPARENT)
        paint_checks (cr);
      else
        paint_grey (cr, paint->look == SUI_CANVAS_WHITE ? 1.0 : 0.0);
      cairo_push_group (cr);
      paint_picture (paint, cr, sight);
      cairo_pop_group_to_source (cr);
      if (view != NULL)
        paint_mask (cr, sight, paint->mask, view->scale);
      break;

    case SUI_CANVAS_MASK:
      paint_grey (cr, 0.0);
      cairo_set_source_rgb (cr, 1, 1, 1);
      if (view != NULL)
        paint_mask (cr, sight, paint->mask, view->scale);
      break;
    }
}

static void
make_base (SuiPaint *paint, const SuiSight *sight, double ground)
{
  cairo_t *cr;

  paint->base = cairo_image_surface_create (CAIRO_FORMAT_RGB24,
                                            (int) (sight->widget_width * sight->scale),
                                            (int) (sight->widget_height * sight->scale));
  cairo_surface_set_device_scale (paint->base, sight->scale, sight->scale);
  cr = cairo_create (paint->base);
  paint_grey (cr, ground);
  if (sui_sight_has_picture (sight))
    {
      cairo_save (cr);
      clip_to_picture (cr, sight);
      paint_look (paint, cr, sight);
      cairo_restore (cr);
      if (paint->look == SUI_CANVAS_TINT || paint->look == SUI_CANVAS_OUTLINE)
        paint_outlines (paint, cr, sight);
    }
  cairo_destroy (cr);
}

void
sui_paint_draw_base (SuiPaint *paint, cairo_t *cr, const SuiSight *sight, double ground)
{
  if (paint->base == NULL)
    make_base (paint, sight, ground);
  cairo_set_source_surface (cr, paint->base, 0, 0);
  cairo_paint (cr);
}

/* --- over the base --- */

void
sui_paint_draw_hover (SuiPaint *paint, cairo_t *cr, const SuiSight *sight)
{
  const SuiView *hover = sui_session_get_hover (paint->session);

  if (hover == NULL)
    return;
  if (paint->hover == NULL)
    paint->hover = surface_of (hover->mask);
  cairo_set_source_rgba (cr, 1, 1, 1, 0.22);
  paint_mask (cr, sight, paint->hover, hover->scale);
  cairo_save (cr);
  clip_to_picture (cr, sight);
  add_outline (cr, sight, hover->outline, hover->scale);
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_ROUND);
  cairo_set_source_rgba (cr, 0, 0, 0, 0.7);
  cairo_set_line_width (cr, 2.5);
  cairo_stroke_preserve (cr);
  cairo_set_source_rgba (cr, 1, 1, 1, 0.95);
  cairo_set_line_width (cr, 1.0);
  cairo_stroke (cr);
  cairo_restore (cr);
}

void
sui_paint_draw_prompts (SuiPaint *paint, cairo_t *cr, const SuiSight *sight, int marked)
{
  guint            current = sui_session_get_current (paint->session);
  const GPtrArray *prompts;

  for (guint o = 0; o < sui_session_get_n_objects (paint->session); o++)
    if (o != current)
      {
        prompts = sui_session_get_prompts (paint->session, o);
        for (guint i = 0; i < prompts->len; i++)
          sui_mark_draw (cr, sight, g_ptr_array_index (prompts, i), FALSE, OTHER_ALPHA);
      }

  /* points above all, they are the smallest */
  prompts = sui_session_get_prompts (paint->session, current);
  for (int pass = 0; pass < 2; pass++)
    for (guint i = 0; i < prompts->len; i++)
      {
        const SuiPrompt *prompt = g_ptr_array_index (prompts, i);

        if ((prompt->kind == SUI_PROMPT_POINT) == pass)
          sui_mark_draw (cr, sight, prompt, (int) i == marked, 1.0);
      }
}

void
sui_paint_draw_brush (cairo_t *cr, double x, double y, double width)
{
  cairo_new_path (cr);
  cairo_arc (cr, x, y, width / 2, 0, 2 * G_PI);
  stroke_outline (cr, white, 1.0);
}
