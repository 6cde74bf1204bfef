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
predict (gpointer         embedding,
         const SamPrompt *prompt,
         gpointer         model,
         const SamJob    *job,
         GError         **error)
{
  return sam_model_predict (model, embedding, prompt, job, error);
}

static SamLogits *
predict_quickly (gpointer         embedding,
                 const SamPrompt *prompt,
                 gpointer         model,
                 const SamJob    *job,
                 GError         **error)
{
  SamPrompt quick = *prompt;

  quick.quick = TRUE;

  return sam_model_predict (model, embedding, &quick, job, error);
}

static void
free_embedding (gpointer embedding)
{
  sam_embedding_unref (embedding);
}

SamPredictor
sam_predictor_for_model (SamModel *model, gboolean quick)
{
  return (SamPredictor) { encode, quick ? predict_quickly : predict, free_embedding, model };
}
