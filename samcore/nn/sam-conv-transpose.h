/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Transposed convolution with packed weights. Internal. */
#pragma once

#include "samcore/nn/sam-matrix.h"
#include "samcore/nn/sam-rows.h"

/* Transposed 2x2 convolution of stride 2: y = act (norm (convT (x) + b + r))
 * x: [h, w, in]  k: [2, 2, out, in] as a matrix [4 out, in]  b: [out]  r: [2h, 2w, out] or NULL
 * norm: over out, or NULL  y: [2h, 2w, out] */
void sam_matrix_conv_transpose2x2 (float            *y,
                                   const float      *x,
                                   const SamMatrix  *k,
                                   const float      *b,
                                   const float      *r,
                                   size_t            h,
                                   size_t            w,
                                   const SamRowNorm *norm,
                                   SamAct            act);
