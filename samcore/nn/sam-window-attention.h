/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attention within windows of a map: cutting it into windows, attention in each, and putting them
 * together again. Internal. */
#pragma once

#include "samcore/nn/sam-layers.h"

/* How many windows cover n places; the last may reach beyond the end. */
static inline size_t
sam_window_attention_count (size_t n, size_t window)
{
  return (n + window - 1) / window;
}

/* What attention works on: the map itself, or windows of it. */
typedef struct
{
  size_t h, w; /* of one window */
  size_t n_windows;
  size_t n; /* places in all windows */
} SamWindowGrid;

/* Of a map [h, w]; window 0: the map itself. */
static inline SamWindowGrid
sam_window_attention_grid (size_t window, size_t h, size_t w)
{
  SamWindowGrid grid = { h, w, 1, h * w };

  if (window != 0)
    {
      grid.h = grid.w = window;
      grid.n_windows = sam_window_attention_count (h, window) *
                       sam_window_attention_count (w, window);
      grid.n = grid.n_windows * window * window;
    }

  return grid;
}

/* x: [h, w, c]  y: [windows down, windows across, window, window, c]
 * Places outside the map get pad [c]: what the layers before make of a zero. */
void sam_window_attention_partition (float       *y,
                                     const float *x,
                                     size_t       h,
                                     size_t       w,
                                     size_t       c,
                                     size_t       window,
                                     const float *pad);
/* The way back; what lies outside is dropped. x: as y above  y: [h, w, c] */
void sam_window_attention_reverse (float       *y,
                                   const float *x,
                                   size_t       h,
                                   size_t       w,
                                   size_t       c,
                                   size_t       window);

/* Attention in each of n windows. a: the first window's; the next one's q lies q_step floats
 * further, k and v kv_step, o o_step; rel_h and rel_w follow each other. */
void sam_window_attention_each (const SamAttention *a,
                                size_t              n,
                                size_t              q_step,
                                size_t              kv_step,
                                size_t              o_step);

/* A block of attention within windows:
 *
 *   y = x + proj (attention (qkv (norm (x))))    x, y: [h, w, width], y may be x
 *
 * With residual, a block that pools: queries are the maxima of 2x2 places, and in place of x stand
 * those of residual (norm (x)); y: [h / 2, w / 2, width].
 *
 * A place's q lies at 0 of what qkv makes of it, k and v at k_offset and v_offset; attention holds
 * the rest: strides, heads, scale, biases, arithmetic. pad: what qkv makes of a place outside the
 * map, or NULL if windows cover it exactly.
 *
 * A thread's piece is some windows, from their rows of x to their rows of y, so nothing wide is
 * stored. */
typedef struct
{
  const SamNorm   *norm;
  const SamLinear *qkv, *proj, *residual;
  const float     *pad;
  size_t           window, k_offset, v_offset;
  SamAttention     attention;
} SamWindowAttention;

void sam_window_attention_run (const SamWindowAttention *block,
                               float                    *y,
                               const float              *x,
                               size_t                    h,
                               size_t                    w);
