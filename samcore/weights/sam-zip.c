/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The directory of a zip file in memory.
 *
 *   (local header, data)… │ central directory │ [zip64 end, its locator] │ end
 *
 * We begin at the end, which must be the file's, and believe the central directory only after every
 * entry has shown to lie where it says, below the directory, under the same name, and overlapping
 * no other. */
#include "config.h"

#include <string.h>

#include <zlib.h>

#include "samcore/sam-error.h"
#include "samcore/weights/sam-quote.h"
#include "samcore/weights/sam-zip.h"

/* Stored entries up to this size have their CRC checked when read. */
#define CHECK_AT_ONCE (1 << 20)

#define END_SIZE     22
#define LOCATOR_SIZE 20
#define END64_SIZE   56
#define CENTRAL_SIZE 46
#define LOCAL_SIZE   30

struct _SamZip
{
  SamCheckpoint *checkpoint;
  const uint8_t *data;
  size_t         size;
  GArray        *entries; /* SamZipEntry, in the order of the file */
  GHashTable    *by_name; /* char * → index + 1 */
};

static inline uint16_t
get16 (const uint8_t *p)
{
  return p[0] | p[1] << 8;
}

static inline uint32_t
get32 (const uint8_t *p)
{
  return get16 (p) | (uint32_t) get16 (p + 2) << 16;
}

static inline uint64_t
get64 (const uint8_t *p)
{
  return get32 (p) | (uint64_t) get32 (p + 4) << 32;
}

gboolean
sam_zip_probe (const uint8_t *data, size_t size)
{
  return size >= 4 && (get32 (data) == 0x04034b50 || get32 (data) == 0x06054b50);
}

/* Where the end record begins: its comment reaches to the end of the file. */
static gboolean
find_end (SamZip *zip, size_t *end, GError **error)
{
  for (size_t comment = 0; comment <= 0xffff && comment + END_SIZE <= zip->size; comment++)
    {
      const uint8_t *p = zip->data + zip->size - END_SIZE - comment;

      if (get32 (p) == 0x06054b50 && get16 (p + 20) == comment)
        {
          *end = p - zip->data;
          return TRUE;
        }
    }

  return sam_checkpoint_fail (zip->checkpoint, error,
                              "the zip archive has no end; is the file complete?");
}

/* Where the central directory is. A zip64 record replaces the fields of the old one that are full;
 * the others must agree. */
static gboolean
find_directory (SamZip *zip, uint64_t *offset, uint64_t *size, uint64_t *n_entries, GError **error)
{
  const uint8_t *p, *locator, *p64;
  size_t         end = 0;
  uint64_t       end64;

  if (! find_end (zip, &end, error))
    return FALSE;
  p = zip->data + end;
  if (get16 (p + 4) != 0 || get16 (p + 6) != 0 || get16 (p + 8) != get16 (p + 10))
    return sam_checkpoint_fail (zip->checkpoint, error, "the zip archive has several parts");
  *n_entries = get16 (p + 10);
  *size = get32 (p + 12);
  *offset = get32 (p + 16);

  locator = p - LOCATOR_SIZE;
  if (end >= LOCATOR_SIZE && get32 (locator) == 0x07064b50)
    {
      end64 = get64 (locator + 8);
      if (end64 > end - LOCATOR_SIZE || end - LOCATOR_SIZE - end64 < END64_SIZE)
        return sam_checkpoint_fail (zip->checkpoint, error, "the zip64 end lies outside the file");
      p64 = zip->data + end64;
      if (get32 (p64) != 0x06064b50 || get32 (p64 + 16) != 0 || get32 (p64 + 20) != 0)
        return sam_checkpoint_fail (zip->checkpoint, error, "the zip64 end is damaged");
      if ((*n_entries != 0xffff && *n_entries != get64 (p64 + 32)) ||
          (*size != 0xffffffff && *size != get64 (p64 + 40)) ||
          (*offset != 0xffffffff && *offset != get64 (p64 + 48)))
        return sam_checkpoint_fail (zip->checkpoint, error,
                                    "the zip archive has two different ends");
      *n_entries = get64 (p64 + 32);
      *size = get64 (p64 + 40);
      *offset = get64 (p64 + 48);
      end = end64;
    }

  if (*offset > end || *size > end - *offset)
    return sam_checkpoint_fail (zip->checkpoint, error, "the zip directory lies outside the file");

  return TRUE;
}

