/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A register of floats, for what the compiler does not put into registers by itself. */
#pragma once

#include "kernel.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
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

/* The first n elements, n < SAM_LANES, and zeros. */
INLINE Vec
load_some (const float *x, size_t n)
{
#if defined(__AVX512F__)
  return (Vec) _mm512_maskz_loadu_ps ((__mmask16) ((1u << n) - 1), x);
#else
  Vec v = { 0 };

  memcpy (&v, x, n * sizeof *x);
  return v;
#endif
}

/* Only the first n elements, n <= SAM_LANES. */
INLINE void
store_some (float *y, Vec v, size_t n)
{
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps (y, (__mmask16) ((1u << n) - 1), (__m512) v);
#else
  memcpy (y, &v, n * sizeof *y);
#endif
}

#if defined(__AVX512F__)
#define LANE_BY_LANE(what, a, b) ((Vec) _mm512_##what##_ps ((__m512) (a), (__m512) (b)))
#elif defined(__AVX__)
#define LANE_BY_LANE(what, a, b) ((Vec) _mm256_##what##_ps ((__m256) (a), (__m256) (b)))
#elif defined(__SSE__)
#define LANE_BY_LANE(what, a, b) ((Vec) _mm_##what##_ps ((__m128) (a), (__m128) (b)))
#elif defined(__aarch64__)
#define LANE_BY_LANE(what, a, b) ((Vec) v##what##q_f32 ((float32x4_t) (a), (float32x4_t) (b)))
#endif

/* Of each lane the larger one, and the smaller one; where one is not a number, either. */
INLINE Vec
larger (Vec a, Vec b)
{
#ifdef LANE_BY_LANE
  return LANE_BY_LANE (max, a, b);
#else
  for (size_t l = 0; l < SAM_LANES; l++)
    a[l] = a[l] > b[l] ? a[l] : b[l];
  return a;
#endif
}

INLINE Vec
smaller (Vec a, Vec b)
{
#ifdef LANE_BY_LANE
  return LANE_BY_LANE (min, a, b);
#else
  return -larger (-a, -b);
#endif
}

INLINE float
largest_lane (Vec v)
{
#if defined(__AVX512F__)
  return _mm512_reduce_max_ps ((__m512) v);
#else
  float max = v[0];

  for (size_t l = 1; l < SAM_LANES; l++)
    max = v[l] > max ? v[l] : max;
  return max;
#endif
}

/* sum + a b, rounded once where the processor can: left to itself, the compiler does so in some
 * loops only, and a row would come out otherwise in another place of a product. */
INLINE Vec
add_multiples (Vec sum, Vec a, Vec b)
{
#if defined(__AVX512F__)
  return (Vec) _mm512_fmadd_ps ((__m512) a, (__m512) b, (__m512) sum);
#elif defined(__FMA__)
  return (Vec) _mm256_fmadd_ps ((__m256) a, (__m256) b, (__m256) sum);
#elif defined(__aarch64__)
  return (Vec) vfmaq_f32 ((float32x4_t) sum, (float32x4_t) a, (float32x4_t) b);
#else
  return sum + a * b;
#endif
}

/* sum + f v, in the same way */
INLINE Vec
add_multiple (Vec sum, float f, Vec v)
{
#if defined(__aarch64__)
  return (Vec) vfmaq_n_f32 ((float32x4_t) sum, (float32x4_t) v, f);
#else
  return add_multiples (sum, f - (Vec) { 0 },
                        v); /* f in all lanes; what is subtracted costs nothing */
#endif
}

/* Two registers become one in which the beginnings of both alternate and one with their ends. What
 * is done in rounds takes half = SAM_LANES / 2, then half of that … 1: AVX moves 128 bits the first
 * time, and stays within them. */
#if SAM_LANES == 16
#define BEGINNINGS(half, a, b)                                                                     \
  __builtin_shufflevector (a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define ENDS(half, a, b)                                                                           \
  __builtin_shufflevector (a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#elif SAM_LANES == 8
#define BEGINNINGS(half, a, b)                                                                     \
  ((half) == 4 ? __builtin_shufflevector (a, b, 0, 1, 2, 3, 8, 9, 10, 11)                          \
               : __builtin_shufflevector (a, b, 0, 8, 1, 9, 4, 12, 5, 13))
#define ENDS(half, a, b)                                                                           \
  ((half) == 4 ? __builtin_shufflevector (a, b, 4, 5, 6, 7, 12, 13, 14, 15)                        \
               : __builtin_shufflevector (a, b, 2, 10, 3, 11, 6, 14, 7, 15))
#else
#define BEGINNINGS(half, a, b) __builtin_shufflevector (a, b, 0, 4, 1, 5)
#define ENDS(half, a, b)       __builtin_shufflevector (a, b, 2, 6, 3, 7)
#endif

/* The sums of the registers' lanes, each in its register's place. All of them are added up in the
 * same way. */
INLINE Vec
sum_each (Vec v[SAM_LANES])
{
#pragma GCC unroll 4
  for (size_t half = SAM_LANES / 2; half > 0; half /= 2)
#pragma GCC unroll 8
    for (size_t i = 0; i < half; i++)
      v[i] = BEGINNINGS (half, v[i], v[i + half]) + ENDS (half, v[i], v[i + half]);

  return v[0];
}

/* The rows of a square become its columns. */
INLINE void
turn (Vec v[SAM_LANES])
{
#pragma GCC unroll 4
  for (size_t half = SAM_LANES / 2; half > 0; half /= 2)
    {
      Vec w[SAM_LANES];

#pragma GCC unroll 8
      for (size_t i = 0; i < SAM_LANES / 2; i++)
        {
          w[2 * i] = BEGINNINGS (half, v[i], v[i + SAM_LANES / 2]);
          w[2 * i + 1] = ENDS (half, v[i], v[i + SAM_LANES / 2]);
        }
      memcpy (v, w, sizeof w);
    }
}
