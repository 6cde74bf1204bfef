/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes a network's weights out of a checkpoint.
 *
 *   lookup ──▶ exact shape ──▶ float32 ──▶ all finite ──▶ batch norm folded ──▶ order of sam-ops.h
 *
 * A matrix that had to be copied is packed at once, one that lies in the mapped file when it is
 * first used: who finds the picture's embedding in the cache never needs the encoder's. The
 * encoder's are nearly all of a file, and are not even read before: sam_weights_look() looks at
 * their values.
 *
 * The first failure is kept, later fetches return NULL at once. */
#include "samcore/weights/sam-weights.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "samcore/base/sam-arena.h"
#include "samcore/sam-error.h"
#include "samcore/kernels/sam-kernels.h"
#include "samcore/sam-parallel.h"

/* Values looked at or converted at a time by one thread. */
#define CHUNK 262144

#define BATCH_NORM_EPS 1e-5

struct _SamWeights
{
  SamCheckpoint *checkpoint;
  GPtrArray     *owned;
  GPtrArray     *matrices;
  SamSlab       *slab; /* what these are packed in */
  GArray *unseen; /* of Unseen: those whose values nobody has looked at when they were fetched */
  SamArithmetic arithmetic;
  gboolean      look_later;
  GError       *error;
};

typedef struct
{
  SamMatrix *matrix; /* one of matrices */
  char      *name;   /* of the tensor */
} Unseen;

typedef struct
{
  const SamTensor *tensor;
  float           *converted; /* NULL: the tensor is used where it lies */
  const float     *values;
  gint             not_finite;
} FetchData;

static void
clear_unseen (gpointer unseen)
{
  g_free (((Unseen *) unseen)->name);
}

SamWeights *
sam_weights_new (SamCheckpoint *checkpoint)
{
  SamWeights *weights = g_new0 (SamWeights, 1);

  weights->checkpoint = sam_checkpoint_ref (checkpoint);
  weights->owned = g_ptr_array_new_with_free_func (g_free);
  weights->matrices = g_ptr_array_new_with_free_func ((GDestroyNotify) sam_matrix_free);
  weights->slab = sam_slab_new ();
  weights->unseen = g_array_new (FALSE, FALSE, sizeof (Unseen));
  g_array_set_clear_func (weights->unseen, clear_unseen);

  return weights;
}

void
sam_weights_free (SamWeights *weights)
{
  if (weights == NULL)
    return;

  g_array_unref (weights->unseen);
  g_ptr_array_unref (weights->matrices);
  sam_slab_free (weights->slab);
  g_ptr_array_unref (weights->owned);
  sam_checkpoint_unref (weights->checkpoint);
  g_clear_error (&weights->error);
  g_free (weights);
}

gboolean
sam_weights_check (SamWeights *weights, GError **error)
{
  if (weights->error == NULL)
    return TRUE;

  g_propagate_error (error, g_error_copy (weights->error));
  return FALSE;
}

gboolean
sam_weights_failed (const SamWeights *weights)
{
  return weights->error != NULL;
}

void
sam_weights_fail (SamWeights *weights, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list          args;

  if (weights->error != NULL)
    return;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (&weights->error, SAM_ERROR, SAM_ERROR_BAD_FILE, "%s: %s",
               sam_checkpoint_get_name (weights->checkpoint), message);
}

static void
fail_not_finite (const SamWeights *weights, const char *name, GError **error)
{
  g_set_error (error, SAM_ERROR, SAM_ERROR_BAD_FILE,
               "%s: the tensor %s holds values that are not finite numbers; "
               "the file is damaged, get it again",
               sam_checkpoint_get_name (weights->checkpoint), name);
}

SamCheckpoint *
sam_weights_get_checkpoint (const SamWeights *weights)
{
  return weights->checkpoint;
}

void
sam_weights_set_arithmetic (SamWeights *weights, SamArithmetic arithmetic)
{
  weights->arithmetic = arithmetic;
}

