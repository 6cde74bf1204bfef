/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>
#include <string.h>

#include <glib/gi18n-lib.h>

#include "ui/sui-keys.h"
#include "ui/sui-status.h"

struct _SuiStatus
{
  GtkStack    parent_instance;
  SuiSession *session;

  GtkWidget *hint, *progress_text, *progress, *stop;

  char *text;       /* instead of the hint */
  guint slow_later; /* progress is shown after a moment, not for every click */
};

G_DEFINE_FINAL_TYPE (SuiStatus, sui_status, GTK_TYPE_STACK)

void
sui_status_update (SuiStatus *status)
{
  const SuiView   *view = sui_session_get_view (status->session);
  g_autofree char *text = NULL;

  if (status->text != NULL)
    text = g_strdup (status->text);
  else if (sui_session_is_stopped (status->session))
    text = g_strdup (_ ("Stopped. Click on the image to continue."));
  else if (sui_session_needs_positive (status->session))
    text = g_strdup (_ ("Now click on the object itself."));
  else if (sui_session_is_empty (status->session))
    text = g_strdup (_ ("Click on an object, or drag a box around it. Right-click to remove."));
  else if (view != NULL && view->mask != NULL && view->area > 0.0 &&
           sui_session_get_options (status->session)->matte)
    text = g_strdup_printf (
      _ ("%.1f %% of the image. The edge will be matted when the result is applied."),
      100.0 * view->area);
  else if (view != NULL && view->mask != NULL && view->area > 0.0)
    text = g_strdup_printf (_ ("%.1f %% of the image. Click to add, right-click to remove."),
                            100.0 * view->area);
  else if (view != NULL && view->mask != NULL)
    text = g_strdup (_ ("Nothing was found there. Try another place, or drag a box."));
  gtk_label_set_text (GTK_LABEL (status->hint), text != NULL ? text : "");
}

static void
view_changed (SuiSession *session, SuiStatus *status)
{
  sui_status_update (status);
}

void
sui_status_set_text (SuiStatus *status, const char *text)
{
  g_free (status->text);
  status->text = g_strdup (text);
  sui_status_update (status);
}

static char *
busy_text (SuiStatus *status)
{
  double left = sui_session_get_seconds_left (status->session);

  switch (sui_session_get_busy (status->session))
    {
    case SUI_BUSY_LOADING:
      return g_strdup (_ ("Loading the model…"));

    case SUI_BUSY_ENCODING:
      if (left >= 60)
        return g_strdup_printf (_ ("Analyzing the image… %.0f min left"), ceil (left / 60));
      if (left >= 1)
        return g_strdup_printf (_ ("Analyzing the image… %.0f s left"), ceil (left));
      return g_strdup (_ ("Analyzing the image…"));

    case SUI_BUSY_MAKING:
      return g_strdup (_ ("Creating the mask…"));

    default:
      return g_strdup (_ ("Finding the object…"));
    }
}

static gboolean
show_busy (gpointer data)
{
  SuiStatus       *status = data;
  g_autofree char *text = busy_text (status);
  double           progress = sui_session_get_progress (status->session);
  SuiBusy          busy = sui_session_get_busy (status->session);

  status->slow_later = 0;
  gtk_label_set_text (GTK_LABEL (status->progress_text), text);
  if (progress >= 0.0)
    gtk_progress_bar_set_fraction (GTK_PROGRESS_BAR (status->progress), progress);
  else
    gtk_progress_bar_pulse (GTK_PROGRESS_BAR (status->progress));
  gtk_widget_set_visible (status->stop, busy != SUI_BUSY_ANSWERING);
  gtk_stack_set_visible_child_name (GTK_STACK (status), "busy");

  return G_SOURCE_REMOVE;
}

static void
update_busy (SuiSession *session, SuiStatus *status)
{
  SuiBusy busy = sui_session_get_busy (session);

  if (busy == SUI_BUSY_NOTHING || busy == SUI_BUSY_HOVERING)
    {
      if (status->slow_later != 0)
        g_source_remove (status->slow_later);
      status->slow_later = 0;
      gtk_stack_set_visible_child_name (GTK_STACK (status), "hint");
      sui_status_update (status);
    }
  else if (strcmp (gtk_stack_get_visible_child_name (GTK_STACK (status)), "busy") == 0)
    {
      show_busy (status);
    }
  else if (status->slow_later == 0)
    {
      status->slow_later = g_timeout_add (250, show_busy, status);
    }
}

static void
sui_status_dispose (GObject *object)
{
  SuiStatus *status = SUI_STATUS (object);

  if (status->slow_later != 0)
    g_source_remove (status->slow_later);
  status->slow_later = 0;
  if (status->session != NULL)
    g_signal_handlers_disconnect_by_data (status->session, status);
  g_clear_object (&status->session);
  g_clear_pointer (&status->text, g_free);
  G_OBJECT_CLASS (sui_status_parent_class)->dispose (object);
}

static void
sui_status_class_init (SuiStatusClass *klass)
{
  GtkWidgetClass *widget = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sui_status_dispose;
  gtk_widget_class_set_template_from_resource (widget,
                                               "/org/gimp/SegmentAnything/ui/sui-status.ui");
  gtk_widget_class_bind_template_child (widget, SuiStatus, hint);
  gtk_widget_class_bind_template_child (widget, SuiStatus, progress_text);
  gtk_widget_class_bind_template_child (widget, SuiStatus, progress);
  gtk_widget_class_bind_template_child (widget, SuiStatus, stop);
}

static void
sui_status_init (SuiStatus *status)
{
  gtk_widget_init_template (GTK_WIDGET (status));
  sui_keys_describe (GTK_WIDGET (status));
}

void
sui_status_attach (SuiStatus *status, SuiSession *session)
{
  status->session = g_object_ref (session);
  g_signal_connect (session, "changed", G_CALLBACK (view_changed), status);
  g_signal_connect (session, "view", G_CALLBACK (view_changed), status);
  g_signal_connect (session, "busy", G_CALLBACK (update_busy), status);
  update_busy (session, status);
}
