/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the user said: points on and off the object, boxes around it, a mask. */
#pragma once

#include "samcore/sam-logits.h"
#include "samcore/sam-mask.h"

G_BEGIN_DECLS

/* In pixels of the picture, origin top left; the centre of the first pixel is (0.5, 0.5). */
typedef struct
{
  float x_image, y_image;
  int   label; /* 1 on the object, 0 off it */
} SamPoint;

typedef struct
{
  float x0_image, y0_image, x1_image, y1_image; /* x0 < x1, y0 < y1, right and bottom exclusive */
} SamBox;

#define SAM_PROMPT_MAX_POINTS 1024
#define SAM_PROMPT_MAX_BOXES  64

/**
 * SamHqMode:
 * @SAM_HQ_ADD: SAM-HQ's finer mask is added to the plain one, as the reference does
 * @SAM_HQ_ONLY: the finer mask alone
 * @SAM_HQ_OFF: the plain one alone
 *
 * Means nothing to other families.
 */
typedef enum
{
  SAM_HQ_ADD,
  SAM_HQ_ONLY,
  SAM_HQ_OFF
} SamHqMode;

/**
 * SamPrompt: @previous: (nullable): logits of the same picture to refine; the caller keeps it alive
 * @previous_candidate: which of them @quick: one look at the whole picture will do. Otherwise
 * models that encode in milliseconds look again,
 *   closer, at what they found: better and with finer edges, but several times slower than the
 *   first look
 * @mask: (nullable): a rough mask of any size to refine, stretched over the picture; kept alive
 * likewise
 *
 * A caller's struct: init, add, clear. Several boxes are several objects, united; points belong to
 * the box that holds them (a negative point to every box that holds it), points outside all boxes
 * make an object of their own if one of them is positive.
 */
typedef struct
{
  GArray          *points; /* of SamPoint */
  GArray          *boxes;  /* of SamBox */
  const SamLogits *previous;
  size_t           previous_candidate;
  const SamMask   *mask;
  SamHqMode        hq_mode;
  gboolean         quick;
} SamPrompt;

void sam_prompt_init (SamPrompt *prompt);
void sam_prompt_clear (SamPrompt *prompt);
void sam_prompt_add_point (SamPrompt *prompt, float x_image, float y_image, int label);
/* The corners may come in any order. */
void sam_prompt_add_box (SamPrompt *prompt, float x0, float y0, float x1, float y1);

gboolean sam_prompt_is_empty (const SamPrompt *prompt);
/* TRUE for a lone positive point: three candidates are worth showing. */
gboolean sam_prompt_is_ambiguous (const SamPrompt *prompt);

/**
 * sam_prompt_check:
 *
 * FALSE with SAM_ERROR_BAD_PROMPT, in one sentence that names the first culprit, when: there is no
 * prompt at all; a coordinate is NaN, infinite or outside the picture (0..width, 0..height); a
 * label is not 0 or 1; a box is empty; there are more than SAM_PROMPT_MAX_POINTS or
 * SAM_PROMPT_MAX_BOXES; all points are negative and there is no box nor mask.
 */
gboolean sam_prompt_check (const SamPrompt *prompt, size_t width, size_t height, GError **error);

/**
 * sam_prompt_parse: @text: the one-line form, parts separated by ";": "120,80 +", "300,90 -",
 * "120,80" (the same as +),
 *   "box 10,20,200,300"; decimal points always, blanks anywhere
 *
 * Adds what @text says to @prompt. SAM_ERROR_BAD_PROMPT names the part that is wrong.
 */
gboolean sam_prompt_parse (SamPrompt *prompt, const char *text, GError **error);

/* The one-line form of the points and boxes; parse gives the same back. Free with g_free. */
char *sam_prompt_to_string (const SamPrompt *prompt);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SamPrompt, sam_prompt_clear)

G_END_DECLS
