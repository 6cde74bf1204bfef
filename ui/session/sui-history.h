/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The states that a user went through, with undo and redo. There is always a current state. */
#pragma once

#include "ui/session/sui-object.h"

G_BEGIN_DECLS

/* The current state's neighbours that keep their answers, on each side; farther ones are computed
 * again when undo gets there. A SAM answer is 0.8 MB. */
#define SUI_HISTORY_KEPT 24
/* Beyond this the oldest state is forgotten. */
#define SUI_HISTORY_MAX 1000

typedef struct _SuiHistory SuiHistory;

SuiHistory *sui_history_new (void);
void        sui_history_free (SuiHistory *history);
/* Back to one state without prompts. */
void sui_history_reset (SuiHistory *history);

/* The current state, and the current object in it. */
SuiState  *sui_history_get_state (SuiHistory *history);
SuiObject *sui_history_get_object (SuiHistory *history);
/* Not a step; object: an index */
void sui_history_set_current (SuiHistory *history, guint object);

/* Takes @state: the next step. What could be redone is forgotten. */
void sui_history_push (SuiHistory *history, SuiState *state);

/* --- steps that change the current object; a prompt is taken --- */

/* FALSE, and no step, when the object has all that a model takes. */
gboolean sui_history_add (SuiHistory *history, SuiPrompt *prompt);
/* The step stays open while @more: further calls change it instead of adding one. TRUE when one was
 * added. */
gboolean sui_history_replace (SuiHistory *history, guint i, SuiPrompt *prompt, gboolean more);
void     sui_history_delete (SuiHistory *history, guint i);
/* Leafing through the candidates is one step. */
void sui_history_choose (SuiHistory *history, guint candidate);

/* --- steps that change which objects there are --- */

void sui_history_add_object (SuiHistory *history);
void sui_history_delete_object (SuiHistory *history, guint object);

gboolean sui_history_can_undo (SuiHistory *history);
gboolean sui_history_can_redo (SuiHistory *history);
/* FALSE when they cannot. */
gboolean sui_history_undo (SuiHistory *history);
gboolean sui_history_redo (SuiHistory *history);

/* Frees the answers of states far from the current one, and the masks of all others. */
void sui_history_trim (SuiHistory *history);
/* All answers, such as those of another model. */
void sui_history_drop_answers (SuiHistory *history);
/* The masks of the current state. */
void sui_history_drop_masks (SuiHistory *history);

G_END_DECLS
