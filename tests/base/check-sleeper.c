/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a sleeping thread wakes, and where it may run afterwards. */
#define _GNU_SOURCE
#include "config.h"

#include "samcore/base/sam-sleeper.h"

#include <pthread.h>
#include <sched.h>

#ifdef __linux__

typedef struct
{
  GMutex      lock;
  GCond       changed;
  SamSleeper *sleeper; /* NULL until the thread sleeps */
  gboolean    called;
  cpu_set_t   first; /* where the thread may run at its beginning */
  cpu_set_t   awake; /* when it has just woken */
  cpu_set_t   after;
  int         processor; /* where it has woken */
} Bed;

static gpointer
sleep_once (gpointer data)
{
  Bed *bed = data;

  g_mutex_lock (&bed->lock);
  pthread_setaffinity_np (pthread_self (), sizeof bed->first, &bed->first);
  bed->sleeper = sam_sleeper_new ();
  g_cond_broadcast (&bed->changed);
  while (! bed->called)
    g_cond_wait (&bed->changed, &bed->lock);

  bed->processor = sched_getcpu ();
  pthread_getaffinity_np (pthread_self (), sizeof bed->awake, &bed->awake);
  sam_sleeper_woke (bed->sleeper);
  pthread_getaffinity_np (pthread_self (), sizeof bed->after, &bed->after);
  g_mutex_unlock (&bed->lock);
  g_free (bed->sleeper);

  return NULL;
}

/* As many times as somebody wants it awake, before it is. */
static void
wake (Bed *bed, int n_times)
{
  GThread *thread = g_thread_new ("sleeper", sleep_once, bed);

  g_mutex_lock (&bed->lock);
  while (bed->sleeper == NULL)
    g_cond_wait (&bed->changed, &bed->lock);
  for (int i = 0; i < n_times; i++)
    sam_sleeper_send_elsewhere (bed->sleeper);
  bed->called = TRUE;
  g_cond_broadcast (&bed->changed);
  g_mutex_unlock (&bed->lock);
  g_thread_join (thread);
}

static int
stay_here (cpu_set_t *before)
{
  cpu_set_t here;
  int       processor = sched_getcpu ();

  g_assert_cmpint (processor, >=, 0);
  CPU_ZERO (&here);
  CPU_SET ((size_t) processor, &here);
  g_assert_cmpint (pthread_getaffinity_np (pthread_self (), sizeof *before, before), ==, 0);
  g_assert_cmpint (pthread_setaffinity_np (pthread_self (), sizeof here, &here), ==, 0);

  return sched_getcpu ();
}

static void
test_elsewhere (gconstpointer data)
{
  Bed       bed = { 0 };
  cpu_set_t before;
  int       here = stay_here (&before);

  bed.first = before;
  wake (&bed, GPOINTER_TO_INT (data));
  if (CPU_COUNT (&before) > 1)
    {
      g_assert_cmpint (bed.processor, !=, here);
      g_assert_false (CPU_ISSET ((size_t) here, &bed.awake));
    }
  g_assert_true (CPU_EQUAL (&bed.after, &before));
  pthread_setaffinity_np (pthread_self (), sizeof before, &before);
}

/* A thread that may run nowhere else is left alone. */
static void
test_only_here (void)
{
  Bed       bed = { 0 };
  cpu_set_t before;
  int       here = stay_here (&before);

  CPU_ZERO (&bed.first);
  CPU_SET ((size_t) here, &bed.first);
  wake (&bed, 1);
  g_assert_cmpint (bed.processor, ==, here);
  g_assert_true (CPU_EQUAL (&bed.awake, &bed.first));
  g_assert_true (CPU_EQUAL (&bed.after, &bed.first));
  pthread_setaffinity_np (pthread_self (), sizeof before, &before);
}

/* Nobody wanted it elsewhere. */
static void
test_alone (void)
{
  Bed       bed = { 0 };
  cpu_set_t before;

  g_assert_cmpint (pthread_getaffinity_np (pthread_self (), sizeof before, &before), ==, 0);
  bed.first = before;
  wake (&bed, 0);
  g_assert_true (CPU_EQUAL (&bed.awake, &before));
  g_assert_true (CPU_EQUAL (&bed.after, &before));
}

#else

static void
test_nothing (void)
{
  SamSleeper *sleeper = sam_sleeper_new ();

  sam_sleeper_send_elsewhere (sleeper);
  sam_sleeper_woke (sleeper);
  g_free (sleeper);
}

#endif

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#ifdef __linux__
  g_test_add_data_func ("/sleeper/elsewhere", GINT_TO_POINTER (1), test_elsewhere);
  g_test_add_data_func ("/sleeper/called-twice", GINT_TO_POINTER (2), test_elsewhere);
  g_test_add_func ("/sleeper/only-here", test_only_here);
  g_test_add_func ("/sleeper/alone", test_alone);
#else
  g_test_add_func ("/sleeper/nothing", test_nothing);
#endif

  return g_test_run ();
}
