/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The cross of the keyboard: what the pointer is to those who use a mouse. Arrow keys move it,
 * Enter makes a point where it is, B begins a box there. */
#pragma once

#include <cairo.h>

#include "ui/session/sui-session.h"
#include "ui/sui-sight.h"

G_BEGIN_DECLS

/**
 * SuiCross:
 * @session: the owner's
 * @x, @y: where it is, or where it will appear, in pixels of the picture
 * @box: a box is being drawn, from @box_x, @box_y to the cross
 */
typedef struct
{
  SuiSession *session;
  gboolean    shown;
  double      x, y;
  gboolean    box;
  double      box_x, box_y;
} SuiCross;

void sui_cross_init (SuiCross *cross, SuiSession *session);

/* Says where in the widget it is to appear; once it is shown only keys move it. */
void sui_cross_expect (SuiCross *cross, const SuiSight *sight, double x, double y);
void sui_cross_hide (SuiCross *cross);

/**
 * sui_cross_press:
 * @sight: follows the cross
 * @keyval: of a key pressed without Ctrl, Alt and Super
 * @label: of a new point; Shift makes it the other
 * @prompt: becomes the new prompt; NULL when there is none
 *
 * Returns FALSE when the key means nothing to the cross.
 */
gboolean sui_cross_press (SuiCross   *cross,
                          SuiSight   *sight,
                          guint       keyval,
                          gboolean    shift,
                          int         label,
                          SuiPrompt **prompt);

void sui_cross_draw (const SuiCross *cross, cairo_t *cr, const SuiSight *sight);

G_END_DECLS
