/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Options, errors, cancelling and progress of the command line. */
#include "config.h"

#include "samcore/cli/command.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "samcore/kernels/sam-arithmetic.h"
#include "samcore/sam-catalogue.h"
#include "samcore/sam-parallel.h"

/* microseconds between two updates of the progress line */
#define PROGRESS_INTERVAL 100000

gboolean
command_parse (int                *argc,
               char             ***argv,
               const GOptionEntry *entries,
               const char         *arguments,
               int                 n_arguments,
               const char         *summary,
               const char         *about)
{
  g_autoptr (GOptionContext) context = g_option_context_new (arguments);
  g_autoptr (GError)         error = NULL;

  g_option_context_set_summary (context, summary);
  if (about != NULL)
    g_option_context_set_description (context, about);
  g_option_context_add_main_entries (context, entries, NULL);

  if (! g_option_context_parse (context, argc, argv, &error))
    {
      command_usage ("%s", error->message);
      return FALSE;
    }
  /* what an argument that looks like an option stands behind */
  if (*argc > 1 && strcmp ((*argv)[1], "--") == 0)
    {
      (*argv)++;
      (*argc)--;
    }
  if (*argc != n_arguments + 1)
    {
      if (*argc > n_arguments + 1)
        command_usage ("“%s” is one argument too many", (*argv)[n_arguments + 1]);
      else
        command_usage ("%s is missing", arguments);
      return FALSE;
    }

  return TRUE;
}

static void
print_error_line (const char *message, const char *more)
{
  g_autofree char *line = g_strdup (message);

  command_show_progress (NULL);
  g_strdelimit (line, "\r\n", ' ');
  g_printerr ("%s: %s%s\n", g_get_prgname (), line, more);
}

int
command_usage (const char *format, ...)
{
  g_autofree char *message = NULL;
  g_autofree char *more = g_strdup_printf (" (see %s --help)", g_get_prgname ());
  va_list          args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  print_error_line (message, more);

  return COMMAND_USAGE;
}

int
command_fail (GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    print_error_line ("cancelled", "");
  else
    print_error_line (error->message, "");
  g_error_free (error);

  return COMMAND_FAILED;
}

/* --- progress
 * ------------------------------------------------------------------------------------- */

static const char *progress_of;
static gint64      progress_shown; /* monotonic time; 0: nothing on the line */

void
command_show_progress (const char *what)
{
  if (progress_shown != 0)
    fputs ("\r\033[K", stderr);
  progress_shown = 0;
  progress_of = what;
}

static void
show_progress (double fraction, gpointer data)
{
  gint64 now = g_get_monotonic_time ();

  if (progress_of == NULL || now - progress_shown < PROGRESS_INTERVAL)
    return;

  fprintf (stderr, "\r%s %3d %%", progress_of, (int) (100 * fraction));
  fflush (stderr);
  progress_shown = now;
}

const SamJob *
command_job (void)
{
  static SamJob job;

  if (job.cancellable == NULL)
    {
      job.cancellable = g_cancellable_get_current () != NULL ? g_cancellable_get_current ()
                                                             : g_cancellable_new ();
      if (isatty (STDERR_FILENO))
        job.progress = show_progress;
    }

  return &job;
}

/* --- arguments
 * ------------------------------------------------------------------------------------ */

void
command_prefer_f32 (void)
{
  if (g_getenv ("SAM_PRECISION") == NULL)
    sam_arithmetic_set (SAM_ARITHMETIC_F32);
}

SamModel *
command_load_model (const char *name, GError **error)
{
  g_autofree char *path = sam_catalogue_find (name, error);

  if (path == NULL)
    return NULL;

  command_show_progress ("Opening the model");
  return sam_model_load (path, command_job (), error);
}

gboolean
command_parse_threads (const char *name, const char *value, gpointer data, GError **error)
{
  guint64 n;

  if (! g_ascii_string_to_unsigned (value, 10, 1, 1024, &n, NULL))
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   "“%s” is not a number of threads", value);
      return FALSE;
    }
  sam_parallel_set_n_threads ((int) n);

  return TRUE;
}

gboolean
command_parse_numbers (const char *text, double *numbers, int n)
{
  for (int i = 0; i < n; i++)
    {
      char *end;

      numbers[i] = g_ascii_strtod (text, &end);
      if (end == text || ! isfinite (numbers[i]) || *end != (i + 1 < n ? ',' : '\0'))
        return FALSE;
      text = end + 1;
    }

  return TRUE;
}
