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
 * Everything is done by the session; the window shows its state and passes on what is pressed. */
#include "config.h"

#include <math.h>
#include <string.h>

#include <glib/gi18n-lib.h>

#include "ui/session/sui-error.h"
#include "ui/sui-help.h"
#include "ui/sui-models.h"
#include "ui/sui-strip.h"
#include "ui/sui-window.h"

#define PANEL_WIDTH 272

struct _SuiWindow
{
  GtkDialog   parent_instance;
  SuiSession *session;
  GtkWidget  *canvas;

  GtkWidget *bar, *bar_label, *bar_button;
  void (*bar_callback) (SuiWindow *window);

  GtkWidget *tools[3], *labels[2];
  GtkWidget *undo, *redo;
  GtkWidget *menu_script, *menu_clear;
  GtkWidget *look, *zoom_label;
  GtkWidget *objects, *object_delete;
  GtkWidget *output, *operations, *operation[4];
  GtkWidget *edge, *grow, *feather, *holes, *specks;
  GtkWidget *models, *merged;
  GtkWidget *status, *hint, *progress_text, *progress, *stop;

  gboolean cleaned; /* fill-holes and specks have their first values */
  gboolean showing; /* widgets follow the state: not the user's doing */
  gboolean applying, orphan, reading;
  guint    options_later;
  guint    slow_later; /* progress is shown after a moment, not for every click */
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
close_bar (SuiWindow *window)
{
  gtk_widget_hide (window->bar);
}

static void
bar_response (GtkInfoBar *bar, int response, SuiWindow *window)
{
  void (*callback) (SuiWindow *) = window->bar_callback;

  close_bar (window);
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
  AtkObject *accessible = gtk_widget_get_accessible (window->bar_label);

  gtk_info_bar_set_message_type (GTK_INFO_BAR (window->bar), type);
  gtk_label_set_text (GTK_LABEL (window->bar_label), text);
  window->bar_callback = callback;
  if (action != NULL)
    gtk_button_set_label (GTK_BUTTON (window->bar_button), action);
  gtk_widget_set_visible (window->bar_button, action != NULL);
  gtk_widget_show (window->bar);
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
update_objects (SuiWindow *window)
{
  guint n = sui_session_get_n_objects (window->session);
  guint current = sui_session_get_current (window->session);
  guint rows = 0;

  for (GList *list = gtk_container_get_children (GTK_CONTAINER (window->objects)); list != NULL;
       list = g_list_delete_link (list, list))
    rows++;
  for (; rows > n; rows--)
    gtk_widget_destroy (GTK_WIDGET (gtk_list_box_get_row_at_index (GTK_LIST_BOX (window->objects),
                                                                   (int) rows - 1)));
  for (; rows < n; rows++)
    {
      GtkWidget *label = gtk_label_new (NULL);

      gtk_label_set_xalign (GTK_LABEL (label), 0.0f);
      gtk_widget_set_margin_start (label, 6);
      gtk_widget_set_margin_end (label, 6);
      gtk_widget_set_margin_top (label, 2);
      gtk_widget_set_margin_bottom (label, 2);
      gtk_widget_show (label);
      gtk_list_box_insert (GTK_LIST_BOX (window->objects), label, -1);
    }
  for (guint i = 0; i < n; i++)
    {
      GtkListBoxRow *row = gtk_list_box_get_row_at_index (GTK_LIST_BOX (window->objects), (int) i);
      GtkWidget     *label = gtk_bin_get_child (GTK_BIN (row));
      guint          n_prompts = sui_session_get_prompts (window->session, i)->len;
      g_autofree char *text = NULL;

      if (n_prompts == 0)
        text = g_strdup_printf (_ ("Object %u: not clicked yet"), i + 1);
      else
        text = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "Object %u: %u prompt",
                                             "Object %u: %u prompts", n_prompts),
                                i + 1, n_prompts);
      gtk_label_set_text (GTK_LABEL (label), text);
      atk_object_set_name (gtk_widget_get_accessible (GTK_WIDGET (row)), text);
      if (i == current)
        gtk_list_box_select_row (GTK_LIST_BOX (window->objects), row);
    }
  gtk_widget_set_sensitive (window->object_delete,
                            n > 1 || ! sui_session_is_empty (window->session));
}

static void
update_hint (SuiWindow *window)
{
  const SuiView   *view = sui_session_get_view (window->session);
  g_autofree char *text = NULL;

  if (window->orphan)
    text = g_strdup (_ ("Nothing can be applied any more."));
  else if (window->applying)
    text = g_strdup (_ ("Applying…"));
  else if (window->reading)
    text = g_strdup (_ ("Reading the picture…"));
  else if (sui_session_is_stopped (window->session))
    text = g_strdup (_ ("Stopped. Click on the picture to go on."));
  else if (sui_session_needs_positive (window->session))
    text = g_strdup (_ ("Now click on the object itself."));
  else if (sui_session_is_empty (window->session))
    text =
      g_strdup (_ ("Click on an object, or drag a box around it. The right button takes away."));
  else if (view != NULL && view->mask != NULL && view->area > 0.0 &&
           sui_session_get_options (window->session)->matte)
    text =
      g_strdup_printf (_ ("%.1f %% of the picture. Its edge is matted when the result is applied."),
                       100.0 * view->area);
  else if (view != NULL && view->mask != NULL && view->area > 0.0)
    text = g_strdup_printf (_ ("%.1f %% of the picture. Click to add, right-click to take away."),
                            100.0 * view->area);
  else if (view != NULL && view->mask != NULL)
    text = g_strdup (_ ("Nothing was found there. Try another place, or drag a box."));
  gtk_label_set_text (GTK_LABEL (window->hint), text != NULL ? text : "");
}

/* Dust in a mask is never meant: specks and holes of a two-thousandth of the picture go, unless the
 * user says otherwise. */
