/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exact Euclidean distance transform (Meijster, Roerdink and Hesselink 2000).
 *
 *   1. columns: rows to the nearest site up or down
 *   2. rows: pixel x is nearest to the column i that minimises (x - i)² + rows(i)²: the lower
 *      envelope of parabolas, found from left to right with a stack
 *
 * All in integers. */
#include "config.h"

#include "samcore/mask/sam-distance.h"

#include <string.h>

/* more than any reach */
#define FAR (G_MAXUINT32 / 2)

gboolean
sam_distance_init (SamDistance   *distance,
                   const uint8_t *coverage,
                   size_t         width,
                   size_t         height,
                   uint8_t        flip,
                   uint8_t        level,
                   size_t         reach,
                   size_t         first,
                   size_t         last)
{
  size_t y_end;

  memset (distance, 0, sizeof *distance);
  distance->coverage = coverage;
  distance->width = width;
  distance->height = height;
  distance->flip = flip;
  distance->level = level;
  distance->reach = MIN (reach, height);
  distance->first = first;
  distance->last = last;
  distance->y = first;

  distance->below = g_try_malloc_n (last - first, width * sizeof (uint32_t));
  distance->above = g_try_new (uint32_t, width);
  distance->column = g_try_new (int32_t, width);
  distance->stack = g_try_new (int32_t, width);
  distance->start = g_try_new (int64_t, width);
  if (distance->below == NULL || distance->above == NULL || distance->column == NULL ||
      distance->stack == NULL || distance->start == NULL)
    {
      sam_distance_clear (distance);
      return FALSE;
    }

  /* down to the nearest site: from below upwards; rows under the band pass through its last row */
  y_end = MIN (height, last + distance->reach);
  for (size_t y = y_end; y-- > first;)
    {
      const uint8_t  *row = coverage + y * width;
      uint32_t       *out = distance->below + (MIN (y, last - 1) - first) * width;
      const uint32_t *under = distance->below + (MIN (y + 1, last - 1) - first) * width;
      gboolean        lowest = y + 1 == y_end;

      for (size_t x = 0; x < width; x++)
        out[x] = (row[x] ^ distance->flip) >= distance->level ? 0 : lowest ? FAR : under[x] + 1;
    }

  for (size_t x = 0; x < width; x++)
    distance->above[x] = FAR;
  for (size_t y = first > distance->reach ? first - distance->reach : 0; y < first; y++)
    for (size_t x = 0; x < width; x++)
      distance->above[x] = (coverage[y * width + x] ^ distance->flip) >= distance->level
                             ? 0
                             : distance->above[x] + 1;

  return TRUE;
}

void
sam_distance_clear (SamDistance *distance)
{
  g_clear_pointer (&distance->below, g_free);
  g_clear_pointer (&distance->above, g_free);
  g_clear_pointer (&distance->column, g_free);
  g_clear_pointer (&distance->stack, g_free);
  g_clear_pointer (&distance->start, g_free);
}

/* Steps the columns' distances on to row y. */
static void
find_columns (SamDistance *distance, size_t y)
{
  const uint8_t  *row = distance->coverage + y * distance->width;
  const uint32_t *below = distance->below + (y - distance->first) * distance->width;
  uint32_t       *above = distance->above;
  uint32_t        reach = (uint32_t) distance->reach;

  for (size_t x = 0; x < distance->width; x++)
    {
      above[x] = (row[x] ^ distance->flip) >= distance->level ? 0 : above[x] + 1;
      if (MIN (above[x], below[x]) > reach)
        distance->column[x] = SAM_DISTANCE_NONE;
      else if (above[x] <= below[x])
        distance->column[x] = -(int32_t) above[x];
      else
        distance->column[x] = (int32_t) below[x];
    }
}

/* The first x from which column j is nearer than column i < j, perhaps beyond the row. */
static int64_t
find_start (const int32_t *column, int64_t i, int64_t j)
{
  int64_t numerator = j * j - i * i + (int64_t) column[j] * column[j] -
                      (int64_t) column[i] * column[i];
  int64_t denominator = 2 * (j - i);
  int64_t quotient = numerator / denominator;

  /* floor, then the next one */
  return quotient - (numerator % denominator < 0) + 1;
}

void
sam_distance_next_row (SamDistance *distance, SamOffset *offsets)
{
  const int32_t *column = distance->column;
  int32_t       *stack = distance->stack;
  int64_t       *start = distance->start;
  int64_t        width = (int64_t) distance->width;
  int64_t        n = 0;

  find_columns (distance, distance->y++);

  for (int64_t j = 0; j < width; j++)
    {
      int64_t from = 0;

      if (column[j] == SAM_DISTANCE_NONE)
        continue;
      /* between two sites of this row only the pixel itself is nearest to it: no parabola needed */
      if (column[j] == 0 && j > 0 && j + 1 < width && column[j - 1] == 0 && column[j + 1] == 0)
        continue;

      while (n > 0)
        {
          from = find_start (column, stack[n - 1], j);
          if (from > start[n - 1])
            break;
          n--;
          from = 0;
        }
      if (from < width)
        {
          stack[n] = (int32_t) j;
          start[n] = from;
          n++;
        }
    }

  if (n == 0)
    {
      for (int64_t x = 0; x < width; x++)
        offsets[x] = (SamOffset) { 0, column[x] };
      return;
    }

  for (int64_t x = 0, k = 0; x < width; x++)
    {
      while (k + 1 < n && start[k + 1] <= x)
        k++;
      if (column[x] == 0)
        offsets[x] = (SamOffset) { 0, 0 };
      else
        offsets[x] = (SamOffset) { (int32_t) (stack[k] - x), column[stack[k]] };
    }
}
