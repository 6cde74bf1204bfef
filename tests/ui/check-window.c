/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The window without a picture: its actions, its keys, what buttons are called, the help. */
#include "config.h"

#include <string.h>

#include "ui/sui-help.h"
#include "ui/sui-keys.h"
#include "ui/sui-window.h"

typedef struct
{
  SuiSession *session;
  SuiWindow  *window;
  guint       refreshed;
} Fixture;

static void
on_refresh (SuiWindow *window, Fixture *f)
{
  f->refreshed++;
}

static void
settle (void)
{
  while (gtk_events_pending ())
    gtk_main_iteration_do (FALSE);
}

static void
open_window (Fixture *f, gconstpointer data)
{
  f->session = sui_session_new (sui_load);
  f->window = SUI_WINDOW (sui_window_new (f->session, "picture"));
  g_signal_connect (f->window, "refresh", G_CALLBACK (on_refresh), f);
  gtk_widget_show (GTK_WIDGET (f->window));
  settle ();
}

static void
close_window (Fixture *f, gconstpointer data)
{
  gtk_widget_destroy (GTK_WIDGET (f->window));
  sui_session_close (f->session);
  g_object_unref (f->session);
}

static gboolean
press (Fixture *f, guint keyval, GdkModifierType state)
{
  GdkEvent *event = gdk_event_new (GDK_KEY_PRESS);
  gboolean  taken;

  event->key.window = g_object_ref (gtk_widget_get_window (GTK_WIDGET (f->window)));
  event->key.keyval = keyval;
  event->key.state = state;
  gdk_event_set_device (
    event, gdk_seat_get_keyboard (gdk_display_get_default_seat (gdk_display_get_default ())));
  taken = gtk_widget_event (GTK_WIDGET (f->window), event);
  gdk_event_free (event);

  return taken;
}

/* The first of a type below @widget for which @name is its action's, or NULL. */
typedef struct
{
  GType       type;
  const char *action;
  GtkWidget  *found;
  guint       n;
} Search;

static void
search (GtkWidget *widget, gpointer data)
{
  Search *s = data;

  if (g_type_is_a (G_OBJECT_TYPE (widget), s->type) &&
      (s->action == NULL ||
       g_strcmp0 (gtk_actionable_get_action_name (GTK_ACTIONABLE (widget)), s->action) == 0))
    {
      s->n++;
      if (s->found == NULL)
        s->found = widget;
    }
  if (GTK_IS_CONTAINER (widget))
    gtk_container_forall (GTK_CONTAINER (widget), search, s);
}

static void
check_table (Fixture *f, gconstpointer data)
{
  g_autoptr (GHashTable) accels = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GActionGroup *group = gtk_widget_get_action_group (GTK_WIDGET (f->window), SUI_KEYS_GROUP);
  guint         n;
  const SuiKey *keys = sui_keys_get (&n);

  for (guint i = 0; i < n; i++)
    {
      g_auto (GStrv) list = g_strsplit (keys[i].accels != NULL ? keys[i].accels : "", " ", -1);

      if (keys[i].action != NULL)
        g_assert_true (g_action_group_has_action (group, keys[i].action));
      g_assert_true (keys[i].accels != NULL || (keys[i].mouse != NULL && keys[i].action == NULL));
      g_assert_true (i == 0 ? keys[i].heading != NULL : TRUE);
      g_assert_true (keys[i].heading == NULL || keys[i].help != NULL);
      for (guint j = 0; list[j] != NULL; j++)
        {
          guint           keyval;
          GdkModifierType modifiers;

          gtk_accelerator_parse (list[j], &keyval, &modifiers);
          g_assert_cmpuint (keyval, !=, 0);
          g_assert_true (g_hash_table_add (accels, gtk_accelerator_name (keyval, modifiers)));
        }
    }
}

