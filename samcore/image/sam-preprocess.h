/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a picture to a network's input. Internal. */
#pragma once

#include "samcore/image/sam-geometry.h"
#include "samcore/sam-image.h"

G_BEGIN_DECLS

typedef enum
{
  SAM_RESAMPLE_PILLOW,    /* Pillow's BILINEAR on 8 bits, antialiased when shrinking (SAM) */
  SAM_RESAMPLE_ANTIALIAS, /* torchvision's antialiased bilinear on float32 in 0..1 (SAM 2) */
  SAM_RESAMPLE_BILINEAR   /* plain bilinear on float32 in 0..1 (EfficientSAM) */
} SamResample;

/* mean and std are in units of the resampled values: 0..255 for Pillow's, 0..1 for the others. */
typedef struct
{
  SamResample resample;
  float       mean[3], std[3];
} SamPreprocess;

/* @image: the picture, or the same at another size
 * x: [input, input, 3]. The geometry's part of it, resized to the top left, normalised, the rest 0.
 * SAM_ERROR_NO_MEMORY. */
gboolean sam_preprocess (float               *x,
                         const SamImage      *image,
                         const SamGeometry   *geometry,
                         const SamPreprocess *how,
                         GError             **error);

/* y: [resized_height, resized_width, 3]. The part alone, by SAM_RESAMPLE_PILLOW, never mirrored. */
gboolean
sam_resize_image (uint8_t *y, const SamImage *image, const SamGeometry *geometry, GError **error);

/* The first step of SAM_RESAMPLE_PILLOW alone, bit for bit what Pillow makes.
 * x: [h, w, 3]  y: [h2, w2, 3] */
gboolean sam_resize_pillow (uint8_t       *y,
                            const uint8_t *x,
                            size_t         h,
                            size_t         w,
                            size_t         h2,
                            size_t         w2,
                            GError       **error);

G_END_DECLS
