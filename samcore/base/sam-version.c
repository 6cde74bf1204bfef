/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The version of the core, as the build was told. */
#include "config.h"

#include "samcore/sam-version.h"

/* sam_version:
 *
 * Returns: (transfer none): the version, for example "0.1.0"
 */
const char *
sam_version (void)
{
  return SAM_VERSION;
}
