/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the subcommands of the program share: options, one-line errors, cancelling, progress. */
#pragma once

#include "samcore/sam-job.h"
#include "samcore/sam-model.h"

/* The exit statuses. */
#define COMMAND_DONE   0
#define COMMAND_FAILED 1 /* one line on stderr has said why */
#define COMMAND_USAGE  2

int cmd_bench (int argc, char **argv);
int cmd_convert (int argc, char **argv);
int cmd_embed (int argc, char **argv);
int cmd_evaluate (int argc, char **argv);
int cmd_everything (int argc, char **argv);
int cmd_info (int argc, char **argv);
int cmd_models (int argc, char **argv);
int cmd_segment (int argc, char **argv);

/**
 * command_parse:
 * @arguments: as they stand in the usage line: "PICTURE"
 * @about: a paragraph under the options of --help, or NULL
 *
 * Parses the options away, so that argv[1] … argv[n_arguments] are left. FALSE, after a line on
 * stderr, when that is not possible: the caller returns COMMAND_USAGE.
 */
gboolean command_parse (int                *argc,
                        char             ***argv,
                        const GOptionEntry *entries,
                        const char         *arguments,
                        int                 n_arguments,
                        const char         *summary,
                        const char         *about);

/* A line on stderr about wrong usage; COMMAND_USAGE. */
int command_usage (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* A line on stderr; COMMAND_FAILED. Frees @error. */
int command_fail (GError *error);

/* The job of this run: cancelled by Ctrl+C, its progress shown on stderr if that is a terminal. */
const SamJob *command_job (void);
/* What the progress that follows is about: "Encoding"; NULL clears the line. */
void command_show_progress (const char *what);

/* For numbers that are compared with others': float32, unless SAM_PRECISION says otherwise. */
void command_prefer_f32 (void);

/* A model by its name in the catalogue or its file; NULL is the user's default. */
SamModel *command_load_model (const char *name, GError **error);

/* The option --threads N of the programs that compute, taken at once. */
#define COMMAND_THREADS_OPTION                                                                     \
  { "threads",                                                                                     \
    't',                                                                                           \
    0,                                                                                             \
    G_OPTION_ARG_CALLBACK,                                                                         \
    command_parse_threads,                                                                         \
    "Threads to compute with (all cores)",                                                         \
    "N" }
gboolean command_parse_threads (const char *name, const char *value, gpointer data, GError **error);

/* n numbers separated by commas and nothing else */
gboolean command_parse_numbers (const char *text, double *numbers, int n);
