/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A model as a SamPredictor. */
#include "config.h"

#include "samcore/sam-predictor.h"

static gpointer
encode (SamImage *image, gpointer model, const SamJob *job, GError **error)
{
  return sam_model_encode (model, image, job, error);
}

static SamLogits *
predict (gpointer scene, const SamPrompt *prompt, gpointer model, const SamJob *job, GError **error)
{
  return sam_model_predict (model, scene, prompt, job, error);
}

static SamLogits *
predict_quickly (gpointer         scene,
                 const SamPrompt *prompt,
                 gpointer         model,
                 const SamJob    *job,
                 GError         **error)
{
  SamPrompt quick = *prompt;

  quick.quick = TRUE;

  return sam_model_predict (model, scene, &quick, job, error);
}

static void
free_scene (gpointer scene)
{
  sam_scene_unref (scene);
}

SamPredictor
sam_predictor_for_model (SamModel *model, gboolean quick)
{
  return (SamPredictor) { encode, quick ? predict_quickly : predict, free_scene, model };
}
