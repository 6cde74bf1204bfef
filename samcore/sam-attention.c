/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attention in tiles. A piece is some queries of one head of one window; it goes over the keys in tiles
 * whose scores stay in the level 2 cache:
 *   scores = scale q kT + biases        [queries, keys of the tile]
 *   m = the running maximum; p = e^(scores - m); sums and output so far times e^(old m - m)
 *   o += p v
 * and in the end divides by the sums. */
#include "config.h"

#include "samcore/sam-kernels.h"
#include "samcore/sam-ops.h"
#include "samcore/sam-parallel.h"

#include <glib.h>
#include <math.h>

#define MAX_QUERIES 128
#define MAX_KEYS    1024

typedef struct
{
  const SamAttention *attentions;
  size_t              n_blocks, n_queries; /* per head */
  size_t              n_keys;              /* per tile */
} Attention;

/* p and sums for the tile of keys first_key … */
static void
softmax_tile (float *scores, float *o, float *max, float *sum, const SamAttention *a,
              size_t head, size_t first_query, size_t n_queries, size_t first_key, size_t n_keys)
{
  const SamKernels *kernels = sam_kernels ();

  for (size_t i = 0; i < n_queries; i++, scores += n_keys, o += a->o_stride)
    {
      size_t row     = head * a->n_q + first_query + i;
      float  old_max = max[i];
      float  factor;

      if (a->rel_h != NULL)
        kernels->add_relative (scores, a->rel_h + row * a->key_h + first_key / a->key_w,
                               a->rel_w + row * a->key_w, n_keys / a->key_w, a->key_w);
      if (a->bias != NULL)
        kernels->add (scores, scores, a->bias + row * a->n_k + first_key, n_keys);

      if (first_key == 0)
        {
          sum[i] = kernels->exp_row (scores, n_keys, &max[i]);
        }
      else
        {
          float tile_sum = kernels->exp_row (scores, n_keys, &max[i]);

          if (max[i] > old_max)
            {
              factor = expf (old_max - max[i]);
              sum[i] *= factor;
              kernels->scale (o, factor, a->d);
            }
          sum[i] += tile_sum;
        }
    }
}

static void
attend (const SamAttention *a, size_t head, size_t first_query, size_t n_queries, size_t n_keys)
{
  const SamKernels *kernels = sam_kernels ();
  float            *scores  = sam_parallel_scratch (SAM_SCRATCH_SCORES, n_queries * n_keys);
  const float      *q       = a->q + head * a->q_head + first_query * a->q_stride;
  const float      *k       = a->k + head * a->k_head;
  const float      *v       = a->v + head * a->v_head;
  float            *o       = a->o + head * a->o_head + first_query * a->o_stride;
  float             max[MAX_QUERIES], sum[MAX_QUERIES];

  for (size_t i = 0; i < n_queries; i++)
    max[i] = -INFINITY;

  for (size_t key = 0; key < a->n_k; key += n_keys)
    {
      size_t n = MIN (n_keys, a->n_k - key);

      sam_gemm_nt (scores, n, q, a->q_stride, k + key * a->k_stride, a->k_stride, n_queries, n, a->d,
                   a->scale, 0);
      softmax_tile (scores, o, max, sum, a, head, first_query, n_queries, key, n);
      sam_gemm_nn (o, a->o_stride, scores, n, v + key * a->v_stride, a->v_stride, n_queries, a->d, n,
                   1, key == 0 ? 0 : 1);
    }

  for (size_t i = 0; i < n_queries; i++)
    kernels->scale (o + i * a->o_stride, 1 / sum[i], a->d);
}

static void
attend_pieces (size_t first, size_t last, gpointer data)
{
  const Attention *t = data;

  for (size_t piece = first; piece < last; piece++)
    {
      const SamAttention *a           = t->attentions + piece / (t->n_blocks * t->attentions->n_heads);
      size_t              head        = piece / t->n_blocks % a->n_heads;
      size_t              first_query = piece % t->n_blocks * t->n_queries;

      attend (a, head, first_query, MIN (t->n_queries, a->n_q - first_query), t->n_keys);
    }
}

void
sam_attention (const SamAttention *a,
               size_t              n)
{
  Attention t = { .attentions = a };
  size_t    n_pieces, work;

  if (n == 0 || a->n_q == 0 || a->n_heads == 0)
    return;

  t.n_blocks  = (a->n_q - 1) / MAX_QUERIES + 1;
  t.n_queries = (a->n_q - 1) / t.n_blocks + 1;
  t.n_blocks  = (a->n_q - 1) / t.n_queries + 1;
  t.n_keys    = MIN (a->n_k, MAX_KEYS);
  if (a->rel_h != NULL) /* whole rows of the grid of keys */
    t.n_keys = MIN (a->n_k, MAX (1, MAX_KEYS / a->key_w) * a->key_w);

  n_pieces = n * a->n_heads * t.n_blocks;
  work     = t.n_queries * a->n_k * a->d + 1;
  sam_parallel_for (n_pieces, MAX (1, 250000 / work), attend_pieces, &t);
}
