/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pool: every item once, pieces that do not depend on the number of threads, loops inside
 * loops, loops from several threads at once, the number of threads changed meanwhile. */
#include "config.h"

#include "samcore/sam-parallel.h"
#include "samcore/base/sam-scratch.h"

#include <stdatomic.h>
#include <string.h>

#define N 1000

typedef struct
{
  atomic_int times[N];
  size_t     last_of[N]; /* of the piece that began here */
} Seen;

static void
see (size_t first, size_t last, gpointer data)
{
  Seen *seen = data;

  seen->last_of[first] = last;
  for (size_t i = first; i < last; i++)
    atomic_fetch_add (&seen->times[i], 1);
}

/* Must run first: the pool's threads never end. */
static void
test_alone (void)
{
  g_autoptr (GDir) threads = g_dir_open ("/proc/self/task", 0, NULL);
  int              n = 0;

  if (threads == NULL)
    {
      g_test_skip ("this system does not list threads");
      return;
    }

  sam_parallel_set_n_threads (1);
  g_dir_rewind (threads);
  while (g_dir_read_name (threads) != NULL)
    n++;
  g_assert_cmpint (n, ==, 1); /* OpenBLAS's are gone */
}

static void
test_pieces (void)
{
  static const size_t grains[] = { 0, 1, 2, 7, 999, 1000, 5000, G_MAXSIZE };

  for (size_t g = 0; g < G_N_ELEMENTS (grains); g++)
    {
      g_autofree size_t *first = NULL;

      for (int n_threads = 1; n_threads <= 4; n_threads++)
        {
          g_autofree Seen *seen = g_new0 (Seen, 1);

          sam_parallel_set_n_threads (n_threads);
          g_assert_cmpint (sam_parallel_get_n_threads (), ==, n_threads);
          sam_parallel_for (N, grains[g], see, seen);
          for (int i = 0; i < N; i++)
            g_assert_cmpint (seen->times[i], ==, 1);
          if (first == NULL)
            first = g_memdup2 (seen->last_of, sizeof seen->last_of);
          g_assert_cmpmem (first, sizeof seen->last_of, seen->last_of, sizeof seen->last_of);
        }
    }
  sam_parallel_for (0, 1, see, NULL);
}

static void
test_n_threads (void)
{
  sam_parallel_set_n_threads (0);
  g_assert_cmpint (sam_parallel_get_n_threads (), >=, 1);
  sam_parallel_set_n_threads (-5);
  g_assert_cmpint (sam_parallel_get_n_threads (), >=, 1);
  sam_parallel_set_n_threads (1000000); /* more than a pool should have */
  g_assert_cmpint (sam_parallel_get_n_threads (), <=, 1024);
  sam_parallel_set_n_threads (0);
}

/* Two threads really work at the same time: each piece waits until the other one has begun. */
static void
meet (size_t first, size_t last, gpointer data)
{
  atomic_int *n_begun = data;
  gint64      until = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;

  atomic_fetch_add (n_begun, 1);
  while (atomic_load (n_begun) < 2 && g_get_monotonic_time () < until)
    g_thread_yield ();
}

static void
test_at_once (void)
{
  atomic_int n_begun = 0;

  sam_parallel_set_n_threads (2);
  sam_parallel_for (2, 1, meet, &n_begun);
  g_assert_cmpint (n_begun, ==, 2);

  g_usleep (10000); /* the worker sleeps by now, and must wake */
  n_begun = 0;
  sam_parallel_for (2, 1, meet, &n_begun);
  g_assert_cmpint (n_begun, ==, 2);
}

typedef struct
{
  Seen     seen;
  GThread *outer;
  gboolean strayed;
} Nested;

static void
inner (size_t first, size_t last, gpointer data)
{
  Nested *nested = data;

  if (g_thread_self () != nested->outer)
    nested->strayed = TRUE;
  see (first, last, &nested->seen);
}

static void
outer (size_t first, size_t last, gpointer data)
{
  Nested **nested = data;

  for (size_t i = first; i < last; i++)
    {
      nested[i]->outer = g_thread_self ();
      g_assert_cmpint (sam_parallel_get_n_threads_here (), ==, 1);
      sam_parallel_for (N, 10, inner, nested[i]);
      sam_parallel_for (N, 100, inner, nested[i]);
    }
}

static void
test_nested (void)
{
  Nested *nested[16];

  for (int i = 0; i < 16; i++)
    nested[i] = g_new0 (Nested, 1);
  sam_parallel_set_n_threads (3);
  g_assert_cmpint (sam_parallel_get_n_threads_here (), ==, 3);
  sam_parallel_for (16, 1, outer, nested);
  g_assert_cmpint (sam_parallel_get_n_threads_here (), ==, 3);
  for (int i = 0; i < 16; i++)
    {
      g_assert_false (nested[i]->strayed);
      for (int j = 0; j < N; j++)
        g_assert_cmpint (nested[i]->seen.times[j], ==, 2);
      g_free (nested[i]);
    }
}

static gpointer
caller (gpointer data)
{
  for (int i = 0; i < 200; i++)
    {
      g_autofree Seen *seen = g_new0 (Seen, 1);

      sam_parallel_set_n_threads (1 + i % 4);
      sam_parallel_for (N, 1 + i, see, seen);
      for (int j = 0; j < N; j++)
        g_assert_cmpint (seen->times[j], ==, 1);
    }

  return NULL;
}

static void
test_several_callers (void)
{
  GThread *threads[4];

  for (int i = 0; i < 4; i++)
    threads[i] = g_thread_new ("caller", caller, NULL);
  for (int i = 0; i < 4; i++)
    g_thread_join (threads[i]);
  sam_parallel_set_n_threads (0);
}

static void
fill_scratch (size_t first, size_t last, gpointer data)
{
  float *memory = sam_scratch_floats (SAM_SCRATCH_ROWS, 1000 + first);

  g_assert_cmpint ((gsize) memory % 64, ==, 0);
  for (size_t i = 0; i < 1000 + first; i++)
    memory[i] = (float) first;
  g_thread_yield ();
  for (size_t i = 0; i < 1000 + first; i++)
    g_assert_cmpfloat (memory[i], ==, (float) first);
}

static void
test_scratch (void)
{
  float *small = sam_scratch_floats (SAM_SCRATCH_GROUP, 10);

  g_assert_true (small == sam_scratch_floats (SAM_SCRATCH_GROUP, 5));
  g_assert_true (small != sam_scratch_floats (SAM_SCRATCH_SCORES, 5));
  for (size_t n = 1; n < 5000; n *= 3)
    for (size_t i = 0; i < n; i++)
      g_assert_cmpfloat (sam_scratch_zeros (n)[i], ==, 0);
  sam_parallel_set_n_threads (4);
  sam_parallel_for (100, 1, fill_scratch, NULL);
  sam_parallel_set_n_threads (0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/parallel/alone", test_alone);
  g_test_add_func ("/parallel/pieces", test_pieces);
  g_test_add_func ("/parallel/n-threads", test_n_threads);
  g_test_add_func ("/parallel/at-once", test_at_once);
  g_test_add_func ("/parallel/nested", test_nested);
  g_test_add_func ("/parallel/several-callers", test_several_callers);
  g_test_add_func ("/parallel/scratch", test_scratch);

  return g_test_run ();
}
