/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Embeddings on disk, in segment-anything/ under the XDG cache home.
 *
 * A file is called KEY-DIGEST.safetensors: KEY is made of the picture as the model's encoder sees
 * it and of the model, DIGEST of the file's own bytes. So a file that was cut short, or of which a
 * bit fell over, does not fit its name and is thrown away. A writer writes under a name of its own
 * and renames: readers and other writers see whole files or none. The time of last use is the
 * file's modification time; the longest unused go first. */
#include "samcore/sam-cache.h"

#include <string.h>

#include <utime.h>

#include <glib/gstdio.h>

#include "samcore/base/sam-digest.h"
#include "samcore/model/sam-model-private.h"

#define SUFFIX    ".safetensors"
#define TEMPORARY "writing-"
#define N_HEX     32 /* of a SHA-256, as names become long otherwise */
/* a writer that took longer than this was killed */
#define STALE_SECONDS (60 * 60)

char *
sam_cache_get_folder (void)
{
  return g_build_filename (g_get_user_cache_dir (), "segment-anything", NULL);
}

/* NULL: there is no memory. What is made of the picture for the encoder is all that an embedding
 * depends on, and much
 * less than the picture: to hash that would take longer than to encode it. */
static char *
cache_key (SamModel *model, SamImage *image)
{
  g_autofree char *input = sam_model_digest_input (model, image);
  g_autofree char *text = NULL;
  char            *key;

  if (input == NULL)
    return NULL;

  text = g_strdup_printf ("%zux%zu/%s/%s", sam_image_get_width (image),
                          sam_image_get_height (image), input, sam_model_get_hash (model));
  key = g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);
  key[N_HEX] = '\0';

  return key;
}

static char *
file_digest (const char *path)
{
  g_autoptr (GMappedFile) file = g_mapped_file_new (path, FALSE, NULL);
  g_autofree char        *hex = NULL;

  if (file == NULL)
    return NULL;

  hex = sam_digest (g_mapped_file_get_contents (file), g_mapped_file_get_length (file));

  return g_strndup (hex, N_HEX);
}

/* Is this one of our names? */
static gboolean
is_entry (const char *name)
{
  size_t n = strlen (name);

  if (n != 2 * N_HEX + 1 + strlen (SUFFIX) || name[N_HEX] != '-' ||
      ! g_str_has_suffix (name, SUFFIX))
    return FALSE;

  for (size_t i = 0; i < 2 * N_HEX + 1; i++)
    if (i != N_HEX && ! g_ascii_isxdigit (name[i]))
      return FALSE;

  return TRUE;
}

static SamScene *
lookup_key (SamModel *model, SamImage *image, const char *key)
{
  g_autofree char *folder = sam_cache_get_folder ();
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char      *name;

  if (dir == NULL)
    return NULL;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char         *path = NULL;
      g_autofree char         *digest = NULL;
      g_autoptr (SamEmbedding) embedding = NULL;
      g_autoptr (GError)       error = NULL;

      if (! is_entry (name) || ! g_str_has_prefix (name, key))
        continue;

      path = g_build_filename (folder, name, NULL);
      digest = file_digest (path);
      if (digest != NULL && strncmp (name + N_HEX + 1, digest, N_HEX) == 0)
        embedding = sam_model_open_embedding (model, path, &error);

      if (embedding != NULL && sam_embedding_get_width (embedding) == sam_image_get_width (image) &&
          sam_embedding_get_height (embedding) == sam_image_get_height (image))
        {
          utime (path, NULL); /* just used */
          return sam_model_make_scene (model, g_steal_pointer (&embedding), image);
        }

      g_debug ("cache: removing %s: %s", name, error != NULL ? error->message : "damaged");
      g_unlink (path);
    }

  return NULL;
}

SamScene *
sam_cache_lookup (SamModel *model, SamImage *image)
{
  g_autofree char *key = cache_key (model, image);

  return key != NULL ? lookup_key (model, image, key) : NULL;
}

typedef struct
{
  char   *path;
  guint64 size;
  gint64  used;
} Entry;

