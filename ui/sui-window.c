/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Layout:
 *
 *   message, when there is one
 *   tools                                              model, menu
 *   picture                            | candidates, objects, result, edges
 *   look, zoom                         |
 *   hint, or what the worker does and a button to stop it
 *   Help                                  Cancel  Apply  OK
 *
 * Everything is done by the session; the window shows its state and passes on what is pressed. What
 * keys, buttons and the menu call is an action, in the group SUI_KEYS_GROUP. */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "ui/session/sui-error.h"
#include "ui/sui-help.h"
#include "ui/sui-keys.h"
#include "ui/sui-panel.h"
#include "ui/sui-status.h"
#include "ui/sui-tools.h"
#include "ui/sui-window.h"

struct _SuiWindow
{
  GtkDialog   parent_instance;
  SuiSession *session;
  GtkWidget  *canvas;

  GtkWidget *message, *message_label, *message_button;
  void (*message_callback) (SuiWindow *window);

  GtkWidget *content, *canvas_frame, *canvas_bar, *buttons;
  SuiTools  *tools;
  SuiPanel  *panel;
  SuiStatus *status;
  GtkWidget *look, *merged, *zoom_label;

  GSimpleActionGroup *actions;

  gboolean showing; /* widgets follow the state: not the user's doing */
  gboolean applying, orphan, reading;
};

enum
{
  APPLY,
  CANCEL,
  USE_SELECTION,
  COPY_SCRIPT,
  REFRESH,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SuiWindow, sui_window, GTK_TYPE_DIALOG)

/* --- messages --- */

static void
close_message (SuiWindow *window)
{
  gtk_widget_hide (window->message);
}

static void
message_response (GtkInfoBar *message, int response, SuiWindow *window)
{
  void (*callback) (SuiWindow *) = window->message_callback;

  close_message (window);
  if (response == GTK_RESPONSE_ACCEPT && callback != NULL)
    callback (window);
}

void
sui_window_say (SuiWindow     *window,
                GtkMessageType type,
                const char    *text,
                const char    *action,
                void (*callback) (SuiWindow *window))
{
  AtkObject *accessible = gtk_widget_get_accessible (window->message_label);

  gtk_info_bar_set_message_type (GTK_INFO_BAR (window->message), type);
  gtk_label_set_text (GTK_LABEL (window->message_label), text);
  window->message_callback = callback;
  if (action != NULL)
    gtk_button_set_label (GTK_BUTTON (window->message_button), action);
  gtk_widget_set_visible (window->message_button, action != NULL);
  gtk_widget_show (window->message);
  atk_object_notify_state_change (accessible, ATK_STATE_SHOWING, TRUE);
}

void
sui_window_fail (SuiWindow *window, const GError *error)
{
  g_autofree char *text = NULL;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  text = sui_error_to_sentence (error);
  sui_window_say (window, GTK_MESSAGE_WARNING, text, NULL, NULL);
}

/* --- state -> widgets --- */

static void
enable (SuiWindow *window, const char *name, gboolean enabled)
{
  GAction *action = g_action_map_lookup_action (G_ACTION_MAP (window->actions), name);

  g_simple_action_set_enabled (G_SIMPLE_ACTION (action), enabled);
}

static void
update_status (SuiWindow *window)
{
  const char *text = window->orphan     ? _ ("The result can no longer be applied.")
                     : window->applying ? _ ("Applying…")
                     : window->reading  ? _ ("Reading the image…")
                                        : NULL;

  sui_status_set_text (window->status, text);
}

static void
update_changed (SuiSession *session, SuiWindow *window)
{
  gboolean something = ! sui_session_is_empty (session);
  gboolean can_apply = something && ! window->orphan && ! window->applying;

  enable (window, "undo", sui_session_can_undo (session));
  enable (window, "redo", sui_session_can_redo (session));
  enable (window, "clear", something);
  enable (window, "copy-script", something);
  enable (window, "delete-object", sui_session_get_n_objects (session) > 1 || something);
  gtk_dialog_set_response_sensitive (GTK_DIALOG (window), GTK_RESPONSE_OK, can_apply);
  gtk_dialog_set_response_sensitive (GTK_DIALOG (window), GTK_RESPONSE_APPLY, can_apply);
  update_status (window);
}

