/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The canvas in a window of its own: events in, prompts and pixels out. The model is the built-in
 * one. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "ui/sui-canvas.h"

#define WIDTH  120
#define HEIGHT 80

typedef struct
{
  SuiSession *session;
  GtkWidget  *window;
  SuiCanvas  *canvas;
} Fixture;

static void
settle (Fixture *f)
{
  gint64 until = g_get_monotonic_time () + 60 * G_TIME_SPAN_SECOND;

  do
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (500);
      g_assert_cmpint (g_get_monotonic_time (), <, until);
    }
  while (sui_session_get_busy (f->session) != SUI_BUSY_NOTHING || gtk_events_pending ());
}

/* A red disc on grey, @scale times as large as the others know it. */
static SamImage *
picture (int scale)
{
  int                width = WIDTH * scale, height = HEIGHT * scale;
  uint8_t           *pixels = g_malloc (width * height * 3);
  g_autoptr (GBytes) bytes = NULL;

  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      {
        gboolean disc = hypot ((x + 0.5) / scale - 60, (y + 0.5) / scale - 40) < 20;
        uint8_t *p = pixels + (y * width + x) * 3;

        p[0] = disc ? 200 : 100;
        p[1] = disc ? 40 : 100;
        p[2] = disc ? 30 : 100;
      }
  bytes = g_bytes_new_take (pixels, width * height * 3);

  return sam_image_new (width, height, bytes, NULL);
}

static void
open_canvas (Fixture *f)
{
  g_autoptr (SamImage) image = picture (1);

  f->session = sui_session_new (sui_load);
  sui_session_set_image (f->session, image);
  sui_session_set_model (f->session, "builtin");
  f->window = gtk_window_new (GTK_WINDOW_POPUP);
  f->canvas = SUI_CANVAS (sui_canvas_new (f->session));
  gtk_container_add (GTK_CONTAINER (f->window), GTK_WIDGET (f->canvas));
  gtk_window_set_default_size (GTK_WINDOW (f->window), 624, 424);
  gtk_window_resize (GTK_WINDOW (f->window), 624, 424);
  gtk_widget_show_all (f->window);
  settle (f);
}

static void
close_canvas (Fixture *f)
{
  gtk_widget_destroy (f->window);
  sui_session_close (f->session);
  g_object_unref (f->session);
}

static void
send (Fixture *f, GdkEventType type, double x, double y, guint button, guint state)
{
  GtkWidget *widget = GTK_WIDGET (f->canvas);
  GdkEvent  *event = gdk_event_new (type);
  GdkSeat   *seat = gdk_display_get_default_seat (gdk_display_get_default ());

  event->any.window = g_object_ref (gtk_widget_get_window (widget));
  event->any.send_event = TRUE;
  gdk_event_set_device (event, gdk_seat_get_pointer (seat));
  if (type == GDK_MOTION_NOTIFY)
    {
      event->motion.x = x;
      event->motion.y = y;
      event->motion.state = state;
    }
  else if (type == GDK_SCROLL)
    {
      event->scroll.x = x;
      event->scroll.y = y;
      event->scroll.direction = button ? GDK_SCROLL_DOWN : GDK_SCROLL_UP;
      event->scroll.state = state;
    }
  else
    {
      event->button.x = x;
      event->button.y = y;
      event->button.button = button;
      event->button.state = state;
    }
  gtk_widget_event (widget, event);
  gdk_event_free (event);
}

static void
key (Fixture *f, guint keyval, guint state)
{
  GtkWidget *widget = GTK_WIDGET (f->canvas);
  GdkEvent  *event = gdk_event_new (GDK_KEY_PRESS);

  event->key.window = g_object_ref (gtk_widget_get_window (widget));
  event->key.keyval = keyval;
  event->key.state = state;
  gtk_widget_event (widget, event);
  gdk_event_free (event);
}

