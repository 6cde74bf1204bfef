/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ui/session/sui-mask-queue.h"

void
sui_mask_queue_add (SuiMaskQueue *queue, GTask *task, gboolean finished)
{
  g_task_set_task_data (task, GINT_TO_POINTER (finished), NULL);
  g_queue_push_tail (&queue->tasks, g_object_ref (task));
}

gboolean
sui_mask_queue_is_empty (const SuiMaskQueue *queue)
{
  return queue->tasks.length == 0;
}

SuiJob *
sui_mask_queue_ask (SuiMaskQueue   *queue,
                    SuiShown       *shown,
                    SuiSubject     *subject,
                    const SuiState *state)
{
  GTask  *task = g_queue_pop_head (&queue->tasks);
  SuiJob *job = sui_shown_ask_mask (shown, subject, state,
                                    GPOINTER_TO_INT (g_task_get_task_data (task)));

  job->task = task;

  return job;
}

void
sui_mask_queue_answer (SuiJob *job)
{
  if (job->error != NULL)
    g_task_return_error (job->task, g_steal_pointer (&job->error));
  else
    g_task_return_pointer (job->task, g_steal_pointer (&job->view->mask),
                           (GDestroyNotify) sam_mask_free);
}

void
sui_mask_queue_fail (SuiMaskQueue *queue, const GError *error)
{
  GTask *task;

  while ((task = g_queue_pop_head (&queue->tasks)) != NULL)
    {
      if (error != NULL)
        g_task_return_error (task, g_error_copy (error));
      else
        g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "cancelled");
      g_object_unref (task);
    }
}
