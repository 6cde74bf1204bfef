/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The worker's side.
 *   load    model name -> model
 *   encode  model, image -> scene
 *   answer  per object: prompts (+ the answer before) -> candidates -> mask; united; options;
 *           outlines
 *   hover   the current object's prompts and one more point -> a small mask and its outline
 *   make    as answer, at the picture's size
 *
 * An answer never becomes worse by saying more: the logits before are fed back, and what comes out
 * is held against the user's own points.  If it contradicts one of them, or the model trusts it
 * much less than before, the same is asked without the logits before; the candidate with the fewest
 * contradictions wins, and the answer before stays if it has fewer still. */
#include "config.h"

#include <math.h>

#include "samcore/sam-error.h"
#include "samcore/sam-mask-finish.h"
#include "ui/session/sui-job.h"

/* Less trust than before by so much is worth a second opinion. */
#define TRUST_LOST 0.05f

SuiJob *
sui_job_new (SuiJobKind kind)
{
  SuiJob *job = g_new0 (SuiJob, 1);

  job->kind = kind;
  job->cancellable = g_cancellable_new ();
  job->objects = g_array_new (FALSE, TRUE, sizeof (SuiJobObject));

  return job;
}

void
sui_job_free (SuiJob *job)
{
  for (guint i = 0; i < job->objects->len; i++)
    {
      SuiJobObject *o = &g_array_index (job->objects, SuiJobObject, i);

      sui_object_unref (o->object);
      sui_result_unref (o->result);
      sam_mask_free (o->mask);
    }
  g_array_unref (job->objects);
  if (job->scene != NULL)
    job->predictor->free_scene (job->scene);
  sam_predictor_unref (job->predictor);
  sam_image_unref (job->image);
  sui_view_free (job->view);
  g_clear_object (&job->task);
  g_object_unref (job->cancellable);
  g_clear_error (&job->error);
  g_free (job->model_name);
  g_free (job);
}

void
sui_job_add (SuiJob        *job,
             SuiObject     *object,
             SuiResult     *result,
             gboolean       keep_candidate,
             guint          candidate,
             const SamMask *mask)
{
  SuiJobObject o = { 0 };

  o.object = sui_object_ref (object);
  o.result = result != NULL ? sui_result_ref (result) : NULL;
  o.keep_candidate = keep_candidate;
  o.candidate = candidate;
  o.mask = mask != NULL ? sam_mask_copy (mask, NULL) : NULL; /* made again without memory */
  g_array_append_val (job->objects, o);
}

static void
job_progress (double fraction, gpointer data)
{
  SuiJob *job = data;

  g_atomic_int_set (&job->progress, (gint) (CLAMP (fraction, 0.0, 1.0) * 1000.0));
}

/* How many of the user's points a candidate gets wrong. */
static guint
contradictions (const SamLogits *logits, size_t candidate, const SamPrompt *prompt)
{
  guint n = 0;

  for (guint i = 0; i < prompt->points->len; i++)
    {
      const SamPoint *point = &g_array_index (prompt->points, SamPoint, i);
      float           logit = sam_logits_sample (logits, candidate, point->x_image, point->y_image);

      n += point->label ? ! (logit > 0.0f) : ! (logit <= 0.0f);
    }

  return n;
}

static guint
choose (const SamLogits *logits, const SamPrompt *prompt, guint *n_wrong)
{
  size_t n = MIN (sam_logits_get_n_candidates (logits), SUI_MAX_CANDIDATES);
  guint  best = 0;

  *n_wrong = G_MAXUINT;
  for (size_t i = 0; i < n; i++)
    {
      guint wrong = contradictions (logits, i, prompt);

      if (wrong < *n_wrong ||
          (wrong == *n_wrong && sam_logits_get_iou (logits, i) > sam_logits_get_iou (logits, best)))
        {
          *n_wrong = wrong;
          best = (guint) i;
        }
    }

  return best;
}

/* The answer to the first @n_prompts, refining @candidate of @previous (nullable); @candidate
 * becomes the one to show. */
