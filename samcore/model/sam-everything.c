/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All objects of a picture.
 *
 *   for each crop (the whole picture is the first):
 *     encode, then for each point of the grid: three candidates, each
 *       predicted IoU ──▶ stability ──▶ mask and its box ──▶ not cut off by the crop's border
 *     of masks with much the same box the best scored
 *     a close-up of each of these, with models that make them (sam-closeup.h)
 *   of masks from several crops with much the same box that of the smallest crop
 *   small holes and islands away (optional); of masks that are then the same an unchanged one
 *
 * Masks are kept as run lengths. Thresholds are compared in float32, as in the reference, so that
 * the same masks pass. */
#include "config.h"

#include "samcore/model/sam-everything-private.h"

#include <math.h>

#include "samcore/kernels/sam-kernels.h"
#include "samcore/mask/sam-logits-private.h"
#include "samcore/sam-mask.h"
#include "samcore/model/sam-crops.h"
#include "samcore/model/sam-model-private.h"
#include "samcore/model/sam-object-private.h"
#include "samcore/sam-parallel.h"
#include "samcore/mask/sam-upsample.h"

/* Prompts answered before their candidates are judged together, on all threads. */
#define BATCH 16

/* Of a crop's time, before the close-ups of its objects. */
#define POINTS_PART 0.3

void
sam_everything_options_init (SamEverythingOptions *options)
{
  *options = (SamEverythingOptions) {
    .points_per_side = 32,
    .min_iou = SAM_EVERYTHING_SUITABLE,
    .min_stability = SAM_EVERYTHING_SUITABLE,
    .stability_offset = 1.0,
    .mask_threshold = 0.0,
    .max_box_iou = 0.7,
    .crop_layers = 0,
    .max_crop_iou = 0.7,
    .crop_overlap = 512.0 / 1500,
    .crop_points_divisor = 1,
    .min_area = 0,
  };
}

/* Puts numbers where SAM_EVERYTHING_SUITABLE stands. */
static SamEverythingOptions
fill_thresholds (const SamEverythingOptions *options, const SamThresholds *suitable)
{
  SamEverythingOptions filled = *options;

  if (filled.min_iou < 0)
    filled.min_iou = suitable->iou;
  if (filled.min_stability < 0)
    filled.min_stability = suitable->stability;

  return filled;
}

/* ---- one crop ---- */

typedef struct
{
  const SamPredictor         *predictor;
  const SamPredictor         *closer; /* makes close-ups; or NULL */
  const SamEverythingOptions *options;
  SamImage                   *image;
  const SamJob               *job;
  size_t                      n_points, n_points_done; /* of all crops */
} Search;

/* A candidate on its way. */
typedef struct
{
  const SamLogits *logits;
  size_t           number;
  double           x, y;   /* in the crop */
  SamObject       *object; /* NULL: did not pass */
} Candidate;

typedef struct
{
  const Search       *search;
  const SamUpsampler *upsampler;
  SamCorners          crop;
  Candidate          *candidates;
  int                 no_memory; /* atomic */
} Batch;

/* The mask in the crop, from which the box and the stability follow. FALSE: no memory. */
static gboolean
draw_candidate (const Batch     *batch,
                const Candidate *candidate,
                uint8_t         *mask,
                float           *row,
                float           *stability)
{
  const SamEverythingOptions *options = batch->search->options;
  size_t          width = batch->crop.x1 - batch->crop.x0, height = batch->crop.y1 - batch->crop.y0;
  float           threshold = (float) options->mask_threshold;
  float           inner = (float) (options->mask_threshold + options->stability_offset);
  float           outer = (float) (options->mask_threshold - options->stability_offset);
  size_t          n_inner = 0, n_outer = 0;
  SamUpsampleRows rows;

  if (! sam_upsample_rows_init (&rows, batch->upsampler,
                                sam_logits_get_values (candidate->logits, candidate->number)))
    return FALSE;

  for (size_t y = 0; y < height; y++)
    {
      sam_upsample_rows_get (&rows, y, row);
      sam_kernels ()->edge_hard (mask + y * width, row, threshold, width);
      n_inner += sam_kernels ()->count_above (row, inner, width);
      n_outer += sam_kernels ()->count_above (row, outer, width);
    }
  sam_upsample_rows_clear (&rows);
  *stability = sam_object_measure_stability (n_inner, n_outer);

  return TRUE;
}