static void
clean_by_default (SuiWindow *window)
{
  SamImage *image = sui_session_get_image (window->session);
  double    area;

  if (window->cleaned || image == NULL)
    return;
  window->cleaned = TRUE;
  area = floor ((double) sam_image_get_width (image) * sam_image_get_height (image) / 2000.0);
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (window->holes), area);
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (window->specks), area);
}

static void
update_changed (SuiSession *session, SuiWindow *window)
{
  gboolean something = ! sui_session_is_empty (session);

  clean_by_default (window);
  window->showing = TRUE;
  gtk_widget_set_sensitive (window->undo, sui_session_can_undo (session));
  gtk_widget_set_sensitive (window->redo, sui_session_can_redo (session));
  gtk_widget_set_sensitive (window->menu_clear, something);
  gtk_widget_set_sensitive (window->menu_script, something);
  update_objects (window);
  update_hint (window);
  gtk_dialog_set_response_sensitive (GTK_DIALOG (window), GTK_RESPONSE_OK,
                                     something && ! window->orphan && ! window->applying);
  gtk_dialog_set_response_sensitive (GTK_DIALOG (window), GTK_RESPONSE_APPLY,
                                     something && ! window->orphan && ! window->applying);
  window->showing = FALSE;
}

static void
update_view (SuiSession *session, SuiWindow *window)
{
  update_hint (window);
}

static char *
busy_text (SuiWindow *window)
{
  double left = sui_session_get_seconds_left (window->session);

  switch (sui_session_get_busy (window->session))
    {
    case SUI_BUSY_LOADING:
      return g_strdup (_ ("Loading the model…"));

    case SUI_BUSY_ENCODING:
      if (left >= 60)
        return g_strdup_printf (_ ("Looking at the picture… %.0f min left"), ceil (left / 60));
      if (left >= 1)
        return g_strdup_printf (_ ("Looking at the picture… %.0f s left"), ceil (left));
      return g_strdup (_ ("Looking at the picture…"));

    case SUI_BUSY_MAKING:
      return g_strdup (_ ("Making the mask…"));

    default:
      return g_strdup (_ ("Finding the object…"));
    }
}

static gboolean
show_busy (gpointer data)
{
  SuiWindow       *window = data;
  g_autofree char *text = busy_text (window);
  double           progress = sui_session_get_progress (window->session);
  SuiBusy          busy = sui_session_get_busy (window->session);

  window->slow_later = 0;
  gtk_label_set_text (GTK_LABEL (window->progress_text), text);
  if (progress >= 0.0)
    gtk_progress_bar_set_fraction (GTK_PROGRESS_BAR (window->progress), progress);
  else
    gtk_progress_bar_pulse (GTK_PROGRESS_BAR (window->progress));
  gtk_widget_set_visible (window->stop, busy != SUI_BUSY_ANSWERING);
  gtk_stack_set_visible_child_name (GTK_STACK (window->status), "busy");

  return G_SOURCE_REMOVE;
}

static void
update_busy (SuiSession *session, SuiWindow *window)
{
  SuiBusy busy = sui_session_get_busy (session);

  if (busy == SUI_BUSY_NOTHING || busy == SUI_BUSY_HOVERING)
    {
      if (window->slow_later != 0)
        g_source_remove (window->slow_later);
      window->slow_later = 0;
      gtk_stack_set_visible_child_name (GTK_STACK (window->status), "hint");
      update_hint (window);
    }
  else if (strcmp (gtk_stack_get_visible_child_name (GTK_STACK (window->status)), "busy") == 0)
    {
      show_busy (window);
    }
  else if (window->slow_later == 0)
    {
      window->slow_later = g_timeout_add (250, show_busy, window);
    }
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
      _ ("This object has as many prompts as a model takes. Start a new object, or undo some."),
      NULL, NULL);
}

static void
session_failed (SuiSession *session, GError *error, SuiWindow *window)
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
                    _ ("This picture has kept its prompts from the last time."),
                    _ ("_Bring Them Back"), accept_offer);
}

/* --- widgets -> state --- */

static void
set_options (SuiWindow *window)
{
  SuiOptions options = { 0 };

  options.edge = gtk_combo_box_get_active (GTK_COMBO_BOX (window->edge)) == 1 ? SAM_EDGE_HARD
                                                                              : SAM_EDGE_SMOOTH;
  options.matte = gtk_combo_box_get_active (GTK_COMBO_BOX (window->edge)) == 2;
  options.grow = gtk_spin_button_get_value (GTK_SPIN_BUTTON (window->grow));
  options.feather = gtk_spin_button_get_value (GTK_SPIN_BUTTON (window->feather));
  options.fill_holes = gtk_spin_button_get_value (GTK_SPIN_BUTTON (window->holes));
  options.min_area = gtk_spin_button_get_value (GTK_SPIN_BUTTON (window->specks));
  sui_session_set_options (window->session, &options);
  update_hint (window);
}

static void
options_changed (GtkWidget *widget, SuiWindow *window)
{
  if (! window->showing)
    set_options (window);
}

static void
output_changed (GtkWidget *widget, SuiWindow *window)
{
  SuiOutput output = sui_window_get_output (window);

  gtk_widget_set_sensitive (window->operations,
                            output == SUI_OUTPUT_SELECTION || output == SUI_OUTPUT_LAYER_MASK);
}

static void
tool_toggled (GtkToggleButton *button, SuiWindow *window)
{
  if (! gtk_toggle_button_get_active (button))
    return;
  for (int i = 0; i < 3; i++)
    if (window->tools[i] == GTK_WIDGET (button))
      sui_canvas_set_tool (SUI_CANVAS (window->canvas), (SuiTool) i);
}

static void
label_toggled (GtkToggleButton *button, SuiWindow *window)
{
  if (gtk_toggle_button_get_active (button))
    sui_canvas_set_label (SUI_CANVAS (window->canvas),
                          window->labels[1] == GTK_WIDGET (button) ? 1 : 0);
}