static void
check_press (Fixture *f, gconstpointer data)
{
  Search spin = { GTK_TYPE_SPIN_BUTTON };

  g_assert_true (press (f, GDK_KEY_r, 0));
  g_assert_cmpint (sui_window_get_output (f->window), ==, SUI_OUTPUT_CHANNEL);
  g_assert_true (press (f, GDK_KEY_m, 0)); /* a channel has no operation */
  g_assert_cmpint (sui_window_get_operation (f->window), ==, SUI_OPERATION_REPLACE);
  for (int i = 0; i < 4; i++)
    press (f, GDK_KEY_R, GDK_LOCK_MASK);
  g_assert_cmpint (sui_window_get_output (f->window), ==, SUI_OUTPUT_SELECTION);
  press (f, GDK_KEY_m, 0);
  g_assert_cmpint (sui_window_get_operation (f->window), ==, SUI_OPERATION_ADD);
  press (f, GDK_KEY_e, 0);
  press (f, GDK_KEY_e, 0);
  g_assert_true (sui_session_get_options (f->session)->matte);

  g_assert_true (press (f, GDK_KEY_l, 0));
  g_assert_cmpint (sui_canvas_get_tool (sui_window_get_canvas (f->window)), ==, SUI_TOOL_LASSO);
  press (f, GDK_KEY_x, 0);
  g_assert_cmpint (sui_canvas_get_label (sui_window_get_canvas (f->window)), ==, 0);
  /* with Shift on some keyboards, and without */
  g_assert_true (press (f, GDK_KEY_plus, GDK_SHIFT_MASK));
  g_assert_true (press (f, GDK_KEY_plus, 0));
  g_assert_false (press (f, GDK_KEY_p, GDK_SHIFT_MASK));
  /* nothing to undo: taken all the same */
  g_assert_true (press (f, GDK_KEY_z, GDK_CONTROL_MASK));

  /* while a number is typed, keys that write do so */
  search (GTK_WIDGET (f->window), &spin);
  gtk_widget_grab_focus (spin.found);
  press (f, GDK_KEY_r, 0);
  g_assert_cmpint (sui_window_get_output (f->window), ==, SUI_OUTPUT_SELECTION);
  g_assert_cmpuint (f->refreshed, ==, 0);
  press (f, GDK_KEY_F5, 0);
  press (f, GDK_KEY_r, GDK_CONTROL_MASK);
  g_assert_cmpuint (f->refreshed, ==, 2);
}

/* Without a screen reader there are no names. */
static void
check_tooltips (Fixture *f, gconstpointer data)
{
  const struct
  {
    const char *action, *tip;
  } buttons[] = {
    { "win.undo", "Undo (Ctrl+Z)" },
    { "win.redo", "Redo (Shift+Ctrl+Z)" },
    { "win.zoom-fit", "Fit the image (0)" },
    { "win.zoom-in", "Zoom in (+)" },
    { "win.delete-object", "Delete this object (D)" },
    { "win.stop", "Stop (T)" },
    { "win.use-selection", "Use the image's current selection as a rough object (S)" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (buttons); i++)
    {
      Search           s = { GTK_TYPE_BUTTON, buttons[i].action };
      g_autofree char *tip = NULL;

      search (GTK_WIDGET (f->window), &s);
      g_assert_cmpuint (s.n, ==, 1);
      tip = gtk_widget_get_tooltip_text (s.found);
      g_assert_cmpstr (tip, ==, buttons[i].tip);
    }
}

static void
count_close (GtkWidget *widget, gpointer data)
{
  g_autofree char *tip = gtk_widget_get_tooltip_text (widget);

  if (g_strcmp0 (tip, "Close the message") == 0)
    (*(guint *) data)++;
  if (GTK_IS_CONTAINER (widget))
    gtk_container_forall (GTK_CONTAINER (widget), count_close, data);
}

/* The button to close it is called so, the one to do something is not. */
static void
check_message (Fixture *f, gconstpointer data)
{
  guint n = 0;

  sui_window_say (f->window, GTK_MESSAGE_INFO, "A message", "_Do It", NULL);
  count_close (GTK_WIDGET (f->window), &n);
  g_assert_cmpuint (n, ==, 1);
}

static GtkWindow *
find_help (void)
{
  GtkWindow *found = NULL;

  for (GList *list = gtk_window_list_toplevels (); list != NULL;
       list = g_list_delete_link (list, list))
    if (GTK_IS_SHORTCUTS_WINDOW (list->data))
      found = list->data;

  return found;
}

static void
check_help (Fixture *f, gconstpointer data)
{
  Search        s = { GTK_TYPE_SHORTCUTS_SHORTCUT };
  guint         n, lines = 0;
  const SuiKey *keys = sui_keys_get (&n);
  GtkWindow    *help;
  int           width, height;

  g_assert_null (find_help ());
  g_assert_true (press (f, GDK_KEY_F1, 0));
  settle ();
  help = find_help ();
  g_assert_nonnull (help);
  g_assert_cmpstr (gtk_window_get_title (help), ==, "Segment Anything: Mouse and Keys");
  gtk_window_get_size (help, &width, &height);
  g_test_message ("%d × %d", width, height);
  g_assert_cmpint (height, <=, 600);
  g_assert_cmpint (width, <=, 800);

  for (guint i = 0; i < n; i++)
    lines += keys[i].help != NULL;
  search (GTK_WIDGET (help), &s);
  g_assert_cmpuint (s.n, ==, lines);
}

int
main (int argc, char **argv)
{
  gtk_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/window/table", Fixture, NULL, open_window, check_table, close_window);
  g_test_add ("/window/press", Fixture, NULL, open_window, check_press, close_window);
  g_test_add ("/window/tooltips", Fixture, NULL, open_window, check_tooltips, close_window);
  g_test_add ("/window/message", Fixture, NULL, open_window, check_message, close_window);
  g_test_add ("/window/help", Fixture, NULL, open_window, check_help, close_window);

  return g_test_run ();
}
