/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a caller follows a long computation: cancels it, and learns how far it is. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Called in the thread that computes; @fraction grows from 0 to 1. */
typedef void (*SamProgressFunc) (double fraction, gpointer data);

/**
 * SamJob:
 * @cancellable: (nullable): checked once per layer
 * @progress: (nullable): called once per layer
 * @data: passed to @progress
 * @start: the fraction of the whole at which this part begins
 * @span: the fraction of the whole that this part is; 0 means 1
 *
 * Allocated and filled in by the caller. A zeroed job cannot be cancelled and reports no progress;
 * so does NULL, which every function that takes a job accepts.
 */
typedef struct
{
  GCancellable   *cancellable;
  SamProgressFunc progress;
  gpointer        data;
  double          start;
  double          span;
} SamJob;

/* Reports that @fraction of this part is done. FALSE with G_IO_ERROR_CANCELLED if cancelled. */
gboolean sam_job_step (const SamJob *job, double fraction, GError **error);

/* The part of @job from @from to @to, for a function that does that part of the work. */
SamJob sam_job_part (const SamJob *job, double from, double to);

G_END_DECLS
