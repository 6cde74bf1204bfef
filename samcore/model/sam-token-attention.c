/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Few tokens against many places x, with positions p. What is projected are the tokens, in both
 * ways, never the places: for a token's query q, and Wk, Wv that part of the weights which makes
 * one head's keys and values,
 *
 *   q . (Wk (x + p))   = (WkT q) . (x + p)
 *   sum_i w_i (Wv x_i) = Wv (sum_i w_i x_i)
 *
 * So a map is multiplied by as many columns as there are tokens times heads, [t, heads], usually
 * about 60. A piece is a part of the map that stays in the cache.
 *
 *   read    scores = (x + p) queries, e^(scores - maximum of the piece), sums and weighted sums of
 *           x per piece; the pieces are put together in their order, head by head
 *   write   scores = (x + p) keys, softmax over the tokens, x += weights values, norm
 *
 * What is done between the passes over the map is little, but all threads would wait for one: so it
 * is in pieces, too. */
#include "config.h"

#include "samcore/model/sam-token-attention.h"

#include <math.h>
#include <string.h>

#include "samcore/kernels/sam-kernels.h"
#include "samcore/sam-parallel.h"
#include "samcore/base/sam-scratch.h"

#define MOST_PLACES 128 /* of a piece */
#define STRIP       32  /* of places, at most, as bf16 packs them */

/* The arrays of a call, each beginning at a cache line. Panels are at most 64 columns wide. */
typedef struct
{
  float *first, *second;   /* [t, inner]: projections */
  float *folded;           /* [columns, width] */
  float *scoring, *values; /* folded, packed */
  float *bias;             /* [columns] */
  float *max, *sums, *o;   /* of pieces: [columns], [columns], [columns, width] */
} Arrays;

/* One call. */
typedef struct
{
  const SamGemm     *gemm;
  const SamPlaces   *map;
  size_t             width, inner, heads, d, t, columns, places, n_pieces; /* places: of a piece */
  Arrays             a;
  const SamReadMap  *read;
  const SamWriteMap *write;
  const SamNorm     *norm; /* after a write */
  float             *y;
} Pass;

void
sam_read_map_fetch (SamWeights *weights,
                    SamReadMap *read,
                    size_t      width,
                    size_t      inner,
                    size_t      heads,
                    const char *name)
{
  read->gemm = sam_arithmetic_gemm (sam_arithmetic_get ());
  read->heads = heads;
  read->inner = inner;
  read->width = width;
  sam_weights_linear (weights, &read->q, width, inner, SAM_BIAS_YES,
                      sam_prefix ("%sq_proj", name).text);
  sam_weights_linear (weights, &read->out, inner, width, SAM_BIAS_YES,
                      sam_prefix ("%sout_proj", name).text);
  read->k = sam_weights_matrix (weights, inner, width, sam_prefix ("%sk_proj.weight", name).text);
  read->v = sam_weights_matrix (weights, inner, width, sam_prefix ("%sv_proj.weight", name).text);
  read->v_bias = sam_weights_vector (weights, inner, sam_prefix ("%sv_proj.bias", name).text);
}

void
sam_write_map_fetch (SamWeights  *weights,
                     SamWriteMap *write,
                     size_t       width,
                     size_t       inner,
                     size_t       heads,
                     const char  *name)
{
  write->gemm = sam_arithmetic_gemm (sam_arithmetic_get ());
  write->heads = heads;
  write->inner = inner;
  write->width = width;
  sam_weights_linear (weights, &write->k, width, inner, SAM_BIAS_YES,
                      sam_prefix ("%sk_proj", name).text);
  sam_weights_linear (weights, &write->v, width, inner, SAM_BIAS_YES,
                      sam_prefix ("%sv_proj", name).text);
  write->q = sam_weights_matrix (weights, inner, width, sam_prefix ("%sq_proj.weight", name).text);
  write->q_bias = sam_weights_vector (weights, inner, sam_prefix ("%sq_proj.bias", name).text);
  write->out = sam_weights_matrix (weights, width, inner,
                                   sam_prefix ("%sout_proj.weight", name).text);
  write->out_bias = sam_weights_vector (weights, width, sam_prefix ("%sout_proj.bias", name).text);
}

