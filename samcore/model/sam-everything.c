/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All objects of a picture.
 *
 *   for each crop (the whole picture is the first):
 *     encode, then for each point of the grid: three candidates, each
 *       predicted IoU ──▶ stability ──▶ mask and its box ──▶ not cut off by the crop's border
 *     of masks with much the same box the best scored
 *     these once more, closer, with models that can (sam-closeup.h)
 *   of masks from several crops with much the same box that of the smallest crop
 *   small holes and islands away (optional); of masks that are then the same an unchanged one
 *
 * Masks are kept as run lengths. Thresholds are compared in float32, as in the reference, so that
 * the same masks pass. */
#include "config.h"

#include "samcore/sam-everything.h"

#include <math.h>
#include <string.h>

#include "samcore/sam-error.h"
#include "samcore/kernels/sam-kernels.h"
#include "samcore/mask/sam-logits-private.h"
#include "samcore/sam-mask.h"
#include "samcore/model/sam-model-private.h"
#include "samcore/sam-parallel.h"
#include "samcore/mask/sam-regions.h"
#include "samcore/mask/sam-upsample.h"

/* Prompts answered before their candidates are looked at together, on all threads. */
#define BATCH 16

/* Of a crop's time, until its objects are looked at closely. */
#define POINTS_PART 0.3

/* What the reference takes for touching a border. */
#define EDGE_TOLERANCE 20.0f

/* How good a mask must be, as the models' own scores go: the published models were trained to say
 * so, the built-in one is small and never so sure. */
typedef struct
{
  const char *family; /* NULL: all others */
  double      min_iou, min_stability;
} Threshold;

static const Threshold thresholds[] = { { "repvit", 0.5, 0.1 }, { NULL, 0.88, 0.95 } };

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

/* Puts numbers where what suits the model is asked for. family: NULL for an unknown one's */
static void
fill_thresholds (SamEverythingOptions *options, const char *family)
{
  const Threshold *threshold = thresholds;

  while (threshold->family != NULL && g_strcmp0 (threshold->family, family) != 0)
    threshold++;

  if (options->min_iou < 0)
    options->min_iou = threshold->min_iou;
  if (options->min_stability < 0)
    options->min_stability = threshold->min_stability;
}

static void
object_free (gpointer data)
{
  SamObject *object = data;

  if (object == NULL)
    return;

  sam_rle_clear (&object->rle);
  g_free (object);
}

static void
set_no_memory (GError **error)
{
  g_set_error_literal (error, SAM_ERROR, SAM_ERROR_NO_MEMORY,
                       "Not enough memory to find all objects: scale the picture down");
}

SamMask *
sam_object_to_mask (const SamObject *object, GError **error)
{
  SamMask *mask = sam_mask_new_empty (object->rle.width, object->rle.height, error);

  if (mask != NULL)
    sam_rle_write (&object->rle, (uint8_t *) sam_mask_get_coverage (mask));

  return mask;
}

/* --- steps
 * ---------------------------------------------------------------------------------------- */

GArray *
sam_everything_make_grid (int points_per_side)
{
  GArray *grid = g_array_new (FALSE, FALSE, sizeof (double));
  int     n = points_per_side;
  double  first = 1.0 / (2 * n), last = 1 - first;
  double  step = n > 1 ? (last - first) / (n - 1) : 0;

  for (int j = 0; j < n; j++)
    for (int i = 0; i < n; i++)
      {
        double point[2] = { i > 0 && i == n - 1 ? last : i * step + first,
                            j > 0 && j == n - 1 ? last : j * step + first };

        g_array_append_vals (grid, point, 2);
      }

  return grid;
}

