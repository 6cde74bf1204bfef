/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory in large pages of 2 MB, on systems that give them on request: the processor's table of
 * pages is small, and each fresh page costs a system call. Internal. */
#pragma once

#include <glib.h>
#include <stddef.h>

G_BEGIN_DECLS

/* The size of a large page on most systems, in bytes. */
#define SAM_PAGES_LARGE (2 << 20)

/* Aligned to a cache line, with anything in it; free with g_free. NULL if there is no memory. */
void *sam_pages_alloc (size_t n_bytes);

G_END_DECLS
