/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ui/session/sui-subject.h"

static void
drop_scene (SuiSubject *subject)
{
  if (subject->scene != NULL)
    subject->predictor->free_scene (subject->scene);
  subject->scene = NULL;
}

void
sui_subject_clear (SuiSubject *subject)
{
  drop_scene (subject);
  g_clear_pointer (&subject->predictor, sam_predictor_unref);
  g_clear_pointer (&subject->name, g_free);
  g_clear_pointer (&subject->image, sam_image_unref);
  sui_subject_keep_model (subject);
}

gboolean
sui_subject_set_image (SuiSubject *subject, SamImage *image)
{
  guint    width = (guint) sam_image_get_width (image);
  guint    height = (guint) sam_image_get_height (image);
  gboolean same_size = subject->image != NULL && subject->width == width &&
                       subject->height == height;

  drop_scene (subject);
  sam_image_ref (image);
  sam_image_unref (subject->image);
  subject->image = image;
  subject->width = width;
  subject->height = height;
  subject->failed = FALSE;
  subject->stopped = FALSE;

  return same_size;
}

void
sui_subject_set_model (SuiSubject *subject, const char *name)
{
  sui_subject_keep_model (subject);
  if (g_strcmp0 (subject->name, name) != 0)
    subject->wanted_name = g_strdup (name);
  subject->stopped = FALSE;
}

void
sui_subject_keep_model (SuiSubject *subject)
{
  g_clear_pointer (&subject->next, sam_predictor_unref);
  g_clear_pointer (&subject->wanted_name, g_free);
}

gboolean
sui_subject_has_prospect (const SuiSubject *subject)
{
  return ! subject->failed && (subject->predictor != NULL || subject->wanted_name != NULL);
}

/* --- jobs --- */

SuiJob *
sui_subject_plan (SuiSubject *subject)
{
  SuiJob *job;

  if (subject->stopped)
    return NULL;

  if (subject->wanted_name != NULL && subject->next == NULL)
    {
      job = sui_job_new (SUI_JOB_LOAD);
      job->load = subject->load;
      job->model_name = g_strdup (subject->wanted_name);
      return job;
    }

  if (subject->image != NULL && ! subject->failed &&
      (subject->next != NULL || (subject->predictor != NULL && subject->scene == NULL)))
    {
      job = sui_job_new (SUI_JOB_ENCODE);
      job->predictor = sam_predictor_ref (subject->next != NULL ? subject->next
                                                                : subject->predictor);
      job->image = sam_image_ref (subject->image);
      return job;
    }

  return NULL;
}

SuiJob *
sui_subject_ask (SuiSubject *subject, SuiJobKind kind)
{
  SuiJob *job = sui_job_new (kind);

  g_assert (subject->scene != NULL);

  job->predictor = sam_predictor_ref (subject->predictor);
  job->scene = subject->predictor->ref_scene (subject->scene);
  job->width = subject->width;
  job->height = subject->height;

  return job;
}

void
sui_subject_take (SuiSubject *subject, SuiJob *job)
{
  if (job->kind == SUI_JOB_LOAD)
    {
      subject->next = g_steal_pointer (&job->predictor);
      return;
    }

  drop_scene (subject);
  subject->scene = g_steal_pointer (&job->scene);
  /* what comes from a cache reports no progress */
  subject->seconds = g_atomic_int_get (&job->progress) > 0
                       ? (g_get_monotonic_time () - job->started) / 1e6
                       : 0.0;
  if (job->predictor == subject->next)
    {
      sam_predictor_unref (subject->predictor);
      subject->predictor = g_steal_pointer (&subject->next);
      g_free (subject->name);
      subject->name = g_steal_pointer (&subject->wanted_name);
    }
}

gboolean
sui_subject_fail (SuiSubject *subject, const SuiJob *job)
{
  gboolean next = job->kind == SUI_JOB_LOAD ||
                  (job->predictor == subject->next && subject->scene != NULL);

  if (next)
    sui_subject_keep_model (subject);
  else
    subject->failed = TRUE;

  return next;
}