static void
options_changed (SuiPanel *panel, SuiWindow *window)
{
  sui_status_update (window->status);
}

static void
update_zoom (SuiCanvas *canvas, SuiWindow *window)
{
  double zoom = sui_canvas_get_zoom (canvas) * gtk_widget_get_scale_factor (GTK_WIDGET (canvas));
  g_autofree char *text = g_strdup_printf (zoom < 0.1 ? "%.1f %%" : "%.0f %%", 100.0 * zoom);

  gtk_label_set_text (GTK_LABEL (window->zoom_label), text);
}

static void
canvas_full (SuiCanvas *canvas, SuiWindow *window)
{
  if (sui_session_is_full (window->session))
    sui_window_say (
      window, GTK_MESSAGE_INFO,
      _ ("This object has the maximum number of prompts. Start a new object, or undo some."), NULL,
      NULL);
}

static void
session_failed (SuiSession *session, GError *error, SuiWindow *window)
{
  sui_window_fail (window, error);
}

static void
tools_failed (SuiTools *tools, GError *error, SuiWindow *window)
{
  sui_window_fail (window, error);
}

static void
accept_offer (SuiWindow *window)
{
  sui_session_accept_offer (window->session);
}

static void
session_offer (SuiSession *session, SuiWindow *window)
{
  if (sui_session_is_empty (session))
    sui_window_say (window, GTK_MESSAGE_QUESTION,
                    _ ("This image has saved prompts from last time."), _ ("_Bring Them Back"),
                    accept_offer);
}

/* --- widgets -> state --- */

static void
look_changed (GtkComboBox *combo, SuiWindow *window)
{
  sui_canvas_set_look (SUI_CANVAS (window->canvas),
                       (SuiCanvasLook) gtk_combo_box_get_active (combo));
}

static void
merged_toggled (GtkWidget *widget, SuiWindow *window)
{
  if (! window->showing)
    g_signal_emit (window, signals[REFRESH], 0);
}

static void
apply (SuiWindow *window, gboolean close)
{
  GdkModifierType      state = 0;
  g_autoptr (GdkEvent) event = gtk_get_current_event ();

  if (window->applying || window->orphan || sui_session_is_empty (window->session))
    return;

  /* GIMP's modifiers of the selection tools, on the button; the Ctrl of Ctrl+Enter means nothing */
  if (event != NULL && gdk_event_get_event_type (event) == GDK_BUTTON_RELEASE &&
      gdk_event_get_state (event, &state) && sui_window_get_output (window) == SUI_OUTPUT_SELECTION)
    {
      gboolean shift = (state & GDK_SHIFT_MASK) != 0, control = (state & GDK_CONTROL_MASK) != 0;

      if (shift || control)
        sui_window_set_output (window, SUI_OUTPUT_SELECTION,
                               shift && control ? SUI_OPERATION_INTERSECT
                               : shift          ? SUI_OPERATION_ADD
                                                : SUI_OPERATION_SUBTRACT);
    }
  window->applying = TRUE;
  update_changed (window->session, window);
  g_signal_emit (window, signals[APPLY], 0, close);
}

/* --- actions --- */

static void
new_object (SuiWindow *window)
{
  sui_session_new_object (window->session);
  gtk_widget_grab_focus (window->canvas);
}

static void
delete_object (SuiWindow *window)
{
  sui_session_delete_object (window->session, sui_session_get_current (window->session));
}

static void
zoom_in (SuiWindow *window)
{
  sui_canvas_zoom_step (SUI_CANVAS (window->canvas), 1);
}

