/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The procedures: arguments in, checks, the long computation, then the image, then the return
 * values.
 *
 * Everything happens before the image is touched, so that whatever fails, and whenever somebody
 * cancels (which in GIMP kills the plug-in), image, selection and undo history are as they were. */
#include "config.h"

#include "plugin/sa-run.h"

#include <gegl.h>
#include <libgimp/gimpui.h>

#include "samcore/sam-catalogue.h"
#include "samcore/sam-parallel.h"

#include "plugin/sa-error.h"
#include "plugin/sa-everything.h"
#include "plugin/sa-intl.h"
#include "plugin/sa-output.h"
#include "plugin/sa-request.h"
#include "plugin/sa-segment.h"
#include "plugin/sa-source.h"
#include "plugin/sa-window.h"

/* Each is a round trip to GIMP: not more often than anybody sees. */
#define PROGRESS_USEC (G_USEC_PER_SEC / 15)

typedef struct
{
  GThread *thread;
  gint64   told;
} Progress;

static void
tell_progress (double fraction, gpointer data)
{
  Progress *progress = data;
  gint64    now = g_get_monotonic_time ();

  /* GIMP's pipe is the main thread's alone */
  if (g_thread_self () != progress->thread || now - progress->told < PROGRESS_USEC)
    return;

  progress->told = now;
  gimp_progress_update (CLAMP (fraction, 0.0, 1.0));
}

/* Before anything else: GEGL, the models that came with the plug-in, as many threads as the user
 * allows. */
static void
start (void)
{
  g_autofree char *folder = g_path_get_dirname (gimp_get_progname ());

  gegl_init (NULL, NULL);
  sam_catalogue_add_directory (folder);
  sam_parallel_set_n_threads (gimp_get_num_processors ());
}

/* Without a display GTK would end the program, which looks like a crash. */
static GimpValueArray *
no_display (GimpProcedure *procedure)
{
  return sa_error_return (
    procedure, g_error_new_literal (SA_ERROR, SA_ERROR_FAILED,
                                    _ ("There is no display to open a window on: run the procedure "
                                       "non-interactively.")));
}

static GimpValueArray *
run_request (GimpProcedure   *procedure,
             GimpImage       *image,
             GimpDrawable   **drawables,
             const SaRequest *request)
{
  Progress            progress = { g_thread_self (), 0 };
  SamJob              job = { .progress = tell_progress, .data = &progress };
  g_auto (SaSource)   source = { 0 };
  g_autoptr (SamMask) mask = NULL;
  GError             *error = NULL;
  GimpItem           *item = NULL;
  gint64              n_pixels = 0;
  double              iou = 0.0;
  GimpValueArray     *values;

  if (! sa_source_init (&source, image, drawables, request->merged, &error) ||
      ! sa_output_check (&source, request, &error))
    return sa_error_return (procedure, error);

  gimp_progress_init (_ ("Segmenting"));
  mask = sa_segment (&source, request, &job, &iou, &error);
  gimp_progress_end ();

  if (mask == NULL ||
      ! sa_output_apply (&source, mask, request, _ ("Object"), &n_pixels, &item, &error))
    return sa_error_return (procedure, error);

  values = gimp_procedure_new_return_values (procedure, GIMP_PDB_SUCCESS, NULL);
  GIMP_VALUES_SET_DOUBLE (values, 1, iou);
  GIMP_VALUES_SET_INT (values, 2, (gint) MIN (n_pixels, G_MAXINT));
  GIMP_VALUES_SET_ITEM (values, 3, item);

  return values;
}

GimpValueArray *
sa_run_prompt (GimpProcedure       *procedure,
               GimpRunMode          run_mode,
               GimpImage           *image,
               GimpDrawable       **drawables,
               GimpProcedureConfig *config,
               gpointer             data)
{
  SaRequest       request;
  GError         *error = NULL;
  GimpValueArray *values;

  start ();

  if (run_mode == GIMP_RUN_INTERACTIVE)
    return sa_window_run (procedure, image, drawables, config);

  if (! sa_request_init (&request, config, &error))
    return sa_error_return (procedure, error);

  values = run_request (procedure, image, drawables, &request);
  sa_request_clear (&request);

  return values;
}

GimpValueArray *
sa_run_selection (GimpProcedure       *procedure,
                  GimpRunMode          run_mode,
                  GimpImage           *image,
                  GimpDrawable       **drawables,
                  GimpProcedureConfig *config,
                  gpointer             data)
{
  SaRequest       request;
  GError         *error = NULL;
  GimpValueArray *values;

  start ();

  if (! sa_request_init (&request, config, &error))
    return sa_error_return (procedure, error);

  request.selection = SA_SELECTION_MASK;
  values = run_request (procedure, image, drawables, &request);
  sa_request_clear (&request);

  return values;
}

GimpValueArray *
sa_run_everything (GimpProcedure       *procedure,
                   GimpRunMode          run_mode,
                   GimpImage           *image,
                   GimpDrawable       **drawables,
                   GimpProcedureConfig *config,
                   gpointer             data)
{
  Progress        progress = { g_thread_self (), 0 };
  SamJob          job = { .progress = tell_progress, .data = &progress };
  GimpValueArray *values;

  start ();

  if (run_mode == GIMP_RUN_INTERACTIVE)
    {
      GtkWidget *dialog;
      gboolean   go;

      if (! gtk_init_check (NULL, NULL))
        return no_display (procedure);

      gimp_ui_init (gimp_procedure_get_name (procedure));
      dialog = gimp_procedure_dialog_new (procedure, config, _ ("Segment Everything"));
      gimp_procedure_dialog_fill (GIMP_PROCEDURE_DIALOG (dialog), NULL);
      go = gimp_procedure_dialog_run (GIMP_PROCEDURE_DIALOG (dialog));
      gtk_widget_destroy (dialog);
      if (! go)
        return gimp_procedure_new_return_values (procedure, GIMP_PDB_CANCEL, NULL);
    }

  gimp_progress_init (_ ("Looking for objects"));
  values = sa_everything_run (procedure, image, drawables, config, &job);
  gimp_progress_end ();

  return values;
}

GimpValueArray *
sa_run_use_selection (GimpProcedure       *procedure,
                      GimpRunMode          run_mode,
                      GimpImage           *image,
                      GimpDrawable       **drawables,
                      GimpProcedureConfig *config,
                      gpointer             data)
{
  g_autofree char *name = sa_window_get_procedure_name (image);
  GError          *error = NULL;
  GimpValueArray  *values;

  if (! gimp_pdb_procedure_exists (gimp_get_pdb (), name))
    {
      g_set_error_literal (&error, SA_ERROR, SA_ERROR_FAILED,
                           _ ("The Segment Anything window is not open for this image: open it "
                              "first, or use “Refine Selection with Segment Anything”."));
      return sa_error_return (procedure, error);
    }

  values = gimp_procedure_run (gimp_pdb_lookup_procedure (gimp_get_pdb (), name), NULL, NULL);
  if (GIMP_VALUES_GET_ENUM (values, 0) != GIMP_PDB_SUCCESS)
    g_set_error_literal (&error, SA_ERROR, SA_ERROR_FAILED,
                         gimp_pdb_get_last_error (gimp_get_pdb ()));
  gimp_value_array_unref (values);

  return error != NULL ? sa_error_return (procedure, error)
                       : gimp_procedure_new_return_values (procedure, GIMP_PDB_SUCCESS, NULL);
}
