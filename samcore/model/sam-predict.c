/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a prompt to an answer:
 *
 *   prompt ──▶ one object per box ──▶ decode each ──▶ choose ──▶ close-up ──▶ unite */
#include "config.h"

#include "samcore/model/sam-model-private.h"

#include <math.h>
#include <string.h>

#include "samcore/base/sam-arena.h"
#include "samcore/model/sam-closeup.h"
#include "samcore/model/sam-embedding-private.h"
#include "samcore/model/sam-scene-private.h"
#include "samcore/sam-error.h"
#include "samcore/image/sam-grid.h"
#include "samcore/mask/sam-logits-private.h"

/* A mask given as a prompt becomes logits of this size: as sure as a confident answer of the
 * networks, not surer, so that points can still overrule it. */
#define MASK_LOGIT 8.0f

/* Objects united on one grid: no larger than this. */
#define MAX_SIDE 1024

#define MAX_CANDIDATES (SAM_N_MASKS - 1)

/* The candidates for one object, or for all of them. */
typedef struct
{
  size_t      n, side;
  SamGeometry geometry[MAX_CANDIDATES];
  float      *values; /* [n, side, side] */
  float       iou[MAX_CANDIDATES];
  float       object_score;
} Answer;

static void
object_clear (gpointer data)
{
  SamPromptObject *object = data;

  g_array_unref (object->points);
  g_array_unref (object->labels);
}

static void
object_add (SamPromptObject *object, const SamPoint *point)
{
  float place[2] = { point->x_image, point->y_image };

  g_array_append_val (object->points, place);
  g_array_append_val (object->labels, point->label);
}

static gboolean
box_holds (const SamBox *box, double x_image, double y_image)
{
  return x_image >= box->x0_image && x_image <= box->x1_image && y_image >= box->y0_image &&
         y_image <= box->y1_image;
}

static SamPromptObject *
objects_append (GArray *objects, const SamBox *box)
{
  SamPromptObject object = { .points = g_array_new (FALSE, FALSE, 2 * sizeof (float)),
                             .labels = g_array_new (FALSE, FALSE, sizeof (int)),
                             .box = box };

  g_array_append_val (objects, object);

  return &g_array_index (objects, SamPromptObject, objects->len - 1);
}

/* A positive point belongs to the smallest box that holds it, a negative one to every box that
 * does; with a single box all points are its. What is left makes an object of its own if a positive
 * point is there. (SamPromptObject *) pointers do not outlive an append: the boxes come first, then
 * the points. */
