/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A second, closer look at what was found.
 *
 *   first answer ──▶ box ──▶ part of the picture ──▶ encoded, as it is and mirrored (kept: the
 *   next click mostly needs the same) ──▶ decoded with the first answer as mask ──▶ averaged ──▶
 *   CRF ──▶ once more, unless
 *   a box said where the object ends */
#include "config.h"

#include "samcore/model/sam-closeup.h"

#include <math.h>

#include "samcore/base/sam-arena.h"
#include "samcore/mask/sam-crf.h"
#include "samcore/model/sam-embedding-private.h"
#include "samcore/sam-error.h"
#include "samcore/image/sam-grid.h"
#include "samcore/kernels/sam-kernels.h"
#include "samcore/sam-parallel.h"
#include "samcore/image/sam-preprocess.h"

/* Around the object's box on each side, in parts of its longer one. */
#define MARGIN 0.15
/* No smaller part than this many pixels: there is nothing more to see in it. */
#define MIN_SIDE 48
/* A part that is nearly the picture is the picture. */
#define MAX_AREA 0.7
/* Surer than this nobody needs to be; fed back, it could not be corrected. */
#define LOGIT_MOST 10.0f
/* A box is drawn this exactly, in parts of its longer side, and beyond it the object is this
 * unlikely. */
#define BOX_SLACK   0.03f
#define OUTSIDE_BOX (-6.0f)
#define N_KEPT      8
#define N_SEEN      4 /* each is kept as it is and mirrored */

/* Large parts of large pictures are seen in a reduced one, of this many pixels along its longer
 * side at least. */
#define REDUCED_SIDE 2048

/* A part at the size of an answer's grid. */
typedef struct
{
  SamGeometry part;
  SamImage   *image;
} SeenPart;

struct _SamCloseups
{
  SamImage  *image;
  GMutex     mutex;
  SamImage  *reduced; /* NULL until it is wanted */
  GPtrArray *kept;    /* of SamEmbedding, the last used last */
  SeenPart   seen[N_SEEN];
  guint      n_seen; /* ever */
};

SamCloseups *
sam_closeups_new (SamImage *image)
{
  SamCloseups *closeups = g_new0 (SamCloseups, 1);

  closeups->image = sam_image_ref (image);
  closeups->kept = g_ptr_array_new_with_free_func ((GDestroyNotify) sam_embedding_unref);
  g_mutex_init (&closeups->mutex);

  return closeups;
}

void
sam_closeups_free (SamCloseups *closeups)
{
  if (closeups == NULL)
    return;

  for (guint i = 0; i < MIN (closeups->n_seen, N_SEEN); i++)
    sam_image_unref (closeups->seen[i].image);
  g_ptr_array_unref (closeups->kept);
  sam_image_unref (closeups->reduced);
  sam_image_unref (closeups->image);
  g_mutex_clear (&closeups->mutex);
  g_free (closeups);
}

static SamEmbedding *
find_kept (SamCloseups *closeups, const SamGeometry *part)
{
  SamEmbedding *found = NULL;

  g_mutex_lock (&closeups->mutex);
  for (guint i = 0; i < closeups->kept->len; i++)
    if (sam_geometry_is_same_part (sam_embedding_get_geometry (closeups->kept->pdata[i]), part))
      {
        found = g_ptr_array_steal_index (closeups->kept, i);
        g_ptr_array_add (closeups->kept, found);
        sam_embedding_ref (found);
        break;
      }
  g_mutex_unlock (&closeups->mutex);

  return found;
}

static SamImage *
reduce (SamImage *image, size_t factor, GError **error)
{
  size_t             width = sam_image_get_width (image) / factor;
  size_t             height = sam_image_get_height (image) / factor;
  uint8_t           *pixels = g_try_malloc_n (height, width * 3);
  g_autoptr (GBytes) bytes = NULL;

  if (pixels == NULL)
    {
      g_set_error_literal (error, SAM_ERROR, SAM_ERROR_NO_MEMORY,
                           "not enough memory to look at the object closely");
      return NULL;
    }
  bytes = g_bytes_new_take (pixels, width * height * 3);
  if (! sam_resize_pillow (pixels, sam_image_get_pixels (image), sam_image_get_height (image),
                           sam_image_get_width (image), height, width, error))
    return NULL;

  return sam_image_new (width, height, bytes, error);
}

/* What to see a part in: the picture, or, where that still shows more than the model takes in, a
 * reduced one. */
static SamImage *
choose_image (SamCloseups *closeups, const SamGeometry *part, size_t input, GError **error)
{
  size_t    longest = MAX (part->picture_width, part->picture_height);
  size_t    factor = longest / REDUCED_SIDE;
  SamImage *image;

  /* a strip has few pixels, and its shorter side must not vanish */
  if (factor < 2 || MAX (part->width, part->height) < 2 * input * factor ||
      MIN (part->picture_width, part->picture_height) < factor)
    return closeups->image;

  g_mutex_lock (&closeups->mutex);
  if (closeups->reduced == NULL)
    closeups->reduced = reduce (closeups->image, factor, error);
  image = closeups->reduced;
  g_mutex_unlock (&closeups->mutex);

  return image;
}

