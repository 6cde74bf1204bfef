/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The embedding cache: found again, never trusted, bounded, safe with several writers. */
#include <string.h>
#include <utime.h>

#include <glib/gstdio.h>

#include "samcore/sam-cache.h"
#include "samcore/sam-catalogue.h"

static SamModel *model;

static SamImage *
picture_new (int seed)
{
  enum
  {
    WIDTH = 64,
    HEIGHT = 48
  };
  guint8            *pixels = g_malloc (WIDTH * HEIGHT * 3);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  SamImage          *image;

  for (int i = 0; i < WIDTH * HEIGHT * 3; i++)
    pixels[i] = (guint8) (i * (seed + 3) + i / 7 + seed);
  bytes = g_bytes_new_take (pixels, WIDTH * HEIGHT * 3);
  image = sam_image_new (WIDTH, HEIGHT, bytes, &error);
  g_assert_no_error (error);

  return image;
}

/* Paths of what the cache's folder holds. */
static GPtrArray *
list_files (void)
{
  GPtrArray       *files = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *folder = sam_cache_get_folder ();
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char      *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (files, g_build_filename (folder, name, NULL));

  return files;
}

static void
empty_folder (void)
{
  g_autoptr (GPtrArray) files = list_files ();

  for (guint i = 0; i < files->len; i++)
    g_assert_cmpint (g_unlink (g_ptr_array_index (files, i)), ==, 0);
}

static SamScene *
encode (SamImage *image, gboolean expect_found)
{
  g_autoptr (GError) error = NULL;
  gboolean           found = ! expect_found;
  SamScene          *scene = sam_cache_encode (model, image, NULL, &found, &error);

  g_assert_no_error (error);
  g_assert_nonnull (scene);
  g_assert_cmpint (found, ==, expect_found);

  return scene;
}

static void
assert_same (SamScene *scene_a, SamScene *scene_b)
{
  SamEmbedding *a = sam_scene_get_embedding (scene_a), *b = sam_scene_get_embedding (scene_b);
  size_t        side_a, side_b, channels_a, channels_b;
  const float  *x = sam_embedding_get_values (a, &side_a, &channels_a);
  const float  *y = sam_embedding_get_values (b, &side_b, &channels_b);

  g_assert_cmpuint (side_a, ==, side_b);
  g_assert_cmpuint (channels_a, ==, channels_b);
  g_assert_cmpmem (x, side_a * side_a * channels_a * sizeof (float), y,
                   side_b * side_b * channels_b * sizeof (float));
  g_assert_cmpuint (sam_embedding_get_width (a), ==, sam_embedding_get_width (b));
}

static void
test_found (void)
{
  g_autoptr (SamImage)  one = picture_new (1);
  g_autoptr (SamImage)  other = picture_new (2);
  g_autoptr (SamScene)  first = NULL, again = NULL, different = NULL;
  g_autoptr (GPtrArray) files = NULL;
  GStatBuf              status;
  g_autofree char      *folder = sam_cache_get_folder ();

  empty_folder ();
  first = encode (one, FALSE);
  again = encode (one, TRUE);
  assert_same (first, again);
  different = encode (other, FALSE);

  files = list_files ();
  g_assert_cmpuint (files->len, ==, 2);
  /* which pictures somebody has is nobody else's business */
  g_assert_cmpint (g_stat (folder, &status), ==, 0);
  g_assert_cmpint (status.st_mode & 0077, ==, 0);
}

/* Cut short, a bit fallen over, emptied, or replaced by rubbish of the same name: encoded anew and
 * replaced. */
static void
test_damaged (void)
{
  g_autoptr (SamImage) image = picture_new (3);
  g_autoptr (SamScene) truth = NULL;

  empty_folder ();
  truth = encode (image, FALSE);

  for (int kind = 0; kind < 4; kind++)
    {
      g_autoptr (GPtrArray) files = list_files ();
      g_autoptr (SamScene)  again = NULL, last = NULL;
      g_autofree char      *contents = NULL;
      g_autoptr (GError)    error = NULL;
      const char           *path = g_ptr_array_index (files, 0);
      gsize                 length;

      g_assert_cmpuint (files->len, ==, 1);
      g_file_get_contents (path, &contents, &length, &error);
      g_assert_no_error (error);
      if (kind == 0)
        length /= 2;
      else if (kind == 1)
        contents[length - 100] ^= 16;
      else if (kind == 2)
        length = 0;
      else
        memset (contents, 'x', length);
      g_file_set_contents (path, contents, (gssize) length, &error);
      g_assert_no_error (error);

      again = encode (image, FALSE);
      assert_same (truth, again);
      last = encode (image, TRUE);
      assert_same (truth, last);
    }
}

