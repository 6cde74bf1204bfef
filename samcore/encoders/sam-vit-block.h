/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A transformer block of SAM's ViT, windowed or global, with relative positions; and of
 * EfficientSAM's, global and without. Internal. */
#pragma once

#include "samcore/weights/sam-layers-fetch.h"

/* window 0: global  rel_h, rel_w: [2 h - 1, d], [2 w - 1, d], rows in reverse order; or NULL */
typedef struct
{
  SamNorm   norm[2];
  SamLinear qkv, proj, mlp[2];
  size_t    heads, window;
  float    *rel_h, *rel_w;
} SamVitBlock;

/* prefix: "blocks.0." with all before it  heads: 0 to take it from the tables of relative positions
 * h, w: the map  mlp: names of its two layers. Tables as long as the map make a global block,
 *                others a
 * window of (their length + 1) / 2. */
void   sam_vit_block_fetch (SamWeights       *weights,
                            SamVitBlock      *block,
                            const char       *prefix,
                            size_t            width,
                            size_t            heads,
                            size_t            h,
                            size_t            w,
                            const char *const mlp[2]);
size_t sam_vit_block_scratch (const SamVitBlock *block, size_t h, size_t w);
/* x: [h, w, width], in place */
void   sam_vit_block_run (const SamVitBlock *block, float *x, size_t h, size_t w, float *scratch);
double sam_vit_block_flop (const SamVitBlock *block, size_t h, size_t w);
