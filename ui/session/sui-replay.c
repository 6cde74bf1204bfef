/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The same job that makes the mask when a window's result is applied, without the session around
 * it. */
#include "config.h"

#include <string.h>

#include "samcore/sam-candidate.h"
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

  if (sui_state_is_answerable (state))
    return g_steal_pointer (&state);

  g_set_error (error, SAM_ERROR, SAM_ERROR_BAD_PROMPT, "no prompt says where an object is");

  return NULL;
}

/* The mask and the boxes. With a mask, the first box is where the mask's object is. */
static void
add_whole (SuiObject *object, const SamPrompt *prompt)
{
  SuiPrompt *rough = prompt->mask != NULL ? sui_prompt_new_mask (prompt->mask) : NULL;

  if (rough != NULL)
    g_ptr_array_add (object->prompts, rough);
  for (guint i = 0; i < prompt->boxes->len; i++)
    {
      const SamBox *box = &g_array_index (prompt->boxes, SamBox, i);
      const float   xy[] = { box->x0_image, box->y0_image, box->x1_image, box->y1_image };

      if (i == 0 && rough != NULL)
        memcpy (rough->xy, xy, sizeof xy);
      else
        g_ptr_array_add (object->prompts, sui_prompt_new_box (xy[0], xy[1], xy[2], xy[3]));
    }
}

SuiState *
sui_replay_new (const SamPrompt *prompt)
{
  SuiState  *state = sui_state_new ();
  SuiObject *object = sui_state_get (state, 0);
  guint      n_points = prompt->points->len, n_added = 0;
  guint      at_once = MAX (1, (n_points + SUI_REPLAY_MAX_ANSWERS - 1) / SUI_REPLAY_MAX_ANSWERS);

  add_whole (object, prompt);
  for (int label = 1; label >= 0; label--)
    for (guint i = 0; i < n_points; i++)
      {
        const SamPoint *point = &g_array_index (prompt->points, SamPoint, i);
        SuiStep         step = { object->prompts->len, SUI_STEP_BEST };

        if (point->label != label)
          continue;
        if (n_added++ % at_once == 0 && sui_object_is_answerable (object))
          g_array_append_val (object->steps, step);
        g_ptr_array_add (object->prompts,
                         sui_prompt_new_point (point->x_image, point->y_image, label));
      }

  return state;
}

SamMask *
sui_replay_answer (const SuiState *state,
                   SamPredictor   *predictor,
                   gpointer        scene,
                   guint           width,
                   guint           height,
                   SamEdge         edge,
                   int             candidate,
                   const SamJob   *sam_job,
                   double         *iou,
                   GError        **error)
{
  SuiJob  *job = sui_job_new (SUI_JOB_MAKE);
  SamMask *mask = NULL;

  if (sam_job != NULL && sam_job->cancellable != NULL)
    g_set_object (&job->cancellable, sam_job->cancellable);
  job->predictor = sam_predictor_ref (predictor);
  job->scene = predictor->ref_scene (scene);
  job->width = width;
  job->height = height;
  job->factor = 1.0;
  job->options.edge = edge;
  for (guint i = 0; i < state->objects->len; i++)
    {
      SuiObject *object = sui_state_get (state, i);

      if (i == state->current && candidate != SAM_CANDIDATE_BEST)
        sui_job_add (job, object, NULL, TRUE, (guint) candidate - 1, NULL);
      else
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
      size_t              chosen;

      if (o->result == NULL)
        continue;
      *iou = o->result->iou[o->candidate];
      /* the job takes the best one where there are not so many; a window has none to choose then */
      if (mask != NULL && i == state->current &&
          ! sam_candidate_choose (candidate, o->result->n_candidates, o->candidate, &chosen, error))
        g_clear_pointer (&mask, sam_mask_free);
    }
  sui_job_free (job);

  return mask;
}
