/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tiles, STRIP x PANEL, whose sums stay in vector registers. Who includes this makes tile(). */
#pragma once

#include "tiles.h"
#include "vector.h"

#if SAM_LANES == 16
#define STRIP 14 /* 28 sums, two columns of b, one of a: 31 of 32 registers */
#elif defined(__aarch64__)
#define STRIP                                                                                      \
  8 /* 16 sums of 32 registers: with 11 rows or more, compilers keep some of them in memory */
#else
#define STRIP 6 /* 12 sums of 16 registers */
#endif
#define PANEL (2 * SAM_LANES)

/* The sums of a tile into c: columns < PANEL at the right edge. */
INLINE void
store (const size_t rows, float *c, size_t ldc, Vec sums[][2], size_t columns, bool add)
{
  if (columns == PANEL)
    {
#pragma GCC unroll 16
      for (size_t r = 0; r < rows; r++)
        for (size_t v = 0; v < 2; v++)
          {
            float *to = c + r * ldc + v * SAM_LANES;
            Vec    s = add ? load (to) + sums[r][v] : sums[r][v];

            memcpy (to, &s, sizeof s);
          }
    }
  else
    {
#pragma GCC unroll 16
      for (size_t r = 0; r < rows; r++)
        {
          float row[PANEL];

          memcpy (row, sums[r], sizeof row);
          for (size_t i = 0; i < columns; i++)
            c[r * ldc + i] = add ? c[r * ldc + i] + row[i] : row[i];
        }
    }
}

/* any_tile() for these rows; vectors: in which there are columns, 1 or 2 */
INLINE void tile (const size_t rows,
                  const size_t vectors,
                  float       *c,
                  size_t       ldc,
                  const void  *a,
                  const void  *b,
                  size_t       n_lines,
                  size_t       columns,
                  bool         add,
                  const char  *ahead,
                  size_t       n_ahead);

#define TILE(rows)                                                                                 \
  case rows:                                                                                       \
    if (columns > SAM_LANES)                                                                       \
      tile (rows, 2, c, ldc, a, b, n_lines, columns, add, ahead, n_ahead);                         \
    else                                                                                           \
      tile (rows, 1, c, ldc, a, b, n_lines, columns, add, ahead, n_ahead);                         \
    break;

static void
any_tile (size_t      rows,
          float      *c,
          size_t      ldc,
          const void *a,
          const void *b,
          size_t      n_lines,
          size_t      columns,
          bool        add,
          const char *ahead,
          size_t      n_ahead)
{
  switch (rows)
    {
      TILE (1);
      TILE (2);
      TILE (3);
      TILE (4);
      TILE (5);
      TILE (6);
#if STRIP > 6
      TILE (7);
      TILE (8);
#endif
#if STRIP > 8
      TILE (9);
      TILE (10);
      TILE (11);
      TILE (12);
      TILE (13);
      TILE (14);
#endif
    }
}
