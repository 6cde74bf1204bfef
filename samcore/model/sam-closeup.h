/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A second, closer look. The built-in model sees a picture at 384 pixels, where a small object is a
 * few cells and no edge is sharp; but it encodes in milliseconds. So what was found first is looked
 * at again: the part of the picture around it is encoded by itself, and mirrored too, both answers
 * are averaged, and the result is drawn to the picture's colours (sam-crf.h). Internal. */
#pragma once

#include "samcore/model/sam-embedding-private.h"
#include "samcore/model/sam-model-private.h"

/* The grid of an answer. */
#define SAM_CLOSEUP_SIDE 192

/* SamCloseups (sam-embedding-private.h): a picture and those of its parts that were encoded
 * last. */
SamCloseups *sam_closeups_new (SamImage *image);
void         sam_closeups_free (SamCloseups *closeups);

/**
 * sam_closeup_answer:
 * @whole: with close-ups
 * @first: [4 side, 4 side] what was answered for the whole picture
 * @mask: (nullable): [4 side, 4 side] the logits that this answer started from
 * @part: where the answer lies; filled in
 * @iou: predicted; filled in
 *
 * [SAM_CLOSEUP_SIDE, SAM_CLOSEUP_SIDE] logits for one object; free with g_free. NULL with
 * SAM_ERROR_NO_MEMORY or G_IO_ERROR_CANCELLED.
 */
float *sam_closeup_answer (SamModel              *model,
                           const SamEmbedding    *whole,
                           const SamPromptObject *object,
                           const float           *first,
                           const float           *mask,
                           SamGeometry           *part,
                           float                 *iou,
                           const SamJob          *job,
                           GError               **error);
