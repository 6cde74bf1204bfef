/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The errors of samcore. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define SAM_ERROR (sam_error_quark ())

/**
 * SamError:
 * @SAM_ERROR_BAD_FILE: a file is damaged, or is not what it should be
 * @SAM_ERROR_UNKNOWN_MODEL: a checkpoint of no known family, or a name of no known model
 * @SAM_ERROR_BAD_PROMPT: a prompt is missing, or impossible for this picture
 * @SAM_ERROR_BAD_IMAGE: a picture or mask is empty, too large or of the wrong size
 * @SAM_ERROR_NO_MEMORY: a large buffer could not be allocated
 * @SAM_ERROR_NETWORK: a download failed; another try may work
 * @SAM_ERROR_CHECKSUM: a download is complete, but its checksum is wrong
 * @SAM_ERROR_UNSUPPORTED: not possible with this model
 *
 * Cancelling is G_IO_ERROR_CANCELLED; a file that cannot be opened is G_FILE_ERROR or G_IO_ERROR.
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
