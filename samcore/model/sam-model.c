/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SamModel: one checkpoint at work.
 *
 *   load     checkpoint ──▶ family ──▶ encoder, prompt encoder, mask decoder
 *   encode   picture ──▶ preprocess ──▶ encoder ──▶ decoder's part per picture ──▶ SamScene
 *   predict  see sam-predict.c */
#include "config.h"

#include "samcore/model/sam-model-private.h"

#include <math.h>

#include "samcore/base/sam-arena.h"
#include "samcore/kernels/sam-arithmetic.h"
#include "samcore/base/sam-digest.h"
#include "samcore/model/sam-embedding-private.h"
#include "samcore/model/sam-scene-private.h"
#include "samcore/sam-error.h"
#include "samcore/kernels/sam-kernels.h"
#include "samcore/weights/sam-quote.h"

/* SAM 2: an answer is stable when its area hardly changes between these thresholds. */
#define STABILITY_DELTA     0.05f
#define STABILITY_THRESHOLD 0.98f

struct _SamModel
{
  gatomicrefcount   ref_count;
  SamModelSpec      spec;
  SamWeights       *weights;
  SamEncoder       *encoder;
  SamPromptEncoder *prompts;
  SamMaskDecoder   *decoder;
  SamMap            shape[SAM_N_MAPS]; /* of its embeddings */
  char             *hash;
};

/* The samples for the hash have brought parts of the file into memory; hardly any of it is needed
 * any more. */
static void
drop_file (const SamCheckpoint *checkpoint)
{
  for (size_t i = 0; i < sam_checkpoint_get_n_tensors (checkpoint); i++)
    {
      const SamTensor *tensor = sam_checkpoint_get_tensor (checkpoint, i);

      if (tensor->contiguous)
        sam_checkpoint_drop (checkpoint, tensor->data,
                             tensor->n_elements * sam_dtype_get_size (tensor->dtype));
    }
}

/* A network that has more than ours, such as adapters, would be computed without it and give other
 * masks than its own. What lies outside of the three parts (films, text) is of no use for a
 * picture. */
static gboolean
check_all_used (const SamWeights *weights, const SamModelSpec *spec, GError **error)
{
  const char *const prefixes[] = { spec->encoder_prefix, spec->prompt_prefix,
                                   spec->decoder_prefix };

  for (size_t i = 0; i < G_N_ELEMENTS (prefixes); i++)
    {
      const char *unused = sam_weights_find_unused (weights, prefixes[i], sam_family_idle);

      if (unused != NULL)
        {
          g_autofree char *quoted = sam_quote (unused, strlen (unused));

          g_set_error (error, SAM_ERROR, SAM_ERROR_UNKNOWN_MODEL,
                       "%s: the network has a part that this version does not compute (tensor %s), "
                       "such as adapters; use the model that it was made from, or merge them into "
                       "its weights",
                       sam_checkpoint_get_name (sam_weights_get_checkpoint (weights)), quoted);
          return FALSE;
        }
    }

  return TRUE;
}

static SamModel *
model_new (SamWeights *weights, const SamFamily *family, const SamJob *job, GError **error)
{
  g_autoptr (SamModel) model = g_new0 (SamModel, 1);
  g_autofree char     *hash = NULL;
  SamMap              *shape = model->shape;

  g_atomic_ref_count_init (&model->ref_count);
  model->weights = weights;
  sam_family_describe (family, weights, &model->spec);
  if (! sam_weights_check (weights, error))
    return NULL;

  /* the decoder says for itself where it can be less exact */
  sam_weights_set_arithmetic (weights, SAM_ARITHMETIC_FAST);
  sam_weights_look_later (weights, TRUE);
  model->encoder = family->new_encoder (weights, &model->spec);
  sam_weights_look_later (weights, FALSE);
  sam_weights_set_arithmetic (weights, SAM_ARITHMETIC_F32);
  if (! sam_weights_check (weights, error) || ! sam_job_step (job, 0.8, error))
    return NULL;
  model->prompts = sam_prompt_encoder_new (weights, &model->spec, model->encoder->side,
                                           model->encoder->channels);
  if (! sam_weights_check (weights, error))
    return NULL;
  model->decoder = sam_mask_decoder_new (weights, &model->spec, model->encoder);
  if (! sam_weights_check (weights, error) || ! check_all_used (weights, &model->spec, error))
    return NULL;

  shape[SAM_MAP_EMBEDDING] = (SamMap) { NULL, model->encoder->side, model->encoder->channels };
  shape[SAM_MAP_STRIDE4].side = shape[SAM_MAP_HQ].side = 4 * model->encoder->side;
  shape[SAM_MAP_STRIDE8].side = 2 * model->encoder->side;
  sam_mask_decoder_get_channels (model->decoder, &shape[SAM_MAP_STRIDE4].channels,
                                 &shape[SAM_MAP_STRIDE8].channels, &shape[SAM_MAP_HQ].channels);
  /* embeddings made with other arithmetic are not the same */
  hash = sam_checkpoint_get_hash (sam_weights_get_checkpoint (weights));
  model->hash = g_strconcat (hash, "-", sam_arithmetic_name (), NULL);
  drop_file (sam_weights_get_checkpoint (weights));
  if (! sam_job_step (job, 1.0, error))
    return NULL;

  return g_steal_pointer (&model);
}

