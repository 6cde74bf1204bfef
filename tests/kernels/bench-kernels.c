/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How fast the kernels are, at every level of this processor, on one thread: medians of its
 * processor time, which other programs disturb less than the clock's. Products as a share of what
 * OpenBLAS does at 2048 x 2048 x 2048 before, the others in nanoseconds per value. */
#include "config.h"

#include "samcore/kernels/sam-kernels.h"

#include <cblas.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS 7
#define N      65536 /* values: 256 KB, in the level 2 cache */
#define C      256
#define SIDE   2048

typedef struct
{
  float *x, *y, *z;
  char  *packed, *panels;
  size_t m, n, k;
} Data;

static double
seconds (void)
{
  struct timespec t;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void
run_gelu (const SamKernels *k, Data *d)
{
  k->activate (d->y, d->x, N, SAM_ACT_GELU);
}
static void
run_gelu_rough (const SamKernels *k, Data *d)
{
  k->activate (d->y, d->x, N, SAM_ACT_GELU_ROUGH);
}
static void
run_product (const SamKernels *k, Data *d)
{
  k->product (d->y, N / 32, d->z, d->x, 4, 32, N / 32);
}
static void
run_transpose (const SamKernels *k, Data *d)
{
  k->transpose (d->y, d->x, N / 56, 56);
}
static void
run_add (const SamKernels *k, Data *d)
{
  k->add (d->y, d->x, d->z, N);
}
static void
run_layer_norm (const SamKernels *k, Data *d)
{
  k->layer_norm (d->y, d->x, d->z, d->z, 1e-6f, N / C, C);
}
static void
run_finish (const SamKernels *k, Data *d)
{
  k->finish (d->y, C, d->z, d->x, C, N / C, C, SAM_ACT_NONE);
}

static void
run_softmax (const SamKernels *k, Data *d)
{
  for (size_t i = 0; i < N; i += 1024)
    {
      float max = 2;

      k->exp_row (d->y + i, 1024, &max);
    }
}

static void
run_depthwise (const SamKernels *k, Data *d)
{
  const float       *rows[3] = { d->x, d->x, d->x };
  const SamDepthwise layer = { d->z, d->z, C, 3, 1, 1 };

  k->depthwise (d->y, rows, &layer, N / C, SAM_ACT_NONE);
}

/* A picture's first convolution, to N values. */
static void
run_conv (const SamKernels *k, Data *d)
{
  const float *rows[3] = { d->x, d->x, d->x };

  for (size_t i = 0; i < N; i += N / 8)
    k->conv_picture (d->y + i, rows, d->z, d->z, N / 4 / 32, 32, 1);
}

static const struct
{
  const char *name;
  void (*run) (const SamKernels *k, Data *d);
} loops[] = {
  { "gelu", run_gelu },
  { "gelu, rough", run_gelu_rough },
  { "add", run_add },
  { "finish", run_finish },
  { "layer norm", run_layer_norm },
  { "softmax", run_softmax },
  { "conv of a picture", run_conv },
  { "depthwise 3x3", run_depthwise },
  { "product, 4 x 32", run_product },
  { "transpose", run_transpose },
};

/* What the networks have: a qkv, an MLP's second half, a narrow 1x1, scores, a decoder's tokens. */
static const size_t products[][3] = {
  { 224, 2304, 768 }, { 84, 768, 3072 }, { 224, 64, 256 }, { 64, 1024, 64 }, { 7, 2048, 256 },
};

static int
compare (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

static double
median (double *times)
{
  qsort (times, ROUNDS, sizeof *times, compare);

  return times[ROUNDS / 2];
}

static double
time_blas (const float *x, float *y)
{
  double start = seconds ();

  cblas_sgemm (CblasRowMajor, CblasNoTrans, CblasTrans, SIDE, SIDE, SIDE, 1, x, SIDE, x, SIDE, 0, y,
               SIDE);
  return seconds () - start;
}

/* Repeated for at least a millisecond. */
static double
time_loop (void (*run) (const SamKernels *k, Data *d), const SamKernels *k, Data *d)
{
  double start = seconds (), now;
  int    n = 0;

  do
    {
      run (k, d);
      n++;
      now = seconds ();
    }
  while (now - start < 1e-3);

  return (now - start) / n;
}

static double
time_product (const SamGemm *gemm, const size_t size[3], Data *d)
{
  double start = seconds (), now;
  int    n = 0;

  do
    {
      gemm->gemm (d->y, size[1], d->packed, d->panels, size[0], size[1], size[2], false);
      n++;
      now = seconds ();
    }
  while (now - start < 1e-3);

  return (now - start) / n;
}

int
main (void)
{
  Data   d = { .x = g_new (float, SIDE *SIDE),
               .y = g_new0 (float, SIDE *SIDE),
               .z = g_new (float, N),
               .packed = g_aligned_alloc0 (SIDE * SIDE, 4, 64),
               .panels = g_aligned_alloc0 (SIDE * SIDE, 4, 64) };
  double blas[ROUNDS], rate;

  openblas_set_num_threads (1);
  for (size_t i = 0; i < SIDE * SIDE; i++)
    d.x[i] = (float) ((i * 7919) % 1000) / 250 - 2;
  for (size_t i = 0; i < N; i++)
    d.z[i] = d.x[i];

  time_blas (d.x, d.y);
  for (int round = 0; round < ROUNDS; round++)
    blas[round] = time_blas (d.x, d.y);
  rate = 2.0 * SIDE * SIDE * SIDE / median (blas) / 1e9;
  printf ("sgemm %d^3, one thread: %.1f GFLOP/s\n", SIDE, rate);

  for (size_t level = 0; sam_kernels_level (level) != NULL; level++)
    {
      const SamKernels *k = sam_kernels_level (level);

      printf ("\n%s\n", k->name);
      for (size_t i = 0; i < G_N_ELEMENTS (loops); i++)
        {
          double times[ROUNDS];

          for (int round = 0; round < ROUNDS; round++)
            times[round] = time_loop (loops[i].run, k, &d);
          printf ("  %-22s %8.3f ns per value\n", loops[i].name, median (times) * 1e9 / N);
        }
      for (int precision = 0; precision < 3; precision++)
        for (size_t i = 0; i < G_N_ELEMENTS (products); i++)
          {
            const SamGemm *gemm = precision == 0 ? k->f32 : precision == 1 ? k->bf16 : k->int8;
            double         times[ROUNDS], done;

            if (gemm == NULL)
              continue;
            for (int round = 0; round < ROUNDS; round++)
              times[round] = time_product (gemm, products[i], &d);
            done = 2.0 * products[i][0] * products[i][1] * products[i][2] / median (times) / 1e9;
            printf ("  %-4s %4zu x %4zu x %4zu  %8.1f GFLOP/s, %.2f of sgemm\n",
                    precision == 0   ? "f32"
                    : precision == 1 ? "bf16"
                                     : "int8",
                    products[i][0], products[i][1], products[i][2], done, done / rate);
          }
    }

  g_free (d.x);
  g_free (d.y);
  g_free (d.z);
  g_aligned_free (d.packed);
  g_aligned_free (d.panels);
  return 0;
}
