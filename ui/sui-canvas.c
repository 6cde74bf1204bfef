/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drawing has two layers. The base (picture, tint, outline, in the chosen look) is kept as a surface
 * of device pixels and made again only when the view or what is found changes; what follows the
 * pointer (preview, prompts, the box being drawn) is drawn over it each time. */
#include "config.h"

#include <math.h>
#include <string.h>

#include <glib/gi18n-lib.h>

#include "ui/sui-canvas.h"
#include "ui/sui-mark.h"
#include "ui/sui-pyramid.h"

#define DRAG_THRESHOLD 4.0
#define ZOOM_STEP      1.25
#define SCROLL_STEP    64.0
/* Up to so many pixels, the smaller levels are made before the first frame. */
#define PYRAMID_AT_ONCE 6000000

typedef enum
{
  DRAG_NONE,
  DRAG_PAN,
  DRAG_CLICK, /* may become a box */
  DRAG_BOX,
  DRAG_LINE, /* brush or lasso */
  DRAG_PROMPT,
  DRAG_CORNER
} Drag;

struct _SuiCanvas
{
  GtkDrawingArea parent_instance;
  SuiSession    *session;
  SuiPyramid    *pyramid;
  SamImage      *wanted; /* whose pyramid is being made */

  SuiCanvasLook look;
  SuiTool       tool;
  int           label;
  double        brush;

  SuiSight sight; /* see get_sight() */

  cairo_surface_t *base;
  cairo_surface_t *mask, *current; /* A8, from the view */
  cairo_surface_t *hover;

  Drag       drag;
  guint      drag_button;
  double     press_x, press_y; /* widget */
  double     last_x, last_y;
  int        drag_label;
  int        drag_prompt, drag_corner;
  SuiPrompt *drag_from;
  gboolean   drag_moved;
  GArray    *line; /* float pairs, image */
  gboolean   space;

  gboolean inside; /* the pointer */
  double   x, y;   /* where it is, widget */
  gboolean alt;
  int      marked; /* prompt of the current object, -1 for none */

  gboolean keys;         /* the cross of the keyboard is shown */
  double   key_x, key_y; /* image */
  gboolean key_box;
  double   key_box_x, key_box_y;

  GtkGesture *pinch;
  double      pinch_zoom;
};

enum
{
  ZOOM,
  FULL,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SuiCanvas, sui_canvas, GTK_TYPE_DRAWING_AREA)

/* Blue and orange stay apart for all kinds of colour vision, and from most pictures. */
static const double colour_current[3] = { 0.10, 0.50, 1.00 };
static const double colour_other[3] = { 1.00, 0.60, 0.05 };

/* --- the view --- */

/* Measured each time: not every change of the scale factor is announced, such as the one when the
 * window appears on a screen that has another. */
static SuiSight *
get_sight (SuiCanvas *canvas)
{
  GtkWidget *widget = GTK_WIDGET (canvas);
  SuiSight  *sight = &canvas->sight;
  SamImage  *image = sui_session_get_image (canvas->session);

  sight->image_width = image != NULL ? (double) sam_image_get_width (image) : 0.0;
  sight->image_height = image != NULL ? (double) sam_image_get_height (image) : 0.0;
  sight->widget_width = gtk_widget_get_allocated_width (widget);
  sight->widget_height = gtk_widget_get_allocated_height (widget);
  sight->scale = gtk_widget_get_scale_factor (widget);

  return sight;
}

static gboolean
get_size (SuiCanvas *canvas, double *width, double *height)
{
  const SuiSight *sight = get_sight (canvas);

  *width = sight->image_width;
  *height = sight->image_height;

  return sui_sight_has_picture (sight);
}

void
sui_canvas_to_widget (SuiCanvas *canvas, double x_image, double y_image, double *x, double *y)
{
  sui_sight_to_widget (&canvas->sight, x_image, y_image, x, y);
}

void
sui_canvas_to_image (SuiCanvas *canvas, double x, double y, double *x_image, double *y_image)
{
  sui_sight_to_image (&canvas->sight, x, y, x_image, y_image);
}

static void
redraw_all (SuiCanvas *canvas)
{
  g_clear_pointer (&canvas->base, cairo_surface_destroy);
  gtk_widget_queue_draw (GTK_WIDGET (canvas));
}

static void
zoomed (SuiCanvas *canvas)
{
  sui_session_set_detail (canvas->session,
                          canvas->sight.zoom * gtk_widget_get_scale_factor (GTK_WIDGET (canvas)));
  g_signal_emit (canvas, signals[ZOOM], 0);
}

static void
apply_fit (SuiCanvas *canvas)
{
  if (sui_sight_apply_fit (get_sight (canvas)))
    zoomed (canvas);
}

static void
zoom_about (SuiCanvas *canvas, double zoom, double x, double y)
{
  sui_sight_zoom_about (get_sight (canvas), zoom, x, y);
  redraw_all (canvas);
  zoomed (canvas);
}

/* About the pointer when it is over the picture, as the wheel does. */
static void
zoom_to (SuiCanvas *canvas, double zoom)
{
  if (canvas->inside)
    zoom_about (canvas, zoom, canvas->x, canvas->y);
  else
    sui_canvas_set_zoom (canvas, zoom);
}

double
sui_canvas_get_zoom (SuiCanvas *canvas)
{
  return canvas->sight.zoom;
}

void
sui_canvas_set_zoom (SuiCanvas *canvas, double zoom)
{
  zoom_about (canvas, zoom, gtk_widget_get_allocated_width (GTK_WIDGET (canvas)) / 2.0,
              gtk_widget_get_allocated_height (GTK_WIDGET (canvas)) / 2.0);
}

void
sui_canvas_zoom_step (SuiCanvas *canvas, int steps)
{
  zoom_to (canvas, canvas->sight.zoom * pow (ZOOM_STEP, steps));
}

void
sui_canvas_zoom_fit (SuiCanvas *canvas)
{
  canvas->sight.fit = TRUE;
  apply_fit (canvas);
  redraw_all (canvas);
  zoomed (canvas);
}

void
sui_canvas_zoom_one (SuiCanvas *canvas)
{
  zoom_to (canvas, 1.0 / gtk_widget_get_scale_factor (GTK_WIDGET (canvas)));
}

