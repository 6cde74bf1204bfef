/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Linear layers and MLPs. Internal. */
#pragma once

#include "samcore/nn/sam-matrix.h"
#include "samcore/nn/sam-rows.h"

/* y = act (x wT + b) + r    x: [n, in]  b: [out] or NULL  r: [n, out] or NULL  y: [n, out]
 * r may be y itself where act is SAM_ACT_NONE. */
void sam_matrix_linear (float           *y,
                        const float     *x,
                        const SamMatrix *w,
                        const float     *b,
                        const float     *r,
                        size_t           n,
                        SamAct           act);
void sam_matrix_linear_rows (float           *y,
                             const SamRows   *x,
                             const SamMatrix *w,
                             const float     *b,
                             const float     *r,
                             size_t           n,
                             SamAct           act);

/* y = act (x w1T + b1) w2T + b2 + r    as two linear layers, but the middle stays in the cache; y
 *                                      may be r,
 * and x if the rows are in order */
void sam_matrix_mlp (float           *y,
                     const SamRows   *x,
                     const SamMatrix *w1,
                     const float     *b1,
                     SamAct           act,
                     const SamMatrix *w2,
                     const float     *b2,
                     const float     *r,
                     size_t           n);
