/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reader of safetensors files:
 *
 *   u64 n, little endian │ header: n bytes of JSON │ data {"__metadata__": {string: string}, NAME:
 *   {"dtype": …, "shape": […], "data_offsets": [begin, end]}, …}
 *
 * Offsets count from the beginning of the data. The header has a fixed shape and no depth, so it is
 * read by a few functions that each expect one thing, rather than by a JSON library: those keep the
 * last of two equal names without a word, and that is how a file shows one thing to us and another
 * to others.
 *
 * As the format asks, the tensors together cover the data without gaps and without overlaps. */
#include "config.h"

#include <string.h>

#include "samcore/sam-error.h"
#include "samcore/weights/sam-quote.h"
#include "samcore/weights/sam-safetensors.h"

#define MAX_HEADER (100 << 20) /* the same limit as in the reference implementation */

typedef struct
{
  SamCheckpoint *checkpoint;
  GError       **error;
  const char    *start;
  const char    *at;
  const char    *end;
  GString       *string; /* the last one that was read */
  const uint8_t *data;   /* behind the header */
  size_t         n_data;
} Header;

typedef struct
{
  uint64_t    begin;
  uint64_t    end;
  const char *name;
} Range;

gboolean
sam_safetensors_probe (const uint8_t *data, size_t size)
{
  return size > 8 && data[8] == '{';
}

static gboolean
fail_at (Header *header, const char *reason)
{
  return sam_checkpoint_fail (header->checkpoint, header->error, "%s at byte %zu of the header",
                              reason, (size_t) (header->at - header->start));
}

static void
skip_space (Header *header)
{
  while (header->at < header->end && strchr (" \t\r\n", *header->at) != NULL && *header->at != '\0')
    header->at++;
}

/* Is @c the next character? Then steps over it. */
static gboolean
accept (Header *header, char c)
{
  skip_space (header);
  if (header->at == header->end || *header->at != c)
    return FALSE;
  header->at++;

  return TRUE;
}

static gboolean
expect (Header *header, char c)
{
  char reason[] = "'?' expected";

  if (accept (header, c))
    return TRUE;
  reason[1] = c;

  return fail_at (header, reason);
}

/* After a member of an object or an array: TRUE and *more, or FALSE and an error. */
static gboolean
expect_more (Header *header, char close, gboolean *more)
{
  *more = accept (header, ',');

  return *more || expect (header, close);
}

/* The four digits of a \u escape. */
static gboolean
read_hex (Header *header, gunichar *c)
{
  *c = 0;
  if (header->end - header->at < 4)
    return fail_at (header, "bad escape");
  for (int i = 0; i < 4; i++)
    {
      int digit = g_ascii_xdigit_value (header->at[i]);

      if (digit < 0)
        return fail_at (header, "bad escape");
      *c = *c << 4 | digit;
    }
  header->at += 4;

  return TRUE;
}

static gboolean
read_escape (Header *header)
{
  static const char from[] = "\"\\/bfnrt";
  static const char to[] = "\"\\/\b\f\n\r\t";
  const char       *which;
  gunichar          c, low;

  if (header->at == header->end)
    return fail_at (header, "unterminated string");
  if (*header->at != 'u')
    {
      which = *header->at != '\0' ? strchr (from, *header->at) : NULL;
      if (which == NULL)
        return fail_at (header, "bad escape");
      g_string_append_c (header->string, to[which - from]);
      header->at++;
      return TRUE;
    }

  header->at++;
  if (! read_hex (header, &c))
    return FALSE;
  if (c >= 0xd800 && c < 0xdc00)
    {
      if (header->end - header->at < 6 || header->at[0] != '\\' || header->at[1] != 'u')
        return fail_at (header, "half a surrogate pair");
      header->at += 2;
      if (! read_hex (header, &low))
        return FALSE;
      if (low < 0xdc00 || low > 0xdfff)
        return fail_at (header, "half a surrogate pair");
      c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    }
  if (c == 0 || (c >= 0xdc00 && c <= 0xdfff))
    return fail_at (header, "a character that cannot be in a string");
  g_string_append_unichar (header->string, c);

  return TRUE;
}

/* A string, into header->string. */
static gboolean
read_string (Header *header)
{
  if (! expect (header, '"'))
    return FALSE;

  g_string_truncate (header->string, 0);
  while (header->at < header->end && *header->at != '"')
    {
      const char *from = header->at;

      if (*from == '\\')
        {
          header->at++;
          if (! read_escape (header))
            return FALSE;
          continue;
        }
      while (header->at < header->end && *header->at != '"' && *header->at != '\\' &&
             (unsigned char) *header->at >= 0x20)
        header->at++;
      if (header->at == from)
        return fail_at (header, "control character in a string");
      g_string_append_len (header->string, from, header->at - from);
    }
  if (header->at == header->end)
    return fail_at (header, "unterminated string");
  header->at++;
  if (! g_utf8_validate (header->string->str, header->string->len, NULL))
    return fail_at (header, "string is not UTF-8");

  return TRUE;
}

