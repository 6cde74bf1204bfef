/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A block of EfficientNet-Lite. Internal. */
#pragma once

#include "samcore/nn/sam-bottleneck.h"
#include "samcore/nn/sam-padding.h"
#include "samcore/weights/sam-layers-fetch.h"

typedef struct
{
  SamBottleneck layers;
  gboolean      residual;
} SamLiteBlock;

/* NAME.expand.c, if the file has it, NAME.dw.c and NAME.project.c */
void sam_lite_block_fetch (SamWeights   *weights,
                           SamLiteBlock *block,
                           const char   *name,
                           size_t        in,
                           size_t        out,
                           size_t        stride);
/* x: [h, w, in]  y: [h', w', out], which is not x; h and w, even where the stride is 2, become
 * y's */
void   sam_lite_block_run (const SamLiteBlock *block,
                           float              *y,
                           const float        *x,
                           SamPadding         *h,
                           SamPadding         *w);
double sam_lite_block_flop (const SamLiteBlock *block, size_t h, size_t w);
