/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Matrix products of packed operands, c (+)= a b, in float32.
 *
 *   a: strips, each [k / 16][STRIP][16]: cache lines of the rows in turn, so that the rows of a
 *   strip lie at
 *      constant distances, and packing is copying
 *   b: panels, each [k][PANEL], zeros beyond the last column
 *
 * A tile of the result, STRIP x PANEL, stays in registers while it runs over DEPTH of k. */
#include "kernels.h"
#include "vector-tiles.h"

#include <stdint.h>

#define LINE  16  /* floats */
#define DEPTH 768 /* of k: what is used of a panel stays in the level 2 cache */

INLINE void
tile (const size_t rows,
      const size_t vectors,
      float       *c,
      size_t       ldc,
      const void  *strip,
      const void  *panel,
      size_t       n_lines,
      size_t       columns,
      bool         add,
      const char  *ahead,
      size_t       n_ahead)
{
  const float *a = strip, *b = panel;
  Vec          sums[STRIP][2] = { { { 0 } } };

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

              sums[r][0] = add_multiple (sums[r][0], f, b0);
              if (vectors > 1)
                sums[r][1] = add_multiple (sums[r][1], f, b1);
            }
        }
    }

  store (rows, c, ldc, sums, columns, add);
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
  const size_t k_whole = sam_n_lines (&KERNEL (gemm_f32), k) * LINE; /* k rounded up to lines */
  float       *to = panels;

  for (size_t column = 0; column < n; column += PANEL)
    {
      size_t columns = n - column < PANEL ? n - column : PANEL;

      if (columns < PANEL || k < k_whole)
        memset (to, 0, k_whole * PANEL * sizeof *to);
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
      to += k_whole * PANEL;
    }
}

static void
gemm (float *c, size_t ldc, const void *a, const void *b, size_t m, size_t n, size_t k, bool add)
{
  all_tiles (&KERNEL (gemm_f32), DEPTH, c, ldc, a, b, m, n, k, add);
}

const SamGemm KERNEL (gemm_f32) = { STRIP, PANEL, LINE, pack_row, pack_columns, gemm };
