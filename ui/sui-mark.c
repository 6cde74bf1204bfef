/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A prompt is drawn so that it is seen on anything, and so that its sign is told without its
 * colour. Lengths are pixels as the desktop counts them: marks do not grow with the zoom. */
#include "config.h"

#include <math.h>

#include "ui/sui-mark.h"

#define POINT_RADIUS  6.5
#define HANDLE_RADIUS 4.5
#define HIT_RADIUS    9.0

static const double colour_plus[3] = { 0.07, 0.45, 0.95 };
static const double colour_minus[3] = { 0.85, 0.12, 0.15 };
static const double colour_marked[3] = { 1.00, 0.60, 0.05 };

static const double *
label_colour (int label)
{
  return label ? colour_plus : colour_minus;
}

static void
draw_point (cairo_t *cr, double x, double y, int label, gboolean marked, double alpha)
{
  const double *c = label_colour (label);
  double        r = POINT_RADIUS + (marked ? 2.0 : 0.0);

  cairo_new_path (cr);
  cairo_arc (cr, x, y, r + 1.5, 0, 2 * G_PI);
  cairo_set_source_rgba (cr, 0, 0, 0, 0.6 * alpha);
  cairo_fill (cr);
  cairo_arc (cr, x, y, r, 0, 2 * G_PI);
  cairo_set_source_rgba (cr, 1, 1, 1, alpha);
  cairo_fill (cr);
  cairo_arc (cr, x, y, r - 1.5, 0, 2 * G_PI);
  cairo_set_source_rgba (cr, c[0], c[1], c[2], alpha);
  cairo_fill (cr);

  /* the sign, for those who do not see the colour */
  cairo_set_source_rgba (cr, 1, 1, 1, alpha);
  cairo_set_line_width (cr, 1.75);
  cairo_set_line_cap (cr, CAIRO_LINE_CAP_BUTT);
  cairo_move_to (cr, x - 3, y);
  cairo_line_to (cr, x + 3, y);
  if (label)
    {
      cairo_move_to (cr, x, y - 3);
      cairo_line_to (cr, x, y + 3);
    }
  cairo_stroke (cr);
}

static void
draw_handle (cairo_t *cr, double x, double y, const double *c)
{
  cairo_rectangle (cr, x - HANDLE_RADIUS, y - HANDLE_RADIUS, 2 * HANDLE_RADIUS, 2 * HANDLE_RADIUS);
  cairo_set_source_rgb (cr, 1, 1, 1);
  cairo_fill_preserve (cr);
  cairo_set_source_rgb (cr, c[0], c[1], c[2]);
  cairo_set_line_width (cr, 1.5);
  cairo_stroke (cr);
}

/* A line that is seen on anything: white below, coloured dashes above. */
static void
stroke_dashed (cairo_t *cr, const double *c, double alpha)
{
  static const double dashes[] = { 5.0, 4.0 };

  cairo_set_line_cap (cr, CAIRO_LINE_CAP_BUTT);
  cairo_set_source_rgba (cr, 0, 0, 0, 0.5 * alpha);
  cairo_set_line_width (cr, 3.5);
  cairo_stroke_preserve (cr);
  cairo_set_source_rgba (cr, 1, 1, 1, alpha);
  cairo_set_line_width (cr, 2.0);
  cairo_stroke_preserve (cr);
  cairo_set_source_rgba (cr, c[0], c[1], c[2], alpha);
  cairo_set_dash (cr, dashes, 2, 0);
  cairo_stroke (cr);
  cairo_set_dash (cr, NULL, 0, 0);
}

static void
box_path (cairo_t *cr, const SuiSight *sight, double x0, double y0, double x1, double y1)
{
  sui_sight_to_widget (sight, x0, y0, &x0, &y0);
  sui_sight_to_widget (sight, x1, y1, &x1, &y1);
  /* on the middle of pixels: sharp */
  cairo_rectangle (cr, floor (MIN (x0, x1)) + 0.5, floor (MIN (y0, y1)) + 0.5,
                   floor (fabs (x1 - x0)), floor (fabs (y1 - y0)));
}

static void
line_path (cairo_t *cr, const SuiSight *sight, const float *xy, size_t n, gboolean close)
{
  double x = 0.0, y = 0.0;

  for (size_t i = 0; i < n; i++)
    {
      sui_sight_to_widget (sight, xy[2 * i], xy[2 * i + 1], &x, &y);
      cairo_line_to (cr, x, y);
    }
  if (n == 1)
    cairo_line_to (cr, x + 0.01, y);
  if (close)
    cairo_close_path (cr);
}

static void
draw_stroke (cairo_t        *cr,
             const SuiSight *sight,
             const float    *xy,
             size_t          n,
             double          width,
             int             label,
             gboolean        marked,
             double          alpha)
{
  const double *c = label_colour (label);

  cairo_set_line_cap (cr, CAIRO_LINE_CAP_ROUND);
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_ROUND);
  cairo_push_group (cr);
  line_path (cr, sight, xy, n, FALSE);
  cairo_set_source_rgb (cr, 1, 1, 1);
  cairo_set_line_width (cr, MAX (width, 4.0) + (marked ? 4.0 : 2.5));
  cairo_stroke_preserve (cr);
  cairo_set_source_rgb (cr, c[0], c[1], c[2]);
  cairo_set_line_width (cr, MAX (width, 4.0));
  cairo_stroke (cr);
  cairo_pop_group_to_source (cr);
  cairo_paint_with_alpha (cr, (marked ? 0.85 : 0.6) * alpha);
}