GArray *
sam_everything_make_crops (size_t width,
                           size_t height,
                           int    n_layers,
                           double overlap,
                           int   *n_of_layer)
{
  GArray    *crops = g_array_new (FALSE, FALSE, sizeof (SamCorners));
  SamCorners whole = { 0, 0, width, height };

  g_array_append_val (crops, whole);
  n_of_layer[0] = 1;
  for (int layer = 1; layer <= n_layers; layer++)
    {
      size_t n = (size_t) 1 << layer;
      size_t shared = (size_t) (overlap * (double) MIN (width, height) * (2.0 / (double) n));
      size_t crop_width = (size_t) ceil ((double) (shared * (n - 1) + width) / (double) n);
      size_t crop_height = (size_t) ceil ((double) (shared * (n - 1) + height) / (double) n);

      n_of_layer[layer] = 0;
      for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
          {
            SamCorners crop = { (crop_width - shared) * i, (crop_height - shared) * j, 0, 0 };

            crop.x1 = MIN (crop.x0 + crop_width, width);
            crop.y1 = MIN (crop.y0 + crop_height, height);
            /* rounding up may leave nothing for the last of many in a tiny picture */
            if (crop.x0 >= crop.x1 || crop.y0 >= crop.y1)
              continue;
            g_array_append_val (crops, crop);
            n_of_layer[layer]++;
          }
    }

  return crops;
}

gboolean
sam_everything_is_cut_off (const SamCorners *box,
                           const SamCorners *crop,
                           size_t            width,
                           size_t            height)
{
  const float sides[4] = { (float) box->x0, (float) box->y0, (float) box->x1, (float) box->y1 };
  const float crops[4] = { (float) crop->x0, (float) crop->y0, (float) crop->x1, (float) crop->y1 };
  const float whole[4] = { 0, 0, (float) width, (float) height };

  for (int i = 0; i < 4; i++)
    if (fabsf (sides[i] - crops[i]) <= EDGE_TOLERANCE &&
        fabsf (sides[i] - whole[i]) > EDGE_TOLERANCE)
      return TRUE;

  return FALSE;
}

static int
compare_by_score (gconstpointer a, gconstpointer b, gpointer scores)
{
  guint i = *(const guint *) a, j = *(const guint *) b;
  float u = ((const float *) scores)[i], v = ((const float *) scores)[j];

  if (u != v)
    return u < v ? 1 : -1;
  return (i > j) - (i < j);
}

GArray *
sam_everything_suppress (const float *boxes, const float *scores, guint n, double max_iou)
{
  g_autofree guint    *order = g_new (guint, n);
  g_autofree gboolean *gone = g_new0 (gboolean, n);
  GArray              *keep = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 0; i < n; i++)
    order[i] = i;
  g_sort_array (order, n, sizeof *order, compare_by_score, (gpointer) scores);

  for (guint i = 0; i < n; i++)
    {
      const float *a = boxes + 4 * order[i];
      float        area_a = (a[2] - a[0]) * (a[3] - a[1]);

      if (gone[order[i]])
        continue;
      g_array_append_val (keep, order[i]);
      for (guint j = i + 1; j < n; j++)
        {
          const float *b = boxes + 4 * order[j];
          float        area_b = (b[2] - b[0]) * (b[3] - b[1]);
          float        shared_width = MIN (a[2], b[2]) - MAX (a[0], b[0]);
          float        shared_height = MIN (a[3], b[3]) - MAX (a[1], b[1]);
          float        shared = MAX (0.0f, shared_width) * MAX (0.0f, shared_height);
          float        iou = shared / (area_a + area_b - shared);

          if ((double) iou > max_iou)
            gone[order[j]] = TRUE;
        }
    }

  return keep;
}

