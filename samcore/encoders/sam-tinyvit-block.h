/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of TinyViT. Internal. */
#pragma once

#include "samcore/nn/sam-bottleneck.h"
#include "samcore/weights/sam-layers-fetch.h"

/* 1x1, GELU, depthwise 3x3, GELU, 1x1: with x added and a last GELU a residual block, else a change
 * of scale and width. */
typedef struct
{
  SamBottleneck layers;
  gboolean      residual;
} SamTinyViTConv;

/* attention in windows, depthwise 3x3, MLP  bias: [heads, window^2, window^2] */
typedef struct
{
  SamNorm      norm[2];
  SamLinear    qkv, proj, mlp[2];
  SamDepthwise local;
  size_t       heads, window;
  float       *bias;
} SamTinyViTBlock;

/* Names are prefixes: "layers.0.blocks.1." with all before it. */
void sam_tinyvit_conv_fetch (SamWeights     *weights,
                             SamTinyViTConv *conv,
                             const char     *prefix,
                             size_t          in,
                             size_t          out,
                             size_t          stride,
                             gboolean        residual);
/* x: [h, w, in]  y: [h', w', out]; h and w become h' and w' */
void   sam_tinyvit_conv_run (const SamTinyViTConv *conv,
                             float                *y,
                             const float          *x,
                             SamPadding           *h,
                             SamPadding           *w);
double sam_tinyvit_conv_flop (const SamTinyViTConv *conv, size_t h, size_t w);

void sam_tinyvit_block_fetch (SamWeights      *weights,
                              SamTinyViTBlock *block,
                              const char      *prefix,
                              size_t           width);
/* x: [h, w, width], overwritten  y: [h, w, width], another array */
void   sam_tinyvit_block_run (const SamTinyViTBlock *block, float *y, float *x, size_t h, size_t w);
double sam_tinyvit_block_flop (const SamTinyViTBlock *block, size_t h, size_t w);
