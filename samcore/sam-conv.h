/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dense convolution with packed weights. Internal. */
#pragma once

#include "samcore/sam-matrix.h"

/* Dense convolution, cross-correlation, zero padding; x: [h, w, in]  b: [out] or NULL
 * k: [out, kh, kw, in] as a matrix [out, kh kw in]
 * y: [h', w', out] with h' = (h + 2 pad - kh) / stride + 1. A 1x1 of stride 1 is sam_matrix_linear(). */
void sam_matrix_conv2d (float *y, const float *x, const SamMatrix *k, const float *b,
                        size_t h, size_t w, size_t in, size_t kh, size_t kw, size_t stride, size_t pad,
                        SamAct act);
/* Only its rows [first, last), y: [last - first, w', out]; of x only the rows that they look at need be there, x
 * points at the map's row x_first. */
void sam_matrix_conv2d_rows (float *y, const float *x, const SamMatrix *k, const float *b,
                             size_t h, size_t w, size_t in, size_t kh, size_t kw, size_t stride, size_t pad,
                             SamAct act, size_t first, size_t last, size_t x_first);
