/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include <gdk/gdkkeysyms.h>

#include "ui/sui-cross.h"
#include "ui/sui-mark.h"

#define STEP 16.0 /* widget */
/* The arms, from the centre: the pixel in question stays visible. */
#define ARM_FROM 4
#define ARM_TO   16

void
sui_cross_init (SuiCross *cross, SuiSession *session)
{
  *cross = (SuiCross) { .session = session };
}

/* At least half a pixel from the border: in the middle of the outermost pixels. */
static void
place_cross (SuiCross *cross, const SuiSight *sight, double x_image, double y_image)
{
  cross->x = CLAMP (x_image, 0.5, sight->image_width - 0.5);
  cross->y = CLAMP (y_image, 0.5, sight->image_height - 0.5);
}

void
sui_cross_expect (SuiCross *cross, const SuiSight *sight, double x, double y)
{
  double x_image, y_image;

  if (cross->shown || ! sui_sight_has_picture (sight))
    return;
  sui_sight_to_image (sight, x, y, &x_image, &y_image);
  place_cross (cross, sight, x_image, y_image);
}

void
sui_cross_hide (SuiCross *cross)
{
  cross->shown = cross->box = FALSE;
}

/* A step to each side is -1, 0 or 1: some way on the screen, or with @fine a pixel of the picture.
 */
static gboolean
move_cross (SuiCross *cross, SuiSight *sight, int dx, int dy, gboolean fine, int label)
{
  double step = fine ? 1.0 : MAX (1.0, STEP / sight->zoom);

  if (! sui_sight_has_picture (sight))
    return FALSE;
  cross->shown = TRUE;
  place_cross (cross, sight, cross->x + dx * step, cross->y + dy * step);
  sui_sight_reveal (sight, cross->x, cross->y);
  sui_session_hover (cross->session, cross->x, cross->y, label);

  return TRUE;
}

/* The box, now finished, or without one a point; NULL when the box is too small. */
static SuiPrompt *
make_prompt (SuiCross *cross, int label)
{
  if (! cross->box)
    return sui_prompt_new_point (cross->x, cross->y, label);

  cross->box = FALSE;
  if (fabs (cross->x - cross->box_x) < 1 || fabs (cross->y - cross->box_y) < 1)
    return NULL;

  return sui_prompt_new_box (cross->box_x, cross->box_y, cross->x, cross->y);
}

static gboolean
toggle_box (SuiCross *cross, const SuiSight *sight)
{
  if (! sui_sight_has_picture (sight))
    return FALSE;
  cross->shown = TRUE;
  cross->box = ! cross->box;
  cross->box_x = cross->x;
  cross->box_y = cross->y;

  return TRUE;
}

gboolean
sui_cross_press (SuiCross   *cross,
                 SuiSight   *sight,
                 guint       keyval,
                 gboolean    shift,
                 int         label,
                 SuiPrompt **prompt)
{
  *prompt = NULL;
  switch (keyval)
    {
    case GDK_KEY_Left:
    case GDK_KEY_KP_Left:
      return move_cross (cross, sight, -1, 0, shift, label);

    case GDK_KEY_Right:
    case GDK_KEY_KP_Right:
      return move_cross (cross, sight, 1, 0, shift, label);

    case GDK_KEY_Up:
    case GDK_KEY_KP_Up:
      return move_cross (cross, sight, 0, -1, shift, label);

    case GDK_KEY_Down:
    case GDK_KEY_KP_Down:
      return move_cross (cross, sight, 0, 1, shift, label);

    case GDK_KEY_Return:
    case GDK_KEY_KP_Enter:
    case GDK_KEY_ISO_Enter:
      if (! cross->shown)
        return FALSE;
      *prompt = make_prompt (cross, shift ? 1 - label : label);
      return TRUE;

    case GDK_KEY_b:
    case GDK_KEY_B:
      return toggle_box (cross, sight);

    case GDK_KEY_Escape:
      /* first the box, then the cross */
      if (! cross->shown)
        return FALSE;
      cross->shown = cross->box;
      cross->box = FALSE;
      return TRUE;

    default:
      return FALSE;
    }
}

void
sui_cross_draw (const SuiCross *cross, cairo_t *cr, const SuiSight *sight)
{
  double x, y;

  if (cross->box)
    sui_mark_draw_box (cr, sight, cross->box_x, cross->box_y, cross->x, cross->y, 1);

  /* white on black, on the middle of pixels */
  sui_sight_to_widget (sight, cross->x, cross->y, &x, &y);
  x = floor (x) + 0.5;
  y = floor (y) + 0.5;
  for (int pass = 0; pass < 2; pass++)
    {
      for (int i = 0; i < 4; i++)
        {
          double dx = i == 0 ? 1 : i == 1 ? -1 : 0, dy = i == 2 ? 1 : i == 3 ? -1 : 0;

          cairo_move_to (cr, x + ARM_FROM * dx, y + ARM_FROM * dy);
          cairo_line_to (cr, x + ARM_TO * dx, y + ARM_TO * dy);
        }
      cairo_set_source_rgb (cr, pass, pass, pass);
      cairo_set_line_width (cr, pass ? 1.5 : 4.0);
      cairo_stroke (cr);
    }
}
