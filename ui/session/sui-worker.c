/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One GTask per job. A job that is interrupted still runs to its next layer, and the next one waits
 * for that: two at once would each have half of the processor. */
#include "config.h"

#include "ui/session/sui-worker.h"

#define TICK_MS 100

struct _SuiWorker
{
  gpointer      owner;
  SuiWorkerDone done;
  SuiWorkerTick tick;

  SuiJob *job;
  guint   ticker;
};

SuiWorker *
sui_worker_new (gpointer owner, SuiWorkerDone done, SuiWorkerTick tick)
{
  SuiWorker *worker = g_new0 (SuiWorker, 1);

  worker->owner = owner;
  worker->done = done;
  worker->tick = tick;

  return worker;
}

static void
stop_ticking (SuiWorker *worker)
{
  if (worker->ticker != 0)
    g_source_remove (worker->ticker);
  worker->ticker = 0;
}

void
sui_worker_free (SuiWorker *worker)
{
  if (worker == NULL)
    return;

  g_assert (worker->job == NULL);
  stop_ticking (worker);
  g_free (worker);
}

static gboolean
is_slow (const SuiWorker *worker)
{
  return worker->job != NULL && worker->job->kind != SUI_JOB_HOVER;
}

static gboolean
on_tick (gpointer data)
{
  SuiWorker *worker = data;

  if (! is_slow (worker))
    {
      worker->ticker = 0;
      return G_SOURCE_REMOVE;
    }
  worker->tick (worker->owner);

  return G_SOURCE_CONTINUE;
}

static void
task_done (GObject *source, GAsyncResult *result, gpointer data)
{
  SuiWorker *worker = data;
  gpointer   owner = worker->owner;
  SuiJob    *job = g_task_get_task_data (G_TASK (result));

  worker->job = NULL;
  worker->done (job, owner);
  sui_job_free (job);
  /* may free the worker */
  g_object_unref (owner);
}

static void
task_run (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  sui_job_run (data);
  g_task_return_boolean (task, TRUE);
}

void
sui_worker_start (SuiWorker *worker, SuiJob *job)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (worker->job == NULL);

  /* The owner is not the task's source object: the thread lets go of a task a little later than the
   * main thread, and the owner must not die there. */
  g_object_ref (worker->owner);
  task = g_task_new (NULL, NULL, task_done, worker);
  job->started = g_get_monotonic_time ();
  worker->job = job;
  g_task_set_task_data (task, job, NULL);
  g_task_run_in_thread (task, task_run);
  if (is_slow (worker) && worker->ticker == 0)
    worker->ticker = g_timeout_add (TICK_MS, on_tick, worker);
}

SuiJob *
sui_worker_get_job (SuiWorker *worker)
{
  return worker->job;
}

void
sui_worker_interrupt (SuiWorker *worker)
{
  if (worker->job == NULL)
    return;
  worker->job->stale = TRUE;
  g_cancellable_cancel (worker->job->cancellable);
}

void
sui_worker_stop (SuiWorker *worker)
{
  if (worker->job != NULL)
    g_cancellable_cancel (worker->job->cancellable);
  /* its last words come through the main context */
  while (worker->job != NULL)
    g_main_context_iteration (NULL, TRUE);
  stop_ticking (worker);
}

double
sui_worker_get_progress (SuiWorker *worker)
{
  int progress = worker->job != NULL ? g_atomic_int_get (&worker->job->progress) : 0;

  return progress > 0 ? progress / 1000.0 : -1.0;
}

double
sui_worker_get_seconds_left (SuiWorker *worker)
{
  double progress = sui_worker_get_progress (worker);
  double elapsed;

  if (progress < 0.02)
    return -1.0;
  elapsed = (g_get_monotonic_time () - worker->job->started) / 1e6;

  return elapsed > 0.3 ? elapsed * (1.0 - progress) / progress : -1.0;
}
