/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The version of the core. */
#ifndef SAM_VERSION_H
#define SAM_VERSION_H

const char *sam_version (void);

#endif