static void
look_changed (GtkComboBox *combo, SuiWindow *window)
{
  sui_canvas_set_look (SUI_CANVAS (window->canvas),
                       (SuiCanvasLook) gtk_combo_box_get_active (combo));
}

static void
row_selected (GtkListBox *list, GtkListBoxRow *row, SuiWindow *window)
{
  if (row != NULL && ! window->showing)
    sui_session_set_current (window->session, (guint) gtk_list_box_row_get_index (row));
}

static void
undo (SuiWindow *window)
{
  sui_session_undo (window->session);
}

static void
redo (SuiWindow *window)
{
  sui_session_redo (window->session);
}

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
clear (SuiWindow *window)
{
  sui_session_clear (window->session);
}

static void
stop (SuiWindow *window)
{
  sui_session_cancel (window->session);
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
zoom_fit (SuiWindow *window)
{
  sui_canvas_zoom_fit (SUI_CANVAS (window->canvas));
}

static void
zoom_one (SuiWindow *window)
{
  sui_canvas_zoom_one (SUI_CANVAS (window->canvas));
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
merged_toggled (GtkWidget *widget, SuiWindow *window)
{
  if (! window->showing)
    refresh (window);
}

static void
help (SuiWindow *window)
{
  sui_help_show (GTK_WINDOW (window));
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
      help (window);
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

void
sui_window_applied (SuiWindow *window, gboolean worked)
{
  window->applying = FALSE;
  if (worked)
    close_bar (window);
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
    close_bar (window);
}

void
sui_window_set_reading (SuiWindow *window, gboolean reading)
{
  window->reading = reading;
  update_hint (window);
}

void
sui_window_say_changed (SuiWindow *window)
{
  sui_window_say (window, GTK_MESSAGE_INFO, _ ("The picture has changed since it was read."),
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
  return (SuiOutput) MAX (0, gtk_combo_box_get_active (GTK_COMBO_BOX (window->output)));
}

SuiOperation
sui_window_get_operation (SuiWindow *window)
{
  for (int i = 0; i < 4; i++)
    if (gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (window->operation[i])))
      return (SuiOperation) i;

  return SUI_OPERATION_REPLACE;
}

void
sui_window_set_output (SuiWindow *window, SuiOutput output, SuiOperation operation)
{
  gtk_combo_box_set_active (GTK_COMBO_BOX (window->output), (int) output);
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (window->operation[operation]), TRUE);
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
  gtk_combo_box_set_active (GTK_COMBO_BOX (window->edge), options->matte                   ? 2
                                                          : options->edge == SAM_EDGE_HARD ? 1
                                                                                           : 0);
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (window->grow), options->grow);
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (window->feather), options->feather);
  if (options->fill_holes > 0.0 || options->min_area > 0.0)
    {
      window->cleaned = TRUE;
      gtk_spin_button_set_value (GTK_SPIN_BUTTON (window->holes), options->fill_holes);
      gtk_spin_button_set_value (GTK_SPIN_BUTTON (window->specks), options->min_area);
    }
  set_options (window);
}

/* --- keys --- */

typedef struct
{
  guint           keyval;
  GdkModifierType modifiers;
  void (*call) (SuiWindow *window);
} Key;

static void
next_look (SuiWindow *window)
{
  gtk_combo_box_set_active (GTK_COMBO_BOX (window->look),
                            (gtk_combo_box_get_active (GTK_COMBO_BOX (window->look)) + 1) % 6);
}

static void
swap_label (SuiWindow *window)
{
  int other = 1 - sui_canvas_get_label (SUI_CANVAS (window->canvas));

  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (window->labels[other]), TRUE);
}

static void
point_tool (SuiWindow *window)
{
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (window->tools[SUI_TOOL_POINT]), TRUE);
}

static void
brush_tool (SuiWindow *window)
{
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (window->tools[SUI_TOOL_BRUSH]), TRUE);
}

