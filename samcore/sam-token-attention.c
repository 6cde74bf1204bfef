/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Few tokens against many places x, with positions p. What is projected are the tokens, in both ways, never the
 * places: for a token's query q, and Wk, Wv that part of the weights which makes one head's keys and values,
 *
 *   q . (Wk (x + p))   = (WkT q) . (x + p)
 *   sum_i w_i (Wv x_i) = Wv (sum_i w_i x_i)
 *
 * So a map is multiplied by as many columns as there are tokens times heads, [t, heads], usually about 60. A
 * piece is a part of the map that stays in the cache.
 *
 *   read    scores = (x + p) queries, e^(scores - maximum of the piece), sums and weighted sums of x per piece;
 *           the pieces are put together in their order
 *   write   scores = (x + p) keys, softmax over the tokens, x += weights values, norm */
#include "config.h"

#include "samcore/sam-token-attention.h"

#include <math.h>

#include "samcore/sam-kernels.h"
#include "samcore/sam-parallel.h"

#define PLACES 128 /* of a piece: a multiple of bf16's strips */

typedef struct
{
  const SamGemm *gemm;
  float         *x;       /* [n, width]; only a write changes it */
  const float   *p;       /* [n, width] */
  size_t         width, heads, t, columns;
  const void    *scoring; /* [width, columns], packed: queries or keys */
  /* read */
  float         *sums, *max, *o; /* per piece: [columns], [columns], [columns, width] */
  size_t         n_pieces;
  /* write */
  const float   *bias;    /* [columns] of the scores */
  const void    *values;  /* [columns, width], packed */
  const float   *out_bias;
  const SamNorm *norm;
} Places;

void
sam_read_map_fetch (SamWeights *weights,
                    SamReadMap *read,
                    size_t      width,
                    size_t      inner,
                    size_t      heads,
                    const char *name)
{
  read->gemm  = sam_arithmetic_gemm (sam_arithmetic_get ());
  read->heads = heads;
  read->inner = inner;
  read->width = width;
  sam_weights_linear (weights, &read->q, width, inner, SAM_BIAS_YES, "%sq_proj", name);
  sam_weights_linear (weights, &read->out, inner, width, SAM_BIAS_YES, "%sout_proj", name);
  read->k      = sam_weights_matrix (weights, inner, width, "%sk_proj.weight", name);
  read->v      = sam_weights_matrix (weights, inner, width, "%sv_proj.weight", name);
  read->v_bias = sam_weights_vector (weights, inner, "%sv_proj.bias", name);
}

void
sam_write_map_fetch (SamWeights  *weights,
                     SamWriteMap *write,
                     size_t       width,
                     size_t       inner,
                     size_t       heads,
                     const char  *name)
{
  write->gemm  = sam_arithmetic_gemm (sam_arithmetic_get ());
  write->heads = heads;
  write->inner = inner;
  write->width = width;
  sam_weights_linear (weights, &write->k, width, inner, SAM_BIAS_YES, "%sk_proj", name);
  sam_weights_linear (weights, &write->v, width, inner, SAM_BIAS_YES, "%sv_proj", name);
  write->q        = sam_weights_matrix (weights, inner, width, "%sq_proj.weight", name);
  write->q_bias   = sam_weights_vector (weights, inner, "%sq_proj.bias", name);
  write->out      = sam_weights_matrix (weights, width, inner, "%sout_proj.weight", name);
  write->out_bias = sam_weights_vector (weights, width, "%sout_proj.bias", name);
}

/* The arrays of a call, each beginning at a cache line. Panels are at most 64 columns wide. */
typedef struct
{
  float *first, *second;  /* [t, inner]: projections */
  float *folded;          /* [columns, width] */
  float *scoring, *values; /* folded, packed */
  float *bias;            /* [columns] */
  float *max, *sums, *o;  /* of pieces */
} Arrays;

static float *
take (float *scratch, size_t *taken, size_t n)
{
  size_t at = *taken;

  *taken += (n + 15) / 16 * 16;
  return scratch != NULL ? scratch + at : NULL;
}

