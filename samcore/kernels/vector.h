/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A register of floats, for what the compiler does not put into registers by itself. */
#pragma once

#include "kernel.h"

#if defined (__x86_64__)
#include <immintrin.h>
#elif defined (__aarch64__)
#include <arm_neon.h>
#endif

typedef float Vec __attribute__ ((vector_size (4 * SAM_LANES)));

INLINE Vec
load (const float *x)
{
  Vec v;

  memcpy (&v, x, sizeof v);
  return v;
}

/* sum + f v, rounded once where the processor can: left to itself, the compiler does so in some loops only, and a row
 * would come out otherwise in another place of a product. */
INLINE Vec
add_multiple (Vec sum, float f, Vec v)
{
#if defined (__AVX512F__)
  return (Vec) _mm512_fmadd_ps (_mm512_set1_ps (f), (__m512) v, (__m512) sum);
#elif defined (__FMA__)
  return (Vec) _mm256_fmadd_ps (_mm256_set1_ps (f), (__m256) v, (__m256) sum);
#elif defined (__aarch64__)
  return (Vec) vfmaq_n_f32 ((float32x4_t) sum, (float32x4_t) v, f);
#else
  return sum + f * v;
#endif
}
