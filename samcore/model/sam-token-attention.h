/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attention between a few tokens and the many places of a map, in both directions, as a two-way
 * mask decoder has it. Internal. */
#pragma once

#include "samcore/weights/sam-layers-fetch.h"

G_BEGIN_DECLS

/* Tokens attend to the map. k, v: [inner, width]  v_bias: [inner]; k's bias moves all scores of a
 * token alike */
typedef struct
{
  const SamGemm *gemm; /* for the places; tokens are always float32, everything follows from them */
  size_t         heads, inner, width;
  SamLinear      q, out;
  const float   *k, *v, *v_bias;
} SamReadMap;

/* The map attends to tokens. q: [inner, width]  q_bias: [inner]  out: [width, inner]  out_bias:
 * [width] */
typedef struct
{
  const SamGemm *gemm;
  size_t         heads, inner, width;
  SamLinear      k, v;
  const float   *q, *q_bias, *out, *out_bias;
} SamWriteMap;

/* name: with all before "q_proj", "k_proj", "v_proj", "out_proj" */
void sam_read_map_fetch (SamWeights *weights,
                         SamReadMap *read,
                         size_t      width,
                         size_t      inner,
                         size_t      heads,
                         const char *name);
void sam_write_map_fetch (SamWeights  *weights,
                          SamWriteMap *write,
                          size_t       width,
                          size_t       inner,
                          size_t       heads,
                          const char  *name);

/* A map of n places, of which x + all is meant   x, grid (its positions): [n, width]  all: [width]
 * or NULL */
typedef struct
{
  const float *x, *all, *grid;
  size_t       n;
} SamPlaces;

/* Floats for a call with at most t tokens and n places. */
size_t sam_token_attention_scratch (size_t t, size_t n, size_t heads, size_t inner, size_t width);

/* tokens += attention (tokens + own, map + grid, map)    tokens, own: [t, width] */
void sam_read_map_run (const SamReadMap *read,
                       float            *tokens,
                       const float      *own,
                       const SamPlaces  *map,
                       size_t            t,
                       float            *scratch);
/* y = norm (map + attention (map + grid, tokens + own, tokens))    y: [n, width], may be map's x */
void sam_write_map_run (const SamWriteMap *write,
                        const SamNorm     *norm,
                        float             *y,
                        const SamPlaces   *map,
                        const float       *tokens,
                        const float       *own,
                        size_t             t,
                        float             *scratch);

G_END_DECLS
