/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the mouse and the keys do, in a window of its own; works offline. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

void sui_help_show (GtkWindow *parent);

G_END_DECLS
