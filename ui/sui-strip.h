/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The candidates for a lone click, side by side, to choose from. */
#pragma once

#include <gtk/gtk.h>

#include "ui/session/sui-session.h"

G_BEGIN_DECLS

#define SUI_TYPE_STRIP (sui_strip_get_type ())
G_DECLARE_FINAL_TYPE (SuiStrip, sui_strip, SUI, STRIP, GtkBox)

/* To be called once. */
void sui_strip_attach (SuiStrip *strip, SuiSession *session);

G_END_DECLS
