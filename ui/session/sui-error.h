/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Errors in the user's language: what is wrong and what to do next. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* One or two sentences. Free with g_free. */
char *sui_error_to_sentence (const GError *error);

G_END_DECLS
