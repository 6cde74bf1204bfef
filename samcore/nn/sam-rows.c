/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fetching rows for a product: gathered, normalised, added to. */
#include "config.h"

#include "samcore/nn/sam-rows.h"

#include "samcore/kernels/sam-kernels.h"

#include <string.h>

static const float *
normed_row (const SamRows *rows, size_t row, size_t in, float *buffer)
{
  const SamRowNorm *norm = rows->norm;

  if (rows->index != NULL)
    {
      if (rows->index[row] == SAM_ROW_ZERO)
        return memset (buffer, 0, in * sizeof *buffer);
      row = rows->index[row];
    }
  if (norm == NULL)
    return rows->x + row * rows->ld;

  sam_kernels ()->layer_norm (buffer, rows->x + row * rows->ld, norm->weight, norm->bias, norm->eps,
                              1, in);
  return buffer;
}

static const float *
fetch_row (const void *data, size_t row, size_t in, float *buffer)
{
  const SamRows *rows = data;
  const float   *x = normed_row (rows, row, in, buffer);

  if (rows->add == NULL)
    return x;

  sam_kernels ()->add (buffer, x, rows->add + row * in, in);
  return buffer;
}

SamRowSource
sam_rows_source (const SamRows *rows)
{
  return (SamRowSource) { fetch_row, rows, rows->maker };
}

void
sam_row_source_make (const SamRowSource *source, size_t first, size_t last)
{
  if (source->maker != NULL)
    source->maker->make (source->maker->data, first, last);
}
