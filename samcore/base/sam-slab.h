/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory for what lives as long as a model, piece by piece, and freed all at once. The pieces lie
 * beside each other in large pages, where hundreds of matrices would each have small ones of their
 * own. Internal. */
#pragma once

#include <glib.h>
#include <stddef.h>

G_BEGIN_DECLS

typedef struct _SamSlab SamSlab;

SamSlab *sam_slab_new (void);
/* Aligned to a cache line, with anything in it; NULL if there is no memory. From any thread. */
void *sam_slab_alloc (SamSlab *slab, size_t n_bytes);
/* And all that has been allocated from it. */
void sam_slab_free (SamSlab *slab);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SamSlab, sam_slab_free)

G_END_DECLS