static SuiResult *
predict (SuiJob          *job,
         const GPtrArray *prompts,
         guint            n_prompts,
         SuiResult       *previous,
         guint           *candidate,
         const SamJob    *sam_job,
         GError         **error)
{
  const SamPredictor   *predictor = job->predictor;
  g_autoptr (GPtrArray) asked = g_ptr_array_new ();
  g_auto (SamPrompt)    prompt = { NULL };
  g_autoptr (SamMask)   rough = NULL;
  SamLogits            *logits, *again;
  const SuiPrompt      *last = g_ptr_array_index (prompts, n_prompts - 1);
  guint                 before = *candidate;
  guint                 best, n_wrong, best_again, n_wrong_again;
  gboolean              use_mask;

  for (guint i = 0; i < n_prompts; i++)
    g_ptr_array_add (asked, g_ptr_array_index (prompts, i));

  /* A lasso or a selection says more than the answer before it. */
  use_mask = previous == NULL || last->kind == SUI_PROMPT_LASSO || last->kind == SUI_PROMPT_MASK;
  sam_prompt_init (&prompt);
  rough = sui_prompt_say (asked, job->width, job->height, use_mask, &prompt);
  /* the pointer does not wait for a closer look */
  prompt.quick = job->kind == SUI_JOB_HOVER;
  if (previous != NULL && rough == NULL)
    {
      prompt.previous = previous->logits;
      prompt.previous_candidate = before;
    }

  logits = predictor->predict (job->scene, &prompt, predictor->data, sam_job, error);
  if (logits == NULL)
    return NULL;
  best = choose (logits, &prompt, &n_wrong);

  if (prompt.previous != NULL &&
      (n_wrong > 0 || sam_logits_get_iou (logits, best) < previous->iou[before] - TRUST_LOST))
    {
      prompt.previous = NULL;
      again = predictor->predict (job->scene, &prompt, predictor->data, sam_job, error);
      if (again == NULL)
        {
          sam_logits_free (logits);
          return NULL;
        }
      best_again = choose (again, &prompt, &n_wrong_again);
      if (n_wrong_again < n_wrong ||
          (n_wrong_again == n_wrong &&
           sam_logits_get_iou (again, best_again) > sam_logits_get_iou (logits, best)))
        {
          sam_logits_free (logits);
          logits = again;
          best = best_again;
          n_wrong = n_wrong_again;
        }
      else
        {
          sam_logits_free (again);
        }

      /* a box is news of another kind than points are */
      if (last->kind != SUI_PROMPT_BOX &&
          contradictions (previous->logits, before, &prompt) < n_wrong)
        {
          sam_logits_free (logits);
          return sui_result_ref (previous);
        }
    }
  *candidate = best;

  return sui_result_new (logits);
}

/* The answer for all prompts, by way of the object's steps where what they gave is not there any
 * more. */
static SuiResult *
find (SuiJob *job, const SuiObject *object, guint *candidate, const SamJob *sam_job, GError **error)
{
  guint      n = object->steps->len;
  SuiResult *result = NULL, *next;

  *candidate = 0;
  for (guint s = 0; s <= n; s++)
    {
      const SuiStep *step = s < n ? &g_array_index (object->steps, SuiStep, s) : NULL;

      if (step != NULL && object->previous != NULL && s < n - 1)
        continue;
      if (step != NULL && object->previous != NULL)
        next = sui_result_ref (object->previous);
      else
        next = predict (job, object->prompts, step != NULL ? step->n_prompts : object->prompts->len,
                        result, candidate, sam_job, error);
      sui_result_unref (result);
      result = next;
      if (result == NULL)
        return NULL;
      /* another model may have fewer */
      if (step != NULL && step->candidate < result->n_candidates)
        *candidate = step->candidate;
    }

  return result;
}

static SamMask *
make_mask (SuiJob       *job,
           SuiResult    *result,
           guint         candidate,
           double        scale,
           SamEdge       edge,
           const SamJob *sam_job,
           GError      **error)
{
  guint width = (guint) MAX (1.0, round (job->width * scale));
  guint height = (guint) MAX (1.0, round (job->height * scale));

  return sam_mask_new_from_logits_at (result->logits, candidate, width, height, edge, sam_job,
                                      error);
}

/* The options applied to @mask, which is taken. */
static SamMask *
finish_mask (SuiJob *job, SamMask *mask, double scale, GError **error)
{
  const SamMaskFinish finish = {
    .fill_holes = job->options.fill_holes,
    .min_area = job->options.min_area,
    .grow = job->options.grow,
    .feather = job->options.feather,
  };
  const SamJob quiet = { .cancellable = job->cancellable };

  return sam_mask_finish (mask, &finish, scale / job->factor, NULL, NULL, &quiet, error);
}

static gboolean
make_thumbnails (SuiJob *job, SuiResult *result, const SamJob *sam_job, GError **error)
{
  double scale = MIN (1.0, (double) SUI_THUMBNAIL_SIDE / MAX (job->width, job->height));

  /* an answer before that stays has them */
  if (result->n_candidates < 2 || result->thumbnail[0] != NULL || job->kind == SUI_JOB_MAKE)
    return TRUE;
  for (guint i = 0; i < result->n_candidates; i++)
    {
      result->thumbnail[i] = make_mask (job, result, i, scale, SAM_EDGE_SMOOTH, sam_job, error);
      if (result->thumbnail[i] == NULL)
        return FALSE;
    }

  return TRUE;
}

