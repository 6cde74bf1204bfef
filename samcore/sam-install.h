/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How models get onto the shelf: downloaded, or from a file that somebody has. Both go to the
 * user's own folder, sam_catalogue_get_user_directory(). */
#pragma once

#include "samcore/sam-catalogue.h"

G_BEGIN_DECLS

/**
 * sam_install_download:
 * @name: of a model in the catalogue
 *
 * Blocks; for a worker thread. What is there already is not fetched again. See sam_download() for
 * how it goes on after a break. SAM_ERROR_UNKNOWN_MODEL when there is no such model or it is not
 * offered; SAM_ERROR_NETWORK; SAM_ERROR_CHECKSUM; G_FILE_ERROR; G_IO_ERROR_CANCELLED.
 *
 * Returns: (transfer full): the file
 */
char *sam_install_download (const char *name, const SamJob *job, GError **error);

/**
 * sam_install_file:
 * @path: a checkpoint of a family that we know
 *
 * Copies it, once all of it has been read and found sound. A file of the catalogue gets its name
 * there, any other keeps its own. SAM_ERROR_BAD_FILE or SAM_ERROR_UNKNOWN_MODEL about @path;
 * G_FILE_ERROR, also when another file has that name already; G_IO_ERROR_CANCELLED.
 *
 * Returns: (transfer full): the copy
 */
char *sam_install_file (const char *path, const SamJob *job, GError **error);

G_END_DECLS
