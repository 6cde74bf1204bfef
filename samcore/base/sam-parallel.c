/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One pool of threads for the whole program.
 *
 * A loop is a SamLoop on the caller's stack, linked into the pool while pieces of it are left.
 * Workers join a loop under the lock and then take pieces by atomic counters: each thread begins
 * with a range of its own, the same in every loop, because what it wrote in the last one is still
 * in its cache, and then helps with the others'. The caller works too, takes the loop out of the
 * list, and waits until the last worker has left it. A waiting thread polls an atomic for some
 * microseconds, since the next loop of a network comes soon, and then sleeps: a spinning thread
 * would take the processor from the one it waits for when another program is busy. Only sleeping
 * threads are woken: that takes system calls, and many loops are over in the time of a few. */
#include "config.h"

#include "samcore/sam-parallel.h"

#include <cblas.h>
#include <stdatomic.h>

#include "samcore/base/sam-sleeper.h"

#define SPIN_MICROSECONDS 60 /* waking a thread takes about as long */
#define LOCK_TRIES        50 /* before sleeping; it is never held for longer than that takes */
#define MAX_THREADS       256
#define MAX_RANGES        16

typedef struct _SamLoop SamLoop;
struct _SamLoop
{
  SamLoop        *next;
  SamParallelFunc func;
  gpointer        data;
  size_t          n, grain, n_pieces, n_ranges;
  atomic_size_t   next_piece[MAX_RANGES];
  int             n_wanted;  /* workers that may still join; under the lock */
  atomic_int      n_working; /* workers inside; changed under the lock */
  gboolean        awaited;   /* the caller sleeps until they have left; under the lock */
};

static GMutex      lock;
static GCond       loop_added;
static GCond       worker_left;
static SamLoop    *loops;                 /* under the lock */
static int         n_workers;             /* under the lock; workers never end */
static SamSleeper *sleepers[MAX_THREADS]; /* of these; under the lock */
static int         n_sleepers;            /* under the lock */
static atomic_uint n_loops_added;         /* what an idle worker polls */
static atomic_int  n_threads_set;         /* 0: not set */

static _Thread_local gboolean inside_piece;

static inline void
relax (void)
{
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause ();
#elif defined(__aarch64__)
  __asm__ volatile ("yield");
#endif
}

static void
take_lock (void)
{
  for (int i = 0; i < LOCK_TRIES; i++)
    {
      if (g_mutex_trylock (&lock))
        return;
      relax ();
    }
  g_mutex_lock (&lock);
}

static size_t
range_start (const SamLoop *loop, size_t range)
{
  return loop->n_pieces / loop->n_ranges * range + MIN (range, loop->n_pieces % loop->n_ranges);
}

/* thread: 0 is the caller */
static void
work_on (SamLoop *loop, size_t thread)
{
  inside_piece = TRUE;
  for (size_t i = 0; i < loop->n_ranges; i++)
    {
      size_t range = (thread + i) % loop->n_ranges;
      size_t end = range_start (loop, range + 1);
      size_t piece;

      while ((piece = atomic_fetch_add_explicit (&loop->next_piece[range], 1,
                                                 memory_order_relaxed)) < end)
        {
          size_t first = piece * loop->grain;
          size_t last = loop->n - first > loop->grain ? first + loop->grain : loop->n;

          loop->func (first, last, loop->data);
        }
    }
  inside_piece = FALSE;
}

static gboolean
has_pieces (SamLoop *loop)
{
  for (size_t range = 0; range < loop->n_ranges; range++)
    if (atomic_load_explicit (&loop->next_piece[range], memory_order_relaxed) <
        range_start (loop, range + 1))
      return TRUE;

  return FALSE;
}

static SamLoop *
loop_to_join (void)
{
  for (SamLoop *loop = loops; loop != NULL; loop = loop->next)
    if (loop->n_wanted > 0 && has_pieces (loop))
      return loop;

  return NULL;
}

/* Called with the lock, which it gives up meanwhile. @n_seen: of the loops added, up to now */
static void
sleep_until_added (SamSleeper *self, unsigned n_seen)
{
  if (atomic_load (&n_loops_added) != n_seen)
    return;

  sleepers[n_sleepers++] = self;
  while (atomic_load (&n_loops_added) == n_seen)
    g_cond_wait (&loop_added, &lock);

  for (int i = 0; i < n_sleepers; i++)
    if (sleepers[i] == self)
      {
        sleepers[i] = sleepers[--n_sleepers];
        break;
      }
  sam_sleeper_woke (self);
}

/* Called with the lock. */
static void
wake_workers (void)
{
  if (n_sleepers == 0)
    return;

  for (int i = 0; i < n_sleepers; i++)
    sam_sleeper_send_elsewhere (sleepers[i]);
  g_cond_broadcast (&loop_added);
}

