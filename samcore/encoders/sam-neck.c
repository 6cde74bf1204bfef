/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The last steps of all encoders but SAM 2's:
 *   [side, side, in] ──▶ 1x1 ──▶ LayerNorm ──▶ 3x3 ──▶ LayerNorm ──▶ [side, side, out] */
#include "samcore/encoders/sam-encoder.h"

#define NECK_EPS 1e-6f

void
sam_neck_fetch (SamNeck *neck, SamWeights *weights, const char *prefix, size_t in, size_t out)
{
  sam_weights_conv1x1 (weights, &neck->conv1, in, out, SAM_BIAS_NO,
                       sam_prefix ("%sneck.0", prefix).text);
  sam_weights_norm (weights, &neck->norm1, out, NECK_EPS, sam_prefix ("%sneck.1", prefix).text);
  sam_weights_conv (weights, &neck->conv2, out, out, 3, 1, 1, SAM_BIAS_NO,
                    sam_prefix ("%sneck.2", prefix).text);
  sam_weights_norm (weights, &neck->norm2, out, NECK_EPS, sam_prefix ("%sneck.3", prefix).text);
}

void
sam_neck_run (const SamNeck  *neck,
              float          *y,
              const float    *x,
              float          *scratch,
              size_t          side,
              const SamTrace *trace)
{
  size_t n = side * side;

  sam_linear_run (&neck->conv1, scratch, x, NULL, n, SAM_ACT_NONE);
  sam_trace (trace, "neck.0", scratch, n, neck->conv1.out);
  sam_norm_run (&neck->norm1, scratch, scratch, n);
  sam_trace (trace, "neck.1", scratch, n, neck->conv1.out);
  sam_conv_run (&neck->conv2, y, scratch, side, side, SAM_ACT_NONE);
  sam_trace (trace, "neck.2", y, n, neck->conv2.out);
  sam_norm_run (&neck->norm2, y, y, n);
  sam_trace (trace, "neck.3", y, n, neck->conv2.out);
}

double
sam_neck_flop (const SamNeck *neck, size_t side)
{
  return 2.0 * side * side * neck->conv2.out * (neck->conv1.in + 9.0 * neck->conv2.in);
}