/* @part of @image at its resized size; mostly it has been asked for before. */
static SamImage *
see_part (SamCloseups *closeups, SamImage *image, const SamGeometry *part, GError **error)
{
  size_t             width = part->resized_width, height = part->resized_height;
  uint8_t           *pixels;
  g_autoptr (GBytes) bytes = NULL;
  SamImage          *small = NULL;

  g_mutex_lock (&closeups->mutex);
  for (guint i = 0; small == NULL && i < MIN (closeups->n_seen, N_SEEN); i++)
    if (sam_geometry_is_same_part (&closeups->seen[i].part, part))
      small = sam_image_ref (closeups->seen[i].image);
  g_mutex_unlock (&closeups->mutex);
  if (small != NULL)
    return small;

  pixels = g_try_malloc_n (height, width * 3);
  if (pixels == NULL)
    {
      g_set_error_literal (error, SAM_ERROR, SAM_ERROR_NO_MEMORY,
                           "not enough memory to look at the object closely");
      return NULL;
    }
  bytes = g_bytes_new_take (pixels, width * height * 3);
  if (! sam_resize_image (pixels, image, part, error))
    return NULL;
  small = sam_image_new (width, height, bytes, error);
  if (small == NULL)
    return NULL;

  g_mutex_lock (&closeups->mutex);
  if (closeups->n_seen >= N_SEEN)
    sam_image_unref (closeups->seen[closeups->n_seen % N_SEEN].image);
  closeups->seen[closeups->n_seen++ % N_SEEN] = (SeenPart) { *part, sam_image_ref (small) };
  g_mutex_unlock (&closeups->mutex);

  return small;
}

static SamEmbedding *
encode_part (SamModel          *model,
             SamCloseups       *closeups,
             SamImage          *image,
             const SamGeometry *part,
             const SamJob      *job,
             GError           **error)
{
  SamEmbedding *embedding = sam_model_encode_part (model, image, part, job, NULL, error);

  if (embedding == NULL)
    return NULL;

  g_mutex_lock (&closeups->mutex);
  if (closeups->kept->len == N_KEPT)
    g_ptr_array_remove_index (closeups->kept, 0);
  g_ptr_array_add (closeups->kept, sam_embedding_ref (embedding));
  g_mutex_unlock (&closeups->mutex);

  return embedding;
}

/* ---- where to look ---- */

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

/* The box to look at, FALSE when nothing is known of where the object is. */
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
        return; /* but who clicks outside means it */
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

/* ---- looking ---- */

/* The part as it is, or mirrored, and what is answered to it. */
typedef struct
{
  SamGeometry   seen;
  SamEmbedding *embedding;
  float        *answer; /* on the looking's grid */
  float         iou;
  GError       *error;
} View;

typedef struct
{
  SamModel              *model;
  SamCloseups           *closeups;
  SamImage              *image;
  const SamEmbedding    *whole;
  const SamPromptObject *object;
  const float           *first;
  gboolean               masked;
  const SamGrid         *grid;
  const SamJob          *job;
  View                   views[2];
} Looking;

static void
looking_clear (Looking *l)
{
  for (int i = 0; i < 2; i++)
    {
      sam_embedding_unref (l->views[i].embedding);
      g_free (l->views[i].answer);
      g_clear_error (&l->views[i].error);
    }
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Looking, looking_clear)

/* What one view answers. */
static gboolean
look (const Looking *l, View *view, GError **error)
{
  const SamPromptObject *object = l->object;
  const SamGrid         *grid = l->grid;
  SamGrid                from = sam_embedding_get_grid (l->whole);
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
  tokens = sam_prompt_encoder_arrange (sam_model_get_prompt_encoder (l->model), part,
                                       (const float (*)[2]) points->data,
                                       (const int *) labels->data, points->len,
                                       object->box != NULL ? corners : NULL);
  if (l->masked)
    {
      mask = sam_alloc_floats (side, side, 1, error);
      if (mask == NULL)
        return FALSE;
      sam_grid_resample (mask, &here, l->first, &from, -LOGIT_MOST);
    }
  view->answer = sam_alloc_floats (grid->side, grid->side, 1, error);
  if (view->answer == NULL ||
      ! sam_model_decode (l->model, view->embedding, (const SamToken *) tokens->data, tokens->len,
                          mask, sam_model_get_choice (l->model, FALSE), &decoded, l->job, NULL,
                          error))
    return FALSE;

  sam_model_choose (l->model, &decoded, FALSE, choice);
  sam_grid_resample (view->answer, grid, sam_decoded_get_mask (&decoded, choice[0]), &here,
                     -LOGIT_MOST);
  view->iou = decoded.iou[choice[0]];
  g_free (decoded.masks);

  return TRUE;
}