static gboolean
judge_candidate (const Batch *batch, Candidate *candidate, uint8_t *mask, float *row)
{
  const SamEverythingOptions *options = batch->search->options;
  float                       iou = sam_logits_get_iou (candidate->logits, candidate->number);
  float                       stability;
  SamCorners                  box;
  SamObject                  *object;

  if (options->min_iou > 0 && ! (iou > (float) options->min_iou))
    return TRUE;
  if (! draw_candidate (batch, candidate, mask, row, &stability))
    return FALSE;
  if (options->min_stability > 0 && ! (stability >= (float) options->min_stability))
    return TRUE;

  box = sam_crop_find_box (&batch->crop, mask);
  if (sam_crop_cuts_off (&batch->crop, &box, sam_image_get_width (batch->search->image),
                         sam_image_get_height (batch->search->image)))
    return TRUE;

  object = g_new0 (SamObject, 1);
  object->box = box;
  object->crop = batch->crop;
  object->iou = iou;
  object->stability = stability;
  object->x = candidate->x + (double) batch->crop.x0;
  object->y = candidate->y + (double) batch->crop.y0;
  object->candidate = candidate->number;
  candidate->object = object;

  return sam_crop_place_mask (&batch->crop, mask, sam_image_get_width (batch->search->image),
                              sam_image_get_height (batch->search->image), &object->rle);
}

static void
judge_candidates (size_t first, size_t last, gpointer data)
{
  Batch *batch = data;
  size_t width = batch->crop.x1 - batch->crop.x0, height = batch->crop.y1 - batch->crop.y0;
  g_autofree uint8_t *mask = g_try_malloc_n (height, width);
  g_autofree float   *row = g_try_new (float, width);
  gboolean            ok = mask != NULL && row != NULL;

  for (size_t i = first; ok && i < last; i++)
    ok = judge_candidate (batch, &batch->candidates[i], mask, row);
  if (! ok)
    g_atomic_int_set (&batch->no_memory, TRUE);
}

/* Adds to @objects what the points at grid + 2 first … give. */
static gboolean
search_points (Search       *search,
               gpointer      scene,
               SamCorners    crop,
               const GArray *grid,
               guint         first,
               guint         n,
               const SamJob *job,
               GPtrArray    *objects,
               GError      **error)
{
  g_autoptr (GPtrArray) answers = g_ptr_array_new_with_free_func ((GDestroyNotify) sam_logits_free);
  g_autoptr (GArray)    candidates = g_array_new (FALSE, TRUE, sizeof (Candidate));
  SamUpsampler          upsampler = { 0 };
  Batch                 batch = { search, &upsampler, crop, NULL, FALSE };

  for (guint i = first; i < first + n; i++)
    {
      double             x = g_array_index (grid, double, 2 * i) * (double) (crop.x1 - crop.x0);
      double             y = g_array_index (grid, double, 2 * i + 1) * (double) (crop.y1 - crop.y0);
      g_auto (SamPrompt) prompt = { 0 };
      SamLogits         *logits;

      if (! sam_job_step (job, 2.0 * i / grid->len, error))
        return FALSE;

      sam_prompt_init (&prompt);
      sam_prompt_add_point (&prompt, (float) x, (float) y, 1);
      logits = search->predictor->predict (scene, &prompt, search->predictor->data, NULL, error);
      if (logits == NULL)
        return FALSE;
      g_ptr_array_add (answers, logits);
      for (size_t k = 0; k < sam_logits_get_n_candidates (logits); k++)
        {
          Candidate candidate = { logits, k, x, y, NULL };

          g_array_append_val (candidates, candidate);
        }
    }

  if (! sam_upsampler_init (&upsampler, sam_logits_get_geometry (answers->pdata[0], 0),
                            sam_logits_get_width (answers->pdata[0]), error))
    return FALSE;
  batch.candidates = (Candidate *) (void *) candidates->data;
  sam_parallel_for (candidates->len, 1, judge_candidates, &batch);
  sam_upsampler_clear (&upsampler);

  for (guint i = 0; i < candidates->len; i++)
    if (batch.candidates[i].object != NULL)
      g_ptr_array_add (objects, batch.candidates[i].object);
  if (batch.no_memory)
    {
      sam_object_set_no_memory (error);
      return FALSE;
    }

  return TRUE;
}

