/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cutting a map into windows for attention, and putting them together again. Internal. */
#pragma once

#include "samcore/nn/sam-layers.h"

/* Windows in a row: those that cover n, the last perhaps beyond its end. */
static inline size_t
sam_window_count (size_t n, size_t window)
{
  return (n + window - 1) / window;
}

/* What an attention works on: the map itself, or windows. */
typedef struct
{
  size_t h, w; /* of one window */
  size_t n_windows;
  size_t n; /* places of all windows */
} SamGrid;

/* Of a map [h, w]; window 0: the map itself. */
static inline SamGrid
sam_window_grid (size_t window, size_t h, size_t w)
{
  SamGrid grid = { h, w, 1, h * w };

  if (window != 0)
    {
      grid.h = grid.w = window;
      grid.n_windows = sam_window_count (h, window) * sam_window_count (w, window);
      grid.n = grid.n_windows * window * window;
    }

  return grid;
}

/* x: [h, w, c]  y: [windows down, windows across, window, window, c]
 * Places outside the map get pad [c]: what the layers before make of a zero. */
void sam_window_partition (float       *y,
                           const float *x,
                           size_t       h,
                           size_t       w,
                           size_t       c,
                           size_t       window,
                           const float *pad);
/* The way back; what lies outside is dropped. x: as y above  y: [h, w, c] */
void sam_window_reverse (float *y, const float *x, size_t h, size_t w, size_t c, size_t window);

/* Attention in each of n windows. a: the first window's; the next ones' q, k, v, o and rel_* lie
 * q_step … floats further. */
void sam_window_attention (const SamAttention *a,
                           size_t              n,
                           size_t              q_step,
                           size_t              kv_step,
                           size_t              o_step);

/* y = x + proj (attention (qkv (norm (x)))) in windows    x, y: [h, w, width], y may be x With
 * residual, a block that pools: queries are the maxima of 2x2 places, and so is what stands for x,
 * residual (norm (x)); y: [h / 2, w / 2, width] A place's q lies at 0 of what qkv makes of it, k
 * and v at k_offset and v_offset; attention holds the rest: strides, heads, scale, biases,
 * arithmetic. pad: what qkv makes of a place outside the map, or NULL if windows cover it exactly.
 * A piece is some windows, from their rows of x to their rows of y, so nothing wide is stored. */
typedef struct
{
  const SamNorm   *norm;
  const SamLinear *qkv, *proj, *residual;
  const float     *pad;
  size_t           window, k_offset, v_offset;
  SamAttention     attention;
} SamWindowBlock;

void
sam_window_block_run (const SamWindowBlock *block, float *y, const float *x, size_t h, size_t w);
