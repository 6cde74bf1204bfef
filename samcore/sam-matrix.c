/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Products with packed weights. A piece of work is a block of rows:
 *
 *   1. its rows are fetched (copied, gathered, normalised, or the neighbourhoods of a convolution) and packed
 *   2. for each group of columns: product, then bias, activation and residual while the group is in the cache
 *
 * An MLP packs the activated groups of its first product again, as the rows of the second; an inverted bottleneck
 * goes row by row of the map and keeps the last three of its wide rows. Few rows are cut into groups of columns
 * instead. */
#include "config.h"

#include "samcore/sam-matrix.h"

#include "samcore/sam-kernels.h"
#include "samcore/sam-parallel.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define GROUP         256    /* columns that are finished at once; a multiple of every panel, line and part */
#define BLOCK_BYTES   917504 /* packed rows of a block: half of a level 2 cache of 2 MB */
#define BLOCK_ROWS    224    /* a multiple of the strips 8, 14 and 32, nearly of 6 */
#define MANY_BLOCKS   4      /* for each thread */
#define FEW_ROWS      64
#define LINE_BYTES    64
#define ROWS_AT_ONCE  8      /* are fetched, then packed: a processor waits for what it has just written in pieces */
#define HUGE_PAGE     (2 << 20)
#define WORTH_A_PIECE 500000 /* multiplications: some microseconds */
#define FETCH         32     /* multiplications that fetching and packing a value takes as long as */
#define READ          16     /* multiplications that reading a weight takes as long as, if it is not in the cache */

struct _SamMatrix
{
  const float    *w;
  size_t          in, out;
  const SamGemm  *gemm;
  gsize           tried; /* to pack */
  gint            not_finite;
  char           *panels; /* NULL if there was no memory: then groups are packed as they are needed */
  SamMatrixPacked packed; /* or NULL */
  void           *packed_data;
};

static int allowed = -1; /* not set */

static bool
is_faster (const SamGemm *gemm)
{
#if defined (__x86_64__)
  if (gemm != NULL && gemm->faster == SAM_FASTER_ON_AMD)
    return __builtin_cpu_is ("amd");
#endif

  return gemm != NULL && gemm->faster == SAM_FASTER;
}

/* bf16 before int8, which changes masks more. */
static const SamGemm *
fast_gemm (void)
{
  static gsize chosen;

  if (g_once_init_enter (&chosen))
    {
      const char       *wanted  = g_getenv ("SAM_PRECISION");
      const SamKernels *kernels = sam_kernels ();
      const SamGemm    *gemm    = kernels->f32;

      if (g_strcmp0 (wanted, "int8") == 0)
        gemm = kernels->int8;
      else if (g_strcmp0 (wanted, "bf16") == 0)
        gemm = kernels->bf16 != NULL ? kernels->bf16 : kernels->f32;
      else if (is_faster (kernels->bf16))
        gemm = kernels->bf16;
      else if (is_faster (kernels->int8))
        gemm = kernels->int8;
      g_once_init_leave (&chosen, (gsize) gemm);
    }

  return (const SamGemm *) chosen;
}

SamArithmetic
sam_arithmetic_get (void)
{
  int arithmetic = g_atomic_int_get (&allowed);

  if (arithmetic < 0)
    arithmetic = g_strcmp0 (g_getenv ("SAM_PRECISION"), "f32") == 0 ? SAM_ARITHMETIC_F32 : SAM_ARITHMETIC_FAST;

  return arithmetic;
}

void
sam_arithmetic_set (SamArithmetic arithmetic)
{
  g_atomic_int_set (&allowed, arithmetic);
}

const char *
sam_arithmetic_name (void)
{
  const SamGemm *gemm = sam_arithmetic_get () == SAM_ARITHMETIC_FAST ? fast_gemm () : NULL;

  return gemm == NULL || gemm == sam_kernels ()->f32 ? "f32" : gemm == sam_kernels ()->int8 ? "int8" : "bf16";
}