static void
lasso_tool (SuiWindow *window)
{
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (window->tools[SUI_TOOL_LASSO]), TRUE);
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
delete_prompt (SuiWindow *window)
{
  sui_canvas_delete (SUI_CANVAS (window->canvas));
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
next_output (SuiWindow *window)
{
  gtk_combo_box_set_active (GTK_COMBO_BOX (window->output),
                            ((int) sui_window_get_output (window) + 1) % (SUI_OUTPUT_PATH + 1));
}

static void
next_operation (SuiWindow *window)
{
  if (gtk_widget_get_sensitive (window->operations))
    gtk_toggle_button_set_active (
      GTK_TOGGLE_BUTTON (window->operation[(sui_window_get_operation (window) + 1) % 4]), TRUE);
}

static void
next_edge (SuiWindow *window)
{
  gtk_combo_box_set_active (GTK_COMBO_BOX (window->edge),
                            (gtk_combo_box_get_active (GTK_COMBO_BOX (window->edge)) + 1) % 3);
}

static const Key keys[] = {
  { GDK_KEY_z, GDK_CONTROL_MASK, undo },
  { GDK_KEY_z, GDK_CONTROL_MASK | GDK_SHIFT_MASK, redo },
  { GDK_KEY_y, GDK_CONTROL_MASK, redo },
  { GDK_KEY_0, GDK_CONTROL_MASK, zoom_fit },
  { GDK_KEY_j, GDK_CONTROL_MASK | GDK_SHIFT_MASK, zoom_fit },
  { GDK_KEY_1, GDK_CONTROL_MASK, zoom_one },
  { GDK_KEY_c, GDK_CONTROL_MASK | GDK_SHIFT_MASK, copy_script },
  { GDK_KEY_n, GDK_CONTROL_MASK, new_object },
  { GDK_KEY_r, GDK_CONTROL_MASK, refresh },
  { GDK_KEY_Delete, GDK_CONTROL_MASK, clear },
  { GDK_KEY_Return, GDK_CONTROL_MASK, ok },
  { GDK_KEY_F1, 0, help },
  { GDK_KEY_F5, 0, refresh },
};

/* Without a modifier: not while something is typed. */
static const Key plain_keys[] = {
  { GDK_KEY_1, 0, first_candidate },
  { GDK_KEY_2, 0, second_candidate },
  { GDK_KEY_3, 0, third_candidate },
  { GDK_KEY_KP_1, 0, first_candidate },
  { GDK_KEY_KP_2, 0, second_candidate },
  { GDK_KEY_KP_3, 0, third_candidate },
  { GDK_KEY_plus, 0, zoom_in },
  { GDK_KEY_equal, 0, zoom_in },
  { GDK_KEY_KP_Add, 0, zoom_in },
  { GDK_KEY_minus, 0, zoom_out },
  { GDK_KEY_KP_Subtract, 0, zoom_out },
  { GDK_KEY_0, 0, zoom_fit },
  { GDK_KEY_v, 0, next_look },
  { GDK_KEY_x, 0, swap_label },
  { GDK_KEY_p, 0, point_tool },
  { GDK_KEY_k, 0, brush_tool },
  { GDK_KEY_l, 0, lasso_tool },
  { GDK_KEY_bracketleft, 0, smaller_brush },
  { GDK_KEY_bracketright, 0, larger_brush },
  { GDK_KEY_n, 0, new_object },
  { GDK_KEY_o, 0, next_object },
  { GDK_KEY_d, 0, delete_object },
  { GDK_KEY_r, 0, next_output },
  { GDK_KEY_m, 0, next_operation },
  { GDK_KEY_e, 0, next_edge },
  { GDK_KEY_t, 0, stop },
  { GDK_KEY_s, 0, use_selection },
  { GDK_KEY_a, 0, only_apply },
  { GDK_KEY_Delete, 0, delete_prompt },
  { GDK_KEY_BackSpace, 0, delete_prompt },
};

static gboolean
try_keys (SuiWindow *window, const Key *table, guint n, const GdkEventKey *event)
{
  GdkModifierType state = event->state & gtk_accelerator_get_default_mod_mask ();
  guint           keyval = gdk_keyval_to_lower (event->keyval);

  for (guint i = 0; i < n; i++)
    {
      /* some plain keys need Shift on some keyboards */
      GdkModifierType seen = table == plain_keys && ! g_ascii_isalpha ((char) MIN (keyval, 127u))
                               ? state & ~GDK_SHIFT_MASK
                               : state;

      if (table[i].keyval == keyval && table[i].modifiers == seen)
        {
          table[i].call (window);
          return TRUE;
        }
    }

  return FALSE;
}

static gboolean
sui_window_key_press (GtkWidget *widget, GdkEventKey *event)
{
  SuiWindow *window = SUI_WINDOW (widget);
  GtkWidget *focus = gtk_window_get_focus (GTK_WINDOW (window));
  gboolean   typing = GTK_IS_ENTRY (focus) || GTK_IS_TEXT_VIEW (focus);

  /* the picture's own keys first: Enter, Tab, Escape, arrows */
  if (focus == window->canvas && gtk_widget_event (focus, (GdkEvent *) event))
    return TRUE;
  if (! (typing && event->keyval == GDK_KEY_z) &&
      try_keys (window, keys, G_N_ELEMENTS (keys), event))
    return TRUE;
  if (! typing && try_keys (window, plain_keys, G_N_ELEMENTS (plain_keys), event))
    return TRUE;

  return GTK_WIDGET_CLASS (sui_window_parent_class)->key_press_event (widget, event);
}

/* --- building --- */

static GtkWidget *
icon_button (SuiWindow *window, const char *icon, const char *tip, void (*call) (SuiWindow *window))
{
  GtkWidget     *button = gtk_button_new_from_icon_name (icon, GTK_ICON_SIZE_BUTTON);
  g_auto (GStrv) parts = g_strsplit (tip, "\t", 2);

  gtk_widget_set_tooltip_text (button, parts[1] != NULL ? parts[1] : parts[0]);
  atk_object_set_name (gtk_widget_get_accessible (button), parts[0]);
  if (call != NULL)
    g_signal_connect_swapped (button, "clicked", G_CALLBACK (call), window);

  return button;
}

/* "Name (key)" is the tip, "Name" what a screen reader says. */
static void
name_widget (GtkWidget *widget, const char *name, const char *key)
{
  g_autofree char *tip = key != NULL ? g_strdup_printf ("%s (%s)", name, key) : g_strdup (name);

  gtk_widget_set_tooltip_text (widget, tip);
  atk_object_set_name (gtk_widget_get_accessible (widget), name);
}

static GtkWidget *
named_button (SuiWindow  *window,
              const char *icon,
              const char *name,
              const char *key,
              void (*call) (SuiWindow *window))
{
  GtkWidget *button = icon_button (window, icon, name, call);

  name_widget (button, name, key);

  return button;
}

static GtkWidget *
radio_button (GtkWidget *group, const char *icon, const char *name, const char *key)
{
  GtkWidget *button = gtk_radio_button_new_from_widget (group != NULL ? GTK_RADIO_BUTTON (group)
                                                                      : NULL);

  gtk_toggle_button_set_mode (GTK_TOGGLE_BUTTON (button), FALSE);
  gtk_button_set_image (GTK_BUTTON (button),
                        gtk_image_new_from_icon_name (icon, GTK_ICON_SIZE_BUTTON));
  gtk_button_set_always_show_image (GTK_BUTTON (button), TRUE);
  name_widget (button, name, key);

  return button;
}

static GtkWidget *
linked_box (void)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 0);

  gtk_style_context_add_class (gtk_widget_get_style_context (box), GTK_STYLE_CLASS_LINKED);

  return box;
}

static GtkWidget *
menu_item (SuiWindow *window, GtkWidget *menu, const char *label, void (*call) (SuiWindow *window))
{
  GtkWidget *item = gtk_menu_item_new_with_mnemonic (label);

  g_signal_connect_swapped (item, "activate", G_CALLBACK (call), window);
  gtk_menu_shell_append (GTK_MENU_SHELL (menu), item);

  return item;
}

