/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which rows and columns of a map are identical, and putting back those that were left out. */
#include "config.h"

#include "samcore/nn/sam-padding.h"

#include <string.h>

#include "samcore/sam-parallel.h"

#define PIECE (256 << 10) /* bytes that are worth a piece */

SamUniform
sam_uniform_after (SamUniform uniform, SamTaps taps)
{
  const size_t end = uniform.end + taps.before;

  return (SamUniform) { (uniform.first + taps.before + taps.stride - 1) / taps.stride,
                        end >= taps.side ? (end - taps.side) / taps.stride + 1 : 0 };
}

SamPadding
sam_padding_begin (size_t n, size_t seen, SamUniform last, size_t scale)
{
  size_t spare = last.end > last.first ? (last.end - last.first - 1) * scale : 0;

  return (SamPadding) { n - spare, seen, spare };
}

SamPadding
sam_padding_after (SamPadding padding, SamTaps taps)
{
  size_t at = sam_uniform_after ((SamUniform) { padding.at, padding.n }, taps).first;

  return (SamPadding) { (padding.n - 1) / taps.stride + 1, at, padding.spare / taps.stride };
}

typedef struct
{
  float *at;
  size_t n; /* floats of a row */
} Copies;

static void
copy_rows (size_t first, size_t last, gpointer data)
{
  const Copies *copies = data;

  for (size_t i = first; i < last; i++)
    memcpy (copies->at + (i + 1) * copies->n, copies->at, copies->n * sizeof (float));
}

/* [n, c] with n + spare places' room for it; moves it to @to, which is not before it */
static void
restore_row (float *to, const float *row, SamPadding w, size_t c)
{
  const size_t before = (w.at + 1) * c;

  memmove (to + before + w.spare * c, row + before, (w.n * c - before) * sizeof *to);
  memmove (to, row, before * sizeof *to);
  copy_rows (0, w.spare, &(Copies) { to + w.at * c, c });
}

void
sam_padding_restore (float *y, SamPadding h, SamPadding w, size_t c)
{
  const size_t row = (w.n + w.spare) * c;
  const size_t below = (h.at + 1) * row;
  Copies       rows = { y + h.at * row, row };

  if (w.spare > 0)
    for (size_t i = h.n; i-- > 0;)
      restore_row (y + i * row, y + i * w.n * c, w, c);
  if (h.spare == 0)
    return;

  memmove (y + below + h.spare * row, y + below, (h.n * row - below) * sizeof *y);
  sam_parallel_for (h.spare, PIECE / (row * sizeof *y) + 1, copy_rows, &rows);
}
