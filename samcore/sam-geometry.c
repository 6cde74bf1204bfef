/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a picture lies in a model's square input. */
#include "samcore/sam-geometry.h"

/* In double and cut, not rounded half to even, as the reference does. */
static size_t
resized_side (size_t side,
              size_t longest,
              size_t input)
{
  double scale   = (double) input / (double) longest;
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

  geometry->width          = width;
  geometry->height         = height;
  geometry->input          = input;
  geometry->fit            = fit;
  geometry->upsample       = upsample;
  geometry->resized_width  = fit == SAM_FIT_SQUASH ? input : resized_side (width, longest, input);
  geometry->resized_height = fit == SAM_FIT_SQUASH ? input : resized_side (height, longest, input);
}