static void
see_views (size_t first, size_t last, gpointer data)
{
  Looking *l = data;

  for (View *view = l->views + first; view < l->views + last; view++)
    if (view->embedding == NULL)
      view->embedding = encode_part (l->model, l->closeups, l->image, &view->seen, l->job,
                                     &view->error);
}

static void
ask_views (size_t first, size_t last, gpointer data)
{
  Looking *l = data;

  for (View *view = l->views + first; view < l->views + last; view++)
    look (l, view, &view->error);
}

/* A network this small leaves the second thread idle for a good part of the time; two of them
 * beside each other do not. One that is alone gets all threads. */
static gboolean
run_views (Looking        *l,
           SamParallelFunc run,
           gboolean        alone,
           const SamJob   *job,
           double          done,
           GError        **error)
{
  if (alone)
    run (0, 2, l);
  else
    sam_parallel_for (2, 1, run, l);

  for (int i = 0; i < 2; i++)
    if (l->views[i].error != NULL)
      {
        g_propagate_error (error, g_steal_pointer (&l->views[i].error));
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

static float *
look_closer (SamModel              *model,
             const SamEmbedding    *whole,
             const SamPromptObject *object,
             const float           *first,
             const float           *mask,
             SamGeometry           *part,
             float                 *iou,
             const SamJob          *job,
             GError               **error)
{
  SamCloseups         *closeups = sam_embedding_get_closeups (whole);
  SamGrid              grid = { part, SAM_CLOSEUP_SIDE };
  SamGrid              coarse = sam_embedding_get_grid (whole);
  const SamGeometry   *geometry = coarse.geometry;
  Bounds               bounds;
  SamImage            *image;
  g_autofree float    *sum = sam_alloc_floats (grid.side, grid.side, 1, error);
  g_autoptr (SamImage) small = NULL;
  g_auto (Looking)     looking = { 0 };
  SamJob               quiet = { .cancellable = job != NULL ? job->cancellable : NULL };
  int                  n_known = 0;

  if (sum == NULL)
    return NULL;
  /* nothing found: the whole picture once more, mirrored too */
  if (! find_bounds (&bounds, object, first, mask, &coarse))
    bounds = (Bounds) { 0, 0, geometry->width, geometry->height };
  choose_part (part, &bounds, geometry, grid.side);
  image = choose_image (closeups, part, geometry->input, error);
  if (image == NULL)
    return NULL;

  looking = (Looking) { model, closeups, image, whole, object, first, ! is_lone_box (object, mask),
                        &grid, &quiet };
  for (int i = 0; i < 2; i++)
    {
      View *view = &looking.views[i];

      sam_geometry_init_part (&view->seen, geometry, part->x, part->y, part->width, part->height,
                              geometry->input);
      view->seen.mirrored = i;
      if (! view->seen.mirrored && sam_geometry_is_whole (&view->seen))
        view->embedding = sam_embedding_ref ((SamEmbedding *) whole);
      else
        view->embedding = find_kept (closeups, &view->seen);
      n_known += view->embedding != NULL;
    }
  if (! run_views (&looking, see_views, n_known > 0, job, 0.6, error) ||
      ! run_views (&looking, ask_views, FALSE, job, 1.0, error))
    return NULL;

  sam_kernels ()->blend (sum,
                         (const float *const[]) { looking.views[0].answer,
                                                  looking.views[1].answer },
                         (const float[]) { 0.5f, 0.5f }, 2, grid.side * grid.side);
  *iou = 0.5f * looking.views[0].iou + 0.5f * looking.views[1].iou;

  if (object->box != NULL)
    keep_to_box (sum, object, &grid);
  small = see_part (closeups, image, part, error);
  if (small == NULL || ! sam_crf_refine (sum, grid.side, sam_image_get_pixels (small),
                                         part->resized_width, part->resized_height, error))
    return NULL;
  for (size_t i = 0; i < grid.side * grid.side; i++)
    sum[i] = CLAMP (sum[i], -LOGIT_MOST, LOGIT_MOST);

  return g_steal_pointer (&sum);
}

float *
sam_closeup_answer (SamModel              *model,
                    const SamEmbedding    *whole,
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
  SamGrid           coarse = sam_embedding_get_grid (whole);
  g_autofree float *found = look_closer (model, whole, object, first, mask, &seen, iou,
                                         once ? job : &halves[0], error);
  g_autofree float *better = NULL;
  float             ignored;

  *part = seen;
  if (found == NULL || once)
    return g_steal_pointer (&found);

  /* Clicks say little about where the object ends, and the first look may have missed some of it:
   * once more from what is known now. How good the mask is the first time tells better, having been
   * asked more openly. */
  better = sam_alloc_floats (coarse.side, coarse.side, 1, error);
  if (better == NULL)
    return NULL;
  sam_grid_resample (better, &coarse, found, &fine, -LOGIT_MOST);

  return look_closer (model, whole, object, better, mask, part, &ignored, &halves[1], error);
}
