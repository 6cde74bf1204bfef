/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The column beside the picture: candidates, objects, what becomes of them, how they end. */
#pragma once

#include <gtk/gtk.h>

#include "ui/session/sui-names.h"
#include "ui/session/sui-session.h"

G_BEGIN_DECLS

#define SUI_TYPE_PANEL (sui_panel_get_type ())
G_DECLARE_FINAL_TYPE (SuiPanel, sui_panel, SUI, PANEL, GtkScrolledWindow)

/* To be called once. Signal "options" when the session has other options, which it does not tell
 * when only the matte is another. */
void sui_panel_attach (SuiPanel *panel, SuiSession *session);

SuiOutput    sui_panel_get_output (SuiPanel *panel);
SuiOperation sui_panel_get_operation (SuiPanel *panel);
void         sui_panel_set_output (SuiPanel *panel, SuiOutput output, SuiOperation operation);
/* Areas of 0 leave the first values, which depend on the picture. */
void sui_panel_set_options (SuiPanel *panel, const SuiOptions *options);

/* One further, and around. */
void sui_panel_next_output (SuiPanel *panel);
void sui_panel_next_operation (SuiPanel *panel);
void sui_panel_next_edge (SuiPanel *panel);

G_END_DECLS
