/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a prompt to an answer:
 *
 *   prompt ──▶ one object per box ──▶ decode each ──▶ choose candidates ──▶ look closer ──▶ unite ──▶ SamLogits */
#include "config.h"

#include "samcore/sam-model-private.h"

#include <math.h>
#include <string.h>

#include "samcore/sam-arena.h"
#include "samcore/sam-closeup.h"
#include "samcore/sam-embedding-private.h"
#include "samcore/sam-error.h"
#include "samcore/sam-grid.h"
#include "samcore/sam-logits-private.h"

/* A mask given as a prompt becomes logits of this size: as sure as a confident answer of the networks, not
 * surer, so that points can still overrule it. */
#define MASK_LOGIT 8.0f

/* Objects united on one grid: no larger than this. */
#define MAX_SIDE 1024

/* One candidate on its way. */
typedef struct
{
  SamGeometry geometry;
  size_t      side;
  float      *values; /* [side, side] */
} Map;

static void
object_clear (gpointer data)
{
  SamPromptObject *object = data;

  g_array_unref (object->points);
  g_array_unref (object->labels);
}

static void
object_add (SamPromptObject *object,
            const SamPoint  *point)
{
  float place[2] = { point->x_image, point->y_image };

  g_array_append_val (object->points, place);
  g_array_append_val (object->labels, point->label);
}

static gboolean
box_holds (const SamBox   *box,
           const SamPoint *point)
{
  return point->x_image >= box->x0_image && point->x_image <= box->x1_image &&
         point->y_image >= box->y0_image && point->y_image <= box->y1_image;
}

static SamPromptObject *
objects_append (GArray       *objects,
                const SamBox *box)
{
  SamPromptObject object = { g_array_new (FALSE, FALSE, 2 * sizeof (float)), g_array_new (FALSE, FALSE, sizeof (int)), box };

  g_array_append_val (objects, object);

  return &g_array_index (objects, SamPromptObject, objects->len - 1);
}

/* A positive point belongs to the smallest box that holds it, a negative one to every box that does; with
 * a single box all points are its. What is left makes an object of its own if a positive point is there.
 * (SamPromptObject *) pointers do not outlive an append: the boxes come first, then the points. */
static GArray *
split_prompt (const SamPrompt *prompt)
{
  GArray            *objects = g_array_new (FALSE, FALSE, sizeof (SamPromptObject));
  size_t             n_boxes = prompt->boxes->len;
  g_autoptr (GArray) left    = g_array_new (FALSE, FALSE, sizeof (SamPoint));
  gboolean           alone   = FALSE;

  g_array_set_clear_func (objects, object_clear);
  for (size_t i = 0; i < n_boxes; i++)
    objects_append (objects, &g_array_index (prompt->boxes, SamBox, i));

  for (size_t i = 0; i < prompt->points->len; i++)
    {
      const SamPoint  *point    = &g_array_index (prompt->points, SamPoint, i);
      SamPromptObject *smallest = NULL;
      gboolean         held     = FALSE;
      double           area     = INFINITY;

      for (size_t k = 0; k < n_boxes; k++)
        {
          SamPromptObject *object = &g_array_index (objects, SamPromptObject, k);
          double           size   = ((double) object->box->x1_image - object->box->x0_image) *
                                    ((double) object->box->y1_image - object->box->y0_image);

          if (n_boxes > 1 && ! box_holds (object->box, point))
            continue;
          held = TRUE;
          if (point->label == 0)
            object_add (object, point);
          else if (size < area)
            {
              smallest = object;
              area     = size;
            }
        }
      if (smallest != NULL)
        object_add (smallest, point);
      if (! held)
        {
          g_array_append_val (left, *point);
          alone = alone || point->label == 1;
        }
    }

  if (n_boxes == 0 || alone)
    {
      SamPromptObject *object = objects_append (objects, NULL);

      for (size_t i = 0; i < left->len; i++)
        object_add (object, &g_array_index (left, SamPoint, i));
    }

  return objects;
}

