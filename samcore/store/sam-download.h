/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files from the network: to a temporary file, resumed, verified, and only then under their name.
 * Internal; what users of samcore want is in sam-install.h. */
#pragma once

#include "samcore/sam-job.h"

G_BEGIN_DECLS

/**
 * sam_download:
 * @address: http or https
 * @path: the new file; while it grows it is called @path.part
 * @size: in bytes; 0: unknown
 * @sha256: in hex, lower case
 *
 * Blocks; for a worker thread. When the connection breaks it goes on where it was, now or at the
 * next call.
 *
 * SAM_ERROR_NETWORK: no connection, or the server does not have it; what has arrived is kept for
 * the next time. SAM_ERROR_CHECKSUM: the server sends something else; nothing is kept. G_FILE_ERROR
 * or G_IO_ERROR about the file; G_IO_ERROR_CANCELLED, what has arrived is kept.
 */
gboolean sam_download (const char   *address,
                       const char   *path,
                       guint64       size,
                       const char   *sha256,
                       const SamJob *job,
                       GError      **error);

/* For how many seconds a server may say nothing; 30. For tests. */
void sam_download_set_patience (guint seconds);

G_END_DECLS
