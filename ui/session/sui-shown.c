/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ui/session/sui-shown.h"

void
sui_shown_init (SuiShown *shown)
{
  *shown = (SuiShown) { .options.edge = SAM_EDGE_SMOOTH, .factor = 1.0, .detail = 1.0 };
}

void
sui_shown_clear (SuiShown *shown)
{
  g_clear_pointer (&shown->view, sui_view_free);
}

gboolean
sui_shown_set_options (SuiShown *shown, const SuiOptions *options)
{
  const SuiOptions *old = &shown->options;
  gboolean          same = options->edge == old->edge && options->grow == old->grow &&
                  options->feather == old->feather && options->fill_holes == old->fill_holes &&
                  options->min_area == old->min_area;

  shown->options = *options;

  return ! same;
}

static SuiJob *
ask (SuiShown       *shown,
     SuiSubject     *subject,
     SuiJobKind      kind,
     const SuiState *state,
     gboolean        finished)
{
  SuiJob *job = sui_subject_ask (subject, kind);

  for (guint i = 0; i < state->objects->len; i++)
    {
      SuiObject *object = sui_state_get (state, i);

      /* masks of a view are of another size */
      sui_job_add (job, object, object->result, object->result != NULL || object->chosen,
                   object->candidate, kind == SUI_JOB_ANSWER ? object->mask : NULL);
    }
  job->current = state->current;
  if (finished)
    job->options = shown->options;
  else
    job->options.edge = shown->options.edge;
  job->factor = shown->factor;
  job->scale = sui_view_get_scale (job->width, job->height, shown->detail);

  return job;
}

SuiJob *
sui_shown_ask (SuiShown *shown, SuiSubject *subject, const SuiState *state)
{
  return ask (shown, subject, SUI_JOB_ANSWER, state, TRUE);
}

SuiJob *
sui_shown_ask_mask (SuiShown *shown, SuiSubject *subject, const SuiState *state, gboolean finished)
{
  return ask (shown, subject, SUI_JOB_MAKE, state, finished);
}

static void
take_objects (SuiShown *shown, SuiJob *job, const SuiState *state)
{
  for (guint i = 0; i < job->objects->len; i++)
    {
      SuiJobObject *o = &g_array_index (job->objects, SuiJobObject, i);
      SuiObject    *object = o->object;

      if (object->result == NULL && o->result != NULL)
        {
          object->result = sui_result_ref (o->result);
          object->candidate = o->candidate;
          object->chosen = object->chosen && o->keep_candidate;
        }
      if (i < state->objects->len && sui_state_get (state, i) == object &&
          o->result == object->result && o->candidate == object->candidate && o->mask != NULL &&
          ! job->stale && job->options.edge == shown->options.edge)
        {
          sam_mask_free (object->mask);
          object->mask = g_steal_pointer (&o->mask);
        }
    }
}

gboolean
sui_shown_take (SuiShown *shown, SuiJob *job, const SuiState *state)
{
  gboolean cancelled = g_error_matches (job->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  take_objects (shown, job, state);
  if (job->view == NULL)
    {
      /* after a failure it is asked again when something changes */
      shown->dirty = shown->dirty && cancelled;
      return cancelled;
    }

  sui_view_free (shown->view);
  shown->view = g_steal_pointer (&job->view);
  shown->dirty = FALSE;

  return TRUE;
}

const SamMask *
sui_shown_get_mask (const SuiShown *shown)
{
  return ! shown->dirty && shown->view != NULL && shown->view->scale == 1.0 ? shown->view->mask
                                                                            : NULL;
}
