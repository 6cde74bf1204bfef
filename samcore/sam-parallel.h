/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The threads that compute. OpenBLAS always runs with one thread, and threads that it has started
 * are ended: a pool of our own splits the work, so that no thread spins at a barrier. */
#pragma once

#include <glib.h>
#include <stddef.h>

G_BEGIN_DECLS

/* 0: as many as the processor has cores. May be called at any time, and takes effect with the next
 * loop. OpenBLAS's own threads spin until the first call or loop, for at most a tenth of a
 * second. */
void sam_parallel_set_n_threads (int n_threads);
int  sam_parallel_get_n_threads (void);
/* How many threads a loop that began here would have: 1 within a piece of another loop. */
int sam_parallel_get_n_threads_here (void);

/* Works on the items [first, last). */
typedef void (*SamParallelFunc) (size_t first, size_t last, gpointer data);

/* A piece should have at least this many multiplications, which take some microseconds: many times
 * the overhead of a piece. */
#define SAM_WORTH_A_PIECE 500000

/**
 * sam_parallel_for:
 * @n: number of items
 * @grain: items in a piece; the last piece may be shorter
 *
 * Cuts [0, n) into pieces and works on them in all threads, the caller's included; returns when all
 * is done. If results depend on the pieces, @grain must not depend on the number of threads.
 *
 * A loop within a piece runs in the calling thread alone; but a loop of a single piece is run by
 * the caller as if there were none, so loops within it have all threads. May be called from several
 * threads at once.
 */
void sam_parallel_for (size_t n, size_t grain, SamParallelFunc func, gpointer data);

G_END_DECLS
