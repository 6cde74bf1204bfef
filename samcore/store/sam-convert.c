/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any checkpoint that we can read, written in our own form.
 *
 *   plan:   for each tensor its new type, hence all sizes and offsets
 *   header: JSON with the metadata
 *   data:   each tensor read as float in pieces, rounded to nearest even, written
 *
 * int8: a large matrix NAME [rows, …] is written as signed bytes and NAME.int8_scale [rows] in f32,
 * so that byte · scale is the value; sam_tensor_read() multiplies, nobody else needs to know. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "samcore/sam-catalogue.h"
#include "samcore/weights/sam-checkpoint-private.h"
#include "samcore/sam-convert.h"
#include "samcore/sam-error.h"
#include "samcore/encoders/sam-family.h"
#include "samcore/base/sam-file.h"
#include "samcore/weights/sam-scales.h"

#define N_PIECE    (1 << 16) /* elements converted at a time */
#define MIN_MATRIX 1024      /* smaller ones are not worth rounding */
#define HALF_MAX   65504.0f

typedef struct
{
  const SamTensor *tensor;
  SamDtype         dtype;
  gboolean         quantised;
  size_t           n_bytes;
} Output;

gboolean
sam_precision_parse (const char *text, SamPrecision *precision, GError **error)
{
  static const char *names[] = { "f32", "f16", "bf16", "int8" };

  for (size_t i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_ascii_strcasecmp (text, names[i]) == 0)
      {
        *precision = i;
        return TRUE;
      }
  g_set_error (error, SAM_ERROR, SAM_ERROR_UNSUPPORTED,
               "the precision \"%s\" is not one of f32, f16, bf16, int8", text);

  return FALSE;
}

static uint16_t
half_from_float (float x)
{
  uint32_t bits, sign, m;
  float    shifted;

  memcpy (&bits, &x, sizeof bits);
  sign = bits >> 16 & 0x8000;
  m = bits & 0x7fffffff;
  if (m >= 0x7f800000)
    return sign | 0x7c00 | (m > 0x7f800000 ? 0x0200 : 0);
  if (m >= 0x477ff000) /* rounds to 65536 */
    return sign | 0x7c00;
  if (m < 0x38800000)
    {
      /* Subnormal: adding 0.5 leaves the rounded result in the lowest bits. */
      shifted = fabsf (x) + 0.5f;
      memcpy (&bits, &shifted, sizeof bits);
      return sign | (uint16_t) (bits - 0x3f000000);
    }

  return sign | (uint16_t) ((m - 0x38000000 + 0x0fff + (m >> 13 & 1)) >> 13);
}

