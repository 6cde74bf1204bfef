/* SPDX-License-Identifier: GPL-3.0-or-later */
/* samcore bench: how fast a model is on this computer. */
#include "config.h"

#include <math.h>
#include <stdio.h>

#include "samcore/cli/command.h"
#include "samcore/cli/sam-bench.h"
#include "samcore/sam-catalogue.h"
#include "samcore/cli/sam-json.h"
#include "samcore/kernels/sam-kernels.h"

static const struct
{
  const char *label, *key;
} names[SAM_BENCH_N_TIMES] = {
  [SAM_BENCH_LOAD] = { "load", "load" },
  [SAM_BENCH_PACK] = { "pack the weights", "pack" },
  [SAM_BENCH_PREPROCESS] = { "preprocess", "preprocess" },
  [SAM_BENCH_ENCODE] = { "encode, preprocess included", "encode" },
  [SAM_BENCH_ENCODE_AGAIN] = { "encode again", "encode_again" },
  [SAM_BENCH_CLICK] = { "first click", "click" },
  [SAM_BENCH_REFINE] = { "refining click", "refine" },
  [SAM_BENCH_CLOSER_CLICK] = { "first click, closer look", "closer_click" },
  [SAM_BENCH_CLOSER_REFINE] = { "refining click, closer look", "closer_refine" },
  [SAM_BENCH_MASK_1] = { "mask, 1 megapixel", "mask_1mp" },
  [SAM_BENCH_MASK_24] = { "mask, 24 megapixels", "mask_24mp" },
  [SAM_BENCH_MASK_100] = { "mask, 100 megapixels", "mask_100mp" },
  [SAM_BENCH_FIRST_MASK] = { "first mask, new process", "first_mask" },
};

static const SamBenchTime computed[] = { SAM_BENCH_ENCODE, SAM_BENCH_ENCODE_AGAIN, SAM_BENCH_CLICK,
                                         SAM_BENCH_REFINE };

static void
append_number (GString *json, const char *key, const char *what, double value)
{
  g_autofree char *name = g_strconcat (key, what, NULL);

  sam_json_number (json, name, value);
}

static void
append_case (GString *json, const SamBenchCase *measured)
{
  sam_json_string (json, "precision", measured->precision);
  sam_json_integer (json, "threads", measured->n_threads);
  for (int i = 0; i < SAM_BENCH_N_TIMES; i++)
    append_number (json, names[i].key, "_ms", 1e3 * measured->wall[i]);
  for (int i = 0; i < SAM_BENCH_N_TIMES; i++)
    append_number (json, names[i].key, "_processor_ms", 1e3 * measured->processor[i]);
  sam_json_number (json, "sgemm_gflops", measured->sgemm);
  sam_json_number (json, "sgemm_processor_gflops", measured->sgemm_processor);
  for (size_t i = 0; i < G_N_ELEMENTS (computed); i++)
    {
      const char *key = names[computed[i]].key;

      append_number (json, key, "_share", measured->share[computed[i]]);
      append_number (json, key, "_processor_share", measured->processor_share[computed[i]]);
      append_number (json, key, "_speedup", measured->speedup[computed[i]]);
      append_number (json, key, "_gain", measured->gain[computed[i]]);
    }
  sam_json_number (json, "embedding_error", measured->embedding_error);
  sam_json_number (json, "peak_memory_mb", measured->peak_memory / 1e6);
}

/* One object: what the default settings give, the last case, and all cases. */
static void
print_json (const SamBench *bench)
{
  g_autoptr (GString) json = g_string_new (NULL);

  sam_json_begin (json, NULL, '{');
  sam_json_string (json, "model", bench->model);
  sam_json_integer (json, "runs", bench->n_runs);
  sam_json_string (json, "kernels", sam_kernels ()->name);
  sam_json_number (json, "encoder_gflop", bench->gflop[SAM_BENCH_ENCODE]);
  sam_json_number (json, "click_gflop", bench->gflop[SAM_BENCH_CLICK]);
  sam_json_number (json, "refine_gflop", bench->gflop[SAM_BENCH_REFINE]);
  append_case (json, &bench->cases[bench->n_cases - 1]);
  sam_json_begin (json, "cases", '[');
  for (int c = 0; c < bench->n_cases; c++)
    {
      sam_json_begin (json, NULL, '{');
      append_case (json, &bench->cases[c]);
      sam_json_end (json, '}');
    }
  sam_json_end (json, ']');
  sam_json_end (json, '}');
  puts (json->str);
}

/* A row of the number at @offset in each case. */
static void
print_row (const SamBench *bench,
           const char     *label,
           size_t          offset,
           double          factor,
           const char     *format)
{
  printf ("  %-28s", label);
  for (int c = 0; c < bench->n_cases; c++)
    {
      double value = factor * G_STRUCT_MEMBER (double, &bench->cases[c], offset);
      char   buffer[G_ASCII_DTOSTR_BUF_SIZE];

      printf (" %10s",
              isnan (value) ? "-" : g_ascii_formatd (buffer, sizeof buffer, format, value));
    }
  putchar ('\n');
}