void
sam_weights_look_later (SamWeights *weights, gboolean later)
{
  weights->look_later = later;
}

/* Values that have been copied in another order: a buffer of ours is freed, the pages of a mapped
 * file are given back to the system, which can read them again. */
static void
release (SamWeights *weights, const float *values, size_t n)
{
  if (values != NULL && ! g_ptr_array_remove_fast (weights->owned, (gpointer) values))
    sam_checkpoint_drop (weights->checkpoint, values, n * sizeof *values);
}

static void
drop_packed (gpointer checkpoint, const float *values, size_t n)
{
  sam_checkpoint_drop (checkpoint, values, n * sizeof *values);
}

/* w: [out, in], a tensor, or a buffer of ours made from others; NULL after a failure. In neither
 * case is a large model held twice. */
static SamMatrix *
matrix (SamWeights *weights, const float *w, size_t out, size_t in)
{
  SamMatrix *made;

  if (weights->error != NULL)
    return NULL;

  made = sam_matrix_new (w, out, in, weights->arithmetic);
  sam_matrix_use_slab (made, weights->slab);
  g_ptr_array_add (weights->matrices, made);
  if (! g_ptr_array_find (weights->owned, w, NULL))
    {
      sam_checkpoint_drop (weights->checkpoint, w, out * in * sizeof *w);
      sam_matrix_on_packed (made, drop_packed, weights->checkpoint);
    }
  else if (sam_matrix_pack (made))
    {
      release (weights, w, out * in);
    }

  return made;
}

gboolean
sam_weights_look (SamWeights *weights, const SamJob *job, GError **error)
{
  for (guint i = 0; i < weights->unseen->len; i++)
    {
      const Unseen *unseen = &g_array_index (weights->unseen, Unseen, i);

      if (! sam_job_step (job, (double) i / weights->unseen->len, error))
        return FALSE;
      if (! sam_matrix_is_finite (unseen->matrix))
        {
          fail_not_finite (weights, unseen->name, error);
          return FALSE;
        }
    }

  return TRUE;
}

void
sam_weights_pack (SamWeights *weights)
{
  for (guint i = 0; i < weights->matrices->len; i++)
    sam_matrix_pack (weights->matrices->pdata[i]);
}

gboolean
sam_weights_has (const SamWeights *weights, const char *format, ...)
{
  g_autofree char *name = NULL;
  va_list          args;

  va_start (args, format);
  name = g_strdup_vprintf (format, args);
  va_end (args);

  return sam_checkpoint_lookup (weights->checkpoint, name) != NULL;
}

static void
append_shape (GString *text, int rank, const size_t *shape)
{
  g_string_append_c (text, '[');
  for (int i = 0; i < rank; i++)
    g_string_append_printf (text, "%s%" G_GSIZE_FORMAT, i > 0 ? ", " : "", shape[i]);
  g_string_append_c (text, ']');
}

size_t
sam_weights_dim (SamWeights *weights,
                 int         rank,
                 int         axis,
                 size_t      min,
                 size_t      max,
                 const char *format,
                 ...)
{
  g_autofree char *name = NULL;
  const SamTensor *tensor;
  va_list          args;

  if (weights->error != NULL)
    return 0;

  va_start (args, format);
  name = g_strdup_vprintf (format, args);
  va_end (args);

  tensor = sam_checkpoint_lookup (weights->checkpoint, name);
  if (tensor == NULL)
    {
      sam_weights_fail (weights, "the tensor %s is missing; the file is not a complete model",
                        name);
      return 0;
    }
  if (tensor->rank != rank || tensor->shape[axis] < min || tensor->shape[axis] > max)
    {
      g_autoptr (GString) shape = g_string_new (NULL);

      append_shape (shape, tensor->rank, tensor->shape);
      sam_weights_fail (
        weights,
        "the tensor %s has shape %s; dimension %d of %d must be between %" G_GSIZE_FORMAT
        " and %" G_GSIZE_FORMAT,
        name, shape->str, axis + 1, rank, min, max);
      return 0;
    }

  return tensor->shape[axis];
}

