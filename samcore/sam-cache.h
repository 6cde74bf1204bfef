/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Embeddings on disk, so that the second window, or the second run of a script, on the same picture
 * starts at once. */
#pragma once

#include "samcore/sam-model.h"

G_BEGIN_DECLS

/* What the folder may hold before the longest unused embeddings go. */
#define SAM_CACHE_MAX_BYTES (G_GUINT64_CONSTANT (1) << 30)

/**
 * sam_cache_encode:
 * @found: (out) (optional): whether the embedding came from the cache
 *
 * What sam_model_encode() returns, from the cache where it is there; otherwise it is encoded, and
 * kept for the next time. A cache that cannot be read or written costs time, never an error.
 */
SamScene *sam_cache_encode (SamModel     *model,
                            SamImage     *image,
                            const SamJob *job,
                            gboolean     *found,
                            GError      **error);

/* The two halves, for callers that do more in between; lookup gives NULL when there is none. */
SamScene *sam_cache_lookup (SamModel *model, SamImage *image);
void      sam_cache_store (SamModel *model, SamImage *image, const SamEmbedding *embedding);

/* Removes the longest unused embeddings until at most @max_bytes are left, and what killed writers
 * left behind. sam_cache_store() calls it with SAM_CACHE_MAX_BYTES. */
void sam_cache_trim (guint64 max_bytes);

/* segment-anything/ under the XDG cache home. Free with g_free. */
char *sam_cache_get_folder (void);

G_END_DECLS
