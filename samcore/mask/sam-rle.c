/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Run lengths down the columns of a mask that lies in rows: a first pass over the rows counts where
 * each column changes, a second one notes the places. Rows that are like the one above cost next to
 * nothing. */
#include "config.h"

#include "samcore/sam-rle.h"

#include <string.h>

/* The column of the next change between two rows from x on; width if there is none. */
static size_t
next_change (const uint8_t *row,
             const uint8_t *above, /* NULL: all off */
             size_t         x,
             size_t         width)
{
  for (; x < width; x++)
    {
      if (above != NULL && x + 8 <= width && memcmp (row + x, above + x, 8) == 0)
        {
          x += 7;
          continue;
        }
      if ((row[x] != 0) != (above != NULL && above[x] != 0))
        break;
    }

  return x;
}

gboolean
sam_rle_init (SamRle *rle, const uint8_t *mask, size_t width, size_t height)
{
  /* first the number of changes in a column, then the place of its next one in changes */
  g_autofree size_t   *place = g_try_new0 (size_t, width + 1);
  g_autofree uint64_t *changes = NULL;
  size_t               n = 0, n_counts = 0;
  uint64_t             last = 0;
  gboolean             on = FALSE;

  memset (rle, 0, sizeof *rle);
  if (place == NULL)
    return FALSE;

  for (size_t y = 0; y < height; y++)
    for (size_t x = 0; x < width; x++)
      {
        x = next_change (mask + y * width, y > 0 ? mask + (y - 1) * width : NULL, x, width);
        if (x < width)
          place[x]++;
      }
  for (size_t x = 0; x <= width; x++)
    {
      size_t count = place[x];

      place[x] = n;
      n += count;
    }

  changes = g_try_new (uint64_t, n + 1);
  rle->counts = g_try_new (uint32_t, 2 * width + n + 2);
  if (changes == NULL || rle->counts == NULL)
    {
      sam_rle_clear (rle);
      return FALSE;
    }
  for (size_t y = 0; y < height; y++)
    for (size_t x = 0; x < width; x++)
      {
        x = next_change (mask + y * width, y > 0 ? mask + (y - 1) * width : NULL, x, width);
        if (x < width)
          changes[place[x]++] = y;
      }

  /* Each column starts as if the pixel above it were off; the run goes on from the column before.
   * place[x] is now where the changes of x end. */
  for (size_t x = 0; x < width; x++)
    {
      size_t   i = x > 0 ? place[x - 1] : 0;
      gboolean state = FALSE;

      /* off at the top although the run is on: a change that is no column's own */
      if (on && (i == place[x] || changes[i] != 0))
        {
          rle->counts[n_counts++] = (uint32_t) (x * height - last);
          last = x * height;
          on = FALSE;
        }
      for (; i < place[x]; i++)
        {
          uint64_t position = x * height + changes[i];

          state = ! state;
          if (state == on) /* on at the top, and the run is on already */
            continue;
          rle->counts[n_counts++] = (uint32_t) (position - last);
          last = position;
          on = state;
        }
    }
  rle->counts[n_counts++] = (uint32_t) ((uint64_t) width * height - last);

  rle->width = width;
  rle->height = height;
  rle->n_counts = n_counts;

  return TRUE;
}

void
sam_rle_clear (SamRle *rle)
{
  if (rle == NULL)
    return;

  g_clear_pointer (&rle->counts, g_free);
  rle->n_counts = 0;
}

size_t
sam_rle_get_area (const SamRle *rle)
{
  size_t area = 0;

  for (size_t i = 1; i < rle->n_counts; i += 2)
    area += rle->counts[i];

  return area;
}

void
sam_rle_write (const SamRle *rle, uint8_t *mask)
{
  size_t x = 0, y = 0;

  for (size_t i = 0; i < rle->n_counts; i++)
    for (size_t left = rle->counts[i]; left > 0;)
      {
        size_t n = MIN (left, rle->height - y);

        if (i % 2 == 1)
          for (size_t k = y; k < y + n; k++)
            mask[k * rle->width + x] = 255;
        y += n;
        left -= n;
        if (y == rle->height)
          {
            y = 0;
            x++;
          }
      }
}

char *
sam_rle_to_string (const SamRle *rle)
{
  GString *text = g_string_new (NULL);

  for (size_t i = 0; i < rle->n_counts; i++)
    {
      /* from the fourth on, the difference to the run of the same kind before */
      gint64   number = (gint64) rle->counts[i] - (i > 2 ? (gint64) rle->counts[i - 2] : 0);
      gboolean more = TRUE;

      while (more)
        {
          int bits = number & 0x1f;

          number >>= 5;
          more = number != ((bits & 0x10) != 0 ? -1 : 0);
          g_string_append_c (text, (char) ((bits | (more ? 0x20 : 0)) + 48));
        }
    }

  return g_string_free (text, FALSE);
}
