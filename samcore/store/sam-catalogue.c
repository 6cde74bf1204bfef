/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The model shelf.
 *
 *   name ──▶ path? ──▶ it
 *        └─▶ entry of the catalogue? ──▶ its file in one of the folders
 *        └─▶ a file of that name in one of the folders
 *
 * The catalogue is a key file, data/models.ini, kept inside of the program. It is read once and
 * never freed, so entries can be pointed at from anywhere. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <gio/gio.h>
#include <glib/gstdio.h>

#include "samcore/sam-catalogue.h"
#include "samcore/sam-error.h"
#include "samcore/store/sam-resources.h"

#define FOLDER  "segment-anything" /* in XDG's folders */
#define MAX_INI (1 << 20)

static const char *const endings[] = { ".safetensors", ".pth", ".pt", NULL };

typedef struct
{
  GArray *models; /* SamModelInfo */
  GError *error;
} Catalogue;

static GMutex     directories_lock;
static GPtrArray *directories; /* added ones */

/* An entry's text; NULL when it is not there or empty. Not freed. */
static const char *
get_text (GKeyFile *file, const char *group, const char *key)
{
  char *text = g_key_file_get_string (file, group, key, NULL);

  if (text != NULL && *text == '\0')
    g_clear_pointer (&text, g_free);

  return text;
}

static gboolean
is_sha256 (const char *hex)
{
  return strlen (hex) == 64 && strspn (hex, "0123456789abcdef") == 64;
}

static gboolean
read_model (GKeyFile *file, const char *group, SamModelInfo *model, GError **error)
{
  const char *wrong = NULL;

  model->name = g_strdup (group);
  model->title = get_text (file, group, "title");
  model->family = get_text (file, group, "family");
  model->good_for = get_text (file, group, "good-for");
  model->file = get_text (file, group, "file");
  model->size = g_key_file_get_uint64 (file, group, "size", NULL);
  model->about = model->size > 0 ? model->size : g_key_file_get_uint64 (file, group, "about", NULL);
  model->sha256 = get_text (file, group, "sha256");
  model->source = get_text (file, group, "source");
  model->licence = get_text (file, group, "licence");
  model->licence_words = get_text (file, group, "licence-words");
  model->offered = g_key_file_get_boolean (file, group, "offer", NULL);

  if (model->title == NULL || model->family == NULL || model->file == NULL ||
      model->licence == NULL)
    wrong = "has no title, family, file or licence";
  else if (strchr (model->file, '/') != NULL || model->file[0] == '.')
    wrong = "has a file with a folder in its name";
  else if (model->sha256 != NULL && ! is_sha256 (model->sha256))
    wrong = "has an invalid sha256";
  else if (model->offered && (model->sha256 == NULL || model->source == NULL))
    wrong = "is offered without a sha256 and a source";
  if (wrong == NULL)
    return TRUE;

  g_set_error (error, SAM_ERROR, SAM_ERROR_BAD_FILE, "the catalogue's model [%s] %s", group, wrong);

  return FALSE;
}

static gpointer
load_catalogue (gpointer data)
{
  Catalogue           *catalogue = g_new0 (Catalogue, 1);
  const char          *path = g_getenv ("SAM_CATALOGUE");
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GBytes)   bytes = NULL;
  g_auto (GStrv)       groups = NULL;
  GError             **error = &catalogue->error;
  gboolean             loaded;

  catalogue->models = g_array_new (FALSE, TRUE, sizeof (SamModelInfo));
  if (path != NULL && *path != '\0')
    {
      loaded = g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, error);
      if (! loaded)
        g_prefix_error (error, "the catalogue %s cannot be read: ", path);
    }
  else
    {
      bytes = g_resource_lookup_data (sam_get_resource (), "/segment-anything/models.ini", 0,
                                      error);
      loaded = bytes != NULL && g_key_file_load_from_bytes (file, bytes, G_KEY_FILE_NONE, error);
    }
  if (! loaded)
    return catalogue;

  groups = g_key_file_get_groups (file, NULL);
  for (char **group = groups; *group != NULL; group++)
    {
      SamModelInfo model = { NULL };

      if (! read_model (file, *group, &model, error))
        break;
      g_array_append_val (catalogue->models, model);
    }

  return catalogue;
}

