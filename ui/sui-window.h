/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The window: picture, tools, candidates, objects, what becomes of the mask, the model. Knows no
 * GIMP: what is to be done with a mask is told by signals.
 *
 *   apply (gboolean close)  the result is wanted as sui_window_get_output() says;
 *                           sui_window_applied() ends it
 *   cancel                  the window is to be closed without a trace
 *   use-selection           the image's selection as a prompt
 *   copy-script             the call that gives the same result, onto the clipboard
 *   refresh                 the picture is to be read again, perhaps from elsewhere:
 *                           sui_window_get_merged() */
#pragma once

#include <gtk/gtk.h>

#include "ui/session/sui-names.h"
#include "ui/session/sui-session.h"
#include "ui/sui-canvas.h"

G_BEGIN_DECLS

#define SUI_TYPE_WINDOW (sui_window_get_type ())
G_DECLARE_FINAL_TYPE (SuiWindow, sui_window, SUI, WINDOW, GtkDialog)

GtkWidget *sui_window_new (SuiSession *session, const char *picture_name);

SuiSession  *sui_window_get_session (SuiWindow *window);
SuiCanvas   *sui_window_get_canvas (SuiWindow *window);
SuiOutput    sui_window_get_output (SuiWindow *window);
SuiOperation sui_window_get_operation (SuiWindow *window);
void         sui_window_set_output (SuiWindow *window, SuiOutput output, SuiOperation operation);

/* Of the visible image rather than of the layer. */
gboolean sui_window_get_merged (SuiWindow *window);
void     sui_window_set_merged (SuiWindow *window, gboolean merged);
/* Areas of 0 leave the window's own first values, which depend on the picture. */
void sui_window_set_options (SuiWindow *window, const SuiOptions *options);

/* A calm message in the window, until it is closed or another comes. @action: (nullable): the label
 * of a button, which calls @callback and closes the message. */
void sui_window_say (SuiWindow     *window,
                     GtkMessageType type,
                     const char    *text,
                     const char    *action,
                     void (*callback) (SuiWindow *window));
/* The same for what a session or the plug-in reports. */
void sui_window_fail (SuiWindow *window, const GError *error);

/* After "apply": worked or failed. */
void sui_window_applied (SuiWindow *window, gboolean worked);
/* The image or the layer has gone, @why says which: nothing can be applied. NULL: it is back. */
void sui_window_set_orphan (SuiWindow *window, const char *why);
/* The picture is being read, which may take a while. */
void sui_window_set_reading (SuiWindow *window, gboolean reading);
/* The picture is not what was read any more; offers "refresh". */
void sui_window_say_changed (SuiWindow *window);

G_END_DECLS
