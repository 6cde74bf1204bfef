/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the user said, and how it is put to a model:
 *   point   a point
 *   box     a box
 *   stroke  points along it, a few per picture width
 *   lasso   its bounding box and, filled, a rough mask; one that takes away: points well inside it
 *   mask    its bounding box and the mask itself
 * A model's mask prompt is 256 pixels wide at most, so rough masks are kept no finer than that. */
#include "config.h"

#include <math.h>
#include <string.h>

#include <glib/gi18n-lib.h>

#include "samcore/sam-error.h"
#include "ui/session/sui-prompt.h"

/* As long as this, in parts of the picture's diagonal, is a stroke before it gets one more
 * point. */
#define STROKE_STEP 0.06

static SuiPrompt *
prompt_new (SuiPromptKind kind, int label, size_t n)
{
  SuiPrompt *prompt = g_atomic_rc_box_new0 (SuiPrompt);

  prompt->kind = kind;
  prompt->label = label;
  prompt->n = n;
  prompt->xy = n > 0 ? g_new0 (float, n * 2) : NULL;

  return prompt;
}

SuiPrompt *
sui_prompt_new_point (double x, double y, int label)
{
  SuiPrompt *prompt = prompt_new (SUI_PROMPT_POINT, label, 1);

  prompt->xy[0] = (float) x;
  prompt->xy[1] = (float) y;

  return prompt;
}

SuiPrompt *
sui_prompt_new_box (double x0, double y0, double x1, double y1)
{
  SuiPrompt *prompt = prompt_new (SUI_PROMPT_BOX, 1, 2);

  prompt->xy[0] = (float) MIN (x0, x1);
  prompt->xy[1] = (float) MIN (y0, y1);
  prompt->xy[2] = (float) MAX (x0, x1);
  prompt->xy[3] = (float) MAX (y0, y1);

  return prompt;
}

static SuiPrompt *
prompt_new_line (SuiPromptKind kind, const float *xy, size_t n, double width, int label)
{
  size_t     kept = MIN (n, SUI_PROMPT_MAX_CORNERS);
  SuiPrompt *prompt = prompt_new (kind, label, kept);

  for (size_t i = 0; i < kept; i++)
    {
      size_t from = kept > 1 ? i * (n - 1) / (kept - 1) : 0;

      prompt->xy[2 * i] = xy[2 * from];
      prompt->xy[2 * i + 1] = xy[2 * from + 1];
    }
  prompt->width = (float) width;

  return prompt;
}

SuiPrompt *
sui_prompt_new_stroke (const float *xy, size_t n, double width, int label)
{
  g_return_val_if_fail (n > 0, NULL);

  return prompt_new_line (SUI_PROMPT_STROKE, xy, n, width, label);
}

SuiPrompt *
sui_prompt_new_lasso (const float *xy, size_t n, int label)
{
  g_return_val_if_fail (n > 2, NULL);

  return prompt_new_line (SUI_PROMPT_LASSO, xy, n, 0.0, label);
}

