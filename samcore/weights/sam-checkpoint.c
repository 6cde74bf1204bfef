/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A checkpoint: holds the bytes and the names of the tensors in them. The readers add the tensors,
 * which are checked here for what all formats have in common; the models look them up. */
#include "config.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <zlib.h>

#include "samcore/weights/sam-checkpoint-private.h"
#include "samcore/sam-error.h"
#include "samcore/weights/sam-quote.h"

/* A view that repeats elements may be larger than its file, but not by so much that reading it
 * would be a way to use up the memory. */
#define MAX_BROADCAST_BYTES (1 << 20)

#define MAX_KEPT 32 /* times the size of the file */

#define HASH_WHOLE  4096 /* tensors up to this size go into the hash as they are */
#define HASH_PIECES 8    /* of larger ones this many pieces */
#define HASH_PIECE  512

struct _SamCheckpoint
{
  int            ref_count;
  char          *name;
  const char    *format;
  GBytes        *bytes;
  const uint8_t *data; /* @bytes, or what lies inside of it */
  size_t         size;
  gboolean       entered;
  gboolean       mapped;  /* bytes are a file's */
  GArray        *tensors; /* SamTensor */
  GHashTable    *by_name; /* char * → index + 1 */
  GHashTable    *metadata;
  GHashTable    *unreadable; /* char *: name → reason */
  GStringChunk  *names;
  GPtrArray     *kept;   /* GBytes */
  size_t         n_kept; /* bytes in them */
  GArray        *crcs;   /* Crc */
};

/* A part of the file that has a checksum, not looked at yet. */
typedef struct
{
  const char    *part;
  const uint8_t *data;
  size_t         n_bytes;
  uint32_t       crc;
} Crc;

SamCheckpoint *
sam_checkpoint_new (GBytes *bytes, const char *name, gboolean mapped)
{
  SamCheckpoint *checkpoint = g_new0 (SamCheckpoint, 1);

  checkpoint->ref_count = 1;
  checkpoint->name = g_filename_display_name (name);
  checkpoint->bytes = g_bytes_ref (bytes);
  checkpoint->data = g_bytes_get_data (bytes, &checkpoint->size);
  checkpoint->mapped = mapped;
  checkpoint->tensors = g_array_new (FALSE, FALSE, sizeof (SamTensor));
  checkpoint->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  checkpoint->metadata = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  checkpoint->unreadable = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  checkpoint->names = g_string_chunk_new (4096);
  checkpoint->crcs = g_array_new (FALSE, FALSE, sizeof (Crc));
  checkpoint->kept = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);

  return checkpoint;
}

void
sam_checkpoint_set_format (SamCheckpoint *checkpoint, const char *format)
{
  checkpoint->format = format;
}

gboolean
sam_checkpoint_fail (const SamCheckpoint *checkpoint, GError **error, const char *format, ...)
{
  g_autofree char *reason = NULL;
  va_list          args;

  va_start (args, format);
  reason = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, SAM_ERROR, SAM_ERROR_BAD_FILE, "%s: %s", checkpoint->name, reason);

  return FALSE;
}

const uint8_t *
sam_checkpoint_get_data (const SamCheckpoint *checkpoint)
{
  return checkpoint->data;
}

gboolean
sam_checkpoint_enter (SamCheckpoint *checkpoint, const uint8_t *data, size_t size, GError **error)
{
  if (checkpoint->entered)
    return sam_checkpoint_fail (checkpoint, error, "an archive inside an archive");
  checkpoint->entered = TRUE;
  checkpoint->data = data;
  checkpoint->size = size;

  return TRUE;
}

gboolean
sam_checkpoint_may_keep (const SamCheckpoint *checkpoint, size_t n_bytes)
{
  return n_bytes <= g_bytes_get_size (checkpoint->bytes) * MAX_KEPT - checkpoint->n_kept;
}

void
sam_checkpoint_keep (SamCheckpoint *checkpoint, GBytes *bytes)
{
  checkpoint->n_kept += g_bytes_get_size (bytes);
  g_ptr_array_add (checkpoint->kept, g_bytes_ref (bytes));
}

void
sam_checkpoint_add_crc (SamCheckpoint *checkpoint,
                        const char    *part,
                        const uint8_t *data,
                        size_t         n_bytes,
                        uint32_t       crc)
{
  Crc added = { g_string_chunk_insert (checkpoint->names, part), data, n_bytes, crc };

  g_array_append_val (checkpoint->crcs, added);
}

void
sam_checkpoint_set_metadata (SamCheckpoint *checkpoint, const char *key, const char *value)
{
  g_hash_table_replace (checkpoint->metadata, g_strdup (key), g_strdup (value));
}

/* How many elements lie between the first and the last, both counted; FALSE when that does not
 * fit. */
static gboolean
count_extent (const SamTensor *tensor, size_t *extent)
{
  size_t last = 0;

  for (int i = 0; i < tensor->rank; i++)
    {
      size_t way;

      if (! g_size_checked_mul (&way, tensor->shape[i] - 1, tensor->stride[i]) ||
          ! g_size_checked_add (&last, last, way))
        return FALSE;
    }

  return g_size_checked_add (extent, last, 1);
}

