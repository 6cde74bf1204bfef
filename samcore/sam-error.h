/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The errors of samcore: whose mistake it was, and what it was about. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define SAM_ERROR (sam_error_quark ())

/**
 * SamError:
 * @SAM_ERROR_BAD_FILE: a file is damaged or not what its name says
 * @SAM_ERROR_UNKNOWN_MODEL: a sound file, but no network that we know; or no model of that name
 * @SAM_ERROR_BAD_PROMPT: no prompt, or one that makes no sense for this picture
 * @SAM_ERROR_BAD_IMAGE: an empty picture, or one that is too large
 * @SAM_ERROR_NO_MEMORY: a large buffer could not be had
 * @SAM_ERROR_NETWORK: a download failed; may work later
 * @SAM_ERROR_CHECKSUM: a download is complete but not the file it should be
 * @SAM_ERROR_UNSUPPORTED: understood, but not possible with this model
 *
 * Cancelling is G_IO_ERROR_CANCELLED; files that cannot be opened give G_FILE_ERROR or G_IO_ERROR.
 */
typedef enum
{
  SAM_ERROR_BAD_FILE,
  SAM_ERROR_UNKNOWN_MODEL,
  SAM_ERROR_BAD_PROMPT,
  SAM_ERROR_BAD_IMAGE,
  SAM_ERROR_NO_MEMORY,
  SAM_ERROR_NETWORK,
  SAM_ERROR_CHECKSUM,
  SAM_ERROR_UNSUPPORTED
} SamError;

GQuark sam_error_quark (void);

G_END_DECLS
