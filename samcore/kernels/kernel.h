/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every kernel file includes first. The build compiles each of them once per instruction-set
 * level with SAM_LEVEL set to the level's name; KERNEL (add) is then add_generic, add_avx2 …
 * Nothing else may be called from a kernel than what is inlined into it: a shared function would be
 * built for one level only. */
#pragma once

#include "samcore/kernels/sam-kernels.h"

#include <stdbool.h>
#include <string.h>

#define KERNEL__(name, level) name##_##level
#define KERNEL_(name, level)  KERNEL__ (name, level)
#define KERNEL(name)          KERNEL_ (name, SAM_LEVEL)

#define STRING__(x) #x
#define STRING_(x)  STRING__ (x)
#define LEVEL_NAME  STRING_ (SAM_LEVEL)

#define INLINE static inline __attribute__ ((always_inline))

/* The floats in one register, for sizes of blocks only: results may depend on the level, not
 * correctness. */
#if defined(__AVX512F__)
#define SAM_LANES 16
#elif defined(__AVX__)
#define SAM_LANES 8
#else
#define SAM_LANES 4
#endif

/* Sums of floats over a row are kept in SAM_LANES parts, lane[l] += x[i + l], and put together here
 * by halves: what omp simd makes of a sum adds the parts one after the other, which takes longer
 * than a short row itself. */
INLINE float
sum_lanes (const float lane[SAM_LANES])
{
  float sums[SAM_LANES];

  memcpy (sums, lane, sizeof sums);
#pragma GCC unroll 4
  for (size_t half = SAM_LANES / 2; half > 0; half /= 2)
    for (size_t l = 0; l < half; l++)
      sums[l] += sums[l + half];

  return sums[0];
}

/* While a panel of a product serves its strips, the next panel comes up to the level 2 cache:
 * @n_lines cache lines of it at a time, so that all of it has been asked for when the last strip is
 * done. */
static inline const char *
fetch_ahead (const char *ahead, size_t n_lines)
{
  for (size_t i = 0; i < n_lines; i++)
    __builtin_prefetch (ahead + 64 * i, 0, 2);
  return ahead + 64 * n_lines;
}

/* One at a time in source, many at a time when compiled: the loop's turns do not depend on each
 * other except through what reduction () names. */
#define SIMD        _Pragma ("omp simd")
#define SIMD_SUM(v) _Pragma (STRING_ (omp simd reduction (+ : v)))
#define SIMD_MAX(v) _Pragma (STRING_ (omp simd reduction (max : v)))
