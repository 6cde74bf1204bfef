/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SamEmbedding: the maps that an image encoder made of one picture, in memory and as a file.
 *
 * The file is safetensors: each map as f32 [side, side, channels] under its name below; metadata
 * "format", "model" (the model's hash), "width" and "height" of the picture. */
#include "config.h"

#include "samcore/model/sam-embedding-private.h"

#include <string.h>

#include "samcore/base/sam-arena.h"
#include "samcore/sam-error.h"
#include "samcore/weights/sam-weights.h"

#define FORMAT "segment-anything-embedding"

struct _SamEmbedding
{
  gatomicrefcount ref_count;
  SamGeometry     geometry;
  char           *model_hash;
  SamMap          map[SAM_N_MAPS];
};

static const char *const map_names[SAM_N_MAPS] = { "embedding", "stride4", "stride8", "hq" };

SamEmbedding *
sam_embedding_new (const SamGeometry *geometry,
                   const char        *model_hash,
                   const SamMap       shape[SAM_N_MAPS],
                   GError           **error)
{
  SamEmbedding *embedding = g_new0 (SamEmbedding, 1);

  g_atomic_ref_count_init (&embedding->ref_count);
  embedding->geometry = *geometry;
  embedding->model_hash = g_strdup (model_hash);
  for (int i = 0; i < SAM_N_MAPS; i++)
    {
      embedding->map[i] = (SamMap) { NULL, shape[i].side, shape[i].channels };
      if (shape[i].channels == 0)
        continue;
      embedding->map[i].values = sam_alloc_floats (shape[i].side, shape[i].side, shape[i].channels,
                                                   error);
      if (embedding->map[i].values == NULL)
        {
          sam_embedding_unref (embedding);
          return NULL;
        }
    }

  return embedding;
}

SamEmbedding *
sam_embedding_ref (SamEmbedding *embedding)
{
  g_atomic_ref_count_inc (&embedding->ref_count);

  return embedding;
}

void
sam_embedding_unref (SamEmbedding *embedding)
{
  if (embedding == NULL || ! g_atomic_ref_count_dec (&embedding->ref_count))
    return;

  for (int i = 0; i < SAM_N_MAPS; i++)
    g_free (embedding->map[i].values);
  g_free (embedding->model_hash);
  g_free (embedding);
}

const SamMap *
sam_embedding_get_map (const SamEmbedding *embedding, SamMapKind kind)
{
  return &embedding->map[kind];
}

const SamGeometry *
sam_embedding_get_geometry (const SamEmbedding *embedding)
{
  return &embedding->geometry;
}

SamGrid
sam_embedding_get_grid (const SamEmbedding *embedding)
{
  return (SamGrid) { &embedding->geometry, 4 * embedding->map[SAM_MAP_EMBEDDING].side };
}

const char *
sam_embedding_get_model_hash (const SamEmbedding *embedding)
{
  return embedding->model_hash;
}

size_t
sam_embedding_get_width (const SamEmbedding *embedding)
{
  return embedding->geometry.width;
}

size_t
sam_embedding_get_height (const SamEmbedding *embedding)
{
  return embedding->geometry.height;
}

const float *
sam_embedding_get_values (const SamEmbedding *embedding, size_t *side, size_t *channels)
{
  const SamMap *map = &embedding->map[SAM_MAP_EMBEDDING];

  *side = map->side;
  *channels = map->channels;

  return map->values;
}

const float *
sam_embedding_get_high_res (const SamEmbedding *embedding,
                            int                 level,
                            size_t             *side,
                            size_t             *channels)
{
  const SamMap *map;

  g_return_val_if_fail (level == 0 || level == 1, NULL);

  map = &embedding->map[level == 0 ? SAM_MAP_STRIDE4 : SAM_MAP_STRIDE8];
  *side = map->side;
  *channels = map->channels;

  return map->values;
}

gboolean
sam_embedding_save (const SamEmbedding *embedding, const char *path, GError **error)
{
  g_autoptr (GString) header = g_string_new (NULL);
  g_autofree char    *file = NULL;
  size_t              offset = 0;
  guint64             length;
  char               *next;

  g_string_append_printf (header,
                          "{\"__metadata__\":{\"format\":\"" FORMAT "\",\"model\":\"%s\","
                          "\"width\":\"%" G_GSIZE_FORMAT "\",\"height\":\"%" G_GSIZE_FORMAT "\"}",
                          embedding->model_hash, embedding->geometry.width,
                          embedding->geometry.height);
  for (int i = 0; i < SAM_N_MAPS; i++)
    {
      const SamMap *map = &embedding->map[i];
      size_t        n = map->side * map->side * map->channels * sizeof (float);

      if (map->values == NULL)
        continue;
      g_string_append_printf (header,
                              ",\"%s\":{\"dtype\":\"F32\",\"shape\":[%" G_GSIZE_FORMAT
                              ",%" G_GSIZE_FORMAT ",%" G_GSIZE_FORMAT
                              "],\"data_offsets\":[%" G_GSIZE_FORMAT ",%" G_GSIZE_FORMAT "]}",
                              map_names[i], map->side, map->side, map->channels, offset,
                              offset + n);
      offset += n;
    }
  g_string_append_c (header, '}');
  /* the data begin at a multiple of 8, so that they can be used where they are mapped */
  while (header->len % 8 != 0)
    g_string_append_c (header, ' ');

  file = g_try_malloc (8 + header->len + offset);
  if (file == NULL)
    {
      g_set_error_literal (error, SAM_ERROR, SAM_ERROR_NO_MEMORY,
                           "not enough memory to write the embedding");
      return FALSE;
    }
  length = GUINT64_TO_LE (header->len);
  memcpy (file, &length, 8);
  memcpy (file + 8, header->str, header->len);
  next = file + 8 + header->len;
  for (int i = 0; i < SAM_N_MAPS; i++)
    {
      const SamMap *map = &embedding->map[i];
      size_t        n = map->side * map->side * map->channels;

      for (size_t k = 0; map->values != NULL && k < n; k++)
        {
          guint32 bits;

          memcpy (&bits, map->values + k, sizeof bits);
          bits = GUINT32_TO_LE (bits);
          memcpy (next, &bits, sizeof bits);
          next += sizeof bits;
        }
    }

  return g_file_set_contents_full (path, file, next - file, G_FILE_SET_CONTENTS_CONSISTENT, 0666,
                                   error);
}

static gboolean
read_side (SamWeights *weights, const char *key, size_t *side)
{
  const char *text = sam_checkpoint_get_metadata (sam_weights_get_checkpoint (weights), key);
  guint64     number;

  if (text == NULL || ! g_ascii_string_to_unsigned (text, 10, 1, SAM_IMAGE_MAX_SIDE, &number, NULL))
    {
      sam_weights_fail (weights, "the metadata give no valid %s of the picture", key);
      return FALSE;
    }
  *side = number;

  return TRUE;
}

SamEmbedding *
sam_embedding_open (const char  *path,
                    const char  *model_hash,
                    const SamMap shape[SAM_N_MAPS],
                    size_t       input,
                    SamFit       fit,
                    SamUpsample  upsample,
                    GError     **error)
{
  g_autoptr (SamCheckpoint) checkpoint = sam_checkpoint_open (path, error);
  g_autoptr (SamWeights)    weights = NULL;
  g_autoptr (SamEmbedding)  embedding = NULL;
  const char               *hash;
  SamGeometry               geometry;
  size_t                    width = 1, height = 1;

  if (checkpoint == NULL)
    return NULL;

  weights = sam_weights_new (checkpoint);
  if (g_strcmp0 (sam_checkpoint_get_metadata (checkpoint, "format"), FORMAT) != 0)
    sam_weights_fail (weights, "the file is not the embedding of a picture");
  hash = sam_checkpoint_get_metadata (checkpoint, "model");
  if (! sam_weights_failed (weights) && g_strcmp0 (hash, model_hash) != 0)
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_UNSUPPORTED,
                   "%s: the embedding was made by another model; make it again with this one",
                   path);
      return NULL;
    }
  read_side (weights, "width", &width);
  read_side (weights, "height", &height);
  if (! sam_weights_check (weights, error))
    return NULL;

  sam_geometry_init (&geometry, width, height, input, fit, upsample);
  embedding = sam_embedding_new (&geometry, model_hash, shape, error);
  if (embedding == NULL)
    return NULL;

  for (int i = 0; i < SAM_N_MAPS; i++)
    {
      const SamMap *map = &embedding->map[i];
      const size_t  sizes[3] = { map->side, map->side, map->channels };
      const float  *values;

      if (map->values == NULL)
        continue;
      values = sam_weights_fetch (weights, 3, sizes, map_names[i]);
      if (values != NULL)
        memcpy (map->values, values, map->side * map->side * map->channels * sizeof (float));
    }
  if (! sam_weights_check (weights, error))
    return NULL;

  return g_steal_pointer (&embedding);
}
