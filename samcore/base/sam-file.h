/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A new file that appears under its name only when it is whole. Internal. */
#pragma once

#include <stdio.h>

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct
{
  char *path;
  char *temporary;
  FILE *stream;
} SamNewFile;

/* Opens a temporary file next to @path. G_FILE_ERROR. */
gboolean sam_new_file_open (SamNewFile *file, const char *path, GError **error);
gboolean sam_new_file_write (SamNewFile *file, const void *data, size_t n, GError **error);
/* To the disk, and under its name. */
gboolean sam_new_file_finish (SamNewFile *file, GError **error);
/* Throws away what was not finished. */
void sam_new_file_clear (SamNewFile *file);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SamNewFile, sam_new_file_clear)

G_END_DECLS
