/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory of the size of pages of 2 MB, in such pages where the system has them for who asks: the
 * processor's table of pages is small, and each fresh page costs a call of the system. Internal. */
#pragma once

#include <glib.h>
#include <stddef.h>

G_BEGIN_DECLS

/* Of a large page, on most systems. */
#define SAM_PAGES_LARGE (2 << 20)

/* Aligned to a cache line, with anything in it; free with g_free. NULL if there is no memory. */
void *sam_pages_alloc (size_t n_bytes);

G_END_DECLS