SamModel *
sam_model_new (SamCheckpoint *checkpoint, const SamJob *job, GError **error)
{
  SamWeights      *weights = sam_weights_new (checkpoint);
  const SamFamily *family = sam_family_find (weights);

  if (family == NULL)
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_UNKNOWN_MODEL,
                   "%s: the tensors do not belong to any model that this version knows",
                   sam_checkpoint_get_name (checkpoint));
      sam_weights_free (weights);
      return NULL;
    }

  return model_new (weights, family, job, error);
}

SamModel *
sam_model_load (const char *path, const SamJob *job, GError **error)
{
  g_autoptr (SamCheckpoint) checkpoint = NULL;

  if (! sam_job_step (job, 0.0, error))
    return NULL;
  checkpoint = sam_checkpoint_open (path, error);
  if (checkpoint == NULL || ! sam_job_step (job, 0.1, error))
    return NULL;

  return sam_model_new (checkpoint, job, error);
}

SamModel *
sam_model_ref (SamModel *model)
{
  g_atomic_ref_count_inc (&model->ref_count);

  return model;
}

void
sam_model_unref (SamModel *model)
{
  if (model == NULL || ! g_atomic_ref_count_dec (&model->ref_count))
    return;

  if (model->encoder != NULL)
    model->encoder->klass->free (model->encoder);
  sam_prompt_encoder_free (model->prompts);
  sam_mask_decoder_free (model->decoder);
  sam_weights_free (model->weights);
  g_free (model->hash);
  g_free (model);
}

const char *
sam_model_get_family (const SamModel *model)
{
  return model->spec.family;
}

const char *
sam_model_get_name (const SamModel *model)
{
  return model->spec.name;
}

const char *
sam_model_get_hash (const SamModel *model)
{
  return model->hash;
}

size_t
sam_model_get_image_size (const SamModel *model)
{
  return model->spec.input;
}

double
sam_model_get_gflop (const SamModel *model)
{
  return model->encoder->flop * 1e-9;
}

double
sam_model_get_click_gflop (const SamModel *model, size_t n_points)
{
  /* points without a box end with a token for its absence */
  return sam_mask_decoder_get_flop (model->decoder, n_points + 1) * 1e-9;
}

gboolean
sam_model_pack (SamModel *model, const SamJob *job, GError **error)
{
  if (! sam_weights_look (model->weights, job, error))
    return FALSE;

  sam_weights_pack (model->weights);
  return TRUE;
}

const SamModelSpec *
sam_model_get_spec (const SamModel *model)
{
  return &model->spec;
}

const SamPromptEncoder *
sam_model_get_prompt_encoder (const SamModel *model)
{
  return model->prompts;
}

/* ---- encode ---- */

static gboolean
fill_embedding (SamModel       *model,
                SamImage       *image,
                SamEmbedding   *embedding,
                const SamJob   *job,
                const SamTrace *trace,
                GError        **error)
{
  const SamGeometry *geometry = sam_embedding_get_geometry (embedding);
  size_t             side = model->spec.input;
  SamJob             part = sam_job_part (job, 0.05, 0.95);
  SamFeatures        features = {
           .embedding = sam_embedding_get_map (embedding, SAM_MAP_EMBEDDING)->values
  };
  g_auto (SamArena) arena = { 0 };
  SamInput          input;
  float            *x;

  sam_arena_plan (&arena, &x, side, side, 3);
  sam_features_plan (&features, model->encoder, &arena);
  if (! sam_arena_commit (&arena, error) ||
      ! sam_preprocess (x, image, geometry, &model->spec.preprocess, error))
    return FALSE;
  sam_trace (trace, "pre", x, side * side, 3);
  /* maps that are traced are whole ones */
  input = (SamInput) { x, trace == NULL ? geometry->resized_height : side,
                       trace == NULL ? geometry->resized_width : side };
  if (! sam_job_step (job, 0.05, error) ||
      ! model->encoder->klass->encode (model->encoder, &input, &features, &part, trace, error))
    return FALSE;

  return sam_mask_decoder_prepare (model->decoder, &features,
                                   sam_embedding_get_map (embedding, SAM_MAP_STRIDE4)->values,
                                   sam_embedding_get_map (embedding, SAM_MAP_STRIDE8)->values,
                                   sam_embedding_get_map (embedding, SAM_MAP_HQ)->values, trace,
                                   error) &&
         sam_job_step (job, 1.0, error);
}

