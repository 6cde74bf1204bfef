/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "samcore/base/sam-digest.h"

#include "samcore/sam-parallel.h"

#define PIECE      (256 * 1024) /* bytes; part of what a digest is */
#define HASH_BYTES 32

typedef struct
{
  const guint8 *bytes;
  guint8 (*hashes)[HASH_BYTES];
} Digest;

static void
hash_piece (size_t first, size_t last, gpointer data)
{
  Digest               *digest = data;
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  gsize                 n = HASH_BYTES;

  g_checksum_update (sum, digest->bytes + first, (gssize) (last - first));
  g_checksum_get_digest (sum, digest->hashes[first / PIECE], &n);
}

char *
sam_digest (const void *bytes, size_t n_bytes)
{
  size_t           n_hashes = n_bytes / PIECE + (n_bytes % PIECE != 0);
  g_autofree void *hashes = g_malloc_n (n_hashes, HASH_BYTES);
  Digest           digest = { bytes, hashes };

  sam_parallel_for (n_bytes, PIECE, hash_piece, &digest);

  return g_compute_checksum_for_data (G_CHECKSUM_SHA256, hashes, n_hashes * HASH_BYTES);
}
