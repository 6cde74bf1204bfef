/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A block of Hiera, the encoder of SAM 2. Internal. */
#pragma once

#include "samcore/weights/sam-layers-fetch.h"

/* window 0: global  pool: doubles the width and halves the map, has a projection for the
 *                   residual */
typedef struct
{
  SamNorm   norm[2];
  SamLinear qkv, proj, mlp[2], residual;
  size_t    heads, window;
  gboolean  pool;
} SamHieraBlock;

/* prefix: "blocks.0." with all before it. A block that pools shows in its tensors; its window,
 * which must be even, is that of the map before. Sets out, the width after it. */
void   sam_hiera_block_fetch (SamWeights    *weights,
                              SamHieraBlock *block,
                              const char    *prefix,
                              size_t         in,
                              size_t         heads,
                              size_t         window,
                              size_t        *out);
size_t sam_hiera_block_scratch (const SamHieraBlock *block, size_t h, size_t w);
/* x: [h, w, in]  y: [h, w, in] or [h / 2, w / 2, out] if it pools */
void   sam_hiera_block_run (const SamHieraBlock *block,
                            float               *y,
                            const float         *x,
                            size_t               h,
                            size_t               w,
                            float               *scratch);
double sam_hiera_block_flop (const SamHieraBlock *block, size_t h, size_t w);
