/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A block of RepViT, the encoder of EdgeSAM. Internal. */
#pragma once

#include "samcore/weights/sam-layers-fetch.h"

/* reduce, expand: only if squeeze  project: only if downsample */
typedef struct
{
  SamDepthwise spatial;
  gboolean     squeeze, downsample;
  SamLinear    reduce, expand, project;
  SamLinear    mlp[2];
} SamRepVitBlock;

/* name: "features.3" with all before it. What the block has shows in its tensors. Sets out, the
 * width after it. */
void   sam_repvit_block_fetch (SamWeights     *weights,
                               SamRepVitBlock *block,
                               const char     *name,
                               size_t          in,
                               size_t         *out);
size_t sam_repvit_block_scratch (const SamRepVitBlock *block, size_t h, size_t w);
/* x: [h, w, in]  y: [h', w', out], h' = ceil (h / 2) if it downsamples; h and w become h' and w' */
void   sam_repvit_block_run (const SamRepVitBlock *block,
                             float                *y,
                             const float          *x,
                             SamPadding           *h,
                             SamPadding           *w,
                             float                *scratch);
double sam_repvit_block_flop (const SamRepVitBlock *block, size_t h, size_t w);
