/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The exact Euclidean distance transform with the way to the nearest site, row by row. Internal. */
#pragma once

#include <stdint.h>

#include <glib.h>

/**
 * SamDistance:
 *
 * Sites are the pixels with (value ^ flip) >= level. The transform reads at most @reach rows up and
 * down and works on rows first .. last - 1 only, so that a picture can be cut into bands. A
 * caller's struct, one per thread.
 */
typedef struct
{
  const uint8_t *coverage; /* [height, width] */
  size_t         width, height;
  uint8_t        flip; /* 255 for the inverted mask, otherwise 0 */
  uint8_t        level;
  size_t         reach;
  size_t         first, last;
  uint32_t      *below;  /* [last - first, width]: rows down to the nearest site at or below */
  uint32_t      *above;  /* [width]: rows up to the nearest site at or above, of the current row */
  size_t         y;      /* the row that comes next */
  int32_t       *column; /* [width]: signed rows to the column's nearest site */
  int32_t       *stack;  /* [width]: columns whose parabola is part of the lower envelope … */
  int64_t       *start;  /* [width]: … from this x on */
} SamDistance;

/* The way from a pixel to its nearest site; none if @dy is SAM_DISTANCE_NONE. Among several that
 * are equally near, one of them. */
#define SAM_DISTANCE_NONE G_MAXINT32
typedef struct
{
  int32_t dx, dy;
} SamOffset;

/* FALSE when there is no memory. */
gboolean sam_distance_init (SamDistance   *distance,
                            const uint8_t *coverage,
                            size_t         width,
                            size_t         height,
                            uint8_t        flip,
                            uint8_t        level,
                            size_t         reach,
                            size_t         first,
                            size_t         last);
void     sam_distance_clear (SamDistance *distance);

/* The next row, from first on: offsets: [width] */
void sam_distance_next_row (SamDistance *distance, SamOffset *offsets);
