/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connected regions.
 *
 *   1. rows ──▶ runs of pixels within the range
 *   2. runs that touch runs of the row above share a region: union by the smaller root
 *   3. roots numbered in reading order; areas
 *
 * Memory goes with the number of runs, not of pixels. */
#include "config.h"

#include "samcore/mask/sam-regions.h"

#include <string.h>

#include "samcore/sam-error.h"

static gboolean
no_memory (GError **error)
{
  g_set_error_literal (error, SAM_ERROR, SAM_ERROR_NO_MEMORY,
                       "Not enough memory to find the mask's regions");
  return FALSE;
}

/* The runs of all rows; each its own region for now. */
static gboolean
find_runs (SamRegions    *regions,
           const uint8_t *coverage,
           size_t         width,
           size_t         height,
           uint8_t        low,
           uint8_t        high)
{
  size_t  n_runs = 0, n_allocated = 0;
  uint8_t range = high - low;

  regions->row_start = g_try_new (size_t, height + 1);
  if (regions->row_start == NULL)
    return FALSE;

  for (size_t y = 0; y < height; y++)
    {
      const uint8_t *row = coverage + y * width;
      size_t         x = 0;

      regions->row_start[y] = n_runs;
      while (TRUE)
        {
          size_t x0;

          /* one comparison: what is below low wraps around to far above the range */
          while (x < width && (uint8_t) (row[x] - low) > range)
            x++;
          if (x == width)
            break;
          x0 = x;
          while (x < width && (uint8_t) (row[x] - low) <= range)
            x++;

          if (n_runs == n_allocated)
            {
              SamRun *runs;

              n_allocated = n_allocated > 0 ? 2 * n_allocated : 1024;
              runs = n_allocated < G_MAXUINT32 ? g_try_renew (SamRun, regions->runs, n_allocated)
                                               : NULL;
              if (runs == NULL)
                return FALSE;
              regions->runs = runs;
            }
          regions->runs[n_runs] = (SamRun) { (uint32_t) x0, (uint32_t) x, (uint32_t) y,
                                             (uint32_t) n_runs };
          n_runs++;
        }
    }
  regions->row_start[height] = n_runs;

  return TRUE;
}

static uint32_t
find_root (SamRun *runs, uint32_t i)
{
  while (runs[i].region != i)
    {
      runs[i].region = runs[runs[i].region].region; /* halves the path */
      i = runs[i].region;
    }

  return i;
}

static void
join_rows (SamRegions *regions, size_t height, gboolean diagonal)
{
  SamRun *runs = regions->runs;
  size_t  reach = diagonal ? 1 : 0;

  for (size_t y = 1; y < height; y++)
    {
      size_t i = regions->row_start[y - 1], i_end = regions->row_start[y];
      size_t j = i_end, j_end = regions->row_start[y + 1];

      while (i < i_end && j < j_end)
        {
          if (runs[i].x0 < runs[j].x1 + reach && runs[j].x0 < runs[i].x1 + reach)
            {
              uint32_t a = find_root (runs, (uint32_t) i), b = find_root (runs, (uint32_t) j);

              if (a < b)
                runs[b].region = a;
              else
                runs[a].region = b;
            }
          if (runs[i].x1 < runs[j].x1)
            i++;
          else
            j++;
        }
    }
}

gboolean
sam_regions_init (SamRegions    *regions,
                  const uint8_t *coverage,
                  size_t         width,
                  size_t         height,
                  uint8_t        low,
                  uint8_t        high,
                  gboolean       diagonal,
                  GError       **error)
{
  size_t n_runs;

  memset (regions, 0, sizeof *regions);

  if (! find_runs (regions, coverage, width, height, low, high))
    {
      sam_regions_clear (regions);
      return no_memory (error);
    }
  join_rows (regions, height, diagonal);

  n_runs = regions->row_start[height];
  for (size_t i = 0; i < n_runs; i++)
    regions->n_regions += regions->runs[i].region == i;

  regions->regions = g_try_new0 (SamRegion, MAX (regions->n_regions, 1));
  if (regions->regions == NULL)
    {
      sam_regions_clear (regions);
      return no_memory (error);
    }

  /* A run's root stands before it, so it has its number already when the run comes. */
  regions->n_regions = 0;
  for (size_t i = 0; i < n_runs; i++)
    {
      SamRun    *run = &regions->runs[i];
      SamRegion *region;

      run->region = run->region == i ? (uint32_t) regions->n_regions++
                                     : regions->runs[run->region].region;
      region = &regions->regions[run->region];
      region->area += run->x1 - run->x0;
      region->at_border |= run->x0 == 0 || run->x1 == width || run->y == 0 || run->y == height - 1;
    }

  return TRUE;
}

void
sam_regions_clear (SamRegions *regions)
{
  g_clear_pointer (&regions->runs, g_free);
  g_clear_pointer (&regions->row_start, g_free);
  g_clear_pointer (&regions->regions, g_free);
  regions->n_regions = 0;
}

uint32_t
sam_regions_at (const SamRegions *regions, size_t height, size_t x, size_t y)
{
  size_t first, last;

  if (y >= height)
    return G_MAXUINT32;

  first = regions->row_start[y];
  last = regions->row_start[y + 1];
  while (first < last)
    {
      size_t        middle = first + (last - first) / 2;
      const SamRun *run = &regions->runs[middle];

      if (x < run->x0)
        last = middle;
      else if (x >= run->x1)
        first = middle + 1;
      else
        return run->region;
    }

  return G_MAXUINT32;
}
