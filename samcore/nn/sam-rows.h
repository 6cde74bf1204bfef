/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows that a product with a matrix reads. Internal. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Layer norm of a row; weight, bias: [in] */
typedef struct
{
  const float *weight, *bias;
  float        eps;
} SamRowNorm;

#define SAM_ROW_ZERO UINT32_MAX

/* Makes rows [first, last) of an array that nobody has read yet, in the thread that reads them
 * first and finds them in its cache. first and last are multiples of rows, or the end; each row is
 * asked for once. */
typedef struct
{
  void (*make) (const void *data, size_t first, size_t last);
  const void *data;
  size_t      rows;
} SamRowMaker;

/* The rows [n, in] that a product reads: rows of x, ld floats apart, in this order or in that of
 * index (each an x row's number or SAM_ROW_ZERO), normalised if norm is set, but not those of
 * zeros; then row i of add, [n, in], is added. maker: makes x, or NULL if x is there; then the rows
 * are in order. */
typedef struct
{
  const float       *x;
  size_t             ld;
  const uint32_t    *index;
  const SamRowNorm  *norm;
  const float       *add;
  const SamRowMaker *maker;
} SamRows;

/* Where a product's rows come from: row @row, [in], where it is or made in buffer [in]. maker: as
 * above. */
typedef struct
{
  const float *(*row) (const void *data, size_t row, size_t in, float *buffer);
  const void        *data;
  const SamRowMaker *maker;
} SamRowSource;

/* rows must outlive it. */
SamRowSource sam_rows_source (const SamRows *rows);

/* Makes those of [first, last) that have a maker. */
void sam_row_source_make (const SamRowSource *source, size_t first, size_t last);
