/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How fast a model is on this computer.
 *
 * Everything is measured once per round and the rounds follow each other, so that whatever slows the computer
 * down for a while slows all of it down; the median of the rounds counts. In each round OpenBLAS multiplies
 * two matrices too: times over that rate compare computers, and days. */
#include "config.h"

#include "samcore/sam-bench.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cblas.h>
#include <glib/gstdio.h>

#include "samcore/sam-error.h"
#include "samcore/sam-geometry.h"
#include "samcore/sam-logits-private.h"
#include "samcore/sam-mask.h"
#include "samcore/sam-model-private.h"
#include "samcore/sam-parallel.h"
#include "samcore/sam-preprocess.h"

#define SGEMM_SIDE 2048

/* a common size of picture on a screen */
#define WIDTH  1280
#define HEIGHT 853

/* Sides of pictures of 1, 24 and 100 megapixels, 3:2 */
static const size_t mask_sizes[3][2] = { { 1225, 817 }, { 6000, 4000 }, { 12248, 8165 } };

/* What is timed in each round, in the order of SamBench. */
enum
{
  LOAD,
  PREPROCESS,
  ENCODE,
  CLICK,
  REFINE,
  MASK_1,
  MASK_24,
  MASK_100,
  FIRST_MASK,
  SGEMM,
  N_TIMES
};

typedef struct
{
  const char *model_path;
  const char *program;
  const char *picture_path;
  SamImage   *image;
  size_t      peak_memory;
  double      times[N_TIMES];
} Round;

static double
seconds_since (gint64 start)
{
  return (double) (g_get_monotonic_time () - start) / 1e6;
}

/* Smooth shapes and noise, the same every time: nothing here depends on what a picture shows, but a network
 * fed with zeros may be faster than it is. */
static SamImage *
make_picture (GError **error)
{
  uint8_t           *pixels = g_malloc (3 * WIDTH * HEIGHT);
  g_autoptr (GBytes) bytes = g_bytes_new_take (pixels, 3 * WIDTH * HEIGHT);
  guint32            random = 1;

  for (size_t y = 0; y < HEIGHT; y++)
    for (size_t x = 0; x < WIDTH; x++)
      for (size_t c = 0; c < 3; c++)
        {
          gboolean inside = (x - 640) * (x - 640) + (y - 426) * (y - 426) < 250 * 250;

          random = random * 1664525 + 1013904223;
          pixels[3 * (y * WIDTH + x) + c] = (uint8_t) ((inside ? 60 * c + 80 : x / 8 + c * y / 16)
                                                       + (random >> 28));
        }

  return sam_image_new (WIDTH, HEIGHT, bytes, error);
}

/* A PPM: quick to read, so that the first mask's time is the model's. */
static gboolean
write_picture (const SamImage *image,
               const char     *path,
               GError        **error)
{
  g_autoptr (GByteArray) ppm = g_byte_array_new ();
  g_autofree char       *header = g_strdup_printf ("P6\n%d %d\n255\n", WIDTH, HEIGHT);

  g_byte_array_append (ppm, (const guint8 *) header, (guint) strlen (header));
  g_byte_array_append (ppm, sam_image_get_pixels (image), 3 * WIDTH * HEIGHT);

  return g_file_set_contents (path, (const char *) ppm->data, ppm->len, error);
}

static gboolean
time_preprocess (SamModel       *model,
                 const SamImage *image,
                 double         *time,
                 GError        **error)
{
  const SamModelSpec *spec = sam_model_get_spec (model);
  g_autofree float   *x = g_new (float, 3 * spec->input * spec->input);
  SamGeometry         geometry;
  gint64              start = g_get_monotonic_time ();

  sam_geometry_init (&geometry, WIDTH, HEIGHT, spec->input, spec->fit, spec->upsample);
  if (! sam_preprocess (x, image, &geometry, &spec->preprocess, error))
    return FALSE;
  *time = seconds_since (start);

  return TRUE;
}

