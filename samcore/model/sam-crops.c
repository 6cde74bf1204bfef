/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Crops of a picture, and the grid of points that is asked in each.
 *
 *   layer 0   the picture
 *   layer n   2^n x 2^n crops that overlap */
#include "config.h"

#include "samcore/model/sam-crops.h"

#include <math.h>
#include <string.h>

#include "samcore/model/sam-object-private.h"

/* What the reference takes for touching a border. */
#define EDGE_TOLERANCE 20.0f

GArray *
sam_crops_make_grid (int points_per_side)
{
  GArray *grid = g_array_new (FALSE, FALSE, sizeof (double));
  int     n = points_per_side;
  double  first = 1.0 / (2 * n), last = 1 - first;
  double  step = n > 1 ? (last - first) / (n - 1) : 0;

  for (int j = 0; j < n; j++)
    for (int i = 0; i < n; i++)
      {
        double point[2] = { i > 0 && i == n - 1 ? last : i * step + first,
                            j > 0 && j == n - 1 ? last : j * step + first };

        g_array_append_vals (grid, point, 2);
      }

  return grid;
}

GArray *
sam_crops_make (size_t width, size_t height, int n_layers, double overlap, int *n_of_layer)
{
  GArray    *crops = g_array_new (FALSE, FALSE, sizeof (SamCorners));
  SamCorners whole = { 0, 0, width, height };

  g_array_append_val (crops, whole);
  n_of_layer[0] = 1;
  for (int layer = 1; layer <= n_layers; layer++)
    {
      size_t n = (size_t) 1 << layer;
      size_t shared = (size_t) (overlap * (double) MIN (width, height) * (2.0 / (double) n));
      size_t crop_width = (size_t) ceil ((double) (shared * (n - 1) + width) / (double) n);
      size_t crop_height = (size_t) ceil ((double) (shared * (n - 1) + height) / (double) n);

      n_of_layer[layer] = 0;
      for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
          {
            SamCorners crop = { (crop_width - shared) * i, (crop_height - shared) * j, 0, 0 };

            crop.x1 = MIN (crop.x0 + crop_width, width);
            crop.y1 = MIN (crop.y0 + crop_height, height);
            /* rounding up may leave nothing for the last of many in a tiny picture */
            if (crop.x0 >= crop.x1 || crop.y0 >= crop.y1)
              continue;
            g_array_append_val (crops, crop);
            n_of_layer[layer]++;
          }
    }

  return crops;
}

gboolean
sam_crop_cuts_off (const SamCorners *crop, const SamCorners *box, size_t width, size_t height)
{
  const float sides[4] = { (float) box->x0, (float) box->y0, (float) box->x1, (float) box->y1 };
  const float crops[4] = { (float) crop->x0, (float) crop->y0, (float) crop->x1, (float) crop->y1 };
  const float whole[4] = { 0, 0, (float) width, (float) height };

  for (int i = 0; i < 4; i++)
    if (fabsf (sides[i] - crops[i]) <= EDGE_TOLERANCE &&
        fabsf (sides[i] - whole[i]) > EDGE_TOLERANCE)
      return TRUE;

  return FALSE;
}

SamCorners
sam_crop_find_box (const SamCorners *crop, const uint8_t *mask)
{
  SamCorners box = sam_corners_from_mask (mask, crop->x1 - crop->x0, crop->y1 - crop->y0);

  return (SamCorners) { box.x0 + crop->x0, box.y0 + crop->y0, box.x1 + crop->x0,
                        box.y1 + crop->y0 };
}

gboolean
sam_crop_place_mask (const SamCorners *crop,
                     const uint8_t    *mask,
                     size_t            width,
                     size_t            height,
                     SamRle           *rle)
{
  size_t              crop_width = crop->x1 - crop->x0;
  g_autofree uint8_t *whole = NULL;

  if (crop_width == width && crop->y1 - crop->y0 == height)
    return sam_rle_init (rle, mask, width, height);

  whole = g_try_malloc0_n (height, width);
  if (whole == NULL)
    return FALSE;
  for (size_t y = crop->y0; y < crop->y1; y++)
    memcpy (whole + y * width + crop->x0, mask + (y - crop->y0) * crop_width, crop_width);

  return sam_rle_init (rle, whole, width, height);
}

SamImage *
sam_crop_cut_image (const SamCorners *crop, SamImage *image, GError **error)
{
  size_t             width = crop->x1 - crop->x0, height = crop->y1 - crop->y0;
  g_autoptr (GBytes) bytes = NULL;
  uint8_t           *pixels;

  if (width == sam_image_get_width (image) && height == sam_image_get_height (image))
    return sam_image_ref (image);

  pixels = g_try_malloc_n (height, 3 * width);
  if (pixels == NULL)
    {
      sam_object_set_no_memory (error);
      return NULL;
    }
  for (size_t y = 0; y < height; y++)
    memcpy (pixels + 3 * y * width,
            sam_image_get_pixels (image) +
              3 * ((crop->y0 + y) * sam_image_get_width (image) + crop->x0),
            3 * width);
  bytes = g_bytes_new_take (pixels, 3 * width * height);

  return sam_image_new (width, height, bytes, error);
}