static void
click (Fixture *f, double x_image, double y_image, guint button, guint state)
{
  double x, y;

  sui_canvas_to_widget (f->canvas, x_image, y_image, &x, &y);
  send (f, GDK_MOTION_NOTIFY, x, y, 0, state);
  send (f, GDK_BUTTON_PRESS, x, y, button, state);
  send (f, GDK_BUTTON_RELEASE, x, y, button, state);
}

static void
drag (Fixture *f, double x0, double y0, double x1, double y1, guint button)
{
  sui_canvas_to_widget (f->canvas, x0, y0, &x0, &y0);
  sui_canvas_to_widget (f->canvas, x1, y1, &x1, &y1);
  send (f, GDK_MOTION_NOTIFY, x0, y0, 0, 0);
  send (f, GDK_BUTTON_PRESS, x0, y0, button, 0);
  for (int i = 1; i <= 5; i++)
    send (f, GDK_MOTION_NOTIFY, x0 + (x1 - x0) * i / 5, y0 + (y1 - y0) * i / 5, 0, 0);
  send (f, GDK_BUTTON_RELEASE, x1, y1, button, 0);
}

static const SuiPrompt *
prompt (Fixture *f, guint i)
{
  const GPtrArray *prompts = sui_session_get_prompts (f->session,
                                                      sui_session_get_current (f->session));

  g_assert_cmpuint (i, <, prompts->len);

  return g_ptr_array_index (prompts, i);
}

static guint
n_prompts (Fixture *f)
{
  return sui_session_get_prompts (f->session, sui_session_get_current (f->session))->len;
}

/* What the canvas shows there: 0xRRGGBB. */
static guint32
look_at (Fixture *f, double x_image, double y_image)
{
  GtkWidget       *widget = GTK_WIDGET (f->canvas);
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24,
                                                         gtk_widget_get_allocated_width (widget),
                                                         gtk_widget_get_allocated_height (widget));
  cairo_t         *cr = cairo_create (surface);
  double           x, y;
  guint32          pixel;

  gtk_widget_draw (widget, cr);
  cairo_destroy (cr);
  cairo_surface_flush (surface);
  sui_canvas_to_widget (f->canvas, x_image, y_image, &x, &y);
  pixel = *(guint32 *) (void *) (cairo_image_surface_get_data (surface) +
                                 (int) y * cairo_image_surface_get_stride (surface) + 4 * (int) x);
  cairo_surface_destroy (surface);

  return pixel & 0xffffff;
}

