/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How fast a model is on this computer. Internal to the command line. */
#pragma once

#include "samcore/sam-job.h"

/* Medians in seconds. */
typedef struct
{
  char  *model; /* its name; free with g_free */
  double gflop; /* of the image encoder */
  int    n_threads;
  int    n_runs;
  double load;
  double preprocess; /* the part of encode that is not the network */
  double encode;
  double click;                         /* the first one: a lone point */
  double refine;                        /* one more point, and the logits of the first */
  double mask_1, mask_24, mask_100;     /* logits to a mask of so many megapixels */
  double first_mask;                    /* a new process, from its start to the mask file on disk */
  size_t peak_memory;                   /* bytes resident, of that process */
  double sgemm;                         /* GFLOP/s of OpenBLAS at 2048 x 2048 x 2048, as many threads */
} SamBench;

/**
 * sam_bench:
 * @model: a checkpoint
 * @program: this program's file, to start again
 * @n_runs: how often everything is measured, one after the other
 */
gboolean sam_bench (const char *model, const char *program, int n_runs, SamBench *bench, const SamJob *job,
                    GError **error);