/* Returns the floats taken. scratch may be NULL. */
static size_t
arrange (Arrays *a, float *scratch, size_t t, size_t n, size_t heads, size_t inner, size_t width)
{
  size_t columns  = t * heads;
  size_t n_pieces = (n - 1) / PLACES + 1;
  size_t taken    = 0;

  a->first   = take (scratch, &taken, t * inner);
  a->second  = take (scratch, &taken, t * inner);
  a->folded  = take (scratch, &taken, columns * width);
  a->scoring = take (scratch, &taken, (columns + 63) * (width + 31));
  a->values  = take (scratch, &taken, (columns + 31) * (width + 63));
  a->bias    = take (scratch, &taken, columns);
  a->max     = take (scratch, &taken, n_pieces * columns);
  a->sums    = take (scratch, &taken, n_pieces * columns);
  a->o       = take (scratch, &taken, n_pieces * columns * width);

  return taken;
}

size_t
sam_token_attention_scratch (size_t t, size_t n, size_t heads, size_t inner, size_t width)
{
  Arrays a;

  return arrange (&a, NULL, t, n, heads, inner, width);
}

/* Rows x + p of the places [first, last), packed, times the tokens: [last - first, columns] */
static float *
score_places (const Places *s, size_t first, size_t last)
{
  const SamGemm *gemm   = s->gemm;
  size_t         rows   = last - first;
  float         *strips = sam_parallel_scratch (SAM_SCRATCH_ROWS,
                                                sam_strips_bytes (gemm, rows, s->width) / sizeof (float));
  float         *row    = sam_parallel_scratch (SAM_SCRATCH_ROW, s->width);
  float         *scores = sam_parallel_scratch (SAM_SCRATCH_SCORES, rows * s->columns);

  for (size_t i = first; i < last; i++)
    {
      sam_kernels ()->add (row, s->x + i * s->width, s->p + i * s->width, s->width);
      gemm->pack_row (sam_packed_row (gemm, strips, i - first, s->width), row, s->width);
    }
  gemm->gemm (scores, s->columns, strips, s->scoring, rows, s->columns, s->width, false);

  return scores;
}

static void
read_places (size_t first, size_t last, gpointer data)
{
  const Places     *s       = data;
  const SamKernels *kernels = sam_kernels ();
  const SamGemm    *gemm    = s->gemm;
  size_t            rows    = last - first;
  size_t            at      = first / PLACES * s->columns;
  float            *scores  = score_places (s, first, last);
  float            *turned  = sam_parallel_scratch (SAM_SCRATCH_GROUP, s->columns * rows);
  float            *weights = sam_parallel_scratch (SAM_SCRATCH_MIDDLE,
                                                    sam_strips_bytes (gemm, s->columns, rows) / sizeof (float));
  float            *panels  = sam_parallel_scratch (SAM_SCRATCH_PANELS,
                                                    sam_panels_bytes (gemm, s->width, rows) / sizeof (float));

  kernels->exp_columns (scores, rows, s->columns, s->max + at, s->sums + at);
  kernels->transpose (turned, scores, rows, s->columns);
  for (size_t i = 0; i < s->columns; i++)
    gemm->pack_row (sam_packed_row (gemm, weights, i, rows), turned + i * rows, rows);
  gemm->pack_columns (panels, s->x + first * s->width, s->width, false, s->width, rows);
  gemm->gemm (s->o + at * s->width, s->width, weights, panels, s->columns, s->width, rows, false);
}

/* The pieces' sums to those of the whole map, in the first piece's place. */
static void
unite_pieces (size_t first, size_t last, gpointer data)
{
  const Places     *s       = data;
  const SamKernels *kernels = sam_kernels ();

  for (size_t column = first; column < last; column++)
    {
      float *o   = s->o + column * s->width;
      float  max = -INFINITY, sum = 0;

      for (size_t piece = 0; piece < s->n_pieces; piece++)
        max = MAX (max, s->max[piece * s->columns + column]);
      for (size_t piece = 0; piece < s->n_pieces; piece++)
        {
          size_t at     = piece * s->columns + column;
          float  factor = expf (s->max[at] - max);
          float *part   = s->o + at * s->width;

          sum += factor * s->sums[at];
          kernels->scale (part, part, factor, s->width);
          if (piece > 0)
            kernels->add (o, o, part, s->width);
        }
      kernels->scale (o, o, 1 / sum, s->width);
    }
}

