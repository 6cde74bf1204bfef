/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The only place that decides how many threads compute, OpenBLAS's included. OpenBLAS itself always
 * runs with one thread, and those that it has started are ended; our own pool splits the work, so
 * that no barrier spins. */
#pragma once

#include <glib.h>
#include <stddef.h>

G_BEGIN_DECLS

/* 0: as many as the processor has cores. May be called at any time; takes effect at the next loop.
 * The sooner the first call, or the first loop, the less OpenBLAS's own threads spin: they do for a
 * tenth of a second. */
void sam_parallel_set_n_threads (int n_threads);
int  sam_parallel_get_n_threads (void);
/* How many of them a loop that began here could have: 1 inside of a piece. */
int sam_parallel_get_n_threads_here (void);

/* Works on items first .. last - 1. */
typedef void (*SamParallelFunc) (size_t first, size_t last, gpointer data);

/* Multiplications that a piece should have at least: some microseconds, many times what a piece
 * costs. */
#define SAM_WORTH_A_PIECE 500000

/* Cuts 0 .. n - 1 into pieces of @grain (the last may be shorter) and works on them on all threads,
 * the caller's included; returns when all is done. Where results depend on the pieces, @grain must
 * not depend on the number of threads. A call from inside a piece runs on the calling thread alone;
 * but a loop of only one piece is the caller itself, and loops inside of it have all threads. Safe
 * from several threads at once. */
void sam_parallel_for (size_t n, size_t grain, SamParallelFunc func, gpointer data);

G_END_DECLS
