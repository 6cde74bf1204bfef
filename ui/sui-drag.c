/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "ui/sui-drag.h"
#include "ui/sui-mark.h"

#define DRAG_THRESHOLD 4.0
#define LINE_STEP      1.5 /* between two corners of a line */

void
sui_drag_init (SuiDrag *drag, SuiSession *session)
{
  *drag = (SuiDrag) { .session = session, .brush = 16.0 };
  drag->line = g_array_new (FALSE, FALSE, 2 * sizeof (float));
}

void
sui_drag_clear (SuiDrag *drag)
{
  sui_prompt_unref (drag->from);
  g_array_unref (drag->line);
}

gboolean
sui_drag_has_prompt (const SuiDrag *drag)
{
  return drag->kind == SUI_DRAG_PROMPT || drag->kind == SUI_DRAG_CORNER;
}

static const GPtrArray *
get_prompts (const SuiDrag *drag)
{
  return sui_session_get_prompts (drag->session, sui_session_get_current (drag->session));
}

/* [n, 2] */
static const float *
get_line (const SuiDrag *drag)
{
  return (const float *) (void *) drag->line->data;
}

static void
add_to_line (SuiDrag *drag, const SuiSight *sight, double x, double y)
{
  double x_image, y_image;
  float  corner[2];

  if (! sui_sight_has_picture (sight))
    return;
  sui_sight_to_nearest (sight, x, y, &x_image, &y_image);
  corner[0] = (float) x_image;
  corner[1] = (float) y_image;
  g_array_append_vals (drag->line, corner, 1);
}

/* --- begin --- */

static void
start_gesture (SuiDrag *drag, SuiDragKind kind, guint button, double x, double y)
{
  drag->kind = kind;
  drag->button = button;
  drag->press_x = drag->last_x = x;
  drag->press_y = drag->last_y = y;
  drag->moved = FALSE;
}

void
sui_drag_begin (SuiDrag *drag, const SuiSight *sight, guint button, int label, double x, double y)
{
  const GPtrArray *prompts = get_prompts (drag);
  int              corner;
  int              found = sui_mark_find (prompts, sight, x, y, &corner);

  drag->label = label;
  if (found >= 0)
    {
      start_gesture (drag, corner >= 0 ? SUI_DRAG_CORNER : SUI_DRAG_PROMPT, button, x, y);
      drag->prompt = (guint) found;
      drag->corner = corner;
      drag->from = sui_prompt_ref (g_ptr_array_index (prompts, found));
    }
  else if (drag->tool != SUI_TOOL_POINT)
    {
      start_gesture (drag, SUI_DRAG_LINE, button, x, y);
      add_to_line (drag, sight, x, y);
    }
  else
    {
      /* a box may begin beside the picture */
      start_gesture (drag, SUI_DRAG_CLICK, button, x, y);
    }
}

void
sui_drag_begin_pan (SuiDrag *drag, guint button, double x, double y)
{
  start_gesture (drag, SUI_DRAG_PAN, button, x, y);
}

/* --- motion --- */

/* One step of undo until the button is released. */
static void
move_prompt (SuiDrag *drag, const SuiSight *sight, double x, double y)
{
  SuiPrompt *moved;
  double     x_image, y_image;

  if (drag->kind == SUI_DRAG_CORNER)
    {
      sui_sight_to_image (sight, x, y, &x_image, &y_image);
      moved = sui_prompt_move_corner (drag->from, drag->corner, x_image, y_image,
                                      sight->image_width, sight->image_height);
    }
  else
    {
      moved = sui_prompt_move (drag->from, (x - drag->press_x) / sight->zoom,
                               (y - drag->press_y) / sight->zoom, sight->image_width,
                               sight->image_height);
    }
  sui_session_replace (drag->session, drag->prompt, moved, TRUE);
}

gboolean
sui_drag_motion (SuiDrag *drag, SuiSight *sight, double x, double y)
{
  double   dx = x - drag->last_x, dy = y - drag->last_y;
  gboolean changed = TRUE;

  if (hypot (x - drag->press_x, y - drag->press_y) > DRAG_THRESHOLD)
    drag->moved = TRUE;

  switch (drag->kind)
    {
    case SUI_DRAG_NONE:
      return FALSE;

    case SUI_DRAG_PAN:
      sui_sight_pan_by (sight, dx, dy);
      break;

    case SUI_DRAG_CLICK:
      changed = drag->moved;
      if (drag->moved)
        {
          drag->kind = SUI_DRAG_BOX;
          sui_session_leave (drag->session);
        }
      break;

    case SUI_DRAG_BOX:
      break;

    case SUI_DRAG_LINE:
      /* measured from the last corner, so that slow hands draw too */
      if (hypot (dx, dy) < LINE_STEP)
        return FALSE;
      add_to_line (drag, sight, x, y);
      break;

    case SUI_DRAG_PROMPT:
    case SUI_DRAG_CORNER:
      changed = drag->moved;
      if (drag->moved)
        move_prompt (drag, sight, x, y);
      break;
    }
  drag->last_x = x;
  drag->last_y = y;

  return changed;
}

