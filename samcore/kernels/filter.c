/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of pixels of three bytes are shrunk in whole numbers, pixel by pixel: as many rows as a
 * register has 128 bits at once where the processor can, else one. */
#include "functions.h"
#include "kernel.h"
#include "kernels.h"

#ifdef __AVX2__
#include <immintrin.h>
#endif

/* One pixel, three sums. */
static inline void
filter_pixel (uint8_t       *y,
              const uint8_t *x,
              const int16_t *low,
              const int16_t *high,
              size_t         n_taps,
              int            bits)
{
  int32_t sum[3] = { 1 << (bits - 1), 1 << (bits - 1), 1 << (bits - 1) };

  for (size_t k = 0; k < n_taps; k++)
    for (size_t c = 0; c < 3; c++)
      sum[c] += x[3 * k + c] * (low[k] + high[k] * (1 << SAM_TAP_BITS));
  for (size_t c = 0; c < 3; c++)
    y[c] = sam_byte (sum[c] >> bits);
}

/* The same pixel of ROWS rows at once, a row in each 128 bits, products of four taps at a time: 16
 * bytes of the row, of which 12 count, make two pairs of pixels, whose products with two taps the
 * processor adds. */
#ifdef __AVX2__

static inline __m128i
bytes_at (const uint8_t *x)
{
  return _mm_loadu_si128 ((const __m128i *) x);
}

static inline int
pair_at (const int16_t *taps)
{
  int pair;

  memcpy (&pair, taps, sizeof pair);
  return pair;
}

#ifdef __AVX512BW__

#define ROWS     4
#define IN(name) _mm512_##name
typedef __m512i Rows;

static inline Rows
load_rows (const uint8_t *x, size_t ld)
{
  Rows rows = _mm512_castsi128_si512 (bytes_at (x));

  rows = _mm512_inserti32x4 (rows, bytes_at (x + ld), 1);
  rows = _mm512_inserti32x4 (rows, bytes_at (x + 2 * ld), 2);
  return _mm512_inserti32x4 (rows, bytes_at (x + 3 * ld), 3);
}

/* Each to its 128 bits. */
static inline Rows
all_rows (__m128i x)
{
  return _mm512_broadcast_i32x4 (x);
}

/* Four bytes of each row. */
static inline void
store_rows (uint8_t *y, size_t ld, Rows x)
{
  _mm_storeu_si32 (y, _mm512_castsi512_si128 (x));
  _mm_storeu_si32 (y + ld, _mm512_extracti32x4_epi32 (x, 1));
  _mm_storeu_si32 (y + 2 * ld, _mm512_extracti32x4_epi32 (x, 2));
  _mm_storeu_si32 (y + 3 * ld, _mm512_extracti32x4_epi32 (x, 3));
}

#else

#define ROWS     2
#define IN(name) _mm256_##name
typedef __m256i Rows;

static inline Rows
load_rows (const uint8_t *x, size_t ld)
{
  return _mm256_inserti128_si256 (_mm256_castsi128_si256 (bytes_at (x)), bytes_at (x + ld), 1);
}

static inline Rows
all_rows (__m128i x)
{
  return _mm256_broadcastsi128_si256 (x);
}

static inline void
store_rows (uint8_t *y, size_t ld, Rows x)
{
  _mm_storeu_si32 (y, _mm256_castsi256_si128 (x));
  _mm_storeu_si32 (y + ld, _mm256_extracti128_si256 (x, 1));
}

#endif

/* Reads 4 bytes more than the pixels of whole fours of taps, writes one more than the pixel. */
static inline void
filter_pixels (uint8_t       *y,
               size_t         ld_y,
               const uint8_t *x,
               size_t         ld_x,
               const int16_t *low,
               const int16_t *high,
               size_t         n_taps,
               int            bits)
{
  const Rows first = all_rows (_mm_setr_epi8 (0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1,
                                              -1));
  const Rows other = all_rows (_mm_setr_epi8 (6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1,
                                              -1, -1));
  Rows       sum = IN (set1_epi32) (1 << (bits - 1));
  Rows       above = IN (set1_epi32) (0);

  for (size_t k = 0; k < n_taps; k += 4, x += 12)
    {
      Rows bytes = load_rows (x, ld_x);
      Rows a = IN (shuffle_epi8) (bytes, first);
      Rows b = IN (shuffle_epi8) (bytes, other);

      sum = IN (add_epi32) (sum, IN (madd_epi16) (a, IN (set1_epi32) (pair_at (low + k))));
      above = IN (add_epi32) (above, IN (madd_epi16) (a, IN (set1_epi32) (pair_at (high + k))));
      sum = IN (add_epi32) (sum, IN (madd_epi16) (b, IN (set1_epi32) (pair_at (low + k + 2))));
      above = IN (add_epi32) (above, IN (madd_epi16) (b, IN (set1_epi32) (pair_at (high + k + 2))));
    }
  sum = IN (srai_epi32) (IN (add_epi32) (sum, IN (slli_epi32) (above, SAM_TAP_BITS)), bits);
  sum = IN (packs_epi32) (sum, sum);
  store_rows (y, ld_y, IN (packus_epi16) (sum, sum));
}

#else

#define ROWS 1

#endif

void
KERNEL (filter_rows) (uint8_t       *y,
                      size_t         ld_y,
                      const uint8_t *x,
                      size_t         ld_x,
                      const size_t  *first,
                      const size_t  *count,
                      const int16_t *taps,
                      size_t         width,
                      int            bits,
                      size_t         n_rows,
                      size_t         w,
                      size_t         n)
{
  for (size_t row = 0; row < n_rows; row += ROWS)
    {
      size_t         from = n_rows < ROWS || row + ROWS <= n_rows ? row : n_rows - ROWS;
      size_t         end = from + ROWS < n_rows ? from + ROWS : n_rows;
      const int16_t *low = taps;

      for (size_t j = 0; j < n; j++, low += 2 * width)
        {
#ifdef __AVX2__
          if (end - from == ROWS && j + 1 < n &&
              3 * first[j] + (count[j] + 3) / 4 * 12 + 4 <= 3 * w)
            {
              filter_pixels (y + from * ld_y + 3 * j, ld_y, x + from * ld_x + 3 * first[j], ld_x,
                             low, low + width, count[j], bits);
              continue;
            }
#endif
          for (size_t i = from; i < end; i++)
            filter_pixel (y + i * ld_y + 3 * j, x + i * ld_x + 3 * first[j], low, low + width,
                          count[j], bits);
        }
    }
}