SuiPrompt *
sui_prompt_new_mask (const SamMask *mask)
{
  size_t         width = sam_mask_get_width (mask);
  size_t         height = sam_mask_get_height (mask);
  size_t         longest = MAX (width, height);
  size_t         w = width, h = height;
  const uint8_t *from = sam_mask_get_coverage (mask);
  uint8_t       *to, most = 0;
  SuiPrompt     *prompt;
  size_t         x0, y0, x1, y1;

  if (! sam_mask_get_bounds (mask, &x0, &y0, &x1, &y1))
    return NULL;

  if (longest > SUI_PROMPT_MASK_SIDE)
    {
      w = MAX (1, width * SUI_PROMPT_MASK_SIDE / longest);
      h = MAX (1, height * SUI_PROMPT_MASK_SIDE / longest);
    }

  to = g_malloc (w * h);
  for (size_t y = 0; y < h; y++)
    for (size_t x = 0; x < w; x++)
      {
        /* the mean of the pixels that fall into this one */
        size_t   fx0 = x * width / w, fx1 = MAX (fx0 + 1, (x + 1) * width / w);
        size_t   fy0 = y * height / h, fy1 = MAX (fy0 + 1, (y + 1) * height / h);
        uint64_t sum = 0;

        for (size_t fy = fy0; fy < fy1; fy++)
          for (size_t fx = fx0; fx < fx1; fx++)
            sum += from[fy * width + fx];
        to[y * w + x] = (uint8_t) (sum / ((fx1 - fx0) * (fy1 - fy0)));
        most = MAX (most, to[y * w + x]);
      }

  /* on or off, so that it can be kept as it is; a thin line has little of each pixel */
  for (size_t i = 0; i < w * h; i++)
    to[i] = to[i] >= MIN (128, most / 2 + 1) ? 255 : 0;

  /* A selection of a few pixels in a huge picture must not vanish by the averaging. */
  for (size_t y = y0 * h / height; y <= (y1 - 1) * h / height; y++)
    for (size_t x = x0 * w / width; x <= (x1 - 1) * w / width; x++)
      if ((x1 - x0) * w < 2 * width || (y1 - y0) * h < 2 * height)
        to[y * w + x] = 255;

  prompt = prompt_new (SUI_PROMPT_MASK, 1, 2);
  prompt->xy[0] = (float) x0;
  prompt->xy[1] = (float) y0;
  prompt->xy[2] = (float) x1;
  prompt->xy[3] = (float) y1;
  prompt->mask = sam_mask_new_take (w, h, to);

  return prompt;
}

SuiPrompt *
sui_prompt_ref (SuiPrompt *prompt)
{
  return g_atomic_rc_box_acquire (prompt);
}

static void
prompt_clear (gpointer data)
{
  SuiPrompt *prompt = data;

  g_free (prompt->xy);
  sam_mask_free (prompt->mask);
}

void
sui_prompt_unref (SuiPrompt *prompt)
{
  if (prompt != NULL)
    g_atomic_rc_box_release_full (prompt, prompt_clear);
}

static SuiPrompt *
prompt_copy (const SuiPrompt *prompt)
{
  SuiPrompt *copy = prompt_new (prompt->kind, prompt->label, prompt->n);

  memcpy (copy->xy, prompt->xy, prompt->n * 2 * sizeof (float));
  copy->width = prompt->width;
  if (prompt->mask != NULL)
    copy->mask = sam_mask_copy (prompt->mask, NULL);

  return copy;
}

SuiPrompt *
sui_prompt_move (const SuiPrompt *prompt, double dx, double dy, double width, double height)
{
  SuiPrompt *moved = prompt_copy (prompt);
  float      x0 = INFINITY, y0 = INFINITY, x1 = -INFINITY, y1 = -INFINITY;

  /* A mask stays where the selection was: it has no handle. */
  if (prompt->kind == SUI_PROMPT_MASK)
    return moved;

  for (size_t i = 0; i < prompt->n; i++)
    {
      x0 = fminf (x0, prompt->xy[2 * i]);
      x1 = fmaxf (x1, prompt->xy[2 * i]);
      y0 = fminf (y0, prompt->xy[2 * i + 1]);
      y1 = fmaxf (y1, prompt->xy[2 * i + 1]);
    }
  /* the whole shape stops at the border, keeping its form */
  dx = CLAMP (dx, -x0, width - x1);
  dy = CLAMP (dy, -y0, height - y1);
  for (size_t i = 0; i < prompt->n; i++)
    {
      moved->xy[2 * i] = (float) CLAMP (prompt->xy[2 * i] + dx, 0.0, width);
      moved->xy[2 * i + 1] = (float) CLAMP (prompt->xy[2 * i + 1] + dy, 0.0, height);
    }

  return moved;
}