/* Files of others stay, and do no harm. */
static void
test_foreign (void)
{
  g_autoptr (SamImage) image = picture_new (4);
  g_autofree char     *folder = sam_cache_get_folder ();
  g_autofree char     *note = g_build_filename (folder, "note.txt", NULL);
  g_autofree char     *stale = g_build_filename (folder, "writing-old", NULL);
  g_autofree char     *fresh = g_build_filename (folder, "writing-new", NULL);
  g_autoptr (SamScene) a = NULL, b = NULL;
  struct utimbuf       long_ago = { 1000000, 1000000 };

  empty_folder ();
  g_mkdir_with_parents (folder, 0700);
  g_assert_true (g_file_set_contents (note, "hello", -1, NULL));
  g_assert_true (g_file_set_contents (stale, "half", -1, NULL));
  g_assert_true (g_file_set_contents (fresh, "half", -1, NULL));
  g_assert_cmpint (utime (stale, &long_ago), ==, 0);

  a = encode (image, FALSE);
  b = encode (image, TRUE);
  g_assert_true (g_file_test (note, G_FILE_TEST_EXISTS));
  /* what a killed writer left goes, what one is writing now stays */
  g_assert_false (g_file_test (stale, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (fresh, G_FILE_TEST_EXISTS));
  g_unlink (note);
  g_unlink (fresh);
}

/* The longest unused go first; a look counts as use. */
static void
test_bounded (void)
{
  g_autoptr (SamImage)  old = picture_new (5);
  g_autoptr (SamImage)  used = picture_new (6);
  g_autoptr (SamScene)  a = NULL, b = NULL, c = NULL, d = NULL;
  g_autoptr (GPtrArray) files = NULL;
  GStatBuf              status;
  struct utimbuf        long_ago = { 2000000, 2000000 };

  empty_folder ();
  a = encode (old, FALSE);
  b = encode (used, FALSE);
  files = list_files ();
  g_assert_cmpuint (files->len, ==, 2);
  for (guint i = 0; i < files->len; i++)
    {
      g_assert_cmpint (utime (g_ptr_array_index (files, i), &long_ago), ==, 0);
      g_assert_cmpint (g_stat (g_ptr_array_index (files, i), &status), ==, 0);
    }
  c = encode (used, TRUE);

  sam_cache_trim ((guint64) status.st_size + (guint64) status.st_size / 2);
  d = sam_cache_lookup (model, used);
  g_assert_nonnull (d);
  g_assert_null (sam_cache_lookup (model, old));

  sam_cache_trim (0);
  g_assert_null (sam_cache_lookup (model, used));
}

static gpointer
encode_in_thread (gpointer image)
{
  for (int i = 0; i < 3; i++)
    {
      g_autoptr (SamScene) scene = sam_cache_encode (model, image, NULL, NULL, NULL);

      g_assert_nonnull (scene);
      sam_cache_store (model, image, sam_scene_get_embedding (scene));
    }

  return NULL;
}

static void
test_concurrent (void)
{
  g_autoptr (SamImage)  image = picture_new (7);
  g_autoptr (SamScene)  last = NULL;
  g_autoptr (GPtrArray) files = NULL;
  GThread              *threads[4];

  empty_folder ();
  for (int i = 0; i < 4; i++)
    threads[i] = g_thread_new ("writer", encode_in_thread, image);
  for (int i = 0; i < 4; i++)
    g_thread_join (threads[i]);

  last = encode (image, TRUE);
  files = list_files ();
  /* the same picture, the same bytes, the same name */
  g_assert_cmpuint (files->len, ==, 1);
}

/* A folder that cannot be written costs time, no error. */
static void
test_unwritable (void)
{
  g_autoptr (SamImage) image = picture_new (8);
  g_autofree char     *folder = sam_cache_get_folder ();
  g_autoptr (SamScene) a = NULL, b = NULL;

  empty_folder ();
  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
  g_assert_true (g_file_set_contents (folder, "a file where the folder should be", -1, NULL));
  a = encode (image, FALSE);
  b = encode (image, FALSE);
  assert_same (a, b);
  g_assert_cmpint (g_unlink (folder), ==, 0);
}

static void
test_cancelled (void)
{
  g_autoptr (SamImage)     image = picture_new (9);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  SamJob                   job = { .cancellable = cancellable };
  g_autoptr (GError)       error = NULL;

  empty_folder ();
  g_cancellable_cancel (cancellable);
  g_assert_null (sam_cache_encode (model, image, &job, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autofree char   *path = NULL;
  int                status;

  /* the cache is below the test's own XDG folders */
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  path = sam_catalogue_find (SAM_MODEL_BUILTIN, &error);
  g_assert_no_error (error);
  model = sam_model_load (path, NULL, &error);
  g_assert_no_error (error);

  g_test_add_func ("/cache/found", test_found);
  g_test_add_func ("/cache/damaged", test_damaged);
  g_test_add_func ("/cache/foreign", test_foreign);
  g_test_add_func ("/cache/bounded", test_bounded);
  g_test_add_func ("/cache/concurrent", test_concurrent);
  g_test_add_func ("/cache/unwritable", test_unwritable);
  g_test_add_func ("/cache/cancelled", test_cancelled);
  status = g_test_run ();
  sam_model_unref (model);

  return status;
}