const SamGemm *
sam_arithmetic_gemm (SamArithmetic arithmetic)
{
  const SamGemm *gemm = arithmetic == SAM_ARITHMETIC_FAST ? fast_gemm () : sam_kernels ()->f32;

  return gemm != sam_kernels ()->int8 ? gemm : sam_kernels ()->f32;
}

/* Bytes want at least one whole line of inputs, or too much of what is multiplied are zeros. */
static const SamGemm *
matrix_gemm (SamArithmetic arithmetic, size_t in)
{
  const SamGemm *int8 = sam_kernels ()->int8;

  if (arithmetic == SAM_ARITHMETIC_FAST && fast_gemm () == int8 && in >= int8->line)
    return int8;

  return sam_arithmetic_gemm (arithmetic);
}

SamMatrix *
sam_matrix_new (const float *w, size_t out, size_t in, SamArithmetic arithmetic)
{
  SamMatrix *m = g_new0 (SamMatrix, 1);

  m->w    = w;
  m->in   = in;
  m->out  = out;
  m->gemm = matrix_gemm (MIN (arithmetic, sam_arithmetic_get ()), in);

  return m;
}

void
sam_matrix_on_packed (SamMatrix *m, SamMatrixPacked packed, void *data)
{
  m->packed      = packed;
  m->packed_data = data;
}

void
sam_matrix_free (SamMatrix *m)
{
  if (m == NULL)
    return;

  free (m->panels);
  g_free (m);
}

SamArithmetic
sam_matrix_get_arithmetic (const SamMatrix *m)
{
  return m->gemm == sam_kernels ()->f32 ? SAM_ARITHMETIC_F32 : SAM_ARITHMETIC_FAST;
}

SamAct
sam_matrix_get_gelu (const SamMatrix *m)
{
  return m->gemm != sam_kernels ()->f32 ? SAM_ACT_GELU_ROUGH : SAM_ACT_GELU;
}

/* What follows a rounded product is rounded again before the next one. */
static SamAct
suitable_act (SamAct act, const SamMatrix *w)
{
  return act == SAM_ACT_GELU ? sam_matrix_get_gelu (w) : act;
}

static size_t
round_up (size_t n, size_t to)
{
  return (n + to - 1) / to * to;
}

/* Looks at the values, too, which are in the cache then. */
static void
pack_group (size_t first, size_t last, gpointer data)
{
  SamMatrix   *m = data;
  const float *w = m->w + first * m->in;

  if (m->panels != NULL)
    m->gemm->pack_columns (m->panels + sam_panels_bytes (m->gemm, first, m->in), w, m->in, true, last - first, m->in);
  if (! sam_kernels ()->all_finite (w, (last - first) * m->in))
    g_atomic_int_set (&m->not_finite, 1);
}

static void *
alloc_panels (size_t bytes)
{
  void *panels;

  if (posix_memalign (&panels, bytes >= HUGE_PAGE ? HUGE_PAGE : 64, MAX (bytes, 64)) != 0)
    return NULL;

#ifdef MADV_HUGEPAGE
  if (bytes >= HUGE_PAGE)
    madvise (panels, bytes, MADV_HUGEPAGE);
#endif
  return panels;
}

static void
matrix_prepare (const SamMatrix *matrix)
{
  SamMatrix *m = (SamMatrix *) matrix;

  if (g_once_init_enter (&m->tried))
    {
      m->panels = alloc_panels (sam_panels_bytes (m->gemm, m->out, m->in));
      sam_parallel_for (m->out, m->gemm->panel, pack_group, m);
      if (m->panels != NULL && m->packed != NULL)
        m->packed (m->packed_data, m->w, m->out * m->in);
      g_once_init_leave (&m->tried, 1);
    }
}

bool
sam_matrix_pack (SamMatrix *matrix)
{
  matrix_prepare (matrix);

  return matrix->panels != NULL;
}

bool
sam_matrix_is_finite (SamMatrix *matrix)
{
  matrix_prepare (matrix);

  return ! matrix->not_finite;
}

