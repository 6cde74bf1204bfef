/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ui/session/sui-hover.h"

void
sui_hover_clear (SuiHover *hover)
{
  g_clear_pointer (&hover->view, sui_view_free);
  g_clear_pointer (&hover->object, sui_object_unref);
}

gboolean
sui_hover_want (SuiHover *hover, const SuiObject *object, const SuiHoverPlace *place)
{
  if (hover->object == object && hover->place.x == place->x && hover->place.y == place->y &&
      hover->place.label == place->label)
    return FALSE;
  hover->is_wanted = TRUE;
  hover->wanted = *place;

  return TRUE;
}

SuiJob *
sui_hover_ask (SuiHover *hover, SuiSubject *subject, SuiObject *object)
{
  SuiJob *job = sui_subject_ask (subject, SUI_JOB_HOVER);

  sui_job_add (job, object, object->result, TRUE, object->candidate, NULL);
  job->x = hover->wanted.x;
  job->y = hover->wanted.y;
  job->label = hover->wanted.label;
  hover->is_wanted = FALSE;

  return job;
}

void
sui_hover_take (SuiHover *hover, SuiJob *job)
{
  const SuiJobObject *o = &g_array_index (job->objects, SuiJobObject, 0);

  sui_hover_clear (hover);
  if (job->view == NULL)
    return;
  hover->view = g_steal_pointer (&job->view);
  hover->object = sui_object_ref (o->object);
  hover->place = (SuiHoverPlace) { job->x, job->y, job->label };
}
