/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A checkpoint: opens the file, finds out what it is, lets its reader list the tensors, and answers
 * for them afterwards.
 *
 *   open ──▶ map ──▶ first bytes ──▶ reader ──▶ a tensor each ──▶ scales, names ──▶ lookup
 *
 * The file is mapped privately and read only. Nothing can protect us from a program that shortens a
 * mapped file in place (the system then ends whoever touches the lost pages), so what we write
 * ourselves is always written under another name and renamed. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>
#include <zlib.h>

#include "samcore/weights/sam-checkpoint-private.h"
#include "samcore/sam-error.h"
#include "samcore/weights/sam-rename.h"
#include "samcore/weights/sam-safetensors.h"
#include "samcore/weights/sam-torch.h"
#include "samcore/weights/sam-zip.h"

/* A view that repeats elements may be larger than its file, but not by so much that reading it
 * would be a way to use up the memory. */
#define MAX_BROADCAST_BYTES (1 << 20)

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
  GStringChunk  *names;
  GPtrArray     *kept; /* GBytes */
  GArray        *crcs; /* Crc */
};

/* A part of the file that has a checksum, not looked at yet. */
typedef struct
{
  const char    *part;
  const uint8_t *data;
  size_t         n_bytes;
  uint32_t       crc;
} Crc;

char *
sam_quote (const char *name, size_t length)
{
  const size_t longest = 120;
  size_t       n = MIN (length, longest);
  GString     *quoted = g_string_new ("\"");

  for (size_t i = 0; i < n; i++)
    {
      unsigned char c = name[i];

      if (c < 0x20 || c >= 0x7f || c == '"')
        g_string_append_printf (quoted, "\\x%02x", c);
      else
        g_string_append_c (quoted, c);
    }
  g_string_append (quoted, n < length ? "…\"" : "\"");

  return g_string_free (quoted, FALSE);
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

void
sam_checkpoint_keep (SamCheckpoint *checkpoint, GBytes *bytes)
{
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

/* Row-major without gaps? Dimensions of one element may have any stride. */
static gboolean
is_contiguous (const SamTensor *tensor)
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

  if (g_hash_table_contains (checkpoint->by_name, tensor->name))
    return sam_checkpoint_fail (checkpoint, error, "there are two tensors %s", name);
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
                                    "tensor %s lies outside of the data; is the file whole?", name);
      if (n_bytes > extent && n_bytes > MAX_BROADCAST_BYTES &&
          n_bytes > sam_checkpoint_get_size (checkpoint))
        return sam_checkpoint_fail (checkpoint, error,
                                    "tensor %s repeats its data to more than the file's size",
                                    name);
      added.contiguous = is_contiguous (tensor);
      added.data = storage + offset;
    }

  added.name = g_string_chunk_insert (checkpoint->names, tensor->name);
  g_array_append_val (checkpoint->tensors, added);
  g_hash_table_insert (checkpoint->by_name, (gpointer) added.name,
                       GSIZE_TO_POINTER ((gsize) checkpoint->tensors->len));

  return TRUE;
}

/* In a file with int8 weights, hangs each scale on its tensor and takes it off the list. */
static gboolean
attach_scales (SamCheckpoint *checkpoint, GError **error)
{
  const char *quantisation = sam_checkpoint_get_metadata (checkpoint, "quantisation");
  guint       n_kept = 0;

  if (quantisation == NULL)
    return TRUE;
  if (! g_str_equal (quantisation, SAM_QUANTISATION))
    return sam_checkpoint_fail (checkpoint, error,
                                "its weights are rounded in a way that we do not know");

  for (guint i = 0; i < checkpoint->tensors->len; i++)
    {
      SamTensor       *tensor = &g_array_index (checkpoint->tensors, SamTensor, i);
      g_autofree char *name = g_strconcat (tensor->name, SAM_SCALE_SUFFIX, NULL);
      const SamTensor *scale = sam_checkpoint_lookup (checkpoint, name);

      if (scale == NULL)
        continue;
      if (tensor->dtype != SAM_DTYPE_I8 || tensor->rank == 0 || scale->dtype != SAM_DTYPE_F32 ||
          scale->rank != 1 || scale->shape[0] != tensor->shape[0])
        {
          g_autofree char *quoted = sam_quote (tensor->name, strlen (tensor->name));

          return sam_checkpoint_fail (checkpoint, error, "tensor %s and its scale do not fit",
                                      quoted);
        }
      tensor->scale = scale->data;
    }

  for (guint i = 0; i < checkpoint->tensors->len; i++)
    {
      SamTensor tensor = g_array_index (checkpoint->tensors, SamTensor, i);

      if (g_str_has_suffix (tensor.name, SAM_SCALE_SUFFIX))
        {
          g_hash_table_remove (checkpoint->by_name, tensor.name);
          continue;
        }
      g_array_index (checkpoint->tensors, SamTensor, n_kept++) = tensor;
      g_hash_table_replace (checkpoint->by_name, (gpointer) tensor.name,
                            GSIZE_TO_POINTER ((gsize) n_kept));
    }
  g_array_set_size (checkpoint->tensors, n_kept);

  return TRUE;
}

static gboolean
take_name (SamCheckpoint *checkpoint,
           GHashTable    *by_name,
           SamTensor     *tensor,
           const char    *name,
           guint          place,
           GError       **error)
{
  tensor->name = g_string_chunk_insert (checkpoint->names, name);
  if (! g_hash_table_insert (by_name, (gpointer) tensor->name,
                             GSIZE_TO_POINTER ((gsize) place + 1)))
    {
      g_autofree char *quoted = sam_quote (name, strlen (name));

      return sam_checkpoint_fail (checkpoint, error, "there are two tensors %s", quoted);
    }

  return TRUE;
}

