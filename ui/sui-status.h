/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The line below the picture: a hint what to do next, or what the worker does and a button to stop
 * it. */
#pragma once

#include <gtk/gtk.h>

#include "ui/session/sui-session.h"

G_BEGIN_DECLS

#define SUI_TYPE_STATUS (sui_status_get_type ())
G_DECLARE_FINAL_TYPE (SuiStatus, sui_status, SUI, STATUS, GtkStack)

/* To be called once. */
void sui_status_attach (SuiStatus *status, SuiSession *session);

/* Instead of a hint; NULL for the hint again. */
void sui_status_set_text (SuiStatus *status, const char *text);
/* The hint, when it depends on what the session did not tell. */
void sui_status_update (SuiStatus *status);

G_END_DECLS