static gpointer
worker (gpointer number)
{
  SamSleeper *self = sam_sleeper_new ();

  g_mutex_lock (&lock);
  for (;;)
    {
      SamLoop *loop = loop_to_join ();

      if (loop != NULL)
        {
          loop->n_wanted--;
          atomic_fetch_add (&loop->n_working, 1);
          g_mutex_unlock (&lock);

          work_on (loop, GPOINTER_TO_SIZE (number));

          take_lock ();
          if (atomic_fetch_sub (&loop->n_working, 1) == 1 && loop->awaited)
            g_cond_broadcast (&worker_left);
        }
      else
        {
          unsigned seen = atomic_load (&n_loops_added);
          gint64   until;

          g_mutex_unlock (&lock);
          until = g_get_monotonic_time () + SPIN_MICROSECONDS;
          while (atomic_load_explicit (&n_loops_added, memory_order_relaxed) == seen &&
                 g_get_monotonic_time () < until)
            for (int i = 0; i < 8; i++)
              relax ();

          take_lock ();
          sleep_until_added (self, seen);
        }
    }

  return NULL;
}

/* Called with the lock. Fewer threads than wished are no error. */
static void
start_workers (int wanted)
{
  while (n_workers < wanted)
    {
      GThread *thread = g_thread_try_new ("samcore", worker, GSIZE_TO_POINTER (n_workers + 1),
                                          NULL);

      if (thread == NULL)
        return;
      g_thread_unref (thread);
      n_workers++;
    }
}

/* OpenBLAS starts threads when it is loaded, which wait for work by spinning for a tenth of a
 * second: on two cores that is half of the computer while a new process computes its first mask.
 * This is what it does itself before a fork, in its versions with threads of its own. */
extern int blas_thread_shutdown_ (void) __attribute__ ((weak));

int
sam_parallel_get_n_threads_here (void)
{
  return inside_piece ? 1 : sam_parallel_get_n_threads ();
}

static void
forget_blas_threads (void)
{
  static gsize once;

  if (g_once_init_enter (&once))
    {
      openblas_set_num_threads (1);
      if (blas_thread_shutdown_ != NULL)
        blas_thread_shutdown_ ();
      g_once_init_leave (&once, 1);
    }
}

void
sam_parallel_set_n_threads (int n_threads)
{
  forget_blas_threads ();
  atomic_store (&n_threads_set, CLAMP (n_threads, 0, MAX_THREADS));
}

int
sam_parallel_get_n_threads (void)
{
  static atomic_int
      n_processors; /* GLib asks the system each time, which takes longer than a loop may */
  int n = atomic_load (&n_threads_set);

  if (n == 0)
    n = atomic_load (&n_processors);
  if (n == 0)
    {
      n = (int) CLAMP (g_get_num_processors (), 1, MAX_THREADS);
      atomic_store (&n_processors, n);
    }

  return n;
}

void
sam_parallel_for (size_t n, size_t grain, SamParallelFunc func, gpointer data)
{
  SamLoop   loop = { .func = func, .data = data, .n = n, .grain = MAX (grain, 1) };
  int       n_threads;
  SamLoop **link;

  if (n == 0)
    return;

  forget_blas_threads ();
  loop.n_pieces = (n - 1) / loop.grain + 1;
  n_threads = sam_parallel_get_n_threads_here ();

  if (n_threads == 1 || loop.n_pieces == 1)
    {
      for (size_t first = 0; first < n; first += loop.grain)
        func (first, n - first > loop.grain ? first + loop.grain : n, data);
      return;
    }

  loop.n_wanted = (int) MIN ((size_t) n_threads, loop.n_pieces) - 1;
  loop.n_ranges = MIN ((size_t) loop.n_wanted + 1, MAX_RANGES);
  for (size_t range = 0; range < loop.n_ranges; range++)
    atomic_init (&loop.next_piece[range], range_start (&loop, range));

  take_lock ();
  start_workers (loop.n_wanted);
  loop.next = loops;
  loops = &loop;
  atomic_fetch_add (&n_loops_added, 1);
  wake_workers ();
  g_mutex_unlock (&lock);

  work_on (&loop, 0);

  take_lock ();
  for (link = &loops; *link != &loop; link = &(*link)->next)
    ;
  *link = loop.next; /* from here on nobody joins */
  if (atomic_load (&loop.n_working) > 0)
    {
      gint64 until = g_get_monotonic_time () + SPIN_MICROSECONDS;

      g_mutex_unlock (&lock);
      while (atomic_load_explicit (&loop.n_working, memory_order_relaxed) > 0 &&
             g_get_monotonic_time () < until)
        for (int i = 0; i < 8; i++)
          relax ();
      take_lock ();
      loop.awaited = TRUE;
      while (atomic_load (&loop.n_working) > 0)
        g_cond_wait (&worker_left, &lock);
    }
  g_mutex_unlock (&lock);
}