static void
zoom_out (SuiWindow *window)
{
  sui_canvas_zoom_step (SUI_CANVAS (window->canvas), -1);
}

static void
use_selection (SuiWindow *window)
{
  g_signal_emit (window, signals[USE_SELECTION], 0);
}

static void
copy_script (SuiWindow *window)
{
  if (! sui_session_is_empty (window->session))
    g_signal_emit (window, signals[COPY_SCRIPT], 0);
}

static void
refresh (SuiWindow *window)
{
  g_signal_emit (window, signals[REFRESH], 0);
}

static void
next_look (SuiWindow *window)
{
  gtk_combo_box_set_active (GTK_COMBO_BOX (window->look),
                            (gtk_combo_box_get_active (GTK_COMBO_BOX (window->look)) + 1) % 6);
}

static void
point_tool (SuiWindow *window)
{
  sui_tools_choose (window->tools, SUI_TOOL_POINT);
}

static void
brush_tool (SuiWindow *window)
{
  sui_tools_choose (window->tools, SUI_TOOL_BRUSH);
}

static void
lasso_tool (SuiWindow *window)
{
  sui_tools_choose (window->tools, SUI_TOOL_LASSO);
}

static void
smaller_brush (SuiWindow *window)
{
  sui_canvas_set_brush (SUI_CANVAS (window->canvas),
                        sui_canvas_get_brush (SUI_CANVAS (window->canvas)) / 1.25);
}

static void
larger_brush (SuiWindow *window)
{
  sui_canvas_set_brush (SUI_CANVAS (window->canvas),
                        sui_canvas_get_brush (SUI_CANVAS (window->canvas)) * 1.25);
}

static void
first_candidate (SuiWindow *window)
{
  sui_session_choose (window->session, 0);
}

static void
second_candidate (SuiWindow *window)
{
  sui_session_choose (window->session, 1);
}

static void
third_candidate (SuiWindow *window)
{
  sui_session_choose (window->session, 2);
}

static void
next_object (SuiWindow *window)
{
  sui_session_set_current (window->session, (sui_session_get_current (window->session) + 1) %
                                              sui_session_get_n_objects (window->session));
}

static void
ok (SuiWindow *window)
{
  apply (window, TRUE);
}

static void
only_apply (SuiWindow *window)
{
  apply (window, FALSE);
}

static void
add_action (SuiWindow *window, const char *name, GCallback call, gpointer target)
{
  g_autoptr (GSimpleAction) action = g_simple_action_new (name, NULL);

  g_signal_connect_swapped (action, "activate", call, target);
  g_action_map_add_action (G_ACTION_MAP (window->actions), G_ACTION (action));
}

