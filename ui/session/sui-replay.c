/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The same job that makes the mask when a window's result is applied, without the session around
 * it. */
#include "config.h"

#include <string.h>

#include "samcore/sam-error.h"
#include "ui/session/sui-job.h"
#include "ui/session/sui-replay.h"

gboolean
sui_replay_is_said (const char *text)
{
  return g_str_has_prefix (text, "object ");
}

SuiState *
sui_replay_parse (const char     *text,
                  const SuiPlace *place,
                  guint           width,
                  guint           height,
                  GError        **error)
{
  g_autoptr (SuiState) state = sui_state_new_without_objects ();
  g_auto (GStrv)       lines = g_strsplit_set (text, ";\n", 0);

  for (guint i = 0; lines[i] != NULL; i++)
    if (g_strstrip (lines[i])[0] != '\0' &&
        ! sui_state_read_line (state, lines[i], place, width, height, error))
      return NULL;

  for (guint i = 0; i < state->objects->len; i++)
    if (sui_object_is_answerable (sui_state_get (state, i)))
      return g_steal_pointer (&state);

  g_set_error (error, SAM_ERROR, SAM_ERROR_BAD_PROMPT, "no prompt says where an object is");

  return NULL;
}

SamMask *
sui_replay_answer (const SuiState  *state,
                   const SuiEngine *engine,
                   SamModel        *model,
                   SamScene        *embedding,
                   guint            width,
                   guint            height,
                   SamEdge          edge,
                   const SamJob    *sam_job,
                   double          *iou,
                   GError         **error)
{
  SuiJob  *job = sui_job_new (SUI_JOB_MAKE, engine);
  SamMask *mask = NULL;

  if (sam_job != NULL && sam_job->cancellable != NULL)
    g_set_object (&job->cancellable, sam_job->cancellable);
  job->model = engine->model_ref (model);
  job->embedding = engine->embedding_ref (embedding);
  job->width = width;
  job->height = height;
  job->factor = 1.0;
  job->options.edge = edge;
  for (guint i = 0; i < state->objects->len; i++)
    {
      SuiObject *object = sui_state_get (state, i);

      sui_job_add (job, object, NULL, object->chosen, object->candidate, NULL);
    }
  job->current = state->current;

  sui_job_run (job);
  if (job->error != NULL)
    g_propagate_error (error, g_steal_pointer (&job->error));
  else
    mask = g_steal_pointer (&job->view->mask);
  for (guint i = 0; i < job->objects->len; i++)
    {
      const SuiJobObject *o = &g_array_index (job->objects, SuiJobObject, i);

      if (o->result != NULL)
        *iou = o->result->iou[o->candidate];
    }
  sui_job_free (job);

  return mask;
}
