/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ui/sui-keys.h"
#include "ui/sui-models.h"
#include "ui/sui-tools.h"

struct _SuiTools
{
  GtkBox     parent_instance;
  SuiCanvas *canvas; /* beside them in the window */

  GtkWidget *tools[SUI_TOOL_LASSO + 1], *labels[2];
  SuiModels *models;
};

enum
{
  FAILED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SuiTools, sui_tools, GTK_TYPE_BOX)

static void
tool_toggled (GtkToggleButton *button, SuiTools *tools)
{
  if (! gtk_toggle_button_get_active (button) || tools->canvas == NULL)
    return;
  for (int i = 0; i <= SUI_TOOL_LASSO; i++)
    if (tools->tools[i] == GTK_WIDGET (button))
      sui_canvas_set_tool (tools->canvas, (SuiTool) i);
}

static void
label_toggled (GtkToggleButton *button, SuiTools *tools)
{
  if (gtk_toggle_button_get_active (button) && tools->canvas != NULL)
    sui_canvas_set_label (tools->canvas, tools->labels[1] == GTK_WIDGET (button) ? 1 : 0);
}

static void
models_failed (SuiModels *models, GError *error, SuiTools *tools)
{
  g_signal_emit (tools, signals[FAILED], 0, error);
}

void
sui_tools_choose (SuiTools *tools, SuiTool tool)
{
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (tools->tools[tool]), TRUE);
}

void
sui_tools_swap_label (SuiTools *tools)
{
  int other = 1 - sui_canvas_get_label (tools->canvas);

  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (tools->labels[other]), TRUE);
}

static void
sui_tools_class_init (SuiToolsClass *klass)
{
  GtkWidgetClass *widget = GTK_WIDGET_CLASS (klass);

  g_type_ensure (SUI_TYPE_MODELS);
  signals[FAILED] = g_signal_new ("failed", SUI_TYPE_TOOLS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 1, G_TYPE_ERROR);

  gtk_widget_class_set_template_from_resource (widget, "/org/gimp/SegmentAnything/ui/sui-tools.ui");
  gtk_widget_class_bind_template_child_full (widget, "point", FALSE,
                                             G_STRUCT_OFFSET (SuiTools, tools[SUI_TOOL_POINT]));
  gtk_widget_class_bind_template_child_full (widget, "brush", FALSE,
                                             G_STRUCT_OFFSET (SuiTools, tools[SUI_TOOL_BRUSH]));
  gtk_widget_class_bind_template_child_full (widget, "lasso", FALSE,
                                             G_STRUCT_OFFSET (SuiTools, tools[SUI_TOOL_LASSO]));
  gtk_widget_class_bind_template_child_full (widget, "remove", FALSE,
                                             G_STRUCT_OFFSET (SuiTools, labels[0]));
  gtk_widget_class_bind_template_child_full (widget, "add", FALSE,
                                             G_STRUCT_OFFSET (SuiTools, labels[1]));
  gtk_widget_class_bind_template_child (widget, SuiTools, models);
  gtk_widget_class_bind_template_callback (widget, tool_toggled);
  gtk_widget_class_bind_template_callback (widget, label_toggled);
  gtk_widget_class_bind_template_callback (widget, models_failed);
}

static void
sui_tools_init (SuiTools *tools)
{
  gtk_widget_init_template (GTK_WIDGET (tools));
  sui_keys_describe (GTK_WIDGET (tools));
  sui_keys_describe_button (tools->tools[SUI_TOOL_POINT], "tool-point", NULL);
  sui_keys_describe_button (tools->tools[SUI_TOOL_BRUSH], "tool-brush", NULL);
  sui_keys_describe_button (tools->tools[SUI_TOOL_LASSO], "tool-lasso", NULL);
  sui_keys_describe_button (tools->labels[0], "swap-label", NULL);
  sui_keys_describe_button (tools->labels[1], "swap-label", NULL);
}

void
sui_tools_attach (SuiTools *tools, SuiSession *session, SuiCanvas *canvas)
{
  tools->canvas = canvas;
  sui_models_attach (tools->models, session);
}
