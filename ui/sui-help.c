/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two columns: what to do, what happens. */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "ui/sui-help.h"

/* A line without a key is a heading. */
static const struct
{
  const char *key, *text;
} lines[] = {
  { NULL, N_ ("On the picture") },
  { N_ ("Click"), N_ ("This belongs to the object") },
  { N_ ("Right-click, Alt+click"), N_ ("This does not") },
  { N_ ("Drag"), N_ ("A box around the object; a prompt below the pointer is moved") },
  { N_ ("Middle button, or Space and drag"),
    N_ ("Move the picture; so do the wheel and two fingers") },
  { N_ ("Ctrl+wheel, pinch, +, -"), N_ ("Zoom") },
  { "0, Ctrl+1", N_ ("Fit the picture, actual size") },
  { N_ ("Arrow keys"), N_ ("A cross to point with; Shift moves it by one pixel") },
  { N_ ("Enter, Shift+Enter"), N_ ("At the cross: add, take away") },
  { "B", N_ ("At the cross: a corner of a box, then the other with Enter") },
  { "Ctrl+Tab", N_ ("Leave the picture for the next part of the window") },
  { N_ ("Delete"), N_ ("Delete the prompt below the pointer, or the last one") },
  { NULL, N_ ("What was found") },
  { N_ ("1, 2, 3, Tab"), N_ ("Choose among the candidates of a lone click") },
  { "Ctrl+Z, Ctrl+Shift+Z", N_ ("Undo, redo") },
  { "N, O, D", N_ ("New object, next object, delete this object") },
  { "V", N_ ("Another view") },
  { N_ ("Ctrl+Delete"), N_ ("Clear all prompts") },
  { NULL, N_ ("Tools and result") },
  { "P, K, L, X", N_ ("Points, brush, lasso; swap adding and taking away") },
  { "[, ]", N_ ("Smaller and larger brush") },
  { "S", N_ ("Use the image's selection as a prompt") },
  { "R, M, E", N_ ("Another result, mode of the selection, edge") },
  { N_ ("A, Ctrl+Enter"), N_ ("Apply and stay, apply and close") },
  { N_ ("Shift or Ctrl with OK or Apply"),
    N_ ("Add to the selection, subtract from it; both: intersect") },
  { "Ctrl+Shift+C", N_ ("Copy as Script-Fu") },
  { "F5", N_ ("Read the picture again") },
  { N_ ("T, Escape"), N_ ("Stop what the computer is at, close without a trace") },
  { "F1", N_ ("This list") },
};

void
sui_help_show (GtkWindow *parent)
{
  GtkWidget *dialog = gtk_dialog_new_with_buttons (_ ("Segment Anything: Mouse and Keys"), parent,
                                                   GTK_DIALOG_DESTROY_WITH_PARENT, _ ("_Close"),
                                                   GTK_RESPONSE_CLOSE, NULL);
  GtkWidget *grid = gtk_grid_new ();

  gtk_grid_set_row_spacing (GTK_GRID (grid), 4);
  gtk_grid_set_column_spacing (GTK_GRID (grid), 18);
  gtk_container_set_border_width (GTK_CONTAINER (grid), 18);
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      GtkWidget *text = gtk_label_new (_ (lines[i].text));

      gtk_label_set_xalign (GTK_LABEL (text), 0.0f);
      if (lines[i].key == NULL)
        {
          PangoAttrList *bold = pango_attr_list_new ();

          pango_attr_list_insert (bold, pango_attr_weight_new (PANGO_WEIGHT_BOLD));
          gtk_label_set_attributes (GTK_LABEL (text), bold);
          pango_attr_list_unref (bold);
          gtk_widget_set_margin_top (text, i > 0 ? 12 : 0);
          gtk_grid_attach (GTK_GRID (grid), text, 0, (int) i, 2, 1);
        }
      else
        {
          GtkWidget *key = gtk_label_new (_ (lines[i].key));

          gtk_label_set_xalign (GTK_LABEL (key), 0.0f);
          gtk_widget_set_margin_start (key, 12);
          gtk_style_context_add_class (gtk_widget_get_style_context (key),
                                       GTK_STYLE_CLASS_DIM_LABEL);
          gtk_grid_attach (GTK_GRID (grid), key, 0, (int) i, 1, 1);
          gtk_grid_attach (GTK_GRID (grid), text, 1, (int) i, 1, 1);
        }
    }
  gtk_box_pack_start (GTK_BOX (gtk_dialog_get_content_area (GTK_DIALOG (dialog))), grid, TRUE, TRUE,
                      0);
  g_signal_connect (dialog, "response", G_CALLBACK (gtk_widget_destroy), NULL);
  gtk_widget_show_all (dialog);
}
