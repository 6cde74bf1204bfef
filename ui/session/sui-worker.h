/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs a session's jobs in a thread, one at a time. Lives on the main thread. */
#pragma once

#include "ui/session/sui-job.h"

G_BEGIN_DECLS

typedef struct _SuiWorker SuiWorker;

/**
 * SuiWorkerDone:
 * @job: what it found is to be taken out; the worker frees the rest
 *
 * On the main thread, after every job, also cancelled and failed ones. The next may be started.
 */
typedef void (*SuiWorkerDone) (SuiJob *job, gpointer owner);

/* A job that takes long is further than before. */
typedef void (*SuiWorkerTick) (gpointer owner);

/* @owner: a GObject that has the worker; it is kept alive while a job runs */
SuiWorker *sui_worker_new (gpointer owner, SuiWorkerDone done, SuiWorkerTick tick);
void       sui_worker_free (SuiWorker *worker);

/* Takes @job. Only when there is none. */
void    sui_worker_start (SuiWorker *worker, SuiJob *job);
SuiJob *sui_worker_get_job (SuiWorker *worker); /* NULL when there is nothing to do */

/* What the current job finds is not wanted any more: it ends at its next layer. */
void sui_worker_interrupt (SuiWorker *worker);
/* Cancels the current job, and waits until it is done. */
void sui_worker_stop (SuiWorker *worker);

double sui_worker_get_progress (SuiWorker *worker);     /* 0..1, -1 when unknown */
double sui_worker_get_seconds_left (SuiWorker *worker); /* -1 when unknown */

G_END_DECLS