/* The mask that @logits would give on a picture of another size. */
static gboolean
time_mask (SamModel        *model,
           const SamLogits *logits,
           const size_t     size[2],
           double          *time,
           GError         **error)
{
  const SamModelSpec   *spec = sam_model_get_spec (model);
  size_t                side = sam_logits_get_width (logits);
  size_t                best = sam_logits_get_best (logits);
  float                *values = g_memdup2 (sam_logits_get_values (logits, best), side * side * sizeof (float));
  const float           iou = sam_logits_get_iou (logits, best);
  SamGeometry           geometry;
  g_autoptr (SamLogits) resized = NULL;
  g_autoptr (SamMask)   mask = NULL;
  gint64                start;

  sam_geometry_init (&geometry, size[0], size[1], spec->input, spec->fit, spec->upsample);
  resized = sam_logits_new_take (&geometry, 1, side, values, &iou, NAN, 0, NULL);

  start = g_get_monotonic_time ();
  mask = sam_mask_new_from_logits (resized, 0, SAM_EDGE_HARD, NULL, error);
  *time = seconds_since (start);

  return mask != NULL;
}

/* Starts the program anew and waits for its mask. */
static gboolean
time_first_mask (Round   *round,
                 GError **error)
{
  g_autofree char *threads = g_strdup_printf ("%d", sam_parallel_get_n_threads ());
  g_autofree char *mask_path = g_strconcat (round->picture_path, ".png", NULL);
  const char      *argv[] = { round->program, "segment", "--no-cache", "--model", round->model_path,
                              "--threads", threads, "--point", "640,426", "-o", mask_path,
                              round->picture_path, NULL };
  gint64           start = g_get_monotonic_time ();
  struct rusage    usage;
  GPid             pid;
  int              status;

  if (! g_spawn_async (NULL, (char **) argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL,
                       NULL, NULL, &pid, error))
    return FALSE;
  while (wait4 (pid, &status, 0, &usage) < 0)
    if (errno != EINTR)
      {
        g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "Cannot wait for %s: %s",
                     round->program, g_strerror (errno));
        return FALSE;
      }
  round->times[FIRST_MASK] = seconds_since (start);
  round->peak_memory = (size_t) usage.ru_maxrss * 1024;
  g_remove (mask_path);

  return g_spawn_check_wait_status (status, error);
}

/* The processor's yardstick, with as many threads as we use. */
static double
measure_sgemm (void)
{
  const size_t      n = SGEMM_SIDE;
  g_autofree float *a = g_new (float, n * n);
  g_autofree float *b = g_new (float, n * n);
  g_autofree float *c = g_new0 (float, n * n);
  double            best = 0;

  for (size_t i = 0; i < n * n; i++)
    {
      a[i] = (float) (i % 7) - 3;
      b[i] = (float) (i % 5) - 2;
    }

  openblas_set_num_threads (sam_parallel_get_n_threads ());
  for (int i = 0; i < 3; i++) /* the first one wakes the threads and touches the pages */
    {
      gint64 start = g_get_monotonic_time ();

      cblas_sgemm (CblasRowMajor, CblasNoTrans, CblasNoTrans, SGEMM_SIDE, SGEMM_SIDE, SGEMM_SIDE, 1,
                   a, SGEMM_SIDE, b, SGEMM_SIDE, 0, c, SGEMM_SIDE);
      best = MAX (best, 2.0 * n * n * n / 1e9 / seconds_since (start));
    }
  openblas_set_num_threads (1);

  return best;
}

