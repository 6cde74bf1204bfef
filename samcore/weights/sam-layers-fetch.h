/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Layers made of a checkpoint's tensors, in the order of sam-ops.h. Errors are kept as in
 * sam-weights.h. Internal. */
#pragma once

#include "samcore/nn/sam-layers.h"
#include "samcore/weights/sam-weights.h"

G_BEGIN_DECLS

typedef enum
{
  SAM_BIAS_NO,
  SAM_BIAS_YES
} SamBias;

/* Layers: the name is without ".weight" and ".bias". */
void sam_weights_linear (SamWeights *weights,
                         SamLinear  *layer,
                         size_t      in,
                         size_t      out,
                         SamBias     bias,
                         const char *name);
/* The same from a 1x1 convolution, [out, in, 1, 1] in the file. */
void sam_weights_conv1x1 (SamWeights *weights,
                          SamLinear  *layer,
                          size_t      in,
                          size_t      out,
                          SamBias     bias,
                          const char *name);
void sam_weights_conv (SamWeights *weights,
                       SamConv    *layer,
                       size_t      in,
                       size_t      out,
                       size_t      kernel,
                       size_t      stride,
                       size_t      pad,
                       SamBias     bias,
                       const char *name);
void sam_weights_conv_transpose (SamWeights       *weights,
                                 SamConvTranspose *layer,
                                 size_t            in,
                                 size_t            out,
                                 const char       *name);
void sam_weights_norm (SamWeights *weights, SamNorm *layer, size_t c, float eps, const char *name);

/* The same from arrays that sam_weights_alloc() gave: a matrix made of others. Takes w away. */
void sam_weights_linear_take (SamWeights  *weights,
                              SamLinear   *layer,
                              size_t       in,
                              size_t       out,
                              const float *w,
                              const float *b);

/* Convolutions with a batch norm behind them, folded into kernel and bias: NAME.c.weight and
 * NAME.bn.*; or NAME.weight and NAME.bias where that has been done before. The eps is 1e-5. */
void sam_weights_conv1x1_bn (SamWeights *weights,
                             SamLinear  *layer,
                             size_t      in,
                             size_t      out,
                             const char *name);
void sam_weights_conv_bn (SamWeights *weights,
                          SamConv    *layer,
                          size_t      in,
                          size_t      out,
                          size_t      kernel,
                          size_t      stride,
                          size_t      pad,
                          const char *name);
void sam_weights_depthwise_bn (SamWeights   *weights,
                               SamDepthwise *layer,
                               size_t        c,
                               size_t        side,
                               size_t        stride,
                               size_t        before,
                               const char   *name);
/* The folded kernel in the file's order [out, in, kernel, kernel] and *bias [out], to add up
 * branches. */
float *sam_weights_folded (SamWeights *weights,
                           float     **bias,
                           size_t      out,
                           size_t      in,
                           size_t      kernel,
                           const char *name);
/* kernel [c, 1, side, side] to the order of SamDepthwise, in place of a fetch. */
void sam_weights_depthwise_take (SamWeights   *weights,
                                 SamDepthwise *layer,
                                 size_t        c,
                                 size_t        side,
                                 size_t        stride,
                                 size_t        before,
                                 const float  *kernel,
                                 const float  *bias);

G_END_DECLS
