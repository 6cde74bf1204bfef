/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The two halves of a separable resize: along a row, then between rows. A gather with one channel is the
 * common case of masks, hence its own loop; pictures of bytes are shrunk in whole numbers. */
#include "kernel.h"
#include "kernels.h"

#ifdef __AVX2__
#include <immintrin.h>
#endif

static inline uint8_t
byte (int32_t value)
{
  value = value < 0 ? 0 : value;

  return (uint8_t) (value > 255 ? 255 : value);
}

void
KERNEL (blend) (float *y, const float *const *x, const float *f, size_t n_taps, size_t n)
{
  const float *x0 = x[0], *x1 = x[1];
  float        f0 = f[0], f1 = f[1];

  if (n_taps == 2)
    {
      SIMD
      for (size_t i = 0; i < n; i++)
        y[i] = f0 * x0[i] + f1 * x1[i];
    }
  else
    {
      const float *x2 = x[2], *x3 = x[3];
      float        f2 = f[2], f3 = f[3];

      SIMD
      for (size_t i = 0; i < n; i++)
        y[i] = f0 * x0[i] + f1 * x1[i] + f2 * x2[i] + f3 * x3[i];
    }
}

void
KERNEL (blend_columns) (float *y, const float *x, const uint32_t *i, const float *f,
                        size_t n_taps, size_t n, size_t c)
{
  if (c == 1 && n_taps == 2)
    {
      SIMD
      for (size_t j = 0; j < n; j++)
        y[j] = f[j] * x[i[j]] + f[n + j] * x[i[n + j]];
      return;
    }

  for (size_t j = 0; j < n; j++, y += c)
    {
      const float *from[4];
      float        factor[4];

      for (size_t t = 0; t < n_taps; t++)
        {
          from[t]   = x + i[t * n + j] * c;
          factor[t] = f[t * n + j];
        }
      KERNEL (blend) (y, from, factor, n_taps, c);
    }
}

void
KERNEL (filter_row) (uint8_t *y, const uint8_t *x, const size_t *first, const size_t *count, const int32_t *taps,
                     size_t width, int bits, size_t n)
{
  for (size_t j = 0; j < n; j++, y += 3, taps += width)
    {
      const uint8_t *p      = x + 3 * first[j];
      int32_t        sum[3] = { 1 << (bits - 1), 1 << (bits - 1), 1 << (bits - 1) };
      size_t         k      = 0;

#ifdef __AVX2__
      /* Two pixels of three lanes each at a time; what is loaded ends within the third. */
      const __m128i apart = _mm_setr_epi8 (0, 1, 2, -1, 3, 4, 5, -1, -1, -1, -1, -1, -1, -1, -1, -1);
      const __m256i each  = _mm256_setr_epi32 (0, 0, 0, 0, 1, 1, 1, 1);
      __m256i       sums  = _mm256_setzero_si256 ();
      int32_t       lane[8];

      for (; k + 3 <= count[j]; k += 2)
        {
          __m128i bytes = _mm_shuffle_epi8 (_mm_loadl_epi64 ((const __m128i *) (p + 3 * k)), apart);
          __m256i two   = _mm256_castsi128_si256 (_mm_loadl_epi64 ((const __m128i *) (taps + k)));

          sums = _mm256_add_epi32 (sums, _mm256_mullo_epi32 (_mm256_cvtepu8_epi32 (bytes),
                                                             _mm256_permutevar8x32_epi32 (two, each)));
        }
      _mm256_storeu_si256 ((__m256i *) lane, sums);
      for (size_t c = 0; c < 3; c++)
        sum[c] += lane[c] + lane[4 + c];
#endif
      for (; k < count[j]; k++)
        for (size_t c = 0; c < 3; c++)
          sum[c] += p[3 * k + c] * taps[k];
      for (size_t c = 0; c < 3; c++)
        y[c] = byte (sum[c] >> bits);
    }
}

void
KERNEL (add_bytes) (int32_t *y, const uint8_t *x, int32_t f, size_t n)
{
  SIMD
  for (size_t i = 0; i < n; i++)
    y[i] += x[i] * f;
}

void
KERNEL (round_to_bytes) (uint8_t *y, const int32_t *x, int bits, size_t n)
{
  const int32_t half = 1 << (bits - 1);

  SIMD
  for (size_t i = 0; i < n; i++)
    y[i] = byte ((x[i] + half) >> bits);
}
