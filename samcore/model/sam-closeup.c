/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A close-up of what was found.
 *
 *   first answer ──▶ box ──▶ part of the picture ──▶ encoded, as it is and mirrored (the scene
 *   keeps both) ──▶ decoded with the first answer as mask ──▶ averaged ──▶ CRF ──▶ once more,
 *   unless a box said where the object ends */
#include "config.h"

#include "samcore/model/sam-closeup.h"

#include <math.h>

#include "samcore/base/sam-arena.h"
#include "samcore/mask/sam-crf.h"
#include "samcore/model/sam-embedding-private.h"
#include "samcore/sam-error.h"
#include "samcore/image/sam-grid.h"
#include "samcore/kernels/sam-kernels.h"
#include "samcore/model/sam-model-private.h"
#include "samcore/model/sam-scene-private.h"
#include "samcore/sam-parallel.h"

/* Around the object's box on each side, in parts of its longer one. */
#define MARGIN 0.15
/* No smaller part than this many pixels: there is nothing more to see in it. */
#define MIN_SIDE 48
/* A part that is nearly the picture is the picture. */
#define MAX_AREA 0.7
/* Clamp: a more confident logit could not be overruled by later clicks. */
#define LOGIT_MOST 10.0f
/* A box is drawn this exactly, in parts of its longer side, and beyond it the object is this
 * unlikely. */
#define BOX_SLACK   0.03f
#define OUTSIDE_BOX (-6.0f)

/* ---- which part ---- */

typedef struct
{
  double x0, y0, x1, y1;
} Bounds;

static void
bounds_add (Bounds *bounds, double x, double y)
{
  bounds->x0 = MIN (bounds->x0, x);
  bounds->y0 = MIN (bounds->y0, y);
  bounds->x1 = MAX (bounds->x1, x);
  bounds->y1 = MAX (bounds->y1, y);
}

/* What is above 0 on the grid of the whole picture. */
static void
bounds_add_logits (Bounds *bounds, const float *logits, const SamGrid *grid)
{
  const SamGeometry *geometry = grid->geometry;
  double             cell = (double) geometry->input / grid->side;
  size_t             left = grid->side, right = 0, top = grid->side, bottom = 0;

  for (size_t row = 0; row < grid->side && row * cell < geometry->resized_height; row++)
    for (size_t column = 0; column < grid->side && column * cell < geometry->resized_width;
         column++)
      if (logits[row * grid->side + column] > 0)
        {
          left = MIN (left, column);
          right = MAX (right, column + 1);
          top = MIN (top, row);
          bottom = row + 1;
        }
  for (int corner = 0; corner < 2 && bottom > top; corner++)
    {
      double x, y;

      sam_geometry_to_image (geometry, (corner ? right : left) * cell,
                             (corner ? bottom : top) * cell, &x, &y);
      bounds_add (bounds, MIN (x, geometry->width), MIN (y, geometry->height));
    }
}

/* The box to take a close-up of; FALSE when nothing is known of where the object is. */
static gboolean
find_bounds (Bounds                *bounds,
             const SamPromptObject *object,
             const float           *first,
             const float           *mask,
             const SamGrid         *grid)
{
  *bounds = (Bounds) { INFINITY, INFINITY, -INFINITY, -INFINITY };
  if (object->box != NULL)
    {
      bounds_add (bounds, object->box->x0_image, object->box->y0_image);
      bounds_add (bounds, object->box->x1_image, object->box->y1_image);
    }
  else
    {
      bounds_add_logits (bounds, first, grid);
      if (mask != NULL)
        bounds_add_logits (bounds, mask, grid);
    }
  if (bounds->x0 > bounds->x1)
    return FALSE;

  for (guint i = 0; i < object->points->len; i++)
    {
      const float *place = (const float *) object->points->data + 2 * i;

      if (g_array_index (object->labels, int, i) == 1)
        bounds_add (bounds, place[0], place[1]);
    }

  return TRUE;
}

/* Outwards to multiples of a step, so that the part stays the same while the object changes little:
 * the answer depends on the prompt alone, not on the way to it, and the embedding can be used
 * again. */