static GtkWidget *
make_tools (SuiWindow *window)
{
  GtkWidget *bar = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  GtkWidget *box, *menu, *button;

  box = linked_box ();
  window->tools[0] = radio_button (NULL, "sui-point-symbolic", _ ("Points and boxes"), "P");
  window->tools[1] = radio_button (window->tools[0], "sui-brush-symbolic",
                                   _ ("Brush: paint over the object"), "K");
  window->tools[2] = radio_button (window->tools[0], "sui-lasso-symbolic",
                                   _ ("Lasso: draw around the object"), "L");
  for (int i = 0; i < 3; i++)
    {
      g_signal_connect (window->tools[i], "toggled", G_CALLBACK (tool_toggled), window);
      gtk_box_pack_start (GTK_BOX (box), window->tools[i], FALSE, FALSE, 0);
    }
  gtk_box_pack_start (GTK_BOX (bar), box, FALSE, FALSE, 0);

  box = linked_box ();
  window->labels[1] = radio_button (NULL, "sui-add-symbolic", _ ("Add to the object"), "X");
  window->labels[0] = radio_button (window->labels[1], "sui-remove-symbolic",
                                    _ ("Take away from the object; also the right button, or Alt"),
                                    "X");
  for (int i = 1; i >= 0; i--)
    {
      g_signal_connect (window->labels[i], "toggled", G_CALLBACK (label_toggled), window);
      gtk_box_pack_start (GTK_BOX (box), window->labels[i], FALSE, FALSE, 0);
    }
  gtk_box_pack_start (GTK_BOX (bar), box, FALSE, FALSE, 0);

  box = linked_box ();
  window->undo = named_button (window, "sui-undo-symbolic", _ ("Undo"), "Ctrl+Z", undo);
  window->redo = named_button (window, "sui-redo-symbolic", _ ("Redo"), "Ctrl+Shift+Z", redo);
  gtk_box_pack_start (GTK_BOX (box), window->undo, FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (box), window->redo, FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (bar), box, FALSE, FALSE, 0);

  button = gtk_button_new_with_mnemonic (_ ("_Use Selection"));
  gtk_widget_set_tooltip_text (button,
                               _ ("Take the image's current selection as a rough object (S)"));
  g_signal_connect_swapped (button, "clicked", G_CALLBACK (use_selection), window);
  gtk_box_pack_start (GTK_BOX (bar), button, FALSE, FALSE, 0);

  menu = gtk_menu_new ();
  window->menu_script = menu_item (window, menu, _ ("Copy as _Script-Fu"), copy_script);
  menu_item (window, menu, _ ("_Read the Picture Again"), refresh);
  window->menu_clear = menu_item (window, menu, _ ("_Clear All Prompts"), clear);
  gtk_widget_show_all (menu);
  button = gtk_menu_button_new ();
  gtk_button_set_image (GTK_BUTTON (button),
                        gtk_image_new_from_icon_name ("sui-menu-symbolic", GTK_ICON_SIZE_BUTTON));
  name_widget (button, _ ("More"), NULL);
  gtk_menu_button_set_popup (GTK_MENU_BUTTON (button), menu);
  gtk_box_pack_end (GTK_BOX (bar), button, FALSE, FALSE, 0);

  box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  button = gtk_label_new_with_mnemonic (_ ("_Model:"));
  window->models = sui_models_new (window->session);
  gtk_widget_set_size_request (window->models, 170, -1);
  gtk_label_set_mnemonic_widget (GTK_LABEL (button), window->models);
  g_signal_connect_swapped (window->models, "failed", G_CALLBACK (sui_window_fail), window);
  gtk_box_pack_start (GTK_BOX (box), button, FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (box), window->models, TRUE, TRUE, 0);
  gtk_box_pack_end (GTK_BOX (bar), box, FALSE, FALSE, 0);

  return bar;
}

static GtkWidget *
make_canvas_bar (SuiWindow *window)
{
  static const char *const looks[] = { N_ ("Tint"),     N_ ("Outline"),         N_ ("On black"),
                                       N_ ("On white"), N_ ("On transparency"), N_ ("Mask only") };
  GtkWidget               *bar = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget               *box, *label;

  label = gtk_label_new_with_mnemonic (_ ("_View:"));
  window->look = gtk_combo_box_text_new ();
  for (guint i = 0; i < G_N_ELEMENTS (looks); i++)
    gtk_combo_box_text_append_text (GTK_COMBO_BOX_TEXT (window->look), _ (looks[i]));
  gtk_combo_box_set_active (GTK_COMBO_BOX (window->look), 0);
  gtk_label_set_mnemonic_widget (GTK_LABEL (label), window->look);
  gtk_widget_set_tooltip_text (window->look, _ ("How the object is shown (V)"));
  g_signal_connect (window->look, "changed", G_CALLBACK (look_changed), window);
  gtk_box_pack_start (GTK_BOX (bar), label, FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (bar), window->look, FALSE, FALSE, 0);
  window->merged = gtk_check_button_new_with_mnemonic (_ ("_Sample merged"));
  gtk_widget_set_margin_start (window->merged, 6);
  gtk_widget_set_tooltip_text (window->merged,
                               _ ("Look at the visible image rather than at the layer"));
  g_signal_connect (window->merged, "toggled", G_CALLBACK (merged_toggled), window);
  gtk_box_pack_start (GTK_BOX (bar), window->merged, FALSE, FALSE, 0);

  box = linked_box ();
  gtk_box_pack_start (GTK_BOX (box),
                      named_button (window, "sui-zoom-fit-symbolic", _ ("Fit the picture"), "0",
                                    zoom_fit),
                      FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (box),
                      named_button (window, "sui-zoom-one-symbolic", _ ("Actual size, 1:1"),
                                    "Ctrl+1", zoom_one),
                      FALSE, FALSE, 0);
  gtk_box_pack_end (GTK_BOX (bar), box, FALSE, FALSE, 0);
  gtk_box_pack_end (GTK_BOX (bar),
                    named_button (window, "sui-zoom-in-symbolic", _ ("Zoom in"), "+", zoom_in),
                    FALSE, FALSE, 0);
  window->zoom_label = gtk_label_new (NULL);
  gtk_label_set_width_chars (GTK_LABEL (window->zoom_label), 7);
  gtk_box_pack_end (GTK_BOX (bar), window->zoom_label, FALSE, FALSE, 0);
  gtk_box_pack_end (GTK_BOX (bar),
                    named_button (window, "sui-zoom-out-symbolic", _ ("Zoom out"), "-", zoom_out),
                    FALSE, FALSE, 0);

  return bar;
}