/* Pixel of the low-resolution grid to the picture, and the picture's part of the grid. */
static void
grid_scale (const SamGeometry *geometry,
            size_t             side,
            double            *x_scale,
            double            *y_scale)
{
  double cell = (double) geometry->input / side;

  *x_scale = cell * geometry->width / geometry->resized_width;
  *y_scale = cell * geometry->height / geometry->resized_height;
}

/* The mask's coverage averaged over each cell of the grid, as logits; outside the picture there is nothing. */
static void
logits_from_mask (float             *logits,
                  const SamMask     *mask,
                  const SamGeometry *geometry,
                  size_t             side)
{
  const uint8_t *coverage = sam_mask_get_coverage (mask);
  size_t         w        = sam_mask_get_width (mask);
  size_t         h        = sam_mask_get_height (mask);
  double         x_scale, y_scale;

  grid_scale (geometry, side, &x_scale, &y_scale);
  /* the mask is stretched over the picture */
  x_scale *= (double) w / geometry->width;
  y_scale *= (double) h / geometry->height;

  for (size_t y = 0; y < side; y++)
    for (size_t x = 0; x < side; x++)
      {
        size_t   x0  = (size_t) (x * x_scale);
        size_t   y0  = (size_t) (y * y_scale);
        size_t   x1  = MIN (MAX ((size_t) ((x + 1) * x_scale), x0 + 1), w);
        size_t   y1  = MIN (MAX ((size_t) ((y + 1) * y_scale), y0 + 1), h);
        uint64_t sum = 0;
        double   n;

        logits[y * side + x] = -MASK_LOGIT;
        if (x0 >= x1 || y0 >= y1)
          continue;
        for (size_t i = y0; i < y1; i++)
          for (size_t k = x0; k < x1; k++)
            sum += coverage[i * w + k];
        n = (double) (x1 - x0) * (y1 - y0);
        logits[y * side + x] = (float) ((2.0 * sum / (255.0 * n) - 1.0) * MASK_LOGIT);
      }
}

/* The mask's box in the picture; FALSE for an empty mask. */
static gboolean
box_from_mask (SamBox            *box,
               const SamMask     *mask,
               const SamGeometry *geometry)
{
  double x_scale = (double) geometry->width / sam_mask_get_width (mask);
  double y_scale = (double) geometry->height / sam_mask_get_height (mask);
  size_t x0, y0, x1, y1;

  if (! sam_mask_get_bounds (mask, &x0, &y0, &x1, &y1))
    return FALSE;

  *box = (SamBox) { x0 * x_scale, y0 * y_scale, x1 * x_scale, y1 * y_scale };
  return TRUE;
}

/* With several objects, an earlier answer shows all of them; each is told its own part only: a box what
 * is inside it, the points what is in no box. */
static void
keep_own_part (float                 *logits,
               const SamPromptObject *object,
               const GArray          *boxes,
               const SamGeometry     *geometry,
               size_t                 side)
{
  double x_scale, y_scale;

  grid_scale (geometry, side, &x_scale, &y_scale);
  for (size_t y = 0; y < side; y++)
    for (size_t x = 0; x < side; x++)
      {
        SamPoint centre = { (x + 0.5) * x_scale, (y + 0.5) * y_scale, 1 };
        gboolean own    = object->box == NULL || box_holds (object->box, &centre);

        for (size_t i = 0; own && object->box == NULL && i < boxes->len; i++)
          own = ! box_holds (&g_array_index (boxes, SamBox, i), &centre);
        if (! own)
          logits[y * side + x] = MIN (logits[y * side + x], -MASK_LOGIT);
      }
}