static void
choose_part (SamGeometry *part, const Bounds *bounds, const SamGeometry *whole, size_t input)
{
  double longest = MAX (bounds->x1 - bounds->x0, bounds->y1 - bounds->y0);
  double step = exp2 (floor (log2 (MAX (longest, 8.0) / 8.0)));
  double x0 = floor (bounds->x0 / step) * step, x1 = ceil (bounds->x1 / step) * step;
  double y0 = floor (bounds->y0 / step) * step, y1 = ceil (bounds->y1 / step) * step;
  double half = 0.5 * MAX (MAX (x1 - x0, y1 - y0) * (1 + 2 * MARGIN), MIN_SIDE);
  double cx = 0.5 * (x0 + x1), cy = 0.5 * (y0 + y1);
  size_t left = (size_t) CLAMP (cx - half, 0, whole->width - 1);
  size_t top = (size_t) CLAMP (cy - half, 0, whole->height - 1);
  size_t right = (size_t) CLAMP (ceil (cx + half), left + 1, whole->width);
  size_t bottom = (size_t) CLAMP (ceil (cy + half), top + 1, whole->height);

  if ((double) (right - left) * (bottom - top) > MAX_AREA * whole->width * whole->height)
    {
      left = top = 0;
      right = whole->width;
      bottom = whole->height;
    }
  sam_geometry_init_part (part, whole, left, top, right - left, bottom - top, input);
}

/* Nobody draws a box through the object: what is well outside of it is something else. */
static void
keep_to_box (float *logits, const SamPromptObject *object, const SamGrid *grid)
{
  const SamBox *box = object->box;
  float more = BOX_SLACK * MAX (box->x1_image - box->x0_image, box->y1_image - box->y0_image);

  for (guint i = 0; i < object->points->len; i++)
    {
      const float *place = (const float *) object->points->data + 2 * i;

      if (g_array_index (object->labels, int, i) == 1 &&
          (place[0] < box->x0_image || place[0] > box->x1_image || place[1] < box->y0_image ||
           place[1] > box->y1_image))
        return; /* a click outside the box is meant, too */
    }

  for (size_t row = 0; row < grid->side; row++)
    for (size_t column = 0; column < grid->side; column++)
      {
        float *logit = logits + row * grid->side + column;
        double x, y;

        sam_grid_get_place (grid, column, row, &x, &y);
        if (x < box->x0_image - more || x > box->x1_image + more || y < box->y0_image - more ||
            y > box->y1_image + more)
          *logit = MIN (*logit, OUTSIDE_BOX);
      }
}

/* ---- its views ---- */

/* The part as it is, or mirrored, and what is answered to it. */
typedef struct
{
  SamGeometry   seen;
  SamEmbedding *embedding;
  float        *answer; /* on the close-up's grid */
  float         iou;
  GError       *error;
} View;

typedef struct
{
  SamModel              *model;
  SamScene              *scene;
  SamImage              *image; /* what the views see of the picture */
  const SamPromptObject *object;
  const float           *first; /* on the grid of the whole picture */
  gboolean               masked;
  const SamGrid         *grid; /* of the answers */
  const SamJob          *job;
  View                   views[2];
} CloseUp;

static void
closeup_clear (CloseUp *closeup)
{
  for (int i = 0; i < 2; i++)
    {
      sam_embedding_unref (closeup->views[i].embedding);
      g_free (closeup->views[i].answer);
      g_clear_error (&closeup->views[i].error);
    }
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CloseUp, closeup_clear)