/* Puts @tensor, whose name is copied, behind the others. */
static gboolean
append (SamCheckpoint *checkpoint, SamTensor tensor, GError **error)
{
  if (g_hash_table_contains (checkpoint->by_name, tensor.name))
    {
      g_autofree char *quoted = sam_quote (tensor.name, strlen (tensor.name));

      return sam_checkpoint_fail (checkpoint, error, "there are two tensors %s", quoted);
    }
  tensor.name = g_string_chunk_insert (checkpoint->names, tensor.name);
  g_array_append_val (checkpoint->tensors, tensor);
  g_hash_table_insert (checkpoint->by_name, (gpointer) tensor.name,
                       GSIZE_TO_POINTER ((gsize) checkpoint->tensors->len));

  return TRUE;
}

gboolean
sam_checkpoint_add_tensor (SamCheckpoint   *checkpoint,
                           const SamTensor *tensor,
                           const uint8_t   *storage,
                           size_t           n_storage,
                           size_t           offset,
                           GError         **error)
{
  SamTensor        added = *tensor;
  g_autofree char *name = sam_quote (tensor->name, strlen (tensor->name));
  size_t           n_bytes, extent;

  if (! sam_tensor_count (tensor, &added.n_elements, &n_bytes))
    return sam_checkpoint_fail (checkpoint, error, "tensor %s has an impossible shape", name);

  if (added.n_elements == 0)
    {
      added.contiguous = TRUE;
      added.data = storage;
    }
  else
    {
      if (! count_extent (tensor, &extent) ||
          ! g_size_checked_mul (&extent, extent, sam_dtype_get_size (tensor->dtype)) ||
          offset > n_storage || extent > n_storage - offset)
        return sam_checkpoint_fail (checkpoint, error,
                                    "tensor %s lies outside the data; is the file complete?", name);
      if (n_bytes > extent && n_bytes > MAX_BROADCAST_BYTES &&
          n_bytes > sam_checkpoint_get_size (checkpoint))
        return sam_checkpoint_fail (checkpoint, error,
                                    "tensor %s repeats its data to more than the file's size",
                                    name);
      added.contiguous = sam_tensor_is_contiguous (tensor);
      added.data = storage + offset;
    }

  return append (checkpoint, added, error);
}

gboolean
sam_checkpoint_replace_tensors (SamCheckpoint *checkpoint, const GArray *tensors, GError **error)
{
  g_hash_table_remove_all (checkpoint->by_name);
  g_array_set_size (checkpoint->tensors, 0);
  for (guint i = 0; i < tensors->len; i++)
    if (! append (checkpoint, g_array_index (tensors, SamTensor, i), error))
      return FALSE;

  return TRUE;
}

const char *
sam_checkpoint_add_unreadable (SamCheckpoint *checkpoint, const char *name, const char *reason)
{
  const char *copy = g_string_chunk_insert (checkpoint->names, name);

  g_hash_table_replace (checkpoint->unreadable, (gpointer) copy, g_strdup (reason));

  return copy;
}

const char *
sam_checkpoint_get_unreadable (const SamCheckpoint *checkpoint, const char *name)
{
  return g_hash_table_lookup (checkpoint->unreadable, name);
}

void
sam_checkpoint_rename_unreadable (SamCheckpoint *checkpoint,
                                  char *(*rename) (const char *name, gpointer data),
                                  gpointer data)
{
  GHashTable    *renamed = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  GHashTableIter iter;
  gpointer       name, reason;

  g_hash_table_iter_init (&iter, checkpoint->unreadable);
  while (g_hash_table_iter_next (&iter, &name, &reason))
    {
      g_autofree char *new_name = rename (name, data);

      if (new_name != NULL)
        g_hash_table_replace (renamed, g_string_chunk_insert (checkpoint->names, new_name),
                              g_strdup (reason));
    }
  g_hash_table_unref (checkpoint->unreadable);
  checkpoint->unreadable = renamed;
}

gboolean
sam_checkpoint_check_any (const SamCheckpoint *checkpoint, GError **error)
{
  g_autofree char *quoted = NULL;
  GHashTableIter   iter;
  gpointer         name, reason;

  if (checkpoint->tensors->len > 0)
    return TRUE;
  g_hash_table_iter_init (&iter, checkpoint->unreadable);
  if (! g_hash_table_iter_next (&iter, &name, &reason))
    return sam_checkpoint_fail (checkpoint, error, "there are no tensors in the file");
  quoted = sam_quote (name, strlen (name));

  return sam_checkpoint_fail (checkpoint, error, "tensor %s %s", quoted, (char *) reason);
}

