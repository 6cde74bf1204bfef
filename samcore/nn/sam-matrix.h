/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A weight matrix, packed once for the processor's products. What is done with one: sam-linear.h,
 * sam-conv.h, sam-conv-transpose.h, sam-bottleneck.h. Internal. */
#pragma once

#include "samcore/kernels/sam-arithmetic.h"
#include "samcore/nn/sam-ops.h"
#include "samcore/base/sam-slab.h"

#include <stdbool.h>

typedef struct _SamMatrix SamMatrix;

/* w: [out, in], must outlive the matrix, which is packed from it at its first use. Immutable for
 * callers. */
SamMatrix *sam_matrix_new (const float *w, size_t out, size_t in, SamArithmetic arithmetic);
/* Where to pack it; the slab must outlive the matrix. */
void sam_matrix_use_slab (SamMatrix *matrix, SamSlab *slab);
/* Called once the matrix has been packed and no longer needs w, in the thread that uses it first.
 * */
typedef void (*SamMatrixPacked) (void *data, const float *w, size_t n);
void sam_matrix_on_packed (SamMatrix *matrix, SamMatrixPacked packed, void *data);
/* Packs it now. True: w is no longer needed; false: there was no memory, and it is. */
bool sam_matrix_pack (SamMatrix *matrix);
/* Packs it, which checks all values. */
bool sam_matrix_is_finite (SamMatrix *matrix);
void sam_matrix_free (SamMatrix *matrix);
/* Of its products; what goes with them should use the same. */
SamArithmetic sam_matrix_get_arithmetic (const SamMatrix *matrix);
/* SAM_ACT_GELU, or SAM_ACT_GELU_ROUGH where that suits its products. */
SamAct sam_matrix_get_gelu (const SamMatrix *matrix);
