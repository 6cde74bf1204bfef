/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include <glib/gi18n-lib.h>

#include "ui/sui-keys.h"
#include "ui/sui-object-list.h"
#include "ui/sui-panel.h"
#include "ui/sui-strip.h"

struct _SuiPanel
{
  GtkScrolledWindow parent_instance;
  SuiSession       *session;

  SuiStrip      *strip;
  SuiObjectList *objects;
  GtkWidget     *output, *operations, *operation[SUI_N_OPERATIONS];
  GtkWidget     *edge, *grow, *feather, *holes, *specks;

  gboolean cleaned; /* holes and specks have their first values */
};

enum
{
  OPTIONS,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SuiPanel, sui_panel, GTK_TYPE_SCROLLED_WINDOW)

/* --- options --- */

static void
tell_options (SuiPanel *panel)
{
  int        edge = gtk_combo_box_get_active (GTK_COMBO_BOX (panel->edge));
  SuiOptions options = { 0 };

  options.edge = edge == SUI_EDGE_HARD ? SAM_EDGE_HARD : SAM_EDGE_SMOOTH;
  options.matte = edge == SUI_EDGE_MATTE;
  options.grow = gtk_spin_button_get_value (GTK_SPIN_BUTTON (panel->grow));
  options.feather = gtk_spin_button_get_value (GTK_SPIN_BUTTON (panel->feather));
  options.fill_holes = gtk_spin_button_get_value (GTK_SPIN_BUTTON (panel->holes));
  options.min_area = gtk_spin_button_get_value (GTK_SPIN_BUTTON (panel->specks));
  sui_session_set_options (panel->session, &options);
  g_signal_emit (panel, signals[OPTIONS], 0);
}

static void
options_changed (SuiPanel *panel)
{
  /* while it is built there is none */
  if (panel->session != NULL)
    tell_options (panel);
}

void
sui_panel_set_options (SuiPanel *panel, const SuiOptions *options)
{
  gtk_combo_box_set_active (GTK_COMBO_BOX (panel->edge), options->matte ? SUI_EDGE_MATTE
                                                         : options->edge == SAM_EDGE_HARD
                                                           ? SUI_EDGE_HARD
                                                           : SUI_EDGE_SMOOTH);
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (panel->grow), options->grow);
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (panel->feather), options->feather);
  if (options->fill_holes > 0.0 || options->min_area > 0.0)
    {
      panel->cleaned = TRUE;
      gtk_spin_button_set_value (GTK_SPIN_BUTTON (panel->holes), options->fill_holes);
      gtk_spin_button_set_value (GTK_SPIN_BUTTON (panel->specks), options->min_area);
    }
  tell_options (panel);
}

/* Dust in a mask is never meant: specks and holes of a two-thousandth of the picture go, unless the
 * user says otherwise. */
static void
clean_by_default (SuiSession *session, SuiPanel *panel)
{
  SamImage *image = sui_session_get_image (session);
  double    area;

  if (panel->cleaned || image == NULL)
    return;
  panel->cleaned = TRUE;
  area = floor ((double) sam_image_get_width (image) * sam_image_get_height (image) / 2000.0);
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (panel->holes), area);
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (panel->specks), area);
}

void
sui_panel_next_edge (SuiPanel *panel)
{
  GtkComboBox *edge = GTK_COMBO_BOX (panel->edge);

  gtk_combo_box_set_active (edge, (gtk_combo_box_get_active (edge) + 1) % SUI_N_EDGES);
}

/* --- output --- */

static void
output_changed (SuiPanel *panel)
{
  SuiOutput output = sui_panel_get_output (panel);

  gtk_widget_set_sensitive (panel->operations,
                            output == SUI_OUTPUT_SELECTION || output == SUI_OUTPUT_LAYER_MASK);
}

SuiOutput
sui_panel_get_output (SuiPanel *panel)
{
  return (SuiOutput) MAX (0, gtk_combo_box_get_active (GTK_COMBO_BOX (panel->output)));
}

SuiOperation
sui_panel_get_operation (SuiPanel *panel)
{
  for (int i = 0; i < SUI_N_OPERATIONS; i++)
    if (gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (panel->operation[i])))
      return (SuiOperation) i;

  return SUI_OPERATION_REPLACE;
}

void
sui_panel_set_output (SuiPanel *panel, SuiOutput output, SuiOperation operation)
{
  gtk_combo_box_set_active (GTK_COMBO_BOX (panel->output), (int) output);
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (panel->operation[operation]), TRUE);
}