void
sam_checkpoint_drop (const SamCheckpoint *checkpoint, gconstpointer data, size_t n_bytes)
{
  gsize     size;
  uintptr_t start = (uintptr_t) g_bytes_get_data (checkpoint->bytes, &size);
  uintptr_t page = (uintptr_t) sysconf (_SC_PAGESIZE);
  uintptr_t first = ((uintptr_t) data + page - 1) / page * page;
  uintptr_t end = ((uintptr_t) data + n_bytes) / page * page;

  /* Only a mapped file can be read again; other memory would come back as zeros. */
  if (checkpoint->mapped && first < end && first >= start && end <= start + size)
    madvise ((void *) first, end - first, MADV_DONTNEED);
}

SamCheckpoint *
sam_checkpoint_ref (SamCheckpoint *checkpoint)
{
  g_atomic_int_inc (&checkpoint->ref_count);

  return checkpoint;
}

void
sam_checkpoint_unref (SamCheckpoint *checkpoint)
{
  if (checkpoint == NULL || ! g_atomic_int_dec_and_test (&checkpoint->ref_count))
    return;

  g_free (checkpoint->name);
  g_array_unref (checkpoint->tensors);
  g_hash_table_unref (checkpoint->by_name);
  g_hash_table_unref (checkpoint->metadata);
  g_hash_table_unref (checkpoint->unreadable);
  g_string_chunk_free (checkpoint->names);
  g_ptr_array_unref (checkpoint->kept);
  g_array_unref (checkpoint->crcs);
  g_bytes_unref (checkpoint->bytes);
  g_free (checkpoint);
}

static int
compare_keys (const void *a, const void *b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

const char *
sam_checkpoint_get_name (const SamCheckpoint *checkpoint)
{
  return checkpoint->name;
}

const char *
sam_checkpoint_get_format (const SamCheckpoint *checkpoint)
{
  return checkpoint->format;
}

size_t
sam_checkpoint_get_size (const SamCheckpoint *checkpoint)
{
  return checkpoint->size;
}

size_t
sam_checkpoint_get_n_tensors (const SamCheckpoint *checkpoint)
{
  return checkpoint->tensors->len;
}

const SamTensor *
sam_checkpoint_get_tensor (const SamCheckpoint *checkpoint, size_t i)
{
  g_return_val_if_fail (i < checkpoint->tensors->len, NULL);

  return &g_array_index (checkpoint->tensors, SamTensor, i);
}

const SamTensor *
sam_checkpoint_lookup (const SamCheckpoint *checkpoint, const char *name)
{
  size_t place = GPOINTER_TO_SIZE (g_hash_table_lookup (checkpoint->by_name, name));

  return place == 0 ? NULL : sam_checkpoint_get_tensor (checkpoint, place - 1);
}

const char *
sam_checkpoint_get_metadata (const SamCheckpoint *checkpoint, const char *key)
{
  return g_hash_table_lookup (checkpoint->metadata, key);
}

char **
sam_checkpoint_get_metadata_keys (const SamCheckpoint *checkpoint)
{
  guint  n;
  char **keys = (char **) g_hash_table_get_keys_as_array (checkpoint->metadata, &n);

  qsort (keys, n, sizeof (char *), compare_keys);

  return keys;
}

gboolean
sam_checkpoint_verify (const SamCheckpoint *checkpoint, GError **error)
{
  for (guint i = 0; i < checkpoint->crcs->len; i++)
    {
      const Crc *part = &g_array_index (checkpoint->crcs, Crc, i);

      if (crc32_z (crc32_z (0, NULL, 0), part->data, part->n_bytes) != part->crc)
        {
          g_autofree char *quoted = sam_quote (part->part, strlen (part->part));

          return sam_checkpoint_fail (checkpoint, error, "zip entry %s is damaged (wrong CRC)",
                                      quoted);
        }
    }

  return TRUE;
}

char *
sam_checkpoint_get_hash (const SamCheckpoint *checkpoint)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);

  for (size_t i = 0; i < checkpoint->tensors->len; i++)
    {
      const SamTensor *tensor = sam_checkpoint_get_tensor (checkpoint, i);
      size_t           extent;

      g_checksum_update (sum, (const guchar *) tensor->name, strlen (tensor->name) + 1);
      g_checksum_update (sum, (const guchar *) sam_dtype_get_name (tensor->dtype), -1);
      for (int d = 0; d < tensor->rank; d++)
        {
          uint64_t sizes[2] = { GUINT64_TO_LE (tensor->shape[d]),
                                GUINT64_TO_LE (tensor->stride[d]) };

          g_checksum_update (sum, (const guchar *) sizes, sizeof sizes);
        }

      if (tensor->scale != NULL)
        g_checksum_update (sum, tensor->scale, tensor->shape[0] * sizeof (float));
      if (tensor->n_elements == 0 || ! count_extent (tensor, &extent))
        continue;
      extent *= sam_dtype_get_size (tensor->dtype);
      if (extent <= HASH_WHOLE)
        g_checksum_update (sum, tensor->data, extent);
      else
        for (size_t p = 0; p < HASH_PIECES; p++)
          g_checksum_update (sum, tensor->data + (extent - HASH_PIECE) * p / (HASH_PIECES - 1),
                             HASH_PIECE);
    }

  return g_strdup (g_checksum_get_string (sum));
}
