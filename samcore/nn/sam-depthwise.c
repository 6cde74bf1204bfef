/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Depthwise convolution, channels last: a kernel call per row; outside lie rows of zeros. */
#include "config.h"

#include "samcore/kernels/sam-kernels.h"
#include "samcore/nn/sam-ops.h"
#include "samcore/sam-parallel.h"
#include "samcore/base/sam-scratch.h"

#include <glib.h>
#include <string.h>

#define BAND 4 /* rows of x that are summed up at once */

size_t
sam_depthwise_row (const SamDepthwiseMap *map)
{
  return (map->w - 1) / map->stride + 1;
}

void
sam_depthwise_make (const void *data, size_t first, size_t last)
{
  const SamDepthwiseMap *map = data;
  const size_t           w_out = sam_depthwise_row (map);
  const size_t           row = map->w * map->c;
  const float           *zeros = sam_scratch_zeros (row);
  const SamDepthwise     layer = { map->k, map->b, map->c, 3, map->stride, 1 };

  for (size_t i = first / w_out; i * w_out < last; i++)
    {
      const float *middle = map->x + i * map->stride * row;
      const float *rows[3] = { i > 0 ? middle - row : zeros, middle,
                               i * map->stride + 1 < map->h ? middle + row : zeros };

      sam_kernels ()->depthwise (map->y + i * w_out * map->c, rows, &layer, map->w, SAM_ACT_NONE);
    }
}

/* Along one side: what a tap meets of n_in places, every stride-th from the first one on. */
typedef struct
{
  size_t first, n;
} Met;

static Met
find_met (const size_t n_in, const size_t stride, const size_t tap)
{
  const size_t n_out = (n_in - 1) / stride + 1;
  const size_t first = tap == 0 ? stride - 1 : tap - 1;

  if (first >= n_in)
    return (Met) { first, 0 };
  return (Met) { first, MIN ((n_in - first - 1) / stride + 1, tap == 0 ? n_out - 1 : n_out) };
}

typedef struct
{
  const SamDepthwiseMap *map;
  SamPadding             h, w;
  float                 *sums; /* [bands, 3, 3, c]: of what each tap meets in each band */
} TapSums;

static void
sum_band (size_t first, size_t last, gpointer data)
{
  const TapSums         *t = data;
  const SamDepthwiseMap *map = t->map;
  const size_t           c = map->c;
  float                 *sums = t->sums + first / BAND * 9 * c;
  float                 *row = sam_scratch_floats (SAM_SCRATCH_ROW, 3 * c);

  for (size_t y = first; y < last; y++)
    {
      memset (row, 0, 3 * c * sizeof *row);
      for (size_t tap = 0; tap < 3; tap++)
        {
          Met met = find_met (map->w, map->stride, tap);

          sam_kernels ()->sum_rows (row + tap * c, map->x + (y * map->w + met.first) * c,
                                    map->stride * c, met.n, c);
          for (size_t i = 0; t->w.spare > 0 && i < c; i++)
            row[tap * c + i] += (float) t->w.spare * map->x[(y * map->w + t->w.at) * c + i];
        }
      if (t->h.spare > 0 && y == t->h.at)
        sam_kernels ()->scale (row, row, (float) (1 + t->h.spare), 3 * c);
      for (size_t tap = 0; tap < 3; tap++)
        {
          Met met = find_met (map->h, map->stride, tap);

          if (y >= met.first && (y - met.first) % map->stride == 0 &&
              (y - met.first) / map->stride < met.n)
            sam_kernels ()->add (sums + tap * 3 * c, sums + tap * 3 * c, row, 3 * c);
        }
    }
}

void
sam_depthwise_mean (const SamDepthwiseMap *map,
                    const SamPadding      *h,
                    const SamPadding      *w,
                    float                 *mean)
{
  const size_t c = map->c;
  const size_t n = ((h->n + h->spare - 1) / map->stride + 1) *
                   ((w->n + w->spare - 1) / map->stride + 1);
  const size_t      n_bands = (map->h + BAND - 1) / BAND;
  g_autofree float *sums = g_new0 (float, (n_bands + 1) * 9 * c);
  float            *total = sums + n_bands * 9 * c;
  TapSums           t = { map, *h, *w, sums };

  sam_parallel_for (map->h, BAND, sum_band, &t);

  sam_kernels ()->sum_rows (total, sums, 9 * c, n_bands, 9 * c);
  for (size_t i = 0; i < c; i++)
    {
      float sum = 0;

      for (size_t tap = 0; tap < 9; tap++)
        sum += total[tap * c + i] * map->k[tap * c + i];
      mean[i] = sum / n + map->b[i];
    }
}
