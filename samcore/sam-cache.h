/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Embeddings on disk, so that a picture that was encoded before is ready at once: in another
 * window, in another run of a script. */
#pragma once

#include "samcore/sam-model.h"

G_BEGIN_DECLS

/* The folder may grow to this; then the embeddings that were unused longest are removed. */
#define SAM_CACHE_MAX_BYTES (G_GUINT64_CONSTANT (1) << 30)

/**
 * sam_cache_encode:
 * @found: (out) (optional): whether the embedding came from the cache
 *
 * Like sam_model_encode(), but takes the embedding from the cache if it is there, and otherwise
 * stores it. A cache that cannot be read or written costs time; it is never an error.
 *
 * Returns: (transfer full): NULL with the errors of sam_model_encode()
 */
SamScene *sam_cache_encode (SamModel     *model,
                            SamImage     *image,
                            const SamJob *job,
                            gboolean     *found,
                            GError      **error);

/* The two halves of it. lookup: (transfer full) (nullable): NULL if the cache has no embedding of
 * @image by @model. */
SamScene *sam_cache_lookup (SamModel *model, SamImage *image);
void      sam_cache_store (SamModel *model, SamImage *image, const SamEmbedding *embedding);

/* Removes the embeddings that were unused longest until at most @max_bytes are left, and temporary
 * files of writers that were killed. sam_cache_store() calls it with SAM_CACHE_MAX_BYTES. */
void sam_cache_trim (guint64 max_bytes);

/* (transfer full): segment-anything/ in the XDG cache folder. Free with g_free(). */
char *sam_cache_get_folder (void);

G_END_DECLS
