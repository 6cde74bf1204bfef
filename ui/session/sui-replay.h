/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was said in a window, answered without one, to the same pixel: see
 * sui_session_to_script(). */
#pragma once

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
 * sui_replay_answer:
 * @width, @height: of the picture
 * @iou: (out): how sure the model is of the last object
 *
 * All objects united, at the picture's size.
 */
SamMask *sui_replay_answer (const SuiState  *state,
                            const SuiEngine *engine,
                            SamModel        *model,
                            SamScene        *embedding,
                            guint            width,
                            guint            height,
                            SamEdge          edge,
                            const SamJob    *sam_job,
                            double          *iou,
                            GError         **error);

G_END_DECLS