static gboolean
read_number (Header *header, uint64_t *number)
{
  const char *from;

  skip_space (header);
  from = header->at;
  *number = 0;
  while (header->at < header->end && g_ascii_isdigit (*header->at))
    {
      if (! g_uint64_checked_mul (number, *number, 10) ||
          ! g_uint64_checked_add (number, *number, *header->at - '0'))
        return fail_at (header, "number too large");
      header->at++;
    }
  if (header->at == from || (*from == '0' && header->at - from > 1))
    return fail_at (header, "whole number expected");

  return TRUE;
}

static gboolean
read_metadata (Header *header)
{
  gboolean more = TRUE;

  if (! expect (header, '{'))
    return FALSE;
  if (accept (header, '}'))
    return TRUE;
  while (more)
    {
      g_autofree char *key = NULL;

      if (! read_string (header))
        return FALSE;
      key = g_strdup (header->string->str);
      if (sam_checkpoint_get_metadata (header->checkpoint, key) != NULL)
        return fail_at (header, "metadata key given twice");
      if (! expect (header, ':') || ! read_string (header))
        return FALSE;
      sam_checkpoint_set_metadata (header->checkpoint, key, header->string->str);
      if (! expect_more (header, '}', &more))
        return FALSE;
    }

  return TRUE;
}

/* *unknown is set to the type's name where we do not know it. */
static gboolean
read_dtype (Header *header, SamDtype *dtype, char **unknown)
{

  if (! read_string (header))
    return FALSE;
  for (int i = SAM_DTYPE_F32; i <= SAM_DTYPE_BOOL; i++)
    if (g_str_equal (header->string->str, sam_dtype_get_name (i)))
      {
        *dtype = i;
        return TRUE;
      }
  *unknown = sam_quote (header->string->str, header->string->len);

  return TRUE;
}

/* An array of at most @max numbers. */
static gboolean
read_numbers (Header *header, const char *name, uint64_t *numbers, int max, int *n)
{
  gboolean more = TRUE;

  *n = 0;
  if (! expect (header, '['))
    return FALSE;
  if (accept (header, ']'))
    return TRUE;
  while (more)
    {
      if (*n == max)
        return sam_checkpoint_fail (header->checkpoint, header->error,
                                    "tensor %s has more than %d dimensions or offsets", name, max);
      if (! read_number (header, &numbers[(*n)++]) || ! expect_more (header, ']', &more))
        return FALSE;
    }

  return TRUE;
}

static gboolean
read_shape (Header *header, const char *quoted, SamTensor *tensor)
{
  uint64_t numbers[SAM_MAX_RANK];

  if (! read_numbers (header, quoted, numbers, SAM_MAX_RANK, &tensor->rank))
    return FALSE;
  for (int i = 0; i < tensor->rank; i++)
    {
      tensor->shape[i] = numbers[i];
      if (tensor->shape[i] != numbers[i])
        return fail_at (header, "dimension too large");
    }

  return TRUE;
}

static gboolean
read_range (Header *header, const char *quoted, Range *range)
{
  uint64_t numbers[2];
  int      n;

  if (! read_numbers (header, quoted, numbers, 2, &n))
    return FALSE;
  if (n != 2)
    return sam_checkpoint_fail (header->checkpoint, header->error, "tensor %s lacks an offset",
                                quoted);
  range->begin = numbers[0];
  range->end = numbers[1];

  return TRUE;
}

/* Adds the tensor to the checkpoint, or notes that its type is @unknown; and its range. */
static gboolean
add_tensor (Header *header, SamTensor *tensor, const char *unknown, Range range, GArray *ranges)
{
  g_autofree char *quoted = sam_quote (tensor->name, strlen (tensor->name));
  g_autofree char *reason = NULL;
  size_t           n_elements, n_bytes;

  if (range.begin > range.end || range.end > header->n_data)
    return sam_checkpoint_fail (header->checkpoint, header->error,
                                "tensor %s lies outside the data; is the file complete?", quoted);
  if (unknown != NULL)
    {
      reason = g_strdup_printf ("has the unknown type %s", unknown);
      range.name = sam_checkpoint_add_unreadable (header->checkpoint, tensor->name, reason);
      g_array_append_val (ranges, range);
      return TRUE;
    }
  if (! sam_tensor_count (tensor, &n_elements, &n_bytes) || n_bytes != range.end - range.begin)
    return sam_checkpoint_fail (header->checkpoint, header->error,
                                "the shape and the type of tensor %s do not match its offsets",
                                quoted);

  sam_tensor_set_contiguous (tensor);
  if (! sam_checkpoint_add_tensor (header->checkpoint, tensor, header->data, header->n_data,
                                   range.begin, header->error))
    return FALSE;
  range.name = sam_checkpoint_lookup (header->checkpoint, tensor->name)->name;
  g_array_append_val (ranges, range);

  return TRUE;
}