static gboolean
measure_round (Round        *round,
               SamBench     *bench,
               const SamJob *job,
               GError      **error)
{
  g_autoptr (SamModel)     model = NULL;
  g_autoptr (SamEmbedding) embedding = NULL;
  g_autoptr (SamLogits)    first = NULL;
  g_autoptr (SamLogits)    second = NULL;
  g_auto (SamPrompt)       prompt;
  gint64                   start;

  sam_prompt_init (&prompt);

  round->times[SGEMM] = measure_sgemm ();
  if (! sam_job_step (job, 0.3, error) || ! time_first_mask (round, error) || ! sam_job_step (job, 0.6, error))
    return FALSE;

  start = g_get_monotonic_time ();
  model = sam_model_load (round->model_path, NULL, error);
  if (model == NULL)
    return FALSE;
  round->times[LOAD] = seconds_since (start);
  g_free (bench->model);
  bench->model = g_strdup (sam_model_get_name (model));
  bench->gflop = sam_model_get_gflop (model);

  if (! time_preprocess (model, round->image, &round->times[PREPROCESS], error))
    return FALSE;

  start = g_get_monotonic_time ();
  embedding = sam_model_encode (model, round->image, NULL, error);
  if (embedding == NULL)
    return FALSE;
  round->times[ENCODE] = seconds_since (start);

  sam_prompt_add_point (&prompt, 640, 426, 1);
  start = g_get_monotonic_time ();
  first = sam_model_predict (model, embedding, &prompt, NULL, error);
  if (first == NULL)
    return FALSE;
  round->times[CLICK] = seconds_since (start);

  sam_prompt_add_point (&prompt, 100, 100, 0);
  prompt.previous = first;
  prompt.previous_candidate = sam_logits_get_best (first);
  start = g_get_monotonic_time ();
  second = sam_model_predict (model, embedding, &prompt, NULL, error);
  if (second == NULL)
    return FALSE;
  round->times[REFINE] = seconds_since (start);

  for (int i = 0; i < 3; i++)
    if (! time_mask (model, first, mask_sizes[i], &round->times[MASK_1 + i], error))
      return FALSE;

  return sam_job_step (job, 1, error);
}

static int
compare_doubles (gconstpointer a,
                 gconstpointer b)
{
  double u = *(const double *) a, v = *(const double *) b;

  return (u > v) - (u < v);
}

static double
find_median (const double *rounds, /* [n, N_TIMES] */
             int           n,
             int           which)
{
  g_autoptr (GArray) values = g_array_new (FALSE, FALSE, sizeof (double));

  for (int i = 0; i < n; i++)
    g_array_append_val (values, rounds[i * N_TIMES + which]);
  g_array_sort (values, compare_doubles);

  return (g_array_index (values, double, (n - 1) / 2) + g_array_index (values, double, n / 2)) / 2;
}

gboolean
sam_bench (const char   *model,
           const char   *program,
           int           n_runs,
           SamBench     *bench,
           const SamJob *job,
           GError      **error)
{
  g_autoptr (SamImage) image = make_picture (error);
  g_autofree double   *rounds = g_new0 (double, n_runs * N_TIMES);
  g_autofree char     *picture_path = NULL;
  Round                round = { model, program, NULL, image };
  double              *medians[N_TIMES] = { &bench->load, &bench->preprocess, &bench->encode, &bench->click,
                                            &bench->refine, &bench->mask_1, &bench->mask_24, &bench->mask_100,
                                            &bench->first_mask, &bench->sgemm };
  gboolean             ok;
  int                  fd;

  memset (bench, 0, sizeof *bench);
  if (image == NULL)
    return FALSE;
  fd = g_file_open_tmp ("samcore-XXXXXX.ppm", &picture_path, error);
  if (fd < 0)
    return FALSE;
  close (fd);

  round.picture_path = picture_path;
  ok = write_picture (image, picture_path, error);
  for (int i = 0; ok && i < n_runs; i++)
    {
      SamJob part = sam_job_part (job, (double) i / n_runs, (double) (i + 1) / n_runs);

      ok = measure_round (&round, bench, &part, error);
      memcpy (rounds + i * N_TIMES, round.times, sizeof round.times);
      bench->peak_memory = MAX (bench->peak_memory, round.peak_memory);
    }
  g_remove (picture_path);
  if (! ok)
    {
      g_clear_pointer (&bench->model, g_free);
      return FALSE;
    }

  bench->n_runs = n_runs;
  bench->n_threads = sam_parallel_get_n_threads ();
  for (int i = 0; i < N_TIMES; i++)
    *medians[i] = find_median (rounds, n_runs, i);

  return TRUE;
}
