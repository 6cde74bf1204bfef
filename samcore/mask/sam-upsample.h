/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Logits at the picture's size, row by row, by the order of steps that the model's geometry asks
 * for. Internal.
 *
 *   values [side, side] ──▶ row y of [height, width], for any y, in any order
 *
 * A SamUpsampler is the plan: made once, then read by all threads. SamUpsampleRows works by it, one
 * per thread; it remembers the rows that it has stretched, so that going down the picture costs one
 * interpolation per pixel. */
#pragma once

#include "samcore/nn/sam-axis.h"
#include "samcore/image/sam-geometry.h"

typedef struct
{
  SamGeometry geometry;
  size_t      side;
  SamAxis x_first, y_first; /* logits to the model's input; n_taps 0 when that step is left out */
  SamAxis x_last, y_last;   /* to the picture */
} SamUpsampler;

/* SAM_ERROR_NO_MEMORY */
gboolean sam_upsampler_init (SamUpsampler      *upsampler,
                             const SamGeometry *geometry,
                             size_t             side,
                             GError           **error);
/* The same for a picture reduced to @width x @height: the logits at the centres of its pixels. The
 * plan's geometry says which of them lie on the part that the logits cover; these are the rows, and
 * the columns of each. */
gboolean sam_upsampler_init_at (SamUpsampler      *upsampler,
                                const SamGeometry *geometry,
                                size_t             side,
                                size_t             width,
                                size_t             height,
                                GError           **error);
void     sam_upsampler_clear (SamUpsampler *upsampler);

typedef struct
{
  const SamUpsampler *upsampler;
  const float        *values;
  float              *first[2]; /* rows of the logits, stretched to the input's width */
  size_t              first_row[2];
  float              *middle;  /* one row at the model's input */
  float              *last[4]; /* rows of the input, stretched to the picture's width */
  size_t              last_row[4];
} SamUpsampleRows;

/* FALSE when there is no memory. */
gboolean
sam_upsample_rows_init (SamUpsampleRows *rows, const SamUpsampler *upsampler, const float *values);
void sam_upsample_rows_clear (SamUpsampleRows *rows);
/* out: [width] */
void sam_upsample_rows_get (SamUpsampleRows *rows, size_t y_image, float *out);

/* One value, without a plan. */
float sam_upsample_at (const SamGeometry *geometry,
                       size_t             side,
                       const float       *values,
                       size_t             x_image,
                       size_t             y_image);