/* --- end --- */

/* A point where the button was pressed; NULL beside the picture. */
static SuiPrompt *
make_point (const SuiDrag *drag, const SuiSight *sight)
{
  double x_image, y_image;

  if (! sui_sight_hit (sight, drag->press_x, drag->press_y, &x_image, &y_image))
    return NULL;

  return sui_prompt_new_point (x_image, y_image, drag->label);
}

static SuiPrompt *
make_box (const SuiDrag *drag, const SuiSight *sight, double x, double y)
{
  double x0, y0, x1, y1;

  sui_sight_to_nearest (sight, drag->press_x, drag->press_y, &x0, &y0);
  sui_sight_to_nearest (sight, x, y, &x1, &y1);
  if (fabs (x1 - x0) < 1.0 || fabs (y1 - y0) < 1.0)
    return NULL;
  if (! drag->label)
    {
      /* models know no boxes to leave out: what is inside is taken away as by a lasso */
      const float around[] = { (float) x0, (float) y0, (float) x1, (float) y0,
                               (float) x1, (float) y1, (float) x0, (float) y1 };

      return sui_prompt_new_lasso (around, 4, 0);
    }

  return sui_prompt_new_box (x0, y0, x1, y1);
}

static SuiPrompt *
make_line (const SuiDrag *drag, const SuiSight *sight)
{
  if (drag->tool == SUI_TOOL_BRUSH)
    return sui_prompt_new_stroke (get_line (drag), drag->line->len, drag->brush / sight->zoom,
                                  drag->label);
  if (drag->line->len > 2 && drag->moved)
    return sui_prompt_new_lasso (get_line (drag), drag->line->len, drag->label);

  return make_point (drag, sight);
}

SuiPrompt *
sui_drag_release (SuiDrag *drag, const SuiSight *sight, double x, double y)
{
  switch (drag->kind)
    {
    case SUI_DRAG_NONE:
    case SUI_DRAG_PAN:
      break;

    case SUI_DRAG_CLICK:
      return make_point (drag, sight);

    case SUI_DRAG_BOX:
      return make_box (drag, sight, x, y);

    case SUI_DRAG_LINE:
      return make_line (drag, sight);

    case SUI_DRAG_PROMPT:
    case SUI_DRAG_CORNER:
      {
        const GPtrArray *prompts = get_prompts (drag);

        /* the step of undo ends */
        if (drag->moved && drag->prompt < prompts->len)
          sui_session_replace (drag->session, drag->prompt,
                               sui_prompt_ref (g_ptr_array_index (prompts, drag->prompt)), FALSE);
      }
      break;
    }

  return NULL;
}

void
sui_drag_cancel (SuiDrag *drag)
{
  if (! sui_drag_has_prompt (drag) || ! drag->moved)
    return;
  sui_session_replace (drag->session, drag->prompt, sui_prompt_ref (drag->from), FALSE);
  sui_session_undo (drag->session);
}

void
sui_drag_end (SuiDrag *drag)
{
  drag->kind = SUI_DRAG_NONE;
  g_clear_pointer (&drag->from, sui_prompt_unref);
  g_array_set_size (drag->line, 0);
}

void
sui_drag_draw (const SuiDrag *drag, cairo_t *cr, const SuiSight *sight)
{
  if (drag->kind == SUI_DRAG_BOX)
    {
      double x0, y0, x1, y1;

      sui_sight_to_nearest (sight, drag->press_x, drag->press_y, &x0, &y0);
      sui_sight_to_nearest (sight, drag->last_x, drag->last_y, &x1, &y1);
      sui_mark_draw_box (cr, sight, x0, y0, x1, y1, drag->label);
    }
  else if (drag->kind == SUI_DRAG_LINE && drag->line->len > 0)
    {
      if (drag->tool == SUI_TOOL_BRUSH)
        sui_mark_draw_stroke (cr, sight, get_line (drag), drag->line->len, drag->brush,
                              drag->label);
      else
        sui_mark_draw_lasso (cr, sight, get_line (drag), drag->line->len, drag->label);
    }
}
