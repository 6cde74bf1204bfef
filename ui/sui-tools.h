/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The row of tools above the picture: what the pointer draws, whether it adds or takes away, undo,
 * the model. */
#pragma once

#include <gtk/gtk.h>

#include "ui/sui-canvas.h"

G_BEGIN_DECLS

#define SUI_TYPE_TOOLS (sui_tools_get_type ())
G_DECLARE_FINAL_TYPE (SuiTools, sui_tools, SUI, TOOLS, GtkBox)

/* To be called once, before the tools are shown. Signal "failed" (GError *): see SuiModels. */
void sui_tools_attach (SuiTools *tools, SuiSession *session, SuiCanvas *canvas);

/* As if the buttons were pressed. */
void sui_tools_choose (SuiTools *tools, SuiTool tool);
void sui_tools_swap_label (SuiTools *tools);

G_END_DECLS