/* The panels of a group of columns. */
static const void *
matrix_panels (const SamMatrix *m, size_t column, size_t n)
{
  float *panels;

  if (m->panels != NULL)
    return m->panels + sam_panels_bytes (m->gemm, column, m->in);

  panels = sam_parallel_scratch (SAM_SCRATCH_PANELS, sam_panels_bytes (m->gemm, n, m->in) / sizeof (float));
  m->gemm->pack_columns (panels, m->w + column * m->in, m->in, true, n, m->in);
  return panels;
}

/* Row @row of the product: where it is, or made in buffer [in]. */
typedef const float *(*RowFunc) (gconstpointer data, size_t row, float *buffer);

typedef struct
{
  float             *y;
  RowFunc            row;
  gconstpointer      rows;
  const SamRowMaker *maker;    /* of the rows, or NULL */
  const SamMatrix   *w1, *w2;  /* w1: only in an MLP */
  const float       *b1, *b2, *r;
  SamAct             act1, act;
  size_t             n;
} Product;

static void
make_rows (const Product *p, size_t first, size_t last)
{
  if (p->maker != NULL)
    p->maker->make (p->maker->data, first, last);
}

/* Step 1: rows [first, last) of the product, packed. */
static float *
pack_block (const Product *p, const SamMatrix *w, size_t first, size_t last)
{
  const SamGemm *gemm   = w->gemm;
  float         *strips = sam_parallel_scratch (SAM_SCRATCH_ROWS,
                                                sam_strips_bytes (gemm, last - first, w->in) / sizeof (float));
  float         *buffer = sam_parallel_scratch (SAM_SCRATCH_ROW, ROWS_AT_ONCE * w->in);
  const float   *rows[ROWS_AT_ONCE];

  for (size_t row = first, n; row < last; row += n)
    {
      char *to = sam_packed_row (gemm, strips, row - first, w->in);

      n = MIN (MIN (ROWS_AT_ONCE, last - row), gemm->strip - (row - first) % gemm->strip);
      for (size_t i = 0; i < n; i++)
        rows[i] = p->row (p->rows, row + i, buffer + i * w->in);
      for (size_t i = 0; i < n; i++)
        gemm->pack_row (to + i * LINE_BYTES, rows[i], w->in);
    }

  return strips;
}

/* Step 2 for the columns [column0, column1) of y. */
static void
multiply_block (const Product *p, const float *strips, size_t first, size_t last, size_t column0, size_t column1)
{
  const SamMatrix *w   = p->w2;
  const bool       add = p->r == p->y; /* to what is there: nothing comes between product and sum, see multiply() */
  size_t           n   = last - first;

  for (size_t column = column0; column < column1; column += GROUP)
    {
      size_t       c      = MIN (GROUP, column1 - column);
      size_t       at     = first * w->out + column;
      const void  *panels = matrix_panels (w, column, c);
      const float *b      = p->b2 != NULL ? p->b2 + column : NULL;
      const float *r      = p->r != NULL && ! add ? p->r + at : NULL;

      w->gemm->gemm (p->y + at, w->out, strips, panels, n, c, w->in, add);
      sam_kernels ()->finish (p->y + at, w->out, b, r, w->out, n, c, p->act);
    }
}

static void
product_rows (size_t first, size_t last, gpointer data)
{
  const Product *p = data;

  make_rows (p, first, last);
  multiply_block (p, pack_block (p, p->w2, first, last), first, last, 0, p->w2->out);
}

static void
product_columns (size_t first, size_t last, gpointer data)
{
  const Product *p = data;

  multiply_block (p, pack_block (p, p->w2, 0, p->n), 0, p->n, first, last);
}

/* Rows per piece so that @k packed elements of each stay in the cache, and all threads have as much to do: one thread
 * takes what the cache holds, since each piece goes over all weights again. A row comes out the same in whatever piece
 * it is. */
