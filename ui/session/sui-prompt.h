/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One thing that the user said about an object: a point, a box, a brush stroke, a lasso or a rough
 * mask. Immutable, shared by the states of the history. Coordinates are pixels of the picture. */
#pragma once

#include "samcore/sam-prompt.h"

G_BEGIN_DECLS

typedef enum
{
  SUI_PROMPT_POINT,
  SUI_PROMPT_BOX,
  SUI_PROMPT_STROKE,
  SUI_PROMPT_LASSO,
  SUI_PROMPT_MASK
} SuiPromptKind;

/* A stroke or lasso keeps at most so many corners; a mask is reduced to at most so many pixels a
 * side. */
#define SUI_PROMPT_MAX_CORNERS 2048
#define SUI_PROMPT_MASK_SIDE   256
/* That a stroke or lasso is to a model, at most. */
#define SUI_PROMPT_MAX_POINTS 8

/**
 * SuiPrompt:
 * @label: 1 adds to the object, 0 takes away; boxes and masks are always 1
 * @width: of a stroke
 * @n: corners in @xy: 1 for a point, 2 for a box (top left, bottom right)
 * @xy: [n, 2]
 * @mask: (nullable): of a mask, stretched over the picture
 */
typedef struct
{
  SuiPromptKind kind;
  int           label;
  float         width;
  size_t        n;
  float        *xy;
  SamMask      *mask;
} SuiPrompt;

/* Where a text's coordinates are: the picture's times @factor, plus @x and @y. NULL: the picture's
 * own. */
typedef struct
{
  double factor, x, y;
} SuiPlace;

SuiPrompt *sui_prompt_new_point (double x, double y, int label);
/* The corners may come in any order. */
SuiPrompt *sui_prompt_new_box (double x0, double y0, double x1, double y1);
/* @xy: [n, 2]; thinned out to SUI_PROMPT_MAX_CORNERS. */
SuiPrompt *sui_prompt_new_stroke (const float *xy, size_t n, double width, int label);
SuiPrompt *sui_prompt_new_lasso (const float *xy, size_t n, int label);
/* A copy of @mask, reduced to SUI_PROMPT_MASK_SIDE; NULL when nothing of it is set. */
SuiPrompt *sui_prompt_new_mask (const SamMask *mask);

SuiPrompt *sui_prompt_ref (SuiPrompt *prompt);
void       sui_prompt_unref (SuiPrompt *prompt);

/* The same, elsewhere: all of it, or one corner of a box (0 top left, 1 top right, 2 bottom left,
 * 3 bottom right). Kept inside a picture of that size. */
SuiPrompt *
sui_prompt_move (const SuiPrompt *prompt, double dx, double dy, double width, double height);
SuiPrompt *sui_prompt_move_corner (const SuiPrompt *prompt,
                                   int              corner,
                                   double           x,
                                   double           y,
                                   double           width,
                                   double           height);

/* TRUE when every coordinate is finite and inside a picture of that size. */
gboolean sui_prompt_fits (const SuiPrompt *prompt, double width, double height);

/**
 * sui_prompt_say:
 * @prompts: (element-type SuiPrompt): all that was said about one object
 * @masks: whether lassos and masks become a mask; without, they are boxes and points only
 * @out: an initialised prompt of the model
 *
 * Translates into what a model understands. Returns the mask that @out refers to, to be freed after
 * @out; NULL without one.
 */
SamMask *sui_prompt_say (const GPtrArray *prompts,
                         double           width,
                         double           height,
                         gboolean         masks,
                         SamPrompt       *out);

/* One line, decimal points always; parse gives the same back, to the last bit, or NULL with
 * SAM_ERROR_BAD_PROMPT. */
void       sui_prompt_append_to (const SuiPrompt *prompt, const SuiPlace *place, GString *text);
SuiPrompt *sui_prompt_parse (const char *line, const SuiPlace *place, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SuiPrompt, sui_prompt_unref)

G_END_DECLS
