/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Logits at the picture's size, row by row.
 *
 *   two step:   values [side, side] ──bilinear──▶ [input, input], of which only [resized_height,
 *               resized_width] is used ──bilinear──▶ [height, width]
 *   one step:   values [side, side] ──bilinear or bicubic──▶ [height, width]
 *
 * Of the map at input size there is never more than a row: a row of the picture needs two (bicubic:
 * four) rows of the map below, each stretched to the picture's width and kept until it is no longer
 * needed. */
#include "config.h"

#include "samcore/mask/sam-upsample.h"

#include <math.h>
#include <string.h>

#include "samcore/sam-error.h"
#include "samcore/kernels/sam-kernels.h"

gboolean
sam_upsampler_init (SamUpsampler      *upsampler,
                    const SamGeometry *geometry,
                    size_t             side,
                    GError           **error)
{
  return sam_upsampler_init_at (upsampler, geometry, side, geometry->picture_width,
                                geometry->picture_height, error);
}

/* The pixels of a side reduced from @n_full to @n pixels that have their centres in a part of
 * it. */
static void
find_covered (size_t n_full, size_t n, size_t *start, size_t *length)
{
  double step = (double) n_full / n;
  double first = ceil (*start / step - 0.5), end = ceil ((*start + *length) / step - 0.5);

  *start = (size_t) CLAMP (first, 0.0, (double) n);
  *length = (size_t) CLAMP (end, first, (double) n) - *start;
}

gboolean
sam_upsampler_init_at (SamUpsampler      *upsampler,
                       const SamGeometry *geometry,
                       size_t             side,
                       size_t             width,
                       size_t             height,
                       GError           **error)
{
  SamGeometry *at = &upsampler->geometry;
  double       step_x = (double) geometry->picture_width / width,
         step_y = (double) geometry->picture_height / height;
  double   first_x, first_y;
  gboolean ok;

  memset (upsampler, 0, sizeof *upsampler);
  upsampler->geometry = *geometry;
  upsampler->side = side;

  find_covered (geometry->picture_width, width, &at->x, &at->width);
  find_covered (geometry->picture_height, height, &at->y, &at->height);
  at->picture_width = width;
  at->picture_height = height;
  first_x = (at->x + 0.5) * step_x - geometry->x;
  first_y = (at->y + 0.5) * step_y - geometry->y;

  if (geometry->upsample == SAM_UPSAMPLE_TWO_STEP)
    ok = sam_axis_init (&upsampler->x_first, side, geometry->input, geometry->resized_width, 2, 0.5,
                        1.0) &&
         sam_axis_init (&upsampler->y_first, side, geometry->input, geometry->resized_height, 2,
                        0.5, 1.0) &&
         sam_axis_init (&upsampler->x_last, geometry->resized_width, geometry->width, at->width, 2,
                        first_x, step_x) &&
         sam_axis_init (&upsampler->y_last, geometry->resized_height, geometry->height, at->height,
                        2, first_y, step_y);
  else
    {
      size_t n_taps = geometry->upsample == SAM_UPSAMPLE_BICUBIC ? 4 : 2;

      ok = sam_axis_init (&upsampler->x_last, side, geometry->width, at->width, n_taps, first_x,
                          step_x) &&
           sam_axis_init (&upsampler->y_last, side, geometry->height, at->height, n_taps, first_y,
                          step_y);
    }

  if (! ok)
    {
      g_set_error_literal (error, SAM_ERROR, SAM_ERROR_NO_MEMORY, "Not enough memory for the mask");
      sam_upsampler_clear (upsampler);
    }

  return ok;
}

void
sam_upsampler_clear (SamUpsampler *upsampler)
{
  sam_axis_clear (&upsampler->x_first);
  sam_axis_clear (&upsampler->y_first);
  sam_axis_clear (&upsampler->x_last);
  sam_axis_clear (&upsampler->y_last);
}

gboolean
sam_upsample_rows_init (SamUpsampleRows *rows, const SamUpsampler *upsampler, const float *values)
{
  size_t width = upsampler->geometry.width;
  size_t n_last = upsampler->x_last.n_taps;

  memset (rows, 0, sizeof *rows);
  rows->upsampler = upsampler;
  rows->values = values;

  for (int i = 0; i < 2; i++)
    rows->first_row[i] = SIZE_MAX;
  for (int i = 0; i < 4; i++)
    rows->last_row[i] = SIZE_MAX;

  for (size_t i = 0; i < n_last; i++)
    if ((rows->last[i] = g_try_new (float, width)) == NULL)
      goto no_memory;
  if (upsampler->x_first.n_taps != 0)
    {
      for (int i = 0; i < 2; i++)
        if ((rows->first[i] = g_try_new (float, upsampler->x_first.n)) == NULL)
          goto no_memory;
      if ((rows->middle = g_try_new (float, upsampler->x_first.n)) == NULL)
        goto no_memory;
    }

  return TRUE;

no_memory:
  sam_upsample_rows_clear (rows);
  return FALSE;
}

