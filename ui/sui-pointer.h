/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pointer over the picture: where it is, which prompt is under it, what a click would do. What
 * happens while a button is held down is SuiDrag's. */
#pragma once

#include "ui/sui-drag.h"

G_BEGIN_DECLS

/**
 * SuiPointer:
 * @session: the owner's
 * @label: what the left button does: 1 adds, 0 takes away
 * @inside, @x, @y: whether it is over the widget, and where
 * @alt, @space: these keys are held down
 * @marked: the prompt of the current object under it; -1 for none
 */
typedef struct
{
  SuiSession *session;
  int         label;
  gboolean    inside;
  double      x, y;
  gboolean    alt, space;
  int         marked;
} SuiPointer;

void sui_pointer_init (SuiPointer *pointer, SuiSession *session);
void sui_pointer_move (SuiPointer *pointer, double x, double y);

/* The right button and Alt do the opposite of the left button; both together do the same. */
int sui_pointer_get_label (const SuiPointer *pointer, gboolean right, gboolean alt);
/* A name in CSS. */
const char *
sui_pointer_get_cursor (const SuiPointer *pointer, const SuiSight *sight, const SuiDrag *drag);

/* Looks for a prompt under the pointer; TRUE when it is another one than before. */
gboolean sui_pointer_mark (SuiPointer *pointer, const SuiSight *sight);
/* Asks for a preview of a click there, or stops asking. */
void sui_pointer_preview (const SuiPointer *pointer, const SuiSight *sight, const SuiDrag *drag);

G_END_DECLS