static const Catalogue *
get_catalogue (void)
{
  static GOnce once = G_ONCE_INIT;

  return g_once (&once, load_catalogue, NULL);
}

size_t
sam_catalogue_get_n_models (void)
{
  return get_catalogue ()->models->len;
}

const SamModelInfo *
sam_catalogue_get_model (size_t i)
{
  const Catalogue *catalogue = get_catalogue ();

  g_return_val_if_fail (i < catalogue->models->len, NULL);

  return &g_array_index (catalogue->models, SamModelInfo, i);
}

/* @name without the ending of a checkpoint's file, in lower case, with "-" for "_" and " ". */
static char *
fold_name (const char *name)
{
  char *folded = g_ascii_strdown (name, -1);

  for (size_t i = 0; endings[i] != NULL; i++)
    if (g_str_has_suffix (folded, endings[i]))
      {
        folded[strlen (folded) - strlen (endings[i])] = '\0';
        break;
      }

  return g_strdelimit (folded, "_ ", '-');
}

const SamModelInfo *
sam_catalogue_lookup (const char *name)
{
  g_autofree char *folded = fold_name (name);

  for (size_t i = 0; i < sam_catalogue_get_n_models (); i++)
    {
      const SamModelInfo *model = sam_catalogue_get_model (i);
      g_autofree char    *model_name = fold_name (model->name);
      g_autofree char    *file_name = fold_name (model->file);

      if (g_str_equal (folded, model_name) || g_str_equal (folded, file_name))
        return model;
    }

  return NULL;
}

void
sam_catalogue_add_directory (const char *directory)
{
  g_mutex_lock (&directories_lock);
  if (directories == NULL)
    directories = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (directories, g_strdup (directory));
  g_mutex_unlock (&directories_lock);
}

char *
sam_catalogue_get_user_directory (void)
{
  return g_build_filename (g_get_user_data_dir (), FOLDER, NULL);
}

/* Adds @path, and its subfolder for models. */
static void
add_folder (GPtrArray *folders, char *path)
{
  g_ptr_array_add (folders, path);
  g_ptr_array_add (folders, g_build_filename (path, "models", NULL));
}

/* Where the built-in model is: next to the program (the plug-in's folder), in the prefix that the
 * program is installed into, wherever that was moved to, or in the source of a build tree. */
static void
add_builtin_folders (GPtrArray *folders)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);

  if (program != NULL)
    {
      g_autofree char *here = g_path_get_dirname (program);
      g_autofree char *up = g_path_get_dirname (here);
      g_autofree char *build = g_build_filename (up, "meson-private", NULL);

      add_folder (folders, g_strdup (here));
      add_folder (folders, g_build_filename (up, "share", FOLDER, NULL));
      if (g_file_test (build, G_FILE_TEST_IS_DIR))
        {
          g_autofree char *source = g_path_get_dirname (up);

          add_folder (folders, g_build_filename (source, "data", NULL));
        }
    }
  add_folder (folders, g_strdup (SAM_PKGDATADIR));
}

/* (element-type filename): where to look, in this order; files too, from $SAM_MODEL_PATH. */
static GPtrArray *
get_folders (void)
{
  GPtrArray         *folders = g_ptr_array_new_with_free_func (g_free);
  const char        *path = g_getenv ("SAM_MODEL_PATH");
  const char *const *system = g_get_system_data_dirs ();

  if (path != NULL)
    {
      g_auto (GStrv) parts = g_strsplit (path, G_SEARCHPATH_SEPARATOR_S, -1);

      for (char **part = parts; *part != NULL; part++)
        if (**part != '\0')
          add_folder (folders, g_strdup (*part));
    }
  add_folder (folders, sam_catalogue_get_user_directory ());
  for (; *system != NULL; system++)
    add_folder (folders, g_build_filename (*system, FOLDER, NULL));

  g_mutex_lock (&directories_lock);
  for (guint i = 0; directories != NULL && i < directories->len; i++)
    add_folder (folders, g_strdup (g_ptr_array_index (directories, i)));
  g_mutex_unlock (&directories_lock);

  add_builtin_folders (folders);

  return folders;
}