void
sam_upsample_rows_clear (SamUpsampleRows *rows)
{
  for (int i = 0; i < 2; i++)
    g_clear_pointer (&rows->first[i], g_free);
  for (int i = 0; i < 4; i++)
    g_clear_pointer (&rows->last[i], g_free);
  g_clear_pointer (&rows->middle, g_free);
}

/* out: [n of axis]  in: what its indices point to */
static void
stretch_row (const SamAxis *axis, const float *in, float *out)
{
  sam_kernels ()->blend_columns (out, in, axis->index, axis->weight, axis->n_taps, axis->n, 1);
}

/* out, rows: [n]; the weights are those of output i of @axis */
static void
blend_rows (const SamAxis *axis, size_t i, const float *const *rows, float *out, size_t n)
{
  float weight[4];

  for (size_t t = 0; t < axis->n_taps; t++)
    weight[t] = axis->weight[t * axis->n + i];
  sam_kernels ()->blend (out, rows, weight, axis->n_taps, n);
}

/* Row y of the logits at the input's width. Two neighbours are needed at a time: even and odd have
 * a place each. */
static const float *
get_first (SamUpsampleRows *rows, size_t y)
{
  int place = y & 1;

  if (rows->first_row[place] != y)
    {
      stretch_row (&rows->upsampler->x_first, rows->values + y * rows->upsampler->side,
                   rows->first[place]);
      rows->first_row[place] = y;
    }

  return rows->first[place];
}

/* Row y of the map below the picture, at the picture's width. */
static const float *
get_last (SamUpsampleRows *rows, size_t y)
{
  const SamUpsampler *upsampler = rows->upsampler;
  size_t              place = y & (upsampler->x_last.n_taps - 1);

  if (rows->last_row[place] != y)
    {
      const float *below = rows->values + y * upsampler->side;

      if (upsampler->x_first.n_taps != 0)
        {
          const SamAxis *axis = &upsampler->y_first;
          const float   *around[2] = { get_first (rows, axis->index[y]),
                                       get_first (rows, axis->index[axis->n + y]) };

          blend_rows (axis, y, around, rows->middle, upsampler->x_first.n);
          below = rows->middle;
        }
      stretch_row (&upsampler->x_last, below, rows->last[place]);
      rows->last_row[place] = y;
    }

  return rows->last[place];
}

void
sam_upsample_rows_get (SamUpsampleRows *rows, size_t y_image, float *out)
{
  const SamAxis *axis = &rows->upsampler->y_last;
  const float   *around[4];

  for (size_t t = 0; t < axis->n_taps; t++)
    around[t] = get_last (rows, axis->index[t * axis->n + y_image]);
  blend_rows (axis, y_image, around, out, rows->upsampler->geometry.width);
}

static float
middle_at (const SamGeometry *geometry, size_t side, const float *values, size_t x, size_t y)
{
  uint32_t ix[2], iy[2];
  float    wx[2], wy[2], row[2];

  if (geometry->upsample != SAM_UPSAMPLE_TWO_STEP)
    return values[y * side + x];

  sam_axis_find_taps (side, geometry->input, 2, (float) x + 0.5f, ix, wx);
  sam_axis_find_taps (side, geometry->input, 2, (float) y + 0.5f, iy, wy);
  for (int k = 0; k < 2; k++)
    row[k] = wx[0] * values[iy[k] * side + ix[0]] + wx[1] * values[iy[k] * side + ix[1]];

  return wy[0] * row[0] + wy[1] * row[1];
}

float
sam_upsample_at (const SamGeometry *geometry,
                 size_t             side,
                 const float       *values,
                 size_t             x_image,
                 size_t             y_image)
{
  gboolean two_step = geometry->upsample == SAM_UPSAMPLE_TWO_STEP;
  size_t   n_taps = geometry->upsample == SAM_UPSAMPLE_BICUBIC ? 4 : 2;
  uint32_t ix[4], iy[4];
  float    wx[4], wy[4], sum = 0;

  sam_axis_find_taps (two_step ? geometry->resized_width : side, geometry->width, n_taps,
                      (float) x_image + 0.5f, ix, wx);
  sam_axis_find_taps (two_step ? geometry->resized_height : side, geometry->height, n_taps,
                      (float) y_image + 0.5f, iy, wy);
  for (size_t j = 0; j < n_taps; j++)
    {
      float row = 0;

      for (size_t i = 0; i < n_taps; i++)
        row += wx[i] * middle_at (geometry, side, values, ix[i], iy[j]);
      sum += wy[j] * row;
    }

  return sum;
}
