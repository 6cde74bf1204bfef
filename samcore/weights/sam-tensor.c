/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The elements of a checkpoint's tensor as floats, whatever their type and order.
 *
 *   contiguous:     one run
 *   with strides:   the innermost dimension as runs, the others counted up like an odometer
 *
 * The data may begin at any byte, so elements are read with memcpy; runs of 16-bit floats are the
 * kernels'. */
#include "config.h"

#include <string.h>

#include "samcore/weights/sam-tensor.h"
#include "samcore/kernels/sam-kernels.h"

static const struct
{
  const char *name;
  size_t      size;
} dtypes[] = {
  [SAM_DTYPE_F32] = { "F32", 4 },   [SAM_DTYPE_F16] = { "F16", 2 },
  [SAM_DTYPE_BF16] = { "BF16", 2 }, [SAM_DTYPE_F64] = { "F64", 8 },
  [SAM_DTYPE_I8] = { "I8", 1 },     [SAM_DTYPE_U8] = { "U8", 1 },
  [SAM_DTYPE_I16] = { "I16", 2 },   [SAM_DTYPE_U16] = { "U16", 2 },
  [SAM_DTYPE_I32] = { "I32", 4 },   [SAM_DTYPE_U32] = { "U32", 4 },
  [SAM_DTYPE_I64] = { "I64", 8 },   [SAM_DTYPE_U64] = { "U64", 8 },
  [SAM_DTYPE_BOOL] = { "BOOL", 1 },
};

size_t
sam_dtype_get_size (SamDtype dtype)
{
  return dtypes[dtype].size;
}

const char *
sam_dtype_get_name (SamDtype dtype)
{
  return dtypes[dtype].name;
}

gboolean
sam_tensor_count (const SamTensor *tensor, size_t *n_elements, size_t *n_bytes)
{
  size_t n = 1;
  size_t bytes;

  /* A dimension of 0 makes the product 0 only once the others are known to fit. */
  for (int i = 0; i < tensor->rank; i++)
    if (tensor->shape[i] != 0 && ! g_size_checked_mul (&n, n, tensor->shape[i]))
      return FALSE;
  if (n > G_MAXSSIZE || ! g_size_checked_mul (&bytes, n, sam_dtype_get_size (tensor->dtype)) ||
      bytes > G_MAXSSIZE)
    return FALSE;

  for (int i = 0; i < tensor->rank; i++)
    if (tensor->shape[i] == 0)
      n = bytes = 0;

  *n_elements = n;
  *n_bytes = bytes;

  return TRUE;
}

void
sam_tensor_set_contiguous (SamTensor *tensor)
{
  size_t stride = 1;

  for (int i = tensor->rank - 1; i >= 0; i--)
    {
      tensor->stride[i] = stride;
      stride *= MAX (tensor->shape[i], 1);
    }
}

gboolean
sam_tensor_is_contiguous (const SamTensor *tensor)
{
  size_t expected = 1;

  for (int i = tensor->rank - 1; i >= 0; i--)
    {
      if (tensor->shape[i] != 1 && tensor->stride[i] != expected)
        return FALSE;
      expected *= tensor->shape[i];
    }

  return TRUE;
}

static inline float
float_from_bits (uint32_t bits)
{
  float x;

  memcpy (&x, &bits, sizeof x);

  return x;
}

/* Subnormal halves are made by a subtraction of normal floats, so that a thread which flushes
 * subnormals to zero reads the same weights. */
static inline float
float_from_half (uint16_t h)
{
  uint32_t sign = (uint32_t) (h & 0x8000) << 16;
  uint32_t m = (uint32_t) (h & 0x7fff) << 13;
  float    tiny = float_from_bits (0x38800000 + m) - float_from_bits (0x38800000);
  uint32_t tiny_bits;
  uint32_t bits = m + (m >= 0x0f800000 ? 0x70000000 : 0x38000000); /* infinities, NaNs : the rest */

  memcpy (&tiny_bits, &tiny, sizeof tiny_bits);

  return float_from_bits (sign | (m < 0x00800000 ? tiny_bits : bits));
}

#define READ_LOOP(type, convert)                                                                   \
  for (size_t i = 0; i < n; i++)                                                                   \
    {                                                                                              \
      type v;                                                                                      \
      memcpy (&v, data + i * step * sizeof v, sizeof v);                                           \
      out[i] = convert;                                                                            \
    }                                                                                              \
  break

