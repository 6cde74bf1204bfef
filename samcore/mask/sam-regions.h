/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The connected regions of a mask's pixels within a range of values, as runs in rows. Internal. */
#pragma once

#include <stdint.h>

#include <glib.h>

typedef struct
{
  uint32_t x0, x1; /* right exclusive */
  uint32_t y;
  uint32_t region;
} SamRun;

typedef struct
{
  size_t   area;
  gboolean at_border; /* of the picture */
} SamRegion;

/* Runs are in reading order; those of row y are row_start[y] .. row_start[y + 1] - 1. Regions are
 * numbered in the order of their first run. */
typedef struct
{
  SamRun    *runs;
  size_t    *row_start; /* [height + 1] */
  SamRegion *regions;
  size_t     n_regions;
} SamRegions;

/* Pixels of @coverage with low <= value <= high; neighbours in four directions, or eight if
 * @diagonal. SAM_ERROR_NO_MEMORY */
gboolean sam_regions_init (SamRegions    *regions,
                           const uint8_t *coverage,
                           size_t         width,
                           size_t         height,
                           uint8_t        low,
                           uint8_t        high,
                           gboolean       diagonal,
                           GError       **error);
void     sam_regions_clear (SamRegions *regions);

/* The region at a pixel, G_MAXUINT32 where there is none or outside the picture's height. */
uint32_t sam_regions_at (const SamRegions *regions, size_t height, size_t x, size_t y);