/* Nothing here makes files, but a name like these is somebody's try to do harm. */
static gboolean
is_path_trick (const char *name)
{
  g_auto (GStrv) parts = NULL;

  if (name[0] == '\0' || name[0] == '/' || strchr (name, '\\') != NULL ||
      strchr (name, ':') != NULL)
    return TRUE;
  parts = g_strsplit (name, "/", -1);

  return g_strv_contains ((const char *const *) parts, "..");
}

/* The zip64 extra field holds those of size, packed size and offset that are full, in this
 * order. */
static gboolean
read_extra (const uint8_t *extra,
            size_t         n_extra,
            uint64_t      *n_bytes,
            uint64_t      *n_packed,
            uint64_t      *start)
{
  uint64_t *full[] = { n_bytes, n_packed, start };

  while (n_extra >= 4)
    {
      size_t n = get16 (extra + 2);

      if (n > n_extra - 4)
        return FALSE;
      if (get16 (extra) == 1)
        {
          const uint8_t *p = extra + 4;

          for (size_t i = 0; i < G_N_ELEMENTS (full); i++)
            if (*full[i] == 0xffffffff)
              {
                if (p + 8 > extra + 4 + n)
                  return FALSE;
                *full[i] = get64 (p);
                p += 8;
              }
          return TRUE;
        }
      extra += 4 + n;
      n_extra -= 4 + n;
    }

  return TRUE;
}

/* Does the local header at entry->start say the same? Finds the entry's data. */
static gboolean
check_local (SamZip      *zip,
             SamZipEntry *entry,
             const char  *quoted,
             uint16_t     method,
             uint64_t     limit,
             GError     **error)
{
  const uint8_t *p = zip->data + entry->start;
  size_t         n_name = strlen (entry->name);
  size_t         space;
  size_t         head;

  if (entry->start > limit || limit - entry->start < LOCAL_SIZE || get32 (p) != 0x04034b50)
    return sam_checkpoint_fail (
      zip->checkpoint, error, "zip entry %s is not where the directory says; is the file complete?",
      quoted);
  space = limit - entry->start;
  head = LOCAL_SIZE + (size_t) get16 (p + 26) + get16 (p + 28);
  if (head > space || get16 (p + 26) != n_name ||
      memcmp (p + LOCAL_SIZE, entry->name, n_name) != 0 || get16 (p + 8) != method)
    return sam_checkpoint_fail (zip->checkpoint, error,
                                "zip entry %s does not match its directory entry", quoted);
  if (entry->n_packed > space - head)
    return sam_checkpoint_fail (zip->checkpoint, error, "zip entry %s lies outside the file",
                                quoted);
  entry->data = p + head;

  return TRUE;
}

