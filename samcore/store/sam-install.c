/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How models get onto the shelf. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <glib/gstdio.h>

#include "samcore/weights/sam-checkpoint.h"
#include "samcore/store/sam-download.h"
#include "samcore/sam-error.h"
#include "samcore/base/sam-file.h"
#include "samcore/sam-install.h"
#include "samcore/model/sam-model-private.h"

#define N_BUFFER (1 << 20)

/* @file in the user's folder, which is made if need be. */
static char *
get_place (const char *file, GError **error)
{
  g_autofree char *folder = sam_catalogue_get_user_directory ();

  if (g_mkdir_with_parents (folder, 0700) != 0)
    {
      int why = errno;

      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (why), "%s cannot be created: %s",
                   folder, g_strerror (why));
      return NULL;
    }

  return g_build_filename (folder, file, NULL);
}

char *
sam_install_download (const char *name, const SamJob *job, GError **error)
{
  const SamModelInfo *info = sam_catalogue_lookup (name);
  g_autoptr (GError)  missing = NULL;
  g_autofree char    *path = NULL;

  /* The shelf says what the name is, if it is no model to be downloaded; and what is there is
   * there. */
  if (info == NULL || ! info->offered)
    return sam_catalogue_find (name, error);
  path = sam_catalogue_find (name, &missing);
  if (path != NULL)
    return g_steal_pointer (&path);

  path = get_place (info->file, error);
  if (path == NULL || ! sam_download (info->source, path, info->size, info->sha256, job, error))
    return NULL;

  return g_steal_pointer (&path);
}

/* Is @path the file that @sum belongs to? */
static gboolean
has_sum (const char *path, const char *sum)
{
  g_autofree char *other = sam_file_sha256 (path, NULL, NULL);

  return g_strcmp0 (sum, other) == 0;
}

static gboolean
copy_file (const char *from, const char *to, const SamJob *job, GError **error)
{
  g_autoptr (GFile)            file = g_file_new_for_path (from);
  g_autoptr (GFileInputStream) stream = g_file_read (file, NULL, error);
  g_auto (SamNewFile)          copy = { NULL };
  g_autofree char             *buffer = g_malloc (N_BUFFER);
  gssize                       n;

  if (stream == NULL || ! sam_new_file_open (&copy, to, error))
    return FALSE;
  while ((n = g_input_stream_read (G_INPUT_STREAM (stream), buffer, N_BUFFER, NULL, error)) > 0)
    if (! sam_new_file_write (&copy, buffer, n, error) || ! sam_job_step (job, 0.5, error))
      return FALSE;

  return n == 0 && sam_new_file_finish (&copy, error);
}

/* Opens it, checks all its checksums, lets the family take its weights and looks at them all. */
static gboolean
check_model (const char *path, const SamJob *job, GError **error)
{
  g_autoptr (SamCheckpoint) checkpoint = sam_checkpoint_open (path, error);
  g_autoptr (SamModel)      model = NULL;
  SamJob                    loading = sam_job_part (job, 0, 0.3);
  SamJob                    packing = sam_job_part (job, 0.3, 1);

  if (checkpoint == NULL || ! sam_checkpoint_verify (checkpoint, error))
    return FALSE;
  model = sam_model_load (path, &loading, error);

  return model != NULL && sam_model_pack (model, &packing, error);
}

char *
sam_install_file (const char *path, const SamJob *job, GError **error)
{
  g_autofree char    *name = g_path_get_basename (path);
  g_autofree char    *sum = NULL;
  g_autofree char    *place = NULL;
  SamJob              first = sam_job_part (job, 0, 0.4);
  SamJob              second = sam_job_part (job, 0.4, 0.7);
  SamJob              third = sam_job_part (job, 0.7, 1);
  const SamModelInfo *info = NULL;

  if (! check_model (path, &first, error))
    return NULL;
  sum = sam_file_sha256 (path, &second, error);
  if (sum == NULL)
    return NULL;
  for (size_t i = 0; i < sam_catalogue_get_n_models (); i++)
    if (g_strcmp0 (sam_catalogue_get_model (i)->sha256, sum) == 0)
      info = sam_catalogue_get_model (i);

  place = get_place (info != NULL ? info->file : name, error);
  if (place == NULL)
    return NULL;
  if (g_file_test (place, G_FILE_TEST_EXISTS))
    {
      if (has_sum (place, sum))
        return g_steal_pointer (&place);
      g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_EXIST,
                   "there is already a different file %s; rename yours, or remove that one", place);
      return NULL;
    }
  if (! copy_file (path, place, &third, error))
    return NULL;

  return g_steal_pointer (&place);
}