/* [side, side] logits that the prompt gives as a mask: the previous answer, or else the rough mask. */
static gboolean
make_mask_input (const SamModel     *model,
                 const SamEmbedding *embedding,
                 const SamPrompt    *prompt,
                 float              *logits,
                 size_t              side,
                 GError            **error)
{
  const SamGeometry *geometry = sam_embedding_get_geometry (embedding);
  float              limit    = sam_model_get_spec (model)->decoder.mask_input_limit;
  const SamGeometry *answered;
  SamGrid            to = { geometry, side };
  SamGrid            from;
  gboolean           own;

  if (prompt->previous == NULL)
    {
      logits_from_mask (logits, prompt->mask, geometry, side);
      return TRUE;
    }

  if (prompt->previous_candidate < sam_logits_get_n_candidates (prompt->previous))
    answered = sam_logits_get_geometry (prompt->previous, prompt->previous_candidate);
  else
    answered = NULL;
  /* a first look has this model's own grid; the grid of a closer one is its own input */
  own = answered != NULL &&
        ((answered->input == geometry->input && sam_logits_get_width (prompt->previous) == side) ||
         (sam_embedding_get_closeups (embedding) != NULL && sam_logits_get_width (prompt->previous) == answered->input));
  if (! own || answered->picture_width != geometry->width || answered->picture_height != geometry->height)
    {
      g_set_error_literal (error, SAM_ERROR, SAM_ERROR_UNSUPPORTED,
                           "the answer to refine is another picture's or another model's; start again");
      return FALSE;
    }
  from = (SamGrid) { answered, sam_logits_get_width (prompt->previous) };
  sam_grid_resample (logits, &to, sam_logits_get_values (prompt->previous, prompt->previous_candidate), &from,
                     SAM_LOGITS_OUTSIDE);
  if (limit > 0)
    for (size_t i = 0; i < side * side; i++)
      logits[i] = CLAMP (logits[i], -limit, limit);

  return TRUE;
}

/* The finer mask is added to the model's own, or stands alone, or is left out. */
static void
copy_answer (float            *values,
             const SamDecoded *decoded,
             size_t            choice,
             gboolean          hq,
             SamHqMode         mode)
{
  size_t       n     = decoded->side * decoded->side;
  const float *mask  = decoded->masks + choice * n;
  const float *finer = decoded->masks + SAM_N_MASKS * n;

  for (size_t i = 0; i < n; i++)
    values[i] = ! hq || mode == SAM_HQ_OFF ? mask[i] : mode == SAM_HQ_ONLY ? finer[i] : mask[i] + finer[i];
}

static void
map_clear (Map *map)
{
  g_clear_pointer (&map->values, g_free);
}

/* Both objects in one map; @other is taken over. */
static gboolean
map_unite (Map     *map,
           Map     *other,
           GError **error)
{
  const SamGeometry *a = &map->geometry, *b = &other->geometry;
  size_t             x = MIN (a->x, b->x), y = MIN (a->y, b->y);
  size_t             width = MAX (a->x + a->width, b->x + b->width) - x;
  size_t             height = MAX (a->y + a->height, b->y + b->height) - y;
  double             cell = MIN ((double) MAX (a->width, a->height) / map->side,
                                 (double) MAX (b->width, b->height) / other->side);
  SamGrid            from[2] = { { a, map->side }, { b, other->side } };
  SamGrid            to;
  Map                both;
  g_autofree float  *next = NULL;

  if (map->side == other->side && a->input == b->input && sam_geometry_is_same_part (a, b))
    {
      for (size_t p = 0; p < map->side * map->side; p++)
        map->values[p] = MAX (map->values[p], other->values[p]);
      map_clear (other);
      return TRUE;
    }

  /* a grid over both parts, as fine as the finer one */
  both.side = (size_t) CLAMP (ceil (MAX (width, height) / cell), MAX (map->side, other->side), MAX_SIDE);
  sam_geometry_init_part (&both.geometry, a, x, y, width, height, both.side);
  both.values = sam_alloc_floats (both.side, both.side, 1, error);
  next = both.values != NULL ? sam_alloc_floats (both.side, both.side, 1, error) : NULL;
  if (next == NULL)
    {
      map_clear (&both);
      map_clear (other);
      return FALSE;
    }
  to = (SamGrid) { &both.geometry, both.side };
  sam_grid_resample (both.values, &to, map->values, &from[0], SAM_LOGITS_OUTSIDE);
  sam_grid_resample (next, &to, other->values, &from[1], SAM_LOGITS_OUTSIDE);
  for (size_t p = 0; p < both.side * both.side; p++)
    both.values[p] = MAX (both.values[p], next[p]);
  map_clear (map);
  map_clear (other);
  *map = both;

  return TRUE;
}

