/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Installing models, from the network or from a file, in the user's own folder:
 * sam_catalogue_get_user_directory(). Both functions block; call them in a worker thread. */
#pragma once

#include "samcore/sam-catalogue.h"

G_BEGIN_DECLS

/**
 * sam_install_download:
 * @name: of a model in the catalogue
 *
 * Downloads a model, unless it is installed already. An interrupted download goes on where it
 * stopped; see sam_download().
 *
 * Returns: (transfer full): the path of the file. NULL with SAM_ERROR_UNKNOWN_MODEL if there is no
 * such model, or it is not offered; SAM_ERROR_NETWORK; SAM_ERROR_CHECKSUM; G_FILE_ERROR; or
 * G_IO_ERROR_CANCELLED.
 */
char *sam_install_download (const char *name, const SamJob *job, GError **error);

/**
 * sam_install_file:
 * @path: a checkpoint of a known family
 *
 * Reads and checks all of @path, then copies it. A model of the catalogue is given its name there;
 * any other file keeps its own.
 *
 * Returns: (transfer full): the path of the copy. NULL with SAM_ERROR_BAD_FILE or
 * SAM_ERROR_UNKNOWN_MODEL about @path; G_FILE_ERROR, also if another file has that name; or
 * G_IO_ERROR_CANCELLED.
 */
char *sam_install_file (const char *path, const SamJob *job, GError **error);

G_END_DECLS
