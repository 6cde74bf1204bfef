/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How fast a model is on this computer. Internal to the command line. */
#pragma once

#include "samcore/sam-job.h"

typedef enum
{
  SAM_BENCH_LOAD,
  SAM_BENCH_PACK,         /* the weights, which the first picture does */
  SAM_BENCH_PREPROCESS,   /* the part of encode that is not the network */
  SAM_BENCH_ENCODE,       /* the first picture, with fresh memory */
  SAM_BENCH_ENCODE_AGAIN, /* the next one */
  SAM_BENCH_CLICK,        /* the first one: a lone point, without a close-up */
  SAM_BENCH_REFINE,       /* one more point, and the logits of the first */
  SAM_BENCH_CLOSER_CLICK, /* the same with close-ups, in models that make them; else NAN */
  SAM_BENCH_CLOSER_REFINE,
  SAM_BENCH_MASK_1, /* logits to a mask of so many megapixels */
  SAM_BENCH_MASK_24,
  SAM_BENCH_MASK_100,
  SAM_BENCH_FIRST_MASK, /* a new process, from its start to the mask file on disk */
  SAM_BENCH_N_TIMES
} SamBenchTime;

/* Medians of the rounds. */
typedef struct
{
  const char *precision; /* "f32", "bf16", "int8" */
  int         n_threads;
  double      wall[SAM_BENCH_N_TIMES];      /* seconds; NAN: there is no such thing */
  double      processor[SAM_BENCH_N_TIMES]; /* seconds of all threads together */
  double      sgemm;               /* GFLOP/s of OpenBLAS at 2048 x 2048 x 2048, as many threads */
  double      sgemm_processor;     /* GFLOP in a second of processor time */
  double share[SAM_BENCH_N_TIMES]; /* GFLOP over wall time and sgemm; of times without GFLOP 0 */
  double processor_share[SAM_BENCH_N_TIMES];
  double speedup[SAM_BENCH_N_TIMES]; /* over one thread, round by round; NAN if not measured */
  double gain[SAM_BENCH_N_TIMES];    /* over f32, likewise */
  double embedding_error; /* RMS, in standard deviations of f32's embedding; NAN for itself */
  double peak_memory; /* bytes resident of that new process; NAN where the system does not say */
} SamBenchCase;

typedef struct
{
  char         *model;                    /* its name; free with g_free */
  double        gflop[SAM_BENCH_N_TIMES]; /* of both encodes, click and refine; else 0 */
  int           n_runs;
  int           n_cases;
  SamBenchCase *cases; /* free with g_free */
} SamBench;

/**
 * sam_bench:
 * @model: a checkpoint
 * @program: this program's file, to start again
 * @n_threads: to compute with; 0: one thread and two
 * @n_runs: how often everything is measured, the cases alternating
 *
 * Float32 and what SAM_PRECISION says, or the faster one where it says nothing; only one of them if
 * both are the same.
 */
gboolean sam_bench (const char   *model,
                    const char   *program,
                    int           n_threads,
                    int           n_runs,
                    SamBench     *bench,
                    const SamJob *job,
                    GError      **error);
