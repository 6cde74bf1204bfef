/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The only place that decides how many threads compute, OpenBLAS's included. OpenBLAS itself always runs
 * with one thread; our own pool splits the work, so that no barrier spins. */
#pragma once

#include <glib.h>
#include <stddef.h>

G_BEGIN_DECLS

/* 0: as many as the processor has cores. May be called at any time; takes effect at the next loop. */
void sam_parallel_set_n_threads (int n_threads);
int  sam_parallel_get_n_threads (void);
/* How many of them a loop that began here could have: 1 inside of a piece. */
int  sam_parallel_get_n_threads_here (void);

/* Works on items first .. last - 1. */
typedef void (*SamParallelFunc) (size_t first, size_t last, gpointer data);

/* Multiplications that a piece should have at least: some microseconds, many times what a piece costs. */
#define SAM_WORTH_A_PIECE 500000

/* Cuts 0 .. n - 1 into pieces of @grain (the last may be shorter) and works on them on all threads, the
 * caller's included; returns when all is done. Where results depend on the pieces, @grain does not depend on the number
 * of threads. A call from inside a piece runs on the calling thread alone. Safe from several
 * threads at once. */
void sam_parallel_for (size_t n, size_t grain, SamParallelFunc func, gpointer data);

/* Memory of the calling thread for @n_floats floats, aligned to a cache line, as it was left by its last
 * user; it is the same again at the next call with this slot, and freed with the thread. Only for the lowest
 * operations (sam-ops.h), each of which holds it until it returns: one that calls another uses other slots. */
typedef enum
{
  SAM_SCRATCH_ROW,
  SAM_SCRATCH_ROWS,
  SAM_SCRATCH_MIDDLE,
  SAM_SCRATCH_GROUP,
  SAM_SCRATCH_PANELS,
  SAM_SCRATCH_RING,
  SAM_SCRATCH_INDEX,
  SAM_SCRATCH_SCORES,
  SAM_SCRATCH_RESIZE,
  SAM_N_SCRATCHES
} SamScratch;

float *sam_parallel_scratch (SamScratch slot, size_t n_floats);

G_END_DECLS