void
sui_mark_draw (cairo_t         *cr,
               const SuiSight  *sight,
               const SuiPrompt *prompt,
               gboolean         marked,
               double           alpha)
{
  const double *c = label_colour (prompt->label);
  double        x, y;

  switch (prompt->kind)
    {
    case SUI_PROMPT_POINT:
      sui_sight_to_widget (sight, prompt->xy[0], prompt->xy[1], &x, &y);
      draw_point (cr, x, y, prompt->label, marked, alpha);
      break;

    case SUI_PROMPT_BOX:
    case SUI_PROMPT_MASK:
      box_path (cr, sight, prompt->xy[0], prompt->xy[1], prompt->xy[2], prompt->xy[3]);
      stroke_dashed (cr, c, alpha);
      if (prompt->kind == SUI_PROMPT_BOX && alpha == 1.0)
        for (int corner = 0; corner < 4; corner++)
          {
            sui_sight_to_widget (sight, prompt->xy[corner & 1 ? 2 : 0],
                                 prompt->xy[corner & 2 ? 3 : 1], &x, &y);
            draw_handle (cr, floor (x) + 0.5, floor (y) + 0.5, marked ? colour_marked : c);
          }
      break;

    case SUI_PROMPT_STROKE:
      draw_stroke (cr, sight, prompt->xy, prompt->n, prompt->width * sight->zoom, prompt->label,
                   marked, alpha);
      break;

    case SUI_PROMPT_LASSO:
      line_path (cr, sight, prompt->xy, prompt->n, TRUE);
      cairo_set_source_rgba (cr, c[0], c[1], c[2], marked ? 0.25 : 0.1);
      cairo_fill_preserve (cr);
      stroke_dashed (cr, c, alpha);
      break;
    }
}

void
sui_mark_draw_box (cairo_t        *cr,
                   const SuiSight *sight,
                   double          x0,
                   double          y0,
                   double          x1,
                   double          y1,
                   int             label)
{
  box_path (cr, sight, x0, y0, x1, y1);
  stroke_dashed (cr, label_colour (label), 1.0);
}

void
sui_mark_draw_stroke (cairo_t        *cr,
                      const SuiSight *sight,
                      const float    *xy,
                      size_t          n,
                      double          width,
                      int             label)
{
  draw_stroke (cr, sight, xy, n, width, label, FALSE, 1.0);
}

void
sui_mark_draw_lasso (cairo_t *cr, const SuiSight *sight, const float *xy, size_t n, int label)
{
  line_path (cr, sight, xy, n, TRUE);
  stroke_dashed (cr, label_colour (label), 1.0);
}

static double
distance_to_segment (double x, double y, double x0, double y0, double x1, double y1)
{
  double dx = x1 - x0, dy = y1 - y0, n = dx * dx + dy * dy;
  double t = n > 0.0 ? CLAMP (((x - x0) * dx + (y - y0) * dy) / n, 0.0, 1.0) : 0.0;

  return hypot (x - x0 - t * dx, y - y0 - t * dy);
}

int
sui_mark_find (const GPtrArray *prompts, const SuiSight *sight, double x, double y, int *corner)
{
  double px, py, qx, qy;

  *corner = -1;
  for (int pass = 0; pass < 2; pass++)
    for (guint i = prompts->len; i-- > 0;)
      {
        const SuiPrompt *prompt = g_ptr_array_index (prompts, i);
        gboolean         hit = FALSE;

        if ((prompt->kind == SUI_PROMPT_POINT) != (pass == 0))
          continue;
        switch (prompt->kind)
          {
          case SUI_PROMPT_POINT:
            sui_sight_to_widget (sight, prompt->xy[0], prompt->xy[1], &px, &py);
            hit = hypot (px - x, py - y) <= HIT_RADIUS;
            break;

          case SUI_PROMPT_BOX:
          case SUI_PROMPT_MASK:
            if (prompt->kind == SUI_PROMPT_BOX)
              for (int c = 0; c < 4; c++)
                {
                  sui_sight_to_widget (sight, prompt->xy[c & 1 ? 2 : 0], prompt->xy[c & 2 ? 3 : 1],
                                       &px, &py);
                  if (fabs (px - x) <= HIT_RADIUS && fabs (py - y) <= HIT_RADIUS)
                    {
                      *corner = c;
                      return (int) i;
                    }
                }
            sui_sight_to_widget (sight, prompt->xy[0], prompt->xy[1], &px, &py);
            sui_sight_to_widget (sight, prompt->xy[2], prompt->xy[3], &qx, &qy);
            hit = x > px - 5 && x < qx + 5 && y > py - 5 && y < qy + 5 &&
                  ! (x > px + 5 && x < qx - 5 && y > py + 5 && y < qy - 5);
            break;

          case SUI_PROMPT_STROKE:
          case SUI_PROMPT_LASSO:
            for (size_t k = 0; k < prompt->n && ! hit; k++)
              {
                size_t next = k + 1 < prompt->n ? k + 1 : prompt->kind == SUI_PROMPT_LASSO ? 0 : k;

                sui_sight_to_widget (sight, prompt->xy[2 * k], prompt->xy[2 * k + 1], &px, &py);
                sui_sight_to_widget (sight, prompt->xy[2 * next], prompt->xy[2 * next + 1], &qx,
                                     &qy);
                hit = distance_to_segment (x, y, px, py, qx, qy) <=
                      (prompt->kind == SUI_PROMPT_STROKE
                         ? MAX (5.0, prompt->width * sight->zoom / 2)
                         : 5.0);
              }
            break;
          }
        if (hit)
          return (int) i;
      }

  return -1;
}