/* One record of the central directory at @p; moves it behind. */
static gboolean
read_central (SamZip *zip, const uint8_t **at, const uint8_t *end, uint64_t limit, GError **error)
{
  const uint8_t   *p = *at;
  g_autofree char *quoted = NULL;
  g_autofree char *name = NULL;
  SamZipEntry      entry = { NULL };
  uint64_t         n_bytes, n_packed, start;
  size_t           n_name, n_extra, n_all;
  uint16_t         method;

  if ((size_t) (end - p) < CENTRAL_SIZE || get32 (p) != 0x02014b50)
    return sam_checkpoint_fail (zip->checkpoint, error, "the zip directory is damaged");
  n_name = get16 (p + 28);
  n_extra = get16 (p + 30);
  n_all = CENTRAL_SIZE + n_name + n_extra + get16 (p + 32);
  if (n_all > (size_t) (end - p))
    return sam_checkpoint_fail (zip->checkpoint, error, "the zip directory is damaged");
  *at += n_all;

  quoted = sam_quote ((const char *) p + CENTRAL_SIZE, n_name);
  if (memchr (p + CENTRAL_SIZE, '\0', n_name) != NULL)
    return sam_checkpoint_fail (zip->checkpoint, error, "zip entry %s has a bad name", quoted);
  entry.name = name = g_strndup ((const char *) p + CENTRAL_SIZE, n_name);
  if (is_path_trick (name))
    return sam_checkpoint_fail (zip->checkpoint, error, "zip entry %s points outside the archive",
                                quoted);
  if (g_hash_table_contains (zip->by_name, name))
    return sam_checkpoint_fail (zip->checkpoint, error, "there are two zip entries %s", quoted);

  method = get16 (p + 10);
  n_packed = get32 (p + 20);
  n_bytes = get32 (p + 24);
  start = get32 (p + 42);
  if (! read_extra (p + CENTRAL_SIZE + n_name, n_extra, &n_bytes, &n_packed, &start))
    return sam_checkpoint_fail (zip->checkpoint, error, "zip entry %s has damaged zip64 sizes",
                                quoted);
  if (get16 (p + 8) & 1)
    return sam_checkpoint_fail (zip->checkpoint, error, "zip entry %s is encrypted", quoted);
  if (method != 0 && method != 8)
    return sam_checkpoint_fail (zip->checkpoint, error,
                                "zip entry %s is packed by an unknown method", quoted);
  if (method == 0 && n_packed != n_bytes)
    return sam_checkpoint_fail (zip->checkpoint, error, "zip entry %s has two different sizes",
                                quoted);
  if (n_bytes > G_MAXSSIZE || n_packed > G_MAXSSIZE || start > G_MAXSSIZE)
    return sam_checkpoint_fail (zip->checkpoint, error, "zip entry %s lies outside the file",
                                quoted);

  entry.n_bytes = n_bytes;
  entry.n_packed = n_packed;
  entry.start = start;
  entry.crc = get32 (p + 16);
  entry.deflated = method == 8;
  if (! check_local (zip, &entry, quoted, method, limit, error))
    return FALSE;

  g_array_append_val (zip->entries, entry);
  g_hash_table_add (zip->by_name, g_steal_pointer (&name));

  return TRUE;
}

static int
compare_entries (const void *a, const void *b)
{
  const SamZipEntry *x = a, *y = b;

  return x->start < y->start ? -1 : x->start > y->start;
}

SamZip *
sam_zip_new (SamCheckpoint *checkpoint, GError **error)
{
  g_autoptr (SamZip) zip = g_new0 (SamZip, 1);
  uint64_t           offset = 0, size = 0, n_entries = 0;
  const uint8_t     *at, *end;

  zip->checkpoint = checkpoint;
  zip->data = sam_checkpoint_get_data (checkpoint);
  zip->size = sam_checkpoint_get_size (checkpoint);
  zip->entries = g_array_new (FALSE, FALSE, sizeof (SamZipEntry));
  zip->by_name = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  if (! find_directory (zip, &offset, &size, &n_entries, error))
    return NULL;
  at = zip->data + offset;
  end = at + size;
  while (at < end)
    if (! read_central (zip, &at, end, offset, error))
      return NULL;
  if (zip->entries->len != n_entries)
    {
      sam_checkpoint_fail (checkpoint, error,
                           "the zip directory does not have the number of entries that it says");
      return NULL;
    }

  g_array_sort (zip->entries, compare_entries);
  for (guint i = 0; i < zip->entries->len; i++)
    {
      SamZipEntry *entry = &g_array_index (zip->entries, SamZipEntry, i);

      if (i > 0 && entry[-1].data + entry[-1].n_packed > zip->data + entry->start)
        {
          g_autofree char *quoted = sam_quote (entry->name, strlen (entry->name));

          sam_checkpoint_fail (checkpoint, error, "zip entry %s overlaps the one before it",
                               quoted);
          return NULL;
        }
      g_hash_table_steal (zip->by_name, entry->name);
      g_hash_table_insert (zip->by_name, entry->name, GSIZE_TO_POINTER ((gsize) i + 1));
    }

  return g_steal_pointer (&zip);
}

