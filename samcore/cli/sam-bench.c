/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How fast a model is on this computer.
 *
 * A case is a precision and a number of threads. A round measures each case once, odd rounds in the
 * other order, so that whatever slows the computer down for a while slows all of them down; the
 * medians of the rounds count, and ratios of two cases are medians of the rounds' ratios. In each
 * round OpenBLAS multiplies two matrices for each case, too: times over that rate compare
 * computers, and days. Read the processor times when other programs are busy. */
#include "config.h"

#include "samcore/cli/sam-bench.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cblas.h>
#include <glib/gstdio.h>

#include "samcore/kernels/sam-arithmetic.h"
#include "samcore/sam-error.h"
#include "samcore/image/sam-geometry.h"
#include "samcore/mask/sam-logits-private.h"
#include "samcore/sam-mask.h"
#include "samcore/model/sam-model-private.h"
#include "samcore/sam-parallel.h"
#include "samcore/image/sam-preprocess.h"

#define SGEMM_SIDE 2048

/* a common size of picture on a screen */
#define WIDTH  1280
#define HEIGHT 853

/* Sides of pictures of 1, 24 and 100 megapixels, 3:2 */
static const size_t mask_sizes[3][2] = { { 1225, 817 }, { 6000, 4000 }, { 12248, 8165 } };

/* OpenBLAS's threads spin for so long before they sleep. */
#define BLAS_SETTLES_MICROSECONDS 100000
#define MEMORY_POLL_MICROSECONDS  3000

/* Of one case in one round. */
typedef struct
{
  double wall[SAM_BENCH_N_TIMES], processor[SAM_BENCH_N_TIMES];
  double sgemm, sgemm_processor;
} Times;

typedef struct
{
  SamArithmetic arithmetic;
  const char   *variable; /* SAM_PRECISION of a new process */
  int           n_threads;
} Case;

typedef struct
{
  const char   *model_path;
  const char   *program;
  const char   *picture_path;
  SamImage     *image;
  SamEmbedding *exact; /* float32's */
  SamBench     *bench;
} Bench;

typedef struct
{
  double wall, processor;
} Clock;

static double
processor_seconds (void)
{
  struct timespec now;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);

  return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

static Clock
clock_start (void)
{
  return (Clock) { 1e-6 * (double) g_get_monotonic_time (), processor_seconds () };
}

static void
clock_stop (Clock clock, Times *times, SamBenchTime what)
{
  times->wall[what] = 1e-6 * (double) g_get_monotonic_time () - clock.wall;
  times->processor[what] = processor_seconds () - clock.processor;
}

/* Smooth shapes and noise, the same every time: nothing here depends on what a picture shows, but a
 * network fed with zeros may be faster than it is. */
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
          pixels[3 * (y * WIDTH + x) + c] = (uint8_t) ((inside ? 60 * c + 80 : x / 8 + c * y / 16) +
                                                       (random >> 28));
        }

  return sam_image_new (WIDTH, HEIGHT, bytes, error);
}

/* A PPM: quick to read, so that the first mask's time is the model's. */
static gboolean
write_picture (const SamImage *image, const char *path, GError **error)
{
  g_autoptr (GByteArray) ppm = g_byte_array_new ();
  g_autofree char       *header = g_strdup_printf ("P6\n%d %d\n255\n", WIDTH, HEIGHT);

  g_byte_array_append (ppm, (const guint8 *) header, (guint) strlen (header));
  g_byte_array_append (ppm, sam_image_get_pixels (image), 3 * WIDTH * HEIGHT);

  return g_file_set_contents (path, (const char *) ppm->data, ppm->len, error);
}

static gboolean
time_preprocess (SamModel *model, const SamImage *image, Times *times, GError **error)
{
  const SamModelSpec *spec = sam_model_get_spec (model);
  g_autofree float   *x = g_new (float, 3 * spec->input * spec->input);
  SamGeometry         geometry;
  Clock               clock;

  sam_geometry_init (&geometry, WIDTH, HEIGHT, spec->input, spec->fit, spec->upsample);
  clock = clock_start ();
  if (! sam_preprocess (x, image, &geometry, &spec->preprocess, error))
    return FALSE;
  clock_stop (clock, times, SAM_BENCH_PREPROCESS);

  return TRUE;
}