/* What SuiKey and the layouts name. */
static void
add_actions (SuiWindow *window)
{
  gpointer session = window->session, canvas = window->canvas, panel = window->panel;

  add_action (window, "apply", G_CALLBACK (only_apply), window);
  add_action (window, "apply-and-close", G_CALLBACK (ok), window);
  add_action (window, "candidate-1", G_CALLBACK (first_candidate), window);
  add_action (window, "candidate-2", G_CALLBACK (second_candidate), window);
  add_action (window, "candidate-3", G_CALLBACK (third_candidate), window);
  add_action (window, "clear", G_CALLBACK (sui_session_clear), session);
  add_action (window, "copy-script", G_CALLBACK (copy_script), window);
  add_action (window, "delete-object", G_CALLBACK (delete_object), window);
  add_action (window, "delete-prompt", G_CALLBACK (sui_canvas_delete), canvas);
  add_action (window, "help", G_CALLBACK (sui_help_show), window);
  add_action (window, "larger-brush", G_CALLBACK (larger_brush), window);
  add_action (window, "new-object", G_CALLBACK (new_object), window);
  add_action (window, "next-edge", G_CALLBACK (sui_panel_next_edge), panel);
  add_action (window, "next-object", G_CALLBACK (next_object), window);
  add_action (window, "next-operation", G_CALLBACK (sui_panel_next_operation), panel);
  add_action (window, "next-output", G_CALLBACK (sui_panel_next_output), panel);
  add_action (window, "next-view", G_CALLBACK (next_look), window);
  add_action (window, "redo", G_CALLBACK (sui_session_redo), session);
  add_action (window, "refresh", G_CALLBACK (refresh), window);
  add_action (window, "smaller-brush", G_CALLBACK (smaller_brush), window);
  add_action (window, "stop", G_CALLBACK (sui_session_cancel), session);
  add_action (window, "swap-label", G_CALLBACK (sui_tools_swap_label), window->tools);
  add_action (window, "tool-brush", G_CALLBACK (brush_tool), window);
  add_action (window, "tool-lasso", G_CALLBACK (lasso_tool), window);
  add_action (window, "tool-point", G_CALLBACK (point_tool), window);
  add_action (window, "undo", G_CALLBACK (sui_session_undo), session);
  add_action (window, "use-selection", G_CALLBACK (use_selection), window);
  add_action (window, "zoom-fit", G_CALLBACK (sui_canvas_zoom_fit), canvas);
  add_action (window, "zoom-in", G_CALLBACK (zoom_in), window);
  add_action (window, "zoom-one", G_CALLBACK (sui_canvas_zoom_one), canvas);
  add_action (window, "zoom-out", G_CALLBACK (zoom_out), window);
}

static gboolean
sui_window_key_press (GtkWidget *widget, GdkEventKey *event)
{
  SuiWindow  *window = SUI_WINDOW (widget);
  GtkWidget  *focus = gtk_window_get_focus (GTK_WINDOW (window));
  const char *action;

  /* the picture's own keys first: Enter, Tab, Escape, arrows */
  if (focus == window->canvas && gtk_widget_event (focus, (GdkEvent *) event))
    return TRUE;
  action = sui_keys_find (event, GTK_IS_ENTRY (focus) || GTK_IS_TEXT_VIEW (focus));
  if (action == NULL)
    return GTK_WIDGET_CLASS (sui_window_parent_class)->key_press_event (widget, event);
  g_action_group_activate_action (G_ACTION_GROUP (window->actions), action, NULL);

  return TRUE;
}

/* --- what others ask --- */

void
sui_window_applied (SuiWindow *window, gboolean worked)
{
  window->applying = FALSE;
  if (worked)
    close_message (window);
  update_changed (window->session, window);
}

void
sui_window_set_orphan (SuiWindow *window, const char *why)
{
  window->orphan = why != NULL;
  update_changed (window->session, window);
  if (why != NULL)
    sui_window_say (window, GTK_MESSAGE_WARNING, why, NULL, NULL);
  else
    close_message (window);
}

void
sui_window_set_reading (SuiWindow *window, gboolean reading)
{
  window->reading = reading;
  update_status (window);
}

void
sui_window_say_changed (SuiWindow *window)
{
  sui_window_say (window, GTK_MESSAGE_INFO, _ ("The image has changed since it was read."),
                  _ ("_Read It Again"), refresh);
}

SuiSession *
sui_window_get_session (SuiWindow *window)
{
  return window->session;
}

SuiCanvas *
sui_window_get_canvas (SuiWindow *window)
{
  return SUI_CANVAS (window->canvas);
}

SuiOutput
sui_window_get_output (SuiWindow *window)
{
  return sui_panel_get_output (window->panel);
}

SuiOperation
sui_window_get_operation (SuiWindow *window)
{
  return sui_panel_get_operation (window->panel);
}

void
sui_window_set_output (SuiWindow *window, SuiOutput output, SuiOperation operation)
{
  sui_panel_set_output (window->panel, output, operation);
}

gboolean
sui_window_get_merged (SuiWindow *window)
{
  return gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (window->merged));
}

void
sui_window_set_merged (SuiWindow *window, gboolean merged)
{
  window->showing = TRUE;
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (window->merged), merged);
  window->showing = FALSE;
}