void
sam_read_map_run (const SamReadMap *read,
                  float            *tokens,
                  const float      *own,
                  const float      *map,
                  const float      *grid,
                  size_t            t,
                  size_t            n,
                  float            *scratch)
{
  const size_t heads = read->heads, inner = read->inner, width = read->width, d = inner / heads;
  Arrays       a;
  Places       s     = { .gemm = read->gemm, .x = (float *) map, .p = grid,
                         .width = width, .heads = heads, .t = t, .columns = t * heads,
                         .n_pieces = (n - 1) / PLACES + 1 };

  arrange (&a, scratch, t, n, heads, inner, width);
  sam_sum_linear_run (&read->q, a.first, tokens, own, NULL, t);
  for (size_t head = 0; head < heads; head++)
    sam_gemm_nn (a.folded + head * width, heads * width, a.first + head * d, inner, read->k + head * d * width, width,
                 t, width, d, 1 / sqrtf (d));

  s.gemm->pack_columns (a.scoring, a.folded, width, true, s.columns, width);
  s.scoring = a.scoring;
  s.max     = a.max;
  s.sums    = a.sums;
  s.o       = a.o;
  sam_parallel_for (n, PLACES, read_places, &s);
  sam_parallel_for (s.columns, heads, unite_pieces, &s);

  for (size_t head = 0; head < heads; head++)
    sam_gemm_nt (a.second + head * d, inner, a.o + head * width, heads * width, read->v + head * d * width, width,
                 t, d, width, 1, 0);
  sam_add_row (a.second, a.second, read->v_bias, t, inner);
  sam_linear_run (&read->out, tokens, a.second, tokens, t, SAM_ACT_NONE);
}

static void
write_places (size_t first, size_t last, gpointer data)
{
  const Places     *s       = data;
  const SamKernels *kernels = sam_kernels ();
  const SamGemm    *gemm    = s->gemm;
  size_t            rows    = last - first;
  float            *y       = s->x + first * s->width;
  float            *scores  = score_places (s, first, last);
  float            *weights = sam_parallel_scratch (SAM_SCRATCH_MIDDLE,
                                                    sam_strips_bytes (gemm, rows, s->columns) / sizeof (float));

  kernels->add_row (scores, scores, s->bias, rows, s->columns);
  kernels->softmax_columns (scores, rows, s->t, s->heads);
  for (size_t i = 0; i < rows; i++)
    gemm->pack_row (sam_packed_row (gemm, weights, i, s->columns), scores + i * s->columns, s->columns);
  gemm->gemm (y, s->width, weights, s->values, rows, s->width, s->columns, true);
  kernels->finish (y, s->width, s->out_bias, NULL, 0, rows, s->width, SAM_ACT_NONE);
  kernels->layer_norm (y, y, s->norm->w, s->norm->b, s->norm->eps, rows, s->width);
}

void
sam_write_map_run (const SamWriteMap *write,
                   const SamNorm     *norm,
                   float             *map,
                   const float       *grid,
                   const float       *tokens,
                   const float       *own,
                   size_t             t,
                   size_t             n,
                   float             *scratch)
{
  const size_t heads = write->heads, inner = write->inner, width = write->width, d = inner / heads;
  const float  scale = 1 / sqrtf (d);
  Arrays       a;
  Places       s     = { .gemm = write->gemm, .x = map, .p = grid,
                         .width = width, .heads = heads, .t = t, .columns = t * heads,
                         .out_bias = write->out_bias, .norm = norm };

  arrange (&a, scratch, t, n, heads, inner, width);
  sam_sum_linear_run (&write->k, a.first, tokens, own, NULL, t);
  sam_linear_run (&write->v, a.second, tokens, NULL, t, SAM_ACT_NONE);

  for (size_t head = 0; head < heads; head++)
    {
      sam_gemm_nn (a.folded + head * width, heads * width, a.first + head * d, inner, write->q + head * d * width,
                   width, t, width, d, scale);
      sam_gemm_nt (a.bias + head, heads, a.first + head * d, inner, write->q_bias + head * d, d, t, 1, d, scale, 0);
    }
  s.gemm->pack_columns (a.scoring, a.folded, width, true, s.columns, width);
  for (size_t head = 0; head < heads; head++)
    sam_gemm_nt (a.folded + head * width, heads * width, a.second + head * d, inner, write->out + head * d, inner,
                 t, width, d, 1, 0);
  s.gemm->pack_columns (a.values, a.folded, width, false, width, s.columns);

  s.scoring = a.scoring;
  s.bias    = a.bias;
  s.values  = a.values;
  sam_parallel_for (n, PLACES, write_places, &s);
}
