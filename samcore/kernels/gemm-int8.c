/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Matrix products of operands rounded to bytes and packed, c (+)= a b. k is cut into parts of PART;
 * in each part a row of a is scale (byte - zero), a byte being LEAST … LEAST + 255 and zero what
 * stands for 0, and a column of b is scale x byte, a byte being -LARGEST … LARGEST:
 *
 *   c = scale_a scale_b (sum of byte_a byte_b - zero_a sum of byte_b)
 *
 * The parentheses are whole numbers below 2^24, and so exact.
 *
 *   a: strips, for each part: a line that begins with RowHead, then the part's lines, all
 *   [STRIP][64]
 *   b: panels, for each part: scales [PANEL], sums [PANEL], then [part's lines][16][PANEL][4]:
 *   fours of k side by
 *      side, as the processor multiplies them; zeros after k and beyond the last column
 *
 * With AVX2 and without VNNI two products are added up in 16 bits, which columns of 7 bits never
 * overflow. ARM's dot product has signs on both sides: rows begin at -128 there, which differs in
 * nothing but the zero. */
#include "kernels.h"
#include "vector-tiles.h"

#include <stdint.h>

#ifdef __AVX2__
#include <immintrin.h>
#elif defined(__ARM_FEATURE_DOTPROD)
#include <arm_neon.h>
#endif

#define LINE 64  /* bytes */
#define PART 256 /* of k; as deep as a tile goes, too */

#if defined(__AVX2__) && ! defined(__AVX512VNNI__) && ! defined(__AVXVNNI__)
#define LARGEST 64
#define FASTER  SAM_NOT_FASTER
#elif defined(__AVX2__) || defined(__ARM_FEATURE_DOTPROD)
#define LARGEST 127
#define FASTER  SAM_FASTER
#else
#define LARGEST 127
#define FASTER  SAM_NOT_FASTER
#endif

#if defined(__ARM_FEATURE_DOTPROD)
#define LEAST (-128)
#else
#define LEAST 0
#endif

typedef int32_t Ints __attribute__ ((vector_size (4 * SAM_LANES)));

typedef struct
{
  float   scale;
  int32_t zero;
} RowHead;

typedef struct
{
  float   scales[PANEL];
  int32_t sums[PANEL];
} PanelHead;

INLINE Ints
load_ints (const void *x)
{
  Ints v;

  memcpy (&v, x, sizeof v);
  return v;
}

/* sums + the products of four bytes of a with four of each column, added up */
INLINE Ints
add_fours (Ints sums, const uint8_t *a, Ints b)
{
  int32_t four;

  memcpy (&four, a, sizeof four);
#if defined(__AVX512VNNI__)
  return (Ints) _mm512_dpbusd_epi32 ((__m512i) sums, _mm512_set1_epi32 (four), (__m512i) b);
#elif defined(__AVX512BW__)
  __m512i twos = _mm512_maddubs_epi16 (_mm512_set1_epi32 (four), (__m512i) b);

  return sums + (Ints) _mm512_madd_epi16 (twos, _mm512_set1_epi16 (1));
#elif defined(__AVXVNNI__)
  return (Ints) _mm256_dpbusd_avx_epi32 ((__m256i) sums, _mm256_set1_epi32 (four), (__m256i) b);
#elif defined(__AVX2__)
  __m256i twos = _mm256_maddubs_epi16 (_mm256_set1_epi32 (four), (__m256i) b);

  return sums + (Ints) _mm256_madd_epi16 (twos, _mm256_set1_epi16 (1));
#elif defined(__ARM_FEATURE_DOTPROD)
  return (Ints) vdotq_lane_s32 ((int32x4_t) sums, (int8x16_t) b, vcreate_s8 ((uint32_t) four), 0);
#else
  int8_t bytes[SAM_LANES][4];

  memcpy (bytes, &b, sizeof bytes);
  for (size_t l = 0; l < SAM_LANES; l++)
    for (size_t i = 0; i < 4; i++)
      sums[l] += a[i] * bytes[l][i];
  return sums;
#endif
}

INLINE void
tile (const size_t rows,
      const size_t vectors,
      float       *c,
      size_t       ldc,
      const void  *strip,
      const void  *panel,
      size_t       n_lines,
      size_t       columns,
      bool         add,
      const char  *ahead,
      size_t       n_ahead)
{
  const PanelHead *head = panel;
  const uint8_t   *a = (const uint8_t *) strip + STRIP * LINE;
  const char      *b = (const char *) (head + 1);
  Ints             sums[STRIP][2] = { { { 0 } } };
  Vec              values[STRIP][2] = { { { 0 } } };

  for (; n_lines > 0; n_lines--, a += STRIP * LINE)
    {
      ahead = fetch_ahead (ahead, n_ahead);
      for (size_t p = 0; p < LINE; p += 4, b += 4 * PANEL)
        {
          Ints b0 = load_ints (b), b1 = load_ints (b + 4 * SAM_LANES);

#pragma GCC unroll 16
          for (size_t r = 0; r < rows; r++)
            {
              sums[r][0] = add_fours (sums[r][0], a + r * LINE + p, b0);
              if (vectors > 1)
                sums[r][1] = add_fours (sums[r][1], a + r * LINE + p, b1);
            }
        }
    }

#pragma GCC unroll 16
  for (size_t r = 0; r < rows; r++)
    {
      RowHead row;

      memcpy (&row, (const char *) strip + r * LINE, sizeof row);
      for (size_t v = 0; v < vectors; v++)
        {
          Ints whole = sums[r][v] - row.zero * load_ints (head->sums + v * SAM_LANES);

          values[r][v] = __builtin_convertvector (whole, Vec) *
                         (row.scale * load (head->scales + v * SAM_LANES));
        }
    }
  store (rows, c, ldc, values, columns, add);
}

/* The least and the largest of them and 0. Returns 0, or NaN if not all of them are finite. */
INLINE float
find_range (const float *x, size_t n, float *least, float *largest)
{
  Vec low[2] = { { 0 } }, high[2] = { { 0 } },
      sum[2] = { { 0 } }; /* two of each: none waits for itself */
  size_t i = 0;

  for (; i + 2 * SAM_LANES <= n; i += 2 * SAM_LANES)
    {
#pragma GCC unroll 2
      for (size_t j = 0; j < 2; j++)
        {
          Vec v = load (x + i + j * SAM_LANES);

          low[j] = smaller (v, low[j]);
          high[j] = larger (v, high[j]);
          sum[j] += v;
        }
    }
  for (; i < n; i += SAM_LANES)
    {
      Vec v = n - i < SAM_LANES ? load_some (x + i, n - i) : load (x + i);

      low[0] = smaller (v, low[0]);
      high[0] = larger (v, high[0]);
      sum[0] += v;
    }

  *least = -largest_lane (-smaller (low[0], low[1]));
  *largest = largest_lane (larger (high[0], high[1]));
  sum[0] = 0 * (sum[0] + sum[1]);
  return sum_lanes ((const float *) &sum[0]);
}

/* How many steps make 1 where @n of them make a range; 0 where it is too small to be cut or not
 * finite. They are a little larger than said, so that rounding never goes beyond the range. */
INLINE float
steps_per_unit (float range, float nought, float n)
{
  return range > 1e-30f && nought == 0 ? 0.999999f * n / range : 0;
}

/* bytes = x per_unit + zero, rounded, and zeros to the end of the line    x: [n], n <= LINE; 0 <=
 * all that comes out <= 255 */
INLINE void
round_line (uint8_t *bytes, const float *x, size_t n, float per_unit, float zero)
{
  float half_more = zero + 0.5f;

#if defined(__AVX512BW__)
  const __m512i lanes = _mm512_set_epi32 (15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0);
  uint64_t      mask = n < LINE ? ((uint64_t) 1 << n) - 1 : ~(uint64_t) 0;
  __m512i       v[4];

#pragma GCC unroll 4
  for (size_t i = 0; i < 4; i++)
    {
      __m512 values = _mm512_maskz_loadu_ps ((__mmask16) (mask >> (16 * i)), x + 16 * i);

      v[i] = _mm512_cvttps_epi32 (_mm512_fmadd_ps (values, _mm512_set1_ps (per_unit),
                                                   _mm512_set1_ps (half_more)));
    }
  v[0] = _mm512_packus_epi16 (_mm512_packus_epi32 (v[0], v[1]), _mm512_packus_epi32 (v[2], v[3]));
  _mm512_storeu_si512 (bytes, _mm512_maskz_mov_epi8 (mask, _mm512_permutexvar_epi32 (lanes, v[0])));
#else
  uint8_t line[LINE] = { 0 };

  SIMD for (size_t i = 0; i < n; i++)
    line[i] = (uint8_t) ((int32_t) (x[i] * per_unit + half_more) + LEAST);
  memcpy (bytes, line, LINE);
#endif
}

static void
pack_row (void *to, const float *x, size_t k)
{
  uint8_t *line = to;

  for (size_t p = 0; p < k; p += PART, x += PART)
    {
      size_t  n = k - p < PART ? k - p : PART;
      float   least, largest;
      float   nought = find_range (x, n, &least, &largest);
      float   per_unit = steps_per_unit (largest - least, nought, 255);
      float   zero = per_unit > 0 ? (float) (int32_t) (0.5f - least * per_unit) : 0;
      RowHead head = { (largest - least) / 255 + nought, (int32_t) zero + LEAST };

      memcpy (line, &head, sizeof head);
      line += STRIP * LINE;
      for (size_t i = 0; i < n; i += LINE, line += STRIP * LINE)
        {
          size_t n_line = n - i < LINE ? n - i : LINE;

          if (per_unit > 0)
            {
              round_line (line, x + i, n_line, per_unit, zero);
            }
          else
            {
              memset (line, 0, LINE);
              memset (line, LEAST, n_line);
            }
        }
    }
}

/* One column's part, x: [n], as column @i of a panel. */
static void
pack_column (PanelHead *head, size_t i, const float *x, size_t n)
{
  char   *lines = (char *) (head + 1);
  int8_t  bytes[PART] = { 0 };
  int32_t sum = 0;
  float   least, largest, nought, per_unit;

  nought = find_range (x, n, &least, &largest);
  largest = largest > -least ? largest : -least;
  per_unit = steps_per_unit (largest, nought, LARGEST);

  if (per_unit > 0)
    {
      SIMD for (size_t p = 0; p < n; p++)
        bytes[p] = (int8_t) ((int32_t) (x[p] * per_unit + 128.5f) - 128);
    }
  for (size_t p = 0; p < n; p++)
    sum += bytes[p];

  head->scales[i] = largest / LARGEST + nought;
  head->sums[i] = sum;
  for (size_t p = 0; p < n; p += 4)
    memcpy (lines + p * PANEL + i * 4, bytes + p, 4);
}

static void
pack_columns (void *panels, const float *b, size_t ldb, bool transposed, size_t n, size_t k)
{
  char *to = panels;

  for (size_t column = 0; column < n; column += PANEL)
    for (size_t p = 0; p < k; p += PART)
      {
        size_t columns = n - column < PANEL ? n - column : PANEL;
        size_t n_part = k - p < PART ? k - p : PART;
        size_t bytes = sam_panels_bytes (&KERNEL (gemm_int8), PANEL, n_part);

        memset (to, 0, bytes);
        for (size_t i = 0; i < columns; i++)
          if (transposed) /* b: [n, k] */
            {
              pack_column ((PanelHead *) to, i, b + (column + i) * ldb + p, n_part);
            }
          else /* b: [k, n] */
            {
              float turned[PART];

              for (size_t j = 0; j < n_part; j++)
                turned[j] = b[(p + j) * ldb + column + i];
              pack_column ((PanelHead *) to, i, turned, n_part);
            }
        to += bytes;
      }
}

static void
gemm (float *c, size_t ldc, const void *a, const void *b, size_t m, size_t n, size_t k, bool add)
{
  all_tiles (&KERNEL (gemm_int8), PART, c, ldc, a, b, m, n, k, add);
}

const SamGemm KERNEL (gemm_int8) = { STRIP,    PANEL,        LINE,
                                     pack_row, pack_columns, gemm,
                                     FASTER,   PART,         sizeof (PanelHead) / PANEL,
                                     LARGEST };