static void
test_prompts (void)
{
  Fixture f;

  open_canvas (&f);
  click (&f, 60.5, 40.5, 1, 0);
  click (&f, 5.5, 5.5, 3, 0);
  click (&f, 110.5, 70.5, 1, GDK_MOD1_MASK);
  g_assert_cmpuint (n_prompts (&f), ==, 3);
  g_assert_cmpfloat_with_epsilon (prompt (&f, 0)->xy[0], 60.5, 0.01);
  g_assert_cmpfloat_with_epsilon (prompt (&f, 0)->xy[1], 40.5, 0.01);
  g_assert_cmpint (prompt (&f, 0)->label, ==, 1);
  g_assert_cmpint (prompt (&f, 1)->label, ==, 0);
  g_assert_cmpint (prompt (&f, 2)->label, ==, 0);

  /* beside the picture: nothing */
  send (&f, GDK_BUTTON_PRESS, 2, 2, 1, 0);
  send (&f, GDK_BUTTON_RELEASE, 2, 2, 1, 0);
  g_assert_cmpuint (n_prompts (&f), ==, 3);

  /* a prompt is moved, as one step of undo, and deleted */
  drag (&f, 60.5, 40.5, 70.5, 45.5, 1);
  g_assert_cmpuint (n_prompts (&f), ==, 3);
  g_assert_cmpfloat_with_epsilon (prompt (&f, 0)->xy[0], 70.5, 0.3);
  sui_session_undo (f.session);
  g_assert_cmpfloat_with_epsilon (prompt (&f, 0)->xy[0], 60.5, 0.01);
  {
    double x, y;

    sui_canvas_to_widget (f.canvas, 60.5, 40.5, &x, &y);
    send (&f, GDK_MOTION_NOTIFY, x, y, 0, 0);
  }
  sui_canvas_delete (f.canvas);
  g_assert_cmpuint (n_prompts (&f), ==, 2);
  g_assert_cmpint (prompt (&f, 0)->label, ==, 0);

  /* a box, and one of its corners */
  drag (&f, 30, 20, 90, 60, 1);
  g_assert_cmpint (prompt (&f, 2)->kind, ==, SUI_PROMPT_BOX);
  g_assert_cmpfloat_with_epsilon (prompt (&f, 2)->xy[2], 90, 0.01);
  drag (&f, 90, 60, 100, 70, 1);
  g_assert_cmpuint (n_prompts (&f), ==, 3);
  g_assert_cmpfloat_with_epsilon (prompt (&f, 2)->xy[0], 30, 0.01);
  g_assert_cmpfloat_with_epsilon (prompt (&f, 2)->xy[2], 100, 0.3);

  sui_canvas_set_tool (f.canvas, SUI_TOOL_BRUSH);
  drag (&f, 50, 30, 70, 50, 1);
  g_assert_cmpint (prompt (&f, 3)->kind, ==, SUI_PROMPT_STROKE);
  sui_canvas_set_tool (f.canvas, SUI_TOOL_LASSO);
  drag (&f, 10, 30, 20, 70, 3);
  g_assert_cmpint (prompt (&f, 4)->kind, ==, SUI_PROMPT_LASSO);
  g_assert_cmpint (prompt (&f, 4)->label, ==, 0);
  close_canvas (&f);
}

static void
test_keys (void)
{
  Fixture f;

  open_canvas (&f);
  key (&f, GDK_KEY_Right, 0);
  key (&f, GDK_KEY_Left, 0);
  key (&f, GDK_KEY_Return, 0);
  key (&f, GDK_KEY_Right, GDK_SHIFT_MASK);
  key (&f, GDK_KEY_Return, GDK_SHIFT_MASK);
  g_assert_cmpuint (n_prompts (&f), ==, 2);
  g_assert_cmpint (prompt (&f, 0)->label, ==, 1);
  g_assert_cmpint (prompt (&f, 1)->label, ==, 0);
  g_assert_cmpfloat_with_epsilon (prompt (&f, 1)->xy[0] - prompt (&f, 0)->xy[0], 1.0, 0.01);
  key (&f, GDK_KEY_b, 0);
  for (int i = 0; i < 3; i++)
    {
      key (&f, GDK_KEY_Right, 0);
      key (&f, GDK_KEY_Down, 0);
    }
  key (&f, GDK_KEY_Return, 0);
  g_assert_cmpint (prompt (&f, 2)->kind, ==, SUI_PROMPT_BOX);

  sui_session_clear (f.session);
  click (&f, 60.5, 40.5, 1, 0);
  settle (&f);
  g_assert_cmpuint (sui_session_get_n_candidates (f.session), ==, 3);
  {
    guint first = sui_session_get_candidate (f.session);

    key (&f, GDK_KEY_Tab, 0);
    g_assert_cmpuint (sui_session_get_candidate (f.session), ==, (first + 1) % 3);
    key (&f, GDK_KEY_ISO_Left_Tab, GDK_SHIFT_MASK);
    g_assert_cmpuint (sui_session_get_candidate (f.session), ==, first);
  }
  close_canvas (&f);
}

/* A view of a large picture has as many pixels as the screen shows, up to a limit; what is applied
 * has all. */
