/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Matrix products of operands rounded to bf16 and packed, c (+)= a b, sums in float32. The levels
 * below AVX-512 BF16 have none.
 *
 *   a: strips of STRIP rows, each [k / 32][STRIP][32], as in gemm.c; zeros after k
 *   b: panels of 32 columns, each [k / 32][16][32][2]: pairs of k side by side, as the processor
 *   multiplies
 *      them; zeros after k and beyond the last column
 *
 * With AMX a tile of the result is 32 x 32, in four of the eight tile registers, else STRIP x 32 in
 * vector registers. Both run over DEPTH of k at a time. */
#include "kernels.h"

#ifdef __AVX512BF16__

#ifdef __AMX_BF16__
#include "tiles.h"

#include <immintrin.h>

#define STRIP 32
#define PANEL 32
#else
#include "vector-tiles.h"
#endif

#define LINE  32  /* bf16: 64 bytes */
#define DEPTH 512 /* of k: what a tile uses stays in the level 1 cache */

/* 32 floats, or the first n of them and zeros. */
INLINE __m512i
line_from (const float *x, size_t n)
{
  __m512 low, high;

  if (n >= LINE)
    {
      low = _mm512_loadu_ps (x);
      high = _mm512_loadu_ps (x + 16);
    }
  else
    {
      uint32_t mask = (1u << n) - 1;

      low = _mm512_maskz_loadu_ps (mask & 0xffff, x);
      high = _mm512_maskz_loadu_ps (mask >> 16, x + 16);
    }

  return (__m512i) _mm512_cvtne2ps_pbh (high, low);
}

static void
pack_row (void *to, const float *x, size_t k)
{
  uint16_t *line = to;

  for (size_t p = 0; p < k; p += LINE, line += STRIP * LINE)
    _mm512_storeu_si512 (line, line_from (x + p, k - p));
}

/* b: [n, k]; k_whole: k rounded up to lines */
static void
pack_transposed (uint16_t *to, const float *b, size_t ldb, size_t columns, size_t k, size_t k_whole)
{
  memset (to, 0, k_whole * PANEL * sizeof *to);
  for (size_t p = 0; p < k; p += LINE)
    for (size_t i = 0; i < columns; i++)
      {
        uint32_t pairs[LINE / 2];

        _mm512_storeu_si512 (pairs, line_from (b + i * ldb + p, k - p));
        for (size_t pair = 0; pair < LINE / 2; pair++)
          memcpy (to + p * PANEL + (pair * PANEL + i) * 2, &pairs[pair], 4);
      }
}

/* b: [k, n] */
static void
pack_straight (uint16_t *to, const float *b, size_t ldb, size_t columns, size_t k, size_t k_whole)
{
  const __m512i interleave = _mm512_set_epi16 (31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25,
                                               9, 24, 8, 23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2,
                                               17, 1, 16, 0);
  uint32_t      mask = columns < PANEL ? (1u << columns) - 1 : 0xffffffffu;

  for (size_t p = 0; p < k_whole; p += 2, to += 2 * PANEL)
    for (size_t half = 0; half < 2; half++)
      {
        __mmask16 columns_mask = (mask >> (16 * half)) & 0xffff;
        __m512    even = _mm512_maskz_loadu_ps (p < k ? columns_mask : 0, b + p * ldb + 16 * half);
        __m512    odd = _mm512_maskz_loadu_ps (p + 1 < k ? columns_mask : 0,
                                            b + (p + 1) * ldb + 16 * half);
        __m512i both = (__m512i) _mm512_cvtne2ps_pbh (odd, even);

        _mm512_storeu_si512 (to + half * PANEL, _mm512_permutexvar_epi16 (interleave, both));
      }
}

static void
pack_columns (void *panels, const float *b, size_t ldb, bool transposed, size_t n, size_t k)
{
  const size_t k_whole = sam_n_lines (&KERNEL (gemm_bf16), k) * LINE;
  uint16_t    *to = panels;

  for (size_t column = 0; column < n; column += PANEL, to += k_whole * PANEL)
    {
      size_t columns = n - column < PANEL ? n - column : PANEL;

      if (transposed)
        pack_transposed (to, b + column * ldb, ldb, columns, k, k_whole);
      else
        pack_straight (to, b + column, ldb, columns, k, k_whole);
    }
}

#ifdef __AMX_BF16__

/* The tile registers:
 *
 *             6: b's columns 0 … 15    7: 16 … 31
 *   4: a's rows 0 … 15     0: sums          1: sums
 *   5: 16 … 31             2: sums          3: sums */

