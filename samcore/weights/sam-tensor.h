/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One tensor of a checkpoint: its type, its shape, and where its elements lie. */
#pragma once

#include <stdint.h>

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  SAM_DTYPE_F32,
  SAM_DTYPE_F16,
  SAM_DTYPE_BF16,
  SAM_DTYPE_F64,
  SAM_DTYPE_I8,
  SAM_DTYPE_U8,
  SAM_DTYPE_I16,
  SAM_DTYPE_U16,
  SAM_DTYPE_I32,
  SAM_DTYPE_U32,
  SAM_DTYPE_I64,
  SAM_DTYPE_U64,
  SAM_DTYPE_BOOL
} SamDtype;

#define SAM_MAX_RANK 8

/**
 * SamTensor:
 * @stride: in elements, per dimension; row-major without gaps if @contiguous
 * @n_elements: the product of @shape; 1 for rank 0
 * @data: the first element, little endian, in the mapped file; perhaps not aligned
 * @scale: NULL, or f32 [shape[0]], little endian: what the elements of each row are to be
 *   multiplied by; sam_tensor_read() does
 *
 * Every element lies inside the mapped file; the reader has checked that.
 */
typedef struct
{
  const char    *name;
  SamDtype       dtype;
  int            rank;
  size_t         shape[SAM_MAX_RANK];
  size_t         stride[SAM_MAX_RANK];
  size_t         n_elements;
  gboolean       contiguous;
  const uint8_t *data;
  const uint8_t *scale;
} SamTensor;

size_t      sam_dtype_get_size (SamDtype dtype);
const char *sam_dtype_get_name (SamDtype dtype); /* "F32", "BF16", … as in safetensors */

/* Logical row-major elements first .. first + n - 1 of @tensor as float. */
void sam_tensor_read (const SamTensor *tensor, size_t first, size_t n, float *out);

/* The product of @shape; FALSE when that, or its size in bytes, does not fit. */
gboolean sam_tensor_count (const SamTensor *tensor, size_t *n_elements, size_t *n_bytes);

/* Sets the strides of a row-major tensor from its shape; the caller has checked the shape's
 * product. */
void sam_tensor_set_contiguous (SamTensor *tensor);

/* Row-major without gaps? Dimensions of one element may have any stride. */
gboolean sam_tensor_is_contiguous (const SamTensor *tensor);

G_END_DECLS