static GArray *
split_prompt (const SamPrompt *prompt)
{
  GArray            *objects = g_array_new (FALSE, FALSE, sizeof (SamPromptObject));
  size_t             n_boxes = prompt->boxes->len;
  g_autoptr (GArray) left = g_array_new (FALSE, FALSE, sizeof (SamPoint));
  gboolean           alone = FALSE;

  g_array_set_clear_func (objects, object_clear);
  for (size_t i = 0; i < n_boxes; i++)
    objects_append (objects, &g_array_index (prompt->boxes, SamBox, i));

  for (size_t i = 0; i < prompt->points->len; i++)
    {
      const SamPoint  *point = &g_array_index (prompt->points, SamPoint, i);
      SamPromptObject *smallest = NULL;
      gboolean         held = FALSE;
      double           area = INFINITY;

      for (size_t k = 0; k < n_boxes; k++)
        {
          SamPromptObject *object = &g_array_index (objects, SamPromptObject, k);
          double           size = ((double) object->box->x1_image - object->box->x0_image) *
                        ((double) object->box->y1_image - object->box->y0_image);

          if (n_boxes > 1 && ! box_holds (object->box, point->x_image, point->y_image))
            continue;
          held = TRUE;
          if (point->label == 0)
            object_add (object, point);
          else if (size < area)
            {
              smallest = object;
              area = size;
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

/* The mask's coverage averaged over each cell of the grid, as logits; outside the picture there is
 * nothing. */
static void
logits_from_mask (float *logits, const SamMask *mask, const SamGeometry *geometry, size_t side)
{
  const uint8_t *coverage = sam_mask_get_coverage (mask);
  size_t         w = sam_mask_get_width (mask);
  size_t         h = sam_mask_get_height (mask);
  double         cell = (double) geometry->input / side;
  double x_scale = cell * w / geometry->resized_width; /* the mask is stretched over the picture */
  double y_scale = cell * h / geometry->resized_height;

  for (size_t y = 0; y < side; y++)
    for (size_t x = 0; x < side; x++)
      {
        size_t   x0 = (size_t) (x * x_scale);
        size_t   y0 = (size_t) (y * y_scale);
        size_t   x1 = MIN (MAX ((size_t) ((x + 1) * x_scale), x0 + 1), w);
        size_t   y1 = MIN (MAX ((size_t) ((y + 1) * y_scale), y0 + 1), h);
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
box_from_mask (SamBox *box, const SamMask *mask, const SamGeometry *geometry)
{
  double x_scale = (double) geometry->width / sam_mask_get_width (mask);
  double y_scale = (double) geometry->height / sam_mask_get_height (mask);
  size_t x0, y0, x1, y1;

  if (! sam_mask_get_bounds (mask, &x0, &y0, &x1, &y1))
    return FALSE;

  *box = (SamBox) { x0 * x_scale, y0 * y_scale, x1 * x_scale, y1 * y_scale };
  return TRUE;
}

/* With several objects, an earlier answer shows all of them; each is told its own part only: a box
 * what is inside it, the points what is in no box. */
static void
keep_own_part (float                 *logits,
               const SamPromptObject *object,
               const GArray          *boxes,
               const SamGrid         *grid)
{
  for (size_t row = 0; row < grid->side; row++)
    for (size_t column = 0; column < grid->side; column++)
      {
        float   *logit = logits + row * grid->side + column;
        double   x, y;
        gboolean own;

        sam_grid_get_place (grid, column, row, &x, &y);
        own = object->box == NULL || box_holds (object->box, x, y);
        for (size_t i = 0; own && object->box == NULL && i < boxes->len; i++)
          own = ! box_holds (&g_array_index (boxes, SamBox, i), x, y);
        if (! own)
          *logit = MIN (*logit, -MASK_LOGIT);
      }
}

/* [side, side] logits that the prompt gives as a mask: the previous answer, or else the rough
 * mask. */
static gboolean
make_mask_input (const SamModel  *model,
                 const SamScene  *scene,
                 const SamPrompt *prompt,
                 float           *logits,
                 size_t           side,
                 GError         **error)
{
  const SamGeometry *geometry = sam_embedding_get_geometry (sam_scene_get_embedding (scene));
  float              limit = sam_model_get_spec (model)->decoder.mask_input_limit;
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
  /* a first answer has this model's own grid; that of a close-up is its own input */
  own = answered != NULL &&
        ((answered->input == geometry->input && sam_logits_get_width (prompt->previous) == side) ||
         (sam_scene_allows_closeups (scene) &&
          sam_logits_get_width (prompt->previous) == answered->input));
  if (! own || answered->picture_width != geometry->width ||
      answered->picture_height != geometry->height)
    {
      g_set_error_literal (
        error, SAM_ERROR, SAM_ERROR_UNSUPPORTED,
        "the answer to refine belongs to another picture or another model; start again");
      return FALSE;
    }
  from = (SamGrid) { answered, sam_logits_get_width (prompt->previous) };
  sam_grid_resample (logits, &to,
                     sam_logits_get_values (prompt->previous, prompt->previous_candidate), &from,
                     SAM_LOGITS_OUTSIDE);
  if (limit > 0)
    for (size_t i = 0; i < side * side; i++)
      logits[i] = CLAMP (logits[i], -limit, limit);

  return TRUE;
}

static void
answer_clear (Answer *answer)
{
  g_clear_pointer (&answer->values, g_free);
}

static gboolean
answer_alloc (Answer *answer, size_t n, size_t side, GError **error)
{
  answer->n = n;
  answer->side = side;
  answer->values = sam_alloc_floats (n, side, side, error);

  return answer->values != NULL;
}

static float *
answer_get_map (const Answer *answer, size_t candidate)
{
  return answer->values + candidate * answer->side * answer->side;
}

/* The finer mask is added to the model's own, or stands alone, or is left out. */
static void
copy_mask (float *values, const SamDecoded *decoded, size_t choice, gboolean hq, SamHqMode mode)
{
  size_t       n = decoded->side * decoded->side;
  const float *mask = sam_decoded_get_mask (decoded, choice);
  const float *finer = sam_decoded_get_finer_mask (decoded);

  for (size_t i = 0; i < n; i++)
    values[i] = ! hq || mode == SAM_HQ_OFF ? mask[i]
                : mode == SAM_HQ_ONLY      ? finer[i]
                                           : mask[i] + finer[i];
}

/* Both objects, of one candidate each, in one map. */
static gboolean
answer_unite (Answer *answer, const Answer *other, GError **error)
{
  const SamGeometry *a = &answer->geometry[0], *b = &other->geometry[0];
  size_t             x = MIN (a->x, b->x), y = MIN (a->y, b->y);
  size_t             width = MAX (a->x + a->width, b->x + b->width) - x;
  size_t             height = MAX (a->y + a->height, b->y + b->height) - y;
  double             cell = MIN ((double) MAX (a->width, a->height) / answer->side,
                                 (double) MAX (b->width, b->height) / other->side);
  SamGrid            from[2] = { { a, answer->side }, { b, other->side } };
  SamGrid            to;
  Answer             both = *answer;
  g_autofree float  *next = NULL;

  if (answer->side == other->side && a->input == b->input && sam_geometry_is_same_part (a, b))
    {
      for (size_t p = 0; p < answer->side * answer->side; p++)
        answer->values[p] = MAX (answer->values[p], other->values[p]);
      return TRUE;
    }

  /* a grid over both parts, as fine as the finer one */
  both.side = (size_t) CLAMP (ceil (MAX (width, height) / cell), MAX (answer->side, other->side),
                              MAX_SIDE);
  sam_geometry_init_part (&both.geometry[0], a, x, y, width, height, both.side);
  next = sam_alloc_floats (both.side, both.side, 1, error);
  if (next == NULL || ! answer_alloc (&both, 1, both.side, error))
    return FALSE;
  to = (SamGrid) { &both.geometry[0], both.side };
  sam_grid_resample (both.values, &to, answer->values, &from[0], SAM_LOGITS_OUTSIDE);
  sam_grid_resample (next, &to, other->values, &from[1], SAM_LOGITS_OUTSIDE);
  for (size_t p = 0; p < both.side * both.side; p++)
    both.values[p] = MAX (both.values[p], next[p]);
  answer_clear (answer);
  *answer = both;

  return TRUE;
}

/* The chosen masks as they are; @decoded's own array where it is just these. */
static gboolean
answer_from_decoded (Answer            *answer,
                     SamDecoded        *decoded,
                     const size_t      *choice,
                     size_t             n,
                     const SamGeometry *geometry,
                     gboolean           hq,
                     SamHqMode          mode,
                     GError           **error)
{
  for (size_t k = 0; k < n; k++)
    {
      answer->geometry[k] = *geometry;
      answer->iou[k] = decoded->iou[choice[k]];
    }
  if (! hq && n == decoded->made.n)
    {
      answer->n = n;
      answer->side = decoded->side;
      answer->values = g_steal_pointer (&decoded->masks);
      return TRUE;
    }

  if (! answer_alloc (answer, n, decoded->side, error))
    return FALSE;
  for (size_t k = 0; k < n; k++)
    copy_mask (answer_get_map (answer, k), decoded, choice[k], hq, mode);

  return TRUE;
}

/* A close-up of each of the chosen masks. mask: [side, side] or NULL */
static gboolean
answer_closely (Answer                *answer,
                SamModel              *model,
                SamScene              *scene,
                const SamPromptObject *object,
                const SamDecoded      *decoded,
                const size_t          *choice,
                size_t                 n,
                const float           *mask,
                const SamJob          *job,
                GError               **error)
{
  if (! answer_alloc (answer, n, SAM_CLOSEUP_SIDE, error))
    return FALSE;

  for (size_t k = 0; k < n; k++)
    {
      SamJob            part = sam_job_part (job, 0.1 + 0.9 * k / n, 0.1 + 0.9 * (k + 1) / n);
      g_autofree float *values = sam_closeup_answer (model, scene, object,
                                                     sam_decoded_get_mask (decoded, choice[k]),
                                                     mask, &answer->geometry[k], &answer->iou[k],
                                                     &part, error);

      if (values == NULL)
        return FALSE;
      memcpy (answer_get_map (answer, k), values,
              SAM_CLOSEUP_SIDE * SAM_CLOSEUP_SIDE * sizeof *values);
      /* two predictions: their mean orders masks better than either */
      answer->iou[k] = 0.5f * (answer->iou[k] + decoded->iou[choice[k]]);
    }

  return TRUE;
}

/* One object's candidates. mask: [side, side] or NULL; answer: to be cleared even after a
 * failure */
static gboolean
answer_object (Answer                *answer,
               SamModel              *model,
               SamScene              *scene,
               const SamPrompt       *prompt,
               const SamPromptObject *object,
               gboolean               ambiguous,
               const float           *mask,
               const SamJob          *job,
               GError               **error)
{
  const SamModelSpec *spec = sam_model_get_spec (model);
  const SamEmbedding *embedding = sam_scene_get_embedding (scene);
  const SamGeometry  *geometry = sam_embedding_get_geometry (embedding);
  gboolean            closer = sam_scene_allows_closeups (scene) && ! prompt->quick;
  SamJob              first = sam_job_part (job, 0.0, closer ? 0.1 : 1.0);
  SamDecoded          decoded = { 0 };
  size_t              choice[MAX_CANDIDATES];
  size_t              n;
  float               corners[4];
  gboolean            lone;
  gboolean            done;
  g_autoptr (GArray)  tokens = NULL;

  if (object->box != NULL)
    memcpy (corners, object->box, sizeof corners);
  tokens = sam_prompt_encoder_arrange (sam_model_get_prompt_encoder (model), geometry,
                                       (const float (*)[2]) object->points->data,
                                       (const int *) object->labels->data, object->points->len,
                                       object->box != NULL ? corners : NULL);
  /* a lone point among other objects: there is no one to ask, the best of the three it is */
  lone = object->box == NULL && object->points->len == 1 && mask == NULL;
  if (! sam_model_decode (model, embedding, (const SamToken *) tokens->data, tokens->len, mask,
                          sam_model_get_choice (model, ambiguous || lone), &decoded, &first, NULL,
                          error))
    return FALSE;

  n = sam_model_choose (model, &decoded, ambiguous || lone, choice);
  if (lone && ! ambiguous && n > 1)
    {
      for (size_t k = 1; k < n; k++)
        if (decoded.iou[choice[k]] > decoded.iou[choice[0]])
          choice[0] = choice[k];
      n = 1;
    }

  answer->object_score = decoded.object_score;
  if (closer)
    done = answer_closely (answer, model, scene, object, &decoded, choice, n, mask, job, error);
  else
    done = answer_from_decoded (answer, &decoded, choice, n, geometry, spec->decoder.hq,
                                prompt->hq_mode, error);
  g_free (decoded.masks);

  return done;
}

/* All objects' answers, united: the greatest logits, the sum of the IoUs. given: [side, side] the
 * mask that the prompt gives, or NULL; own: the same size, to work in. answer: to be cleared even
 * after a failure */
static gboolean
answer_objects (Answer          *answer,
                SamModel        *model,
                SamScene        *scene,
                const SamPrompt *prompt,
                const GArray    *objects,
                const float     *given,
                float           *own,
                const SamJob    *job,
                GError         **error)
{
  SamGrid  grid = sam_embedding_get_grid (sam_scene_get_embedding (scene));
  gboolean ambiguous = sam_prompt_is_ambiguous (prompt);

  for (size_t i = 0; i < objects->len; i++)
    {
      const SamPromptObject *object = &g_array_index (objects, SamPromptObject, i);
      SamJob   part = sam_job_part (job, (double) i / objects->len, (i + 1.0) / objects->len);
      Answer   next = { 0 };
      gboolean done;

      if (given != NULL)
        {
          memcpy (own, given, grid.side * grid.side * sizeof (float));
          if (objects->len > 1)
            keep_own_part (own, object, prompt->boxes, &grid);
        }
      done = answer_object (i == 0 ? answer : &next, model, scene, prompt, object, ambiguous,
                            given != NULL ? own : NULL, &part, error);
      if (i > 0)
        {
          done = done && answer_unite (answer, &next, error);
          answer_clear (&next);
          answer->iou[0] += next.iou[0];
          answer->object_score = MAX (answer->object_score, next.object_score);
        }
      if (! done)
        return FALSE;
    }

  return TRUE;
}

SamLogits *
sam_model_predict (SamModel        *model,
                   SamScene        *scene,
                   const SamPrompt *prompt,
                   const SamJob    *job,
                   GError         **error)
{
  const SamModelSpec *spec = sam_model_get_spec (model);
  const SamEmbedding *embedding = sam_scene_get_embedding (scene);
  const SamGeometry  *geometry = sam_embedding_get_geometry (embedding);
  size_t              side = sam_embedding_get_grid (embedding).side;
  gboolean            masked = prompt->previous != NULL || prompt->mask != NULL;
  g_autoptr (GArray)  objects = NULL;
  Answer              answer = { 0 };
  SamBox              mask_box;
  g_auto (SamArena)   arena = { 0 };
  float              *given = NULL, *own = NULL;

  if (g_strcmp0 (sam_embedding_get_model_hash (embedding), sam_model_get_hash (model)) != 0)
    {
      g_set_error_literal (
        error, SAM_ERROR, SAM_ERROR_UNSUPPORTED,
        "the picture was prepared for another model; prepare it again with this one");
      return NULL;
    }
  if (! sam_prompt_check (prompt, geometry->width, geometry->height, error) ||
      ! sam_job_step (job, 0.0, error))
    return NULL;

  objects = split_prompt (prompt);
  /* Most networks have hardly seen a mask without points: its box goes with it. */
  if (objects->len == 1 && prompt->points->len == 0 && prompt->boxes->len == 0 &&
      prompt->mask != NULL)
    {
      if (! box_from_mask (&mask_box, prompt->mask, geometry))
        {
          g_set_error_literal (error, SAM_ERROR, SAM_ERROR_BAD_PROMPT,
                               "the mask to start from is empty; roughly mark the object first");
          return NULL;
        }
      g_array_index (objects, SamPromptObject, 0).box = &mask_box;
    }

  if (masked && spec->prompt.has_mask_input)
    {
      sam_arena_plan (&arena, &given, side, side, 1);
      sam_arena_plan (&arena, &own, side, side, 1);
      if (! sam_arena_commit (&arena, error) ||
          ! make_mask_input (model, scene, prompt, given, side, error))
        return NULL;
    }

  if (! answer_objects (&answer, model, scene, prompt, objects, given, own, job, error))
    {
      answer_clear (&answer);
      return NULL;
    }

  for (size_t k = 0; k < answer.n; k++)
    answer.iou[k] /= objects->len;
  return sam_logits_new_parts_take (answer.geometry, answer.n, answer.side, answer.values,
                                    answer.iou, answer.object_score, spec->decoder.mask_input_limit,
                                    prompt);
}
