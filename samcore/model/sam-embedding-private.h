/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a model makes embeddings and reads them. Internal. */
#pragma once

#include "samcore/sam-embedding.h"
#include "samcore/image/sam-grid.h"

G_BEGIN_DECLS

/* One map, channels last: [side, side, channels]; values NULL where the family has none. */
typedef struct
{
  float *values;
  size_t side, channels;
} SamMap;

typedef enum
{
  SAM_MAP_EMBEDDING,
  SAM_MAP_STRIDE4,
  SAM_MAP_STRIDE8,
  SAM_MAP_HQ,
  SAM_N_MAPS
} SamMapKind;

/* With buffers of the sizes in @shape, whose values are not read: to be filled in before anybody
 * else sees the embedding. NULL with SAM_ERROR_NO_MEMORY. */
SamEmbedding *sam_embedding_new (const SamGeometry *geometry,
                                 const char        *model_hash,
                                 const SamMap       shape[SAM_N_MAPS],
                                 GError           **error);
const SamMap *sam_embedding_get_map (const SamEmbedding *embedding, SamMapKind kind);

/* Where logits lie that are decoded from it: four cells along one of the embedding's. */
SamGrid            sam_embedding_get_grid (const SamEmbedding *embedding);
const SamGeometry *sam_embedding_get_geometry (const SamEmbedding *embedding);
const char        *sam_embedding_get_model_hash (const SamEmbedding *embedding);

gboolean sam_embedding_save (const SamEmbedding *embedding, const char *path, GError **error);
/* SAM_ERROR_BAD_FILE unless the file has exactly the maps of @shape; SAM_ERROR_UNSUPPORTED when it
 * is another model's. @geometry: with the picture's size filled in from the file, by the caller's
 * rules. */
SamEmbedding *sam_embedding_open (const char  *path,
                                  const char  *model_hash,
                                  const SamMap shape[SAM_N_MAPS],
                                  size_t       input,
                                  SamFit       fit,
                                  SamUpsample  upsample,
                                  GError     **error);

G_END_DECLS