/* Rows of a table become tensors of one row each, behind the others. */
static gboolean
split_rows (SamCheckpoint *checkpoint,
            GHashTable    *by_name,
            SamTensor      table,
            const char    *stem,
            GError       **error)
{
  for (size_t row = 0; table.rank == 2 && table.scale == NULL && row < MIN (table.shape[0], 8);
       row++)
    {
      g_autofree char *name = g_strdup_printf ("%s%zu.weight", stem, row);
      SamTensor        tensor = table;

      tensor.shape[0] = 1;
      tensor.n_elements = table.shape[1];
      tensor.contiguous = tensor.n_elements == 0 || is_contiguous (&tensor);
      if (tensor.n_elements > 0)
        tensor.data += row * table.stride[0] * sam_dtype_get_size (table.dtype);
      if (! take_name (checkpoint, by_name, &tensor, name, checkpoint->tensors->len, error))
        return FALSE;
      g_array_append_val (checkpoint->tensors, tensor);
    }

  return TRUE;
}

/* Gives the tensors the names of the published checkpoints, where they have another library's. */
static gboolean
rename_tensors (SamCheckpoint *checkpoint, GError **error)
{
  const SamRenames      *renames = sam_renames_find (checkpoint);
  g_autoptr (GHashTable) by_name = NULL;
  guint                  n = checkpoint->tensors->len;

  if (renames == NULL)
    return TRUE;

  by_name = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < n; i++)
    {
      SamTensor       *tensor = &g_array_index (checkpoint->tensors, SamTensor, i);
      const char      *stem = sam_renames_split (renames, tensor->name);
      g_autofree char *name = sam_renames_apply (renames, checkpoint, tensor->name);

      if (stem != NULL && ! split_rows (checkpoint, by_name, *tensor, stem, error))
        return FALSE;
      tensor = &g_array_index (checkpoint->tensors, SamTensor, i);
      if (! take_name (checkpoint, by_name, tensor, name != NULL ? name : tensor->name, i, error))
        return FALSE;
    }
  g_hash_table_unref (checkpoint->by_name);
  checkpoint->by_name = g_steal_pointer (&by_name);

  return TRUE;
}

/* By the first bytes; the name of a file says nothing. */
static gboolean
read_contents (SamCheckpoint *checkpoint, GError **error)
{
  const uint8_t *data = checkpoint->data;
  size_t         size = checkpoint->size;

  if (sam_safetensors_probe (data, size))
    {
      checkpoint->format = "safetensors";
      return sam_safetensors_read (checkpoint, error);
    }
  if (sam_zip_probe (data, size))
    {
      checkpoint->format = "torch-zip";
      return sam_torch_zip_read (checkpoint, error);
    }
  if (sam_torch_legacy_probe (data, size))
    {
      checkpoint->format = "torch-legacy";
      return sam_torch_legacy_read (checkpoint, error);
    }

  return sam_checkpoint_fail (checkpoint, error,
                              size == 0 ? "the file is empty"
                                        : "neither a safetensors nor a PyTorch file");
}

gboolean
sam_checkpoint_enter (SamCheckpoint *checkpoint, const uint8_t *data, size_t size, GError **error)
{
  if (checkpoint->entered)
    return sam_checkpoint_fail (checkpoint, error, "an archive inside of an archive");
  checkpoint->entered = TRUE;
  checkpoint->data = data;
  checkpoint->size = size;

  return read_contents (checkpoint, error);
}

SamCheckpoint *
sam_checkpoint_open_bytes (GBytes *bytes, const char *name, GError **error)
{
  g_autoptr (SamCheckpoint) checkpoint = g_new0 (SamCheckpoint, 1);

  checkpoint->ref_count = 1;
  checkpoint->name = g_filename_display_name (name);
  checkpoint->bytes = g_bytes_ref (bytes);
  checkpoint->data = g_bytes_get_data (bytes, &checkpoint->size);
  checkpoint->tensors = g_array_new (FALSE, FALSE, sizeof (SamTensor));
  checkpoint->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  checkpoint->metadata = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  checkpoint->names = g_string_chunk_new (4096);
  checkpoint->crcs = g_array_new (FALSE, FALSE, sizeof (Crc));
  checkpoint->kept = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);

  if (! read_contents (checkpoint, error) || ! attach_scales (checkpoint, error) ||
      ! rename_tensors (checkpoint, error))
    return NULL;
  if (checkpoint->tensors->len == 0)
    {
      sam_checkpoint_fail (checkpoint, error, "there are no tensors in the file");
      return NULL;
    }

  return g_steal_pointer (&checkpoint);
}

SamCheckpoint *
sam_checkpoint_open (const char *path, GError **error)
{
  g_autofree char        *display = g_filename_display_name (path);
  g_autoptr (GMappedFile) file = NULL;
  g_autoptr (GBytes)      bytes = NULL;
  struct stat             status;
  SamCheckpoint          *checkpoint;
  int                     fd;

  /* Not blocking, so that somebody's named pipe is an error and no endless wait. */
  fd = g_open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
  if (fd < 0)
    {
      int why = errno;

      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (why), "%s cannot be opened: %s",
                   display, g_strerror (why));
      return NULL;
    }
  if (fstat (fd, &status) == 0 && S_ISREG (status.st_mode))
    file = g_mapped_file_new_from_fd (fd, FALSE, error);
  else
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "not a file");
  close (fd);
  if (file == NULL)
    {
      g_prefix_error (error, "%s cannot be opened: ", display);
      return NULL;
    }
  bytes = g_mapped_file_get_bytes (file);

  checkpoint = sam_checkpoint_open_bytes (bytes, path, error);
  if (checkpoint != NULL)
    checkpoint->mapped = TRUE;

  return checkpoint;
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