static void
fetch_chunks (size_t first, size_t last, gpointer user_data)
{
  FetchData *data = user_data;

  if (data->converted != NULL)
    sam_tensor_read (data->tensor, first, last - first, data->converted + first);
  if (! sam_kernels ()->all_finite (data->values + first, last - first))
    g_atomic_int_set (&data->not_finite, 1);
}

typedef enum
{
  FETCH_ANY,       /* where they lie in the file, if they can be used there */
  FETCH_ANY_LATER, /* the same, and there they need not be finite: who uses them looks */
  FETCH_COPY       /* in a buffer of their own */
} FetchMode;

/* Values of the tensor as float32 in file order. */
static float *
fetch (SamWeights *weights, int rank, const size_t *shape, FetchMode mode, const char *name)
{
  const SamTensor *tensor;
  FetchData        data = { NULL };
  gboolean         right;

  if (weights->error != NULL)
    return NULL;

  tensor = sam_checkpoint_lookup (weights->checkpoint, name);
  if (tensor == NULL)
    {
      sam_weights_fail (weights, "the tensor %s is missing; the file is not a complete model",
                        name);
      return NULL;
    }

  right = tensor->rank == rank;
  for (int i = 0; right && i < rank; i++)
    right = tensor->shape[i] == shape[i];
  if (! right)
    {
      g_autoptr (GString) is = g_string_new (NULL);
      g_autoptr (GString) wants = g_string_new (NULL);

      append_shape (is, tensor->rank, tensor->shape);
      append_shape (wants, rank, shape);
      sam_weights_fail (weights, "the tensor %s has shape %s instead of %s", name, is->str,
                        wants->str);
      return NULL;
    }
  switch (tensor->dtype)
    {
    case SAM_DTYPE_F32:
    case SAM_DTYPE_F16:
    case SAM_DTYPE_BF16:
    case SAM_DTYPE_F64:
      break;

    case SAM_DTYPE_I8:
      if (tensor->scale !=
          NULL) /* rounded floating point ones, with a scale for each row: our own form */
        break;
      G_GNUC_FALLTHROUGH;

    default:
      sam_weights_fail (weights, "the tensor %s holds %s values instead of floating point ones",
                        name, sam_dtype_get_name (tensor->dtype));
      return NULL;
    }

  data.tensor = tensor;
  if (mode != FETCH_COPY && G_BYTE_ORDER == G_LITTLE_ENDIAN && tensor->dtype == SAM_DTYPE_F32 &&
      tensor->contiguous && (uintptr_t) tensor->data % sizeof (float) == 0)
    {
      data.values = (const float *) tensor->data;
      if (mode == FETCH_ANY_LATER)
        return (float *) data.values;
    }
  else
    {
      data.converted = sam_weights_alloc (weights, tensor->n_elements);
      data.values = data.converted;
      if (data.converted == NULL)
        return NULL;
    }

  sam_parallel_for (tensor->n_elements, CHUNK, fetch_chunks, &data);
  if (data.not_finite)
    {
      fail_not_finite (weights, name, &weights->error);
      return NULL;
    }

  return (float *) data.values;
}

float *
sam_weights_alloc (SamWeights *weights, size_t n)
{
  float *buffer;

  if (weights->error != NULL)
    return NULL;

  buffer = sam_alloc_floats (n, 1, 1, &weights->error);
  if (buffer != NULL)
    g_ptr_array_add (weights->owned, buffer);

  return buffer;
}

const float *
sam_weights_fetch (SamWeights *weights, int rank, const size_t *shape, const char *format, ...)
{
  g_autofree char *name = NULL;
  va_list          args;

  va_start (args, format);
  name = g_strdup_vprintf (format, args);
  va_end (args);

  return fetch (weights, rank, shape, FETCH_ANY, name);
}

