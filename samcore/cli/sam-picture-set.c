/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures with true masks, found by the names of the files in a folder. */
#include "config.h"

#include "samcore/cli/sam-picture-set.h"

#include <string.h>

#include "samcore/cli/sam-image-file.h"
#include "samcore/sam-error.h"

static void
sample_free (gpointer data)
{
  SamSample *sample = data;

  g_free (sample->name);
  g_free (sample->path);
  g_ptr_array_unref (sample->masks);
  g_free (sample);
}

static void
picture_set_free (gpointer data)
{
  SamPictureSet *set = data;

  g_free (set->name);
  g_free (set->path);
  g_ptr_array_unref (set->samples);
  g_free (set);
}

static int
compare_strings (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

/* "dog_12.png": the number's place in the name, or 0 when it is no mask's name */
static size_t
find_number (const char *name)
{
  size_t end, i;

  if (! g_str_has_suffix (name, ".png"))
    return 0;
  end = strlen (name) - strlen (".png");
  for (i = end; i > 0 && g_ascii_isdigit (name[i - 1]); i--)
    ;

  return i < end && i > 1 && name[i - 1] == '_' ? i : 0;
}

static int
compare_masks (gconstpointer a, gconstpointer b)
{
  const char *u = *(char *const *) a, *v = *(char *const *) b;
  guint64     n = g_ascii_strtoull (u + find_number (u), NULL, 10);
  guint64     m = g_ascii_strtoull (v + find_number (v), NULL, 10);

  return n != m ? (n > m) - (n < m) : strcmp (u, v);
}

/* The names in a folder, sorted. */
static GPtrArray *
list_folder (const char *path, GError **error)
{
  GDir       *dir = g_dir_open (path, 0, error);
  GPtrArray  *names;
  const char *name;

  if (dir == NULL)
    return NULL;

  names = g_ptr_array_new_with_free_func (g_free);
  while ((name = g_dir_read_name (dir)) != NULL)
    if (name[0] != '.')
      g_ptr_array_add (names, g_strdup (name));
  g_dir_close (dir);
  g_ptr_array_sort (names, compare_strings);

  return names;
}

static gboolean
is_picture_name (const char *name)
{
  g_autofree char *lower = g_ascii_strdown (name, -1);

  return g_str_has_suffix (lower, ".jpg") || g_str_has_suffix (lower, ".jpeg") ||
         g_str_has_suffix (lower, ".png");
}

/* {picture's name: its masks' file names}, of all names in a folder */
static GHashTable *
group_masks (const GPtrArray *names)
{
  GHashTable *masks = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                             (GDestroyNotify) g_ptr_array_unref);

  for (guint i = 0; i < names->len; i++)
    {
      const char      *name = names->pdata[i];
      size_t           number = find_number (name);
      g_autofree char *owner = NULL;
      GPtrArray       *list;

      if (number == 0)
        continue;
      owner = g_strndup (name, number - 1);
      list = g_hash_table_lookup (masks, owner);
      if (list == NULL)
        {
          list = g_ptr_array_new_with_free_func (g_free);
          g_hash_table_insert (masks, g_steal_pointer (&owner), list);
        }
      g_ptr_array_add (list, g_strdup (name));
    }

  return masks;
}

/* The pictures of a folder that have masks; NULL without an error when there is none. */
static SamPictureSet *
open_set (const char *path, GError **error)
{
  g_autoptr (GPtrArray)  names = list_folder (path, error);
  g_autoptr (GHashTable) masks = NULL;
  SamPictureSet         *set;

  if (names == NULL)
    return NULL;

  masks = group_masks (names);
  set = g_new0 (SamPictureSet, 1);
  set->name = g_path_get_basename (path);
  set->path = g_strdup (path);
  set->samples = g_ptr_array_new_with_free_func (sample_free);
  for (guint i = 0; i < names->len; i++)
    {
      const char      *name = names->pdata[i];
      g_autofree char *stem = g_strndup (name, strrchr (name, '.') != NULL
                                                 ? strrchr (name, '.') - name
                                                 : 0);
      GPtrArray       *list = g_hash_table_lookup (masks, stem);
      SamSample       *sample;

      if (! is_picture_name (name) || list == NULL)
        continue;
      g_ptr_array_sort (list, compare_masks);
      sample = g_new0 (SamSample, 1);
      sample->name = g_steal_pointer (&stem);
      sample->path = g_build_filename (path, name, NULL);
      sample->masks = g_ptr_array_ref (list);
      g_ptr_array_add (set->samples, sample);
    }
  if (set->samples->len == 0)
    g_clear_pointer (&set, picture_set_free);

  return set;
}

GPtrArray *
sam_picture_sets_open (const char *directory, GError **error)
{
  g_autoptr (GPtrArray) sets = g_ptr_array_new_with_free_func (picture_set_free);
  g_autoptr (GPtrArray) names = list_folder (directory, error);
  GError               *reason = NULL;
  SamPictureSet        *set;

  if (names == NULL)
    return NULL;

  set = open_set (directory, &reason);
  if (set != NULL)
    g_ptr_array_add (sets, set);
  for (guint i = 0; i < names->len && reason == NULL; i++)
    {
      g_autofree char *path = g_build_filename (directory, names->pdata[i], NULL);

      if (g_file_test (path, G_FILE_TEST_IS_DIR) && (set = open_set (path, &reason)) != NULL)
        g_ptr_array_add (sets, set);
    }
  if (reason != NULL)
    {
      g_propagate_error (error, reason);
      return NULL;
    }
  if (sets->len == 0)
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_BAD_FILE,
                   "%s has no pictures with masks: a picture NAME.jpg needs its masks NAME_0.png, "
                   "NAME_1.png …",
                   directory);
      return NULL;
    }

  return g_steal_pointer (&sets);
}

SamMask *
sam_picture_set_read_mask (const char *path, size_t width, size_t height, GError **error)
{
  g_autoptr (SamMask) mask = sam_picture_read_mask (path, error);

  if (mask == NULL)
    return NULL;
  if (sam_mask_get_width (mask) != width || sam_mask_get_height (mask) != height)
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_BAD_IMAGE,
                   "%s has %zu × %zu pixels, but its picture has %zu × %zu: they must be equal",
                   path, sam_mask_get_width (mask), sam_mask_get_height (mask), width, height);
      return NULL;
    }

  return g_steal_pointer (&mask);
}

SamMask *
sam_picture_set_read_truth (const char    *path,
                            const SamMask *ignore,
                            size_t         width,
                            size_t         height,
                            GError       **error)
{
  g_autoptr (SamMask) mask = sam_picture_set_read_mask (path, width, height, error);
  uint8_t            *truth;

  if (mask == NULL)
    return NULL;

  truth = g_malloc_n (height, width);
  for (size_t i = 0; i < width * height; i++)
    truth[i] = sam_mask_get_coverage (mask)[i] >= 128 &&
                   (ignore == NULL || sam_mask_get_coverage (ignore)[i] < 128)
                 ? 255
                 : 0;

  return sam_mask_new_take (width, height, truth);
}