SuiPrompt *
sui_prompt_move_corner (const SuiPrompt *prompt,
                        int              corner,
                        double           x,
                        double           y,
                        double           width,
                        double           height)
{
  double x_other, y_other;

  g_return_val_if_fail (prompt->kind == SUI_PROMPT_BOX, NULL);

  x = CLAMP (x, 0.0, width);
  y = CLAMP (y, 0.0, height);
  x_other = prompt->xy[corner & 1 ? 0 : 2];
  y_other = prompt->xy[corner & 2 ? 1 : 3];
  /* never an empty box */
  if (fabs (x - x_other) < 1.0)
    x = x_other + (x_other + 1.0 <= width && x >= x_other ? 1.0 : -1.0);
  if (fabs (y - y_other) < 1.0)
    y = y_other + (y_other + 1.0 <= height && y >= y_other ? 1.0 : -1.0);

  return sui_prompt_new_box (CLAMP (x, 0.0, width), CLAMP (y, 0.0, height), x_other, y_other);
}

gboolean
sui_prompt_fits (const SuiPrompt *prompt, double width, double height)
{
  for (size_t i = 0; i < prompt->n; i++)
    {
      float x = prompt->xy[2 * i], y = prompt->xy[2 * i + 1];

      if (! (x >= 0.0f && x <= width && y >= 0.0f && y <= height))
        return FALSE;
    }
  if (prompt->kind == SUI_PROMPT_BOX || prompt->kind == SUI_PROMPT_MASK)
    return prompt->xy[0] < prompt->xy[2] && prompt->xy[1] < prompt->xy[3];

  return prompt->n > 0;
}

/* Points at equal distances along the stroke, never at its very ends, where hands slip. */
static void
say_stroke (const SuiPrompt *prompt, double width, double height, SamPrompt *out)
{
  double length = 0.0, done = 0.0;
  size_t n, next = 0;

  for (size_t i = 1; i < prompt->n; i++)
    length += hypot (prompt->xy[2 * i] - prompt->xy[2 * i - 2],
                     prompt->xy[2 * i + 1] - prompt->xy[2 * i - 1]);
  n = (size_t) CLAMP (length / (STROKE_STEP * hypot (width, height)), 1.0, SUI_PROMPT_MAX_POINTS);

  for (size_t i = 1; i < prompt->n && next < n; i++)
    {
      const float *a = prompt->xy + 2 * i - 2, *b = prompt->xy + 2 * i;
      double       step = hypot (b[0] - a[0], b[1] - a[1]);

      while (next < n && step > 0.0 && done + step >= length * (next + 0.5) / n)
        {
          double t = (length * (next + 0.5) / n - done) / step;

          sam_prompt_add_point (out, (float) (a[0] + t * (b[0] - a[0])),
                                (float) (a[1] + t * (b[1] - a[1])), prompt->label);
          next++;
        }
      done += step;
    }
  if (next == 0)
    sam_prompt_add_point (out, prompt->xy[0], prompt->xy[1], prompt->label);
}

/* Fills the lasso into a grid of w x h over the picture, by the even-odd rule at pixel centres. */
static void
fill_lasso (const SuiPrompt *prompt, double sx, double sy, size_t w, size_t h, uint8_t *grid)
{
  g_autofree double *crossings = g_new (double, prompt->n);

  for (size_t y = 0; y < h; y++)
    {
      double yc = (y + 0.5) / sy;
      size_t n = 0;

      for (size_t i = 0, j = prompt->n - 1; i < prompt->n; j = i++)
        {
          double xi = prompt->xy[2 * i], yi = prompt->xy[2 * i + 1];
          double xj = prompt->xy[2 * j], yj = prompt->xy[2 * j + 1];

          if ((yi > yc) != (yj > yc))
            {
              double x = xi + (yc - yi) / (yj - yi) * (xj - xi);
              size_t k = n++;

              /* few crossings: insertion keeps them sorted */
              for (; k > 0 && crossings[k - 1] > x; k--)
                crossings[k] = crossings[k - 1];
              crossings[k] = x;
            }
        }
      for (size_t k = 0; k + 1 < n; k += 2)
        {
          double first = ceil (crossings[k] * sx - 0.5);
          double last = floor (crossings[k + 1] * sx - 0.5);

          for (double x = MAX (first, 0.0); x <= MIN (last, w - 1.0); x += 1.0)
            grid[y * w + (size_t) x] = 255;
        }
    }
}

