/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The padding of a map, computed once instead of many times. Internal.
 *
 * A picture that is wider than high fills only the upper rows of the model's square: below it, a
 * quarter or a third of the input is zeros; right of a high picture likewise. Padding rows are
 * identical, and a convolution maps identical rows to identical rows, except next to a border and
 * to other rows. So one row goes through the convolutions in place of all those that will still be
 * identical at the end, and is copied then. Whatever depends on the number of places in a map, such
 * as a mean, has to count the rows that are left out. Columns likewise. */
#pragma once

#include <stddef.h>

/* Rows or columns [first, end) are identical; none if first >= end. */
typedef struct
{
  size_t first, end;
} SamUniform;

/* One axis of a map. n rows or columns are in memory; the one at @at stands for itself and for
 * @spare others, which are left out and belong after it. */
typedef struct
{
  size_t n, at, spare;
} SamPadding;

/* A convolution along an axis: output i looks at @side inputs from stride i - before on; there are
 * as many outputs as inputs, but for the stride. */
typedef struct
{
  size_t side, stride, before;
} SamTaps;

/* What is identical after the convolution. */
SamUniform sam_uniform_after (SamUniform uniform, SamTaps taps);

/* An axis of @n, on which those from @seen on are identical. @last: what is still identical after
 * all convolutions, at a scale of 1 : @scale, of which n is a multiple; all but one of these are
 * left out. */
SamPadding sam_padding_begin (size_t n, size_t seen, SamUniform last, size_t scale);
SamPadding sam_padding_after (SamPadding padding, SamTaps taps);

/* Puts the copies in. y: in, [h.n, w.n, c]; out, [h.n + h.spare, w.n + w.spare, c] in the same
 * memory */
void sam_padding_restore (float *y, SamPadding h, SamPadding w, size_t c);
