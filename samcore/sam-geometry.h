/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a picture lies in a model's square input, and how logits come back to the picture's size. Internal.
 *
 *   picture [height, width] ──▶ [resized_height, resized_width] at the top left of [input, input]
 *   logits [input / 4, input / 4] ──▶ picture, by SamUpsample */
#pragma once

#include <glib.h>

/* Names of the families' ways, ../docs/model.md has the rules:
 * longest: the long side becomes `input`, aspect kept, padded right and below with zeros
 * squash: both sides become `input` */
typedef enum
{
  SAM_FIT_LONGEST,
  SAM_FIT_SQUASH
} SamFit;

typedef enum
{
  SAM_UPSAMPLE_TWO_STEP, /* bilinear to input x input, cut off the padding, bilinear to the picture (SAM) */
  SAM_UPSAMPLE_BILINEAR, /* bilinear straight to the picture (SAM 2) */
  SAM_UPSAMPLE_BICUBIC   /* bicubic (A = -0.75) straight to the picture (EfficientSAM) */
} SamUpsample;

typedef struct
{
  size_t      width, height; /* the picture */
  size_t      resized_width, resized_height;
  size_t      input; /* side of the network's input */
  SamFit      fit;
  SamUpsample upsample;
} SamGeometry;

/* resized = (int) (side * input / longest + 0.5) in double, at least 1; or input x input. */
void sam_geometry_init (SamGeometry *geometry, size_t width, size_t height, size_t input, SamFit fit,
                        SamUpsample upsample);
