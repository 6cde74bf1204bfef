/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One object: what was said about it, and the answer once there is one. What was said never changes
 * (another prompt makes another SuiObject); the answer is filled in by the session, on the main
 * thread. */
#pragma once

#include "samcore/sam-logits.h"
#include "ui/session/sui-prompt.h"

G_BEGIN_DECLS

#define SUI_MAX_CANDIDATES 4
#define SUI_MAX_OBJECTS    256
#define SUI_MAX_PROMPTS    1000 /* of one object */

/* A prediction; immutable. */
typedef struct
{
  SamLogits *logits;
  guint      n_candidates;
  float      iou[SUI_MAX_CANDIDATES];
  SamMask   *thumbnail[SUI_MAX_CANDIDATES];
} SuiResult;

/* @logits is taken over. */
SuiResult *sui_result_new (SamLogits *logits);
SuiResult *sui_result_ref (SuiResult *result);
void       sui_result_unref (SuiResult *result);

/* An answer that was fed back: to the first @n_prompts, given the answer of the step before;
 * @candidate of it went into the next: the best one if it is SUI_STEP_BEST. */
#define SUI_STEP_BEST G_MAXUINT

typedef struct
{
  guint n_prompts;
  guint candidate;
} SuiStep;

/**
 * SuiObject:
 * @prompts: (element-type SuiPrompt)
 * @steps: (element-type SuiStep): how the answer to be refined was found; with the prompts, all
 *   that the answer depends on
 * @previous: (nullable): the answer of the last step; without it, the steps are gone through again
 * @result: (nullable): the answer
 * @candidate: the one to show; only means something with @result
 * @chosen: the user chose it
 * @mask: (nullable): of @candidate at the size of the view, options not applied
 */
typedef struct
{
  GPtrArray *prompts;
  GArray    *steps;
  SuiResult *previous;
  SuiResult *result;
  guint      candidate;
  gboolean   chosen;
  SamMask   *mask;
} SuiObject;

SuiObject *sui_object_new (void);
/* What was said, without the answer and the steps to it. */
SuiObject *sui_object_copy (const SuiObject *object);
/* The same steps as to @old's answer; with @refine, and if there is one, that answer is the last
 * step. */
void       sui_object_follow (SuiObject *object, const SuiObject *old, gboolean refine);
SuiObject *sui_object_ref (SuiObject *object);
void       sui_object_unref (SuiObject *object);

/* Something says where the object is, not only where it is not. */
gboolean sui_object_is_answerable (const SuiObject *object);

/* One more prompt, of whatever kind, is not too much for a model, to which a stroke is several
 * points. */
gboolean sui_object_has_room (const SuiObject *object);

/* Several objects, one of them current: a state of the history. */
typedef struct
{
  GPtrArray *objects; /* of SuiObject, at least one */
  guint      current;
} SuiState;

SuiState *sui_state_new (void);
SuiState *sui_state_copy (const SuiState *state);
void      sui_state_free (SuiState *state);

/* @object is taken over. */
void       sui_state_set (SuiState *state, guint i, SuiObject *object);
SuiObject *sui_state_get (const SuiState *state, guint i);

/* No object has a prompt. */
gboolean sui_state_is_empty (const SuiState *state);
/* At least one object is. */
gboolean sui_state_is_answerable (const SuiState *state);

/* As text, a line each:
 *   object N     another object; N is the candidate that was chosen, -1 for the best
 *   then N       what was found for the prompts so far, its candidate N, is to be refined; N as
 *                above
 *   point …      and the other prompts */
void sui_state_append_to (const SuiState *state, const SuiPlace *place, GString *text);
/* Adds what one such line says to a state that was made without objects; @width, @height of the
 * picture. FALSE with SAM_ERROR_BAD_PROMPT, and nothing added, when it says nothing that can be. */
SuiState *sui_state_new_without_objects (void);
gboolean  sui_state_read_line (SuiState       *state,
                               const char     *line,
                               const SuiPlace *place,
                               guint           width,
                               guint           height,
                               GError        **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SuiObject, sui_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SuiResult, sui_result_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SuiState, sui_state_free)

G_END_DECLS