static void
test_detail (void)
{
  Fixture              f;
  g_autoptr (SamImage) large = picture (25);
  const SuiView       *view;
  double               area;

  open_canvas (&f);
  sui_session_set_image (f.session, large);
  settle (&f);
  sui_session_add (f.session, sui_prompt_new_point (60 * 25, 40 * 25, 1));
  settle (&f);
  view = sui_session_get_view (f.session);
  g_assert_cmpfloat (sui_canvas_get_zoom (f.canvas), ==, 0.2);
  g_assert_cmpfloat_with_epsilon (view->scale, sqrt (SUI_VIEW_LEAST / 6e6), 1e-9);
  g_assert_cmpuint (sam_mask_get_width (view->mask), ==, (size_t) round (3000 * view->scale));
  area = view->area;

  sui_canvas_set_zoom (f.canvas, 0.3);
  settle (&f);
  g_assert_cmpfloat (sui_session_get_view (f.session)->scale, ==, 0.5);
  sui_canvas_set_zoom (f.canvas, 3.0);
  settle (&f);
  view = sui_session_get_view (f.session);
  g_assert_cmpfloat_with_epsilon (view->scale, sqrt (SUI_VIEW_MOST / 6e6), 1e-9);
  g_assert_cmpfloat_with_epsilon (view->area, area, 0.002);
  sui_canvas_zoom_fit (f.canvas);
  settle (&f);
  g_assert_cmpfloat_with_epsilon (sui_session_get_view (f.session)->scale,
                                  sqrt (SUI_VIEW_LEAST / 6e6), 1e-9);
  close_canvas (&f);
}

static void
test_zoom (void)
{
  Fixture f;
  double  x, y, x2, y2, zoom;

  open_canvas (&f);
  zoom = sui_canvas_get_zoom (f.canvas);
  g_assert_cmpfloat_with_epsilon (zoom, 5.0, 0.01);

  /* what is under the pointer stays there */
  sui_canvas_to_image (f.canvas, 200, 150, &x, &y);
  send (&f, GDK_SCROLL, 200, 150, 0, GDK_CONTROL_MASK);
  g_assert_cmpfloat (sui_canvas_get_zoom (f.canvas), >, zoom);
  sui_canvas_to_image (f.canvas, 200, 150, &x2, &y2);
  g_assert_cmpfloat_with_epsilon (x, x2, 0.2);
  g_assert_cmpfloat_with_epsilon (y, y2, 0.2);
  send (&f, GDK_SCROLL, 200, 150, 1, GDK_CONTROL_MASK);
  g_assert_cmpfloat_with_epsilon (sui_canvas_get_zoom (f.canvas), zoom, 0.01);

  /* the wheel pans, so does the middle button, and neither says anything */
  send (&f, GDK_SCROLL, 200, 150, 1, 0);
  sui_canvas_to_image (f.canvas, 200, 150, &x2, &y2);
  g_assert_cmpfloat (y2, >, y);
  drag (&f, 60, 40, 50, 40, 2);
  g_assert_cmpuint (n_prompts (&f), ==, 0);

  sui_canvas_zoom_one (f.canvas);
  g_assert_cmpfloat (sui_canvas_get_zoom (f.canvas), ==, 1.0);
  for (int i = 0; i < 100; i++)
    sui_canvas_zoom_step (f.canvas, 1);
  g_assert_cmpfloat (sui_canvas_get_zoom (f.canvas), ==, SUI_SIGHT_MAX_ZOOM);
  for (int i = 0; i < 100; i++)
    sui_canvas_zoom_step (f.canvas, -1);
  g_assert_cmpfloat (sui_canvas_get_zoom (f.canvas), ==, SUI_SIGHT_MIN_ZOOM);
  look_at (&f, 0, 0);
  sui_canvas_zoom_fit (f.canvas);
  g_assert_cmpfloat_with_epsilon (sui_canvas_get_zoom (f.canvas), zoom, 0.01);
  close_canvas (&f);
}

