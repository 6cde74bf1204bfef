/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A gray PNG: signature, IHDR, one IDAT with the rows deflated, IEND. Each row is written as its
 * difference from the one above (filter "up"), which for a mask is nearly all zeros. */
#include "config.h"

#include "samcore/cli/sam-png.h"

#include <string.h>
#include <zlib.h>

#include "samcore/sam-error.h"

#define FILTER_UP    2
#define OUTPUT_CHUNK (256 * 1024)

static void
append_u32 (GByteArray *png, guint32 value)
{
  guint32 big = GUINT32_TO_BE (value);

  g_byte_array_append (png, (const guint8 *) &big, 4);
}

/* The chunk that started at @start with its length still 0: length and check sum. */
static void
finish_chunk (GByteArray *png, guint start)
{
  guint32 length = GUINT32_TO_BE (png->len - start - 8);

  memcpy (png->data + start, &length, 4);
  append_u32 (png, (guint32) crc32 (0, png->data + start + 4, png->len - start - 4));
}

static guint
begin_chunk (GByteArray *png, const char *type)
{
  guint start = png->len;

  append_u32 (png, 0);
  g_byte_array_append (png, (const guint8 *) type, 4);

  return start;
}

/* Deflates @n bytes more; with @flush Z_FINISH all that is left. */
static gboolean
deflate_bytes (z_stream *stream, GByteArray *png, uint8_t *bytes, size_t n, int flush)
{
  stream->next_in = bytes;
  stream->avail_in = (uInt) n;
  do
    {
      guint length = png->len;
      int   status;

      if (length > G_MAXINT32 - OUTPUT_CHUNK)
        return FALSE;
      g_byte_array_set_size (png, length + OUTPUT_CHUNK);
      stream->next_out = png->data + length;
      stream->avail_out = OUTPUT_CHUNK;
      status = deflate (stream, flush);
      g_byte_array_set_size (png, length + OUTPUT_CHUNK - stream->avail_out);
      if (status == Z_STREAM_ERROR)
        return FALSE;
    }
  while (stream->avail_out == 0);

  return TRUE;
}

GBytes *
sam_png_encode_mask (const SamMask *mask, GError **error)
{
  static const guint8    signature[8] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
  static const guint8    gray[5] = { 8, 0, 0, 0,
                                     0 }; /* depth, colour type, compression, filter, interlace */
  size_t                 width = sam_mask_get_width (mask), height = sam_mask_get_height (mask);
  const uint8_t         *coverage = sam_mask_get_coverage (mask);
  g_autoptr (GByteArray) png = g_byte_array_new ();
  g_autofree uint8_t    *row = g_malloc (width + 1);
  z_stream               stream = { 0 };
  gboolean               ok;
  guint                  start;

  g_byte_array_append (png, signature, sizeof signature);
  start = begin_chunk (png, "IHDR");
  append_u32 (png, (guint32) width);
  append_u32 (png, (guint32) height);
  g_byte_array_append (png, gray, sizeof gray);
  finish_chunk (png, start);

  start = begin_chunk (png, "IDAT");
  ok = deflateInit (&stream, 3) == Z_OK;
  row[0] = FILTER_UP;
  for (size_t y = 0; ok && y < height; y++)
    {
      const uint8_t *below = coverage + y * width;
      const uint8_t *above = below - width;

      for (size_t x = 0; x < width; x++)
        row[x + 1] = y > 0 ? below[x] - above[x] : below[x];
      ok = deflate_bytes (&stream, png, row, width + 1, y + 1 < height ? Z_NO_FLUSH : Z_FINISH);
    }
  deflateEnd (&stream);
  if (! ok)
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_NO_MEMORY,
                   "Not enough memory to write a mask of %zu × %zu pixels", width, height);
      return NULL;
    }
  finish_chunk (png, start);

  start = begin_chunk (png, "IEND");
  finish_chunk (png, start);

  return g_byte_array_free_to_bytes (g_steal_pointer (&png));
}
