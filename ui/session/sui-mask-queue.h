/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Those who wait for the mask at the picture's size. */
#pragma once

#include "ui/session/sui-shown.h"
#include "ui/session/sui-subject.h"

G_BEGIN_DECLS

typedef struct
{
  GQueue tasks; /* of GTask; the data is whether the mask is to be finished */
} SuiMaskQueue;

/* @task: to be returned with a SamMask */
void     sui_mask_queue_add (SuiMaskQueue *queue, GTask *task, gboolean finished);
gboolean sui_mask_queue_is_empty (const SuiMaskQueue *queue);

/* A job for the first of them, who is not in the queue any more. */
SuiJob *sui_mask_queue_ask (SuiMaskQueue   *queue,
                            SuiShown       *shown,
                            SuiSubject     *subject,
                            const SuiState *state);
/* Hands over what that job found. */
void sui_mask_queue_answer (SuiJob *job);
/* They wait in vain: because of @error, or, when NULL, because it was cancelled. */
void sui_mask_queue_fail (SuiMaskQueue *queue, const GError *error);

G_END_DECLS
