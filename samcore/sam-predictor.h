/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A model as those see it who only ask it: so that tests can put in something whose answers are
 * known. Internal. */
#pragma once

#include "samcore/sam-model.h"

/* A scene is whatever encode makes of a picture. */
typedef struct
{
  gpointer (*encode) (SamImage *image, gpointer data, const SamJob *job, GError **error);
  SamLogits *(*predict) (gpointer         scene,
                         const SamPrompt *prompt,
                         gpointer         data,
                         const SamJob    *job,
                         GError         **error);
  void (*free_scene) (gpointer scene);
  gpointer data;
} SamPredictor;

/* The caller keeps @model. quick: as SamPrompt's, whatever the prompts say */
SamPredictor sam_predictor_for_model (SamModel *model, gboolean quick);