/* Replaces the object's mask by a close-up's that starts from it. The scores stay as they were. */
static gboolean
refine_object (const Search *search,
               gpointer      scene,
               SamObject    *object,
               const SamJob *job,
               GError      **error)
{
  g_auto (SamPrompt)    prompt = { 0 };
  g_autoptr (SamLogits) first = NULL;
  g_autoptr (SamLogits) second = NULL;
  g_autoptr (SamMask)   mask = NULL;
  SamRle                rle = { 0 };

  sam_prompt_init (&prompt);
  sam_prompt_add_point (&prompt, (float) (object->x - (double) object->crop.x0),
                        (float) (object->y - (double) object->crop.y0), 1);
  first = search->predictor->predict (scene, &prompt, search->predictor->data, NULL, error);
  if (first == NULL)
    return FALSE;

  prompt.previous = first;
  prompt.previous_candidate = object->candidate;
  second = search->closer->predict (scene, &prompt, search->closer->data, job, error);
  mask = second != NULL ? sam_mask_new_from_logits (second, 0, SAM_EDGE_HARD, NULL, error) : NULL;
  if (mask == NULL)
    return FALSE;

  if (! sam_crop_place_mask (&object->crop, sam_mask_get_coverage (mask),
                             sam_image_get_width (search->image),
                             sam_image_get_height (search->image), &rle))
    {
      sam_object_set_no_memory (error);
      return FALSE;
    }
  /* nothing there any more: the first mask is better than nothing */
  if (sam_rle_get_area (&rle) == 0)
    {
      sam_rle_clear (&rle);
      return TRUE;
    }
  sam_rle_clear (&object->rle);
  object->rle = rle;
  object->box = sam_crop_find_box (&object->crop, sam_mask_get_coverage (mask));

  return TRUE;
}

static gboolean
search_crop (Search *search, SamCorners crop, const GArray *grid, GPtrArray *all, GError **error)
{
  g_autoptr (SamImage) image = sam_crop_cut_image (&crop, search->image, error);
  GPtrArray           *objects = sam_objects_new ();
  SamJob   quiet = { .cancellable = search->job != NULL ? search->job->cancellable : NULL };
  guint    n_points = grid->len / 2;
  double   first = (double) search->n_points_done / (double) search->n_points;
  double   end = (double) (search->n_points_done + n_points) / (double) search->n_points;
  SamJob   whole = sam_job_part (search->job, first, end);
  SamJob   points = sam_job_part (&whole, 0.0, search->closer != NULL ? POINTS_PART : 1.0);
  SamJob   closeups = sam_job_part (&whole, POINTS_PART, 1.0);
  gpointer scene = NULL;
  gboolean ok = TRUE;

  if (image != NULL)
    scene = search->predictor->encode (image, search->predictor->data, &quiet, error);
  if (scene == NULL)
    {
      g_ptr_array_unref (objects);
      return FALSE;
    }
  for (guint i = 0; ok && i < n_points; i += BATCH)
    ok = search_points (search, scene, crop, grid, i, MIN (BATCH, n_points - i), &points, objects,
                        error);
  search->n_points_done += n_points;
  if (ok)
    objects = sam_objects_prefer_high_scores (objects, search->options->max_box_iou);
  if (ok && search->closer != NULL)
    {
      for (guint i = 0; ok && i < objects->len; i++)
        {
          SamJob one = sam_job_part (&closeups, (double) i / objects->len,
                                     (i + 1.0) / objects->len);

          ok = refine_object (search, scene, objects->pdata[i], &one, error);
        }
      if (ok)
        objects = sam_objects_prefer_high_scores (objects, search->options->max_box_iou);
    }
  search->predictor->free_scene (scene);
  if (! ok)
    {
      g_ptr_array_unref (objects);
      return FALSE;
    }

  g_ptr_array_extend_and_steal (all, objects);

  return TRUE;
}

