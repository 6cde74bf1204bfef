/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A product's tiles in order, for all precisions: so deep into k at a time that what is used of a
 * panel stays in the cache while the strips pass it. Who includes this makes any_tile(). */
#pragma once

#include "kernel.h"

/* A tile over @n_lines lines of k, c: [rows, columns], rows ldc apart; a and b: where these lines
 * begin in its strip and its panel. On the way it has @n_ahead cache lines fetched for each of its
 * own, from @ahead on. */
static void any_tile (size_t      rows,
                      float      *c,
                      size_t      ldc,
                      const void *a,
                      const void *b,
                      size_t      n_lines,
                      size_t      columns,
                      bool        add,
                      const char *ahead,
                      size_t      n_ahead);

/* depth: of k, in whole lines, and in whole parts where there are parts */
INLINE void
all_tiles (const SamGemm *gemm,
           size_t         depth,
           float         *c,
           size_t         ldc,
           const char    *strips,
           const char    *panels,
           size_t         m,
           size_t         n,
           size_t         k,
           bool           add)
{
  const size_t strip_bytes = sam_strips_bytes (gemm, gemm->strip, k);
  const size_t panel_bytes = sam_panels_bytes (gemm, gemm->panel, k);
  const size_t n_strips = (m + gemm->strip - 1) / gemm->strip;
  const size_t n_ahead = (gemm->panel + n_strips - 1) /
                         n_strips; /* a line of k: as many cache lines as columns */

  for (size_t p = 0; p < k; p += depth)
    for (size_t column = 0; column < n; column += gemm->panel)
      {
        const char *strip = strips + sam_strips_bytes (gemm, gemm->strip, p);
        const char *panel = panels + column / gemm->panel * panel_bytes +
                            sam_panels_bytes (gemm, gemm->panel, p);
        const char  *ahead = panel + panel_bytes;
        const size_t n_lines = ((k - p < depth ? k - p : depth) + gemm->line - 1) / gemm->line;
        const size_t columns = n - column < gemm->panel ? n - column : gemm->panel;

        for (size_t row = 0; row < m;
             row += gemm->strip, strip += strip_bytes, ahead += 64 * n_ahead * n_lines)
          any_tile (m - row < gemm->strip ? m - row : gemm->strip, c + row * ldc + column, ldc,
                    strip, panel, n_lines, columns, add || p > 0, ahead, n_ahead);
      }
}
