/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "ui/sui-keys.h"

static const SuiKey keys[] = {
  { .heading = N_ ("In the image"), .help = N_ ("Mark a part of the object"), N_ ("Click") },
  { .help = N_ ("Mark what is not part of the object"), N_ ("Right-click, Alt+click") },
  { .help = N_ ("Draw a box around the object, or move the prompt under the pointer"),
    N_ ("Drag") },
  { .help = N_ ("Pan the image; the mouse wheel and two fingers do the same"),
    N_ ("Middle button, or Space and drag") },
  { .help = N_ ("Zoom"), N_ ("Ctrl+wheel, pinch"), "plus equal KP_Add", "zoom-in" },
  { .accels = "minus KP_Subtract", "zoom-out" },
  { .help = N_ ("Fit the image, actual size"), NULL, "0 <Control>0 <Control><Shift>j", "zoom-fit" },
  { .accels = "<Control>1", "zoom-one" },
  { .help = N_ ("Move a cross to point with; with Shift, by one pixel"), .accels = "Left" },
  { .accels = "Right" },
  { .accels = "Up" },
  { .accels = "Down" },
  { .help = N_ ("At the cross: add, remove"), .accels = "Return" },
  { .accels = "<Shift>Return" },
  { .help = N_ ("At the cross: start a box; Enter sets its other corner"), .accels = "b" },
  { .help = N_ ("Move the focus from the image to the next control"), .accels = "<Control>Tab" },
  { .help = N_ ("Delete the prompt under the pointer, or the last one"),
    NULL,
    "Delete BackSpace",
    "delete-prompt" },

  { .heading = N_ ("Objects found"),
    .help = N_ ("Choose one of the candidates after a single click"),
    NULL,
    "1 KP_1",
    "candidate-1" },
  { .accels = "2 KP_2", "candidate-2" },
  { .accels = "3 KP_3", "candidate-3" },
  { .accels = "Tab" },
  { .help = N_ ("Undo, redo"), NULL, "<Control>z", "undo" },
  { .accels = "<Control><Shift>z <Control>y", "redo" },
  { .help = N_ ("New object, next object, delete this object"),
    NULL,
    "n <Control>n",
    "new-object" },
  { .accels = "o", "next-object" },
  { .accels = "d", "delete-object" },
  { .help = N_ ("Change the view"), NULL, "v", "next-view" },
  { .help = N_ ("Clear all prompts"), NULL, "<Control>Delete", "clear" },

  { .heading = N_ ("Tools and result"),
    .help = N_ ("Points, brush, lasso; switch between adding and removing"),
    NULL,
    "p",
    "tool-point" },
  { .accels = "k", "tool-brush" },
  { .accels = "l", "tool-lasso" },
  { .accels = "x", "swap-label" },
  { .help = N_ ("Smaller brush, larger brush"), NULL, "bracketleft", "smaller-brush" },
  { .accels = "bracketright", "larger-brush" },
  { .help = N_ ("Use the image's selection as a prompt"), NULL, "s", "use-selection" },
  { .help = N_ ("Change the result, the selection mode, the edge"), NULL, "r", "next-output" },
  { .accels = "m", "next-operation" },
  { .accels = "e", "next-edge" },
  { .help = N_ ("Apply and keep the window open, apply and close"), NULL, "a", "apply" },
  { .accels = "<Control>Return", "apply-and-close" },
  { .help = N_ ("Add to the selection, subtract from it; with both, intersect"),
    N_ ("Shift or Ctrl with OK or Apply") },
  { .help = N_ ("Copy as Script-Fu"), NULL, "<Control><Shift>c", "copy-script" },
  { .help = N_ ("Read the image again"), NULL, "F5 <Control>r", "refresh" },
  { .help = N_ ("Stop; close without changes"), NULL, "t", "stop" },
  { .accels = "Escape" },
  { .help = N_ ("Show this list"), NULL, "F1", "help" },
};

const SuiKey *
sui_keys_get (guint *n)
{
  *n = G_N_ELEMENTS (keys);

  return keys;
}

char *
sui_keys_get_shown (const SuiKey *key)
{
  return key->accels != NULL ? g_strndup (key->accels, strcspn (key->accels, " ")) : NULL;
}

/* --- shortcuts --- */

static gboolean
matches (const char *accel, const GdkEventKey *event, gboolean typing)
{
  GdkModifierType state = event->state & gtk_accelerator_get_default_mod_mask ();
  guint           pressed = gdk_keyval_to_lower (event->keyval), keyval;
  GdkModifierType modifiers;
  gboolean        plain;

  gtk_accelerator_parse (accel, &keyval, &modifiers);
  plain = modifiers == 0 && (keyval < GDK_KEY_F1 || keyval > GDK_KEY_F35);
  /* what would write, and the field's own undo */
  if (typing && (plain || (keyval == GDK_KEY_z && modifiers == GDK_CONTROL_MASK)))
    return FALSE;
  /* some plain keys need Shift on some keyboards */
  if (plain && ! g_ascii_isalpha ((char) MIN (pressed, 127u)))
    state &= ~GDK_SHIFT_MASK;

  return keyval == pressed && modifiers == state;
}

const char *
sui_keys_find (const GdkEventKey *event, gboolean typing)
{
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (keys[i].action != NULL)
      {
        g_auto (GStrv) accels = g_strsplit (keys[i].accels, " ", -1);

        for (guint j = 0; accels[j] != NULL; j++)
          if (matches (accels[j], event, typing))
            return keys[i].action;
      }

  return NULL;
}

/* --- tooltips --- */

/* As it stands on the keys; NULL if there is none. */
static char *
label_of (const char *action)
{
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (keys[i].action != NULL && strcmp (keys[i].action, action) == 0)
      {
        g_autofree char *accel = sui_keys_get_shown (&keys[i]);
        guint            keyval;
        GdkModifierType  modifiers;

        gtk_accelerator_parse (accel, &keyval, &modifiers);

        return gtk_accelerator_get_label (keyval, modifiers);
      }

  return NULL;
}

void
sui_keys_describe_button (GtkWidget *button, const char *action, const char *also)
{
  g_autofree char *name = gtk_widget_get_tooltip_text (button);
  g_autofree char *key = action != NULL ? label_of (action) : NULL;

  atk_object_set_name (gtk_widget_get_accessible (button), name);
  if (key != NULL)
    {
      g_autofree char *tip = g_strdup_printf ("%s (%s%s%s)", name, key, also != NULL ? ", " : "",
                                              also != NULL ? also : "");

      gtk_widget_set_tooltip_text (button, tip);
    }
}

static void
describe (GtkWidget *widget, gpointer data)
{
  const char *action;

  if (GTK_IS_BUTTON (widget) && gtk_button_get_image (GTK_BUTTON (widget)) != NULL)
    {
      action = gtk_actionable_get_action_name (GTK_ACTIONABLE (widget));
      if (action != NULL)
        action += strlen (SUI_KEYS_GROUP ".");
      if (gtk_widget_get_tooltip_text (widget) != NULL)
        sui_keys_describe_button (widget, action, NULL);
    }
  else if (GTK_IS_CONTAINER (widget))
    {
      gtk_container_foreach (GTK_CONTAINER (widget), describe, data);
    }
}

void
sui_keys_describe (GtkWidget *widget)
{
  describe (widget, NULL);
}