/* A heading in bold, what belongs to it below and indented, as in GIMP's frames; it is @subject's
 * label. */
static GtkWidget *
section (GtkWidget *panel, const char *title, GtkWidget *beside, GtkWidget *subject)
{
  GtkWidget     *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  GtkWidget     *head = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget     *inner = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  GtkWidget     *label = gtk_label_new (title);
  PangoAttrList *bold = pango_attr_list_new ();

  pango_attr_list_insert (bold, pango_attr_weight_new (PANGO_WEIGHT_BOLD));
  gtk_label_set_attributes (GTK_LABEL (label), bold);
  pango_attr_list_unref (bold);
  gtk_label_set_xalign (GTK_LABEL (label), 0.0f);
  gtk_label_set_mnemonic_widget (GTK_LABEL (label), subject);
  gtk_box_pack_start (GTK_BOX (head), label, TRUE, TRUE, 0);
  if (beside != NULL)
    gtk_box_pack_end (GTK_BOX (head), beside, FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (box), head, FALSE, FALSE, 0);
  gtk_widget_set_margin_start (inner, 12);
  gtk_box_pack_start (GTK_BOX (box), inner, FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (panel), box, FALSE, FALSE, 0);

  return inner;
}

static GtkWidget *
grid_row (GtkWidget *grid, int row, const char *text, GtkWidget *widget, const char *tip)
{
  GtkWidget *label = gtk_label_new_with_mnemonic (text);

  gtk_label_set_xalign (GTK_LABEL (label), 0.0f);
  gtk_label_set_mnemonic_widget (GTK_LABEL (label), widget);
  gtk_widget_set_hexpand (label, TRUE);
  gtk_widget_set_tooltip_text (widget, tip);
  gtk_grid_attach (GTK_GRID (grid), label, 0, row, 1, 1);
  gtk_grid_attach (GTK_GRID (grid), widget, 1, row, 1, 1);

  return widget;
}

static GtkWidget *
spin (SuiWindow *window, double low, double high, double step, int digits)
{
  GtkWidget *widget = gtk_spin_button_new_with_range (low, high, step);

  gtk_spin_button_set_digits (GTK_SPIN_BUTTON (widget), digits);
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (widget), 0.0);
  gtk_entry_set_width_chars (GTK_ENTRY (widget), 6);
  gtk_entry_set_activates_default (GTK_ENTRY (widget), TRUE);
  g_signal_connect (widget, "value-changed", G_CALLBACK (options_changed), window);

  return widget;
}