static gboolean
is_file (const char *path)
{
  return g_file_test (path, G_FILE_TEST_IS_REGULAR);
}

/* @folder/@name if that is a file; or @folder itself if it is a file of that name. */
static char *
find_in (const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *last = NULL;

  if (is_file (path))
    return g_canonicalize_filename (path, NULL);
  last = g_path_get_basename (folder);
  if (g_str_equal (last, name) && is_file (folder))
    return g_canonicalize_filename (folder, NULL);

  return NULL;
}

/* Does @name end like a checkpoint's file? */
static gboolean
has_ending (const char *name)
{
  for (size_t i = 0; endings[i] != NULL; i++)
    if (g_str_has_suffix (name, endings[i]))
      return TRUE;

  return FALSE;
}

/* A file called @name, or @name with an ending, in one folder. */
static char *
find_with_endings (const char *folder, const char *name)
{
  /* Nothing without an ending: a folder of programs has all sorts of names. */
  char *path = has_ending (name) ? find_in (folder, name) : NULL;

  for (size_t i = 0; path == NULL && endings[i] != NULL; i++)
    {
      g_autofree char *file = g_strconcat (name, endings[i], NULL);

      path = find_in (folder, file);
    }

  return path;
}

/* The file of a model by the name of the catalogue's or by its own; @info may be NULL. */
static char *
find_installed (const char *name, const SamModelInfo *info)
{
  g_autoptr (GPtrArray) folders = get_folders ();
  char                 *path = NULL;

  for (guint i = 0; path == NULL && i < folders->len; i++)
    {
      const char *folder = g_ptr_array_index (folders, i);

      if (info != NULL)
        path = find_in (folder, info->file);
      if (path == NULL && info != NULL)
        path = find_with_endings (folder, info->name);
      if (path == NULL)
        path = find_with_endings (folder, name);
    }

  return path;
}

static void
set_missing_error (GError **error, const char *name, const SamModelInfo *info)
{
  g_autofree char *size = NULL;
  GString         *known;

  if (info != NULL && info->offered)
    {
      size = g_format_size (info->about);
      g_set_error (error, SAM_ERROR, SAM_ERROR_UNKNOWN_MODEL,
                   "the model %s is not installed yet; download it%s%s%s in the list of models or "
                   "with: samcore models --download %s",
                   info->title, info->about ? " (" : "", info->about ? size : "",
                   info->about ? ")" : "", info->name);
    }
  else if (info != NULL && info->source != NULL)
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_UNKNOWN_MODEL,
                   "the model %s is not installed and cannot be downloaded from here (licence %s: "
                   "%s); get the file from %s, then use: samcore models --add FILE",
                   info->title, info->licence, info->licence_words, info->source);
    }
  else if (info != NULL)
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_UNKNOWN_MODEL,
                   "the file of the model %s, %s, is missing; install the program again or set "
                   "SAM_MODEL_PATH to its folder",
                   info->title, info->file);
    }
  else
    {
      known = g_string_new (NULL);
      for (size_t i = 0; i < sam_catalogue_get_n_models (); i++)
        g_string_append_printf (known, "%s%s", i > 0 ? ", " : "",
                                sam_catalogue_get_model (i)->name);
      g_set_error (error, SAM_ERROR, SAM_ERROR_UNKNOWN_MODEL,
                   "there is no model called \"%s\"; give the path of a file or one of: %s", name,
                   known->str);
      g_string_free (known, TRUE);
    }
}