gboolean
sam_everything_clean (uint8_t  *mask,
                      size_t    width,
                      size_t    height,
                      size_t    min_area,
                      gboolean  holes,
                      gboolean *changed,
                      GError  **error)
{
  SamRegions regions;
  size_t     n_small = 0, largest = 0;

  *changed = FALSE;
  if (! sam_regions_init (&regions, mask, width, height, holes ? 0 : 128, holes ? 127 : 255, TRUE,
                          error))
    return FALSE;

  for (size_t i = 0; i < regions.n_regions; i++)
    {
      n_small += regions.regions[i].area < min_area;
      if (regions.regions[i].area > regions.regions[largest].area)
        largest = i;
    }

  for (size_t k = 0; n_small > 0 && k < regions.row_start[height]; k++)
    {
      const SamRun *run = &regions.runs[k];

      if (regions.regions[run->region].area < min_area &&
          (holes || n_small < regions.n_regions || run->region != largest))
        memset (mask + run->y * width + run->x0, holes ? 255 : 0, run->x1 - run->x0);
    }
  *changed = n_small > 0;
  sam_regions_clear (&regions);

  return TRUE;
}

SamCorners
sam_everything_find_box (const uint8_t *mask, size_t width, size_t height)
{
  SamCorners box = { width, height, 0, 0 };

  for (size_t y = 0; y < height; y++)
    {
      const uint8_t *row = mask + y * width;
      size_t         x, end;

      /* memchr would find a value; any value but 0 is wanted */
      for (x = 0; x < width && row[x] == 0; x++)
        ;
      if (x == width)
        continue;
      for (end = width; row[end - 1] == 0; end--)
        ;
      box.x0 = MIN (box.x0, x);
      box.x1 = MAX (box.x1, end - 1);
      box.y0 = MIN (box.y0, y);
      box.y1 = y;
    }
  if (box.x0 == width)
    box = (SamCorners) { 0, 0, 0, 0 };

  return box;
}

float
sam_everything_measure_stability (size_t n_inner, size_t n_outer)
{
  return n_outer > 0 ? (float) n_inner / (float) n_outer : NAN;
}

/* --- one crop
 * ------------------------------------------------------------------------------------- */

typedef struct
{
  const SamPredictor         *predictor;
  const SamPredictor         *closer; /* NULL: one look is all */
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
  *stability = sam_everything_measure_stability (n_inner, n_outer);

  return TRUE;
}

/* The crop's mask at its place in the picture. */
static gboolean
place_mask (const Search *search, const SamCorners *crop, const uint8_t *mask, SamRle *rle)
{
  size_t              width = sam_image_get_width (search->image);
  size_t              height = sam_image_get_height (search->image);
  size_t              crop_width = crop->x1 - crop->x0;
  g_autofree uint8_t *whole = NULL;

  if (crop_width == width && crop->y1 - crop->y0 == height)
    return sam_rle_init (rle, mask, width, height);

  whole = g_try_malloc0_n (height, width);
  if (whole == NULL)
    return FALSE;
  for (size_t y = crop->y0; y < crop->y1; y++)
    memcpy (whole + y * width + crop->x0, mask + (y - crop->y0) * crop_width, crop_width);

  return sam_rle_init (rle, whole, width, height);
}

