/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SamJob: progress out, cancelling in. A part of a job is a job whose fractions lie within the
 * whole's. */
#include "config.h"

#include "samcore/sam-job.h"

static double
span_of (const SamJob *job)
{
  return job->span > 0 ? job->span : 1;
}

gboolean
sam_job_step (const SamJob *job, double fraction, GError **error)
{
  if (job == NULL)
    return TRUE;

  if (g_cancellable_set_error_if_cancelled (job->cancellable, error))
    return FALSE;

  if (job->progress != NULL)
    job->progress (job->start + span_of (job) * CLAMP (fraction, 0.0, 1.0), job->data);

  return TRUE;
}

SamJob
sam_job_part (const SamJob *job, double from, double to)
{
  SamJob part = { 0 };

  if (job == NULL)
    return part;

  part = *job;
  part.start = job->start + span_of (job) * from;
  part.span = span_of (job) * (to - from);

  return part;
}
