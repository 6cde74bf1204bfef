/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the user marked: points on and off the object, boxes around it, a rough mask. */
#pragma once

#include "samcore/sam-logits.h"
#include "samcore/sam-mask.h"

G_BEGIN_DECLS

/* In pixels of the picture, from its top left corner; the first pixel's centre is (0.5, 0.5). */
typedef struct
{
  float x_image, y_image;
  int   label; /* 1 on the object, 0 off it */
} SamPoint;

typedef struct
{
  float x0_image, y0_image, x1_image, y1_image; /* x0 < x1, y0 < y1; x1 and y1 exclusive */
} SamBox;

#define SAM_PROMPT_MAX_POINTS 1024
#define SAM_PROMPT_MAX_BOXES  64

/**
 * SamHqMode:
 * @SAM_HQ_ADD: the finer mask's logits are added to the plain one's, as in the reference
 * @SAM_HQ_ONLY: the finer mask alone
 * @SAM_HQ_OFF: the plain mask alone
 *
 * How SAM-HQ's second mask is used. Other families ignore it.
 */
typedef enum
{
  SAM_HQ_ADD,
  SAM_HQ_ONLY,
  SAM_HQ_OFF
} SamHqMode;

/**
 * SamPrompt:
 * @points: (element-type SamPoint)
 * @boxes: (element-type SamBox)
 * @previous: (nullable): an answer for the same picture, to refine; the caller keeps it alive
 * @previous_candidate: which of its candidates
 * @mask: (nullable): a rough mask to refine, of any size, stretched over the picture; the caller
 *   keeps it alive
 * @hq_mode: for SAM-HQ
 * @quick: no close-ups. Otherwise models that can encode in milliseconds answer from close-ups of
 *   what they found, which gives better masks with finer edges, but takes several times longer
 *
 * Allocated by the caller, between sam_prompt_init() and sam_prompt_clear().
 *
 * Each box is an object; the answer is their union. With several boxes a positive point belongs to
 * the smallest box that holds it, a negative point to every box that holds it, and the points
 * outside all boxes make an object of their own if one of them is positive.
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
/* Any two opposite corners, in any order. */
void sam_prompt_add_box (SamPrompt *prompt, float x0, float y0, float x1, float y1);

gboolean sam_prompt_is_empty (const SamPrompt *prompt);
/* TRUE for a single positive point and nothing else, which gets three candidates. */
gboolean sam_prompt_is_ambiguous (const SamPrompt *prompt);

/**
 * sam_prompt_check:
 * @width: of the picture, in pixels
 * @height: likewise
 *
 * FALSE with SAM_ERROR_BAD_PROMPT, in a sentence that names the first mistake, if the prompt is
 * empty; a coordinate is not finite or lies outside the picture (0 to @width, 0 to @height); a
 * label is neither 0 nor 1; a box is empty; there are more than SAM_PROMPT_MAX_POINTS points or
 * SAM_PROMPT_MAX_BOXES boxes; or all points are negative and there is neither a box nor a mask.
 */
gboolean sam_prompt_check (const SamPrompt *prompt, size_t width, size_t height, GError **error);

/**
 * sam_prompt_parse:
 * @text: points and boxes in one line, separated by ";": "120,80 +", "300,90 -", "120,80" (the same
 *   as with +), "box 10,20,200,300"; with decimal points in every locale, and blanks anywhere
 *
 * Adds what @text says to @prompt. FALSE with SAM_ERROR_BAD_PROMPT, which names the part that is
 * wrong.
 */
gboolean sam_prompt_parse (SamPrompt *prompt, const char *text, GError **error);

/* (transfer full): the points and boxes in the form that sam_prompt_parse() reads. Free with
 * g_free(). */
char *sam_prompt_to_string (const SamPrompt *prompt);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SamPrompt, sam_prompt_clear)

G_END_DECLS
