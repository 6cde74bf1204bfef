/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the system refuses, or is not Linux, the thread wakes where it likes. */
#define _GNU_SOURCE /* sets of processors */
#include "config.h"

#include "samcore/base/sam-sleeper.h"

#include <pthread.h>
#include <sched.h>

struct _SamSleeper
{
  pthread_t thread;
#ifdef __linux__
  cpu_set_t allowed; /* before it was sent elsewhere */
#endif
  gboolean sent;
};

SamSleeper *
sam_sleeper_new (void)
{
  SamSleeper *self = g_new0 (SamSleeper, 1);

  self->thread = pthread_self ();

  return self;
}

void
sam_sleeper_send_elsewhere (SamSleeper *self)
{
#ifdef __linux__
  const int here = sched_getcpu ();
  cpu_set_t elsewhere;

  /* it may have been sent by somebody else and not yet be awake */
  if (here < 0 || (! self->sent && pthread_getaffinity_np (self->thread, sizeof self->allowed,
                                                           &self->allowed) != 0))
    return;

  elsewhere = self->allowed;
  CPU_CLR ((size_t) here, &elsewhere);
  if (CPU_COUNT (&elsewhere) > 0 &&
      pthread_setaffinity_np (self->thread, sizeof elsewhere, &elsewhere) == 0)
    self->sent = TRUE;
#endif
}

void
sam_sleeper_woke (SamSleeper *self)
{
#ifdef __linux__
  if (self->sent)
    pthread_setaffinity_np (self->thread, sizeof self->allowed, &self->allowed);
#endif
  self->sent = FALSE;
}