static float *
take_floats (float *scratch, size_t *taken, size_t n)
{
  size_t at = *taken;

  *taken += (n + 15) / 16 * 16;
  return scratch != NULL ? scratch + at : NULL;
}

/* Of each piece of a map of @n: an even number of pieces as large as each other, that two threads
 * end together */
static size_t
count_places (size_t n)
{
  size_t n_pieces = ((n - 1) / (2 * MOST_PLACES) + 1) * 2;
  size_t places = (n - 1) / n_pieces + 1;

  return (places + STRIP - 1) / STRIP * STRIP;
}

/* Returns the floats taken. scratch may be NULL. */
static size_t
arrange_arrays (Arrays *a,
                float  *scratch,
                size_t  t,
                size_t  n,
                size_t  heads,
                size_t  inner,
                size_t  width)
{
  size_t columns = t * heads;
  size_t n_pieces = (n - 1) / count_places (n) + 1;
  size_t taken = 0;

  a->first = take_floats (scratch, &taken, t * inner);
  a->second = take_floats (scratch, &taken, t * inner);
  a->folded = take_floats (scratch, &taken, columns * width);
  a->scoring = take_floats (scratch, &taken, (columns + 63) * (width + 31));
  a->values = take_floats (scratch, &taken, (columns + 31) * (width + 63));
  a->bias = take_floats (scratch, &taken, columns);
  a->max = take_floats (scratch, &taken, n_pieces * columns);
  a->sums = take_floats (scratch, &taken, n_pieces * columns);
  a->o = take_floats (scratch, &taken, n_pieces * columns * width);

  return taken;
}

size_t
sam_token_attention_scratch (size_t t, size_t n, size_t heads, size_t inner, size_t width)
{
  Arrays a;

  return arrange_arrays (&a, NULL, t, n, heads, inner, width);
}

static Pass
begin_pass (const SamGemm   *gemm,
            const SamPlaces *map,
            size_t           width,
            size_t           inner,
            size_t           heads,
            size_t           t,
            float           *scratch)
{
  Pass pass = { .gemm = gemm,
                .map = map,
                .width = width,
                .inner = inner,
                .heads = heads,
                .d = inner / heads,
                .t = t,
                .columns = t * heads,
                .places = count_places (map->n) };

  pass.n_pieces = (map->n - 1) / pass.places + 1;
  arrange_arrays (&pass.a, scratch, t, map->n, heads, inner, width);

  return pass;
}

/* What a head's part [t, d] of the tokens' projection @x makes of its part [d, width] of @w:
 * columns of folded */
static void
fold_rows (const Pass *p, size_t head, const float *x, const float *w, float scale)
{
  sam_gemm_nn (p->a.folded + head * p->width, p->heads * p->width, x + head * p->d, p->inner,
               w + head * p->d * p->width, p->width, p->t, p->width, p->d, scale);
}

static void
pack_scoring (size_t first, size_t last, gpointer data)
{
  const Pass *p = data;

  p->gemm->pack_columns ((char *) p->a.scoring + sam_panels_bytes (p->gemm, first, p->width),
                         p->a.folded + first * p->width, p->width, true, last - first, p->width);
}

/* Rows x + p of the places [first, last), packed, times the tokens: [last - first, columns] */
static float *
score_places (const Pass *p, size_t first, size_t last)
{
  const SamKernels *kernels = sam_kernels ();
  const SamGemm    *gemm = p->gemm;
  const SamPlaces  *map = p->map;
  size_t            rows = last - first;
  float *strips = sam_scratch_bytes (SAM_SCRATCH_ROWS, sam_strips_bytes (gemm, rows, p->width));
  float *row = sam_scratch_floats (SAM_SCRATCH_ROW, p->width);
  float *scores = sam_scratch_floats (SAM_SCRATCH_SCORES, rows * p->columns);

  for (size_t i = first; i < last; i++)
    {
      kernels->add (row, map->x + i * p->width, map->grid + i * p->width, p->width);
      if (map->all != NULL)
        kernels->add (row, row, map->all, p->width);
      gemm->pack_row (sam_packed_row (gemm, strips, i - first, p->width), row, p->width);
    }
  gemm->gemm (scores, p->columns, strips, p->a.scoring, rows, p->columns, p->width, false);

  return scores;
}