void
sui_window_set_options (SuiWindow *window, const SuiOptions *options)
{
  sui_panel_set_options (window->panel, options);
}

/* --- life --- */

static void
sui_window_response (GtkDialog *dialog, int response)
{
  SuiWindow *window = SUI_WINDOW (dialog);

  switch (response)
    {
    case GTK_RESPONSE_OK:
      apply (window, TRUE);
      break;

    case GTK_RESPONSE_APPLY:
      apply (window, FALSE);
      break;

    case GTK_RESPONSE_HELP:
      sui_help_show (GTK_WINDOW (window));
      break;

    default:
      g_signal_emit (window, signals[CANCEL], 0);
      break;
    }
}

/* The dialog is closed by its listener, when the worker has ended. */
static gboolean
sui_window_delete_event (GtkWidget *widget, GdkEventAny *event)
{
  g_signal_emit (widget, signals[CANCEL], 0);

  return TRUE;
}

/* GTK's own button to close it has a picture only, and no name for those who do not see it. */
static void
name_close (GtkWidget *widget, gpointer other_button)
{
  if (GTK_IS_BUTTON (widget) && widget != other_button)
    {
      gtk_widget_set_tooltip_text (widget, _ ("Close the message"));
      sui_keys_describe_button (widget, NULL, NULL);
    }
  else if (GTK_IS_CONTAINER (widget))
    {
      gtk_container_forall (GTK_CONTAINER (widget), name_close, other_button);
    }
}

/* In line with all above them; themes have spaces of their own there. */
static void
align_buttons (GtkWidget *buttons)
{
  GtkCssProvider *provider = gtk_css_provider_new ();

  gtk_css_provider_load_from_data (provider, "* { padding: 0; margin: 0; }", -1, NULL);
  for (GtkWidget *box = buttons; box != NULL && GTK_IS_BOX (box); box = gtk_widget_get_parent (box))
    {
      gtk_style_context_add_provider (gtk_widget_get_style_context (box),
                                      GTK_STYLE_PROVIDER (provider),
                                      GTK_STYLE_PROVIDER_PRIORITY_USER);
      gtk_container_set_border_width (GTK_CONTAINER (box), 0);
    }
  g_object_unref (provider);
}

static void
sui_window_dispose (GObject *object)
{
  SuiWindow *window = SUI_WINDOW (object);

  if (window->session != NULL)
    g_signal_handlers_disconnect_by_data (window->session, window);
  g_clear_object (&window->session);
  g_clear_object (&window->actions);
  G_OBJECT_CLASS (sui_window_parent_class)->dispose (object);
}