static size_t
block_rows (const SamGemm *gemm, size_t n, size_t k, size_t work_per_row, const SamRowMaker *maker)
{
  const size_t unit      = maker != NULL ? maker->rows : 1; /* are made together */
  const size_t n_threads = sam_parallel_get_n_threads_here ();
  const size_t most      = CLAMP (BLOCK_BYTES * gemm->strip / sam_strips_bytes (gemm, gemm->strip, k), gemm->strip,
                                  BLOCK_ROWS);
  const size_t n_blocks  = round_up ((n + most - 1) / most, n_threads);
  size_t       rows      = MAX ((n + n_blocks - 1) / n_blocks, WORTH_A_PIECE / (work_per_row + FETCH * k) + 1);

  if (n_threads > 1 && n_blocks < MANY_BLOCKS * n_threads)
    return round_up (rows, unit);

  /* so many come out even in any size: one that suits the cache and the strips */
  return MAX (round_up (rows, gemm->strip) / unit, 1) * unit;
}

static void
multiply (Product *p)
{
  const SamMatrix *w    = p->w2;
  size_t           work = w->in * w->out;
  size_t           n_pieces;

  if (p->n == 0)
    return;

  g_assert (p->r != p->y || p->act == SAM_ACT_NONE);
  matrix_prepare (w);
  p->act = suitable_act (p->act, w);
  if (p->n > FEW_ROWS)
    {
      sam_parallel_for (p->n, block_rows (w->gemm, p->n, w->in, work, p->maker), product_rows, p);
      return;
    }
  make_rows (p, 0, p->n);
  n_pieces = 1;
  if (sam_parallel_get_n_threads_here () > 1) /* each packs the rows again */
    n_pieces = MAX (round_up ((p->n + READ) * work / WORTH_A_PIECE, 2), 1);
  sam_parallel_for (w->out, round_up ((w->out + n_pieces - 1) / n_pieces, w->gemm->panel), product_columns, p);
}

typedef struct
{
  SamRows rows;
  size_t  in;
} Rows;

static const float *
normed_row (const Rows *r, size_t row, float *buffer)
{
  const SamRowNorm *norm = r->rows.norm;
  const float      *x    = r->rows.x + row * r->rows.ld;

  if (r->rows.index != NULL)
    {
      uint32_t i = r->rows.index[row];

      if (i == SAM_ROW_ZERO)
        return memset (buffer, 0, r->in * sizeof *buffer);
      x = r->rows.x + i * r->rows.ld;
    }
  if (norm == NULL)
    return x;

  sam_kernels ()->layer_norm (buffer, x, norm->weight, norm->bias, norm->eps, 1, r->in);
  return buffer;
}

static const float *
rows_row (gconstpointer data, size_t row, float *buffer)
{
  const Rows  *r = data;
  const float *x = normed_row (r, row, buffer);

  if (r->rows.add == NULL)
    return x;

  sam_kernels ()->add (buffer, x, r->rows.add + row * r->in, r->in);
  return buffer;
}

void
sam_matrix_linear (float *y, const float *x, const SamMatrix *w, const float *b, const float *r,
                   size_t n, SamAct act)
{
  SamRows rows = { .x = x, .ld = w->in };

  sam_matrix_linear_rows (y, &rows, w, b, r, n, act);
}

void
sam_matrix_linear_rows (float *y, const SamRows *x, const SamMatrix *w, const float *b, const float *r,
                        size_t n, SamAct act)
{
  Rows    rows = { *x, w->in };
  Product p    = { .y = y, .row = rows_row, .rows = &rows, .maker = x->maker, .w2 = w, .b2 = b, .r = r, .act = act,
                   .n = n };

  multiply (&p);
}

static void
mlp_rows (size_t first, size_t last, gpointer data)
{
  const Product    *p       = data;
  const SamKernels *kernels = sam_kernels ();
  const SamGemm    *gemm    = p->w2->gemm;
  size_t            n       = last - first;
  size_t            middle  = p->w2->in;
  float            *strips;
  float            *packed  = sam_parallel_scratch (SAM_SCRATCH_MIDDLE,
                                                    sam_strips_bytes (gemm, n, middle) / sizeof (float));
  float            *group   = sam_parallel_scratch (SAM_SCRATCH_GROUP, n * GROUP);

  make_rows (p, first, last);
  strips = pack_block (p, p->w1, first, last);
  for (size_t column = 0; column < middle; column += GROUP)
    {
      size_t c = MIN (GROUP, middle - column);

      p->w1->gemm->gemm (group, c, strips, matrix_panels (p->w1, column, c), n, c, p->w1->in, false);
      kernels->finish (group, c, p->b1 != NULL ? p->b1 + column : NULL, NULL, 0, n, c, p->act1);
      for (size_t row = 0; row < n; row++)
        gemm->pack_row (sam_packed_row (gemm, packed, row, middle) + sam_strips_bytes (gemm, gemm->strip, column),
                        group + row * c, c);
    }
  multiply_block (p, packed, first, last, 0, p->w2->out);
}

