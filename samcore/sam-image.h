/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A picture: R'G'B' (sRGB, not linear), 8 bits, as the models want it. Immutable, shared freely. */
#pragma once

#include <stdint.h>

#include <glib.h>

G_BEGIN_DECLS

typedef struct _SamImage SamImage;

/* No side longer than this, so that products of sides fit 64 bits with room to spare. */
#define SAM_IMAGE_MAX_SIDE 524288

/**
 * sam_image_new:
 * @pixels: [height, width, 3] R'G'B', rows without padding
 *
 * Takes a reference to @pixels. SAM_ERROR_BAD_IMAGE for a side of 0 or beyond
 * SAM_IMAGE_MAX_SIDE, or when @pixels is not exactly width * height * 3 bytes.
 */
SamImage *sam_image_new (size_t width, size_t height, GBytes *pixels, GError **error);

SamImage *sam_image_ref (SamImage *image);
void      sam_image_unref (SamImage *image);

size_t         sam_image_get_width (const SamImage *image);
size_t         sam_image_get_height (const SamImage *image);
const uint8_t *sam_image_get_pixels (const SamImage *image);

/* Of the sizes and all pixels, in hexadecimal: no other picture has it. Free with g_free. */
char *sam_image_get_hash (const SamImage *image);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SamImage, sam_image_unref)

G_END_DECLS
