/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A name becomes a file, and the file a model. */
#include "config.h"

#include "samcore/sam-catalogue.h"
#include "ui/session/sui-load.h"

SamPredictor *
sui_load (const char *model, const SamJob *job, GError **error)
{
  g_autofree char     *path = sam_catalogue_find (model, error);
  g_autoptr (SamModel) loaded = path != NULL ? sam_model_load (path, job, error) : NULL;

  return loaded != NULL ? sam_predictor_new_for_model (loaded) : NULL;
}