/* out[i] = element i * step behind @data */
static void
read_steps (float *out, const uint8_t *data, SamDtype dtype, size_t n, size_t step)
{
  switch (dtype)
    {
    case SAM_DTYPE_F32:
      READ_LOOP (uint32_t, float_from_bits (GUINT32_FROM_LE (v)));
    case SAM_DTYPE_F16:
      READ_LOOP (uint16_t, float_from_half (GUINT16_FROM_LE (v)));
    case SAM_DTYPE_BF16:
      READ_LOOP (uint16_t, float_from_bits ((uint32_t) GUINT16_FROM_LE (v) << 16));
    case SAM_DTYPE_F64:
      for (size_t i = 0; i < n; i++)
        {
          uint64_t bits;
          double   v;

          memcpy (&bits, data + i * step * sizeof bits, sizeof bits);
          bits = GUINT64_FROM_LE (bits);
          memcpy (&v, &bits, sizeof v);
          out[i] = (float) v;
        }
      break;
    case SAM_DTYPE_I8:
      READ_LOOP (int8_t, v);
    case SAM_DTYPE_U8:
      READ_LOOP (uint8_t, v);
    case SAM_DTYPE_I16:
      READ_LOOP (int16_t, GINT16_FROM_LE (v));
    case SAM_DTYPE_U16:
      READ_LOOP (uint16_t, GUINT16_FROM_LE (v));
    case SAM_DTYPE_I32:
      READ_LOOP (int32_t, (float) GINT32_FROM_LE (v));
    case SAM_DTYPE_U32:
      READ_LOOP (uint32_t, (float) GUINT32_FROM_LE (v));
    case SAM_DTYPE_I64:
      READ_LOOP (int64_t, (float) GINT64_FROM_LE (v));
    case SAM_DTYPE_U64:
      READ_LOOP (uint64_t, (float) GUINT64_FROM_LE (v));
    case SAM_DTYPE_BOOL:
      READ_LOOP (uint8_t, v != 0);
    }
}

/* A quantised tensor is always contiguous. */
static void
multiply_rows (const SamTensor *tensor, size_t first, size_t n, float *out)
{
  size_t n_row = tensor->n_elements / tensor->shape[0];

  for (size_t i = 0; i < n;)
    {
      size_t row = (first + i) / n_row;
      size_t end = MIN (n, (row + 1) * n_row - first);
      float  scale;

      read_steps (&scale, tensor->scale + row * sizeof scale, SAM_DTYPE_F32, 1, 1);
      for (; i < end; i++)
        out[i] *= scale;
    }
}

void
sam_tensor_read (const SamTensor *tensor, size_t first, size_t n, float *out)
{
  size_t size = sam_dtype_get_size (tensor->dtype);
  int    last = tensor->rank - 1;
  size_t at[SAM_MAX_RANK];
  size_t rest = first;

  g_return_if_fail (first <= tensor->n_elements && n <= tensor->n_elements - first);

  if (n == 0)
    return;

  if (tensor->contiguous && tensor->dtype == SAM_DTYPE_F32 && G_BYTE_ORDER == G_LITTLE_ENDIAN)
    {
      memcpy (out, tensor->data + first * size, n * size);
      return;
    }
  if (tensor->contiguous && tensor->dtype == SAM_DTYPE_BF16 && G_BYTE_ORDER == G_LITTLE_ENDIAN)
    {
      sam_kernels ()->widen_bf16 (out, tensor->data + first * size, n);
      return;
    }
  if (tensor->contiguous && tensor->dtype == SAM_DTYPE_F16 && G_BYTE_ORDER == G_LITTLE_ENDIAN)
    {
      sam_kernels ()->widen_f16 (out, tensor->data + first * size, n);
      return;
    }
  if (tensor->contiguous)
    {
      read_steps (out, tensor->data + first * size, tensor->dtype, n, 1);
      if (tensor->scale != NULL)
        multiply_rows (tensor, first, n, out);
      return;
    }

  for (int i = last; i >= 0; i--)
    {
      at[i] = rest % tensor->shape[i];
      rest /= tensor->shape[i];
    }

  while (n > 0)
    {
      size_t run = MIN (n, tensor->shape[last] - at[last]);
      size_t offset = 0;

      for (int i = 0; i <= last; i++)
        offset += at[i] * tensor->stride[i];
      read_steps (out, tensor->data + offset * size, tensor->dtype, run, tensor->stride[last]);
      out += run;
      n -= run;

      at[last] += run;
      for (int i = last; i > 0 && at[i] == tensor->shape[i]; i--)
        {
          at[i] = 0;
          at[i - 1]++;
        }
    }
}