static uint16_t
bfloat_from_float (float x)
{
  uint32_t bits;

  memcpy (&bits, &x, sizeof bits);
  if ((bits & 0x7fffffff) > 0x7f800000)
    return bits >> 16 | 0x0040;

  return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

static gboolean
is_float (SamDtype dtype)
{
  return dtype == SAM_DTYPE_F32 || dtype == SAM_DTYPE_F16 || dtype == SAM_DTYPE_BF16 ||
         dtype == SAM_DTYPE_F64;
}

/* Kernels and matrices may be rounded. Vectors are small, and the matrix of the positional encoding
 * is multiplied by two pi and fed to sines: both stay as they are. */
static gboolean
may_round (const SamTensor *tensor)
{
  return tensor->rank >= 2 && tensor->n_elements >= MIN_MATRIX &&
         ! g_str_has_suffix (tensor->name, "positional_encoding_gaussian_matrix");
}

/* Only what is multiplied with activations; tables that are added are not. */
static gboolean
may_quantise (const SamTensor *tensor)
{
  return may_round (tensor) && g_str_has_suffix (tensor->name, ".weight") &&
         tensor->n_elements / tensor->shape[0] >= 16;
}

/* The largest absolute value of elements from .. from + n; INFINITY where one is not finite. */
static float
find_peak (const SamTensor *tensor, size_t from, size_t n)
{
  g_autofree float *piece = g_new (float, N_PIECE);
  float             peak = 0;

  for (size_t at = 0; at < n; at += N_PIECE)
    {
      size_t n_piece = MIN (N_PIECE, n - at);

      sam_tensor_read (tensor, from + at, n_piece, piece);
      for (size_t i = 0; i < n_piece; i++)
        {
          if (! isfinite (piece[i]))
            return INFINITY;
          peak = MAX (peak, fabsf (piece[i]));
        }
    }

  return peak;
}

static void
plan_tensor (Output *output, const SamTensor *tensor, SamPrecision precision)
{
  output->tensor = tensor;
  output->dtype = is_float (tensor->dtype) || tensor->scale != NULL ? SAM_DTYPE_F32 : tensor->dtype;
  if (output->dtype == SAM_DTYPE_F32 && may_round (tensor))
    {
      if (precision == SAM_PRECISION_F16 && find_peak (tensor, 0, tensor->n_elements) <= HALF_MAX)
        output->dtype = SAM_DTYPE_F16;
      else if (precision == SAM_PRECISION_BF16)
        output->dtype = SAM_DTYPE_BF16;
      else if (precision == SAM_PRECISION_INT8 && may_quantise (tensor) &&
               isfinite (find_peak (tensor, 0, tensor->n_elements)))
        {
          output->dtype = SAM_DTYPE_I8;
          output->quantised = TRUE;
        }
    }
  output->n_bytes = tensor->n_elements * sam_dtype_get_size (output->dtype);
}

static void
append_string (GString *json, const char *text)
{
  g_string_append_c (json, '"');
  for (; *text != '\0'; text++)
    if ((unsigned char) *text < 0x20)
      g_string_append_printf (json, "\\u%04x", *text);
    else if (*text == '"' || *text == '\\')
      g_string_append_printf (json, "\\%c", *text);
    else
      g_string_append_c (json, *text);
  g_string_append_c (json, '"');
}

/* One tensor's entry; moves @at behind its data. FALSE when the sum of all sizes is absurd: many
 * tensors can look at the same bytes of a file. */
static gboolean
append_entry (GString      *json,
              const char   *name,
              SamDtype      dtype,
              const size_t *shape,
              int           rank,
              size_t        n_bytes,
              uint64_t     *at)
{
  g_string_append_c (json, ',');
  append_string (json, name);
  g_string_append_printf (json, ":{\"dtype\":\"%s\",\"shape\":[", sam_dtype_get_name (dtype));
  for (int i = 0; i < rank; i++)
    g_string_append_printf (json, "%s%zu", i > 0 ? "," : "", shape[i]);
  g_string_append_printf (json, "],\"data_offsets\":[%" G_GUINT64_FORMAT ",", *at);
  if (! g_uint64_checked_add (at, *at, n_bytes))
    return FALSE;
  g_string_append_printf (json, "%" G_GUINT64_FORMAT "]}", *at);

  return TRUE;
}

static void
append_metadata (GString *json, const char *key, const char *value)
{
  if (value == NULL)
    return;
  if (json->str[json->len - 1] != '{')
    g_string_append_c (json, ',');
  append_string (json, key);
  g_string_append_c (json, ':');
  append_string (json, value);
}

/* Unless the file says it itself. */
static void
append_missing (GString *json, const SamCheckpoint *checkpoint, const char *key, const char *value)
{
  if (sam_checkpoint_get_metadata (checkpoint, key) == NULL)
    append_metadata (json, key, value);
}

static void
append_triple (GString             *json,
               const SamCheckpoint *checkpoint,
               const char          *key,
               const float          value[3])
{
  char             number[3][G_ASCII_DTOSTR_BUF_SIZE];
  g_autofree char *text = NULL;

  for (int i = 0; i < 3; i++)
    g_ascii_formatd (number[i], sizeof number[i], "%.9g", value[i]);
  text = g_strjoin (",", number[0], number[1], number[2], NULL);
  append_missing (json, checkpoint, key, text);
}

/* What the network is, where it is one that we know. */
static void
append_family (GString *json, SamCheckpoint *checkpoint)
{
  g_autoptr (SamWeights) weights = sam_weights_new (checkpoint);
  const SamFamily       *family = sam_family_find (weights);
  g_autofree char       *size = NULL;
  SamModelSpec           spec;

  if (family == NULL)
    return;
  sam_family_describe (family, weights, &spec);
  if (sam_weights_failed (weights))
    return;
  size = g_strdup_printf ("%zu", spec.input);
  append_missing (json, checkpoint, "family", spec.family);
  append_missing (json, checkpoint, "name", spec.name);
  append_missing (json, checkpoint, "image_size", size);
  append_triple (json, checkpoint, "mean", spec.preprocess.mean);
  append_triple (json, checkpoint, "std", spec.preprocess.std);
}

/* What the file says of itself stays; what the network and the catalogue say comes in addition. */
static void
append_all_metadata (GString            *json,
                     SamCheckpoint      *checkpoint,
                     const SamModelInfo *info,
                     gboolean            quantised)
{
  static const char *ours[] = { "format", "quantisation" };
  g_autofree char  **keys = sam_checkpoint_get_metadata_keys (checkpoint);

  g_string_append (json, "{\"__metadata__\":{");
  append_metadata (json, "format", "segment-anything");
  if (quantised)
    append_metadata (json, "quantisation", SAM_QUANTISATION);
  for (char **key = keys; *key != NULL; key++)
    if (! g_str_equal (*key, ours[0]) && ! g_str_equal (*key, ours[1]))
      append_metadata (json, *key, sam_checkpoint_get_metadata (checkpoint, *key));
  append_family (json, checkpoint);
  if (info != NULL)
    {
      append_missing (json, checkpoint, "licence", info->licence);
      append_missing (json, checkpoint, "source", info->source);
    }
  g_string_append_c (json, '}');
}

static gboolean
write_header (SamNewFile         *file,
              SamCheckpoint      *checkpoint,
              const SamModelInfo *info,
              GArray             *outputs,
              GError            **error)
{
  g_autoptr (GString) json = g_string_new (NULL);
  gboolean            quantised = FALSE, fits = TRUE;
  uint64_t            at = 0, n;

  for (guint i = 0; i < outputs->len; i++)
    quantised |= g_array_index (outputs, Output, i).quantised;
  append_all_metadata (json, checkpoint, info, quantised);
  for (guint i = 0; i < outputs->len && fits; i++)
    {
      const Output    *output = &g_array_index (outputs, Output, i);
      const SamTensor *tensor = output->tensor;

      fits = append_entry (json, tensor->name, output->dtype, tensor->shape, tensor->rank,
                           output->n_bytes, &at);
      if (fits && output->quantised)
        {
          g_autofree char *name = g_strconcat (tensor->name, SAM_SCALE_SUFFIX, NULL);

          fits = append_entry (json, name, SAM_DTYPE_F32, tensor->shape, 1,
                               tensor->shape[0] * sizeof (float), &at);
        }
    }
  if (! fits)
    return sam_checkpoint_fail (checkpoint, error,
                                "its tensors together are too large to be converted");
  g_string_append_c (json, '}');
  while (json->len % 8 != 0)
    g_string_append_c (json, ' ');

  n = GUINT64_TO_LE ((uint64_t) json->len);

  return sam_new_file_write (file, &n, sizeof n, error) &&
         sam_new_file_write (file, json->str, json->len, error);
}

/* The elements as they are, for what is not converted. */
static gboolean
write_raw (SamNewFile *file, const SamTensor *tensor, GError **error)
{
  size_t size = sam_dtype_get_size (tensor->dtype);

  if (tensor->contiguous)
    return sam_new_file_write (file, tensor->data, tensor->n_elements * size, error);

  for (size_t i = 0; i < tensor->n_elements; i++)
    {
      size_t rest = i, offset = 0;

      for (int d = tensor->rank - 1; d >= 0; d--)
        {
          offset += rest % tensor->shape[d] * tensor->stride[d];
          rest /= tensor->shape[d];
        }
      if (! sam_new_file_write (file, tensor->data + offset * size, size, error))
        return FALSE;
    }

  return TRUE;
}

/* One piece, in place: @values becomes n elements of @dtype. */
static void
round_piece (float *values, size_t n, SamDtype dtype, float inverse)
{
  uint8_t *bytes = (uint8_t *) values;

  for (size_t i = 0; i < n; i++)
    {
      float    x = values[i];
      uint32_t bits;
      uint16_t half;

      switch (dtype)
        {
        case SAM_DTYPE_F16:
        case SAM_DTYPE_BF16:
          half = dtype == SAM_DTYPE_F16 ? half_from_float (x) : bfloat_from_float (x);
          half = GUINT16_TO_LE (half);
          memcpy (bytes + i * 2, &half, 2);
          break;
        case SAM_DTYPE_I8:
          bytes[i] = (uint8_t) (int8_t) lrintf (CLAMP (x * inverse, -127.0f, 127.0f));
          break;
        default:
          memcpy (&bits, &x, 4);
          bits = GUINT32_TO_LE (bits);
          memcpy (bytes + i * 4, &bits, 4);
          break;
        }
    }
}

static gboolean
write_part (SamNewFile   *file,
            const Output *output,
            size_t        from,
            size_t        n,
            float         inverse,
            GError      **error)
{
  g_autofree float *piece = g_new (float, N_PIECE);

  for (size_t at = 0; at < n; at += N_PIECE)
    {
      size_t n_piece = MIN (N_PIECE, n - at);

      sam_tensor_read (output->tensor, from + at, n_piece, piece);
      round_piece (piece, n_piece, output->dtype, inverse);
      if (! sam_new_file_write (file, piece, n_piece * sam_dtype_get_size (output->dtype), error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
write_quantised (SamNewFile *file, const Output *output, GError **error)
{
  size_t            n_rows = output->tensor->shape[0];
  size_t            n_row = output->tensor->n_elements / n_rows;
  g_autofree float *scale = g_new (float, n_rows);

  for (size_t row = 0; row < n_rows; row++)
    {
      scale[row] = find_peak (output->tensor, row * n_row, n_row) / 127.0f;
      if (! write_part (file, output, row * n_row, n_row, scale[row] > 0 ? 1.0f / scale[row] : 0,
                        error))
        return FALSE;
    }
  round_piece (scale, n_rows, SAM_DTYPE_F32, 1);

  return sam_new_file_write (file, scale, n_rows * sizeof (float), error);
}

static gboolean
write_tensors (SamNewFile *file, GArray *outputs, const SamJob *job, GError **error)
{
  for (guint i = 0; i < outputs->len; i++)
    {
      const Output *output = &g_array_index (outputs, Output, i);
      gboolean      written;

      if (output->quantised)
        written = write_quantised (file, output, error);
      else if (output->dtype == output->tensor->dtype)
        written = write_raw (file, output->tensor, error);
      else
        written = write_part (file, output, 0, output->tensor->n_elements, 1, error);
      if (! written || ! sam_job_step (job, (double) (i + 1) / outputs->len, error))
        return FALSE;
    }

  return TRUE;
}

gboolean
sam_convert (const char   *in,
             const char   *out,
             SamPrecision  precision,
             const SamJob *job,
             GError      **error)
{
  g_autoptr (SamCheckpoint) checkpoint = sam_checkpoint_open (in, error);
  g_autoptr (GArray)        outputs = g_array_new (FALSE, TRUE, sizeof (Output));
  g_autoptr (GError)        failed = NULL;
  g_auto (SamNewFile)       file = { NULL };
  SamJob                    first = sam_job_part (job, 0, 0.3);
  SamJob                    second = sam_job_part (job, 0.3, 1);
  const SamModelInfo       *info;

  if (checkpoint == NULL || ! sam_checkpoint_verify (checkpoint, error))
    return FALSE;
  info = sam_catalogue_recognise (in, &first, &failed);
  if (failed != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&failed));
      return FALSE;
    }

  g_array_set_size (outputs, sam_checkpoint_get_n_tensors (checkpoint));
  for (guint i = 0; i < outputs->len; i++)
    plan_tensor (&g_array_index (outputs, Output, i), sam_checkpoint_get_tensor (checkpoint, i),
                 precision);

  return sam_new_file_open (&file, out, error) &&
         write_header (&file, checkpoint, info, outputs, error) &&
         write_tensors (&file, outputs, &second, error) && sam_new_file_finish (&file, error);
}