/* One object's candidates. mask: [side, side] or NULL; maps: taken over even after a failure */
static gboolean
answer_object (SamModel              *model,
               const SamEmbedding    *embedding,
               const SamPrompt       *prompt,
               const SamPromptObject *object,
               gboolean               ambiguous,
               const float           *mask,
               Map                    maps[SAM_N_MASKS - 1],
               size_t                *n_candidates,
               float                 *iou,
               float                 *object_score,
               const SamJob          *job,
               GError               **error)
{
  const SamModelSpec *spec     = sam_model_get_spec (model);
  const SamGeometry  *geometry = sam_embedding_get_geometry (embedding);
  gboolean            closer   = sam_embedding_get_closeups (embedding) != NULL && ! prompt->quick;
  SamJob              first    = sam_job_part (job, 0.0, closer ? 0.1 : 1.0);
  SamDecoded          decoded  = { 0 };
  size_t              choice[SAM_N_MASKS - 1];
  float               corners[4];
  gboolean            lone;
  gboolean            done   = TRUE;
  g_autoptr (GArray)  tokens = NULL;

  if (object->box != NULL)
    memcpy (corners, object->box, sizeof corners);
  tokens = sam_prompt_encoder_arrange (sam_model_get_prompt_encoder (model), geometry,
                                       (const float (*)[2]) object->points->data, (const int *) object->labels->data,
                                       object->points->len, object->box != NULL ? corners : NULL);
  if (! sam_model_decode (model, embedding, (const SamToken *) tokens->data, tokens->len, mask, &decoded, &first,
                          NULL, error))
    return FALSE;

  /* a lone point among other objects: there is no one to ask, the best of the three it is */
  lone          = object->box == NULL && object->points->len == 1 && mask == NULL;
  *n_candidates = sam_model_choose (model, &decoded, ambiguous || lone, choice);
  if (lone && ! ambiguous && *n_candidates > 1)
    {
      for (size_t k = 1; k < *n_candidates; k++)
        if (decoded.iou[choice[k]] > decoded.iou[choice[0]])
          choice[0] = choice[k];
      *n_candidates = 1;
    }
  *object_score = decoded.object_score;

  for (size_t k = 0; done && k < *n_candidates; k++)
    {
      SamJob part = sam_job_part (job, 0.1 + 0.9 * k / *n_candidates, 0.1 + 0.9 * (k + 1) / *n_candidates);

      if (closer)
        {
          const float *found = decoded.masks + choice[k] * decoded.side * decoded.side;

          maps[k].side   = SAM_CLOSEUP_SIDE;
          maps[k].values = sam_closeup_answer (model, embedding, object, found, mask, &maps[k].geometry, &iou[k],
                                               &part, error);
          /* two looks, two opinions: their mean orders masks better than either */
          iou[k] = 0.5f * (iou[k] + decoded.iou[choice[k]]);
        }
      else
        {
          maps[k].geometry = *geometry;
          maps[k].side     = decoded.side;
          maps[k].values   = sam_alloc_floats (decoded.side, decoded.side, 1, error);
          iou[k]           = decoded.iou[choice[k]];
          if (maps[k].values != NULL)
            copy_answer (maps[k].values, &decoded, choice[k], spec->decoder.hq, prompt->hq_mode);
        }
      done = maps[k].values != NULL;
    }
  g_free (decoded.masks);

  return done;
}

/* The candidates' maps one after the other, as SamLogits has them. */
static float *
join_maps (const Map *maps,
           size_t     n,
           GError   **error)
{
  size_t size   = maps[0].side * maps[0].side;
  float *values = sam_alloc_floats (n, maps[0].side, maps[0].side, error);

  for (size_t k = 0; values != NULL && k < n; k++)
    memcpy (values + k * size, maps[k].values, size * sizeof (float));

  return values;
}

