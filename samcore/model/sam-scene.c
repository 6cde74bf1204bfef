/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SamScene: an encoded picture and what close-ups have kept of it.
 *
 *   embedding   of the whole picture, shared, never changed
 *   image       the picture, and a reduced one if it is very large
 *   kept        embeddings of parts, the last used last: the next click mostly needs the same
 *   cuts        the pixels of parts, for the CRF */
#include "config.h"

#include "samcore/model/sam-scene-private.h"

#include "samcore/image/sam-preprocess.h"
#include "samcore/model/sam-embedding-private.h"
#include "samcore/sam-error.h"

#define N_KEPT 8
#define N_CUTS 4 /* each serves a part and its mirror image */

/* Large parts of large pictures are seen in a reduced one, of this many pixels along its longer
 * side at least. */
#define REDUCED_SIDE 2048

/* A part at the size of an answer's grid. */
typedef struct
{
  SamGeometry part;
  SamImage   *image;
} Cut;

struct _SamScene
{
  gatomicrefcount ref_count;
  SamEmbedding   *embedding;
  SamImage       *image;   /* NULL: no close-ups */
  GMutex          mutex;   /* for all below */
  SamImage       *reduced; /* NULL until it is wanted */
  GPtrArray      *kept;    /* of SamEmbedding */
  Cut             cuts[N_CUTS];
  guint           n_cuts; /* ever */
};

SamScene *
sam_scene_new (SamEmbedding *embedding, SamImage *image)
{
  SamScene *scene = g_new0 (SamScene, 1);

  g_atomic_ref_count_init (&scene->ref_count);
  scene->embedding = embedding;
  scene->image = image != NULL ? sam_image_ref (image) : NULL;
  scene->kept = g_ptr_array_new_with_free_func ((GDestroyNotify) sam_embedding_unref);
  g_mutex_init (&scene->mutex);

  return scene;
}

SamScene *
sam_scene_ref (SamScene *scene)
{
  g_atomic_ref_count_inc (&scene->ref_count);

  return scene;
}

void
sam_scene_unref (SamScene *scene)
{
  if (scene == NULL || ! g_atomic_ref_count_dec (&scene->ref_count))
    return;

  for (guint i = 0; i < MIN (scene->n_cuts, N_CUTS); i++)
    sam_image_unref (scene->cuts[i].image);
  g_ptr_array_unref (scene->kept);
  sam_image_unref (scene->reduced);
  sam_image_unref (scene->image);
  sam_embedding_unref (scene->embedding);
  g_mutex_clear (&scene->mutex);
  g_free (scene);
}

SamEmbedding *
sam_scene_get_embedding (const SamScene *scene)
{
  return scene->embedding;
}

gboolean
sam_scene_allows_closeups (const SamScene *scene)
{
  return scene->image != NULL;
}

SamEmbedding *
sam_scene_lookup_part (SamScene *scene, const SamGeometry *part)
{
  SamEmbedding *found = NULL;

  if (! part->mirrored && sam_geometry_is_whole (part))
    return sam_embedding_ref (scene->embedding);

  g_mutex_lock (&scene->mutex);
  for (guint i = 0; i < scene->kept->len; i++)
    if (sam_geometry_is_same_part (sam_embedding_get_geometry (scene->kept->pdata[i]), part))
      {
        found = g_ptr_array_steal_index (scene->kept, i);
        g_ptr_array_add (scene->kept, found);
        sam_embedding_ref (found);
        break;
      }
  g_mutex_unlock (&scene->mutex);

  return found;
}

void
sam_scene_keep_part (SamScene *scene, SamEmbedding *part)
{
  g_mutex_lock (&scene->mutex);
  if (scene->kept->len == N_KEPT)
    g_ptr_array_remove_index (scene->kept, 0);
  g_ptr_array_add (scene->kept, sam_embedding_ref (part));
  g_mutex_unlock (&scene->mutex);
}

/* [height, width, 3], to be filled in; NULL with SAM_ERROR_NO_MEMORY. */
static uint8_t *
alloc_pixels (size_t width, size_t height, GError **error)
{
  uint8_t *pixels = g_try_malloc_n (height, width * 3);

  if (pixels == NULL)
    g_set_error_literal (error, SAM_ERROR, SAM_ERROR_NO_MEMORY,
                         "not enough memory to look at the object closely");

  return pixels;
}

static SamImage *
reduce_image (SamImage *image, size_t factor, GError **error)
{
  size_t             width = sam_image_get_width (image) / factor;
  size_t             height = sam_image_get_height (image) / factor;
  uint8_t           *pixels = alloc_pixels (width, height, error);
  g_autoptr (GBytes) bytes = NULL;

  if (pixels == NULL)
    return NULL;

  bytes = g_bytes_new_take (pixels, width * height * 3);
  if (! sam_resize_pillow (pixels, sam_image_get_pixels (image), sam_image_get_height (image),
                           sam_image_get_width (image), height, width, error))
    return NULL;

  return sam_image_new (width, height, bytes, error);
}

SamImage *
sam_scene_choose_image (SamScene *scene, const SamGeometry *part, GError **error)
{
  size_t    input = sam_embedding_get_geometry (scene->embedding)->input;
  size_t    longest = MAX (part->picture_width, part->picture_height);
  size_t    factor = longest / REDUCED_SIDE;
  SamImage *image;

  /* a strip has few pixels, and its shorter side must not vanish */
  if (factor < 2 || MAX (part->width, part->height) < 2 * input * factor ||
      MIN (part->picture_width, part->picture_height) < factor)
    return scene->image;

  g_mutex_lock (&scene->mutex);
  if (scene->reduced == NULL)
    scene->reduced = reduce_image (scene->image, factor, error);
  image = scene->reduced;
  g_mutex_unlock (&scene->mutex);

  return image;
}

/* Another reference, or NULL. */
static SamImage *
lookup_cut (SamScene *scene, const SamGeometry *part)
{
  SamImage *found = NULL;

  g_mutex_lock (&scene->mutex);
  for (guint i = 0; found == NULL && i < MIN (scene->n_cuts, N_CUTS); i++)
    if (sam_geometry_is_same_part (&scene->cuts[i].part, part))
      found = sam_image_ref (scene->cuts[i].image);
  g_mutex_unlock (&scene->mutex);

  return found;
}

static void
keep_cut (SamScene *scene, const SamGeometry *part, SamImage *image)
{
  Cut *oldest;

  g_mutex_lock (&scene->mutex);
  oldest = &scene->cuts[scene->n_cuts % N_CUTS];
  if (scene->n_cuts >= N_CUTS)
    sam_image_unref (oldest->image);
  *oldest = (Cut) { *part, sam_image_ref (image) };
  scene->n_cuts++;
  g_mutex_unlock (&scene->mutex);
}

SamImage *
sam_scene_cut_part (SamScene *scene, SamImage *image, const SamGeometry *part, GError **error)
{
  size_t             width = part->resized_width, height = part->resized_height;
  uint8_t           *pixels;
  g_autoptr (GBytes) bytes = NULL;
  SamImage          *cut = lookup_cut (scene, part);

  if (cut != NULL)
    return cut;

  pixels = alloc_pixels (width, height, error);
  if (pixels == NULL)
    return NULL;
  bytes = g_bytes_new_take (pixels, width * height * 3);
  if (! sam_resize_image (pixels, image, part, error))
    return NULL;
  cut = sam_image_new (width, height, bytes, error);
  if (cut != NULL)
    keep_cut (scene, part, cut);

  return cut;
}
