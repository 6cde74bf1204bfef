/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The widget: hands GTK's events to its parts, and redraws what they change. */
#include "config.h"

#include <math.h>

#include <glib/gi18n-lib.h>

#include "ui/sui-canvas.h"
#include "ui/sui-cross.h"
#include "ui/sui-pointer.h"

#define ZOOM_STEP   1.25
#define SCROLL_STEP 64.0
/* Up to so many pixels, the smaller levels are made before the first frame. */
#define PYRAMID_AT_ONCE 6000000

struct _SuiCanvas
{
  GtkDrawingArea parent_instance;
  SuiSession    *session;
  SamImage      *wanted; /* whose pyramid is being made */

  SuiSight   sight; /* see get_sight() */
  SuiPaint   paint;
  SuiPointer pointer;
  SuiDrag    drag;
  SuiCross   cross;

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

/* --- the view --- */

/* Measured each time, so that nothing depends on which changes GTK and the session announce. */
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
  sui_paint_drop_base (&canvas->paint);
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
  if (canvas->pointer.inside)
    zoom_about (canvas, zoom, canvas->pointer.x, canvas->pointer.y);
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

/* --- drawing --- */

/* Around the picture: neutral grey, dark in a dark theme. */
static double
get_ground (GtkWidget *widget)
{
  GtkStyleContext *context = gtk_widget_get_style_context (widget);
  GdkRGBA          fg;

  gtk_style_context_get_color (context, gtk_style_context_get_state (context), &fg);

  return fg.red + fg.green + fg.blue > 1.5 ? 0.16 : 0.75;
}

static gboolean
sui_canvas_draw (GtkWidget *widget, cairo_t *cr)
{
  SuiCanvas      *canvas = SUI_CANVAS (widget);
  const SuiDrag  *drag = &canvas->drag;
  const SuiSight *sight = get_sight (canvas);

  sui_paint_draw_base (&canvas->paint, cr, sight, get_ground (widget));
  if (! sui_sight_has_picture (sight))
    return TRUE;

  if (drag->kind == SUI_DRAG_NONE && canvas->pointer.marked < 0)
    sui_paint_draw_hover (&canvas->paint, cr, sight);
  sui_paint_draw_prompts (&canvas->paint, cr, sight, canvas->pointer.marked);
  sui_drag_draw (drag, cr, sight);
  if (drag->tool == SUI_TOOL_BRUSH && canvas->pointer.inside && drag->kind != SUI_DRAG_PAN)
    sui_paint_draw_brush (cr, canvas->pointer.x, canvas->pointer.y, drag->brush);
  if (canvas->cross.shown && gtk_widget_has_focus (widget))
    sui_cross_draw (&canvas->cross, cr, sight);
  if (gtk_widget_has_visible_focus (widget))
    gtk_render_focus (gtk_widget_get_style_context (widget), cr, 2, 2,
                      gtk_widget_get_allocated_width (widget) - 4,
                      gtk_widget_get_allocated_height (widget) - 4);

  return TRUE;
}

/* --- pointing --- */

static const GPtrArray *
get_prompts (SuiCanvas *canvas)
{
  return sui_session_get_prompts (canvas->session, sui_session_get_current (canvas->session));
}

static void
set_cursor (SuiCanvas *canvas)
{
  GdkWindow            *window = gtk_widget_get_window (GTK_WIDGET (canvas));
  g_autoptr (GdkCursor) cursor = NULL;

  if (window == NULL)
    return;
  cursor = gdk_cursor_new_from_name (gdk_window_get_display (window),
                                     sui_pointer_get_cursor (&canvas->pointer, get_sight (canvas),
                                                             &canvas->drag));
  gdk_window_set_cursor (window, cursor);
}

static void
preview (SuiCanvas *canvas)
{
  sui_pointer_preview (&canvas->pointer, get_sight (canvas), &canvas->drag);
}

static void
mark_under_pointer (SuiCanvas *canvas)
{
  if (sui_pointer_mark (&canvas->pointer, get_sight (canvas)))
    gtk_widget_queue_draw (GTK_WIDGET (canvas));
}

/* Takes @prompt; NULL is nothing to add. */
static void
add_prompt (SuiCanvas *canvas, SuiPrompt *prompt)
{
  if (prompt != NULL && ! sui_session_add (canvas->session, prompt))
    g_signal_emit (canvas, signals[FULL], 0);
}

static void
end_drag (SuiCanvas *canvas)
{
  sui_drag_end (&canvas->drag);
  mark_under_pointer (canvas);
  set_cursor (canvas);
  gtk_widget_queue_draw (GTK_WIDGET (canvas));
}

static gboolean
sui_canvas_button_press (GtkWidget *widget, GdkEventButton *event)
{
  SuiCanvas *canvas = SUI_CANVAS (widget);
  SuiDrag   *drag = &canvas->drag;
  gboolean   primary = event->button == GDK_BUTTON_PRIMARY;

  if (event->type != GDK_BUTTON_PRESS || drag->kind != SUI_DRAG_NONE)
    return TRUE;
  gtk_widget_grab_focus (widget);
  sui_cross_hide (&canvas->cross);
  sui_pointer_move (&canvas->pointer, event->x, event->y);

  if (event->button == GDK_BUTTON_MIDDLE || (primary && canvas->pointer.space))
    {
      sui_drag_begin_pan (drag, event->button, event->x, event->y);
    }
  else if (primary || event->button == GDK_BUTTON_SECONDARY)
    {
      gboolean alt = (event->state & GDK_MOD1_MASK) != 0;

      sui_drag_begin (drag, get_sight (canvas), event->button,
                      sui_pointer_get_label (&canvas->pointer, ! primary, alt), event->x, event->y);
      if (sui_drag_has_prompt (drag))
        canvas->pointer.marked = (int) drag->prompt;
    }
  set_cursor (canvas);
  gtk_widget_queue_draw (widget);

  return TRUE;
}

static gboolean
sui_canvas_motion (GtkWidget *widget, GdkEventMotion *event)
{
  SuiCanvas *canvas = SUI_CANVAS (widget);
  SuiDrag   *drag = &canvas->drag;
  SuiSight  *sight = get_sight (canvas);

  sui_pointer_move (&canvas->pointer, event->x, event->y);
  canvas->pointer.alt = (event->state & GDK_MOD1_MASK) != 0;
  if (! sui_sight_has_picture (sight))
    return TRUE;

  if (drag->kind == SUI_DRAG_NONE)
    {
      mark_under_pointer (canvas);
      set_cursor (canvas);
      preview (canvas);
      if (drag->tool == SUI_TOOL_BRUSH)
        gtk_widget_queue_draw (widget);
    }
  else if (sui_drag_motion (drag, sight, event->x, event->y))
    {
      if (drag->kind == SUI_DRAG_PAN)
        redraw_all (canvas);
      else
        gtk_widget_queue_draw (widget);
    }

  return TRUE;
}

static gboolean
sui_canvas_button_release (GtkWidget *widget, GdkEventButton *event)
{
  SuiCanvas      *canvas = SUI_CANVAS (widget);
  SuiDrag        *drag = &canvas->drag;
  const SuiSight *sight = get_sight (canvas);

  if (drag->kind == SUI_DRAG_NONE || event->button != drag->button ||
      ! sui_sight_has_picture (sight))
    return TRUE;

  add_prompt (canvas, sui_drag_release (drag, sight, event->x, event->y));
  end_drag (canvas);

  return TRUE;
}

static gboolean
sui_canvas_scroll (GtkWidget *widget, GdkEventScroll *event)
{
  SuiCanvas *canvas = SUI_CANVAS (widget);
  double     dx = event->delta_x, dy = event->delta_y;

  if (event->direction != GDK_SCROLL_SMOOTH)
    {
      dx = (event->direction == GDK_SCROLL_RIGHT) - (event->direction == GDK_SCROLL_LEFT);
      dy = (event->direction == GDK_SCROLL_DOWN) - (event->direction == GDK_SCROLL_UP);
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

  canvas->pointer.inside = event->type == GDK_ENTER_NOTIFY;
  canvas->pointer.x = event->x;
  canvas->pointer.y = event->y;
  if (! canvas->pointer.inside && canvas->drag.kind == SUI_DRAG_NONE)
    {
      canvas->pointer.marked = -1;
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
  const GPtrArray *prompts = get_prompts (canvas);

  if (canvas->drag.kind != SUI_DRAG_NONE || prompts->len == 0)
    return;
  sui_session_delete (canvas->session,
                      canvas->pointer.marked >= 0 && (guint) canvas->pointer.marked < prompts->len
                        ? (guint) canvas->pointer.marked
                        : prompts->len - 1);
  canvas->pointer.marked = -1;
  mark_under_pointer (canvas);
}

static gboolean
hold_space (SuiCanvas *canvas)
{
  if (! canvas->pointer.space && canvas->drag.kind == SUI_DRAG_NONE)
    {
      canvas->pointer.space = TRUE;
      sui_session_leave (canvas->session);
      set_cursor (canvas);
    }

  return TRUE;
}

static gboolean
next_candidate (SuiCanvas *canvas, gboolean back)
{
  guint n = sui_session_get_n_candidates (canvas->session);

  if (n < 2)
    return FALSE;
  sui_session_choose (canvas->session,
                      (sui_session_get_candidate (canvas->session) + (back ? n - 1 : 1)) % n);

  return TRUE;
}

/* The cross appears where the pointer is, or else in the middle. */
static gboolean
press_cross (SuiCanvas *canvas, guint keyval, gboolean shift)
{
  const SuiPointer *pointer = &canvas->pointer;
  SuiSight         *sight = get_sight (canvas);
  double            pan_x = sight->pan_x, pan_y = sight->pan_y;
  SuiPrompt        *prompt;

  sui_cross_expect (&canvas->cross, sight, pointer->inside ? pointer->x : sight->widget_width / 2,
                    pointer->inside ? pointer->y : sight->widget_height / 2);
  if (! sui_cross_press (&canvas->cross, sight, keyval, shift, pointer->label, &prompt))
    return FALSE;
  add_prompt (canvas, prompt);
  if (sight->pan_x != pan_x || sight->pan_y != pan_y)
    redraw_all (canvas);
  else
    gtk_widget_queue_draw (GTK_WIDGET (canvas));

  return TRUE;
}

/* A key without Ctrl, Alt and Super; FALSE when it means nothing here. */
static gboolean
press_plain_key (SuiCanvas *canvas, guint keyval, gboolean shift)
{
  switch (keyval)
    {
    case GDK_KEY_space:
      return hold_space (canvas);

    case GDK_KEY_Tab:
    case GDK_KEY_ISO_Left_Tab:
      /* through the candidates; Ctrl+Tab leaves the picture */
      return next_candidate (canvas, keyval == GDK_KEY_ISO_Left_Tab);

    case GDK_KEY_Escape:
      if (canvas->drag.kind == SUI_DRAG_NONE)
        break;
      sui_drag_cancel (&canvas->drag);
      end_drag (canvas);
      return TRUE;

    default:
      break;
    }

  return press_cross (canvas, keyval, shift);
}

static gboolean
sui_canvas_key_press (GtkWidget *widget, GdkEventKey *event)
{
  SuiCanvas      *canvas = SUI_CANVAS (widget);
  GdkModifierType state = event->state & gtk_accelerator_get_default_mod_mask ();

  if (event->keyval == GDK_KEY_Alt_L || event->keyval == GDK_KEY_Alt_R)
    {
      canvas->pointer.alt = TRUE;
      preview (canvas);
    }
  if ((state & (GDK_CONTROL_MASK | GDK_MOD1_MASK | GDK_SUPER_MASK)) == 0 &&
      press_plain_key (canvas, event->keyval, (state & GDK_SHIFT_MASK) != 0))
    return TRUE;
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
      canvas->pointer.space = FALSE;
      set_cursor (canvas);
      return TRUE;
    }
  if (event->keyval == GDK_KEY_Alt_L || event->keyval == GDK_KEY_Alt_R)
    {
      canvas->pointer.alt = FALSE;
      preview (canvas);
    }

  return GTK_WIDGET_CLASS (sui_canvas_parent_class)->key_release_event (widget, event);
}

static gboolean
sui_canvas_focus_out (GtkWidget *widget, GdkEventFocus *event)
{
  SuiCanvas *canvas = SUI_CANVAS (widget);

  canvas->pointer.space = canvas->pointer.alt = FALSE;
  gtk_widget_queue_draw (widget);

  return FALSE;
}

/* --- settings --- */

void
sui_canvas_set_look (SuiCanvas *canvas, SuiCanvasLook look)
{
  canvas->paint.look = look;
  redraw_all (canvas);
}

SuiCanvasLook
sui_canvas_get_look (SuiCanvas *canvas)
{
  return canvas->paint.look;
}

void
sui_canvas_set_tool (SuiCanvas *canvas, SuiTool tool)
{
  canvas->drag.tool = tool;
  end_drag (canvas);
  preview (canvas);
}

SuiTool
sui_canvas_get_tool (SuiCanvas *canvas)
{
  return canvas->drag.tool;
}

void
sui_canvas_set_label (SuiCanvas *canvas, int label)
{
  canvas->pointer.label = label;
  preview (canvas);
}

int
sui_canvas_get_label (SuiCanvas *canvas)
{
  return canvas->pointer.label;
}

void
sui_canvas_set_brush (SuiCanvas *canvas, double width)
{
  canvas->drag.brush = CLAMP (width, 4.0, 200.0);
  gtk_widget_queue_draw (GTK_WIDGET (canvas));
}

double
sui_canvas_get_brush (SuiCanvas *canvas)
{
  return canvas->drag.brush;
}

/* --- life --- */

static void
pyramid_made (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (SuiCanvas)  canvas = data;
  g_autoptr (SuiPyramid) pyramid = sui_pyramid_new_finish (result);

  if (sui_pyramid_get_image (pyramid) != canvas->wanted)
    return;
  sui_pyramid_free (canvas->paint.pyramid);
  canvas->paint.pyramid = g_steal_pointer (&pyramid);
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
  g_clear_pointer (&canvas->paint.pyramid, sui_pyramid_free);
  if (image == NULL)
    return;
  if (sam_image_get_width (image) * sam_image_get_height (image) <= PYRAMID_AT_ONCE)
    canvas->paint.pyramid = sui_pyramid_new (image);
  else
    sui_pyramid_new_async (image, pyramid_made, g_object_ref (canvas));
  apply_fit (canvas);
}

/* What a person who does not see the picture is told about it. */
static void
describe (SuiCanvas *canvas)
{
  AtkObject       *accessible = gtk_widget_get_accessible (GTK_WIDGET (canvas));
  const SuiView   *view = sui_session_get_view (canvas->session);
  guint            n = get_prompts (canvas)->len;
  g_autofree char *prompts = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u prompt.",
                                                           "%u prompts.", n),
                                              n);
  g_autofree char *text = NULL;