/* ---- read ---- */

static void
fold_queries (size_t first, size_t last, gpointer data)
{
  const Pass *p = data;

  for (size_t head = first; head < last; head++)
    fold_rows (p, head, p->a.first, p->read->k, 1 / sqrtf (p->d));
}

static void
read_places (size_t first, size_t last, gpointer data)
{
  const Pass       *p = data;
  const SamKernels *kernels = sam_kernels ();
  const SamGemm    *gemm = p->gemm;
  size_t            rows = last - first;
  size_t            at = first / p->places * p->columns;
  float            *scores = score_places (p, first, last);
  float            *turned = sam_scratch_floats (SAM_SCRATCH_GROUP, p->columns * rows);
  float            *weights = sam_scratch_bytes (SAM_SCRATCH_MIDDLE,
                                                 sam_strips_bytes (gemm, p->columns, rows));
  float *panels = sam_scratch_bytes (SAM_SCRATCH_PANELS, sam_panels_bytes (gemm, p->width, rows));

  kernels->exp_columns (scores, rows, p->columns, p->a.max + at, p->a.sums + at);
  kernels->transpose (turned, scores, rows, p->columns);
  for (size_t i = 0; i < p->columns; i++)
    gemm->pack_row (sam_packed_row (gemm, weights, i, rows), turned + i * rows, rows);
  gemm->pack_columns (panels, p->map->x + first * p->width, p->width, false, p->width, rows);
  gemm->gemm (p->a.o + at * p->width, p->width, weights, panels, p->columns, p->width, rows, false);
}

/* The pieces' weighted sums of a column to the mean over the whole map, in the place of folded,
 * which is packed. */
static void
unite_pieces (const Pass *p, size_t column)
{
  const SamKernels *kernels = sam_kernels ();
  float            *mean = p->a.folded + column * p->width;
  float            *factors = sam_scratch_floats (SAM_SCRATCH_ROW, p->n_pieces);
  float             max = -INFINITY, sum = 0;

  for (size_t piece = 0; piece < p->n_pieces; piece++)
    max = MAX (max, p->a.max[piece * p->columns + column]);
  for (size_t piece = 0; piece < p->n_pieces; piece++)
    {
      size_t at = piece * p->columns + column;

      factors[piece] = expf (p->a.max[at] - max);
      sum += factors[piece] * p->a.sums[at];
    }
  kernels->scale (factors, factors, 1 / sum, p->n_pieces);
  kernels->correlate (mean, p->a.o + column * p->width, factors, p->n_pieces, p->columns * p->width,
                      p->width);
  if (p->map->all != NULL) /* the weights' sum is 1 */
    kernels->add (mean, mean, p->map->all, p->width);
}

static void
finish_reading (size_t first, size_t last, gpointer data)
{
  const Pass *p = data;

  for (size_t head = first; head < last; head++)
    {
      for (size_t i = 0; i < p->t; i++)
        unite_pieces (p, i * p->heads + head);
      sam_gemm_nt (p->a.second + head * p->d, p->inner, p->a.folded + head * p->width,
                   p->heads * p->width, p->read->v + head * p->d * p->width, p->width, p->t, p->d,
                   p->width, 1, 0);
    }
}