char *
sam_catalogue_find (const char *name, GError **error)
{
  g_autofree char    *chosen = NULL;
  const SamModelInfo *info;
  char               *path;

  if (get_catalogue ()->error != NULL)
    {
      g_set_error_literal (error, SAM_ERROR, SAM_ERROR_BAD_FILE, get_catalogue ()->error->message);
      return NULL;
    }

  if (name == NULL || *name == '\0')
    name = chosen = sam_catalogue_get_default ();
  if ((strchr (name, '/') != NULL || has_ending (name)) && is_file (name))
    return g_canonicalize_filename (name, NULL);
  if (strchr (name, '/') != NULL)
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_UNKNOWN_MODEL, "the model file %s does not exist",
                   name);
      return NULL;
    }

  info = sam_catalogue_lookup (name);
  path = find_installed (name, info);
  if (path == NULL)
    set_missing_error (error, name, info);

  return path;
}

static char *
get_settings_path (void)
{
  return g_build_filename (g_get_user_config_dir (), FOLDER, "settings.ini", NULL);
}

char *
sam_catalogue_get_default (void)
{
  g_autofree char     *path = get_settings_path ();
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char     *name = NULL;

  if (g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, NULL))
    name = g_key_file_get_string (file, "models", "default", NULL);
  if (name == NULL || *name == '\0')
    return g_strdup (SAM_MODEL_BUILTIN);

  return g_steal_pointer (&name);
}

gboolean
sam_catalogue_set_default (const char *name, GError **error)
{
  g_autofree char     *path = get_settings_path ();
  g_autofree char     *folder = g_path_get_dirname (path);
  g_autofree char     *found = NULL;
  g_autoptr (GKeyFile) file = g_key_file_new ();

  /* Other settings of the file stay as they are. */
  g_key_file_load_from_file (file, path, G_KEY_FILE_KEEP_COMMENTS, NULL);
  if (name == NULL || *name == '\0')
    {
      g_key_file_remove_key (file, "models", "default", NULL);
    }
  else
    {
      found = sam_catalogue_find (name, error);
      if (found == NULL)
        return FALSE;
      /* A relative path means nothing to the next program. */
      g_key_file_set_string (file, "models", "default", is_file (name) ? found : name);
    }

  if (g_mkdir_with_parents (folder, 0700) != 0)
    {
      int why = errno;

      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (why), "%s cannot be created: %s",
                   folder, g_strerror (why));
      return FALSE;
    }

  return g_key_file_save_to_file (file, path, error);
}

static void
free_item (gpointer data)
{
  SamModelItem *item = data;

  g_free (item->name);
  g_free (item->path);
  g_free (item);
}

static void
add_item (GPtrArray          *items,
          const SamModelInfo *info,
          const char         *name,
          char               *path,
          const char         *chosen)
{
  SamModelItem *item = g_new0 (SamModelItem, 1);

  item->info = info;
  item->name = g_strdup (name);
  item->path = path;
  item->is_default = g_str_equal (name, chosen) || g_strcmp0 (path, chosen) == 0;
  g_ptr_array_add (items, item);
}

static gboolean
is_listed (GPtrArray *items, const char *name, const char *path)
{
  for (guint i = 0; i < items->len; i++)
    {
      const SamModelItem *item = g_ptr_array_index (items, i);

      if (g_str_equal (item->name, name) || g_strcmp0 (item->path, path) == 0)
        return TRUE;
    }

  return FALSE;
}