static void
test_looks (void)
{
  Fixture        f;
  const SuiView *view;
  int            in = -1, out = -1;

  open_canvas (&f);
  g_assert_cmphex (look_at (&f, 10.5, 10.5), ==, 0x646464);
  sui_session_add (f.session, sui_prompt_new_box (38, 18, 82, 62));
  settle (&f);
  view = sui_session_get_view (f.session);
  g_assert_nonnull (view->mask);

  /* a pixel well inside and one well outside, away from box and outline */
  for (int y = 24; y < 56; y++)
    for (int x = 44; x < 76; x++)
      {
        gboolean all = TRUE, none = TRUE;

        for (int j = -3; j <= 3; j++)
          for (int i = -3; i <= 3; i++)
            {
              uint8_t c = sam_mask_get_coverage (view->mask)[(y + j) * WIDTH + x + i];

              all = all && c == 255;
              none = none && c == 0;
            }
        if (all)
          in = y * WIDTH + x;
        if (none)
          out = y * WIDTH + x;
      }
  for (int x = 4; out < 0 && x < 30; x++)
    if (sam_mask_get_coverage (view->mask)[40 * WIDTH + x] == 0)
      out = 40 * WIDTH + x;
  g_assert_cmpint (in, >=, 0);
  g_assert_cmpint (out, >=, 0);

#define IN  look_at (&f, in % WIDTH + 0.5, in / WIDTH + 0.5)
#define OUT look_at (&f, out % WIDTH + 0.5, out / WIDTH + 0.5)
  {
    const uint8_t *pixels = sam_image_get_pixels (sui_session_get_image (f.session));
    guint32        plain_in = (guint32) pixels[3 * in] << 16 | pixels[3 * in + 1] << 8 |
                       pixels[3 * in + 2];
    guint32 plain_out = (guint32) pixels[3 * out] << 16 | pixels[3 * out + 1] << 8 |
                        pixels[3 * out + 2];

    /* the tint is blue */
    g_assert_cmphex (IN & 0xff, >, (plain_in & 0xff) + 40);
    g_assert_cmphex (OUT, ==, plain_out);
    sui_canvas_set_look (f.canvas, SUI_CANVAS_OUTLINE);
    g_assert_cmphex (IN, ==, plain_in);
    sui_canvas_set_look (f.canvas, SUI_CANVAS_BLACK);
    g_assert_cmphex (IN, ==, plain_in);
    g_assert_cmphex (OUT, ==, 0x000000);
    sui_canvas_set_look (f.canvas, SUI_CANVAS_WHITE);
    g_assert_cmphex (IN, ==, plain_in);
    g_assert_cmphex (OUT, ==, 0xffffff);
    sui_canvas_set_look (f.canvas, SUI_CANVAS_TRANSPARENT);
    g_assert_cmphex (IN, ==, plain_in);
    g_assert_true (OUT == 0x999999 || OUT == 0x666666);
    sui_canvas_set_look (f.canvas, SUI_CANVAS_MASK);
    g_assert_cmphex (IN, ==, 0xffffff);
    g_assert_cmphex (OUT, ==, 0x000000);
  }
  close_canvas (&f);
}

static void
test_accessible (void)
{
  Fixture    f;
  AtkObject *accessible;

  open_canvas (&f);
  accessible = gtk_widget_get_accessible (GTK_WIDGET (f.canvas));
  g_assert_cmpstr (atk_object_get_name (accessible), ==, "Image");
  g_assert_nonnull (strstr (atk_object_get_description (accessible), "Arrow keys"));
  sui_session_add (f.session, sui_prompt_new_box (38, 18, 82, 62));
  settle (&f);
  g_assert_nonnull (strstr (atk_object_get_description (accessible), "1 prompt."));
  g_assert_true (gtk_widget_get_can_focus (GTK_WIDGET (f.canvas)));
  close_canvas (&f);
}

int
main (int argc, char **argv)
{
  gtk_test_init (&argc, &argv, NULL);

  g_test_add_func ("/canvas/prompts", test_prompts);
  g_test_add_func ("/canvas/keys", test_keys);
  g_test_add_func ("/canvas/zoom", test_zoom);
  g_test_add_func ("/canvas/detail", test_detail);
  g_test_add_func ("/canvas/looks", test_looks);
  g_test_add_func ("/canvas/accessible", test_accessible);

  return g_test_run ();
}
