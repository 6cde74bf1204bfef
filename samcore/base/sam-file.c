/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A new file that appears under its name only when it is whole: a reader finds the old one or the
 * new one, also after a power cut, and nothing is left behind when writing fails. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "samcore/base/sam-file.h"

static gboolean
fail (SamNewFile *file, GError **error)
{
  int              why = errno;
  g_autofree char *display = g_filename_display_name (file->path);

  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (why), "%s cannot be written: %s",
               display, g_strerror (why));

  return FALSE;
}

gboolean
sam_new_file_open (SamNewFile *file, const char *path, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *hidden = g_strdup_printf (".%s.XXXXXX", name);
  int              fd;

  file->path = g_strdup (path);
  file->temporary = g_build_filename (folder, hidden, NULL);
  fd = g_mkstemp_full (file->temporary, O_RDWR | O_CLOEXEC, 0666);
  if (fd < 0)
    {
      g_clear_pointer (&file->temporary, g_free);
      return fail (file, error);
    }
  file->stream = fdopen (fd, "wb");

  return TRUE;
}

gboolean
sam_new_file_write (SamNewFile *file, const void *data, size_t n, GError **error)
{
  return n == 0 || fwrite (data, 1, n, file->stream) == n || fail (file, error);
}

gboolean
sam_new_file_finish (SamNewFile *file, GError **error)
{
  gboolean whole = fflush (file->stream) == 0 && fsync (fileno (file->stream)) == 0;

  if (! whole)
    fail (file, error);
  if (fclose (g_steal_pointer (&file->stream)) != 0 && whole)
    whole = fail (file, error);
  if (! whole)
    return FALSE;
  if (g_rename (file->temporary, file->path) != 0)
    return fail (file, error);
  g_clear_pointer (&file->temporary, g_free);

  return TRUE;
}

void
sam_new_file_clear (SamNewFile *file)
{
  if (file->stream != NULL)
    fclose (file->stream);
  if (file->temporary != NULL)
    g_unlink (file->temporary);
  g_free (file->temporary);
  g_free (file->path);
}
