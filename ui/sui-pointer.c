/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ui/sui-mark.h"
#include "ui/sui-pointer.h"

void
sui_pointer_init (SuiPointer *pointer, SuiSession *session)
{
  *pointer = (SuiPointer) { .session = session, .label = 1, .marked = -1 };
}

void
sui_pointer_move (SuiPointer *pointer, double x, double y)
{
  pointer->inside = TRUE;
  pointer->x = x;
  pointer->y = y;
}

int
sui_pointer_get_label (const SuiPointer *pointer, gboolean right, gboolean alt)
{
  return right != alt ? 1 - pointer->label : pointer->label;
}

const char *
sui_pointer_get_cursor (const SuiPointer *pointer, const SuiSight *sight, const SuiDrag *drag)
{
  double x, y;

  if (drag->kind == SUI_DRAG_PAN)
    return "grabbing";
  if (pointer->space)
    return "grab";
  if (pointer->marked >= 0 && pointer->inside)
    return "move";
  if (! sui_sight_hit (sight, pointer->x, pointer->y, &x, &y))
    return "default";
  /* its circle is drawn */
  if (drag->tool == SUI_TOOL_BRUSH)
    return "none";

  return "crosshair";
}

gboolean
sui_pointer_mark (SuiPointer *pointer, const SuiSight *sight)
{
  int before = pointer->marked, corner;

  pointer->marked = -1;
  if (pointer->inside && ! pointer->space)
    pointer->marked = sui_mark_find (
      sui_session_get_prompts (pointer->session, sui_session_get_current (pointer->session)), sight,
      pointer->x, pointer->y, &corner);

  return pointer->marked != before;
}

void
sui_pointer_preview (const SuiPointer *pointer, const SuiSight *sight, const SuiDrag *drag)
{
  double x, y;

  if (pointer->inside && ! pointer->space && pointer->marked < 0 && drag->kind == SUI_DRAG_NONE &&
      drag->tool == SUI_TOOL_POINT && sui_sight_hit (sight, pointer->x, pointer->y, &x, &y))
    sui_session_hover (pointer->session, x, y,
                       sui_pointer_get_label (pointer, FALSE, pointer->alt));
  else
    sui_session_leave (pointer->session);
}