void
sam_zip_free (SamZip *zip)
{
  if (zip == NULL)
    return;

  g_array_unref (zip->entries);
  g_hash_table_unref (zip->by_name);
  g_free (zip);
}

size_t
sam_zip_get_n_entries (const SamZip *zip)
{
  return zip->entries->len;
}

const SamZipEntry *
sam_zip_get_entry (const SamZip *zip, size_t i)
{
  return &g_array_index (zip->entries, SamZipEntry, i);
}

const SamZipEntry *
sam_zip_lookup (const SamZip *zip, const char *name)
{
  size_t place = GPOINTER_TO_SIZE (g_hash_table_lookup (zip->by_name, name));

  return place == 0 ? NULL : sam_zip_get_entry (zip, place - 1);
}

static gboolean
inflate_all (const SamZipEntry *entry, uint8_t *out)
{
  z_stream stream = { .next_in = (Bytef *) entry->data, .next_out = out };
  size_t   n_in = entry->n_packed, n_out = entry->n_bytes;
  int      status;

  if (inflateInit2 (&stream, -MAX_WBITS) != Z_OK)
    return FALSE;
  do /* zlib counts in 32 bits */
    {
      uInt in = MIN (n_in, 1 << 30), space = MIN (n_out, 1 << 30);

      stream.avail_in = in;
      stream.avail_out = space;
      status = inflate (&stream, Z_NO_FLUSH);
      n_in -= in - stream.avail_in;
      n_out -= space - stream.avail_out;
    }
  while (status == Z_OK);
  inflateEnd (&stream);

  return status == Z_STREAM_END && n_in == 0 && n_out == 0;
}

const uint8_t *
sam_zip_read (SamZip *zip, const SamZipEntry *entry, GError **error)
{
  g_autofree char   *quoted = sam_quote (entry->name, strlen (entry->name));
  g_autoptr (GBytes) unpacked = NULL;
  const uint8_t     *data = entry->data;
  uint8_t           *out;

  if (entry->deflated)
    {
      /* An honest checkpoint hardly packs at all. */
      if (! sam_checkpoint_may_keep (zip->checkpoint, entry->n_bytes))
        {
          sam_checkpoint_fail (zip->checkpoint, error,
                               "zip entry %s unpacks to far more than the size of the file",
                               quoted);
          return NULL;
        }
      out = g_try_malloc (entry->n_bytes + 1);
      if (out == NULL)
        {
          g_set_error (error, SAM_ERROR, SAM_ERROR_NO_MEMORY, "%s: not enough memory to unpack it",
                       sam_checkpoint_get_name (zip->checkpoint));
          return NULL;
        }
      unpacked = g_bytes_new_take (out, entry->n_bytes);
      if (! inflate_all (entry, out))
        {
          sam_checkpoint_fail (zip->checkpoint, error, "zip entry %s cannot be unpacked", quoted);
          return NULL;
        }
      sam_checkpoint_keep (zip->checkpoint, unpacked);
      data = out;
    }
  else if (entry->n_bytes > CHECK_AT_ONCE)
    {
      sam_checkpoint_add_crc (zip->checkpoint, entry->name, data, entry->n_bytes, entry->crc);
      return data;
    }

  if (crc32_z (crc32_z (0, NULL, 0), data, entry->n_bytes) != entry->crc)
    {
      sam_checkpoint_fail (zip->checkpoint, error, "zip entry %s is damaged (wrong CRC)", quoted);
      return NULL;
    }

  return data;
}
