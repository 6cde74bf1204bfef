/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any checkpoint that we can read, written in our own form: safetensors with metadata. */
#pragma once

#include "samcore/weights/sam-checkpoint.h"
#include "samcore/sam-job.h"

G_BEGIN_DECLS

/**
 * SamPrecision: @SAM_PRECISION_F32: everything @SAM_PRECISION_F16: matrices and kernels, half the
 * size; what is small or delicate stays f32 @SAM_PRECISION_BF16: likewise @SAM_PRECISION_INT8: a
 * quarter: large matrices and kernels as signed bytes with one f32 scale for each
 *   row of their first dimension, the rest f32. They become f32 again when they are loaded.
 */
typedef enum
{
  SAM_PRECISION_F32,
  SAM_PRECISION_F16,
  SAM_PRECISION_BF16,
  SAM_PRECISION_INT8
} SamPrecision;

/* "f32", "f16", "bf16" or "int8" */
gboolean sam_precision_parse (const char *text, SamPrecision *precision, GError **error);

/**
 * sam_convert: @out: written under a temporary name in the same folder and renamed when it is whole
 * and on the disk
 *
 * Checksums that opening @in leaves out are checked first. SAM_ERROR_BAD_FILE about @in,
 * G_FILE_ERROR about @out, G_IO_ERROR_CANCELLED; then there is no new file and an old one is
 * untouched.
 */
gboolean sam_convert (const char   *in,
                      const char   *out,
                      SamPrecision  precision,
                      const SamJob *job,
                      GError      **error);

G_END_DECLS
