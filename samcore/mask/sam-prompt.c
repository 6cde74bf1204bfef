/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SamPrompt: gathers what the user said, checks it, and reads and writes the one-line form
 *
 *   120,80 + ; 300,90 - ; box 10,20,200,300 */
#include "config.h"

#include "samcore/sam-prompt.h"

#include <math.h>
#include <string.h>

#include "samcore/sam-error.h"

void
sam_prompt_init (SamPrompt *prompt)
{
  memset (prompt, 0, sizeof *prompt);
  prompt->points = g_array_new (FALSE, FALSE, sizeof (SamPoint));
  prompt->boxes = g_array_new (FALSE, FALSE, sizeof (SamBox));
}

void
sam_prompt_clear (SamPrompt *prompt)
{
  if (prompt == NULL)
    return;

  g_clear_pointer (&prompt->points, g_array_unref);
  g_clear_pointer (&prompt->boxes, g_array_unref);
  memset (prompt, 0, sizeof *prompt);
}

void
sam_prompt_add_point (SamPrompt *prompt, float x_image, float y_image, int label)
{
  SamPoint point = { x_image, y_image, label };

  g_array_append_val (prompt->points, point);
}

void
sam_prompt_add_box (SamPrompt *prompt, float x0, float y0, float x1, float y1)
{
  SamBox box = { MIN (x0, x1), MIN (y0, y1), MAX (x0, x1), MAX (y0, y1) };

  /* MIN and MAX drop a NaN when it comes first; sam_prompt_check() must still see it */
  if (isnan (x0) || isnan (x1))
    box.x0_image = box.x1_image = NAN;
  if (isnan (y0) || isnan (y1))
    box.y0_image = box.y1_image = NAN;

  g_array_append_val (prompt->boxes, box);
}

gboolean
sam_prompt_is_empty (const SamPrompt *prompt)
{
  return prompt->points->len == 0 && prompt->boxes->len == 0 && prompt->mask == NULL;
}

gboolean
sam_prompt_is_ambiguous (const SamPrompt *prompt)
{
  return prompt->points->len == 1 && g_array_index (prompt->points, SamPoint, 0).label == 1 &&
         prompt->boxes->len == 0 && prompt->mask == NULL && prompt->previous == NULL;
}

static gboolean
check_point (const SamPoint *point, guint number, size_t width, size_t height, GError **error)
{
  char x[G_ASCII_DTOSTR_BUF_SIZE], y[G_ASCII_DTOSTR_BUF_SIZE];

  if (! isfinite (point->x_image) || ! isfinite (point->y_image))
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_BAD_PROMPT,
                   "A coordinate of point %u is not a finite number", number);
      return FALSE;
    }
  if (point->label != 0 && point->label != 1)
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_BAD_PROMPT,
                   "The label of point %u is %d; it must be 1 (on the object) or 0 (off it)",
                   number, point->label);
      return FALSE;
    }
  if (point->x_image < 0 || point->x_image > width || point->y_image < 0 || point->y_image > height)
    {
      g_ascii_formatd (x, sizeof x, "%g", point->x_image);
      g_ascii_formatd (y, sizeof y, "%g", point->y_image);
      g_set_error (error, SAM_ERROR, SAM_ERROR_BAD_PROMPT,
                   "Point %u (%s, %s) is outside the picture of %zu × %zu pixels", number, x, y,
                   width, height);
      return FALSE;
    }

  return TRUE;
}

static gboolean
check_box (const SamBox *box, guint number, size_t width, size_t height, GError **error)
{
  if (! isfinite (box->x0_image) || ! isfinite (box->y0_image) || ! isfinite (box->x1_image) ||
      ! isfinite (box->y1_image))
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_BAD_PROMPT,
                   "A coordinate of box %u is not a finite number", number);
      return FALSE;
    }
  if (box->x0_image < 0 || box->x1_image > width || box->y0_image < 0 || box->y1_image > height)
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_BAD_PROMPT,
                   "Box %u extends outside the picture of %zu × %zu pixels", number, width, height);
      return FALSE;
    }
  if (! (box->x0_image < box->x1_image) || ! (box->y0_image < box->y1_image))
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_BAD_PROMPT,
                   "Box %u is empty: its corners must differ in both directions", number);
      return FALSE;
    }

  return TRUE;
}

