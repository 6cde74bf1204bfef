/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The objects, one a row; the selected row is the current object. */
#pragma once

#include <gtk/gtk.h>

#include "ui/session/sui-session.h"

G_BEGIN_DECLS

#define SUI_TYPE_OBJECT_LIST (sui_object_list_get_type ())
G_DECLARE_FINAL_TYPE (SuiObjectList, sui_object_list, SUI, OBJECT_LIST, GtkListBox)

/* To be called once. */
void sui_object_list_attach (SuiObjectList *list, SuiSession *session);

G_END_DECLS