/* The innermost pixel of the grid by the distance of the four ways, blanked with all pixels nearer
 * to it than that, so that the next call finds another place. FALSE when nothing is left. */
static gboolean
take_innermost (uint8_t *grid, size_t w, size_t h, size_t *x_out, size_t *y_out)
{
  g_autofree uint16_t *d = g_new0 (uint16_t, w *h);
  uint16_t             best = 0;

  for (size_t y = 0; y < h; y++)
    for (size_t x = 0; x < w; x++)
      if (grid[y * w + x])
        d[y * w + x] = 1 + MIN (x > 0 ? d[y * w + x - 1] : 0, y > 0 ? d[(y - 1) * w + x] : 0);
  for (size_t y = h; y-- > 0;)
    for (size_t x = w; x-- > 0;)
      if (grid[y * w + x])
        {
          uint16_t back = 1 + MIN (x + 1 < w ? d[y * w + x + 1] : 0,
                                   y + 1 < h ? d[(y + 1) * w + x] : 0);

          d[y * w + x] = MIN (d[y * w + x], back);
          if (d[y * w + x] > best)
            {
              best = d[y * w + x];
              *x_out = x;
              *y_out = y;
            }
        }
  if (best == 0)
    return FALSE;

  for (size_t y = 0; y < h; y++)
    for (size_t x = 0; x < w; x++)
      if (ABS ((int) x - (int) *x_out) + ABS ((int) y - (int) *y_out) < 2 * best)
        grid[y * w + x] = 0;

  return TRUE;
}

SamMask *
sui_prompt_say (const GPtrArray *prompts,
                double           width,
                double           height,
                gboolean         masks,
                SamPrompt       *out)
{
  double   scale = SUI_PROMPT_MASK_SIDE / MAX (width, height);
  size_t   w = (size_t) MAX (1.0, width * scale);
  size_t   h = (size_t) MAX (1.0, height * scale);
  double   sx = w / width, sy = h / height;
  uint8_t *rough = NULL;

  for (guint i = 0; i < prompts->len; i++)
    {
      const SuiPrompt *prompt = g_ptr_array_index (prompts, i);

      switch (prompt->kind)
        {
        case SUI_PROMPT_POINT:
          sam_prompt_add_point (out, prompt->xy[0], prompt->xy[1], prompt->label);
          break;

        case SUI_PROMPT_BOX:
          sam_prompt_add_box (out, prompt->xy[0], prompt->xy[1], prompt->xy[2], prompt->xy[3]);
          break;

        case SUI_PROMPT_STROKE:
          say_stroke (prompt, width, height, out);
          break;

        case SUI_PROMPT_LASSO:
          if (prompt->label)
            {
              float x0 = INFINITY, y0 = INFINITY, x1 = -INFINITY, y1 = -INFINITY;

              for (size_t k = 0; k < prompt->n; k++)
                {
                  x0 = fminf (x0, prompt->xy[2 * k]);
                  x1 = fmaxf (x1, prompt->xy[2 * k]);
                  y0 = fminf (y0, prompt->xy[2 * k + 1]);
                  y1 = fmaxf (y1, prompt->xy[2 * k + 1]);
                }
              if (x1 - x0 < 1.0f || y1 - y0 < 1.0f)
                {
                  sam_prompt_add_point (out, prompt->xy[0], prompt->xy[1], 1);
                  break;
                }
              sam_prompt_add_box (out, x0, y0, x1, y1);
              if (masks)
                {
                  if (rough == NULL)
                    rough = g_malloc0 (w * h);
                  fill_lasso (prompt, sx, sy, w, h, rough);
                }
            }
          else
            {
              g_autofree uint8_t *grid = g_malloc0 (w * h);
              size_t              x = 0, y = 0;
              int                 n = 0;

              fill_lasso (prompt, sx, sy, w, h, grid);
              for (; n < 3 && take_innermost (grid, w, h, &x, &y); n++)
                sam_prompt_add_point (out, (float) ((x + 0.5) / sx), (float) ((y + 0.5) / sy), 0);
              if (n == 0)
                sam_prompt_add_point (out, prompt->xy[0], prompt->xy[1], 0);
            }
          break;

        case SUI_PROMPT_MASK:
          sam_prompt_add_box (out, prompt->xy[0], prompt->xy[1], prompt->xy[2], prompt->xy[3]);
          if (masks)
            {
              const uint8_t *from = sam_mask_get_coverage (prompt->mask);
              size_t         fw = sam_mask_get_width (prompt->mask);
              size_t         fh = sam_mask_get_height (prompt->mask);

              if (rough == NULL)
                rough = g_malloc0 (w * h);
              for (size_t y = 0; y < h; y++)
                for (size_t x = 0; x < w; x++)
                  rough[y * w + x] = MAX (rough[y * w + x], from[y * fh / h * fw + x * fw / w]);
            }
          break;
        }
    }

  if (rough == NULL)
    return NULL;

  out->mask = sam_mask_new_take (w, h, rough);

  return (SamMask *) out->mask;
}

