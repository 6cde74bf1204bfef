/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes a network's weights out of a checkpoint.
 *
 *   lookup ──▶ exact shape ──▶ float32 ──▶ all finite
 *
 * A matrix that had to be copied is packed at once, one that lies in the mapped file when it is
 * first used: who finds the picture's embedding in the cache never needs the encoder's. The
 * encoder's are nearly all of a file, and are not even read before: sam_weights_look() looks at
 * their values.
 *
 * The first failure is kept, later fetches return NULL at once. */
#include "samcore/weights/sam-weights.h"

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "samcore/base/sam-arena.h"
#include "samcore/sam-error.h"
#include "samcore/kernels/sam-kernels.h"
#include "samcore/sam-parallel.h"
#include "samcore/weights/sam-checkpoint-private.h"
#include "samcore/weights/sam-weights-private.h"

/* Values looked at or converted at a time by one thread. */
#define CHUNK 262144

struct _SamWeights
{
  SamCheckpoint *checkpoint;
  GPtrArray     *owned;
  GPtrArray     *matrices;
  SamSlab       *slab; /* what these are packed in */
  GArray *unseen; /* of Unseen: those whose values nobody has looked at when they were fetched */
  GHashTable   *used; /* set of const SamTensor *: those that were fetched */
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

SamPrefix
sam_prefix (const char *format, ...)
{
  SamPrefix prefix;
  va_list   args;

  va_start (args, format);
  g_vsnprintf (prefix.text, sizeof prefix.text, format, args);
  va_end (args);

  return prefix;
}

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
  weights->used = g_hash_table_new (NULL, NULL);
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
  g_hash_table_unref (weights->used);
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

const char *
sam_weights_find_unused (const SamWeights *weights, const char *prefix, const char *const *idle)
{
  for (size_t i = 0; i < sam_checkpoint_get_n_tensors (weights->checkpoint); i++)
    {
      const SamTensor *tensor = sam_checkpoint_get_tensor (weights->checkpoint, i);
      gboolean         known = ! g_str_has_prefix (tensor->name, prefix) ||
                       g_hash_table_contains (weights->used, tensor);

      for (size_t k = 0; ! known && idle[k] != NULL; k++)
        known = strstr (tensor->name, idle[k]) != NULL;
      if (! known)
        return tensor->name;
    }

  return NULL;
}

static void
fail_not_finite (const SamWeights *weights, const char *name, GError **error)
{
  g_set_error (error, SAM_ERROR, SAM_ERROR_BAD_FILE,
               "%s: the tensor %s holds values that are not finite numbers; the file is damaged, "
               "download it again",
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

gboolean
sam_weights_looks_later (const SamWeights *weights)
{
  return weights->look_later;
}

void
sam_weights_release (SamWeights *weights, const float *values, size_t n)
{
  if (values != NULL && ! g_ptr_array_remove_fast (weights->owned, (gpointer) values))
    sam_checkpoint_drop (weights->checkpoint, values, n * sizeof *values);
}

static void
drop_packed (gpointer checkpoint, const float *values, size_t n)
{
  sam_checkpoint_drop (checkpoint, values, n * sizeof *values);
}

SamMatrix *
sam_weights_add_matrix (SamWeights *weights, const float *w, size_t out, size_t in)
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
      sam_weights_release (weights, w, out * in);
    }

  return made;
}

void
sam_weights_add_unseen (SamWeights *weights, SamMatrix *matrix, const char *name)
{
  Unseen unseen = { matrix, g_strdup (name) };

  g_array_append_val (weights->unseen, unseen);
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
sam_weights_has (const SamWeights *weights, const char *name)
{
  return sam_checkpoint_lookup (weights->checkpoint, name) != NULL;
}

static void
fail_missing (SamWeights *weights, const char *name)
{
  const char *reason = sam_checkpoint_get_unreadable (weights->checkpoint, name);

  if (reason != NULL)
    sam_weights_fail (weights, "the tensor %s %s", name, reason);
  else
    sam_weights_fail (weights, "the tensor %s is missing; the file is not a complete model", name);
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
sam_weights_dim (SamWeights *weights, int rank, int axis, size_t min, size_t max, const char *name)
{
  const SamTensor *tensor;

  if (weights->error != NULL)
    return 0;

  tensor = sam_checkpoint_lookup (weights->checkpoint, name);
  if (tensor == NULL)
    {
      fail_missing (weights, name);
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

/* The tensor @name, if it is of this shape and of floating point numbers; NULL after a failure. */
static const SamTensor *
find_tensor (SamWeights *weights, int rank, const size_t *shape, const char *name)
{
  const SamTensor *tensor;
  gboolean         right;

  if (weights->error != NULL)
    return NULL;

  tensor = sam_checkpoint_lookup (weights->checkpoint, name);
  if (tensor == NULL)
    {
      fail_missing (weights, name);
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

  /* Bytes with a scale for each row are rounded floating point numbers: our own form. */
  if (tensor->dtype > SAM_DTYPE_F64 && tensor->scale == NULL)
    {
      sam_weights_fail (weights, "the tensor %s holds %s values instead of floating point ones",
                        name, sam_dtype_get_name (tensor->dtype));
      return NULL;
    }
  g_hash_table_add (weights->used, (gpointer) tensor);

  return tensor;
}

float *
sam_weights_fetch_as (SamWeights   *weights,
                      SamFetchMode  mode,
                      int           rank,
                      const size_t *shape,
                      const char   *name)
{
  const SamTensor *tensor = find_tensor (weights, rank, shape, name);
  FetchData        data = { tensor };

  if (tensor == NULL)
    return NULL;

  if (mode != SAM_FETCH_COPY && G_BYTE_ORDER == G_LITTLE_ENDIAN && tensor->dtype == SAM_DTYPE_F32 &&
      tensor->contiguous && (uintptr_t) tensor->data % sizeof (float) == 0)
    {
      data.values = (const float *) tensor->data;
      if (mode == SAM_FETCH_ANY_LATER)
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
sam_weights_fetch (SamWeights *weights, int rank, const size_t *shape, const char *name)
{
  return sam_weights_fetch_as (weights, SAM_FETCH_ANY, rank, shape, name);
}

const float *
sam_weights_vector (SamWeights *weights, size_t n, const char *name)
{
  return sam_weights_fetch_as (weights, SAM_FETCH_ANY, 1, &n, name);
}

const float *
sam_weights_matrix (SamWeights *weights, size_t rows, size_t columns, const char *name)
{
  const size_t shape[2] = { rows, columns };

  return sam_weights_fetch_as (weights, SAM_FETCH_ANY, 2, shape, name);
}