const float *
sam_weights_vector (SamWeights *weights, size_t n, const char *format, ...)
{
  g_autofree char *name = NULL;
  va_list          args;

  va_start (args, format);
  name = g_strdup_vprintf (format, args);
  va_end (args);

  return fetch (weights, 1, &n, FETCH_ANY, name);
}

const float *
sam_weights_matrix (SamWeights *weights, size_t rows, size_t columns, const char *format, ...)
{
  g_autofree char *name = NULL;
  const size_t     shape[2] = { rows, columns };
  va_list          args;

  va_start (args, format);
  name = g_strdup_vprintf (format, args);
  va_end (args);

  return fetch (weights, 2, shape, FETCH_ANY, name);
}

static float *
fetch_part (SamWeights   *weights,
            int           rank,
            const size_t *shape,
            FetchMode     mode,
            const char   *layer,
            const char   *part)
{
  g_autofree char *name = g_strconcat (layer, part, NULL);

  return fetch (weights, rank, shape, mode, name);
}

static gboolean
has_part (SamWeights *weights, const char *layer, const char *part)
{
  g_autofree char *name = g_strconcat (layer, part, NULL);

  return sam_checkpoint_lookup (weights->checkpoint, name) != NULL;
}

/* rank 2: [out, in] in the file, 4: [out, in, 1, 1] */
static void
linear (SamWeights *weights,
        SamLinear  *layer,
        int         rank,
        size_t      in,
        size_t      out,
        SamBias     bias,
        const char *name)
{
  g_autofree char *tensor = g_strconcat (name, ".weight", NULL);
  const size_t     shape[4] = { out, in, 1, 1 };
  FetchMode        mode = weights->look_later ? FETCH_ANY_LATER : FETCH_ANY;

  layer->in = in;
  layer->out = out;
  layer->m = matrix (weights, fetch (weights, rank, shape, mode, tensor), out, in);
  layer->b = bias ? fetch_part (weights, 1, &out, FETCH_ANY, name, ".bias") : NULL;
  if (mode == FETCH_ANY_LATER && layer->m != NULL)
    {
      Unseen unseen = { layer->m, g_steal_pointer (&tensor) };

      g_array_append_val (weights->unseen, unseen);
    }
}

void
sam_weights_linear (SamWeights *weights,
                    SamLinear  *layer,
                    size_t      in,
                    size_t      out,
                    SamBias     bias,
                    const char *format,
                    ...)
{
  g_autofree char *name = NULL;
  va_list          args;

  va_start (args, format);
  name = g_strdup_vprintf (format, args);
  va_end (args);

  linear (weights, layer, 2, in, out, bias, name);
}

void
sam_weights_conv1x1 (SamWeights *weights,
                     SamLinear  *layer,
                     size_t      in,
                     size_t      out,
                     SamBias     bias,
                     const char *format,
                     ...)
{
  g_autofree char *name = NULL;
  va_list          args;

  va_start (args, format);
  name = g_strdup_vprintf (format, args);
  va_end (args);

  linear (weights, layer, 4, in, out, bias, name);
}

void
sam_weights_linear_take (SamWeights  *weights,
                         SamLinear   *layer,
                         size_t       in,
                         size_t       out,
                         const float *w,
                         const float *b)
{
  *layer = (SamLinear) { matrix (weights, w, out, in), b, in, out };
}

/* [out, in, k, k] ──▶ [out, k, k, in] */
static float *
convolution_order (SamWeights *weights, const float *kernel, size_t out, size_t in, size_t k)
{
  size_t area = k * k;
  float *ordered = kernel != NULL ? sam_weights_alloc (weights, out * area * in) : NULL;

  if (ordered == NULL)
    return NULL;

  for (size_t o = 0; o < out; o++)
    for (size_t i = 0; i < in; i++)
      for (size_t p = 0; p < area; p++)
        ordered[(o * area + p) * in + i] = kernel[(o * in + i) * area + p];

  return ordered;
}

