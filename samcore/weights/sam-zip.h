/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The directory of a zip file in memory: which entry lies where. Nothing is ever written to
 * disk. */
#pragma once

#include "samcore/weights/sam-checkpoint-private.h"

G_BEGIN_DECLS

typedef struct _SamZip SamZip;

/**
 * SamZipEntry:
 * @data: the entry as it is in the file, @n_packed bytes
 * @n_bytes: its size once unpacked
 */
typedef struct
{
  char          *name;
  const uint8_t *data;
  size_t         n_packed;
  size_t         n_bytes;
  size_t         start; /* of the local header */
  uint32_t       crc;
  gboolean       deflated;
} SamZipEntry;

gboolean sam_zip_probe (const uint8_t *data, size_t size);

/* Reads and checks the directory of @checkpoint's bytes, which must outlive the result. */
SamZip *sam_zip_new (SamCheckpoint *checkpoint, GError **error);
void    sam_zip_free (SamZip *zip);

size_t             sam_zip_get_n_entries (const SamZip *zip);
const SamZipEntry *sam_zip_get_entry (const SamZip *zip, size_t i);
const SamZipEntry *sam_zip_lookup (const SamZip *zip, const char *name);

/**
 * sam_zip_read:
 *
 * The bytes of an entry: the file's own where it is stored, unpacked and kept by the checkpoint
 * where it is deflated. The CRC-32 of small and of deflated entries is checked here, that of large
 * stored ones by sam_checkpoint_verify(): looking at each byte of a file of gigabytes would be
 * reading it twice.
 */
const uint8_t *sam_zip_read (SamZip *zip, const SamZipEntry *entry, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SamZip, sam_zip_free)

G_END_DECLS