void
sui_panel_next_output (SuiPanel *panel)
{
  gtk_combo_box_set_active (GTK_COMBO_BOX (panel->output),
                            ((int) sui_panel_get_output (panel) + 1) % SUI_N_OUTPUTS);
}

void
sui_panel_next_operation (SuiPanel *panel)
{
  int next = (sui_panel_get_operation (panel) + 1) % SUI_N_OPERATIONS;

  if (gtk_widget_get_sensitive (panel->operations))
    gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (panel->operation[next]), TRUE);
}

/* --- life --- */

static void
sui_panel_dispose (GObject *object)
{
  SuiPanel *panel = SUI_PANEL (object);

  if (panel->session != NULL)
    g_signal_handlers_disconnect_by_data (panel->session, panel);
  g_clear_object (&panel->session);
  G_OBJECT_CLASS (sui_panel_parent_class)->dispose (object);
}

static void
sui_panel_class_init (SuiPanelClass *klass)
{
  static const char *const operations[SUI_N_OPERATIONS] = { "replace", "add", "subtract",
                                                            "intersect" };
  GtkWidgetClass          *widget = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sui_panel_dispose;
  signals[OPTIONS] = g_signal_new ("options", SUI_TYPE_PANEL, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                   NULL, G_TYPE_NONE, 0);

  g_type_ensure (SUI_TYPE_OBJECT_LIST);
  g_type_ensure (SUI_TYPE_STRIP);
  gtk_widget_class_set_template_from_resource (widget, "/org/gimp/SegmentAnything/ui/sui-panel.ui");
  gtk_widget_class_bind_template_child (widget, SuiPanel, strip);
  gtk_widget_class_bind_template_child (widget, SuiPanel, objects);
  gtk_widget_class_bind_template_child (widget, SuiPanel, output);
  gtk_widget_class_bind_template_child (widget, SuiPanel, operations);
  gtk_widget_class_bind_template_child (widget, SuiPanel, edge);
  gtk_widget_class_bind_template_child (widget, SuiPanel, grow);
  gtk_widget_class_bind_template_child (widget, SuiPanel, feather);
  gtk_widget_class_bind_template_child (widget, SuiPanel, holes);
  gtk_widget_class_bind_template_child (widget, SuiPanel, specks);
  for (int i = 0; i < SUI_N_OPERATIONS; i++)
    gtk_widget_class_bind_template_child_full (widget, operations[i], FALSE,
                                               G_STRUCT_OFFSET (SuiPanel, operation) +
                                                 i * (gssize) sizeof (GtkWidget *));
  gtk_widget_class_bind_template_callback (widget, options_changed);
  gtk_widget_class_bind_template_callback (widget, output_changed);
}

static void
sui_panel_init (SuiPanel *panel)
{
  /* with OK or Apply */
  static const char *const modifiers[SUI_N_OPERATIONS] = { NULL, "Shift+OK", "Ctrl+OK",
                                                           "Ctrl+Shift+OK" };

  gtk_widget_init_template (GTK_WIDGET (panel));
  sui_keys_describe (GTK_WIDGET (panel));
  for (int i = 0; i < SUI_N_OPERATIONS; i++)
    {
      gtk_widget_set_tooltip_text (panel->operation[i], _ (sui_operation_names[i].sentence));
      sui_keys_describe_button (panel->operation[i], "next-operation", modifiers[i]);
    }
  for (int i = 0; i < SUI_N_OUTPUTS; i++)
    gtk_combo_box_text_append_text (GTK_COMBO_BOX_TEXT (panel->output),
                                    _ (sui_output_names[i].label));
  for (int i = 0; i < SUI_N_EDGES; i++)
    gtk_combo_box_text_append_text (GTK_COMBO_BOX_TEXT (panel->edge), _ (sui_edge_names[i].label));
  gtk_combo_box_set_active (GTK_COMBO_BOX (panel->output), SUI_OUTPUT_SELECTION);
  gtk_combo_box_set_active (GTK_COMBO_BOX (panel->edge), SUI_EDGE_SMOOTH);
}

void
sui_panel_attach (SuiPanel *panel, SuiSession *session)
{
  panel->session = g_object_ref (session);
  sui_strip_attach (panel->strip, session);
  sui_object_list_attach (panel->objects, session);
  g_signal_connect (session, "changed", G_CALLBACK (clean_by_default), panel);
  clean_by_default (session, panel);
  tell_options (panel);
}