/* Takes the kernel, in the file's order, away. */
static void
conv_take (SamWeights  *weights,
           SamConv     *layer,
           const float *kernel_values,
           size_t       in,
           size_t       out,
           size_t       kernel,
           size_t       stride,
           size_t       pad)
{
  const float *ordered = convolution_order (weights, kernel_values, out, in, kernel);

  release (weights, kernel_values, out * in * kernel * kernel);
  *layer = (SamConv) {
    matrix (weights, ordered, out, kernel * kernel * in), NULL, in, out, kernel, stride, pad
  };
}

void
sam_weights_conv (SamWeights *weights,
                  SamConv    *layer,
                  size_t      in,
                  size_t      out,
                  size_t      kernel,
                  size_t      stride,
                  size_t      pad,
                  SamBias     bias,
                  const char *format,
                  ...)
{
  g_autofree char *name = NULL;
  const size_t     shape[4] = { out, in, kernel, kernel };
  const float     *w;
  va_list          args;

  va_start (args, format);
  name = g_strdup_vprintf (format, args);
  va_end (args);

  w = fetch_part (weights, 4, shape, FETCH_ANY, name, ".weight");
  conv_take (weights, layer, w, in, out, kernel, stride, pad);
  layer->b = bias ? fetch_part (weights, 1, &out, FETCH_ANY, name, ".bias") : NULL;
}

void
sam_weights_conv_transpose (SamWeights       *weights,
                            SamConvTranspose *layer,
                            size_t            in,
                            size_t            out,
                            const char       *format,
                            ...)
{
  g_autofree char *name = NULL;
  const size_t     shape[4] = { in, out, 2, 2 };
  const float     *w;
  float           *ordered = NULL;
  va_list          args;

  va_start (args, format);
  name = g_strdup_vprintf (format, args);
  va_end (args);

  /* [in, out, 2, 2] ──▶ [2, 2, out, in]; a transposed convolution has its input first */
  w = fetch_part (weights, 4, shape, FETCH_ANY, name, ".weight");
  if (w != NULL)
    ordered = sam_weights_alloc (weights, 4 * out * in);
  if (ordered != NULL)
    {
      for (size_t i = 0; i < in; i++)
        for (size_t o = 0; o < out; o++)
          for (size_t p = 0; p < 4; p++)
            ordered[(p * out + o) * in + i] = w[(i * out + o) * 4 + p];
    }
  release (weights, w, 4 * out * in);

  layer->in = in;
  layer->out = out;
  layer->m = matrix (weights, ordered, 4 * out, in);
  layer->b = fetch_part (weights, 1, &out, FETCH_ANY, name, ".bias");
}

void
sam_weights_norm (SamWeights *weights, SamNorm *layer, size_t c, float eps, const char *format, ...)
{
  g_autofree char *name = NULL;
  va_list          args;

  va_start (args, format);
  name = g_strdup_vprintf (format, args);
  va_end (args);

  layer->c = c;
  layer->eps = eps;
  layer->w = fetch_part (weights, 1, &c, FETCH_ANY, name, ".weight");
  layer->b = fetch_part (weights, 1, &c, FETCH_ANY, name, ".bias");
}

