/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program samcore: the core without GIMP. One file per subcommand, cmd-*.c. */
#include "config.h"

#include <locale.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "samcore/cli/command.h"
#include "samcore/sam-version.h"

static const struct
{
  const char *name;
  int (*run) (int argc, char **argv);
  const char *about;
} commands[] = {
  { "segment", cmd_segment, "select an object: points, boxes, a mask → mask, cut-out, overlay" },
  { "everything", cmd_everything, "find all objects in a picture" },
  { "embed", cmd_embed, "save the image embedding of a picture" },
  { "models", cmd_models, "list, download and add models" },
  { "info", cmd_info, "identify a checkpoint" },
  { "convert", cmd_convert, "convert a checkpoint to safetensors" },
  { "evaluate", cmd_evaluate, "measure quality on pictures with true masks" },
  { "bench", cmd_bench, "measure speed and memory" },
};

static void
print_help (void)
{
  g_print ("Usage: samcore COMMAND …\n\nSelects objects in pictures with Segment Anything "
           "models.\n\nCommands:\n");
  for (size_t i = 0; i < G_N_ELEMENTS (commands); i++)
    g_print ("  %-11s %s\n", commands[i].name, commands[i].about);
  g_print ("\nsamcore COMMAND --help describes a command; samcore --version prints the version.\n");
}

static int signal_pipe[2];

/* In whichever thread the signal meets: all that is allowed here is to write a byte. */
static void
note_signal (int number)
{
  ssize_t written = write (signal_pipe[1], "", 1);

  (void) written;
}

/* The first Ctrl+C asks the computation to stop; the second does not ask. */
static gpointer
wait_for_signals (gpointer cancellable)
{
  char byte;

  if (read (signal_pipe[0], &byte, 1) == 1)
    g_cancellable_cancel (cancellable);
  if (read (signal_pipe[0], &byte, 1) == 1)
    _exit (COMMAND_FAILED);

  return NULL;
}

static void
catch_signals (void)
{
  GCancellable    *cancellable = g_cancellable_new ();
  struct sigaction action = { .sa_handler = note_signal, .sa_flags = SA_RESTART };

  g_cancellable_push_current (cancellable);
  if (pipe (signal_pipe) != 0)
    return; /* then Ctrl+C ends the program as it always did */

  g_thread_unref (g_thread_new ("signals", wait_for_signals, cancellable));
  sigaction (SIGINT, &action, NULL);
  sigaction (SIGTERM, &action, NULL);
}

int
main (int argc, char **argv)
{
  g_autofree char *name = NULL;

  /* names of files in the user's encoding; numbers always with a point */
  setlocale (LC_CTYPE, "");
  g_set_prgname ("samcore");

  if (argc < 2)
    return command_usage ("name a command: segment, models …");
  if (strcmp (argv[1], "--version") == 0)
    {
      g_print ("samcore %s\n", sam_version ());
      return COMMAND_DONE;
    }
  if (strcmp (argv[1], "--help") == 0 || strcmp (argv[1], "-h") == 0 ||
      strcmp (argv[1], "help") == 0)
    {
      print_help ();
      return COMMAND_DONE;
    }

  for (size_t i = 0; i < G_N_ELEMENTS (commands); i++)
    if (strcmp (argv[1], commands[i].name) == 0)
      {
        name = g_strdup_printf ("samcore %s", commands[i].name);
        g_set_prgname (name);
        catch_signals ();
        argv[1] = name;
        return commands[i].run (argc - 1, argv + 1);
      }

  return command_usage ("there is no command “%s”", argv[1]);
}
