/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prompts answered without a window, to the same pixel as in one: what was said there (see
 * sui_session_to_script()), or points and boxes that were given at once. */
#pragma once

#include "samcore/sam-predictor.h"
#include "ui/session/sui-object.h"

G_BEGIN_DECLS

/* Whether @text is meant for sui_replay_parse(). */
gboolean sui_replay_is_said (const char *text);

/* @text: the lines of sui_state_append_to(), or parts separated by ";". SAM_ERROR_BAD_PROMPT names
 * the first that is wrong. */
SuiState *sui_replay_parse (const char     *text,
                            const SuiPlace *place,
                            guint           width,
                            guint           height,
                            GError        **error);

/**
 * sui_replay_new:
 * @prompt: in the picture's coordinates
 *
 * One object, for which all of @prompt is said as if it had been clicked: the rough mask and the
 * boxes at once, which are what tells most and several objects if there are several; then one point
 * after the other, those on the object first. Each answer is fed back to the next, so that more
 * points never make it worse. Of more than SUI_REPLAY_MAX_ANSWERS points, several go together.
 */
SuiState *sui_replay_new (const SamPrompt *prompt);

/* A thousand points would take minutes. */
#define SUI_REPLAY_MAX_ANSWERS 32

/**
 * sui_replay_answer:
 * @predictor: a shared one
 * @scene: what it made of the picture
 * @width, @height: of the picture
 * @candidate: of the current object, as sam_candidate_choose() takes it; what @state says if it is
 *   SAM_CANDIDATE_BEST
 * @iou: (out): how sure the model is of the last object
 *
 * All objects united, at the picture's size. SAM_ERROR_BAD_PROMPT when there is no such @candidate.
 */
SamMask *sui_replay_answer (const SuiState *state,
                            SamPredictor   *predictor,
                            gpointer        scene,
                            guint           width,
                            guint           height,
                            SamEdge         edge,
                            int             candidate,
                            const SamJob   *sam_job,
                            double         *iou,
                            GError        **error);

G_END_DECLS