static float *
folded (SamWeights *weights, float **bias, size_t out, size_t in, size_t kernel, const char *name)
{
  const size_t shape[4] = { out, in, kernel, kernel };
  const size_t per_out = in * kernel * kernel;
  const float *gain, *shift, *mean, *var;
  float       *w;

  *bias = NULL;
  if (! has_part (weights, name, ".c.weight"))
    {
      *bias = fetch_part (weights, 1, &out, FETCH_COPY, name, ".bias");
      return fetch_part (weights, 4, shape, FETCH_COPY, name, ".weight");
    }

  w = fetch_part (weights, 4, shape, FETCH_COPY, name, ".c.weight");
  gain = fetch_part (weights, 1, &out, FETCH_ANY, name, ".bn.weight");
  shift = fetch_part (weights, 1, &out, FETCH_ANY, name, ".bn.bias");
  mean = fetch_part (weights, 1, &out, FETCH_ANY, name, ".bn.running_mean");
  var = fetch_part (weights, 1, &out, FETCH_ANY, name, ".bn.running_var");
  *bias = sam_weights_alloc (weights, out);
  if (weights->error != NULL)
    return NULL;

  for (size_t o = 0; o < out; o++)
    {
      double scale = gain[o] / sqrt (var[o] + BATCH_NORM_EPS);

      /* a negative variance beyond the eps */
      if (! isfinite (scale))
        {
          sam_weights_fail (weights,
                            "the tensor %s.bn.running_var holds a negative variance; "
                            "the file is damaged, get it again",
                            name);
          return NULL;
        }
      for (size_t i = 0; i < per_out; i++)
        w[o * per_out + i] = (float) (w[o * per_out + i] * scale);
      (*bias)[o] = (float) (shift[o] - mean[o] * scale);
    }

  return w;
}

float *
sam_weights_folded (SamWeights *weights,
                    float     **bias,
                    size_t      out,
                    size_t      in,
                    size_t      kernel,
                    const char *format,
                    ...)
{
  g_autofree char *name = NULL;
  va_list          args;

  va_start (args, format);
  name = g_strdup_vprintf (format, args);
  va_end (args);

  return folded (weights, bias, out, in, kernel, name);
}

void
sam_weights_conv1x1_bn (SamWeights *weights,
                        SamLinear  *layer,
                        size_t      in,
                        size_t      out,
                        const char *format,
                        ...)
{
  g_autofree char *name = NULL;
  float           *bias;
  va_list          args;

  va_start (args, format);
  name = g_strdup_vprintf (format, args);
  va_end (args);

  layer->in = in;
  layer->out = out;
  layer->m = matrix (weights, folded (weights, &bias, out, in, 1, name), out, in);
  layer->b = bias;
}

void
sam_weights_conv_bn (SamWeights *weights,
                     SamConv    *layer,
                     size_t      in,
                     size_t      out,
                     size_t      kernel,
                     size_t      stride,
                     size_t      pad,
                     const char *format,
                     ...)
{
  g_autofree char *name = NULL;
  float           *w, *bias;
  va_list          args;

  va_start (args, format);
  name = g_strdup_vprintf (format, args);
  va_end (args);

  w = folded (weights, &bias, out, in, kernel, name);
  conv_take (weights, layer, w, in, out, kernel, stride, pad);
  layer->b = bias;
}

void
sam_weights_depthwise_take (SamWeights   *weights,
                            SamDepthwise *layer,
                            size_t        c,
                            size_t        stride,
                            const float  *kernel,
                            const float  *bias)
{
  float *ordered = kernel != NULL ? sam_weights_alloc (weights, 9 * c) : NULL;

  if (ordered != NULL)
    {
      for (size_t i = 0; i < c; i++)
        for (size_t p = 0; p < 9; p++)
          ordered[p * c + i] = kernel[i * 9 + p];
    }
  *layer = (SamDepthwise) { ordered, bias, c, stride };
}

void
sam_weights_depthwise_bn (SamWeights   *weights,
                          SamDepthwise *layer,
                          size_t        c,
                          size_t        stride,
                          const char   *format,
                          ...)
{
  g_autofree char *name = NULL;
  float           *w, *bias;
  va_list          args;

  va_start (args, format);
  name = g_strdup_vprintf (format, args);
  va_end (args);

  w = folded (weights, &bias, c, 1, 3, name);
  sam_weights_depthwise_take (weights, layer, c, stride, w, bias);
  release (weights, w, 9 * c);
}