static GtkWidget *
make_panel (SuiWindow *window)
{
  static const char *const outputs[] = { N_ ("Selection"), N_ ("Channel"), N_ ("Layer mask"),
                                         N_ ("New layer"), N_ ("Path") };
  static const char *const operation_icons[] = { "sui-replace-symbolic", "sui-op-add-symbolic",
                                                 "sui-op-subtract-symbolic",
                                                 "sui-op-intersect-symbolic" };
  const char              *operation_names[] = {
    _ ("Replace the current selection"),
    _ ("Add to the current selection"),
    _ ("Subtract from the current selection"),
    _ ("Intersect with the current selection"),
  };
  static const char *const operation_keys[] = { "M", "M, Shift+OK", "M, Ctrl+OK",
                                                "M, Ctrl+Shift+OK" };
  GtkWidget               *panel = gtk_box_new (GTK_ORIENTATION_VERTICAL, 14);
  GtkWidget               *scrolled = gtk_scrolled_window_new (NULL, NULL);
  GtkWidget               *inner, *box, *grid, *frame, *strip;

  strip = sui_strip_new (window->session);
  inner = section (panel, _ ("Candidates"), NULL, strip);
  gtk_box_pack_start (GTK_BOX (inner), strip, FALSE, FALSE, 0);

  box = linked_box ();
  gtk_box_pack_start (GTK_BOX (box),
                      named_button (window, "sui-new-symbolic", _ ("New object; the others stay"),
                                    "N", new_object),
                      FALSE, FALSE, 0);
  window->object_delete = named_button (window, "sui-delete-symbolic", _ ("Delete this object"),
                                        "D", delete_object);
  gtk_box_pack_start (GTK_BOX (box), window->object_delete, FALSE, FALSE, 0);
  window->objects = gtk_list_box_new ();
  g_signal_connect (window->objects, "row-selected", G_CALLBACK (row_selected), window);
  inner = section (panel, _ ("Objects"), box, window->objects);
  frame = gtk_scrolled_window_new (NULL, NULL);
  gtk_scrolled_window_set_shadow_type (GTK_SCROLLED_WINDOW (frame), GTK_SHADOW_IN);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (frame), GTK_POLICY_NEVER,
                                  GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_min_content_height (GTK_SCROLLED_WINDOW (frame), 62);
  gtk_scrolled_window_set_max_content_height (GTK_SCROLLED_WINDOW (frame), 110);
  gtk_scrolled_window_set_propagate_natural_height (GTK_SCROLLED_WINDOW (frame), TRUE);
  gtk_container_add (GTK_CONTAINER (frame), window->objects);
  gtk_box_pack_start (GTK_BOX (inner), frame, FALSE, FALSE, 0);

  window->output = gtk_combo_box_text_new ();
  inner = section (panel, _ ("Result"), NULL, window->output);
  box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  for (guint i = 0; i < G_N_ELEMENTS (outputs); i++)
    gtk_combo_box_text_append_text (GTK_COMBO_BOX_TEXT (window->output), _ (outputs[i]));
  gtk_widget_set_tooltip_text (window->output, _ ("What the object becomes"));
  g_signal_connect (window->output, "changed", G_CALLBACK (output_changed), window);
  gtk_box_pack_start (GTK_BOX (box), window->output, TRUE, TRUE, 0);
  window->operations = linked_box ();
  for (int i = 0; i < 4; i++)
    {
      window->operation[i] = radio_button (i > 0 ? window->operation[0] : NULL, operation_icons[i],
                                           operation_names[i], operation_keys[i]);
      gtk_box_pack_start (GTK_BOX (window->operations), window->operation[i], FALSE, FALSE, 0);
    }
  gtk_box_pack_start (GTK_BOX (box), window->operations, FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (inner), box, FALSE, FALSE, 0);
  gtk_combo_box_set_active (GTK_COMBO_BOX (window->output), 0);

  grid = gtk_grid_new ();
  inner = section (panel, _ ("Edges"), NULL, grid);
  gtk_grid_set_row_spacing (GTK_GRID (grid), 6);
  gtk_grid_set_column_spacing (GTK_GRID (grid), 6);
  window->edge = gtk_combo_box_text_new ();
  gtk_combo_box_text_append_text (GTK_COMBO_BOX_TEXT (window->edge), _ ("Smooth"));
  gtk_combo_box_text_append_text (GTK_COMBO_BOX_TEXT (window->edge), _ ("Hard"));
  gtk_combo_box_text_append_text (GTK_COMBO_BOX_TEXT (window->edge), _ ("Matte"));
  gtk_combo_box_set_active (GTK_COMBO_BOX (window->edge), 0);
  g_signal_connect (window->edge, "changed", G_CALLBACK (options_changed), window);
  grid_row (
    grid, 0, _ ("_Edge:"), window->edge,
    _ ("Smooth: antialiased. Hard: each pixel in or out. Matte: for hair and fur, found out of the "
       "colours when the result is applied"));
  window->grow = grid_row (grid, 1, _ ("_Grow by (px):"), spin (window, -500, 500, 1, 1),
                           _ ("Grows the object; negative numbers shrink it"));
  window->feather = grid_row (grid, 2, _ ("Fea_ther (px):"), spin (window, 0, 500, 1, 1),
                              _ ("Blurs the edge, as Select > Feather does"));
  window->holes = grid_row (grid, 3, _ ("Fill ho_les to (px²):"),
                            spin (window, 0, 10000000, 100, 0),
                            _ ("Fills holes in the object up to this area"));
  window->specks = grid_row (grid, 4, _ ("_Drop specks to (px²):"),
                             spin (window, 0, 10000000, 100, 0),
                             _ ("Removes separate pieces up to this area"));
  gtk_box_pack_start (GTK_BOX (inner), grid, FALSE, FALSE, 0);

  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scrolled), GTK_POLICY_NEVER,
                                  GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_propagate_natural_width (GTK_SCROLLED_WINDOW (scrolled), TRUE);
  gtk_widget_set_size_request (scrolled, PANEL_WIDTH, -1);
  /* the labels in it want to grow; the picture shall */
  gtk_widget_set_hexpand (scrolled, FALSE);
  gtk_container_add (GTK_CONTAINER (scrolled), panel);

  return scrolled;
}

static GtkWidget *
make_status (SuiWindow *window)
{
  GtkWidget *busy = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);

  window->status = gtk_stack_new ();
  window->hint = gtk_label_new (NULL);
  gtk_label_set_xalign (GTK_LABEL (window->hint), 0.0f);
  gtk_label_set_ellipsize (GTK_LABEL (window->hint), PANGO_ELLIPSIZE_END);
  atk_object_set_role (gtk_widget_get_accessible (window->hint), ATK_ROLE_STATUSBAR);
  gtk_stack_add_named (GTK_STACK (window->status), window->hint, "hint");

  window->progress_text = gtk_label_new (NULL);
  window->progress = gtk_progress_bar_new ();
  gtk_widget_set_valign (window->progress, GTK_ALIGN_CENTER);
  gtk_label_set_mnemonic_widget (GTK_LABEL (window->progress_text), window->progress);
  window->stop = named_button (window, "sui-stop-symbolic", _ ("Stop"), "T", stop);
  gtk_box_pack_start (GTK_BOX (busy), window->progress_text, FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (busy), window->progress, TRUE, TRUE, 0);
  gtk_box_pack_start (GTK_BOX (busy), window->stop, FALSE, FALSE, 0);
  gtk_stack_add_named (GTK_STACK (window->status), busy, "busy");

  return window->status;
}

/* GTK's own button to close it has a picture only, and no name for those who do not see it. */
static void
name_close (GtkWidget *widget, gpointer data)
{
  if (GTK_IS_BUTTON (widget) && gtk_button_get_label (GTK_BUTTON (widget)) == NULL)
    name_widget (widget, _ ("Close the message"), NULL);
  else if (GTK_IS_CONTAINER (widget))
    gtk_container_forall (GTK_CONTAINER (widget), name_close, data);
}