static void
sui_window_class_init (SuiWindowClass *klass)
{
  GtkWidgetClass *widget = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sui_window_dispose;
  widget->key_press_event = sui_window_key_press;
  widget->delete_event = sui_window_delete_event;
  GTK_DIALOG_CLASS (klass)->response = sui_window_response;

  signals[APPLY] = g_signal_new ("apply", SUI_TYPE_WINDOW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 1, G_TYPE_BOOLEAN);
  signals[CANCEL] = g_signal_new ("cancel", SUI_TYPE_WINDOW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 0);
  signals[USE_SELECTION] = g_signal_new ("use-selection", SUI_TYPE_WINDOW, G_SIGNAL_RUN_LAST, 0,
                                         NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[COPY_SCRIPT] = g_signal_new ("copy-script", SUI_TYPE_WINDOW, G_SIGNAL_RUN_LAST, 0, NULL,
                                       NULL, NULL, G_TYPE_NONE, 0);
  signals[REFRESH] = g_signal_new ("refresh", SUI_TYPE_WINDOW, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                   NULL, G_TYPE_NONE, 0);

  g_type_ensure (SUI_TYPE_PANEL);
  g_type_ensure (SUI_TYPE_STATUS);
  g_type_ensure (SUI_TYPE_TOOLS);
  gtk_widget_class_set_template_from_resource (widget,
                                               "/org/gimp/SegmentAnything/ui/sui-window.ui");
  gtk_widget_class_bind_template_child (widget, SuiWindow, message);
  gtk_widget_class_bind_template_child (widget, SuiWindow, message_label);
  gtk_widget_class_bind_template_child (widget, SuiWindow, message_button);
  gtk_widget_class_bind_template_child (widget, SuiWindow, content);
  gtk_widget_class_bind_template_child (widget, SuiWindow, canvas_frame);
  gtk_widget_class_bind_template_child (widget, SuiWindow, canvas_bar);
  gtk_widget_class_bind_template_child (widget, SuiWindow, buttons);
  gtk_widget_class_bind_template_child (widget, SuiWindow, tools);
  gtk_widget_class_bind_template_child (widget, SuiWindow, panel);
  gtk_widget_class_bind_template_child (widget, SuiWindow, status);
  gtk_widget_class_bind_template_child (widget, SuiWindow, look);
  gtk_widget_class_bind_template_child (widget, SuiWindow, merged);
  gtk_widget_class_bind_template_child (widget, SuiWindow, zoom_label);
  gtk_widget_class_bind_template_callback (widget, message_response);
  gtk_widget_class_bind_template_callback (widget, tools_failed);
  gtk_widget_class_bind_template_callback (widget, look_changed);
  gtk_widget_class_bind_template_callback (widget, merged_toggled);
  gtk_widget_class_bind_template_callback (widget, options_changed);
}

static void
sui_window_init (SuiWindow *window)
{
  gtk_icon_theme_add_resource_path (gtk_icon_theme_get_default (),
                                    "/org/gimp/SegmentAnything/icons");
  gtk_widget_init_template (GTK_WIDGET (window));
  sui_keys_describe (window->canvas_bar);
  name_close (window->message, window->message_button);
  align_buttons (window->buttons);
  window->actions = g_simple_action_group_new ();
  gtk_widget_insert_action_group (GTK_WIDGET (window), SUI_KEYS_GROUP,
                                  G_ACTION_GROUP (window->actions));
}

static void
attach (SuiWindow *window, SuiSession *session)
{
  window->session = g_object_ref (session);
  window->canvas = sui_canvas_new (session);
  gtk_container_add (GTK_CONTAINER (window->canvas_frame), window->canvas);
  gtk_combo_box_set_active (GTK_COMBO_BOX (window->look), SUI_CANVAS_TINT);
  sui_tools_attach (window->tools, session, SUI_CANVAS (window->canvas));
  sui_status_attach (window->status, session);
  sui_panel_attach (window->panel, session);
  add_actions (window);
  gtk_widget_show_all (window->content);
  gtk_widget_hide (window->message);
  gtk_widget_hide (window->message_button);
  gtk_widget_set_no_show_all (window->message, TRUE);

  g_signal_connect (window->canvas, "zoom", G_CALLBACK (update_zoom), window);
  g_signal_connect (window->canvas, "full", G_CALLBACK (canvas_full), window);
  g_signal_connect (session, "changed", G_CALLBACK (update_changed), window);
  g_signal_connect (session, "failed", G_CALLBACK (session_failed), window);
  g_signal_connect (session, "offer", G_CALLBACK (session_offer), window);
  update_zoom (SUI_CANVAS (window->canvas), window);
  update_changed (session, window);
  gtk_widget_grab_focus (window->canvas);
}

GtkWidget *
sui_window_new (SuiSession *session, const char *picture_name)
{
  SuiWindow       *window;
  g_autofree char *title = NULL;

  if (picture_name != NULL)
    title = g_strdup_printf (_ ("Segment Anything: %s"), picture_name);
  window = g_object_new (SUI_TYPE_WINDOW, "title", title != NULL ? title : _ ("Segment Anything"),
                         "use-header-bar", FALSE, NULL);
  attach (window, session);

  return GTK_WIDGET (window);
}
