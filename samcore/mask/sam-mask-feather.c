/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Feathering: a Gaussian blur, as GIMP's Select > Feather does it (standard deviation radius / 3.5;
 * what lies outside the picture is taken to be like its border).
 *
 * Tile by tile: rows blurred into a buffer, then its columns. A tile that is the same all over, as
 * far as the blur reaches, stays so at no cost. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "samcore/sam-error.h"
#include "samcore/sam-image.h"
#include "samcore/kernels/sam-kernels.h"
#include "samcore/sam-mask.h"
#include "samcore/sam-parallel.h"

#define RADIUS_PER_DEVIATION 3.5

typedef struct
{
  const uint8_t *in;
  uint8_t       *out;
  size_t         width, height;
  size_t         reach;
  float         *weights; /* [2 reach + 1], sum 1 */
  size_t         tile;    /* side */
  size_t         n_across;
  int            no_memory; /* atomic */
} Feather;

static size_t
clamp_index (ptrdiff_t i, size_t n)
{
  return i < 0 ? 0 : MIN ((size_t) i, n - 1);
}

static gboolean
is_constant (const Feather *feather, size_t x0, size_t y0, size_t x1, size_t y1)
{
  const uint8_t *first = feather->in + y0 * feather->width + x0;

  for (size_t y = y0; y < y1; y++)
    {
      const uint8_t *row = feather->in + y * feather->width + x0;

      if (row[0] != first[0] || memcmp (row, row + 1, x1 - x0 - 1) != 0)
        return FALSE;
    }

  return TRUE;
}

static void
feather_tile (Feather *feather,
              size_t   number,
              float   *padded, /* [tile + 2 reach] */
              float   *lines,  /* [tile + 2 reach, tile] */
              float   *sums)     /* [tile] */
{
  size_t reach = feather->reach;
  size_t x0 = number % feather->n_across * feather->tile,
         x1 = MIN (x0 + feather->tile, feather->width);
  size_t y0 = number / feather->n_across * feather->tile,
         y1 = MIN (y0 + feather->tile, feather->height);
  size_t n = x1 - x0;

  if (is_constant (feather, x0 > reach ? x0 - reach : 0, y0 > reach ? y0 - reach : 0,
                   MIN (x1 + reach, feather->width), MIN (y1 + reach, feather->height)))
    {
      for (size_t y = y0; y < y1; y++)
        memset (feather->out + y * feather->width + x0, feather->in[y0 * feather->width + x0], n);
      return;
    }

  for (size_t j = 0; j < y1 - y0 + 2 * reach; j++)
    {
      size_t         y = clamp_index ((ptrdiff_t) (y0 + j) - (ptrdiff_t) reach, feather->height);
      const uint8_t *row = feather->in + y * feather->width;

      for (size_t i = 0; i < n + 2 * reach; i++)
        padded[i] = row[clamp_index ((ptrdiff_t) (x0 + i) - (ptrdiff_t) reach, feather->width)];
      sam_kernels ()->correlate (lines + j * n, padded, feather->weights, 2 * reach + 1, 1, n);
    }

  for (size_t y = y0; y < y1; y++)
    {
      uint8_t *out = feather->out + y * feather->width + x0;

      sam_kernels ()->correlate (sums, lines + (y - y0) * n, feather->weights, 2 * reach + 1, n, n);
      for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t) MIN (sums[i] + 0.5f, 255.0f);
    }
}

static void
feather_tiles (size_t first, size_t last, gpointer data)
{
  Feather          *feather = data;
  size_t            side = feather->tile + 2 * feather->reach;
  g_autofree float *padded = g_try_new (float, side);
  g_autofree float *lines = g_try_malloc_n (side, feather->tile * sizeof (float));
  g_autofree float *sums = g_try_new (float, feather->tile);

  if (padded == NULL || lines == NULL || sums == NULL)
    {
      g_atomic_int_set (&feather->no_memory, TRUE);
      return;
    }

  for (size_t i = first; i < last; i++)
    feather_tile (feather, i, padded, lines, sums);
}

SamMask *
sam_mask_feather (const SamMask *mask, double radius, GError **error)
{
  Feather             feather = { 0 };
  g_autoptr (SamMask) result = NULL;
  g_autofree float   *weights = NULL;
  double              deviation, sum = 0;

  if (! (radius > 0))
    return sam_mask_copy (mask, error);

  feather.width = sam_mask_get_width (mask);
  feather.height = sam_mask_get_height (mask);
  result = sam_mask_new_empty (feather.width, feather.height, error);
  if (result == NULL)
    return NULL;

  /* beyond the picture's size nothing changes but the time it takes */
  radius = MIN (radius, (double) MAX (feather.width, feather.height));
  deviation = radius / RADIUS_PER_DEVIATION;
  feather.reach = (size_t) ceil (radius);
  weights = g_new (float, 2 * feather.reach + 1);
  for (size_t k = 0; k < 2 * feather.reach + 1; k++)
    {
      double d = ((double) k - (double) feather.reach) / deviation;

      weights[k] = (float) exp (-0.5 * d * d);
      sum += weights[k];
    }
  for (size_t k = 0; k < 2 * feather.reach + 1; k++)
    weights[k] = (float) (weights[k] / sum);

  feather.in = sam_mask_get_coverage (mask);
  feather.out = (uint8_t *) sam_mask_get_coverage (result);
  feather.weights = weights;
  feather.tile = CLAMP (feather.reach, 128, 1024);
  feather.n_across = (feather.width + feather.tile - 1) / feather.tile;
  sam_parallel_for (feather.n_across * ((feather.height + feather.tile - 1) / feather.tile), 1,
                    feather_tiles, &feather);

  if (feather.no_memory)
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_NO_MEMORY,
                   "Not enough memory to feather a mask of %zu × %zu pixels", feather.width,
                   feather.height);
      return NULL;
    }

  return g_steal_pointer (&result);
}
