/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A picture in the form that models take: 8-bit R'G'B' (sRGB, not linear). Immutable. */
#pragma once

#include <stdint.h>

#include <glib.h>

G_BEGIN_DECLS

typedef struct _SamImage SamImage;

/* In pixels. With sides no longer than this, products of sizes fit into 64 bits. */
#define SAM_IMAGE_MAX_SIDE 524288

/**
 * sam_image_new:
 * @width: in pixels, 1 to SAM_IMAGE_MAX_SIDE
 * @height: likewise
 * @pixels: [height, width, 3], without padding between rows; the image keeps a reference
 *
 * Returns: (transfer full): NULL with SAM_ERROR_BAD_IMAGE if a side is out of range, or if @pixels
 * is not exactly height * width * 3 bytes long
 */
SamImage *sam_image_new (size_t width, size_t height, GBytes *pixels, GError **error);

SamImage *sam_image_ref (SamImage *image);
void      sam_image_unref (SamImage *image);

size_t sam_image_get_width (const SamImage *image);
size_t sam_image_get_height (const SamImage *image);
/* [height, width, 3], the image's own memory. */
const uint8_t *sam_image_get_pixels (const SamImage *image);

/* (transfer full): a checksum of the size and all pixels, in hexadecimal. Free with g_free(). */
char *sam_image_get_hash (const SamImage *image);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SamImage, sam_image_unref)

G_END_DECLS
