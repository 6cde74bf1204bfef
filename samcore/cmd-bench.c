/* SPDX-License-Identifier: GPL-3.0-or-later */
/* samcore bench: how fast a model is on this computer. */
#include "config.h"

#include <stdio.h>

#include "samcore/command.h"
#include "samcore/sam-bench.h"
#include "samcore/sam-catalogue.h"
#include "samcore/sam-json.h"
#include "samcore/sam-kernels.h"

/* The part of the computer's matrix rate that the encoder makes use of. */
static double
share_of_machine (const SamBench *bench)
{
  return bench->gflop / (bench->encode * bench->sgemm);
}

static void
print_json (const SamBench *bench)
{
  g_autoptr (GString) json = g_string_new (NULL);

  sam_json_begin (json, NULL, '{');
  sam_json_string (json, "model", bench->model);
  sam_json_integer (json, "threads", bench->n_threads);
  sam_json_integer (json, "runs", bench->n_runs);
  sam_json_string (json, "kernels", sam_kernels ()->name);
  sam_json_number (json, "load_ms", 1e3 * bench->load);
  sam_json_number (json, "preprocess_ms", 1e3 * bench->preprocess);
  sam_json_number (json, "encode_ms", 1e3 * bench->encode);
  sam_json_number (json, "click_ms", 1e3 * bench->click);
  sam_json_number (json, "refine_ms", 1e3 * bench->refine);
  sam_json_number (json, "mask_1mp_ms", 1e3 * bench->mask_1);
  sam_json_number (json, "mask_24mp_ms", 1e3 * bench->mask_24);
  sam_json_number (json, "mask_100mp_ms", 1e3 * bench->mask_100);
  sam_json_number (json, "first_mask_ms", 1e3 * bench->first_mask);
  sam_json_number (json, "peak_memory_mb", (double) bench->peak_memory / 1e6);
  sam_json_number (json, "encoder_gflop", bench->gflop);
  sam_json_number (json, "sgemm_gflops", bench->sgemm);
  sam_json_number (json, "encode_share", share_of_machine (bench));
  sam_json_end (json, '}');
  puts (json->str);
}

static void
print_row (const char *what,
           double      value,
           const char *unit)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  printf ("%-26s %9s %s\n", what, g_ascii_formatd (buffer, sizeof buffer, "%.1f", value), unit);
}

static void
print_text (const SamBench *bench)
{
  printf ("%s, %d thread%s, %s kernels, medians of %d\n", bench->model, bench->n_threads,
          bench->n_threads == 1 ? "" : "s", sam_kernels ()->name, bench->n_runs);
  print_row ("load", 1e3 * bench->load, "ms");
  print_row ("encode", 1e3 * bench->encode, "ms");
  print_row ("  of it preprocess", 1e3 * bench->preprocess, "ms");
  print_row ("first click", 1e3 * bench->click, "ms");
  print_row ("refining click", 1e3 * bench->refine, "ms");
  print_row ("mask, 1 megapixel", 1e3 * bench->mask_1, "ms");
  print_row ("mask, 24 megapixels", 1e3 * bench->mask_24, "ms");
  print_row ("mask, 100 megapixels", 1e3 * bench->mask_100, "ms");
  print_row ("first mask, new process", 1e3 * bench->first_mask, "ms");
  print_row ("peak memory of it", (double) bench->peak_memory / 1e6, "MB");
  print_row ("OpenBLAS sgemm", bench->sgemm, "GFLOP/s");
  print_row ("encoder", bench->gflop, "GFLOP");
  print_row ("encoder's share of sgemm", 100 * share_of_machine (bench), "%");
}

int
cmd_bench (int    argc,
           char **argv)
{
  static char              *model_name;
  static int                n_runs = 5;
  static gboolean           json;
  static const GOptionEntry entries[] = {
    { "model", 'm', 0, G_OPTION_ARG_FILENAME, &model_name, "The model: a name or a file", "NAME|FILE" },
    { "runs", 'r', 0, G_OPTION_ARG_INT, &n_runs, "Measure N times (5)", "N" },
    { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "Print one JSON object", NULL },
    COMMAND_THREADS_OPTION,
    { NULL }
  };
  g_autofree char *path = NULL;
  g_autofree char *program = NULL;
  SamBench         bench;
  GError          *error = NULL;
  gboolean         ok;

  if (! command_parse (&argc, &argv, entries, NULL, 0, "Measures speed and memory of a model on this computer.",
                       "Each round measures everything once; the medians of the rounds are printed. OpenBLAS's\n"
                       "sgemm (2048³, as many threads) is measured in the same rounds; the share is the encoder's\n"
                       "GFLOP over encoding time and that rate. SAM_CPU=generic forces the plain kernels."))
    return COMMAND_USAGE;
  if (n_runs < 1 || n_runs > 1000)
    return command_usage ("--runs must be 1 to 1000");

  path = sam_catalogue_find (model_name, &error);
  program = path != NULL ? g_file_read_link ("/proc/self/exe", &error) : NULL;
  if (program == NULL)
    return command_fail (error);

  command_show_progress ("Measuring");
  ok = sam_bench (path, program, n_runs, &bench, command_job (), &error);
  command_show_progress (NULL);
  if (! ok)
    return command_fail (error);

  (json ? print_json : print_text) (&bench);
  g_free (bench.model);

  return COMMAND_DONE;
}