/* The checkpoints in @folder that are not listed yet, in the order of their names. */
static void
add_other_files (GPtrArray *items, const char *folder, const char *chosen)
{
  g_autoptr (GDir)      dir = g_dir_open (folder, 0, NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const char           *file;

  while (dir != NULL && (file = g_dir_read_name (dir)) != NULL)
    if (has_ending (file) && file[0] != '.')
      g_ptr_array_add (names, g_strdup (file));
  g_ptr_array_sort_values (names, (GCompareFunc) strcmp);

  for (guint i = 0; i < names->len; i++)
    {
      g_autofree char *path = find_in (folder, g_ptr_array_index (names, i));
      g_autofree char *name = g_strdup (g_ptr_array_index (names, i));

      *strrchr (name, '.') = '\0';
      if (path != NULL && ! is_listed (items, name, path))
        add_item (items, NULL, name, g_steal_pointer (&path), chosen);
    }
}

GPtrArray *
sam_catalogue_list (void)
{
  GPtrArray            *items = g_ptr_array_new_with_free_func (free_item);
  g_autoptr (GPtrArray) folders = get_folders ();
  g_autofree char      *chosen = sam_catalogue_get_default ();

  for (size_t i = 0; i < sam_catalogue_get_n_models (); i++)
    {
      const SamModelInfo *info = sam_catalogue_get_model (i);

      add_item (items, info, info->name, find_installed (info->name, info), chosen);
    }
  for (guint i = 0; i < folders->len; i++)
    add_other_files (items, g_ptr_array_index (folders, i), chosen);

  return items;
}

char *
sam_file_sha256 (const char *path, const SamJob *job, GError **error)
{
  g_autoptr (GFile)            file = g_file_new_for_path (path);
  g_autoptr (GFileInputStream) stream = g_file_read (file, NULL, error);
  g_autoptr (GFileInfo)        info = NULL;
  g_autoptr (GChecksum)        sum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree guchar           *buffer = g_malloc (1 << 18);
  goffset                      size, done = 0;
  gssize                       n;

  if (stream == NULL)
    return NULL;
  info = g_file_input_stream_query_info (stream, G_FILE_ATTRIBUTE_STANDARD_SIZE, NULL, error);
  if (info == NULL)
    return NULL;
  size = MAX (g_file_info_get_size (info), 1);

  while ((n = g_input_stream_read (G_INPUT_STREAM (stream), buffer, 1 << 18, NULL, error)) > 0)
    {
      g_checksum_update (sum, buffer, n);
      done += n;
      if (! sam_job_step (job, MIN (1.0, (double) done / size), error))
        return NULL;
    }
  if (n < 0)
    return NULL;

  return g_strdup (g_checksum_get_string (sum));
}

/* Can a file of @size bytes be @model? A rounded size is right to about a hundredth; without any, a
 * file is not worth reading to find out. */
static gboolean
has_size (const SamModelInfo *model, guint64 size)
{
  if (model->size != 0)
    return size == model->size;

  return size > model->about / 100 * 98 && size < model->about / 100 * 102;
}

const SamModelInfo *
sam_catalogue_guess (const char *path)
{
  g_autofree char *name = g_path_get_basename (path);
  GStatBuf         status;

  if (g_stat (path, &status) != 0)
    return NULL;
  for (size_t i = 0; i < sam_catalogue_get_n_models (); i++)
    {
      const SamModelInfo *model = sam_catalogue_get_model (i);

      if (has_size (model, status.st_size) && (model->size != 0 || g_str_equal (name, model->file)))
        return model;
    }

  return NULL;
}

const SamModelInfo *
sam_catalogue_recognise (const char *path, const SamJob *job, GError **error)
{
  g_autofree char *sum = NULL;
  GStatBuf         status;

  if (g_stat (path, &status) != 0)
    {
      int why = errno;

      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (why), "%s cannot be opened: %s",
                   path, g_strerror (why));
      return NULL;
    }

  for (size_t i = 0; i < sam_catalogue_get_n_models (); i++)
    {
      const SamModelInfo *model = sam_catalogue_get_model (i);

      if (model->sha256 == NULL || ! has_size (model, status.st_size))
        continue;
      if (sum == NULL)
        sum = sam_file_sha256 (path, job, error);
      if (sum == NULL)
        return NULL;
      if (g_str_equal (sum, model->sha256))
        return model;
    }

  return NULL;
}
