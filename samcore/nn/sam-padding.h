/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A side of a map, of which a part may be left out because it is alike. Internal.
 *
 * Below a picture that is wider than high the input is zeros, a quarter or a third of it, and right
 * of one that is higher than wide. A convolution makes rows that are alike of rows that are alike,
 * but for those that also look at others or at the border. So a map without all but one of these
 * goes through convolutions just as well, and gets its copies of that one at the end. What has to
 * do with all places of a map must count them. */
#pragma once

#include <stddef.h>

/* Rows or columns [first, end) are alike; none if first >= end. */
typedef struct
{
  size_t first, end;
} SamAlike;

/* n are there; the one at @at stands for itself and for spare others that are left out after it */
typedef struct
{
  size_t n, at, spare;
} SamSide;

/* After a 3x3 convolution with padding 1. */
SamAlike sam_alike_after (SamAlike alike, size_t stride);

/* Of @n, of which those from @seen on are alike. @last: what is alike after all convolutions, at a
 * scale of 1 : @scale, of which n is a multiple. */
SamSide sam_side_begin (size_t n, size_t seen, SamAlike last, size_t scale);
SamSide sam_side_after (SamSide side, size_t stride);

/* y: in, [h.n, w.n, c]; out, with what was left out, in the same place */
void sam_sides_restore (float *y, SamSide h, SamSide w, size_t c);
