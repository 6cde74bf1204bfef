/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the image encoder made of one picture: the maps that the mask decoder reads. Immutable. */
#pragma once

#include "samcore/sam-image.h"
#include "samcore/sam-job.h"

G_BEGIN_DECLS

typedef struct _SamEmbedding SamEmbedding;

SamEmbedding *sam_embedding_ref (SamEmbedding *embedding);
void          sam_embedding_unref (SamEmbedding *embedding);

/* The picture's size, in pixels. */
size_t sam_embedding_get_width (const SamEmbedding *embedding);
size_t sam_embedding_get_height (const SamEmbedding *embedding);

/* [side, side, channels]; the embedding's own memory. */
const float *
sam_embedding_get_values (const SamEmbedding *embedding, size_t *side, size_t *channels);
/* [side, side, channels]: high-resolution features. Level 0 has a stride of 4 pixels of the model's
 * input, level 1 one of 8. NULL for models without them. */
const float *sam_embedding_get_high_res (const SamEmbedding *embedding,
                                         int                 level,
                                         size_t             *side,
                                         size_t             *channels);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SamEmbedding, sam_embedding_unref)

G_END_DECLS