static void
entry_clear (gpointer data)
{
  g_free (((Entry *) data)->path);
}

static int
entry_compare (gconstpointer a, gconstpointer b)
{
  gint64 used_a = ((const Entry *) a)->used, used_b = ((const Entry *) b)->used;

  return used_a < used_b ? -1 : used_a > used_b;
}

void
sam_cache_trim (guint64 max_bytes)
{
  g_autofree char   *folder = sam_cache_get_folder ();
  g_autoptr (GDir)   dir = g_dir_open (folder, 0, NULL);
  g_autoptr (GArray) entries = g_array_new (FALSE, FALSE, sizeof (Entry));
  gint64             now = g_get_real_time () / G_USEC_PER_SEC;
  guint64            total = 0;
  const char        *name;

  if (dir == NULL)
    return;

  g_array_set_clear_func (entries, entry_clear);

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      Entry    entry = { g_build_filename (folder, name, NULL), 0, 0 };
      GStatBuf status;

      /* other programs' files are not ours to remove */
      if (g_lstat (entry.path, &status) == 0 && S_ISREG (status.st_mode))
        {
          entry.size = (guint64) status.st_size;
          entry.used = status.st_mtime;
          if (is_entry (name))
            {
              total += entry.size;
              g_array_append_val (entries, entry);
              continue;
            }
          if (g_str_has_prefix (name, TEMPORARY) && now - entry.used > STALE_SECONDS)
            g_unlink (entry.path);
        }
      g_free (entry.path);
    }

  g_array_sort (entries, entry_compare);
  for (guint i = 0; i < entries->len && total > max_bytes; i++)
    {
      Entry *entry = &g_array_index (entries, Entry, i);

      g_unlink (entry->path);
      total -= entry->size;
    }
}

static void
store_embedding (SamModel *model, const SamEmbedding *embedding, const char *key)
{
  g_autofree char   *folder = sam_cache_get_folder ();
  g_autofree char   *unique = g_uuid_string_random ();
  g_autofree char   *temporary = g_strconcat (folder, G_DIR_SEPARATOR_S TEMPORARY, unique, NULL);
  g_autofree char   *digest = NULL;
  g_autofree char   *path = NULL;
  g_autoptr (GError) error = NULL;

  /* which pictures somebody opens is nobody else's business */
  if (g_mkdir_with_parents (folder, 0700) != 0)
    {
      g_debug ("cache: %s cannot be created", folder);
      return;
    }

  if (! sam_model_save_embedding (model, embedding, temporary, &error))
    {
      g_debug ("cache: %s", error->message);
      g_unlink (temporary);
      return;
    }

  digest = file_digest (temporary);
  if (digest == NULL)
    {
      g_unlink (temporary);
      return;
    }

  path = g_strconcat (folder, G_DIR_SEPARATOR_S, key, "-", digest, SUFFIX, NULL);
  if (g_rename (temporary, path) != 0)
    {
      g_unlink (temporary);
      return;
    }

  sam_cache_trim (SAM_CACHE_MAX_BYTES);
}

void
sam_cache_store (SamModel *model, SamImage *image, const SamEmbedding *embedding)
{
  g_autofree char *key = cache_key (model, image);

  if (key != NULL)
    store_embedding (model, embedding, key);
}

SamScene *
sam_cache_encode (SamModel     *model,
                  SamImage     *image,
                  const SamJob *job,
                  gboolean     *found,
                  GError      **error)
{
  g_autofree char *key = NULL;
  SamScene        *scene = NULL;

  if (found != NULL)
    *found = FALSE;

  if (! sam_job_step (job, 0.0, error))
    return NULL;

  key = cache_key (model, image);
  if (key != NULL)
    scene = lookup_key (model, image, key);
  if (scene != NULL)
    {
      if (found != NULL)
        *found = TRUE;
      return scene;
    }

  scene = sam_model_encode (model, image, job, error);
  if (scene != NULL && key != NULL)
    store_embedding (model, sam_scene_get_embedding (scene), key);

  return scene;
}
