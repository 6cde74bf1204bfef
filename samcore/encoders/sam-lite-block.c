/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A block of EfficientNet-Lite, an inverted bottleneck:
 *   y = 1x1 (ReLU6 (depthwise (ReLU6 (1x1 (x)))))       the first 1x1 in all blocks but the first
 *   y = x + …                                           where nothing changes the shape
 * The depthwise kernel is 3x3 or 5x5. At stride 2 it has the padding that TensorFlow gives even
 * sides: one less before the map than after it. */
#include "samcore/encoders/sam-lite-block.h"

#define MAX_WIDTH 2048 /* of what is wide, which is scratch memory (sam-scratch.h) */

void
sam_lite_block_fetch (SamWeights   *weights,
                      SamLiteBlock *block,
                      const char   *name,
                      size_t        in,
                      size_t        out,
                      size_t        stride)
{
  const size_t   hidden = sam_weights_dim (weights, 4, 0, 1, MAX_WIDTH,
                                           sam_prefix ("%s.dw.c.weight", name).text);
  const size_t   side = sam_weights_dim (weights, 4, 2, 3, 5,
                                         sam_prefix ("%s.dw.c.weight", name).text);
  SamBottleneck *layers = &block->layers;

  if (sam_weights_failed (weights))
    return;
  if (side % 2 == 0)
    {
      sam_weights_fail (weights, "the tensor %s.dw.c.weight has kernels of %" G_GSIZE_FORMAT, name,
                        side);
      return;
    }

  *layers = (SamBottleneck) { 0 };
  if (sam_weights_has (weights, sam_prefix ("%s.expand.c.weight", name).text))
    sam_weights_conv1x1 (weights, &layers->widen, in, hidden, SAM_BIAS_YES,
                         sam_prefix ("%s.expand.c", name).text);
  else if (hidden != in)
    sam_weights_fail (weights, "the tensor %s.expand.c.weight is missing", name);
  sam_weights_depthwise_bn (weights, &layers->spatial, hidden, side, stride,
                            stride == 1 ? side / 2 : (side - 2) / 2,
                            sam_prefix ("%s.dw.c", name).text);
  sam_weights_conv1x1 (weights, &layers->narrow, hidden, out, SAM_BIAS_YES,
                       sam_prefix ("%s.project.c", name).text);
  block->residual = stride == 1 && in == out;
}

void
sam_lite_block_run (const SamLiteBlock *block,
                    float              *y,
                    const float        *x,
                    SamPadding         *h,
                    SamPadding         *w)
{
  const SamTaps taps = sam_depthwise_taps (&block->layers.spatial);

  sam_bottleneck_run (&block->layers, y, x, block->residual ? x : NULL, h->n, w->n, SAM_ACT_RELU6,
                      SAM_ACT_NONE);
  *h = sam_padding_after (*h, taps);
  *w = sam_padding_after (*w, taps);
}

double
sam_lite_block_flop (const SamLiteBlock *block, size_t h, size_t w)
{
  return sam_bottleneck_flop (&block->layers, h, w);
}