static void
add_bar (SuiWindow *window, GtkWidget *box)
{
  window->bar = gtk_info_bar_new ();
  window->bar_label = gtk_label_new (NULL);
  gtk_label_set_line_wrap (GTK_LABEL (window->bar_label), TRUE);
  gtk_label_set_xalign (GTK_LABEL (window->bar_label), 0.0f);
  atk_object_set_role (gtk_widget_get_accessible (window->bar_label), ATK_ROLE_ALERT);
  gtk_container_add (GTK_CONTAINER (gtk_info_bar_get_content_area (GTK_INFO_BAR (window->bar))),
                     window->bar_label);
  window->bar_button = gtk_info_bar_add_button (GTK_INFO_BAR (window->bar), "",
                                                GTK_RESPONSE_ACCEPT);
  gtk_button_set_use_underline (GTK_BUTTON (window->bar_button), TRUE);
  gtk_info_bar_set_show_close_button (GTK_INFO_BAR (window->bar), TRUE);
  name_close (window->bar, NULL);
  g_signal_connect (window->bar, "response", G_CALLBACK (bar_response), window);
  gtk_box_pack_start (GTK_BOX (box), window->bar, FALSE, FALSE, 0);
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
  gtk_widget_set_margin_start (buttons, 12);
  gtk_widget_set_margin_end (buttons, 12);
  gtk_widget_set_margin_bottom (buttons, 12);
}

static void
build (SuiWindow *window)
{
  GtkWidget *content = gtk_dialog_get_content_area (GTK_DIALOG (window));
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  GtkWidget *main_box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 8);
  GtkWidget *columns = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  GtkWidget *left = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  GtkWidget *frame = gtk_frame_new (NULL);
  GtkWidget *button;

  window->showing = TRUE;
  window->canvas = sui_canvas_new (window->session);

  add_bar (window, box);
  gtk_container_set_border_width (GTK_CONTAINER (main_box), 12);
  gtk_box_pack_start (GTK_BOX (main_box), make_tools (window), FALSE, FALSE, 0);
  gtk_frame_set_shadow_type (GTK_FRAME (frame), GTK_SHADOW_IN);
  gtk_container_add (GTK_CONTAINER (frame), window->canvas);
  gtk_box_pack_start (GTK_BOX (left), frame, TRUE, TRUE, 0);
  gtk_box_pack_start (GTK_BOX (left), make_canvas_bar (window), FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (columns), left, TRUE, TRUE, 0);
  gtk_box_pack_start (GTK_BOX (columns), make_panel (window), FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (main_box), columns, TRUE, TRUE, 0);
  gtk_box_pack_start (GTK_BOX (main_box), make_status (window), FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (box), main_box, TRUE, TRUE, 0);
  gtk_container_set_border_width (GTK_CONTAINER (content), 0);
  gtk_box_pack_start (GTK_BOX (content), box, TRUE, TRUE, 0);

  gtk_dialog_add_button (GTK_DIALOG (window), _ ("_Help"), GTK_RESPONSE_HELP);
  gtk_dialog_add_button (GTK_DIALOG (window), _ ("_Cancel"), GTK_RESPONSE_CANCEL);
  button = gtk_dialog_add_button (GTK_DIALOG (window), _ ("_Apply"), GTK_RESPONSE_APPLY);
  gtk_widget_set_tooltip_text (button, _ ("Applies and stays for the next object (A)"));
  button = gtk_dialog_add_button (GTK_DIALOG (window), _ ("_OK"), GTK_RESPONSE_OK);
  gtk_widget_set_tooltip_text (
    button, _ ("Applies and closes. With Shift it adds to the selection, with Ctrl it "
               "subtracts, with both it intersects"));
  gtk_dialog_set_default_response (GTK_DIALOG (window), GTK_RESPONSE_OK);
  align_buttons (gtk_widget_get_parent (button));
  gtk_widget_show_all (box);
  gtk_widget_hide (window->bar);
  gtk_widget_hide (window->bar_button);
  gtk_widget_set_no_show_all (window->bar, TRUE);
  window->showing = FALSE;

  g_signal_connect (window->canvas, "zoom", G_CALLBACK (update_zoom), window);
  g_signal_connect (window->canvas, "full", G_CALLBACK (canvas_full), window);
  g_signal_connect (window->session, "changed", G_CALLBACK (update_changed), window);
  g_signal_connect (window->session, "view", G_CALLBACK (update_view), window);
  g_signal_connect (window->session, "busy", G_CALLBACK (update_busy), window);
  g_signal_connect (window->session, "failed", G_CALLBACK (session_failed), window);
  g_signal_connect (window->session, "offer", G_CALLBACK (session_offer), window);
  update_zoom (SUI_CANVAS (window->canvas), window);
  update_changed (window->session, window);
  update_busy (window->session, window);
  set_options (window);
  gtk_widget_grab_focus (window->canvas);
}

/* --- life --- */

static void
sui_window_dispose (GObject *object)
{
  SuiWindow *window = SUI_WINDOW (object);

  if (window->slow_later != 0)
    g_source_remove (window->slow_later);
  window->slow_later = 0;
  if (window->session != NULL)
    g_signal_handlers_disconnect_by_data (window->session, window);
  g_clear_object (&window->session);
  G_OBJECT_CLASS (sui_window_parent_class)->dispose (object);
}

static void
sui_window_class_init (SuiWindowClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sui_window_dispose;
  GTK_WIDGET_CLASS (klass)->key_press_event = sui_window_key_press;
  GTK_WIDGET_CLASS (klass)->delete_event = sui_window_delete_event;
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
}

static void
sui_window_init (SuiWindow *window)
{
}

GtkWidget *
sui_window_new (SuiSession *session, const char *picture_name)
{
  SuiWindow       *window;
  g_autofree char *title = NULL;

  gtk_icon_theme_add_resource_path (gtk_icon_theme_get_default (),
                                    "/org/gimp/SegmentAnything/icons");
  if (picture_name != NULL)
    title = g_strdup_printf (_ ("Segment Anything: %s"), picture_name);
  window = g_object_new (SUI_TYPE_WINDOW, "title", title != NULL ? title : _ ("Segment Anything"),
                         "use-header-bar", FALSE, NULL);
  window->session = g_object_ref (session);
  build (window);
  gtk_window_set_default_size (GTK_WINDOW (window), 1000, 740);

  return GTK_WIDGET (window);
}
