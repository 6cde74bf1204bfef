/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a picture, or a part of it, lies in a model's square input, and how logits come back to its
 * size. Internal.
 *
 *   part [height, width] ──▶ [resized_height, resized_width] at the top left of [input, input]
 *   logits [input / 4, input / 4] ──▶ part, by SamUpsample */
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
  SAM_UPSAMPLE_TWO_STEP, /* bilinear to the input, padding cut off, bilinear to the picture (SAM) */
  SAM_UPSAMPLE_BILINEAR, /* bilinear straight to the picture (SAM 2) */
  SAM_UPSAMPLE_BICUBIC   /* bicubic (A = -0.75) straight to the picture (EfficientSAM) */
} SamUpsample;

typedef struct
{
  size_t      x, y, width, height; /* the part, in pixels of the picture */
  size_t      picture_width, picture_height;
  gboolean    mirrored; /* left and right exchanged on the way in */
  size_t      resized_width, resized_height;
  size_t      input; /* side of the network's input */
  SamFit      fit;
  SamUpsample upsample;
} SamGeometry;

/* The whole picture. resized = (int) (side * input / longest + 0.5) in double, at least 1; or input
 * x input. */
void sam_geometry_init (SamGeometry *geometry,
                        size_t       width,
                        size_t       height,
                        size_t       input,
                        SamFit       fit,
                        SamUpsample  upsample);
/* A part of a picture by the rules of another geometry of it, in an input of its own. */
void     sam_geometry_init_part (SamGeometry       *geometry,
                                 const SamGeometry *like,
                                 size_t             x,
                                 size_t             y,
                                 size_t             width,
                                 size_t             height,
                                 size_t             input);
gboolean sam_geometry_is_whole (const SamGeometry *geometry);
/* The same part, seen the same way round, whatever the input. */
gboolean sam_geometry_is_same_part (const SamGeometry *a, const SamGeometry *b);

/* A place of the picture in pixels of the input, and back. */
void sam_geometry_to_input (const SamGeometry *geometry,
                            double             x_image,
                            double             y_image,
                            double            *x_input,
                            double            *y_input);
void sam_geometry_to_image (const SamGeometry *geometry,
                            double             x_input,
                            double             y_input,
                            double            *x_image,
                            double            *y_image);
