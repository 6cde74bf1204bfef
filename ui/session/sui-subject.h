/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The picture, the model that answers, and what that made of the picture; also the model that is to
 * replace it. The old one goes on until the new one has encoded the picture. */
#pragma once

#include "ui/session/sui-job.h"

G_BEGIN_DECLS

typedef struct
{
  SuiLoad load;

  SamImage     *image;
  guint         width, height;
  SamPredictor *predictor; /* NULL before the first */
  char         *name;      /* its name */
  gpointer      scene;     /* of image by predictor */
  double        seconds;   /* that encoding took; 0 when it came from a cache */

  char         *wanted_name; /* NULL when predictor is the one */
  SamPredictor *next;        /* loaded, has not encoded the picture */

  gboolean stopped; /* by the user: nothing is loaded or encoded until resumed */
  gboolean failed;  /* to encode */
} SuiSubject;

void sui_subject_clear (SuiSubject *subject);

/* TRUE when it has the size of the one before. */
gboolean sui_subject_set_image (SuiSubject *subject, SamImage *image);
void     sui_subject_set_model (SuiSubject *subject, const char *name);
/* The old model stays. */
void sui_subject_keep_model (SuiSubject *subject);
/* There is, or will be, something that answers. */
gboolean sui_subject_has_prospect (const SuiSubject *subject);

/* What is to be loaded or encoded next; NULL when that is done, or cannot be. */
SuiJob *sui_subject_plan (SuiSubject *subject);
/* A job for the current scene. */
SuiJob *sui_subject_ask (SuiSubject *subject, SuiJobKind kind);
/* Takes the model or the scene out of a job of sui_subject_plan(). */
void sui_subject_take (SuiSubject *subject, SuiJob *job);
/* Such a job failed. TRUE when a switch of models is given up for it, and the old one stays. */
gboolean sui_subject_fail (SuiSubject *subject, const SuiJob *job);

G_END_DECLS
