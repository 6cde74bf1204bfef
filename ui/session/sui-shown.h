/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is shown of the current state: its view, and how that is to be made. */
#pragma once

#include "ui/session/sui-job.h"
#include "ui/session/sui-subject.h"

G_BEGIN_DECLS

typedef struct
{
  SuiOptions options;
  double     factor; /* the image's pixels per pixel of the picture */
  double     detail; /* pixels of the screen per pixel of the picture */
  SuiView   *view;   /* NULL before the first */
  gboolean   dirty;  /* view is not that of the state and options */
} SuiShown;

void sui_shown_init (SuiShown *shown);
void sui_shown_clear (SuiShown *shown);

/* TRUE when that makes another view; a matte is shown as a smooth edge. */
gboolean sui_shown_set_options (SuiShown *shown, const SuiOptions *options);

/* For a new view of @state. */
SuiJob *sui_shown_ask (SuiShown *shown, SuiSubject *subject, const SuiState *state);
/* For the mask of @state at the picture's size. */
SuiJob *
sui_shown_ask_mask (SuiShown *shown, SuiSubject *subject, const SuiState *state, gboolean finished);
/* Takes what a job for a view has found, even if it was cancelled or failed on its way. FALSE when
 * it failed. */
gboolean sui_shown_take (SuiShown *shown, SuiJob *job, const SuiState *state);
/* The mask of a finished view that is the picture's size; NULL when there is none. */
const SamMask *sui_shown_get_mask (const SuiShown *shown);

G_END_DECLS