void
sam_matrix_mlp (float *y, const SamRows *x, const SamMatrix *w1, const float *b1, SamAct act,
                const SamMatrix *w2, const float *b2, const float *r, size_t n)
{
  Rows    rows = { *x, w1->in };
  Product p    = { .y = y, .row = rows_row, .rows = &rows, .maker = x->maker, .w1 = w1, .w2 = w2, .b1 = b1, .b2 = b2,
                   .r = r, .act1 = suitable_act (act, w1), .n = n };

  if (n <= FEW_ROWS)
    {
      g_autofree float *middle = g_new (float, n * w1->out);

      sam_matrix_linear_rows (middle, x, w1, b1, NULL, n, act);
      sam_matrix_linear (y, middle, w2, b2, r, n, SAM_ACT_NONE);
      return;
    }

  matrix_prepare (w1);
  matrix_prepare (w2);
  sam_parallel_for (n, block_rows (w1->gemm, n, w1->in + w2->in, w1->in * w1->out + w2->in * w2->out, p.maker),
                    mlp_rows, &p);
}

typedef struct
{
  const float *x; /* from the map's row x_first on */
  size_t       h, w, in, kh, kw, stride, pad, w_out, first, x_first;
} Conv;

/* Of pictures they are few, and a call takes longer. */
static inline void
copy_floats (float *to, const float *from, size_t n)
{
  enum { FEW = 16, FOUR = 4 };
  size_t i = 0;

  if (n > FEW)
    {
      memcpy (to, from, n * sizeof *to);
      return;
    }
  for (; i + FOUR <= n; i += FOUR)
    memcpy (to + i, from + i, FOUR * sizeof *to);
  for (; i < n; i++)
    to[i] = from[i];
}

/* The neighbourhood of pixel @row, counted from output row first: [kh, kw, in], zeros outside. */
static const float *
conv_row (gconstpointer data, size_t row, float *buffer)
{
  const Conv  *c      = data;
  const size_t top    = (c->first + row / c->w_out) * c->stride; /* in the padded picture */
  const size_t left   = row % c->w_out * c->stride;
  const size_t before = left < c->pad ? MIN (c->pad - left, c->kw) : 0;
  const size_t beyond = left + c->kw > c->w + c->pad ? MIN (left + c->kw - c->w - c->pad, c->kw) : 0;
  const size_t inside = before + beyond < c->kw ? c->kw - before - beyond : 0;
  float       *to     = buffer;

  for (size_t a = top; a < top + c->kh; a++, to += c->kw * c->in)
    {
      if (a < c->pad || a >= c->h + c->pad || inside == 0)
        {
          memset (to, 0, c->kw * c->in * sizeof *to);
          continue;
        }
      if (before > 0)
        memset (to, 0, before * c->in * sizeof *to);
      copy_floats (to + before * c->in, c->x + ((a - c->pad - c->x_first) * c->w + left + before - c->pad) * c->in,
                   inside * c->in);
      if (beyond > 0)
        memset (to + (before + inside) * c->in, 0, beyond * c->in * sizeof *to);
    }

  return buffer;
}

void
sam_matrix_conv2d_rows (float *y, const float *x, const SamMatrix *k, const float *b,
                        size_t h, size_t w, size_t in, size_t kh, size_t kw, size_t stride, size_t pad,
                        SamAct act, size_t first, size_t last, size_t x_first)
{
  size_t  w_out = (w + 2 * pad - kw) / stride + 1;
  Conv    c     = { x, h, w, in, kh, kw, stride, pad, w_out, first, x_first };
  Product p     = { .y = y, .row = conv_row, .rows = &c, .w2 = k, .b2 = b, .act = act, .n = (last - first) * w_out };

  multiply (&p);
}