SamEmbedding *
sam_model_encode_part (SamModel          *model,
                       SamImage          *image,
                       const SamGeometry *part,
                       const SamJob      *job,
                       const SamTrace    *trace,
                       GError           **error)
{
  g_autoptr (SamEmbedding) embedding = NULL;
  SamJob                   packing = sam_job_part (job, 0, 0.02);

  if (! sam_job_step (job, 0.0, error) || ! sam_weights_look (model->weights, &packing, error))
    return NULL;

  embedding = sam_embedding_new (part, model->hash, model->shape, error);
  if (embedding == NULL || ! fill_embedding (model, image, embedding, job, trace, error))
    return NULL;

  return g_steal_pointer (&embedding);
}

static void
init_geometry (SamGeometry *geometry, const SamModel *model, const SamImage *image)
{
  sam_geometry_init (geometry, sam_image_get_width (image), sam_image_get_height (image),
                     model->spec.input, model->spec.fit, model->spec.upsample);
}

char *
sam_model_digest_input (SamModel *model, SamImage *image)
{
  size_t            input = model->spec.input;
  g_autofree float *x = sam_alloc_floats (input, input, 3, NULL);
  SamGeometry       geometry;

  init_geometry (&geometry, model, image);
  if (x == NULL || ! sam_preprocess (x, image, &geometry, &model->spec.preprocess, NULL))
    return NULL;

  return sam_digest (x, input * input * 3 * sizeof *x);
}

SamEmbedding *
sam_model_encode_traced (SamModel       *model,
                         SamImage       *image,
                         const SamJob   *job,
                         const SamTrace *trace,
                         GError        **error)
{
  SamGeometry geometry;

  init_geometry (&geometry, model, image);

  return sam_model_encode_part (model, image, &geometry, job, trace, error);
}

SamScene *
sam_model_make_scene (const SamModel *model, SamEmbedding *embedding, SamImage *image)
{
  return sam_scene_new (embedding, model->spec.closeups ? image : NULL);
}

SamScene *
sam_model_encode (SamModel *model, SamImage *image, const SamJob *job, GError **error)
{
  SamEmbedding *embedding = sam_model_encode_traced (model, image, job, NULL, error);

  return embedding != NULL ? sam_model_make_scene (model, embedding, image) : NULL;
}

gboolean
sam_model_save_embedding (SamModel           *model,
                          const SamEmbedding *embedding,
                          const char         *path,
                          GError            **error)
{
  return sam_embedding_save (embedding, path, error);
}

SamEmbedding *
sam_model_open_embedding (SamModel *model, const char *path, GError **error)
{
  return sam_embedding_open (path, model->hash, model->shape, model->spec.input, model->spec.fit,
                             model->spec.upsample, error);
}

/* ---- predict ---- */

gboolean
sam_model_decode (SamModel           *model,
                  const SamEmbedding *embedding,
                  const SamToken     *tokens,
                  size_t              n_tokens,
                  const float        *mask,
                  SamMaskRange        wanted,
                  SamDecoded         *decoded,
                  const SamJob       *job,
                  const SamTrace     *trace,
                  GError            **error)
{
  SamDecoderImage image = {
    .embedding = sam_embedding_get_map (embedding, SAM_MAP_EMBEDDING)->values,
    .stride4 = sam_embedding_get_map (embedding, SAM_MAP_STRIDE4)->values,
    .stride8 = sam_embedding_get_map (embedding, SAM_MAP_STRIDE8)->values,
    .hq = sam_embedding_get_map (embedding, SAM_MAP_HQ)->values,
  };

  return sam_mask_decoder_run (model->decoder, model->prompts, &image, tokens, n_tokens, mask,
                               wanted, decoded, job, trace, error);
}

SamMaskRange
sam_model_get_choice (const SamModel *model, gboolean ambiguous)
{
  if (ambiguous)
    return (SamMaskRange) { 1, SAM_N_MASKS - 1 };

  return (SamMaskRange) { 0, model->spec.decoder.stability_choice ? SAM_N_MASKS : 1 };
}

/* Mask 0, that is. */
static gboolean
is_stable (const SamDecoded *decoded)
{
  const float *mask = sam_decoded_get_mask (decoded, 0);
  size_t       n = decoded->side * decoded->side;
  size_t       inside = sam_kernels ()->count_above (mask, STABILITY_DELTA, n);
  size_t       around = sam_kernels ()->count_above (mask, -STABILITY_DELTA, n);

  return around == 0 || (float) inside / (float) around >= STABILITY_THRESHOLD;
}

size_t
sam_model_choose (const SamModel   *model,
                  const SamDecoded *decoded,
                  gboolean          ambiguous,
                  size_t            choice[SAM_N_MASKS - 1])
{
  const SamDecoderSpec *spec = &model->spec.decoder;
  size_t                best = 1;

  for (size_t i = 2; i < SAM_N_MASKS; i++)
    if (decoded->iou[i] > decoded->iou[best])
      best = i;

  if (ambiguous && ! spec->hq)
    {
      for (size_t i = 1; i < SAM_N_MASKS; i++)
        choice[i - 1] = i;
      return SAM_N_MASKS - 1;
    }

  if (ambiguous || (spec->stability_choice && ! is_stable (decoded)))
    choice[0] = best;
  else
    choice[0] = 0;

  return 1;
}
