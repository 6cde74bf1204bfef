/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The level's table. */
#include "kernels.h"

extern const SamKernels KERNEL (kernels);

const SamKernels KERNEL (kernels) = {
  .name = LEVEL_NAME,
  .f32 = &KERNEL (gemm_f32),
#ifdef __AVX512BF16__
  .bf16 = &KERNEL (gemm_bf16),
#endif
  .int8 = &KERNEL (gemm_int8),
  .activate = KERNEL (activate),
  .finish = KERNEL (finish),
  .add = KERNEL (add),
  .add_product = KERNEL (add_product),
  .add_row = KERNEL (add_row),
  .scale_row = KERNEL (scale_row),
  .sum_rows = KERNEL (sum_rows),
  .product = KERNEL (product),
  .correlate = KERNEL (correlate),
  .layer_norm = KERNEL (layer_norm),
  .add_relative = KERNEL (add_relative),
  .exp_row = KERNEL (exp_row),
  .exp_columns = KERNEL (exp_columns),
  .softmax_columns = KERNEL (softmax_columns),
  .transpose = KERNEL (transpose),
  .scale = KERNEL (scale),
  .depthwise = KERNEL (depthwise),
  .conv_picture = KERNEL (conv_picture),
  .blend_columns = KERNEL (blend_columns),
  .blend = KERNEL (blend),
  .filter_rows = KERNEL (filter_rows),
  .correlate_bytes = KERNEL (correlate_bytes),
  .widen_bytes = KERNEL (widen_bytes),
  .normalise = KERNEL (normalise),
  .edge_hard = KERNEL (edge_hard),
  .count_above = KERNEL (count_above),
  .edge_smooth = KERNEL (edge_smooth),
  .likeness = KERNEL (likeness),
  .all_finite = KERNEL (all_finite),
  .widen_bf16 = KERNEL (widen_bf16),
  .widen_f16 = KERNEL (widen_f16),
};
