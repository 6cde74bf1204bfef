/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the fuzz targets share. */
#include "config.h"

#include <string.h>
#include <sys/resource.h>

#include <zlib.h>

#include "samcore/weights/sam-checkpoint.h"
#include "samcore/sam-error.h"
#include "tests/fuzz/fuzz.h"

/* More elements than this of one tensor are not read: a view that repeats a small file's elements
 * is allowed to be a million bytes, and there may be many. */
#define MAX_TOUCHED (1 << 14)

/* A reader may take this many bytes for each of the file, and some at once. */
#define MAX_PER_BYTE 256
#define MAX_AT_ONCE  (4 << 20)

#if defined(__has_feature)
#define HAS_FEATURE(x) __has_feature (x)
#else
#define HAS_FEATURE(x) 0
#endif

long
fuzz_get_peak (void)
{
#if defined(__SANITIZE_ADDRESS__) || HAS_FEATURE(address_sanitizer)
  return 0;
#else
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);

  return usage.ru_maxrss;
#endif
}

void
fuzz_check_peak (long peak, size_t size)
{
  long now = fuzz_get_peak ();

  if ((size_t) (now - peak) > (MAX_AT_ONCE + size * MAX_PER_BYTE) / 1024)
    g_error ("reading %zu bytes took %ld kB", size, now - peak);
}

static void
open_and_touch (GBytes *bytes)
{
  g_autoptr (GError)        error = NULL;
  g_autoptr (SamCheckpoint) checkpoint = sam_checkpoint_open_bytes (bytes, "fuzzed", &error);
  g_autofree char          *hash = NULL;

  if (checkpoint == NULL)
    {
      g_assert_nonnull (error);
      g_assert_true (error->domain == SAM_ERROR);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      g_assert_null (strchr (error->message, '\n'));
      return;
    }

  g_assert_no_error (error);
  hash = sam_checkpoint_get_hash (checkpoint);
  for (size_t i = 0; i < sam_checkpoint_get_n_tensors (checkpoint); i++)
    {
      const SamTensor *tensor = sam_checkpoint_get_tensor (checkpoint, i);
      size_t           n = MIN (tensor->n_elements, MAX_TOUCHED);
      float            part[256];

      g_assert_true (sam_checkpoint_lookup (checkpoint, tensor->name) == tensor);
      for (size_t at = 0; at < n; at += G_N_ELEMENTS (part))
        sam_tensor_read (tensor, at, MIN (G_N_ELEMENTS (part), n - at), part);
      sam_tensor_read (tensor, tensor->n_elements - MIN (tensor->n_elements, 256),
                       MIN (tensor->n_elements, 256), part);
    }
}

void
fuzz_open (GBytes *bytes)
{
  long peak = fuzz_get_peak ();

  open_and_touch (bytes);
  fuzz_check_peak (peak, g_bytes_get_size (bytes));
}

static void
put (GByteArray *file, uint64_t number, int n)
{
  for (int i = 0; i < n; i++)
    {
      uint8_t byte = i < 8 ? number >> (8 * i) : 0;

      g_byte_array_append (file, &byte, 1);
    }
}

/* Versions, flags, method, time: all 0. */
static void
put_sizes (GByteArray *file, const uint8_t *data, size_t size, const char *name)
{
  put (file, 0, 10);
  put (file, crc32_z (crc32_z (0, NULL, 0), data, size), 4);
  put (file, size, 4);
  put (file, size, 4);
  put (file, strlen (name), 2);
  put (file, 0, 2);
}

GBytes *
fuzz_wrap_pickle (const uint8_t *pickle, size_t size)
{
  static const float floats[4] = { 1, 2, 3, 4 };
  const char        *names[] = { "a/data.pkl", "a/data/0" };
  const uint8_t     *data[] = { pickle, (const uint8_t *) floats };
  size_t             sizes[] = { size, sizeof floats };
  uint32_t           starts[2];
  uint32_t           directory;
  GByteArray        *file = g_byte_array_new ();

  for (int i = 0; i < 2; i++)
    {
      starts[i] = file->len;
      put (file, 0x04034b50, 4);
      put_sizes (file, data[i], sizes[i], names[i]);
      g_byte_array_append (file, (const uint8_t *) names[i], strlen (names[i]));
      if (sizes[i] > 0)
        g_byte_array_append (file, data[i], sizes[i]);
    }
  directory = file->len;
  for (int i = 0; i < 2; i++)
    {
      put (file, 0x02014b50, 4);
      put (file, 0, 2);
      put_sizes (file, data[i], sizes[i], names[i]);
      put (file, 0, 10);
      put (file, starts[i], 4);
      g_byte_array_append (file, (const uint8_t *) names[i], strlen (names[i]));
    }
  size = file->len - directory;
  put (file, 0x06054b50, 4);
  put (file, 0, 4);
  put (file, 2, 2);
  put (file, 2, 2);
  put (file, size, 4);
  put (file, directory, 4);
  put (file, 0, 2);

  return g_byte_array_free_to_bytes (file);
}
