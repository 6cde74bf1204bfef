/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A thread of the pool that sleeps, and where it wakes up. Internal.
 *
 * A caller that has a thread compute beside it wants it on another processor. Linux looks for an
 * idle one. It sees none where another program is busy, of whatever priority, nor in a virtual
 * machine whose processors have all been idle for some milliseconds: they are given back to the
 * host, which counts as taken. The thread then wakes where its waker runs, and they share that
 * processor for 4 to 10 milliseconds, which is what a model takes; and a person's click always
 * comes after a pause. So the waker's processor is forbidden to the thread until it is awake. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _SamSleeper SamSleeper;

/* The calling thread. Calls with the same sleeper need a lock around them. */
SamSleeper *sam_sleeper_new (void);

/* Called by the thread that is about to wake it: not on that thread's processor, if it may run on
 * others. */
void sam_sleeper_send_elsewhere (SamSleeper *self);

/* By the thread itself, awake: it may run wherever it could before. */
void sam_sleeper_woke (SamSleeper *self);

G_END_DECLS
