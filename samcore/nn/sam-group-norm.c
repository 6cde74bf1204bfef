/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sums, then sums of squares of the differences, then the rows: three passes over the map, each by
 * all threads. */
#include "config.h"

#include "samcore/nn/sam-group-norm.h"

#include <glib.h>
#include <math.h>

#include "samcore/sam-parallel.h"

#define ROWS 256 /* at once: fixed, so that the order of adding is */

typedef struct
{
  const SamNorm *norm;
  float         *x;    /* [n, c] */
  double        *sums; /* of pieces of ROWS rows */
  double         mean, scale;
} GroupNorm;

static void
sum_rows (size_t first, size_t last, gpointer data)
{
  const GroupNorm *g = data;
  double           sum = 0.0;

  for (size_t i = first * g->norm->c; i < last * g->norm->c; i++)
    sum += g->x[i];
  g->sums[first / ROWS] = sum;
}

static void
sum_squares (size_t first, size_t last, gpointer data)
{
  const GroupNorm *g = data;
  double           sum = 0.0;

  for (size_t i = first * g->norm->c; i < last * g->norm->c; i++)
    sum += (g->x[i] - g->mean) * (g->x[i] - g->mean);
  g->sums[first / ROWS] = sum;
}

static void
norm_rows (size_t first, size_t last, gpointer data)
{
  const GroupNorm *g = data;
  size_t           c = g->norm->c;

  for (size_t i = first; i < last; i++)
    for (size_t k = 0; k < c; k++)
      g->x[i * c + k] = (float) ((g->x[i * c + k] - g->mean) * g->scale) * g->norm->w[k] +
                        g->norm->b[k];
}

/* The mean of what @sum adds up over all values. */
static double
mean_of_group (GroupNorm *g, SamParallelFunc sum, size_t n)
{
  double total = 0.0;

  sam_parallel_for (n, ROWS, sum, g);
  for (size_t piece = 0; piece * ROWS < n; piece++)
    total += g->sums[piece];

  return total / ((double) n * g->norm->c);
}

void
sam_group_norm_run (const SamNorm *norm, float *x, size_t n)
{
  g_autofree double *sums = g_new (double, n / ROWS + 1);
  GroupNorm          g = { norm, x, sums };

  g.mean = mean_of_group (&g, sum_rows, n);
  g.scale = 1.0 / sqrt (mean_of_group (&g, sum_squares, n) + norm->eps);
  sam_parallel_for (n, ROWS, norm_rows, &g);
}
