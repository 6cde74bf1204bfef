/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One object: what was said about it, and the answer once there is one. What was said never changes (another
 * prompt makes another SuiObject); the answer is filled in by the session, on the main thread. */
#pragma once

#include "ui/sui-engine.h"
#include "ui/sui-prompt.h"

G_BEGIN_DECLS

#define SUI_MAX_CANDIDATES 4

/* A prediction; immutable. */
typedef struct
{
  const SuiEngine *engine;
  SamLogits       *logits;
  guint            n_candidates, best;
  float            iou[SUI_MAX_CANDIDATES];
  SamMask         *thumbnail[SUI_MAX_CANDIDATES];
} SuiResult;

/* @logits is taken over. */
SuiResult *sui_result_new (const SuiEngine *engine, SamLogits *logits, guint best);
SuiResult *sui_result_ref (SuiResult *result);
void       sui_result_unref (SuiResult *result);

/**
 * SuiObject:
 * @prompts: (element-type SuiPrompt)
 * @previous: (nullable): the answer before the last prompt was added, to be refined
 * @result: (nullable): the answer
 * @candidate: the one to show; only means something with @result
 * @chosen: the user chose it
 * @mask: (nullable): of @candidate at the size of the view, options not applied
 */
typedef struct
{
  GPtrArray *prompts;
  SuiResult *previous;
  guint      previous_candidate;
  SuiResult *result;
  guint      candidate;
  gboolean   chosen;
  SamMask   *mask;
} SuiObject;

SuiObject *sui_object_new (void);
/* What was said, without the answer. */
SuiObject *sui_object_copy (const SuiObject *object);
SuiObject *sui_object_ref (SuiObject *object);
void       sui_object_unref (SuiObject *object);

/* Something says where the object is, not only where it is not. */
gboolean sui_object_is_answerable (const SuiObject *object);

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

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SuiObject, sui_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SuiResult, sui_result_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SuiState, sui_state_free)

G_END_DECLS
