/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SamImage: sizes and a reference to the pixels. */
#include "config.h"

#include "samcore/sam-image.h"

#include "samcore/base/sam-digest.h"
#include "samcore/sam-error.h"

struct _SamImage
{
  gatomicrefcount ref_count;
  size_t          width, height;
  GBytes         *pixels; /* [height, width, 3] */
};

SamImage *
sam_image_new (size_t width, size_t height, GBytes *pixels, GError **error)
{
  SamImage *image;

  g_return_val_if_fail (pixels != NULL, NULL);

  if (width == 0 || height == 0)
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_BAD_IMAGE, "The picture is empty (%zu × %zu pixels)",
                   width, height);
      return NULL;
    }
  if (width > SAM_IMAGE_MAX_SIDE || height > SAM_IMAGE_MAX_SIDE)
    {
      g_set_error (
        error, SAM_ERROR, SAM_ERROR_BAD_IMAGE,
        "The picture is too large (%zu × %zu pixels; no side may exceed %d): scale it down", width,
        height, SAM_IMAGE_MAX_SIDE);
      return NULL;
    }
  /* cannot overflow: 2^19 * 2^19 * 3 */
  if ((guint64) g_bytes_get_size (pixels) != (guint64) width * height * 3)
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_BAD_IMAGE,
                   "A picture of %zu × %zu pixels needs %" G_GUINT64_FORMAT " bytes, not %zu",
                   width, height, (guint64) width * height * 3, g_bytes_get_size (pixels));
      return NULL;
    }

  image = g_new0 (SamImage, 1);
  g_atomic_ref_count_init (&image->ref_count);
  image->width = width;
  image->height = height;
  image->pixels = g_bytes_ref (pixels);

  return image;
}

SamImage *
sam_image_ref (SamImage *image)
{
  g_return_val_if_fail (image != NULL, NULL);

  g_atomic_ref_count_inc (&image->ref_count);
  return image;
}

void
sam_image_unref (SamImage *image)
{
  if (image == NULL || ! g_atomic_ref_count_dec (&image->ref_count))
    return;

  g_bytes_unref (image->pixels);
  g_free (image);
}

size_t
sam_image_get_width (const SamImage *image)
{
  return image->width;
}

size_t
sam_image_get_height (const SamImage *image)
{
  return image->height;
}

const uint8_t *
sam_image_get_pixels (const SamImage *image)
{
  return g_bytes_get_data (image->pixels, NULL);
}

char *
sam_image_get_hash (const SamImage *image)
{
  size_t           n_bytes;
  const uint8_t   *pixels = g_bytes_get_data (image->pixels, &n_bytes);
  g_autofree char *digest = sam_digest (pixels, n_bytes);
  g_autofree char *text = g_strdup_printf ("%zux%zu/%s", image->width, image->height, digest);

  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);
}
