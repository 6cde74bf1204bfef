/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of keys in GTK's own kind of window, which can be searched. Each heading is a section,
 * with one column: two of them, in longer languages, are wider than some screens. */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "ui/sui-help.h"
#include "ui/sui-keys.h"

/* as high as a line of text and its subtitle */
#define MOUSE_SIZE 28
/* more lines than a section has: it would make columns of them */
#define MAX_HEIGHT 30

/* GTK shows gestures much larger than keys. */
static void
shrink (GtkWidget *widget, gpointer data)
{
  if (GTK_IS_IMAGE (widget))
    gtk_image_set_pixel_size (GTK_IMAGE (widget), MOUSE_SIZE);
  else if (GTK_IS_CONTAINER (widget))
    gtk_container_forall (GTK_CONTAINER (widget), shrink, data);
}

/* The line that begins with keys[0], with the keys of the next ones that belong to it. */
static GtkWidget *
make_line (const SuiKey *keys, guint n)
{
  GtkWidget          *line = g_object_new (GTK_TYPE_SHORTCUTS_SHORTCUT, "visible", TRUE, "title",
                                           _ (keys[0].help), NULL);
  g_autoptr (GString) accels = g_string_new (NULL);

  for (guint i = 0; i < n && (i == 0 || keys[i].help == NULL); i++)
    {
      g_autofree char *accel = sui_keys_get_shown (&keys[i]);

      if (accel != NULL)
        g_string_append_printf (accels, "%s%s", accels->len > 0 ? " " : "", accel);
    }
  if (keys[0].mouse != NULL)
    g_object_set (line, "subtitle", _ (keys[0].mouse), NULL);
  if (accels->len > 0)
    {
      g_object_set (line, "accelerator", accels->str, NULL);
    }
  else
    {
      g_autoptr (GIcon) icon = g_themed_icon_new ("sui-mouse-symbolic");

      g_object_set (line, "shortcut-type", GTK_SHORTCUT_GESTURE, "icon", icon, NULL);
      shrink (line, NULL);
    }

  return line;
}

void
sui_help_show (GtkWindow *parent)
{
  const char   *title = _ ("Segment Anything: Mouse and Keys");
  GtkWidget    *window = g_object_new (GTK_TYPE_SHORTCUTS_WINDOW, "title", title, "transient-for",
                                       parent, "destroy-with-parent", TRUE, NULL);
  GtkWidget    *group = NULL;
  guint         n;
  const SuiKey *keys = sui_keys_get (&n);

  for (guint i = 0; i < n; i++)
    {
      if (keys[i].heading != NULL)
        {
          GtkWidget *section = g_object_new (GTK_TYPE_SHORTCUTS_SECTION, "visible", TRUE, "title",
                                             _ (keys[i].heading), "section-name", keys[i].heading,
                                             "max-height", MAX_HEIGHT, NULL);

          group = g_object_new (GTK_TYPE_SHORTCUTS_GROUP, "visible", TRUE, NULL);
          gtk_container_add (GTK_CONTAINER (section), group);
          gtk_container_add (GTK_CONTAINER (window), section);
        }
      if (keys[i].help != NULL)
        gtk_container_add (GTK_CONTAINER (group), make_line (keys + i, n - i));
    }
  gtk_widget_show (window);
}