/* What one view answers. */
static gboolean
answer_view (const CloseUp *closeup, View *view, GError **error)
{
  const SamPromptObject *object = closeup->object;
  const SamGrid         *grid = closeup->grid;
  SamGrid                from = sam_embedding_get_grid (sam_scene_get_embedding (closeup->scene));
  SamGrid                here = sam_embedding_get_grid (view->embedding);
  const SamGeometry     *part = here.geometry;
  size_t                 side = here.side;
  SamDecoded             decoded = { 0 };
  size_t                 choice[SAM_N_MASKS - 1];
  g_autofree float      *mask = NULL;
  g_autoptr (GArray)     points = g_array_new (FALSE, FALSE, 2 * sizeof (float));
  g_autoptr (GArray)     labels = g_array_new (FALSE, FALSE, sizeof (int));
  g_autoptr (GArray)     tokens = NULL;
  float                  corners[4];

  /* what is not in the part says nothing about it */
  for (guint i = 0; i < object->points->len; i++)
    {
      const float *place = (const float *) object->points->data + 2 * i;

      if (place[0] >= part->x && place[0] <= part->x + part->width && place[1] >= part->y &&
          place[1] <= part->y + part->height)
        {
          g_array_append_vals (points, place, 1);
          g_array_append_val (labels, g_array_index (object->labels, int, i));
        }
    }
  if (object->box != NULL)
    {
      corners[0] = part->mirrored ? object->box->x1_image : object->box->x0_image;
      corners[1] = object->box->y0_image;
      corners[2] = part->mirrored ? object->box->x0_image : object->box->x1_image;
      corners[3] = object->box->y1_image;
    }
  tokens = sam_prompt_encoder_arrange (sam_model_get_prompt_encoder (closeup->model), part,
                                       (const float (*)[2]) points->data,
                                       (const int *) labels->data, points->len,
                                       object->box != NULL ? corners : NULL);
  if (closeup->masked)
    {
      mask = sam_alloc_floats (side, side, 1, error);
      if (mask == NULL)
        return FALSE;
      sam_grid_resample (mask, &here, closeup->first, &from, -LOGIT_MOST);
    }
  view->answer = sam_alloc_floats (grid->side, grid->side, 1, error);
  if (view->answer == NULL ||
      ! sam_model_decode (closeup->model, view->embedding, (const SamToken *) tokens->data,
                          tokens->len, mask, sam_model_get_choice (closeup->model, FALSE), &decoded,
                          closeup->job, NULL, error))
    return FALSE;

  sam_model_choose (closeup->model, &decoded, FALSE, choice);
  sam_grid_resample (view->answer, grid, sam_decoded_get_mask (&decoded, choice[0]), &here,
                     -LOGIT_MOST);
  view->iou = decoded.iou[choice[0]];
  g_free (decoded.masks);

  return TRUE;
}

static void
encode_views (size_t first, size_t last, gpointer data)
{
  CloseUp *closeup = data;

  for (View *view = closeup->views + first; view < closeup->views + last; view++)
    if (view->embedding == NULL)
      {
        view->embedding = sam_model_encode_part (closeup->model, closeup->image, &view->seen,
                                                 closeup->job, NULL, &view->error);
        if (view->embedding != NULL)
          sam_scene_keep_part (closeup->scene, view->embedding);
      }
}

static void
answer_views (size_t first, size_t last, gpointer data)
{
  CloseUp *closeup = data;

  for (View *view = closeup->views + first; view < closeup->views + last; view++)
    answer_view (closeup, view, &view->error);
}

/* A network this small leaves the second thread idle for a good part of the time; two of them
 * beside each other do not. One that is alone gets all threads. */
static gboolean
run_views (CloseUp        *closeup,
           SamParallelFunc run,
           gboolean        alone,
           const SamJob   *job,
           double          done,
           GError        **error)
{
  if (alone)
    run (0, 2, closeup);
  else
    sam_parallel_for (2, 1, run, closeup);

  for (int i = 0; i < 2; i++)
    if (closeup->views[i].error != NULL)
      {
        g_propagate_error (error, g_steal_pointer (&closeup->views[i].error));
        return FALSE;
      }

  return sam_job_step (job, done, error);
}

/* A lone box says all; anything else is told what was found with it. */
static gboolean
is_lone_box (const SamPromptObject *object, const float *mask)
{
  return object->box != NULL && object->points->len == 0 && mask == NULL;
}

/* The two views, with what the scene has of them; returns how many have an embedding. */
static int
init_views (CloseUp *closeup, const SamGeometry *geometry)
{
  const SamGeometry *part = closeup->grid->geometry;
  int                n_known = 0;

  for (int i = 0; i < 2; i++)
    {
      View *view = &closeup->views[i];

      sam_geometry_init_part (&view->seen, geometry, part->x, part->y, part->width, part->height,
                              geometry->input);
      view->seen.mirrored = i;
      view->embedding = sam_scene_lookup_part (closeup->scene, &view->seen);
      n_known += view->embedding != NULL;
    }

  return n_known;
}

