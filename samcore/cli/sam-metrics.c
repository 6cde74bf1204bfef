/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Measures of how good masks are, each from its definition. */
#include "config.h"

#include "samcore/cli/sam-metrics.h"

#include <math.h>
#include <string.h>

#include "samcore/mask/sam-distance.h"

#define BOUNDARY_WIDTH 0.02 /* of the diagonal */

static const char *const metric_names[SAM_N_METRICS] = {
  "click1",    "click1_oracle",        "click3",       "click5",
  "box",       "boundary_click5",      "boundary_box", "noc85",
  "noc90",     "iou_rank_correlation", "iou",          "boundary_iou",
  "agreement", "agreement_min",        "iou_change",
};

const char *
sam_metric_get_name (SamMetric metric)
{
  return metric_names[metric];
}

double
sam_measure_iou (const uint8_t *a,
                 const uint8_t *b,
                 const uint8_t *ignore,
                 size_t         width,
                 size_t         height)
{
  size_t both = 0, either = 0;

  for (size_t i = 0; i < width * height; i++)
    if (ignore == NULL || ignore[i] < 128)
      {
        both += (a[i] & b[i]) >> 7;
        either += (a[i] | b[i]) >> 7;
      }

  return either > 0 ? (double) both / (double) either : 1.0;
}

/* 255 where a square of reach d around the pixel lies wholly in the mask, and in the picture. */
static uint8_t *
erode (const uint8_t *mask, size_t width, size_t height, size_t d)
{
  uint8_t           *out = g_malloc0_n (height, width);
  g_autofree size_t *rows = g_new0 (size_t, width); /* so many rows up to here hold x ± d wholly */

  for (size_t y = 0; y < height; y++)
    {
      const uint8_t *row = mask + y * width;
      size_t         run = 0;

      for (size_t x = 0; x < width + d; x++)
        {
          run = x < width && row[x] >= 128 ? run + 1 : 0;
          if (x < d)
            continue;
          rows[x - d] = run >= 2 * d + 1 ? rows[x - d] + 1 : 0;
          if (rows[x - d] >= 2 * d + 1)
            out[(y - d) * width + x - d] = 255;
        }
    }

  return out;
}

double
sam_measure_boundary_iou (const uint8_t *a,
                          const uint8_t *b,
                          const uint8_t *ignore,
                          size_t         width,
                          size_t         height)
{
  double              diagonal = hypot ((double) width, (double) height);
  size_t              d = (size_t) MAX (1, rint (BOUNDARY_WIDTH * diagonal));
  g_autofree uint8_t *boundary_a = erode (a, width, height, d);
  g_autofree uint8_t *boundary_b = erode (b, width, height, d);

  for (size_t i = 0; i < width * height; i++)
    {
      boundary_a[i] = a[i] & ~boundary_a[i];
      boundary_b[i] = b[i] & ~boundary_b[i];
    }

  return sam_measure_iou (boundary_a, boundary_b, ignore, width, height);
}

gint64
sam_find_innermost (const uint8_t *region, size_t width, size_t height, size_t *x, size_t *y)
{
  /* a frame of pixels off the region stands for the picture's surroundings */
  size_t                wide = width + 2, high = height + 2;
  g_autofree uint8_t   *framed = g_malloc0_n (high, wide);
  g_autofree SamOffset *offsets = g_new (SamOffset, wide);
  SamDistance           distance;
  gint64                deepest = 0;

  for (size_t j = 0; j < height; j++)
    memcpy (framed + (j + 1) * wide + 1, region + j * width, width);

  if (! sam_distance_init (&distance, framed, wide, high, 0xff, 128, high, 0, high))
    g_error ("%s: not enough memory", G_STRLOC);

  for (size_t j = 0; j < high; j++)
    {
      sam_distance_next_row (&distance, offsets);
      for (size_t i = 0; i < wide; i++)
        {
          gint64 squared = (gint64) offsets[i].dx * offsets[i].dx +
                           (gint64) offsets[i].dy * offsets[i].dy;

          if (squared > deepest)
            {
              deepest = squared;
              *x = i - 1;
              *y = j - 1;
            }
        }
    }
  sam_distance_clear (&distance);

  return deepest;
}

static int
compare_by_value (gconstpointer a, gconstpointer b, gpointer values)
{
  double u = ((const double *) values)[*(const size_t *) a];
  double v = ((const double *) values)[*(const size_t *) b];

  return (u > v) - (u < v);
}

static double *
find_ranks (const double *values, size_t n)
{
  g_autofree size_t *order = g_new (size_t, n);
  double            *ranks = g_new (double, n);

  for (size_t i = 0; i < n; i++)
    order[i] = i;
  g_sort_array (order, n, sizeof *order, compare_by_value, (gpointer) values);
  for (size_t i = 0; i < n;)
    {
      size_t end = i + 1;

      while (end < n && values[order[end]] == values[order[i]])
        end++;
      for (size_t k = i; k < end; k++)
        ranks[order[k]] = (double) (i + end - 1) / 2;
      i = end;
    }

  return ranks;
}

double
sam_rank_correlation (const double *a, const double *b, size_t n)
{
  g_autofree double *rank_a = find_ranks (a, n);
  g_autofree double *rank_b = find_ranks (b, n);
  double             mean = ((double) n - 1) / 2, ab = 0, aa = 0, bb = 0;

  for (size_t i = 0; i < n; i++)
    {
      ab += (rank_a[i] - mean) * (rank_b[i] - mean);
      aa += (rank_a[i] - mean) * (rank_a[i] - mean);
      bb += (rank_b[i] - mean) * (rank_b[i] - mean);
    }

  return aa > 0 && bb > 0 ? ab / sqrt (aa * bb) : NAN;
}
