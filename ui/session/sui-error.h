/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Errors in the user's language: what is wrong and what to do next. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* One or two sentences, as the window says it. Free with g_free. */
char *sui_error_to_sentence (const GError *error);

/* The same as a procedure says it, whose caller wrote the arguments; NULL when there is none, and
 * the error speaks for itself. @is_call: (out): the arguments make no sense */
char *sui_error_to_call_sentence (const GError *error, gboolean *is_call);

G_END_DECLS
