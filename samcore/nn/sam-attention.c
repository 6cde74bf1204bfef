/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attention in tiles. A piece is some queries of one head of one window; it goes over the keys in
 * tiles whose scores stay in the level 2 cache:
 *   scores = scale q kT + biases          [queries, keys of the tile]
 *   m = the running maximum; p = e^(scores - m); sums and output so far times e^(old m - m)
 *   o += p v
 * and in the end divides by the sums. k and v are packed for the products: by the piece itself if
 * it has all queries of its head, else before, for all heads. */
#include "config.h"

#include "samcore/kernels/sam-arithmetic.h"
#include "samcore/kernels/sam-kernels.h"
#include "samcore/nn/sam-ops.h"
#include "samcore/sam-parallel.h"
#include "samcore/base/sam-scratch.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>

#define MAX_QUERIES 256
#define MAX_KEYS    1024
#define TILE        65536 /* scores: 256 KB, and as much again when packed */
#define PACK        2     /* multiplications that packing a value counts as */
#define REGISTER    16    /* floats */
#define ROWS_AT_ONCE                                                                               \
  8 /* are completed, then softmax: a processor waits for what it has just written in pieces */

typedef struct
{
  const SamAttention *attentions;
  const SamGemm      *gemm;
  size_t              n_blocks, n_queries; /* per head */
  size_t              n_tiles, n_keys;
  size_t              k_bytes, tile_bytes; /* of k's panels, of k's and v's */
  char               *packed;              /* [attentions, heads, tiles, tile_bytes], or NULL */
} Attention;

static size_t
round_up (size_t n, size_t to)
{
  return (n + to - 1) / to * to;
}

/* The scale goes to whichever are fewer. */
static bool
scales_keys (const SamAttention *a)
{
  return a->n_k <= a->n_q;
}

static void
pack_tile (char *to, const Attention *t, const SamAttention *a, size_t head, size_t first_key)
{
  size_t       n = MIN (t->n_keys, a->n_k - first_key);
  const float *k = a->k + head * a->k_head + first_key * a->k_stride;

  if (scales_keys (a))
    {
      float *scaled = sam_scratch_floats (SAM_SCRATCH_ROW, n * a->d);

      for (size_t i = 0; i < n; i++)
        sam_kernels ()->scale (scaled + i * a->d, k + i * a->k_stride, a->scale, a->d);
      t->gemm->pack_columns (to, scaled, a->d, true, n, a->d);
    }
  else
    {
      t->gemm->pack_columns (to, k, a->k_stride, true, n, a->d);
    }
  t->gemm->pack_columns (to + t->k_bytes, a->v + head * a->v_head + first_key * a->v_stride,
                         a->v_stride, false, a->d, n);
}

static void
pack_tiles (size_t first, size_t last, gpointer data)
{
  const Attention *t = data;
  const size_t     n_heads = t->attentions->n_heads;

  for (size_t i = first; i < last; i++)
    pack_tile (t->packed + i * t->tile_bytes, t, t->attentions + i / t->n_tiles / n_heads,
               i / t->n_tiles % n_heads, i % t->n_tiles * t->n_keys);
}

static float *
strips (const SamGemm *gemm, SamScratch slot, size_t n, size_t k)
{
  return sam_scratch_bytes (slot, sam_strips_bytes (gemm, n, k));
}

/* Some queries of one head of one attention, and the tile of keys that they are at. */
typedef struct
{
  const SamAttention *a;
  size_t              head, first_query, n_queries;
  size_t              first_key, n_keys;
  float              *scores, *o; /* [n_queries, ld], [n_queries, ld_o]: so far */
  size_t              ld, ld_o;
  float max[MAX_QUERIES], sum[MAX_QUERIES]; /* of each query's scores, of their e^…: so far */
} Piece;

/* What is added to the scores of queries [first, last) of a piece, and what lies beyond the last
 * key: a softmax of whole registers is faster, and scores of -infinity add nothing. */
static void
bias_scores (const Piece *p, size_t first, size_t last)
{
  const SamKernels   *kernels = sam_kernels ();
  const SamAttention *a = p->a;

  for (size_t i = first; i < last; i++)
    {
      float *scores = p->scores + i * p->ld;
      size_t row = p->head * a->n_q + p->first_query + i;

      if (a->rel_h != NULL)
        kernels->add_relative (scores, a->rel_h + row * a->key_h + p->first_key / a->key_w,
                               a->rel_w + row * a->key_w, p->n_keys / a->key_w, a->key_w);
      if (a->bias != NULL)
        kernels->add (scores, scores, a->bias + row * a->n_k + p->first_key, p->n_keys);
      for (size_t j = p->n_keys; j < round_up (p->n_keys, REGISTER); j++)
        scores[j] = -INFINITY;
    }
}

/* Scores to weights, which are packed; the output so far, max and sum go on. */
static void
softmax_tile (Piece *p, const SamGemm *gemm, float *weights)
{
  const SamKernels *kernels = sam_kernels ();

  for (size_t i = 0; i < p->n_queries; i++)
    {
      float *scores = p->scores + i * p->ld;
      float *o = p->o + i * p->ld_o;
      float  old_max = p->max[i];
      float  tile_sum;

      if (i % ROWS_AT_ONCE == 0)
        bias_scores (p, i, MIN (i + ROWS_AT_ONCE, p->n_queries));

      tile_sum = kernels->exp_row (scores, round_up (p->n_keys, REGISTER), &p->max[i]);
      if (p->first_key > 0 && p->max[i] > old_max)
        {
          float factor = expf (old_max - p->max[i]);

          p->sum[i] *= factor;
          kernels->scale (o, o, factor, p->a->d);
        }
      p->sum[i] = p->first_key > 0 ? p->sum[i] + tile_sum : tile_sum;
      gemm->pack_row (sam_packed_row (gemm, weights, i, p->n_keys), scores, p->n_keys);
    }
}