void
sam_read_map_run (const SamReadMap *read,
                  float            *tokens,
                  const float      *own,
                  const SamPlaces  *map,
                  size_t            t,
                  float            *scratch)
{
  Pass p = begin_pass (read->gemm, map, read->width, read->inner, read->heads, t, scratch);

  p.read = read;
  sam_sum_linear_run (&read->q, p.a.first, tokens, own, NULL, t);
  sam_parallel_for (p.heads, 1, fold_queries, &p);
  sam_parallel_for (p.columns, p.gemm->panel, pack_scoring, &p);
  sam_parallel_for (map->n, p.places, read_places, &p);
  sam_parallel_for (p.heads, 1, finish_reading, &p);
  sam_add_row (p.a.second, p.a.second, read->v_bias, t, p.inner);
  sam_linear_run (&read->out, tokens, p.a.second, tokens, t, SAM_ACT_NONE);
}

/* ---- write ---- */

static void
fold_keys (size_t first, size_t last, gpointer data)
{
  const Pass *p = data;
  const float scale = 1 / sqrtf (p->d);

  for (size_t head = first; head < last; head++)
    {
      fold_rows (p, head, p->a.first, p->write->q, scale);
      sam_gemm_nt (p->a.bias + head, p->heads, p->a.first + head * p->d, p->inner,
                   p->write->q_bias + head * p->d, p->d, p->t, 1, p->d, scale, 0);
    }
}

static void
fold_values (size_t first, size_t last, gpointer data)
{
  const Pass *p = data;

  for (size_t head = first; head < last; head++)
    sam_gemm_nt (p->a.folded + head * p->width, p->heads * p->width, p->a.second + head * p->d,
                 p->inner, p->write->out + head * p->d, p->inner, p->t, p->width, p->d, 1, 0);
}

static void
pack_values (size_t first, size_t last, gpointer data)
{
  const Pass *p = data;

  p->gemm->pack_columns ((char *) p->a.values + sam_panels_bytes (p->gemm, first, p->columns),
                         p->a.folded + first, p->width, false, last - first, p->columns);
}

static void
write_places (size_t first, size_t last, gpointer data)
{
  const Pass       *p = data;
  const SamKernels *kernels = sam_kernels ();
  const SamGemm    *gemm = p->gemm;
  const SamPlaces  *map = p->map;
  size_t            rows = last - first;
  const float      *x = map->x + first * p->width;
  float            *y = p->y + first * p->width;
  float            *scores = score_places (p, first, last);
  float            *weights = sam_scratch_bytes (SAM_SCRATCH_MIDDLE,
                                                 sam_strips_bytes (gemm, rows, p->columns));

  kernels->add_row (scores, scores, p->a.bias, rows, p->columns);
  kernels->softmax_columns (scores, rows, p->t, p->heads);
  for (size_t i = 0; i < rows; i++)
    gemm->pack_row (sam_packed_row (gemm, weights, i, p->columns), scores + i * p->columns,
                    p->columns);
  if (map->all != NULL)
    kernels->add_row (y, x, map->all, rows, p->width);
  else if (y != x)
    memcpy (y, x, rows * p->width * sizeof *y);
  gemm->gemm (y, p->width, weights, p->a.values, rows, p->width, p->columns, true);
  kernels->finish (y, p->width, p->write->out_bias, NULL, 0, rows, p->width, SAM_ACT_NONE);
  kernels->layer_norm (y, y, p->norm->w, p->norm->b, p->norm->eps, rows, p->width);
}

void
sam_write_map_run (const SamWriteMap *write,
                   const SamNorm     *norm,
                   float             *y,
                   const SamPlaces   *map,
                   const float       *tokens,
                   const float       *own,
                   size_t             t,
                   float             *scratch)
{
  Pass p = begin_pass (write->gemm, map, write->width, write->inner, write->heads, t, scratch);

  p.write = write;
  p.norm = norm;
  p.y = y;
  sam_sum_linear_run (&write->k, p.a.first, tokens, own, NULL, t);
  sam_linear_run (&write->v, p.a.second, tokens, NULL, t, SAM_ACT_NONE);
  sam_parallel_for (p.heads, 1, fold_keys, &p);
  sam_parallel_for (p.columns, p.gemm->panel, pack_scoring, &p);
  sam_parallel_for (p.heads, 1, fold_values, &p);
  sam_parallel_for (p.width, p.gemm->panel, pack_values, &p);
  sam_parallel_for (map->n, p.places, write_places, &p);
}
