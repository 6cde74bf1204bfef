/* SPDX-License-Identifier: GPL-3.0-or-later */
/* In place of sam-download.c where the program was built without libsoup. */
#include "config.h"

#include "samcore/sam-error.h"
#include "samcore/store/sam-download.h"

gboolean
sam_download (const char   *address,
              const char   *path,
              guint64       size,
              const char   *sha256,
              const SamJob *job,
              GError      **error)
{
  g_set_error (error, SAM_ERROR, SAM_ERROR_UNSUPPORTED,
               "this program was built without downloads; download %s elsewhere and add the file "
               "with: samcore models --add FILE",
               address);

  return FALSE;
}