static void
print_times (const SamBench *bench, size_t offset, const char *title)
{
  puts (title);
  for (int i = 0; i < SAM_BENCH_N_TIMES; i++)
    print_row (bench, names[i].label, offset + i * sizeof (double), 1e3, "%.1f");
}

static void
print_ratios (const SamBench *bench, size_t offset, const char *title)
{
  puts (title);
  for (size_t i = 0; i < G_N_ELEMENTS (computed); i++)
    print_row (bench, i == 0 ? "encode" : names[computed[i]].label,
               offset + computed[i] * sizeof (double), 1, "%.2f");
}

static void
print_text (const SamBench *bench)
{
  char gflop[G_ASCII_DTOSTR_BUF_SIZE], click[G_ASCII_DTOSTR_BUF_SIZE];

  printf ("%s: encoder %s GFLOP, click %s GFLOP; %s kernels, medians of %d\n\n", bench->model,
          g_ascii_formatd (gflop, sizeof gflop, "%.1f", bench->gflop[SAM_BENCH_ENCODE]),
          g_ascii_formatd (click, sizeof click, "%.2f", bench->gflop[SAM_BENCH_CLICK]),
          sam_kernels ()->name, bench->n_runs);
  printf ("%-30s", "");
  for (int c = 0; c < bench->n_cases; c++)
    printf (" %10s", bench->cases[c].precision);
  printf ("\n%-30s", "threads");
  for (int c = 0; c < bench->n_cases; c++)
    printf (" %10d", bench->cases[c].n_threads);
  putchar ('\n');
  print_times (bench, G_STRUCT_OFFSET (SamBenchCase, wall), "milliseconds");
  print_times (bench, G_STRUCT_OFFSET (SamBenchCase, processor), "milliseconds of processor time");
  puts ("OpenBLAS sgemm, GFLOP");
  print_row (bench, "per second", G_STRUCT_OFFSET (SamBenchCase, sgemm), 1, "%.1f");
  print_row (bench, "per second of processor time", G_STRUCT_OFFSET (SamBenchCase, sgemm_processor),
             1, "%.1f");
  print_ratios (bench, G_STRUCT_OFFSET (SamBenchCase, share), "share of that");
  print_ratios (bench, G_STRUCT_OFFSET (SamBenchCase, processor_share),
                "share of that, processor time");
  print_ratios (bench, G_STRUCT_OFFSET (SamBenchCase, speedup), "times as fast as with one thread");
  print_ratios (bench, G_STRUCT_OFFSET (SamBenchCase, gain), "times as fast as with f32");
  print_row (bench, "embedding's error", G_STRUCT_OFFSET (SamBenchCase, embedding_error), 1,
             "%.4f");
  print_row (bench, "peak memory, new process, MB", G_STRUCT_OFFSET (SamBenchCase, peak_memory),
             1e-6, "%.0f");
}

int
cmd_bench (int argc, char **argv)
{
  static char              *model_name;
  static int                n_runs = 5;
  static int                n_threads;
  static gboolean           json;
  static const GOptionEntry entries[] = {
    { "model", 'm', 0, G_OPTION_ARG_FILENAME, &model_name, "The model: a name or a file",
      "NAME|FILE" },
    { "runs", 'r', 0, G_OPTION_ARG_INT, &n_runs, "Measure N times (5)", "N" },
    { "threads", 't', 0, G_OPTION_ARG_INT, &n_threads, "Threads to compute with (1 and 2)", "N" },
    { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "Print one JSON object", NULL },
    { NULL }
  };
  g_autofree char *path = NULL;
  g_autofree char *program = NULL;
  SamBench         bench;
  GError          *error = NULL;
  gboolean         ok;

  if (
    ! command_parse (
      &argc, &argv, entries, NULL, 0, "Measures speed and memory of a model on this computer.",
      "Each round measures everything once for each precision and number of threads; the medians\n"
      "of the rounds are printed. OpenBLAS's sgemm (2048³, as many threads) is measured in the\n"
      "same rounds; a share is the network's GFLOP over its time and that rate. The embedding's\n"
      "error is the root mean square difference from f32's, in standard deviations.\n"
      "SAM_PRECISION=f32 measures only that, bf16 or int8 that and f32; SAM_CPU=generic forces\n"
      "the plain kernels."))
    return COMMAND_USAGE;
  if (n_runs < 1 || n_runs > 1000)
    return command_usage ("--runs must be 1 to 1000");
  if (n_threads < 0 || n_threads > 256)
    return command_usage ("--threads must be 1 to 256");

  path = sam_catalogue_find (model_name, &error);
  program = path != NULL ? g_file_read_link ("/proc/self/exe", &error) : NULL;
  if (program == NULL)
    return command_fail (error);

  command_show_progress ("Measuring");
  ok = sam_bench (path, program, n_threads, n_runs, &bench, command_job (), &error);
  command_show_progress (NULL);
  if (! ok)
    return command_fail (error);

  (json ? print_json : print_text) (&bench);
  g_free (bench.model);
  g_free (bench.cases);

  return COMMAND_DONE;
}
