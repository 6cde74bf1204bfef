/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text out of a file, made fit for one line of an error. */
#pragma once

#include <stddef.h>

#include <glib.h>

G_BEGIN_DECLS

/* @text, perhaps not ended by a 0, as printable ASCII: escaped, quoted, cut. Free with g_free. */
char *sam_quote (const char *text, size_t length);

G_END_DECLS
