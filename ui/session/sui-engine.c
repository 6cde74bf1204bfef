/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The core behind the table. */
#include "config.h"

#include "samcore/sam-cache.h"
#include "samcore/sam-catalogue.h"
#include "ui/session/sui-engine.h"

static SamModel *
core_load (const char *model, const SamJob *job, GError **error)
{
  g_autofree char *path = sam_catalogue_find (model, error);

  return path != NULL ? sam_model_load (path, job, error) : NULL;
}

static SamScene *
core_encode (SamModel *model, SamImage *image, const SamJob *job, GError **error)
{
  return sam_cache_encode (model, image, job, NULL, error);
}

const SuiEngine sui_engine_core = {
  .load = core_load,
  .model_ref = sam_model_ref,
  .model_unref = sam_model_unref,
  .encode = core_encode,
  .embedding_ref = sam_scene_ref,
  .embedding_unref = sam_scene_unref,
  .predict = sam_model_predict,
  .logits_free = sam_logits_free,
  .n_candidates = sam_logits_get_n_candidates,
  .iou = sam_logits_get_iou,
  .sample = sam_logits_sample,
  .mask = sam_mask_new_from_logits_at,
};
