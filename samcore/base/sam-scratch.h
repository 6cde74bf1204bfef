/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory that each thread keeps for what it computes, in slots. Internal.
 *
 * A function that asks for a slot holds it until it returns, or asks for it again; functions that
 * it calls must use other slots:
 *
 *   products (sam-matrix-product.c)     ROW ROWS, PANELS where a matrix had no memory for its own
 *     MLP                               and MIDDLE GROUP; meanwhile rows may be made:
 *       depthwise rows                  ZEROS
 *     transposed convolution            and MIDDLE
 *     inverted bottleneck               and MIDDLE RING SCORES ZEROS
 *     stem                              and RING ZEROS
 *   first convolution of a picture      RING
 *     mask prompt, decoder's upscaling  and RING SCORES
 *   attention, between tokens too       ROW ROWS MIDDLE GROUP SCORES PANELS
 *   block of windows                    INDEX RING, and calls attention and linear layers
 *   depthwise means                     ROW
 *   resizing                            RESIZE */
#pragma once

#include <glib.h>
#include <stddef.h>

G_BEGIN_DECLS

typedef enum
{
  SAM_SCRATCH_ROW,
  SAM_SCRATCH_ROWS,
  SAM_SCRATCH_MIDDLE,
  SAM_SCRATCH_GROUP,
  SAM_SCRATCH_PANELS,
  SAM_SCRATCH_RING,
  SAM_SCRATCH_INDEX,
  SAM_SCRATCH_SCORES,
  SAM_SCRATCH_RESIZE,
  SAM_SCRATCH_ZEROS, /* sam_scratch_zeros()'s */
  SAM_N_SCRATCHES
} SamScratch;

/* The calling thread's memory of that slot, aligned to a cache line, as it was left by its last
 * user; it is the same again at the next call that does not want more of it, and freed with the
 * thread. It cannot fail, so it must not be large: some 30 MB at most, which widths are bounded for
 * when they are read from a file. */
float *sam_scratch_floats (SamScratch slot, size_t n_floats);
void  *sam_scratch_bytes (SamScratch slot, size_t n_bytes);

/* So many zeros, for the calling thread to read until it asks for more. */
const float *sam_scratch_zeros (size_t n_floats);

G_END_DECLS