void
sam_matrix_conv2d (float *y, const float *x, const SamMatrix *k, const float *b,
                   size_t h, size_t w, size_t in, size_t kh, size_t kw, size_t stride, size_t pad,
                   SamAct act)
{
  sam_matrix_conv2d_rows (y, x, k, b, h, w, in, kh, kw, stride, pad, act, 0, (h + 2 * pad - kh) / stride + 1, 0);
}

typedef struct
{
  Product           product; /* the rows, the matrix and its bias; what is made of them goes to y below */
  float            *y;
  const float      *r;
  const SamRowNorm *norm;
  size_t            w, out;
  SamAct            act;
} ConvTranspose;

static void
conv_transpose_rows (size_t first, size_t last, gpointer data)
{
  const ConvTranspose *t       = data;
  const SamKernels    *kernels = sam_kernels ();
  const SamMatrix     *k       = t->product.w2;
  float               *strips  = pack_block (&t->product, k, first, last);
  float               *product = sam_parallel_scratch (SAM_SCRATCH_MIDDLE, (last - first) * k->out);
  size_t               out     = t->out;

  for (size_t column = 0; column < k->out; column += GROUP)
    {
      size_t c = MIN (GROUP, k->out - column);

      k->gemm->gemm (product + column, k->out, strips, matrix_panels (k, column, c), last - first, c, k->in, false);
    }

  /* A product row is [2, 2, out]; pixels beside each other lie beside each other in y, too, until the input's
   * row ends. */
  for (size_t row = first, n; row < last; row += n, product += n * k->out)
    {
      n = MIN (last - row, t->w - row % t->w);
      for (size_t a = 0; a < 2; a++)
        {
          size_t at = ((2 * (row / t->w) + a) * 2 * t->w + 2 * (row % t->w)) * out;
          float *y  = t->y + at;

          for (size_t i = 0; i < n; i++)
            memcpy (y + i * 2 * out, product + i * k->out + a * 2 * out, 2 * out * sizeof *y);
          if (t->r != NULL)
            kernels->add (y, y, t->r + at, 2 * n * out);
          if (t->norm != NULL)
            {
              kernels->finish (y, out, t->product.b2, NULL, 0, 2 * n, out, SAM_ACT_NONE);
              kernels->layer_norm (y, y, t->norm->weight, t->norm->bias, t->norm->eps, 2 * n, out);
              kernels->finish (y, out, NULL, NULL, 0, 2 * n, out, t->act);
            }
          else
            {
              kernels->finish (y, out, t->product.b2, NULL, 0, 2 * n, out, t->act);
            }
        }
    }
}

void
sam_matrix_conv_transpose2x2 (float *y, const float *x, const SamMatrix *k, const float *b, const float *r,
                              size_t h, size_t w, const SamRowNorm *norm, SamAct act)
{
  Rows          rows = { { .x = x, .ld = k->in }, k->in };
  ConvTranspose t    = { .product = { .row = rows_row, .rows = &rows, .w2 = k, .b2 = b, .n = h * w },
                         .y = y, .r = r, .norm = norm, .w = w, .out = k->out / 4, .act = act };

  matrix_prepare (k);
  sam_parallel_for (h * w, block_rows (k->gemm, h * w, k->in + k->out, k->in * k->out, NULL), conv_transpose_rows, &t);
}

typedef struct
{
  Product      product; /* y = w2 … + b2 + r; its rows, x's, are those of w1 */
  const float *k, *bk, *zeros;
  size_t       h, w, w_out, stride;
  SamAct       last;
} Bottleneck;

/* Row @row of act (w1 x + b1): [w, hidden] */
static void
widen_row (const Bottleneck *t, float *wide, size_t row)
{
  const Product   *p      = &t->product;
  const SamMatrix *w1     = p->w1;
  float           *strips = pack_block (p, w1, row * t->w, (row + 1) * t->w);

  for (size_t column = 0; column < w1->out; column += GROUP)
    {
      size_t c = MIN (GROUP, w1->out - column);

      w1->gemm->gemm (wide + column, w1->out, strips, matrix_panels (w1, column, c), t->w, c, w1->in, false);
      sam_kernels ()->finish (wide + column, w1->out, p->b1 + column, NULL, 0, t->w, c, p->act1);
    }
}