/* --- text --- */

static const SuiPlace own_place = { 1.0, 0.0, 0.0 };

static const char *const kind_names[] = { "point", "box", "stroke", "lasso", "mask" };

/* The shortest number that gives the same float back, and so the same mask. */
static void
append_number (GString *text, float value, double factor, double shift)
{
  char   buffer[G_ASCII_DTOSTR_BUF_SIZE], format[8];
  double there = value * factor + shift;

  for (int decimals = 0; decimals <= 13; decimals++)
    {
      g_snprintf (format, sizeof format, decimals < 13 ? "%%.%df" : "%%.17g", decimals);
      g_ascii_formatd (buffer, sizeof buffer, format, there);
      if ((float) ((g_ascii_strtod (buffer, NULL) - shift) / factor) == value)
        break;
    }

  g_string_append_c (text, ' ');
  g_string_append (text, buffer);
}

void
sui_prompt_append_to (const SuiPrompt *prompt, const SuiPlace *place, GString *text)
{
  if (place == NULL)
    place = &own_place;

  g_string_append_printf (text, "%s %d", kind_names[prompt->kind], prompt->label);
  if (prompt->kind == SUI_PROMPT_STROKE)
    append_number (text, prompt->width, place->factor, 0.0);
  for (size_t i = 0; i < 2 * prompt->n; i++)
    append_number (text, prompt->xy[i], place->factor, i % 2 == 0 ? place->x : place->y);
  if (prompt->kind == SUI_PROMPT_MASK)
    {
      size_t              w = sam_mask_get_width (prompt->mask);
      size_t              h = sam_mask_get_height (prompt->mask);
      const uint8_t      *coverage = sam_mask_get_coverage (prompt->mask);
      g_autofree uint8_t *bits = g_malloc0 ((w * h + 7) / 8);
      g_autofree char    *encoded = NULL;

      for (size_t i = 0; i < w * h; i++)
        if (coverage[i] >= 128)
          bits[i / 8] |= (uint8_t) (1 << (i % 8));
      encoded = g_base64_encode (bits, (w * h + 7) / 8);
      g_string_append_printf (text, " %" G_GSIZE_FORMAT " %" G_GSIZE_FORMAT " %s", w, h, encoded);
    }
}

static SuiPrompt *
bad_line (GError **error, const char *line)
{
  g_set_error (error, SAM_ERROR, SAM_ERROR_BAD_PROMPT, "cannot read the prompt \"%.40s\"", line);

  return NULL;
}

/* After its corners, [2, 2] in @xy: width, height, and a bit per pixel in base64. NULL when that is
 * not so. */
