/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a picture lies in a model's square input. */
#include "samcore/image/sam-geometry.h"

/* In double and cut, not rounded half to even, as the reference does. */
static size_t
resized_side (size_t side, size_t longest, size_t input)
{
  double scale = (double) input / (double) longest;
  size_t resized = (size_t) ((double) side * scale + 0.5);

  return CLAMP (resized, 1, input);
}

void
sam_geometry_init (SamGeometry *geometry,
                   size_t       width,
                   size_t       height,
                   size_t       input,
                   SamFit       fit,
                   SamUpsample  upsample)
{
  size_t longest = MAX (width, height);

  g_return_if_fail (longest > 0);

  geometry->x = 0;
  geometry->y = 0;
  geometry->picture_width = width;
  geometry->picture_height = height;
  geometry->mirrored = FALSE;
  geometry->width = width;
  geometry->height = height;
  geometry->input = input;
  geometry->fit = fit;
  geometry->upsample = upsample;
  geometry->resized_width = fit == SAM_FIT_SQUASH ? input : resized_side (width, longest, input);
  geometry->resized_height = fit == SAM_FIT_SQUASH ? input : resized_side (height, longest, input);
}

void
sam_geometry_init_part (SamGeometry       *geometry,
                        const SamGeometry *like,
                        size_t             x,
                        size_t             y,
                        size_t             width,
                        size_t             height,
                        size_t             input)
{
  sam_geometry_init (geometry, width, height, input, like->fit, like->upsample);
  geometry->x = x;
  geometry->y = y;
  geometry->picture_width = like->picture_width;
  geometry->picture_height = like->picture_height;
}

gboolean
sam_geometry_is_whole (const SamGeometry *geometry)
{
  return geometry->width == geometry->picture_width && geometry->height == geometry->picture_height;
}

gboolean
sam_geometry_is_same_part (const SamGeometry *a, const SamGeometry *b)
{
  return a->x == b->x && a->y == b->y && a->width == b->width && a->height == b->height &&
         a->mirrored == b->mirrored;
}

void
sam_geometry_to_input (const SamGeometry *geometry,
                       double             x_image,
                       double             y_image,
                       double            *x_input,
                       double            *y_input)
{
  double x = x_image - geometry->x;

  if (geometry->mirrored)
    x = geometry->width - x;
  *x_input = x * ((double) geometry->resized_width / geometry->width);
  *y_input = (y_image - geometry->y) * ((double) geometry->resized_height / geometry->height);
}

void
sam_geometry_to_image (const SamGeometry *geometry,
                       double             x_input,
                       double             y_input,
                       double            *x_image,
                       double            *y_image)
{
  double x = x_input * ((double) geometry->width / geometry->resized_width);

  if (geometry->mirrored)
    x = geometry->width - x;
  *x_image = geometry->x + x;
  *y_image = geometry->y + y_input * ((double) geometry->height / geometry->resized_height);
}