static void
bottleneck_rows (size_t first, size_t last, gpointer data)
{
  const Bottleneck *t       = data;
  const Product    *p       = &t->product;
  const SamGemm    *gemm    = p->w2->gemm;
  const size_t      hidden  = p->w1->out;
  float            *ring    = sam_parallel_scratch (SAM_SCRATCH_RING, 3 * t->w * hidden);
  float            *mixed   = sam_parallel_scratch (SAM_SCRATCH_SCORES, t->w_out * hidden);
  float            *packed  = sam_parallel_scratch (SAM_SCRATCH_MIDDLE,
                                                    sam_strips_bytes (gemm, t->w_out, hidden) / sizeof (float));
  size_t            made[3] = { 0, 0, 0 }; /* which row of the padded map lies in each third of the ring */

  for (size_t i = first; i < last; i++)
    {
      const float *rows[3];

      for (size_t d = 0; d < 3; d++)
        {
          size_t row  = i * t->stride + d; /* of the padded map; 0 is above the first */
          float *wide = ring + row % 3 * t->w * hidden;

          rows[d] = wide;
          if (row == 0 || row > t->h)
            rows[d] = t->zeros;
          else if (made[row % 3] != row)
            widen_row (t, wide, row - 1);
          made[row % 3] = row == 0 || row > t->h ? 0 : row;
        }

      sam_kernels ()->depthwise3x3 (mixed, rows, t->k, t->bk, t->w, hidden, t->stride, p->act1);
      for (size_t j = 0; j < t->w_out; j++)
        gemm->pack_row (sam_packed_row (gemm, packed, j, hidden), mixed + j * hidden, hidden);
      multiply_block (p, packed, i * t->w_out, (i + 1) * t->w_out, 0, p->w2->out);
      if (t->last != SAM_ACT_NONE)
        sam_kernels ()->activate (p->y + i * t->w_out * p->w2->out, p->y + i * t->w_out * p->w2->out,
                                  t->w_out * p->w2->out, t->last);
    }
}

#define BOTTLENECK_PIECES 2 /* for each thread */
#define BOTTLENECK_ROWS   4 /* of a piece, at least */

/* Rows per piece. Each piece makes up to two wide rows that its neighbour makes, too: so as few as keep all threads
 * busy when one of them is slower than the others. */
static size_t
bottleneck_grain (size_t h_out)
{
  const size_t n_threads = sam_parallel_get_n_threads_here ();
  const size_t n_pieces  = n_threads > 1 ? BOTTLENECK_PIECES * n_threads : 1;

  return MAX (BOTTLENECK_ROWS, (h_out + n_pieces - 1) / n_pieces);
}

void
sam_matrix_bottleneck (float *y, const float *x, const SamMatrix *w1, const float *b1,
                       const float *k, const float *bk, const SamMatrix *w2, const float *b2, const float *r,
                       size_t h, size_t w, size_t stride, SamAct act, SamAct last)
{
  g_autofree float *zeros = g_new0 (float, w * w1->out);
  Rows              rows  = { { .x = x, .ld = w1->in }, w1->in };
  size_t            h_out = (h - 1) / stride + 1;
  Bottleneck        t     = { .product = { .y = y, .row = rows_row, .rows = &rows, .w1 = w1, .w2 = w2, .b1 = b1,
                                           .b2 = b2, .r = r, .act1 = suitable_act (act, w1) },
                              .k = k, .bk = bk, .zeros = zeros, .h = h, .w = w, .w_out = (w - 1) / stride + 1,
                              .stride = stride, .last = suitable_act (last, w2) };

  matrix_prepare (w1);
  matrix_prepare (w2);
  sam_parallel_for (h_out, bottleneck_grain (h_out), bottleneck_rows, &t);
}