SamLogits *
sam_model_predict (SamModel           *model,
                   const SamEmbedding *embedding,
                   const SamPrompt    *prompt,
                   const SamJob       *job,
                   GError            **error)
{
  const SamModelSpec *spec      = sam_model_get_spec (model);
  const SamGeometry  *geometry  = sam_embedding_get_geometry (embedding);
  size_t              side      = sam_embedding_get_grid (embedding).side;
  gboolean            ambiguous = sam_prompt_is_ambiguous (prompt);
  gboolean            masked    = prompt->previous != NULL || prompt->mask != NULL;
  g_autoptr (GArray)  objects   = NULL;
  Map                 maps[SAM_N_MASKS - 1] = { 0 };
  SamGeometry         geometries[SAM_N_MASKS - 1];
  float              *values = NULL;
  float               iou[SAM_N_MASKS - 1] = { 0 };
  float               object_score = NAN;
  size_t              n_candidates = 0;
  gboolean            done         = TRUE;
  SamBox              mask_box;
  g_auto (SamArena)   arena = { 0 };
  float              *given = NULL, *own = NULL;

  if (g_strcmp0 (sam_embedding_get_model_hash (embedding), sam_model_get_hash (model)) != 0)
    {
      g_set_error_literal (error, SAM_ERROR, SAM_ERROR_UNSUPPORTED,
                           "the picture was prepared for another model; prepare it again with this one");
      return NULL;
    }
  if (! sam_prompt_check (prompt, geometry->width, geometry->height, error) || ! sam_job_step (job, 0.0, error))
    return NULL;

  objects = split_prompt (prompt);
  /* Most networks have hardly seen a mask without points: its box goes with it. */
  if (objects->len == 1 && prompt->points->len == 0 && prompt->boxes->len == 0 && prompt->mask != NULL)
    {
      if (! box_from_mask (&mask_box, prompt->mask, geometry))
        {
          g_set_error_literal (error, SAM_ERROR, SAM_ERROR_BAD_PROMPT,
                               "the mask to start from is empty; mark the object roughly first");
          return NULL;
        }
      g_array_index (objects, SamPromptObject, 0).box = &mask_box;
    }

  if (masked && spec->prompt.has_mask_input)
    {
      sam_arena_plan (&arena, &given, side, side, 1);
      sam_arena_plan (&arena, &own, side, side, 1);
      if (! sam_arena_commit (&arena, error) ||
          ! make_mask_input (model, embedding, prompt, given, side, error))
        return NULL;
    }

  for (size_t i = 0; done && i < objects->len; i++)
    {
      const SamPromptObject *object = &g_array_index (objects, SamPromptObject, i);
      SamJob                 part   = sam_job_part (job, (double) i / objects->len, (i + 1.0) / objects->len);
      Map                    answer[SAM_N_MASKS - 1] = { 0 };
      float                  score[SAM_N_MASKS - 1];
      float                  present = NAN;

      if (given != NULL)
        {
          memcpy (own, given, side * side * sizeof (float));
          if (objects->len > 1)
            keep_own_part (own, object, prompt->boxes, geometry, side);
        }
      done = answer_object (model, embedding, prompt, object, ambiguous, own, answer, &n_candidates, score, &present,
                            &part, error);

      if (i == 0)
        {
          memcpy (maps, answer, sizeof maps);
          object_score = present;
        }
      else
        {
          /* several objects have one candidate each */
          done = done && map_unite (&maps[0], &answer[0], error);
          map_clear (&answer[0]);
          object_score = MAX (object_score, present);
        }
      for (size_t k = 0; done && k < n_candidates; k++)
        iou[k] += score[k] / objects->len;
    }

  if (done)
    values = join_maps (maps, n_candidates, error);
  for (size_t k = 0; k < G_N_ELEMENTS (maps); k++)
    {
      geometries[k] = maps[k].geometry;
      map_clear (&maps[k]);
    }
  if (values == NULL)
    return NULL;

  return sam_logits_new_parts_take (geometries, n_candidates, maps[0].side, values, iou, object_score,
                                    spec->decoder.mask_input_limit, prompt);
}
