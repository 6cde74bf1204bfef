/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Converting checkpoints, from any format that can be read to safetensors with metadata. */
#pragma once

#include "samcore/weights/sam-checkpoint.h"
#include "samcore/sam-job.h"

G_BEGIN_DECLS

/**
 * SamPrecision:
 * @SAM_PRECISION_F32: all tensors in f32
 * @SAM_PRECISION_F16: half the size: matrices and kernels in f16; small or delicate tensors stay
 *   f32
 * @SAM_PRECISION_BF16: likewise, in bf16
 * @SAM_PRECISION_INT8: a quarter of the size: large matrices and kernels as signed bytes, with an
 *   f32 scale for each row of their first dimension; the other tensors stay f32
 *
 * How weights are stored in a file. They become f32 again when they are loaded.
 */
typedef enum
{
  SAM_PRECISION_F32,
  SAM_PRECISION_F16,
  SAM_PRECISION_BF16,
  SAM_PRECISION_INT8
} SamPrecision;

/* @text: "f32", "f16", "bf16" or "int8"; FALSE with SAM_ERROR_UNSUPPORTED for any other. */
gboolean sam_precision_parse (const char *text, SamPrecision *precision, GError **error);

/**
 * sam_convert:
 * @in: a checkpoint; all of its checksums are verified first
 * @out: written under a temporary name in the same folder, and renamed when it is complete and on
 *   disk
 *
 * FALSE with SAM_ERROR_BAD_FILE about @in, G_FILE_ERROR about @out, or G_IO_ERROR_CANCELLED; then
 * @out is as it was before.
 */
gboolean sam_convert (const char   *in,
                      const char   *out,
                      SamPrecision  precision,
                      const SamJob *job,
                      GError      **error);

G_END_DECLS
