/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What tells two arrays of bytes apart, soon also for a picture of 100 megapixels. Internal. */
#pragma once

#include <glib.h>

/* SHA-256, in hexadecimal, of the SHA-256s of pieces, which all threads compute: not what other
 * programs call the bytes' SHA-256. Free with g_free. */
char *sam_digest (const void *bytes, size_t n_bytes);