gboolean
sam_prompt_check (const SamPrompt *prompt, size_t width, size_t height, GError **error)
{
  gboolean any_positive = FALSE;

  if (sam_prompt_is_empty (prompt))
    {
      g_set_error_literal (error, SAM_ERROR, SAM_ERROR_BAD_PROMPT,
                           "The prompt is empty: give a point on the object or a box around it");
      return FALSE;
    }
  if (prompt->points->len > SAM_PROMPT_MAX_POINTS)
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_BAD_PROMPT,
                   "There are too many points (%u): give at most %d", prompt->points->len,
                   SAM_PROMPT_MAX_POINTS);
      return FALSE;
    }
  if (prompt->boxes->len > SAM_PROMPT_MAX_BOXES)
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_BAD_PROMPT,
                   "There are too many boxes (%u): give at most %d", prompt->boxes->len,
                   SAM_PROMPT_MAX_BOXES);
      return FALSE;
    }

  for (guint i = 0; i < prompt->points->len; i++)
    {
      const SamPoint *point = &g_array_index (prompt->points, SamPoint, i);

      if (! check_point (point, i + 1, width, height, error))
        return FALSE;
      any_positive |= point->label == 1;
    }
  for (guint i = 0; i < prompt->boxes->len; i++)
    if (! check_box (&g_array_index (prompt->boxes, SamBox, i), i + 1, width, height, error))
      return FALSE;

  if (! any_positive && prompt->boxes->len == 0 && prompt->mask == NULL && prompt->previous == NULL)
    {
      g_set_error_literal (
        error, SAM_ERROR, SAM_ERROR_BAD_PROMPT,
        "All points are off the object: give at least one point on it, or a box");
      return FALSE;
    }

  return TRUE;
}

/* n numbers separated by commas at the start of *text; *text then stands behind them. */
static gboolean
parse_numbers (const char **text, float *numbers, int n)
{
  const char *p = *text;

  for (int i = 0; i < n; i++)
    {
      char  *end;
      double value;

      if (i > 0)
        {
          while (g_ascii_isspace (*p))
            p++;
          if (*p++ != ',')
            return FALSE;
        }
      while (g_ascii_isspace (*p))
        p++;
      value = g_ascii_strtod (p, &end);
      /* strtod also takes "nan", "inf" and hexadecimal numbers */
      if (end == p || strspn (p, "+-.0123456789eE") < (size_t) (end - p) ||
          ! isfinite ((float) value))
        return FALSE;
      numbers[i] = (float) value;
      p = end;
    }

  *text = p;
  return TRUE;
}

static gboolean
parse_part (SamPrompt *prompt, const char *part)
{
  float numbers[4];

  if (g_ascii_strncasecmp (part, "box", 3) == 0)
    {
      part += 3;
      if (! parse_numbers (&part, numbers, 4) || *part != '\0')
        return FALSE;
      sam_prompt_add_box (prompt, numbers[0], numbers[1], numbers[2], numbers[3]);
    }
  else
    {
      if (! parse_numbers (&part, numbers, 2))
        return FALSE;
      while (g_ascii_isspace (*part))
        part++;
      if (*part != '\0' && (strchr ("+-", *part) == NULL || part[1] != '\0'))
        return FALSE;
      sam_prompt_add_point (prompt, numbers[0], numbers[1], *part != '-');
    }

  return TRUE;
}

gboolean
sam_prompt_parse (SamPrompt *prompt, const char *text, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (text, ";", -1);

  for (char **part = parts; *part != NULL; part++)
    {
      g_strstrip (*part);
      if (**part != '\0' && ! parse_part (prompt, *part))
        {
          g_autofree char *shown = g_utf8_make_valid (*part, MIN (strlen (*part), 60));

          g_set_error (error, SAM_ERROR, SAM_ERROR_BAD_PROMPT,
                       "“%s” is neither a point like “120,80 +” or “300,90 -” "
                       "nor a box like “box 10,20,200,300”",
                       shown);
          return FALSE;
        }
    }

  return TRUE;
}

static void
append_number (GString *text, float number)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  /* nine digits give every float back */
  g_string_append (text, g_ascii_formatd (buffer, sizeof buffer, "%.9g", number));
}

char *
sam_prompt_to_string (const SamPrompt *prompt)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < prompt->points->len; i++)
    {
      const SamPoint *point = &g_array_index (prompt->points, SamPoint, i);

      if (text->len > 0)
        g_string_append (text, " ; ");
      append_number (text, point->x_image);
      g_string_append_c (text, ',');
      append_number (text, point->y_image);
      g_string_append (text, point->label ? " +" : " -");
    }
  for (guint i = 0; i < prompt->boxes->len; i++)
    {
      const SamBox *box = &g_array_index (prompt->boxes, SamBox, i);
      const float   corners[4] = { box->x0_image, box->y0_image, box->x1_image, box->y1_image };

      g_string_append (text, text->len > 0 ? " ; box " : "box ");
      for (int k = 0; k < 4; k++)
        {
          if (k > 0)
            g_string_append_c (text, ',');
          append_number (text, corners[k]);
        }
    }

  return g_string_free (text, FALSE);
}
