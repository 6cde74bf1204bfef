/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Matrix products of packed operands, c (+)= a b, in float32.
 *
 *   a: strips, each [k / 16][STRIP][16]: cache lines of the rows in turn, so that the rows of a strip lie at
 *      constant distances, and packing is copying
 *   b: panels, each [k][PANEL], zeros beyond the last column
 *
 * A tile of the result, STRIP x PANEL, stays in registers while it runs over a part of k. */
#include "kernel.h"
#include "kernels.h"

#include <stdint.h>

typedef float Vec __attribute__ ((vector_size (4 * SAM_LANES)));

#if SAM_LANES == 16
#define STRIP 14 /* 28 sums, two columns of b, one of a: 31 of 32 registers */
#else
#define STRIP 6 /* 12 sums of 16 registers */
#endif
#define PANEL (2 * SAM_LANES)
#define LINE  16 /* floats */
#define PART  768 /* of k: what is used of a panel stays in the level 2 cache */

#define INLINE static inline __attribute__ ((always_inline))

INLINE Vec
load (const float *x)
{
  Vec v;

  memcpy (&v, x, sizeof v);
  return v;
}

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
            Vec    s  = add ? load (to) + sums[r][v] : sums[r][v];

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

INLINE void
tile (const size_t rows, const size_t vectors, float *c, size_t ldc, const float *a, const float *b, size_t n_lines,
      size_t columns, bool add, const char *ahead, size_t n_ahead)
{
  Vec sums[STRIP][2] = { { { 0 } } };

  for (; n_lines > 0; n_lines--, a += STRIP * LINE)
    {
      ahead = fetch_ahead (ahead, n_ahead);
      for (size_t p = 0; p < LINE; p++, b += PANEL)
        {
          Vec b0 = load (b), b1 = load (b + SAM_LANES);

#pragma GCC unroll 16
          for (size_t r = 0; r < rows; r++)
            {
              float f = a[r * LINE + p];

              sums[r][0] += f * b0;
              if (vectors > 1)
                sums[r][1] += f * b1;
            }
        }
    }

  store (rows, c, ldc, sums, columns, add);
}

#define TILE(rows)                                                           \
  case rows:                                                                 \
    if (columns > SAM_LANES)                                                 \
      tile (rows, 2, c, ldc, a, b, n_lines, columns, add, ahead, n_ahead);   \
    else                                                                     \
      tile (rows, 1, c, ldc, a, b, n_lines, columns, add, ahead, n_ahead);   \
    break;

static void
any_tile (size_t rows, float *c, size_t ldc, const float *a, const float *b, size_t n_lines, size_t columns, bool add,
          const char *ahead, size_t n_ahead)
{
  switch (rows)
    {
      TILE (1) TILE (2) TILE (3) TILE (4) TILE (5) TILE (6)
#if STRIP > 6
      TILE (7) TILE (8) TILE (9) TILE (10) TILE (11) TILE (12) TILE (13) TILE (14)
#endif
    }
}

static size_t
whole_lines (size_t k)
{
  return (k + LINE - 1) / LINE * LINE;
}

static void
pack_row (void *to, const float *x, size_t k)
{
  float *line = to;

  for (; k >= LINE; k -= LINE, x += LINE, line += STRIP * LINE)
    memcpy (line, x, LINE * sizeof *x);
  if (k > 0)
    {
      memcpy (line, x, k * sizeof *x);
      memset (line + k, 0, (LINE - k) * sizeof *x);
    }
}

static void
pack_columns (void *panels, const float *b, size_t ldb, bool transposed, size_t n, size_t k)
{
  float *to = panels;

  for (size_t column = 0; column < n; column += PANEL)
    {
      size_t columns = n - column < PANEL ? n - column : PANEL;

      if (columns < PANEL || k < whole_lines (k))
        memset (to, 0, whole_lines (k) * PANEL * sizeof *to);
      if (transposed) /* b: [n, k]; a line at a time, so that both sides stay in the cache */
        {
          for (size_t p = 0; p < k; p += LINE)
            for (size_t i = 0; i < columns; i++)
              for (size_t j = p; j < k && j < p + LINE; j++)
                to[j * PANEL + i] = b[(column + i) * ldb + j];
        }
      else if (columns == PANEL) /* b: [k, n] */
        {
          for (size_t p = 0; p < k; p++)
            memcpy (to + p * PANEL, b + p * ldb + column, PANEL * sizeof *to);
        }
      else
        {
          for (size_t p = 0; p < k; p++)
            memcpy (to + p * PANEL, b + p * ldb + column, columns * sizeof *to);
        }
      to += whole_lines (k) * PANEL;
    }
}

static void
gemm (float *c, size_t ldc, const void *a, const void *b, size_t m, size_t n, size_t k, bool add)
{
  const float *strips = a, *panels = b;
  const size_t end      = whole_lines (k);
  const size_t n_strips = (m + STRIP - 1) / STRIP;
  const size_t n_ahead  = (PANEL * LINE * sizeof *panels / 64 + n_strips - 1) / n_strips;

  for (size_t p = 0; p < end; p += PART)
    for (size_t column = 0; column < n; column += PANEL)
      {
        const float *panel   = panels + column * end + p * PANEL;
        const char  *ahead   = (const char *) (panel + end * PANEL);
        const size_t n_lines = (end - p < PART ? end - p : PART) / LINE;

        for (size_t row = 0; row < m; row += STRIP, ahead += 64 * n_ahead * n_lines)
          any_tile (m - row < STRIP ? m - row : STRIP, c + row * ldc + column, ldc, strips + row * end + p * STRIP,
                    panel, n_lines, n - column < PANEL ? n - column : PANEL, add || p > 0, ahead, n_ahead);
      }
}

const SamGemm KERNEL (gemm_f32) = { STRIP, PANEL, LINE, sizeof (float), pack_row, pack_columns, gemm };