  if (view != NULL && view->mask != NULL)
    text = g_strdup_printf (_ ("%s %.1f %% of the image is selected."), prompts,
                            100.0 * view->area);
  else
    text = g_strdup_printf (
      _ ("%s Arrow keys move the cross, Enter adds to the object, Shift+Enter removes from it."),
      prompts);
  atk_object_set_description (accessible, text);
}

static void
session_changed (SuiSession *session, SuiCanvas *canvas)
{
  guint n_prompts = get_prompts (canvas)->len;

  take_image (canvas);
  if (canvas->pointer.marked >= (int) n_prompts)
    canvas->pointer.marked = -1;
  if (sui_drag_has_prompt (&canvas->drag) && canvas->drag.prompt >= n_prompts)
    end_drag (canvas);
  describe (canvas);
  gtk_widget_queue_draw (GTK_WIDGET (canvas));
}

static void
session_view (SuiSession *session, SuiCanvas *canvas)
{
  sui_paint_update_view (&canvas->paint);
  describe (canvas);
  gtk_widget_queue_draw (GTK_WIDGET (canvas));
}

static void
session_hover (SuiSession *session, SuiCanvas *canvas)
{
  sui_paint_update_hover (&canvas->paint);
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

  sui_paint_clear (&canvas->paint);
  sui_drag_clear (&canvas->drag);
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
  sui_paint_init (&canvas->paint, session);
  sui_pointer_init (&canvas->pointer, session);
  sui_drag_init (&canvas->drag, session);
  sui_cross_init (&canvas->cross, session);
  g_signal_connect (session, "changed", G_CALLBACK (session_changed), canvas);
  g_signal_connect (session, "view", G_CALLBACK (session_view), canvas);
  g_signal_connect (session, "hover", G_CALLBACK (session_hover), canvas);
  atk_object_set_name (accessible, _ ("Image"));
  atk_object_set_role (accessible, ATK_ROLE_DRAWING_AREA);
  take_image (canvas);
  describe (canvas);

  return GTK_WIDGET (canvas);
}
