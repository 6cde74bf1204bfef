/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a button of the pointer does between press and release: clicks and lines become prompts,
 * prompts are moved, the picture is panned. */
#pragma once

#include <cairo.h>

#include "ui/session/sui-session.h"
#include "ui/sui-sight.h"

G_BEGIN_DECLS

typedef enum
{
  SUI_TOOL_POINT, /* click: a point; drag: a box */
  SUI_TOOL_BRUSH,
  SUI_TOOL_LASSO
} SuiTool;

typedef enum
{
  SUI_DRAG_NONE,
  SUI_DRAG_PAN,
  SUI_DRAG_CLICK, /* may become a box */
  SUI_DRAG_BOX,
  SUI_DRAG_LINE, /* brush or lasso */
  SUI_DRAG_PROMPT,
  SUI_DRAG_CORNER
} SuiDragKind;

/**
 * SuiDrag:
 * @session: the owner's
 * @tool, @brush: set by the owner; a brush's width is the widget's
 * @label: of the prompt that is being made
 * @press_x, @press_y, @last_x, @last_y: in pixels of the widget
 * @moved: farther than a hand that means to click
 * @prompt, @corner, @from: which prompt of the current object is moved, and how it was before
 * @line: float pairs, in pixels of the picture
 */
typedef struct
{
  SuiSession *session;
  SuiTool     tool;
  double      brush;

  SuiDragKind kind;
  guint       button;
  int         label;
  double      press_x, press_y;
  double      last_x, last_y;
  gboolean    moved;
  guint       prompt;
  int         corner;
  SuiPrompt  *from;
  GArray     *line;
} SuiDrag;

void sui_drag_init (SuiDrag *drag, SuiSession *session);
void sui_drag_clear (SuiDrag *drag);

/* Moves the prompt that is there, or else uses the tool. */
void
sui_drag_begin (SuiDrag *drag, const SuiSight *sight, guint button, int label, double x, double y);
void sui_drag_begin_pan (SuiDrag *drag, guint button, double x, double y);

/* TRUE when it looks different now. Panning changes @sight. */
gboolean sui_drag_motion (SuiDrag *drag, SuiSight *sight, double x, double y);

/* The new prompt; NULL if there is none. Afterwards comes sui_drag_end(). */
SuiPrompt *sui_drag_release (SuiDrag *drag, const SuiSight *sight, double x, double y);
/* Puts a moved prompt back. Afterwards comes sui_drag_end(). */
void sui_drag_cancel (SuiDrag *drag);
void sui_drag_end (SuiDrag *drag);

gboolean sui_drag_has_prompt (const SuiDrag *drag);

/* The box or line so far. */
void sui_drag_draw (const SuiDrag *drag, cairo_t *cr, const SuiSight *sight);

G_END_DECLS
