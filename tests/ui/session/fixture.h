/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A session whose model is a fake: it answers discs around the points, as slowly and as badly as a
 * test wants. */
#pragma once

#include "ui/session/sui-session.h"

/* Pictures are SIDE x SIDE, logits one cell per pixel. */
#define SIDE 64

typedef struct
{
  int      encode_ms, predict_ms;
  gint     n_loads, n_encodes, n_predicts; /* atomic */
  gboolean remembers;       /* what the logits before were for stays in the answer a little */
  gboolean previous_is_bad; /* with the logits before, the answer misses all positive points */
  gboolean several_are_bad; /* so do all answers to more than one point */
  gboolean encode_fails;
  int      n_points;
  gboolean had_previous, had_mask;
  int      n_boxes;
  gint     alive; /* models and embeddings */
} Fake;

extern Fake fake;

/* To be called first in each test. */
void fake_reset (void);
/* As SuiLoad; "broken" is a damaged file. */
SamPredictor *fake_load (const char *name, const SamJob *job, GError **error);
/* What a model of that name makes of a picture. */
gpointer fake_scene_new (const char *name);

SamImage *picture (int seed);

typedef struct
{
  SuiSession *session;
  int         n_failed, n_views, n_hovers, n_offers;
  GError     *error;
} Fixture;

/* Counts a signal, and keeps the last error. */
void on_failed (SuiSession *session, GError *error, Fixture *f);
void count (SuiSession *session, int *n);

/* With the model "a", if there is a picture. */
void open_session (Fixture *f, gboolean with_picture);
void close_session (Fixture *f);
/* Until the worker has nothing to do. */
void settle (Fixture *f);
void wait_until_busy (Fixture *f, SuiBusy busy);

gboolean shown (Fixture *f, int x, int y);
size_t   area (Fixture *f);
