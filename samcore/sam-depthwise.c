/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Depthwise convolution, channels last: a kernel call per row; outside lie rows of zeros. */
#include "config.h"

#include "samcore/sam-kernels.h"
#include "samcore/sam-ops.h"
#include "samcore/sam-parallel.h"

#include <glib.h>

#define PIECE 16384 /* floats of x: what a thread takes at once */

size_t
sam_depthwise_row (const SamDepthwiseMap *map)
{
  return (map->w - 1) / map->stride + 1;
}

void
sam_depthwise_make (const void *data, size_t first, size_t last)
{
  const SamDepthwiseMap *map   = data;
  const size_t           w_out = sam_depthwise_row (map);
  const size_t           row   = map->w * map->c;

  for (size_t i = first / w_out; i * w_out < last; i++)
    {
      const float *middle  = map->x + i * map->stride * row;
      const float *rows[3] = { i > 0 ? middle - row : map->zeros, middle,
                               i * map->stride + 1 < map->h ? middle + row : map->zeros };

      sam_kernels ()->depthwise3x3 (map->y + i * w_out * map->c, rows, map->k, map->b, map->w, map->c, map->stride,
                                    map->act);
    }
}

typedef struct
{
  const SamDepthwiseMap *map;
  size_t                 grain; /* places */
  float                 *sums;  /* [pieces, c], so that the order of adding is fixed; or NULL */
} Depthwise;

static void
depthwise_places (size_t first, size_t last, gpointer data)
{
  const Depthwise       *d   = data;
  const SamDepthwiseMap *map = d->map;

  sam_depthwise_make (map, first, last);
  if (d->sums != NULL)
    sam_kernels ()->sum_rows (d->sums + first / d->grain * map->c, map->y + first * map->c, last - first, map->c);
}

void
sam_depthwise3x3 (const SamDepthwiseMap *map, float *mean)
{
  const size_t      w_out    = sam_depthwise_row (map);
  const size_t      n        = ((map->h - 1) / map->stride + 1) * w_out;
  const size_t      grain    = MAX (1, PIECE / (map->w * map->c)) * w_out;
  const size_t      n_pieces = (n + grain - 1) / grain;
  g_autofree float *sums     = mean != NULL ? g_new0 (float, n_pieces * map->c) : NULL;
  Depthwise         d        = { map, grain, sums };

  sam_parallel_for (n, grain, depthwise_places, &d);

  for (size_t i = 0; mean != NULL && i < map->c; i++)
    {
      double sum = 0;

      for (size_t piece = 0; piece < n_pieces; piece++)
        sum += sums[piece * map->c + i];
      mean[i] = (float) (sum / n);
    }
}