/* What of the object's answer and mask is not there yet. */
static gboolean
answer_object (SuiJob *job, SuiJobObject *o, double scale, const SamJob *sam_job, GError **error)
{
  if (o->result == NULL)
    {
      guint best;

      o->result = find (job, o->object, &best, sam_job, error);
      if (o->result == NULL || ! make_thumbnails (job, o->result, sam_job, error))
        return FALSE;
      if (o->candidate >= o->result->n_candidates)
        o->keep_candidate = FALSE;
      if (! o->keep_candidate)
        o->candidate = best;
    }
  if (o->mask == NULL)
    o->mask = make_mask (job, o->result, o->candidate, scale, job->options.edge, sam_job, error);

  return o->mask != NULL;
}

static SuiView *
make_view (SuiJob *job, double scale, const SamJob *sam_job, GError **error)
{
  SamMask *all = NULL, *current = NULL;
  guint    n_parts = 0;
  SuiView *view;

  for (guint i = 0; i < job->objects->len; i++)
    {
      SuiJobObject *o = &g_array_index (job->objects, SuiJobObject, i);

      if (! sui_object_is_answerable (o->object))
        continue;
      if (! answer_object (job, o, scale, sam_job, error))
        goto fail;

      if (i == job->current && job->kind == SUI_JOB_ANSWER)
        {
          current = sam_mask_copy (o->mask, error);
          if (current != NULL)
            current = finish_mask (job, current, scale, error);
          if (current == NULL)
            goto fail;
        }
      if (all == NULL)
        {
          /* a mask at the picture's size is made for this job alone: no need to copy it */
          all = job->kind == SUI_JOB_MAKE ? g_steal_pointer (&o->mask)
                                          : sam_mask_copy (o->mask, error);
        }
      else
        {
          SamMask *united = sam_mask_unite (all, o->mask, error);

          sam_mask_free (all);
          all = united;
          if (job->kind == SUI_JOB_MAKE)
            g_clear_pointer (&o->mask, sam_mask_free);
        }
      if (all == NULL)
        goto fail;
      n_parts++;
    }

  view = g_new0 (SuiView, 1);
  view->scale = scale;
  if (all != NULL && n_parts == 1 && current != NULL)
    {
      view->mask = sam_mask_copy (current, error);
      sam_mask_free (all);
    }
  else if (all != NULL)
    {
      view->mask = finish_mask (job, all, scale, error);
    }
  view->current = current;
  if (all != NULL && view->mask == NULL)
    {
      sui_view_free (view);
      return NULL;
    }
  if (view->mask != NULL && job->kind == SUI_JOB_ANSWER)
    {
      view->area = (double) sam_mask_get_area (view->mask) /
                   ((double) sam_mask_get_width (view->mask) * sam_mask_get_height (view->mask));
      view->outline = sui_contour_new (view->mask);
      if (current != NULL && n_parts == 1)
        view->current_outline = sui_contour_ref (view->outline);
      else if (current != NULL)
        view->current_outline = sui_contour_new (current);
    }

  return view;

fail:
  sam_mask_free (all);
  sam_mask_free (current);

  return NULL;
}

static void
run_hover (SuiJob *job, const SamJob *sam_job)
{
  SuiJobObject         *o = &g_array_index (job->objects, SuiJobObject, 0);
  g_autoptr (SuiObject) with = sui_object_copy (o->object);
  double                scale = MIN (1.0, (double) SUI_HOVER_SIDE / MAX (job->width, job->height));
  SuiResult            *found;
  SuiView              *view;

  g_ptr_array_add (with->prompts, sui_prompt_new_point (job->x, job->y, job->label));
  if (! sui_object_is_answerable (with))
    return;
  found = predict (job, with->prompts, with->prompts->len, o->result, &o->candidate, sam_job,
                   &job->error);
  if (found == NULL)
    return;
  sui_result_unref (o->result);
  o->result = found;

  view = g_new0 (SuiView, 1);
  view->scale = scale;
  view->mask = make_mask (job, o->result, o->candidate, scale, SAM_EDGE_SMOOTH, sam_job,
                          &job->error);
  if (view->mask == NULL)
    {
      sui_view_free (view);
      return;
    }
  view->outline = sui_contour_new (view->mask);
  job->view = view;
}

void
sui_job_run (SuiJob *job)
{
  SamJob sam_job = { job->cancellable, job_progress, job, 0.0, 1.0 };
  SamJob quiet = { job->cancellable, NULL, NULL, 0.0, 1.0 };

  if (g_cancellable_set_error_if_cancelled (job->cancellable, &job->error))
    return;

  switch (job->kind)
    {
    case SUI_JOB_LOAD:
      job->predictor = job->load (job->model_name, &sam_job, &job->error);
      break;

    case SUI_JOB_ENCODE:
      job->scene = job->predictor->encode (job->image, job->predictor->data, &sam_job, &job->error);
      break;

    case SUI_JOB_ANSWER:
      job->view = make_view (job, job->scale, &quiet, &job->error);
      break;

    case SUI_JOB_MAKE:
      job->view = make_view (job, 1.0, &sam_job, &job->error);
      break;

    case SUI_JOB_HOVER:
      run_hover (job, &quiet);
      break;
    }
}
