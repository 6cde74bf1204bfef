/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A model as a SamPredictor. */
#include "config.h"

#include "samcore/sam-cache.h"
#include "samcore/sam-predictor.h"

static gpointer
encode (SamImage *image, gpointer model, const SamJob *job, GError **error)
{
  return sam_model_encode (model, image, job, error);
}

static gpointer
encode_cached (SamImage *image, gpointer model, const SamJob *job, GError **error)
{
  return sam_cache_encode (model, image, job, NULL, error);
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

static gpointer
ref_scene (gpointer scene)
{
  return sam_scene_ref (scene);
}

static void
free_scene (gpointer scene)
{
  sam_scene_unref (scene);
}

static void
free_model (gpointer model)
{
  sam_model_unref (model);
}

SamPredictor
sam_predictor_for_model (SamModel *model, gboolean quick)
{
  return (SamPredictor) { encode, quick ? predict_quickly : predict, free_scene, model };
}

SamPredictor *
sam_predictor_new (const SamPredictor *predictor)
{
  SamPredictor *shared = g_atomic_rc_box_new (SamPredictor);

  *shared = *predictor;

  return shared;
}

SamPredictor *
sam_predictor_new_for_model (SamModel *model)
{
  SamPredictor predictor = {
    .encode = encode_cached,
    .predict = predict,
    .free_scene = free_scene,
    .data = sam_model_ref (model),
    .ref_scene = ref_scene,
    .free_data = free_model,
  };

  return sam_predictor_new (&predictor);
}

SamPredictor *
sam_predictor_ref (SamPredictor *predictor)
{
  return g_atomic_rc_box_acquire (predictor);
}

static void
predictor_clear (gpointer data)
{
  SamPredictor *predictor = data;

  predictor->free_data (predictor->data);
}

void
sam_predictor_unref (SamPredictor *predictor)
{
  if (predictor != NULL)
    g_atomic_rc_box_release_full (predictor, predictor_clear);
}