/* The box in the picture of a crop's mask. */
static SamCorners
find_box_in_crop (const uint8_t *mask, const SamCorners *crop)
{
  SamCorners box = sam_everything_find_box (mask, crop->x1 - crop->x0, crop->y1 - crop->y0);

  return (SamCorners) { box.x0 + crop->x0, box.y0 + crop->y0, box.x1 + crop->x0,
                        box.y1 + crop->y0 };
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

  box = find_box_in_crop (mask, &batch->crop);
  if (sam_everything_is_cut_off (&box, &batch->crop, sam_image_get_width (batch->search->image),
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

  return place_mask (batch->search, &batch->crop, mask, &object->rle);
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
      set_no_memory (error);
      return FALSE;
    }

  return TRUE;
}

/* Keeps those objects that suppression leaves, in its order. */
static GPtrArray *
suppress_objects (GPtrArray   *objects, /* taken over */
                  const float *scores,
                  double       max_iou)
{
  g_autofree float  *boxes = g_new (float, 4 * objects->len + 1);
  g_autoptr (GArray) keep = NULL;
  GPtrArray         *kept = g_ptr_array_new_with_free_func (object_free);

  for (guint i = 0; i < objects->len; i++)
    {
      const SamCorners *box = &((SamObject *) objects->pdata[i])->box;

      boxes[4 * i] = (float) box->x0;
      boxes[4 * i + 1] = (float) box->y0;
      boxes[4 * i + 2] = (float) box->x1;
      boxes[4 * i + 3] = (float) box->y1;
    }
  keep = sam_everything_suppress (boxes, scores, objects->len, max_iou);
  for (guint i = 0; i < keep->len; i++)
    {
      guint number = g_array_index (keep, guint, i);

      g_ptr_array_add (kept, g_steal_pointer (&objects->pdata[number]));
    }
  g_ptr_array_unref (objects);

  return kept;
}

/* The best scored of those that are much the same. */
static GPtrArray *
prefer_high_scores (GPtrArray *objects, double max_iou)
{
  g_autoptr (GArray) scores = g_array_new (FALSE, FALSE, sizeof (float));

  for (guint i = 0; i < objects->len; i++)
    g_array_append_val (scores, ((SamObject *) objects->pdata[i])->iou);

  return suppress_objects (objects, (const float *) (void *) scores->data, max_iou);
}

/* The object's mask as a click's that goes on from what was found. Its scores stay the first
 * look's. */
static gboolean
look_closer (const Search *search,
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

  if (! place_mask (search, &object->crop, sam_mask_get_coverage (mask), &rle))
    {
      set_no_memory (error);
      return FALSE;
    }
  /* nothing there any more: what was found first is better than nothing */
  if (sam_rle_get_area (&rle) == 0)
    {
      sam_rle_clear (&rle);
      return TRUE;
    }
  sam_rle_clear (&object->rle);
  object->rle = rle;
  object->box = find_box_in_crop (sam_mask_get_coverage (mask), &object->crop);

  return TRUE;
}

static SamImage *
cut_out (SamImage *image, const SamCorners *crop, GError **error)
{
  size_t             width = crop->x1 - crop->x0, height = crop->y1 - crop->y0;
  g_autoptr (GBytes) bytes = NULL;
  uint8_t           *pixels;

  if (width == sam_image_get_width (image) && height == sam_image_get_height (image))
    return sam_image_ref (image);

  pixels = g_try_malloc_n (height, 3 * width);
  if (pixels == NULL)
    {
      set_no_memory (error);
      return NULL;
    }
  for (size_t y = 0; y < height; y++)
    memcpy (pixels + 3 * y * width,
            sam_image_get_pixels (image) +
              3 * ((crop->y0 + y) * sam_image_get_width (image) + crop->x0),
            3 * width);
  bytes = g_bytes_new_take (pixels, 3 * width * height);

  return sam_image_new (width, height, bytes, error);
}

static gboolean
search_crop (Search *search, SamCorners crop, const GArray *grid, GPtrArray *all, GError **error)
{
  g_autoptr (SamImage) image = cut_out (search->image, &crop, error);
  GPtrArray           *objects = g_ptr_array_new_with_free_func (object_free);
  SamJob   quiet = { .cancellable = search->job != NULL ? search->job->cancellable : NULL };
  guint    n_points = grid->len / 2;
  double   first = (double) search->n_points_done / (double) search->n_points;
  double   end = (double) (search->n_points_done + n_points) / (double) search->n_points;
  SamJob   whole = sam_job_part (search->job, first, end);
  SamJob   points = sam_job_part (&whole, 0.0, search->closer != NULL ? POINTS_PART : 1.0);
  SamJob   looks = sam_job_part (&whole, POINTS_PART, 1.0);
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
    objects = prefer_high_scores (objects, search->options->max_box_iou);
  if (ok && search->closer != NULL)
    {
      for (guint i = 0; ok && i < objects->len; i++)
        {
          SamJob one = sam_job_part (&looks, (double) i / objects->len, (i + 1.0) / objects->len);

          ok = look_closer (search, scene, objects->pdata[i], &one, error);
        }
      if (ok)
        objects = prefer_high_scores (objects, search->options->max_box_iou);
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

/* --- all crops
 * ------------------------------------------------------------------------------------ */

static GPtrArray *
prefer_small_crops (GPtrArray *objects, double max_iou)
{
  g_autoptr (GArray) scores = g_array_new (FALSE, FALSE, sizeof (float));

  for (guint i = 0; i < objects->len; i++)
    {
      const SamCorners *crop = &((SamObject *) objects->pdata[i])->crop;
      float             score = 1.0f / (float) ((crop->x1 - crop->x0) * (crop->y1 - crop->y0));

      g_array_append_val (scores, score);
    }

  return suppress_objects (objects, (const float *) (void *) scores->data, max_iou);
}

/* Cleans each mask; unchanged ones are preferred. */
static GPtrArray *
clean_objects (GPtrArray *objects, const SamEverythingOptions *options, GError **error)
{
  g_autoptr (GArray) scores = g_array_new (FALSE, FALSE, sizeof (float));

  for (guint i = 0; i < objects->len; i++)
    {
      SamObject          *object = objects->pdata[i];
      size_t              width = object->rle.width, height = object->rle.height;
      g_autofree uint8_t *mask = g_try_malloc0_n (height, width);
      gboolean            filled = FALSE, dropped = FALSE;
      float               score;

      if (mask == NULL)
        {
          set_no_memory (error);
          g_ptr_array_unref (objects);
          return NULL;
        }
      sam_rle_write (&object->rle, mask);
      if (! sam_everything_clean (mask, width, height, options->min_area, TRUE, &filled, error) ||
          ! sam_everything_clean (mask, width, height, options->min_area, FALSE, &dropped, error))
        {
          g_ptr_array_unref (objects);
          return NULL;
        }
      score = filled || dropped ? 0.0f : 1.0f;
      g_array_append_val (scores, score);
      if (score == 0)
        {
          sam_rle_clear (&object->rle);
          if (! sam_rle_init (&object->rle, mask, width, height))
            {
              set_no_memory (error);
              g_ptr_array_unref (objects);
              return NULL;
            }
          object->box = sam_everything_find_box (mask, width, height);
        }
    }

  return suppress_objects (objects, (const float *) (void *) scores->data,
                           MAX (options->max_box_iou, options->max_crop_iou));
}

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
  GPtrArray            *objects = g_ptr_array_new_with_free_func (object_free);
  guint                 number = 0;

  crops = sam_everything_make_crops (sam_image_get_width (image), sam_image_get_height (image),
                                     options->crop_layers, options->crop_overlap, n_of_layer);
  for (int layer = 0; layer <= options->crop_layers; layer++)
    {
      int n = (int) (options->points_per_side / pow (options->crop_points_divisor, layer));

      g_ptr_array_add (grids, sam_everything_make_grid (n));
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
    objects = prefer_small_crops (objects, options->max_crop_iou);
  if (options->min_area > 0)
    objects = clean_objects (objects, options, error);
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
  SamEverythingOptions filled = *options;

  fill_thresholds (&filled, NULL);

  return search_picture (predictor, NULL, image, &filled, job, error);
}

GPtrArray *
sam_everything (SamModel                   *model,
                SamImage                   *image,
                const SamEverythingOptions *options,
                const SamJob               *job,
                GError                    **error)
{
  SamPredictor         predictor = sam_predictor_for_model (model, TRUE);
  SamPredictor         closer = sam_predictor_for_model (model, FALSE);
  SamEverythingOptions filled = *options;

  fill_thresholds (&filled, sam_model_get_family (model));

  return search_picture (&predictor,
                         sam_model_get_spec (model)->closeups && filled.mask_threshold == 0
                           ? &closer
                           : NULL,
                         image, &filled, job, error);
}
