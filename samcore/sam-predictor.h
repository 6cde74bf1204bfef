/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A loaded model as those see it who only ask it: so that tests can put in something whose answers
 * are known. Internal. */
#pragma once

#include "samcore/sam-model.h"

G_BEGIN_DECLS

/**
 * SamPredictor:
 * @encode: a scene is whatever this makes of a picture
 * @free_scene: gives one reference back, if there is a @ref_scene
 * @ref_scene, @free_data: only needed by those that are shared, see sam_predictor_new()
 */
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
  gpointer (*ref_scene) (gpointer scene);
  void (*free_data) (gpointer data);
} SamPredictor;

/* The caller keeps @model. quick: as SamPrompt's, whatever the prompts say */
SamPredictor sam_predictor_for_model (SamModel *model, gboolean quick);

/* To be shared, also by threads: a copy of @predictor that owns its data. */
SamPredictor *sam_predictor_new (const SamPredictor *predictor);
/* It has a reference to @model, and looks for scenes in the cache first. */
SamPredictor *sam_predictor_new_for_model (SamModel *model);
SamPredictor *sam_predictor_ref (SamPredictor *predictor);
void          sam_predictor_unref (SamPredictor *predictor);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SamPredictor, sam_predictor_unref)

G_END_DECLS
