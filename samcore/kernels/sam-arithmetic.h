/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What products of matrices are computed with. Internal. */
#pragma once

#include <stddef.h>

typedef enum
{
  SAM_ARITHMETIC_F32,
  SAM_ARITHMETIC_FAST /* operands rounded to bf16 or int8 where that is faster, else the same */
} SamArithmetic;

/* What models that are loaded from now on may use at most; a model keeps what it was loaded with.
 * Unless set, it is what the environment variable SAM_PRECISION says: f32 gives the reference
 * implementations' numbers; fast, the default, is the faster one of bf16 and int8 where the
 * processor is known to multiply that faster; bf16 and int8 are these wherever there are products
 * for them. int8 is for weights; what has none is bf16 beside it where that is known to be
 * faster. */
SamArithmetic sam_arithmetic_get (void);
void          sam_arithmetic_set (SamArithmetic arithmetic);
/* "f32", "bf16" or "int8": what such models compute with on this processor. */
const char *sam_arithmetic_name (void);

typedef struct _SamGemm SamGemm;

/* The products of that kind on this processor, of two arrays that are no weights: never in int8. */
const SamGemm *sam_arithmetic_gemm (SamArithmetic arithmetic);
/* Those with a matrix of weights [out, in]. */
const SamGemm *sam_arithmetic_weights_gemm (SamArithmetic arithmetic, size_t in);