/* a, b: n_lines of k; lower: are there rows beyond 15? */
INLINE void
multiply (const bool      lower,
          const uint16_t *a,
          const uint16_t *b,
          size_t          n_lines,
          const char     *ahead,
          size_t          n_ahead)
{
  for (; n_lines > 0; n_lines--, a += STRIP * LINE, b += LINE * PANEL)
    {
      ahead = fetch_ahead (ahead, n_ahead);
      _tile_loadd (4, a, 64);
      _tile_loadd (6, b, 128);
      _tile_loadd (7, b + 32, 128);
      _tile_dpbf16ps (0, 4, 6);
      _tile_dpbf16ps (1, 4, 7);
      if (lower)
        {
          _tile_loadd (5, a + 16 * LINE, 64);
          _tile_dpbf16ps (2, 5, 6);
          _tile_dpbf16ps (3, 5, 7);
        }
    }
}

static void
any_tile (size_t      rows,
          float      *c,
          size_t      ldc,
          const void *a,
          const void *b,
          size_t      n_lines,
          size_t      columns,
          bool        add,
          const char *ahead,
          size_t      n_ahead)
{
  /* Where c is narrower than the sums these go through edge, which holds what it may beyond c's
   * rows and columns: that is added to and never looked at. */
  float  edge[STRIP * PANEL];
  bool   whole = rows == STRIP && columns == PANEL, lower = rows > 16;
  float *sums = whole ? c : edge;
  size_t ld = whole ? ldc : PANEL;
  size_t bytes = ld * sizeof *c;

  if (add && ! whole)
    for (size_t r = 0; r < rows; r++)
      memcpy (edge + r * PANEL, c + r * ldc, columns * sizeof *c);

  if (add)
    {
      __asm__ volatile (
        ""
        :
        :
        : "memory"); /* GCC's _tile_loadd() does not say that it reads what has been written */
      _tile_loadd (0, sums, bytes);
      _tile_loadd (1, sums + 16, bytes);
      _tile_loadd (2, sums + 16 * ld, bytes);
      _tile_loadd (3, sums + 16 * ld + 16, bytes);
    }
  else
    {
      _tile_zero (0);
      _tile_zero (1);
      _tile_zero (2);
      _tile_zero (3);
    }

  if (lower)
    multiply (true, a, b, n_lines, ahead, n_ahead);
  else
    multiply (false, a, b, n_lines, ahead, n_ahead);

  _tile_stored (0, sums, bytes);
  _tile_stored (1, sums + 16, bytes);
  if (lower)
    {
      _tile_stored (2, sums + 16 * ld, bytes);
      _tile_stored (3, sums + 16 * ld + 16, bytes);
    }

  if (! whole)
    for (size_t r = 0; r < rows; r++)
      memcpy (c + r * ldc, edge + r * PANEL, columns * sizeof *c);
}

/* All tiles: 16 rows of 64 bytes. */
static void
configure_tiles (void)
{
  struct
  {
    uint8_t  palette, start_row, reserved[14];
    uint16_t bytes_per_row[16];
    uint8_t  rows[16];
  } __attribute__ ((aligned (64))) config = { .palette = 1 };

  for (int i = 0; i < 8; i++)
    {
      config.bytes_per_row[i] = 64;
      config.rows[i] = 16;
    }
  _tile_loadconfig (&config);
}

static void
release_tiles (void)
{
  _tile_release ();
}

#else /* no AMX */

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
  const uint16_t *a = strip, *b = panel;
  Vec             sums[STRIP][2] = { { { 0 } } };

  for (; n_lines > 0; n_lines--, a += STRIP * LINE)
    {
      ahead = fetch_ahead (ahead, n_ahead);
      for (size_t p = 0; p < LINE; p += 2, b += 2 * PANEL)
        {
          __m512bh b0 = (__m512bh) _mm512_loadu_si512 (b);
          __m512bh b1 = (__m512bh) _mm512_loadu_si512 (b + PANEL);

#pragma GCC unroll 16
          for (size_t r = 0; r < rows; r++)
            {
              int32_t  pair;
              __m512bh f;

              memcpy (&pair, a + r * LINE + p, sizeof pair);
              f = (__m512bh) _mm512_set1_epi32 (pair);
              sums[r][0] = (Vec) _mm512_dpbf16_ps ((__m512) sums[r][0], f, b0);
              if (vectors > 1)
                sums[r][1] = (Vec) _mm512_dpbf16_ps ((__m512) sums[r][1], f, b1);
            }
        }
    }

  store (rows, c, ldc, sums, columns, add);
}

static inline void
configure_tiles (void)
{
}

static inline void
release_tiles (void)
{
}

#endif

static void
gemm (float *c, size_t ldc, const void *a, const void *b, size_t m, size_t n, size_t k, bool add)
{
  configure_tiles ();
  all_tiles (&KERNEL (gemm_bf16), DEPTH, c, ldc, a, b, m, n, k, add);
  release_tiles ();
}

/* The vector instruction takes Intel's processors longer than float32, and AMD's half as long;
 * bytes take a quarter. */
#ifdef __AMX_BF16__
#define FASTER SAM_FASTEST
#else
#define FASTER SAM_FASTER_ON_AMD
#endif

const SamGemm KERNEL (gemm_bf16) = { STRIP, PANEL, LINE, pack_row, pack_columns, gemm, FASTER };

#endif
