/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "ui/sui-object-list.h"

struct _SuiObjectList
{
  GtkListBox  parent_instance;
  SuiSession *session;
  gboolean    showing; /* rows follow the session: not the user's doing */
};

G_DEFINE_FINAL_TYPE (SuiObjectList, sui_object_list, GTK_TYPE_LIST_BOX)

static GtkWidget *
make_label (void)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0.0f);
  gtk_widget_set_margin_start (label, 6);
  gtk_widget_set_margin_end (label, 6);
  gtk_widget_set_margin_top (label, 2);
  gtk_widget_set_margin_bottom (label, 2);
  gtk_widget_show (label);

  return label;
}

static void
set_n_rows (GtkListBox *list, guint n)
{
  guint rows = 0;

  while (gtk_list_box_get_row_at_index (list, (int) rows) != NULL)
    rows++;
  for (; rows > n; rows--)
    gtk_widget_destroy (GTK_WIDGET (gtk_list_box_get_row_at_index (list, (int) rows - 1)));
  for (; rows < n; rows++)
    gtk_list_box_insert (list, make_label (), -1);
}

static void
update (SuiSession *session, SuiObjectList *list)
{
  guint n = sui_session_get_n_objects (session);

  list->showing = TRUE;
  set_n_rows (GTK_LIST_BOX (list), n);
  for (guint i = 0; i < n; i++)
    {
      GtkListBoxRow   *row = gtk_list_box_get_row_at_index (GTK_LIST_BOX (list), (int) i);
      GtkWidget       *label = gtk_bin_get_child (GTK_BIN (row));
      guint            n_prompts = sui_session_get_prompts (session, i)->len;
      g_autofree char *text = NULL;

      if (n_prompts == 0)
        text = g_strdup_printf (_ ("Object %u: not clicked yet"), i + 1);
      else
        text = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "Object %u: %u prompt",
                                             "Object %u: %u prompts", n_prompts),
                                i + 1, n_prompts);
      gtk_label_set_text (GTK_LABEL (label), text);
      atk_object_set_name (gtk_widget_get_accessible (GTK_WIDGET (row)), text);
      if (i == sui_session_get_current (session))
        gtk_list_box_select_row (GTK_LIST_BOX (list), row);
    }
  list->showing = FALSE;
}

static void
sui_object_list_row_selected (GtkListBox *box, GtkListBoxRow *row)
{
  SuiObjectList *list = SUI_OBJECT_LIST (box);

  if (row != NULL && ! list->showing && list->session != NULL)
    sui_session_set_current (list->session, (guint) gtk_list_box_row_get_index (row));
}

static void
sui_object_list_dispose (GObject *object)
{
  SuiObjectList *list = SUI_OBJECT_LIST (object);

  if (list->session != NULL)
    g_signal_handlers_disconnect_by_data (list->session, list);
  g_clear_object (&list->session);
  G_OBJECT_CLASS (sui_object_list_parent_class)->dispose (object);
}

static void
sui_object_list_class_init (SuiObjectListClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sui_object_list_dispose;
  GTK_LIST_BOX_CLASS (klass)->row_selected = sui_object_list_row_selected;
}

static void
sui_object_list_init (SuiObjectList *list)
{
}

void
sui_object_list_attach (SuiObjectList *list, SuiSession *session)
{
  list->session = g_object_ref (session);
  g_signal_connect (session, "changed", G_CALLBACK (update), list);
  update (session, list);
}