static void
attend (const Attention *t, const SamAttention *a, size_t number, size_t head, size_t first_query)
{
  const SamKernels *kernels = sam_kernels ();
  const SamGemm    *gemm = t->gemm;
  const size_t      n_queries = MIN (t->n_queries, a->n_q - first_query);
  const size_t      ld = round_up (t->n_keys, 32); /* whole panels */
  const size_t      ld_o = round_up (a->d, 32);
  float            *queries = strips (gemm, SAM_SCRATCH_ROWS, n_queries, a->d);
  float            *weights = strips (gemm, SAM_SCRATCH_MIDDLE, n_queries, t->n_keys);
  Piece             p;

  p.a = a;
  p.head = head;
  p.first_query = first_query;
  p.n_queries = n_queries;
  p.scores = sam_scratch_floats (SAM_SCRATCH_SCORES, n_queries * ld);
  p.o = sam_scratch_floats (SAM_SCRATCH_GROUP, n_queries * ld_o);
  p.ld = ld;
  p.ld_o = ld_o;
  for (size_t i = 0; i < n_queries; i++)
    {
      const float *q = a->q + (first_query + i) * a->q_stride + head * a->q_head;

      if (! scales_keys (a))
        {
          float *scaled = sam_scratch_floats (SAM_SCRATCH_ROW, a->d);

          kernels->scale (scaled, q, a->scale, a->d);
          q = scaled;
        }
      gemm->pack_row (sam_packed_row (gemm, queries, i, a->d), q, a->d);
      p.max[i] = -INFINITY;
    }

  for (size_t tile = 0; tile < t->n_tiles; tile++)
    {
      char *panels;

      p.first_key = tile * t->n_keys;
      p.n_keys = MIN (t->n_keys, a->n_k - p.first_key);
      if (t->packed != NULL)
        {
          panels = t->packed + (number / t->n_blocks * t->n_tiles + tile) * t->tile_bytes;
        }
      else
        {
          panels = sam_scratch_bytes (SAM_SCRATCH_PANELS, t->tile_bytes);
          pack_tile (panels, t, a, head, p.first_key);
        }

      gemm->gemm (p.scores, ld, queries, panels, n_queries, round_up (p.n_keys, gemm->panel), a->d,
                  false);
      softmax_tile (&p, gemm, weights);
      gemm->gemm (p.o, ld_o, weights, panels + t->k_bytes, n_queries, round_up (a->d, gemm->panel),
                  p.n_keys, tile > 0);
    }

  for (size_t i = 0; i < n_queries; i++)
    kernels->scale (a->o + (first_query + i) * a->o_stride + head * a->o_head, p.o + i * ld_o,
                    1 / p.sum[i], a->d);
}

static void
attend_pieces (size_t first, size_t last, gpointer data)
{
  const Attention *t = data;

  for (size_t piece = first; piece < last; piece++)
    {
      const SamAttention *a = t->attentions + piece / (t->n_blocks * t->attentions->n_heads);

      attend (t, a, piece, piece / t->n_blocks % a->n_heads, piece % t->n_blocks * t->n_queries);
    }
}

void
sam_attention (const SamAttention *a, size_t n)
{
  Attention      t = { .attentions = a };
  const SamGemm *gemm;
  size_t         work;

  if (n == 0 || a->n_q == 0 || a->n_heads == 0)
    return;
  g_return_if_fail (a->n_k > 0);

  t.gemm = gemm = sam_arithmetic_gemm (a->arithmetic);
  t.n_keys = MIN (a->n_k, MAX_KEYS);
  if (a->rel_h != NULL) /* whole rows of the grid of keys */
    t.n_keys = MIN (a->n_k, MAX (1, MAX_KEYS / a->key_w) * a->key_w);
  t.n_tiles = (a->n_k - 1) / t.n_keys + 1;

  /* As many queries as fill a tile with scores; then evenly over so many blocks, in whole strips,
   * of which there may be fewer now. */
  t.n_queries = CLAMP (TILE / t.n_keys, gemm->strip, MAX_QUERIES);
  t.n_blocks = (a->n_q - 1) / t.n_queries + 1;
  t.n_queries = MIN (round_up ((a->n_q - 1) / t.n_blocks + 1, gemm->strip), MAX_QUERIES);
  t.n_blocks = (a->n_q - 1) / t.n_queries + 1;

  t.k_bytes = sam_panels_bytes (gemm, t.n_keys, a->d);
  t.tile_bytes = t.k_bytes + sam_panels_bytes (gemm, a->d, t.n_keys);

  if (t.n_blocks > 1)
    {
      void *packed;

      /* without the memory every piece packs for itself */
      if (posix_memalign (&packed, 64, n * a->n_heads * t.n_tiles * t.tile_bytes) == 0)
        {
          t.packed = packed;
          work = PACK * 2 * t.n_keys * a->d;
          sam_parallel_for (n * a->n_heads * t.n_tiles, MAX (1, SAM_WORTH_A_PIECE / work),
                            pack_tiles, &t);
        }
    }

  work = 2 * t.n_queries * a->n_k * a->d;
  sam_parallel_for (n * a->n_heads * t.n_blocks, MAX (1, SAM_WORTH_A_PIECE / work), attend_pieces,
                    &t);
  free (t.packed);
}
