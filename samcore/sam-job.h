/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A long computation as its caller sees it: can be cancelled, tells how far it is. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Called from the thread that computes; fraction grows from 0 to 1. */
typedef void (*SamProgressFunc) (double fraction, gpointer data);

/**
 * SamJob:
 * @cancellable: (nullable): looked at once per layer
 * @progress: (nullable): told once per layer
 * @data: for @progress
 * @start: where in the whole this part begins (0)
 * @span: how much of the whole this part is; 0 means 1
 *
 * A caller's struct; every function that takes one also takes NULL. Zeroed is a job that cannot be
 * cancelled and tells nobody.
 */
typedef struct
{
  GCancellable   *cancellable;
  SamProgressFunc progress;
  gpointer        data;
  double          start;
  double          span;
} SamJob;

/* Says that @fraction of this part is done. FALSE with G_IO_ERROR_CANCELLED once cancelled. */
gboolean sam_job_step (const SamJob *job, double fraction, GError **error);

/* The part of @job from @from to @to, to hand on to a function called on the way. */
SamJob sam_job_part (const SamJob *job, double from, double to);

G_END_DECLS