/* What stands behind a tensor's name. */
static gboolean
read_tensor (Header *header, const char *name, GArray *ranges)
{
  g_autofree char *quoted = sam_quote (name, strlen (name));
  g_autofree char *unknown = NULL;
  SamTensor        tensor = { .name = name };
  Range            range = { 0, 0, NULL };
  gboolean         has_dtype = FALSE, has_shape = FALSE, has_range = FALSE;
  gboolean         more = TRUE;

  if (! expect (header, '{'))
    return FALSE;
  while (more)
    {
      if (! read_string (header) || ! expect (header, ':'))
        return FALSE;
      if (! has_dtype && g_str_equal (header->string->str, "dtype"))
        {
          has_dtype = TRUE;
          if (! read_dtype (header, &tensor.dtype, &unknown))
            return FALSE;
        }
      else if (! has_shape && g_str_equal (header->string->str, "shape"))
        {
          has_shape = TRUE;
          if (! read_shape (header, quoted, &tensor))
            return FALSE;
        }
      else if (! has_range && g_str_equal (header->string->str, "data_offsets"))
        {
          has_range = TRUE;
          if (! read_range (header, quoted, &range))
            return FALSE;
        }
      else
        {
          g_autofree char *key = sam_quote (header->string->str, header->string->len);

          return sam_checkpoint_fail (header->checkpoint, header->error,
                                      "tensor %s has %s, which is repeated or unknown", quoted,
                                      key);
        }
      if (! expect_more (header, '}', &more))
        return FALSE;
    }

  if (! has_dtype || ! has_shape || ! has_range)
    return sam_checkpoint_fail (header->checkpoint, header->error,
                                "tensor %s lacks its type, shape or offsets", quoted);

  return add_tensor (header, &tensor, unknown, range, ranges);
}

static int
compare_ranges (const void *a, const void *b)
{
  const Range *x = a, *y = b;

  if (x->begin != y->begin)
    return x->begin < y->begin ? -1 : 1;

  return x->end < y->end ? -1 : x->end > y->end;
}

static gboolean
check_ranges (Header *header, GArray *ranges, size_t n_data)
{
  uint64_t at = 0;

  g_array_sort (ranges, compare_ranges);
  for (guint i = 0; i < ranges->len; i++)
    {
      const Range     *range = &g_array_index (ranges, Range, i);
      g_autofree char *name = sam_quote (range->name, strlen (range->name));

      if (range->begin < at)
        return sam_checkpoint_fail (header->checkpoint, header->error,
                                    "tensor %s overlaps the one before it", name);
      if (range->begin > at)
        return sam_checkpoint_fail (header->checkpoint, header->error,
                                    "there is a gap in the data before tensor %s", name);
      at = range->end;
    }
  if (at != n_data)
    return sam_checkpoint_fail (header->checkpoint, header->error,
                                "there are %zu bytes after the last tensor",
                                (size_t) (n_data - at));

  return TRUE;
}

gboolean
sam_safetensors_read (SamCheckpoint *checkpoint, GError **error)
{
  const uint8_t      *bytes = sam_checkpoint_get_data (checkpoint);
  size_t              size = sam_checkpoint_get_size (checkpoint);
  g_autoptr (GString) string = g_string_new (NULL);
  g_autoptr (GArray)  ranges = g_array_new (FALSE, FALSE, sizeof (Range));
  Header              header = { checkpoint, error, (const char *) bytes + 8, .string = string };
  gboolean            more = TRUE, has_metadata = FALSE;
  uint64_t            n_header;

  if (size < 8)
    return sam_checkpoint_fail (checkpoint, error, "the file is cut off in its first bytes");
  memcpy (&n_header, bytes, sizeof n_header);
  n_header = GUINT64_FROM_LE (n_header);
  if (n_header > size - 8)
    return sam_checkpoint_fail (checkpoint, error,
                                "the header should have %" G_GUINT64_FORMAT
                                " bytes, but the file has only %zu; is it complete?",
                                n_header, size);
  if (n_header > MAX_HEADER)
    return sam_checkpoint_fail (checkpoint, error, "the header is unreasonably large");
  header.at = header.start;
  header.end = header.start + n_header;
  header.data = bytes + 8 + n_header;
  header.n_data = size - 8 - n_header;

  if (! expect (&header, '{'))
    return FALSE;
  if (accept (&header, '}'))
    more = FALSE;
  while (more)
    {
      g_autofree char *name = NULL;

      if (! read_string (&header))
        return FALSE;
      name = g_strdup (string->str);
      if (! expect (&header, ':'))
        return FALSE;
      if (g_str_equal (name, "__metadata__"))
        {
          if (has_metadata)
            return fail_at (&header, "metadata given twice");
          has_metadata = TRUE;
          if (! read_metadata (&header))
            return FALSE;
        }
      else if (! read_tensor (&header, name, ranges))
        {
          return FALSE;
        }
      if (! expect_more (&header, '}', &more))
        return FALSE;
    }
  skip_space (&header);
  if (header.at != header.end)
    return fail_at (&header, "more text after the end");

  return check_ranges (&header, ranges, header.n_data);
}
