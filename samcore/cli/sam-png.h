/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Masks as PNG files of 8-bit gray, which GdkPixbuf cannot write. Internal to the command line. */
#pragma once

#include "samcore/sam-mask.h"

/* SAM_ERROR_NO_MEMORY */
GBytes *sam_png_encode_mask (const SamMask *mask, GError **error);