static void
pan_by (SuiCanvas *canvas, double dx, double dy)
{
  sui_sight_pan_by (get_sight (canvas), dx, dy);
  redraw_all (canvas);
}

/* --- drawing the base --- */

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

/* The mask under the current source; user space is the widget's. */
static void
paint_mask (SuiCanvas *canvas, cairo_t *cr, cairo_surface_t *mask, double scale)
{
  cairo_pattern_t *pattern;
  double shown = canvas->sight.zoom / scale * gtk_widget_get_scale_factor (GTK_WIDGET (canvas));
  double width, height;

  if (mask == NULL || ! get_size (canvas, &width, &height))
    return;

  cairo_save (cr);
  cairo_translate (cr, canvas->sight.pan_x, canvas->sight.pan_y);
  cairo_rectangle (cr, 0, 0, width * canvas->sight.zoom, height * canvas->sight.zoom);
  cairo_clip (cr);
  /* the mask's size is the picture's, rounded */
  cairo_scale (cr, canvas->sight.zoom * width / cairo_image_surface_get_width (mask),
               canvas->sight.zoom * height / cairo_image_surface_get_height (mask));
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
add_outline (SuiCanvas *canvas, cairo_t *cr, const SuiContour *outline, double scale)
{
  double zoom = canvas->sight.zoom / scale;
  double nearest = 0.4 / gtk_widget_get_scale_factor (GTK_WIDGET (canvas));
  double w = gtk_widget_get_allocated_width (GTK_WIDGET (canvas));
  double h = gtk_widget_get_allocated_height (GTK_WIDGET (canvas));

  if (outline == NULL)
    return;

  for (size_t l = 0; l < outline->n_lines; l++)
    {
      double   x_last = 0.0, y_last = 0.0;
      gboolean open = FALSE, outside_last = FALSE;

      for (size_t i = outline->starts[l]; i < outline->starts[l + 1]; i++)
        {
          double   x = outline->xy[2 * i] * zoom + canvas->sight.pan_x;
          double   y = outline->xy[2 * i + 1] * zoom + canvas->sight.pan_y;
          gboolean outside = x < -50 || y < -50 || x > w + 50 || y > h + 50;

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
        cairo_line_to (cr, outline->xy[2 * outline->starts[l]] * zoom + canvas->sight.pan_x,
                       outline->xy[2 * outline->starts[l] + 1] * zoom + canvas->sight.pan_y);
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
paint_picture (SuiCanvas *canvas, cairo_t *cr)
{
  double x0, y0, x1, y1;

  if (canvas->pyramid == NULL)
    return;
  sui_canvas_to_image (canvas, 0, 0, &x0, &y0);
  sui_canvas_to_image (canvas, gtk_widget_get_allocated_width (GTK_WIDGET (canvas)),
                       gtk_widget_get_allocated_height (GTK_WIDGET (canvas)), &x1, &y1);
  cairo_save (cr);
  cairo_translate (cr, canvas->sight.pan_x, canvas->sight.pan_y);
  cairo_scale (cr, canvas->sight.zoom, canvas->sight.zoom);
  sui_pyramid_paint (canvas->pyramid, cr,
                     canvas->sight.zoom * gtk_widget_get_scale_factor (GTK_WIDGET (canvas)), x0, y0,
                     x1, y1);
  cairo_restore (cr);
}

static void
paint_tint (SuiCanvas *canvas, cairo_t *cr)
{
  const SuiView *view = sui_session_get_view (canvas->session);

  if (view == NULL || view->mask == NULL)
    return;
  if (canvas->current == NULL || sui_session_get_n_objects (canvas->session) == 1)
    {
      const double *c = canvas->current != NULL ? colour_current : colour_other;

      cairo_set_source_rgba (cr, c[0], c[1], c[2], 0.42);
      paint_mask (canvas, cr, canvas->mask, view->scale);
      return;
    }

  cairo_push_group (cr);
  cairo_set_source_rgb (cr, colour_other[0], colour_other[1], colour_other[2]);
  paint_mask (canvas, cr, canvas->mask, view->scale);
  cairo_set_source_rgb (cr, colour_current[0], colour_current[1], colour_current[2]);
  paint_mask (canvas, cr, canvas->current, view->scale);
  cairo_pop_group_to_source (cr);
  cairo_paint_with_alpha (cr, 0.42);
}

static void
paint_outlines (SuiCanvas *canvas, cairo_t *cr)
{
  static const double white[3] = { 1, 1, 1 };
  const SuiView      *view = sui_session_get_view (canvas->session);

  if (view == NULL)
    return;
  if (view->outline != NULL && view->outline != view->current_outline)
    {
      add_outline (canvas, cr, view->outline, view->scale);
      stroke_outline (cr, colour_other, 1.25);
    }
  if (view->current_outline != NULL)
    {
      add_outline (canvas, cr, view->current_outline, view->scale);
      stroke_outline (cr, white, 1.5);
    }
}

static void
make_base (SuiCanvas *canvas)
{
  GtkWidget       *widget = GTK_WIDGET (canvas);
  int              scale = gtk_widget_get_scale_factor (widget);
  int              w = gtk_widget_get_allocated_width (widget);
  int              h = gtk_widget_get_allocated_height (widget);
  const SuiView   *view = sui_session_get_view (canvas->session);
  GtkStyleContext *context = gtk_widget_get_style_context (widget);
  GdkRGBA          fg;
  double           ground, width, height;
  cairo_t         *cr;

  canvas->base = cairo_image_surface_create (CAIRO_FORMAT_RGB24, w * scale, h * scale);
  cairo_surface_set_device_scale (canvas->base, scale, scale);
  cr = cairo_create (canvas->base);

  /* Around the picture: neutral grey, dark in a dark theme. */
  gtk_style_context_get_color (context, gtk_style_context_get_state (context), &fg);
  ground = fg.red + fg.green + fg.blue > 1.5 ? 0.16 : 0.75;
  cairo_set_source_rgb (cr, ground, ground, ground);
  cairo_paint (cr);

  if (get_size (canvas, &width, &height))
    {
      cairo_save (cr);
      cairo_rectangle (cr, canvas->sight.pan_x, canvas->sight.pan_y, width * canvas->sight.zoom,
                       height * canvas->sight.zoom);
      cairo_clip (cr);
      switch (canvas->look)
        {
        case SUI_CANVAS_TINT:
          paint_picture (canvas, cr);
          paint_tint (canvas, cr);
          break;

        case SUI_CANVAS_OUTLINE:
          paint_picture (canvas, cr);
          break;

        case SUI_CANVAS_BLACK:
        case SUI_CANVAS_WHITE:
        case SUI_CANVAS_TRANSPARENT:
          if (canvas->look == SUI_CANVAS_TRANSPARENT)
            {
              paint_checks (cr);
            }
          else
            {
              ground = canvas->look == SUI_CANVAS_WHITE ? 1.0 : 0.0;
              cairo_set_source_rgb (cr, ground, ground, ground);
              cairo_paint (cr);
            }
          cairo_push_group (cr);
          paint_picture (canvas, cr);
          cairo_pop_group_to_source (cr);
          if (view != NULL)
            paint_mask (canvas, cr, canvas->mask, view->scale);
          break;

        case SUI_CANVAS_MASK:
          cairo_set_source_rgb (cr, 0, 0, 0);
          cairo_paint (cr);
          cairo_set_source_rgb (cr, 1, 1, 1);
          if (view != NULL)
            paint_mask (canvas, cr, canvas->mask, view->scale);
          break;
        }
      cairo_restore (cr);
      if (canvas->look == SUI_CANVAS_TINT || canvas->look == SUI_CANVAS_OUTLINE)
        paint_outlines (canvas, cr);
    }
  cairo_destroy (cr);
}

/* --- drawing what moves --- */

static void
draw_cross (SuiCanvas *canvas, cairo_t *cr)
{
  double x, y;

  sui_canvas_to_widget (canvas, canvas->key_x, canvas->key_y, &x, &y);
  x = floor (x) + 0.5;
  y = floor (y) + 0.5;
  for (int pass = 0; pass < 2; pass++)
    {
      for (int i = 0; i < 4; i++)
        {
          double dx = i == 0 ? 1 : i == 1 ? -1 : 0, dy = i == 2 ? 1 : i == 3 ? -1 : 0;

          cairo_move_to (cr, x + 4 * dx, y + 4 * dy);
          cairo_line_to (cr, x + 16 * dx, y + 16 * dy);
        }
      cairo_set_source_rgb (cr, pass, pass, pass);
      cairo_set_line_width (cr, pass ? 1.5 : 4.0);
      cairo_stroke (cr);
    }
}

static gboolean
sui_canvas_draw (GtkWidget *widget, cairo_t *cr)
{
  static const double white[3] = { 1, 1, 1 };
  SuiCanvas          *canvas = SUI_CANVAS (widget);
  const SuiView      *hover = sui_session_get_hover (canvas->session);
  guint               current = sui_session_get_current (canvas->session);
  const SuiSight     *sight = get_sight (canvas);
  double              width, height;

  if (canvas->base == NULL)
    make_base (canvas);
  cairo_set_source_surface (cr, canvas->base, 0, 0);
  cairo_paint (cr);
  if (! get_size (canvas, &width, &height))
    return TRUE;

  if (hover != NULL && canvas->drag == DRAG_NONE && canvas->marked < 0)
    {
      if (canvas->hover == NULL)
        canvas->hover = surface_of (hover->mask);
      cairo_set_source_rgba (cr, 1, 1, 1, 0.22);
      paint_mask (canvas, cr, canvas->hover, hover->scale);
      cairo_save (cr);
      cairo_rectangle (cr, canvas->sight.pan_x, canvas->sight.pan_y, width * canvas->sight.zoom,
                       height * canvas->sight.zoom);
      cairo_clip (cr);
      add_outline (canvas, cr, hover->outline, hover->scale);
      cairo_set_line_join (cr, CAIRO_LINE_JOIN_ROUND);
      cairo_set_source_rgba (cr, 0, 0, 0, 0.7);
      cairo_set_line_width (cr, 2.5);
      cairo_stroke_preserve (cr);
      cairo_set_source_rgba (cr, 1, 1, 1, 0.95);
      cairo_set_line_width (cr, 1.0);
      cairo_stroke (cr);
      cairo_restore (cr);
    }

  for (guint o = 0; o < sui_session_get_n_objects (canvas->session); o++)
    if (o != current)
      {
        const GPtrArray *prompts = sui_session_get_prompts (canvas->session, o);

        for (guint i = 0; i < prompts->len; i++)
          sui_mark_draw (cr, sight, g_ptr_array_index (prompts, i), FALSE, 0.35);
      }
  {
    const GPtrArray *prompts = sui_session_get_prompts (canvas->session, current);

    /* points above all, they are the smallest */
    for (int pass = 0; pass < 2; pass++)
      for (guint i = 0; i < prompts->len; i++)
        {
          const SuiPrompt *prompt = g_ptr_array_index (prompts, i);

          if ((prompt->kind == SUI_PROMPT_POINT) == pass)
            sui_mark_draw (cr, sight, prompt, (int) i == canvas->marked, 1.0);
        }
  }

  if (canvas->drag == DRAG_BOX)
    {
      double x0, y0, x1, y1;

      sui_canvas_to_image (canvas, canvas->press_x, canvas->press_y, &x0, &y0);
      sui_canvas_to_image (canvas, canvas->last_x, canvas->last_y, &x1, &y1);
      sui_mark_draw_box (cr, sight, CLAMP (x0, 0, width), CLAMP (y0, 0, height),
                         CLAMP (x1, 0, width), CLAMP (y1, 0, height), canvas->drag_label);
    }
  else if (canvas->drag == DRAG_LINE && canvas->line->len > 0)
    {
      const float *xy = (const float *) (void *) canvas->line->data;

      if (canvas->tool == SUI_TOOL_BRUSH)
        sui_mark_draw_stroke (cr, sight, xy, canvas->line->len, canvas->brush, canvas->drag_label);
      else
        sui_mark_draw_lasso (cr, sight, xy, canvas->line->len, canvas->drag_label);
    }

  if (canvas->tool == SUI_TOOL_BRUSH && canvas->inside && canvas->drag != DRAG_PAN)
    {
      cairo_new_path (cr);
      cairo_arc (cr, canvas->x, canvas->y, canvas->brush / 2, 0, 2 * G_PI);
      stroke_outline (cr, white, 1.0);
    }

  if (canvas->keys && gtk_widget_has_focus (widget))
    {
      if (canvas->key_box)
        sui_mark_draw_box (cr, sight, canvas->key_box_x, canvas->key_box_y, canvas->key_x,
                           canvas->key_y, 1);
      draw_cross (canvas, cr);
    }

  if (gtk_widget_has_visible_focus (widget))
    gtk_render_focus (gtk_widget_get_style_context (widget), cr, 2, 2,
                      gtk_widget_get_allocated_width (widget) - 4,
                      gtk_widget_get_allocated_height (widget) - 4);

  return TRUE;
}

/* --- pointing --- */

/* The prompt of the current object there; -1 for none. */
static int
find_prompt (SuiCanvas *canvas, double x, double y, int *corner)
{
  const SuiSight *sight = get_sight (canvas);

  return sui_mark_find (sui_session_get_prompts (canvas->session,
                                                 sui_session_get_current (canvas->session)),
                        sight, x, y, corner);
}

static gboolean
on_picture (SuiCanvas *canvas, double x, double y, double *x_image, double *y_image)
{
  return sui_sight_hit (get_sight (canvas), x, y, x_image, y_image);
}

static void
set_cursor (SuiCanvas *canvas)
{
  GdkWindow  *window = gtk_widget_get_window (GTK_WIDGET (canvas));
  const char *name = "crosshair";
  GdkCursor  *cursor;
  double      x, y;

  if (window == NULL)
    return;
  if (canvas->drag == DRAG_PAN)
    name = "grabbing";
  else if (canvas->space)
    name = "grab";
  else if (canvas->marked >= 0 && canvas->inside)
    name = "move";
  else if (! on_picture (canvas, canvas->x, canvas->y, &x, &y))
    name = "default";
  else if (canvas->tool == SUI_TOOL_BRUSH)
    name = "none";
  cursor = gdk_cursor_new_from_name (gdk_window_get_display (window), name);
  gdk_window_set_cursor (window, cursor);
  g_clear_object (&cursor);
}

static int
label_for (SuiCanvas *canvas, guint button, gboolean alt)
{
  return (button == GDK_BUTTON_SECONDARY) != alt ? 1 - canvas->label : canvas->label;
}

/* Asks for a preview of a click where the pointer is, or stops asking. */
static void
preview (SuiCanvas *canvas)
{
  double x, y;

  if (canvas->inside && canvas->drag == DRAG_NONE && canvas->tool == SUI_TOOL_POINT &&
      ! canvas->space && canvas->marked < 0 && on_picture (canvas, canvas->x, canvas->y, &x, &y))
    sui_session_hover (canvas->session, x, y, label_for (canvas, GDK_BUTTON_PRIMARY, canvas->alt));
  else
    sui_session_leave (canvas->session);
}

static void
mark_under_pointer (SuiCanvas *canvas)
{
  int corner, found = -1;

  if (canvas->inside && ! canvas->space)
    found = find_prompt (canvas, canvas->x, canvas->y, &corner);
  if (found != canvas->marked)
    {
      canvas->marked = found;
      gtk_widget_queue_draw (GTK_WIDGET (canvas));
    }
}

static void
say (SuiCanvas *canvas, SuiPrompt *prompt)
{
  if (prompt != NULL && ! sui_session_add (canvas->session, prompt))
    g_signal_emit (canvas, signals[FULL], 0);
}

static void
end_drag (SuiCanvas *canvas)
{
  canvas->drag = DRAG_NONE;
  g_clear_pointer (&canvas->drag_from, sui_prompt_unref);
  g_array_set_size (canvas->line, 0);
  mark_under_pointer (canvas);
  set_cursor (canvas);
  gtk_widget_queue_draw (GTK_WIDGET (canvas));
}

static void
add_to_line (SuiCanvas *canvas, double x, double y)
{
  const SuiSight *sight = get_sight (canvas);
  double          xi, yi;
  float           corner[2];

  if (! sui_sight_has_picture (sight))
    return;
  sui_sight_to_nearest (sight, x, y, &xi, &yi);
  corner[0] = (float) xi;
  corner[1] = (float) yi;
  g_array_append_vals (canvas->line, corner, 1);
}

static gboolean
sui_canvas_button_press (GtkWidget *widget, GdkEventButton *event)
{
  SuiCanvas *canvas = SUI_CANVAS (widget);
  gboolean   alt = (event->state & GDK_MOD1_MASK) != 0;
  int        corner;

  if (event->type != GDK_BUTTON_PRESS || canvas->drag != DRAG_NONE)
    return TRUE;
  gtk_widget_grab_focus (widget);
  canvas->keys = canvas->key_box = FALSE;
  canvas->inside = TRUE;
  canvas->x = canvas->press_x = canvas->last_x = event->x;
  canvas->y = canvas->press_y = canvas->last_y = event->y;
  canvas->drag_button = event->button;
  canvas->drag_label = label_for (canvas, event->button, alt);
  canvas->drag_moved = FALSE;

  if (event->button == GDK_BUTTON_MIDDLE || (event->button == GDK_BUTTON_PRIMARY && canvas->space))
    {
      canvas->drag = DRAG_PAN;
    }
  else if (event->button == GDK_BUTTON_PRIMARY || event->button == GDK_BUTTON_SECONDARY)
    {
      int found = find_prompt (canvas, event->x, event->y, &corner);

      if (found >= 0)
        {
          const GPtrArray *prompts =
            sui_session_get_prompts (canvas->session, sui_session_get_current (canvas->session));

          canvas->marked = found;
          canvas->drag = corner >= 0 ? DRAG_CORNER : DRAG_PROMPT;
          canvas->drag_prompt = found;
          canvas->drag_corner = corner;
          canvas->drag_from = sui_prompt_ref (g_ptr_array_index (prompts, found));
        }
      else if (canvas->tool != SUI_TOOL_POINT)
        {
          canvas->drag = DRAG_LINE;
          add_to_line (canvas, event->x, event->y);
        }
      else
        {
          /* a box may begin beside the picture */
          canvas->drag = DRAG_CLICK;
        }
    }
  set_cursor (canvas);
  gtk_widget_queue_draw (widget);

  return TRUE;
}

static gboolean
sui_canvas_motion (GtkWidget *widget, GdkEventMotion *event)
{
  SuiCanvas *canvas = SUI_CANVAS (widget);
  double     dx = event->x - canvas->last_x, dy = event->y - canvas->last_y;
  double     width, height;

  canvas->inside = TRUE;
  canvas->x = event->x;
  canvas->y = event->y;
  canvas->alt = (event->state & GDK_MOD1_MASK) != 0;
  if (! get_size (canvas, &width, &height))
    return TRUE;

  if (canvas->drag != DRAG_NONE &&
      hypot (event->x - canvas->press_x, event->y - canvas->press_y) > DRAG_THRESHOLD)
    canvas->drag_moved = TRUE;

  switch (canvas->drag)
    {
    case DRAG_NONE:
      mark_under_pointer (canvas);
      set_cursor (canvas);
      preview (canvas);
      if (canvas->tool == SUI_TOOL_BRUSH)
        gtk_widget_queue_draw (widget);
      break;

    case DRAG_PAN:
      pan_by (canvas, dx, dy);
      break;

    case DRAG_CLICK:
      if (canvas->drag_moved)
        {
          canvas->drag = DRAG_BOX;
          sui_session_leave (canvas->session);
          gtk_widget_queue_draw (widget);
        }
      break;

    case DRAG_BOX:
      gtk_widget_queue_draw (widget);
      break;

    case DRAG_LINE:
      if (hypot (dx, dy) < 1.5)
        return TRUE;
      add_to_line (canvas, event->x, event->y);
      gtk_widget_queue_draw (widget);
      break;

    case DRAG_PROMPT:
      if (canvas->drag_moved)
        sui_session_replace (canvas->session, (guint) canvas->drag_prompt,
                             sui_prompt_move (canvas->drag_from,
                                              (event->x - canvas->press_x) / canvas->sight.zoom,
                                              (event->y - canvas->press_y) / canvas->sight.zoom,
                                              width, height),
                             TRUE);
      break;

    case DRAG_CORNER:
      if (canvas->drag_moved)
        {
          double x, y;

          sui_canvas_to_image (canvas, event->x, event->y, &x, &y);
          sui_session_replace (canvas->session, (guint) canvas->drag_prompt,
                               sui_prompt_move_corner (canvas->drag_from, canvas->drag_corner, x, y,
                                                       width, height),
                               TRUE);
        }
      break;
    }
  canvas->last_x = event->x;
  canvas->last_y = event->y;

  return TRUE;
}

static gboolean
sui_canvas_button_release (GtkWidget *widget, GdkEventButton *event)
{
  SuiCanvas *canvas = SUI_CANVAS (widget);
  double     width, height, x0, y0, x1, y1;

  if (canvas->drag == DRAG_NONE || event->button != canvas->drag_button ||
      ! get_size (canvas, &width, &height))
    return TRUE;

  sui_canvas_to_image (canvas, canvas->press_x, canvas->press_y, &x0, &y0);
  sui_canvas_to_image (canvas, event->x, event->y, &x1, &y1);
  canvas->last_x = event->x;
  canvas->last_y = event->y;

  switch (canvas->drag)
    {
    case DRAG_CLICK:
      if (x0 >= 0 && y0 >= 0 && x0 < width && y0 < height)
        say (canvas, sui_prompt_new_point (x0, y0, canvas->drag_label));
      break;

    case DRAG_BOX:
      x0 = CLAMP (x0, 0, width);
      y0 = CLAMP (y0, 0, height);
      x1 = CLAMP (x1, 0, width);
      y1 = CLAMP (y1, 0, height);
      if (fabs (x1 - x0) >= 1.0 && fabs (y1 - y0) >= 1.0)
        {
          if (canvas->drag_label)
            {
              say (canvas, sui_prompt_new_box (x0, y0, x1, y1));
            }
          else
            {
              /* models know no boxes to leave out: what is inside is taken away as by a lasso */
              const float around[] = { (float) x0, (float) y0, (float) x1, (float) y0,
                                       (float) x1, (float) y1, (float) x0, (float) y1 };

              say (canvas, sui_prompt_new_lasso (around, 4, 0));
            }
        }
      break;

    case DRAG_LINE:
      if (canvas->tool == SUI_TOOL_BRUSH)
        say (canvas,
             sui_prompt_new_stroke ((const float *) (void *) canvas->line->data, canvas->line->len,
                                    canvas->brush / canvas->sight.zoom, canvas->drag_label));
      else if (canvas->line->len > 2 && canvas->drag_moved)
        say (canvas, sui_prompt_new_lasso ((const float *) (void *) canvas->line->data,
                                           canvas->line->len, canvas->drag_label));
      else if (x0 >= 0 && y0 >= 0 && x0 < width && y0 < height)
        say (canvas, sui_prompt_new_point (x0, y0, canvas->drag_label));
      break;

    case DRAG_PROMPT:
    case DRAG_CORNER:
      if (canvas->drag_moved)
        {
          const GPtrArray *prompts =
            sui_session_get_prompts (canvas->session, sui_session_get_current (canvas->session));

          if ((guint) canvas->drag_prompt < prompts->len)
            sui_session_replace (canvas->session, (guint) canvas->drag_prompt,
                                 sui_prompt_ref (g_ptr_array_index (prompts, canvas->drag_prompt)),
                                 FALSE);
        }
      break;

    default:
      break;
    }
  end_drag (canvas);

  return TRUE;
}

static gboolean
sui_canvas_scroll (GtkWidget *widget, GdkEventScroll *event)
{
  SuiCanvas *canvas = SUI_CANVAS (widget);
  double     dx = 0, dy = 0;

  switch (event->direction)
    {
    case GDK_SCROLL_UP:
      dy = -1;
      break;
    case GDK_SCROLL_DOWN:
      dy = 1;
      break;
    case GDK_SCROLL_LEFT:
      dx = -1;
      break;
    case GDK_SCROLL_RIGHT:
      dx = 1;
      break;
    case GDK_SCROLL_SMOOTH:
      dx = event->delta_x;
      dy = event->delta_y;
      break;
    }
  if (event->state & GDK_CONTROL_MASK)
    zoom_about (canvas, canvas->sight.zoom * pow (ZOOM_STEP, -dy), event->x, event->y);
  else if (event->state & GDK_SHIFT_MASK)
    pan_by (canvas, -SCROLL_STEP * (dx + dy), 0);
  else
    pan_by (canvas, -SCROLL_STEP * dx, -SCROLL_STEP * dy);

  return TRUE;
}

static gboolean
sui_canvas_crossing (GtkWidget *widget, GdkEventCrossing *event)
{
  SuiCanvas *canvas = SUI_CANVAS (widget);

  canvas->inside = event->type == GDK_ENTER_NOTIFY;
  canvas->x = event->x;
  canvas->y = event->y;
  if (! canvas->inside && canvas->drag == DRAG_NONE)
    {
      canvas->marked = -1;
      sui_session_leave (canvas->session);
    }
  gtk_widget_queue_draw (widget);

  return FALSE;
}

static void
pinch_begin (GtkGesture *gesture, GdkEventSequence *sequence, SuiCanvas *canvas)
{
  canvas->pinch_zoom = canvas->sight.zoom;
}

static void
pinch_changed (GtkGestureZoom *gesture, double factor, SuiCanvas *canvas)
{
  double x, y;

  if (gtk_gesture_get_bounding_box_center (GTK_GESTURE (gesture), &x, &y))
    zoom_about (canvas, canvas->pinch_zoom * factor, x, y);
}

/* --- keys --- */

void
sui_canvas_delete (SuiCanvas *canvas)
{
  const GPtrArray *prompts = sui_session_get_prompts (canvas->session,
                                                      sui_session_get_current (canvas->session));

  if (canvas->drag != DRAG_NONE || prompts->len == 0)
    return;
  sui_session_delete (canvas->session, canvas->marked >= 0 && (guint) canvas->marked < prompts->len
                                         ? (guint) canvas->marked
                                         : prompts->len - 1);
  canvas->marked = -1;
  mark_under_pointer (canvas);
}

static void
show_cross (SuiCanvas *canvas, double width, double height)
{
  double w = gtk_widget_get_allocated_width (GTK_WIDGET (canvas));
  double h = gtk_widget_get_allocated_height (GTK_WIDGET (canvas));
  double x, y;

  if (canvas->keys)
    return;
  canvas->keys = TRUE;
  sui_canvas_to_image (canvas, canvas->inside ? canvas->x : w / 2,
                       canvas->inside ? canvas->y : h / 2, &x, &y);
  canvas->key_x = CLAMP (x, 0.5, width - 0.5);
  canvas->key_y = CLAMP (y, 0.5, height - 0.5);
}

static gboolean
move_cross (SuiCanvas *canvas, int dx, int dy, gboolean fine)
{
  double width, height, step;

  if (! get_size (canvas, &width, &height))
    return FALSE;
  show_cross (canvas, width, height);
  step = fine ? 1.0 : MAX (1.0, 16.0 / canvas->sight.zoom);
  canvas->key_x = CLAMP (canvas->key_x + dx * step, 0.5, MAX (0.5, width - 0.5));
  canvas->key_y = CLAMP (canvas->key_y + dy * step, 0.5, MAX (0.5, height - 0.5));

  /* the view follows */
  sui_sight_reveal (&canvas->sight, canvas->key_x, canvas->key_y);
  redraw_all (canvas);
  sui_session_hover (canvas->session, canvas->key_x, canvas->key_y, canvas->label);
  gtk_widget_queue_draw (GTK_WIDGET (canvas));

  return TRUE;
}

static gboolean
sui_canvas_key_press (GtkWidget *widget, GdkEventKey *event)
{
  SuiCanvas      *canvas = SUI_CANVAS (widget);
  GdkModifierType all = gtk_accelerator_get_default_mod_mask ();
  GdkModifierType state = event->state & all;
  gboolean        shift = (state & GDK_SHIFT_MASK) != 0;
  guint           n = sui_session_get_n_candidates (canvas->session);

  if (event->keyval == GDK_KEY_Alt_L || event->keyval == GDK_KEY_Alt_R)
    {
      canvas->alt = TRUE;
      preview (canvas);
    }
  if ((state & (GDK_CONTROL_MASK | GDK_MOD1_MASK | GDK_SUPER_MASK)) == 0)
    switch (event->keyval)
      {
      case GDK_KEY_space:
        if (! canvas->space && canvas->drag == DRAG_NONE)
          {
            canvas->space = TRUE;
            sui_session_leave (canvas->session);
            set_cursor (canvas);
          }
        return TRUE;

      case GDK_KEY_Left:
      case GDK_KEY_KP_Left:
        return move_cross (canvas, -1, 0, shift);

      case GDK_KEY_Right:
      case GDK_KEY_KP_Right:
        return move_cross (canvas, 1, 0, shift);

      case GDK_KEY_Up:
      case GDK_KEY_KP_Up:
        return move_cross (canvas, 0, -1, shift);

      case GDK_KEY_Down:
      case GDK_KEY_KP_Down:
        return move_cross (canvas, 0, 1, shift);

      case GDK_KEY_Return:
      case GDK_KEY_KP_Enter:
      case GDK_KEY_ISO_Enter:
        if (! canvas->keys)
          break;
        if (canvas->key_box)
          {
            canvas->key_box = FALSE;
            if (fabs (canvas->key_x - canvas->key_box_x) >= 1 &&
                fabs (canvas->key_y - canvas->key_box_y) >= 1)
              say (canvas, sui_prompt_new_box (canvas->key_box_x, canvas->key_box_y, canvas->key_x,
                                               canvas->key_y));
          }
        else
          {
            say (canvas, sui_prompt_new_point (canvas->key_x, canvas->key_y,
                                               shift ? 1 - canvas->label : canvas->label));
          }
        gtk_widget_queue_draw (widget);
        return TRUE;

      case GDK_KEY_b:
      case GDK_KEY_B:
        {
          double width, height;

          if (! get_size (canvas, &width, &height))
            break;
          show_cross (canvas, width, height);
          canvas->key_box = ! canvas->key_box;
          canvas->key_box_x = canvas->key_x;
          canvas->key_box_y = canvas->key_y;
          gtk_widget_queue_draw (widget);
        }
        return TRUE;

      case GDK_KEY_Tab:
      case GDK_KEY_ISO_Left_Tab:
        /* through the candidates; Ctrl+Tab leaves the picture */
        if (n < 2)
          break;
        sui_session_choose (canvas->session, (sui_session_get_candidate (canvas->session) +
                                              (event->keyval == GDK_KEY_Tab ? 1 : n - 1)) %
                                               n);
        return TRUE;

      case GDK_KEY_Escape:
        if (canvas->drag != DRAG_NONE)
          {
            if ((canvas->drag == DRAG_PROMPT || canvas->drag == DRAG_CORNER) && canvas->drag_moved)
              {
                sui_session_replace (canvas->session, (guint) canvas->drag_prompt,
                                     sui_prompt_ref (canvas->drag_from), FALSE);
                sui_session_undo (canvas->session);
              }
            end_drag (canvas);
            return TRUE;
          }
        if (canvas->key_box || canvas->keys)
          {
            canvas->keys = canvas->key_box;
            canvas->key_box = FALSE;
            gtk_widget_queue_draw (widget);
            return TRUE;
          }
        break;
      }
  if (event->keyval == GDK_KEY_Tab && state == GDK_CONTROL_MASK)
    {
      gtk_widget_child_focus (gtk_widget_get_toplevel (widget), GTK_DIR_TAB_FORWARD);
      return TRUE;
    }

  return GTK_WIDGET_CLASS (sui_canvas_parent_class)->key_press_event (widget, event);
}

static gboolean
sui_canvas_key_release (GtkWidget *widget, GdkEventKey *event)
{
  SuiCanvas *canvas = SUI_CANVAS (widget);

  if (event->keyval == GDK_KEY_space)
    {
      canvas->space = FALSE;
      set_cursor (canvas);
      return TRUE;
    }
  if (event->keyval == GDK_KEY_Alt_L || event->keyval == GDK_KEY_Alt_R)
    {
      canvas->alt = FALSE;
      preview (canvas);
    }

  return GTK_WIDGET_CLASS (sui_canvas_parent_class)->key_release_event (widget, event);
}

static gboolean
sui_canvas_focus_out (GtkWidget *widget, GdkEventFocus *event)
{
  SuiCanvas *canvas = SUI_CANVAS (widget);

  canvas->space = canvas->alt = FALSE;
  gtk_widget_queue_draw (widget);

  return FALSE;
}

/* --- settings --- */

void
sui_canvas_set_look (SuiCanvas *canvas, SuiCanvasLook look)
{
  canvas->look = look;
  redraw_all (canvas);
}

SuiCanvasLook
sui_canvas_get_look (SuiCanvas *canvas)
{
  return canvas->look;
}

void
sui_canvas_set_tool (SuiCanvas *canvas, SuiTool tool)
{
  canvas->tool = tool;
  end_drag (canvas);
  preview (canvas);
}

SuiTool
sui_canvas_get_tool (SuiCanvas *canvas)
{
  return canvas->tool;
}

void
sui_canvas_set_label (SuiCanvas *canvas, int label)
{
  canvas->label = label;
  preview (canvas);
}

int
sui_canvas_get_label (SuiCanvas *canvas)
{
  return canvas->label;
}

void
sui_canvas_set_brush (SuiCanvas *canvas, double width)
{
  canvas->brush = CLAMP (width, 4.0, 200.0);
  gtk_widget_queue_draw (GTK_WIDGET (canvas));
}

double
sui_canvas_get_brush (SuiCanvas *canvas)
{
  return canvas->brush;
}

/* --- life --- */

static void
pyramid_made (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (SuiCanvas)  canvas = data;
  g_autoptr (SuiPyramid) pyramid = sui_pyramid_new_finish (result);

  if (sui_pyramid_get_image (pyramid) != canvas->wanted)
    return;
  sui_pyramid_free (canvas->pyramid);
  canvas->pyramid = g_steal_pointer (&pyramid);
  redraw_all (canvas);
}

static void
take_image (SuiCanvas *canvas)
{
  SamImage *image = sui_session_get_image (canvas->session);

  if (image == canvas->wanted)
    return;
  canvas->wanted = image;
  canvas->sight.fit = TRUE;
  g_clear_pointer (&canvas->pyramid, sui_pyramid_free);
  if (image == NULL)
    return;
  if (sam_image_get_width (image) * sam_image_get_height (image) <= PYRAMID_AT_ONCE)
    canvas->pyramid = sui_pyramid_new (image);
  else
    sui_pyramid_new_async (image, pyramid_made, g_object_ref (canvas));
  apply_fit (canvas);
}

/* What a person who does not see the picture is told about it. */
static void
describe (SuiCanvas *canvas)
{
  AtkObject     *accessible = gtk_widget_get_accessible (GTK_WIDGET (canvas));
  const SuiView *view = sui_session_get_view (canvas->session);
  guint          n =
    sui_session_get_prompts (canvas->session, sui_session_get_current (canvas->session))->len;
  g_autofree char *prompts = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u prompt.",
                                                           "%u prompts.", n),
                                              n);
  g_autofree char *text = NULL;

  if (view != NULL && view->mask != NULL)
    text = g_strdup_printf (_ ("%s %.1f %% of the picture is selected."), prompts,
                            100.0 * view->area);
  else
    text = g_strdup_printf (
      _ ("%s Arrow keys move, Enter adds to the object, Shift+Enter takes away."), prompts);
  atk_object_set_description (accessible, text);
}

static void
session_changed (SuiSession *session, SuiCanvas *canvas)
{
  const GPtrArray *prompts = sui_session_get_prompts (session, sui_session_get_current (session));

  take_image (canvas);
  if (canvas->marked >= (int) prompts->len)
    canvas->marked = -1;
  if ((canvas->drag == DRAG_PROMPT || canvas->drag == DRAG_CORNER) &&
      canvas->drag_prompt >= (int) prompts->len)
    end_drag (canvas);
  describe (canvas);
  gtk_widget_queue_draw (GTK_WIDGET (canvas));
}

static void
session_view (SuiSession *session, SuiCanvas *canvas)
{
  const SuiView *view = sui_session_get_view (session);

  g_clear_pointer (&canvas->mask, cairo_surface_destroy);
  g_clear_pointer (&canvas->current, cairo_surface_destroy);
  if (view != NULL)
    {
      canvas->mask = surface_of (view->mask);
      canvas->current = surface_of (view->current);
    }
  describe (canvas);
  redraw_all (canvas);
}

static void
session_hover (SuiSession *session, SuiCanvas *canvas)
{
  g_clear_pointer (&canvas->hover, cairo_surface_destroy);
  gtk_widget_queue_draw (GTK_WIDGET (canvas));
}

static void
sui_canvas_size_allocate (GtkWidget *widget, GtkAllocation *allocation)
{
  GTK_WIDGET_CLASS (sui_canvas_parent_class)->size_allocate (widget, allocation);
  apply_fit (SUI_CANVAS (widget));
  sui_sight_settle (&SUI_CANVAS (widget)->sight);
  redraw_all (SUI_CANVAS (widget));
}

static void
sui_canvas_style_updated (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (sui_canvas_parent_class)->style_updated (widget);
  redraw_all (SUI_CANVAS (widget));
}

static void
scale_changed (SuiCanvas *canvas)
{
  zoomed (canvas);
  redraw_all (canvas);
}

static void
sui_canvas_dispose (GObject *object)
{
  SuiCanvas *canvas = SUI_CANVAS (object);

  if (canvas->session != NULL)
    g_signal_handlers_disconnect_by_data (canvas->session, canvas);
  g_clear_object (&canvas->pinch);
  G_OBJECT_CLASS (sui_canvas_parent_class)->dispose (object);
}

static void
sui_canvas_finalize (GObject *object)
{
  SuiCanvas *canvas = SUI_CANVAS (object);

  g_clear_pointer (&canvas->base, cairo_surface_destroy);
  g_clear_pointer (&canvas->mask, cairo_surface_destroy);
  g_clear_pointer (&canvas->current, cairo_surface_destroy);
  g_clear_pointer (&canvas->hover, cairo_surface_destroy);
  sui_pyramid_free (canvas->pyramid);
  sui_prompt_unref (canvas->drag_from);
  g_array_unref (canvas->line);
  g_clear_object (&canvas->session);
  G_OBJECT_CLASS (sui_canvas_parent_class)->finalize (object);
}

static void
sui_canvas_class_init (SuiCanvasClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sui_canvas_dispose;
  G_OBJECT_CLASS (klass)->finalize = sui_canvas_finalize;
  widget_class->draw = sui_canvas_draw;
  widget_class->size_allocate = sui_canvas_size_allocate;
  widget_class->style_updated = sui_canvas_style_updated;
  widget_class->button_press_event = sui_canvas_button_press;
  widget_class->button_release_event = sui_canvas_button_release;
  widget_class->motion_notify_event = sui_canvas_motion;
  widget_class->scroll_event = sui_canvas_scroll;
  widget_class->enter_notify_event = sui_canvas_crossing;
  widget_class->leave_notify_event = sui_canvas_crossing;
  widget_class->key_press_event = sui_canvas_key_press;
  widget_class->key_release_event = sui_canvas_key_release;
  widget_class->focus_out_event = sui_canvas_focus_out;

  signals[ZOOM] = g_signal_new ("zoom", SUI_TYPE_CANVAS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                G_TYPE_NONE, 0);
  signals[FULL] = g_signal_new ("full", SUI_TYPE_CANVAS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                G_TYPE_NONE, 0);
}

static void
sui_canvas_init (SuiCanvas *canvas)
{
  GtkWidget *widget = GTK_WIDGET (canvas);

  sui_sight_init (&canvas->sight);
  canvas->label = 1;
  canvas->brush = 16.0;
  canvas->marked = -1;
  canvas->line = g_array_new (FALSE, FALSE, 2 * sizeof (float));

  gtk_widget_set_can_focus (widget, TRUE);
  gtk_widget_set_size_request (widget, 240, 200);
  gtk_widget_add_events (widget,
                         GDK_BUTTON_PRESS_MASK | GDK_BUTTON_RELEASE_MASK | GDK_POINTER_MOTION_MASK |
                           GDK_SCROLL_MASK | GDK_SMOOTH_SCROLL_MASK | GDK_ENTER_NOTIFY_MASK |
                           GDK_LEAVE_NOTIFY_MASK | GDK_KEY_PRESS_MASK | GDK_KEY_RELEASE_MASK |
                           GDK_FOCUS_CHANGE_MASK | GDK_TOUCHPAD_GESTURE_MASK | GDK_TOUCH_MASK);
  g_signal_connect (canvas, "notify::scale-factor", G_CALLBACK (scale_changed), NULL);

  canvas->pinch = gtk_gesture_zoom_new (widget);
  gtk_event_controller_set_propagation_phase (GTK_EVENT_CONTROLLER (canvas->pinch),
                                              GTK_PHASE_CAPTURE);
  g_signal_connect (canvas->pinch, "begin", G_CALLBACK (pinch_begin), canvas);
  g_signal_connect (canvas->pinch, "scale-changed", G_CALLBACK (pinch_changed), canvas);
}

GtkWidget *
sui_canvas_new (SuiSession *session)
{
  SuiCanvas *canvas = g_object_new (SUI_TYPE_CANVAS, NULL);
  AtkObject *accessible = gtk_widget_get_accessible (GTK_WIDGET (canvas));

  canvas->session = g_object_ref (session);
  g_signal_connect (session, "changed", G_CALLBACK (session_changed), canvas);
  g_signal_connect (session, "view", G_CALLBACK (session_view), canvas);
  g_signal_connect (session, "hover", G_CALLBACK (session_hover), canvas);
  atk_object_set_name (accessible, _ ("Picture"));
  atk_object_set_role (accessible, ATK_ROLE_DRAWING_AREA);
  take_image (canvas);
  describe (canvas);

  return GTK_WIDGET (canvas);
}