static SamScene *
time_encode (SamModel *model, SamImage *image, Times *times, SamBenchTime what, GError **error)
{
  SamScene *scene;
  Clock     clock;

  clock = clock_start ();
  scene = sam_model_encode (model, image, NULL, error);
  clock_stop (clock, times, what);

  return scene;
}

/* The mask that @logits would give on a picture of another size. */
static gboolean
time_mask (SamModel        *model,
           const SamLogits *logits,
           const size_t     size[2],
           Times           *times,
           SamBenchTime     what,
           GError         **error)
{
  const SamModelSpec *spec = sam_model_get_spec (model);
  size_t              side = sam_logits_get_width (logits);
  size_t              best = sam_logits_get_best (logits);
  float *values = g_memdup2 (sam_logits_get_values (logits, best), side * side * sizeof (float));
  const float           iou = sam_logits_get_iou (logits, best);
  SamGeometry           geometry;
  g_autoptr (SamLogits) resized = NULL;
  g_autoptr (SamMask)   mask = NULL;
  Clock                 clock;

  sam_geometry_init (&geometry, size[0], size[1], spec->input, spec->fit, spec->upsample);
  resized = sam_logits_new_take (&geometry, 1, side, values, &iou, NAN, 0, NULL);

  clock = clock_start ();
  mask = sam_mask_new_from_logits (resized, 0, SAM_EDGE_HARD, NULL, error);
  clock_stop (clock, times, what);

  return mask != NULL;
}

/* A process whose memory is watched. */
typedef struct
{
  GPid   pid;
  gint   ended;
  double peak; /* bytes; NAN: the system does not say */
} Watch;

/* The system remembers a process's peak only until it ends, and what it tells afterwards begins
 * with the memory of the process that started it: so it is asked again and again. */
static gpointer
watch_memory (gpointer data)
{
  Watch           *watch = data;
  g_autofree char *path = g_strdup_printf ("/proc/%d/status", (int) watch->pid);

  while (! g_atomic_int_get (&watch->ended))
    {
      g_autofree char *status = NULL;
      const char      *line;

      if (g_file_get_contents (path, &status, NULL, NULL) &&
          (line = strstr (status, "VmHWM:")) != NULL)
        watch->peak = 1024.0 * (double) g_ascii_strtoull (line + strlen ("VmHWM:"), NULL, 10);
      g_usleep (MEMORY_POLL_MICROSECONDS);
    }

  return NULL;
}