/* One close-up, of the part that @first suggests. */
static float *
take_closeup (SamModel              *model,
              SamScene              *scene,
              const SamPromptObject *object,
              const float           *first,
              const float           *mask,
              SamGeometry           *part,
              float                 *iou,
              const SamJob          *job,
              GError               **error)
{
  SamGrid              grid = { part, SAM_CLOSEUP_SIDE };
  SamGrid              coarse = sam_embedding_get_grid (sam_scene_get_embedding (scene));
  const SamGeometry   *geometry = coarse.geometry;
  Bounds               bounds;
  SamImage            *image;
  g_autofree float    *sum = sam_alloc_floats (grid.side, grid.side, 1, error);
  g_autoptr (SamImage) cut = NULL;
  g_auto (CloseUp)     closeup = { 0 };
  SamJob               quiet = { .cancellable = job != NULL ? job->cancellable : NULL };
  int                  n_known;

  if (sum == NULL)
    return NULL;
  /* nothing found: the whole picture once more, mirrored too */
  if (! find_bounds (&bounds, object, first, mask, &coarse))
    bounds = (Bounds) { 0, 0, geometry->width, geometry->height };
  choose_part (part, &bounds, geometry, grid.side);
  image = sam_scene_choose_image (scene, part, error);
  if (image == NULL)
    return NULL;

  closeup = (CloseUp) { model, scene, image, object, first, ! is_lone_box (object, mask),
                        &grid, &quiet };
  n_known = init_views (&closeup, geometry);
  if (! run_views (&closeup, encode_views, n_known > 0, job, 0.6, error) ||
      ! run_views (&closeup, answer_views, FALSE, job, 1.0, error))
    return NULL;

  sam_kernels ()->blend (sum,
                         (const float *const[]) { closeup.views[0].answer,
                                                  closeup.views[1].answer },
                         (const float[]) { 0.5f, 0.5f }, 2, grid.side * grid.side);
  *iou = 0.5f * closeup.views[0].iou + 0.5f * closeup.views[1].iou;

  if (object->box != NULL)
    keep_to_box (sum, object, &grid);
  cut = sam_scene_cut_part (scene, image, part, error);
  if (cut == NULL || ! sam_crf_refine (sum, grid.side, sam_image_get_pixels (cut),
                                       part->resized_width, part->resized_height, error))
    return NULL;
  for (size_t i = 0; i < grid.side * grid.side; i++)
    sum[i] = CLAMP (sum[i], -LOGIT_MOST, LOGIT_MOST);

  return g_steal_pointer (&sum);
}

float *
sam_closeup_answer (SamModel              *model,
                    SamScene              *scene,
                    const SamPromptObject *object,
                    const float           *first,
                    const float           *mask,
                    SamGeometry           *part,
                    float                 *iou,
                    const SamJob          *job,
                    GError               **error)
{
  SamJob            halves[2] = { sam_job_part (job, 0.0, 0.5), sam_job_part (job, 0.5, 1.0) };
  gboolean          once = is_lone_box (object, mask);
  SamGeometry       seen;
  SamGrid           fine = { &seen, SAM_CLOSEUP_SIDE };
  SamGrid           coarse = sam_embedding_get_grid (sam_scene_get_embedding (scene));
  g_autofree float *found = take_closeup (model, scene, object, first, mask, &seen, iou,
                                          once ? job : &halves[0], error);
  g_autofree float *better = NULL;
  float             ignored;

  *part = seen;
  if (found == NULL || once)
    return g_steal_pointer (&found);

  /* Clicks say little about where the object ends, and the first answer may have missed some
   * of it: once more from what is known now. The first prediction of the IoU stays: it was asked
   * more openly, and so tells better. */
  better = sam_alloc_floats (coarse.side, coarse.side, 1, error);
  if (better == NULL)
    return NULL;
  sam_grid_resample (better, &coarse, found, &fine, -LOGIT_MOST);

  return take_closeup (model, scene, object, better, mask, part, &ignored, &halves[1], error);
}
