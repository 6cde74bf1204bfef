/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The window's keys: one table for the shortcuts, the tooltips and the help. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* The group that the window keeps its actions in. */
#define SUI_KEYS_GROUP "win"

/**
 * SuiKey:
 * @heading: (nullable): begins a group of the help
 * @help: (nullable): begins a line of the help; without it the key belongs to the line above
 * @mouse: (nullable): what the mouse does for that line
 * @accels: (nullable): as gtk_accelerator_parse() reads them, with spaces between; the first is the
 *   one that is shown
 * @action: (nullable): the action of the window that they call; NULL when the picture reads them
 */
typedef struct
{
  const char *heading, *help, *mouse;
  const char *accels, *action;
} SuiKey;

const SuiKey *sui_keys_get (guint *n);

/* The action that a key press calls, or NULL. While something is @typing, keys that write are not
 * taken. */
const char *sui_keys_find (const GdkEventKey *event, gboolean typing);

/* The key of an action as the help shows it, for gtk_accelerator_parse(); NULL if it has none. Free
 * with g_free. */
char *sui_keys_get_shown (const SuiKey *key);

/* A button with a picture has its name as tooltip: that becomes what a screen reader says, and the
 * tooltip "Name (key)". @also: (nullable): a further key, in words */
void sui_keys_describe_button (GtkWidget *button, const char *action, const char *also);
/* All buttons with a picture in @widget, as their actions are called. */
void sui_keys_describe (GtkWidget *widget);

G_END_DECLS