/* ---- all crops ---- */

static GPtrArray *
search_picture (const SamPredictor         *predictor,
                const SamPredictor         *closer,
                SamImage                   *image,
                const SamEverythingOptions *options,
                const SamJob               *job,
                GError                    **error)
{
  Search                search = { predictor, closer, options, image, job, 0, 0 };
  g_autofree int       *n_of_layer = g_new (int, options->crop_layers + 1);
  g_autoptr (GArray)    crops = NULL;
  g_autoptr (GPtrArray) grids = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);
  GPtrArray            *objects = sam_objects_new ();
  guint                 number = 0;

  crops = sam_crops_make (sam_image_get_width (image), sam_image_get_height (image),
                          options->crop_layers, options->crop_overlap, n_of_layer);
  for (int layer = 0; layer <= options->crop_layers; layer++)
    {
      int n = (int) (options->points_per_side / pow (options->crop_points_divisor, layer));

      g_ptr_array_add (grids, sam_crops_make_grid (n));
      search.n_points += (size_t) n_of_layer[layer] * (size_t) n * (size_t) n;
    }
  search.n_points = MAX (search.n_points, 1);

  for (int layer = 0; layer <= options->crop_layers; layer++)
    for (int i = 0; i < n_of_layer[layer]; i++)
      if (! search_crop (&search, g_array_index (crops, SamCorners, number++), grids->pdata[layer],
                         objects, error))
        {
          g_ptr_array_unref (objects);
          return NULL;
        }

  if (crops->len > 1)
    objects = sam_objects_prefer_small_crops (objects, options->max_crop_iou);
  if (options->min_area > 0)
    objects = sam_objects_clean (objects, options->min_area,
                                 MAX (options->max_box_iou, options->max_crop_iou), error);
  if (objects != NULL && ! sam_job_step (job, 1, error))
    g_clear_pointer (&objects, g_ptr_array_unref);

  return objects;
}

GPtrArray *
sam_everything_predict (const SamPredictor         *predictor,
                        SamImage                   *image,
                        const SamEverythingOptions *options,
                        const SamJob               *job,
                        GError                    **error)
{
  SamEverythingOptions filled = fill_thresholds (options, &sam_thresholds_published);

  return search_picture (predictor, NULL, image, &filled, job, error);
}

GPtrArray *
sam_everything (SamModel                   *model,
                SamImage                   *image,
                const SamEverythingOptions *options,
                const SamJob               *job,
                GError                    **error)
{
  const SamModelSpec  *spec = sam_model_get_spec (model);
  SamPredictor         quick = sam_predictor_for_model (model, TRUE);
  SamPredictor         closer = sam_predictor_for_model (model, FALSE);
  SamEverythingOptions filled = fill_thresholds (options, &spec->thresholds);
  gboolean             closeups = spec->closeups && filled.mask_threshold == 0;

  return search_picture (&quick, closeups ? &closer : NULL, image, &filled, job, error);
}