static SuiPrompt *
parse_mask (char **words, guint n_words, const float *xy)
{
  guint64             w, h;
  gsize               size;
  g_autofree uint8_t *bits = NULL;
  uint8_t            *coverage;
  SuiPrompt          *prompt;

  if (n_words != 9 ||
      ! g_ascii_string_to_unsigned (words[6], 10, 1, SUI_PROMPT_MASK_SIDE, &w, NULL) ||
      ! g_ascii_string_to_unsigned (words[7], 10, 1, SUI_PROMPT_MASK_SIDE, &h, NULL))
    return NULL;
  bits = g_base64_decode (words[8], &size);
  if (size != (w * h + 7) / 8)
    return NULL;
  coverage = g_malloc (w * h);
  for (size_t i = 0; i < w * h; i++)
    coverage[i] = bits[i / 8] >> (i % 8) & 1 ? 255 : 0;
  prompt = prompt_new (SUI_PROMPT_MASK, 1, 2);
  memcpy (prompt->xy, xy, 4 * sizeof (float));
  prompt->mask = sam_mask_new_take (w, h, coverage);

  return prompt;
}

SuiPrompt *
sui_prompt_parse (const char *line, const SuiPlace *place, GError **error)
{
  g_auto (GStrv)    words = g_strsplit (line, " ", 2 * SUI_PROMPT_MAX_CORNERS + 8);
  guint             n_words = g_strv_length (words);
  guint             kind, first = 2, n_numbers;
  guint64           label;
  double            width = 0.0;
  g_autofree float *xy = NULL;
  SuiPrompt        *prompt;

  if (place == NULL)
    place = &own_place;
  if (n_words < 4)
    return bad_line (error, line);
  for (kind = 0; kind < G_N_ELEMENTS (kind_names); kind++)
    if (strcmp (words[0], kind_names[kind]) == 0)
      break;
  if (kind == G_N_ELEMENTS (kind_names) ||
      ! g_ascii_string_to_unsigned (words[1], 10, 0, 1, &label, NULL))
    return bad_line (error, line);

  n_numbers = n_words - first;
  if (kind == SUI_PROMPT_STROKE)
    {
      char *end;

      width = g_ascii_strtod (words[first], &end);
      if (*end != '\0' || ! (width >= 0.0 && width <= 1e6))
        return bad_line (error, line);
      width /= place->factor;
      first++;
      n_numbers--;
    }
  if (kind == SUI_PROMPT_MASK)
    n_numbers = 4;
  if (first + n_numbers > n_words || n_numbers % 2 != 0 || n_numbers / 2 > SUI_PROMPT_MAX_CORNERS)
    return bad_line (error, line);

  xy = g_new (float, n_numbers + 1);
  for (guint i = 0; i < n_numbers; i++)
    {
      char  *end;
      double value = g_ascii_strtod (words[first + i], &end);

      if (end == words[first + i] || *end != '\0' || ! isfinite (value) || fabs (value) > 1e6)
        return bad_line (error, line);
      xy[i] = (float) ((value - (i % 2 == 0 ? place->x : place->y)) / place->factor);
    }

  switch ((SuiPromptKind) kind)
    {
    case SUI_PROMPT_POINT:
      if (n_numbers != 2)
        return bad_line (error, line);
      return sui_prompt_new_point (xy[0], xy[1], (int) label);

    case SUI_PROMPT_BOX:
      if (n_numbers != 4)
        return bad_line (error, line);
      return sui_prompt_new_box (xy[0], xy[1], xy[2], xy[3]);

    case SUI_PROMPT_STROKE:
      if (n_numbers < 2)
        return bad_line (error, line);
      return sui_prompt_new_stroke (xy, n_numbers / 2, width, (int) label);

    case SUI_PROMPT_LASSO:
      if (n_numbers < 6)
        return bad_line (error, line);
      return sui_prompt_new_lasso (xy, n_numbers / 2, (int) label);

    case SUI_PROMPT_MASK:
      prompt = parse_mask (words, n_words, xy);
      return prompt != NULL ? prompt : bad_line (error, line);
    }

  return bad_line (error, line);
}