/* Starts the program anew and waits for its mask. */
static gboolean
time_first_mask (const Bench  *bench,
                 const Case   *which,
                 SamBenchCase *measured,
                 Times        *times,
                 GError      **error)
{
  g_autofree char *threads = g_strdup_printf ("%d", which->n_threads);
  g_autofree char *mask_path = g_strconcat (bench->picture_path, ".png", NULL);
  const char      *argv[] = {
    bench->program, "segment", "--no-cache", "--model", bench->model_path,   "--threads", threads,
    "--point",      "640,426", "-o",         mask_path, bench->picture_path, NULL
  };
  g_auto (GStrv) environment = g_environ_setenv (g_get_environ (), "SAM_PRECISION", which->variable,
                                                 TRUE);
  Clock          clock = clock_start ();
  Watch          watch = { .peak = NAN };
  struct rusage  usage;
  GThread       *watcher;
  int            status;
  gboolean       waited;

  if (! g_spawn_async (NULL, (char **) argv, environment,
                       G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL,
                       &watch.pid, error))
    return FALSE;
  watcher = g_thread_new ("memory", watch_memory, &watch);
  while (! (waited = wait4 (watch.pid, &status, 0, &usage) >= 0) && errno == EINTR)
    ;
  clock_stop (clock, times, SAM_BENCH_FIRST_MASK);
  if (! waited)
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "Cannot wait for %s: %s",
                 bench->program, g_strerror (errno));
  g_atomic_int_set (&watch.ended, 1);
  g_thread_join (watcher);
  g_remove (mask_path);
  if (! waited || ! g_spawn_check_wait_status (status, error))
    return FALSE;

  times->processor[SAM_BENCH_FIRST_MASK] =
    (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
    1e-6 * (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
  if (! (measured->peak_memory >= watch.peak))
    measured->peak_memory = watch.peak;

  return TRUE;
}

/* The processor's yardstick, with as many threads as we use. */
static void
measure_sgemm (int n_threads, Times *times)
{
  const size_t      n = SGEMM_SIDE;
  const double      gflop = 2.0 * SGEMM_SIDE * SGEMM_SIDE * SGEMM_SIDE / 1e9;
  g_autofree float *a = g_new (float, n *n);
  g_autofree float *b = g_new (float, n *n);
  g_autofree float *c = g_new0 (float, n *n);

  for (size_t i = 0; i < n * n; i++)
    {
      a[i] = (float) (i % 7) - 3;
      b[i] = (float) (i % 5) - 2;
    }

  times->sgemm = times->sgemm_processor = 0;
  openblas_set_num_threads (n_threads);
  for (int i = 0; i < 3; i++) /* the first one wakes the threads and touches the pages */
    {
      Clock start = clock_start ();

      cblas_sgemm (CblasRowMajor, CblasNoTrans, CblasNoTrans, SGEMM_SIDE, SGEMM_SIDE, SGEMM_SIDE, 1,
                   a, SGEMM_SIDE, b, SGEMM_SIDE, 0, c, SGEMM_SIDE);
      times->sgemm = MAX (times->sgemm,
                          gflop / (1e-6 * (double) g_get_monotonic_time () - start.wall));
      times->sgemm_processor = MAX (times->sgemm_processor,
                                    gflop / (processor_seconds () - start.processor));
    }
  openblas_set_num_threads (1);
  g_usleep (BLAS_SETTLES_MICROSECONDS);
}

/* Root mean square of the difference, in standard deviations of @exact. */
static double
compare_embeddings (const SamEmbedding *embedding, const SamEmbedding *exact)
{
  size_t       side, channels, n;
  const float *a = sam_embedding_get_values (embedding, &side, &channels);
  const float *b = sam_embedding_get_values (exact, &side, &channels);
  double       difference = 0, sum = 0, squares = 0;

  n = side * side * channels;
  for (size_t i = 0; i < n; i++)
    {
      difference += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
      sum += b[i];
      squares += (double) b[i] * b[i];
    }

  return sqrt (difference / (squares - sum * sum / (double) n));
}

/* @first: the logits to refine, or NULL; the answer. */
static SamLogits *
time_click (SamModel        *model,
            SamScene        *scene,
            const SamLogits *first,
            gboolean         quick,
            Times           *times,
            GError         **error)
{
  g_auto (SamPrompt) prompt;
  SamLogits         *answer;
  Clock              clock;

  sam_prompt_init (&prompt);
  prompt.quick = quick;
  sam_prompt_add_point (&prompt, 640, 426, 1);
  if (first != NULL)
    {
      sam_prompt_add_point (&prompt, 100, 100, 0);
      prompt.previous = first;
      prompt.previous_candidate = sam_logits_get_best (first);
    }

  clock = clock_start ();
  answer = sam_model_predict (model, scene, &prompt, NULL, error);
  clock_stop (clock, times,
              (quick ? SAM_BENCH_CLICK : SAM_BENCH_CLOSER_CLICK) + (first != NULL ? 1 : 0));

  return answer;
}

static gboolean
time_clicks (SamModel   *model,
             SamScene   *scene,
             gboolean    quick,
             Times      *times,
             SamLogits **first,
             GError    **error)
{
  g_autoptr (SamLogits) second = NULL;

  *first = time_click (model, scene, NULL, quick, times, error);
  if (*first != NULL)
    second = time_click (model, scene, *first, quick, times, error);

  return second != NULL;
}

static gboolean
measure_model (Bench        *bench,
               const Case   *which,
               SamBenchCase *measured,
               Times        *times,
               GError      **error)
{
  g_autoptr (SamModel)  model = NULL;
  g_autoptr (SamScene)  scene = NULL, again = NULL;
  g_autoptr (SamLogits) first = NULL;
  Clock                 clock = clock_start ();

  model = sam_model_load (bench->model_path, NULL, error);
  if (model == NULL)
    return FALSE;
  clock_stop (clock, times, SAM_BENCH_LOAD);
  clock = clock_start ();
  if (! sam_model_pack (model, NULL, error))
    return FALSE;
  clock_stop (clock, times, SAM_BENCH_PACK);
  if (bench->bench->model == NULL)
    {
      bench->bench->model = g_strdup (sam_model_get_name (model));
      bench->bench->gflop[SAM_BENCH_ENCODE] = sam_model_get_gflop (model);
      bench->bench->gflop[SAM_BENCH_ENCODE_AGAIN] = bench->bench->gflop[SAM_BENCH_ENCODE];
      bench->bench->gflop[SAM_BENCH_CLICK] = sam_model_get_click_gflop (model, 1);
      bench->bench->gflop[SAM_BENCH_REFINE] = sam_model_get_click_gflop (model, 2);
    }

  if (! time_preprocess (model, bench->image, times, error))
    return FALSE;

  scene = time_encode (model, bench->image, times, SAM_BENCH_ENCODE, error);
  again = scene != NULL ? time_encode (model, bench->image, times, SAM_BENCH_ENCODE_AGAIN, error)
                        : NULL;
  if (again == NULL)
    return FALSE;
  if (bench->exact == NULL && which->arithmetic == SAM_ARITHMETIC_F32)
    bench->exact = sam_embedding_ref (sam_scene_get_embedding (scene));
  else if (bench->exact != NULL && which->arithmetic != SAM_ARITHMETIC_F32)
    measured->embedding_error = compare_embeddings (sam_scene_get_embedding (scene), bench->exact);

  times->wall[SAM_BENCH_CLOSER_CLICK] = times->wall[SAM_BENCH_CLOSER_REFINE] = NAN;
  times->processor[SAM_BENCH_CLOSER_CLICK] = times->processor[SAM_BENCH_CLOSER_REFINE] = NAN;
  if (! time_clicks (model, scene, TRUE, times, &first, error))
    return FALSE;
  if (sam_model_get_spec (model)->closeups)
    {
      g_autoptr (SamLogits) closer = NULL;

      if (! time_clicks (model, scene, FALSE, times, &closer, error))
        return FALSE;
    }

  for (int i = 0; i < 3; i++)
    if (! time_mask (model, first, mask_sizes[i], times, SAM_BENCH_MASK_1 + i, error))
      return FALSE;

  return TRUE;
}

static gboolean
measure_case (Bench        *bench,
              const Case   *which,
              SamBenchCase *measured,
              Times        *times,
              const SamJob *job,
              GError      **error)
{
  sam_arithmetic_set (which->arithmetic);
  sam_parallel_set_n_threads (which->n_threads);
  measured->precision = sam_arithmetic_name ();
  measured->n_threads = which->n_threads;

  measure_sgemm (which->n_threads, times);

  return sam_job_step (job, 0.2, error) && time_first_mask (bench, which, measured, times, error) &&
         sam_job_step (job, 0.6, error) && measure_model (bench, which, measured, times, error) &&
         sam_job_step (job, 1, error);
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  double u = *(const double *) a, v = *(const double *) b;

  return (u > v) - (u < v);
}

/* Of n values that lie @step apart, or of their ratios over others. */
static double
find_median (const double *values, const double *over, int n, size_t step)
{
  g_autoptr (GArray) sorted = g_array_new (FALSE, FALSE, sizeof (double));

  for (int i = 0; i < n; i++)
    {
      double value = over != NULL ? values[i * step] / over[i * step] : values[i * step];

      g_array_append_val (sorted, value);
    }
  g_array_sort (sorted, compare_doubles);

  return (g_array_index (sorted, double, (n - 1) / 2) + g_array_index (sorted, double, n / 2)) / 2;
}

/* times: [n_runs, n_cases] */
static void
find_medians (SamBench *bench, const Times *times, const Case *cases)
{
  const size_t step = bench->n_cases * sizeof (Times) / sizeof (double);

  for (int c = 0; c < bench->n_cases; c++)
    {
      SamBenchCase *measured = &bench->cases[c];
      const Times  *own = times + c, *single = NULL, *exact = NULL;

      for (int k = 0; k < bench->n_cases; k++)
        {
          if (k != c && cases[k].arithmetic == cases[c].arithmetic && cases[k].n_threads == 1)
            single = times + k;
          if (k != c && cases[k].arithmetic == SAM_ARITHMETIC_F32 &&
              cases[k].n_threads == cases[c].n_threads)
            exact = times + k;
        }
      measured->sgemm = find_median (&own->sgemm, NULL, bench->n_runs, step);
      measured->sgemm_processor = find_median (&own->sgemm_processor, NULL, bench->n_runs, step);
      for (int i = 0; i < SAM_BENCH_N_TIMES; i++)
        {
          const double *wall = &own->wall[i];

          measured->wall[i] = find_median (wall, NULL, bench->n_runs, step);
          measured->processor[i] = find_median (&own->processor[i], NULL, bench->n_runs, step);
          measured->share[i] = bench->gflop[i] / (measured->wall[i] * measured->sgemm);
          measured->processor_share[i] = bench->gflop[i] /
                                         (measured->processor[i] * measured->sgemm_processor);
          measured->speedup[i] = single != NULL
                                   ? find_median (&single->wall[i], wall, bench->n_runs, step)
                                   : NAN;
          measured->gain[i] = exact != NULL
                                ? find_median (&exact->wall[i], wall, bench->n_runs, step)
                                : NAN;
        }
    }
}

/* Float32 first, which the other embeddings are compared with. */
static GArray *
list_cases (int n_threads)
{
  const char *wanted = g_getenv ("SAM_PRECISION");
  GArray     *cases = g_array_new (FALSE, FALSE, sizeof (Case));
  const char *faster;
  int         last = n_threads > 0 ? n_threads : (int) MIN (2, g_get_num_processors ());

  sam_arithmetic_set (SAM_ARITHMETIC_FAST);
  faster = sam_arithmetic_name ();
  for (SamArithmetic arithmetic = SAM_ARITHMETIC_F32; arithmetic <= SAM_ARITHMETIC_FAST;
       arithmetic++)
    for (int threads = n_threads > 0 ? n_threads : 1; threads <= last; threads++)
      {
        Case one = { arithmetic,
                     arithmetic == SAM_ARITHMETIC_F32 ? "f32"
                     : wanted != NULL                 ? wanted
                                                      : "fast",
                     threads };

        if (arithmetic == SAM_ARITHMETIC_F32 ||
            (g_strcmp0 (wanted, "f32") != 0 && strcmp (faster, "f32") != 0))
          g_array_append_val (cases, one);
      }

  return cases;
}

gboolean
sam_bench (const char   *model,
           const char   *program,
           int           n_threads,
           int           n_runs,
           SamBench     *bench,
           const SamJob *job,
           GError      **error)
{
  g_autoptr (SamImage) image = make_picture (error);
  g_autoptr (GArray)   cases = list_cases (n_threads);
  int                  n_cases = (int) cases->len;
  g_autofree Times    *times = g_new0 (Times, n_runs * n_cases);
  g_autofree char     *picture_path = NULL;
  Bench                own = { model, program, NULL, image, NULL, bench };
  gboolean             ok;
  int                  fd;

  *bench = (SamBench) { .n_runs = n_runs, .n_cases = n_cases };
  if (image == NULL)
    return FALSE;
  fd = g_file_open_tmp ("samcore-XXXXXX.ppm", &picture_path, error);
  if (fd < 0)
    return FALSE;
  close (fd);

  bench->cases = g_new0 (SamBenchCase, n_cases);
  for (int c = 0; c < n_cases; c++)
    bench->cases[c].peak_memory = bench->cases[c].embedding_error = NAN;

  own.picture_path = picture_path;
  ok = write_picture (image, picture_path, error);
  for (int i = 0; ok && i < n_runs * n_cases; i++)
    {
      int    c = i / n_cases % 2 == 0 ? i % n_cases : n_cases - 1 - i % n_cases;
      SamJob part = sam_job_part (job, (double) i / (n_runs * n_cases),
                                  (i + 1.0) / (n_runs * n_cases));

      ok = measure_case (&own, &g_array_index (cases, Case, c), &bench->cases[c],
                         &times[i / n_cases * n_cases + c], &part, error);
    }
  g_remove (picture_path);
  sam_embedding_unref (own.exact);
  if (! ok)
    {
      g_clear_pointer (&bench->model, g_free);
      g_clear_pointer (&bench->cases, g_free);
      return FALSE;
    }

  find_medians (bench, times, (const Case *) cases->data);

  return TRUE;
}
