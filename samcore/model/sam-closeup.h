/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Close-ups. The built-in model sees a picture at 384 pixels, where a small object is a few cells
 * and no edge is sharp; but it encodes in milliseconds. So the part of the picture around what was
 * found first is encoded by itself, as it is and mirrored; both answers are averaged, and the
 * result is drawn to the picture's colours (sam-crf.h). Internal. */
#pragma once

#include "samcore/model/sam-model-private.h"

/* The grid of an answer. */
#define SAM_CLOSEUP_SIDE 192

/**
 * sam_closeup_answer:
 * @scene: one that allows close-ups
 * @first: [4 side, 4 side] what was answered for the whole picture
 * @mask: (nullable): [4 side, 4 side] the logits that this answer started from
 * @part: where the answer lies; filled in
 * @iou: predicted; filled in
 *
 * [SAM_CLOSEUP_SIDE, SAM_CLOSEUP_SIDE] logits for one object; free with g_free. NULL with
 * SAM_ERROR_NO_MEMORY or G_IO_ERROR_CANCELLED.
 */
float *sam_closeup_answer (SamModel              *model,
                           SamScene              *scene,
                           const SamPromptObject *object,
                           const float           *first,
                           const float           *mask,
                           SamGeometry           *part,
                           float                 *iou,
                           const SamJob          *job,
                           GError               **error);
