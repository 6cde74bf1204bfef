/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The model chooser: a button with the model in use, and the shelf that it opens. */
#pragma once

#include <gtk/gtk.h>

#include "ui/session/sui-session.h"

G_BEGIN_DECLS

#define SUI_TYPE_MODELS (sui_models_get_type ())
G_DECLARE_FINAL_TYPE (SuiModels, sui_models, SUI, MODELS, GtkMenuButton)

/* To be called once. Signal "failed" (GError *): a download or a file that somebody chose came to
 * nothing. */
void sui_models_attach (SuiModels *models, SuiSession *session);

/* Cancels a download that runs; what has arrived is kept for the next time. */
void sui_models_stop (SuiModels *models);

G_END_DECLS
