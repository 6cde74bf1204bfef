/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the window, which knows no GIMP, and the image, which does not know the window:
 *
 *   layer ─▶ picture ─▶ session        sa_source_read, in bands, the window alive meanwhile
 *   session ─▶ mask ─▶ image           sa_output_apply, one undo step
 *   prompts ◀─▶ image                  a parasite, offered again while the pixels are the same
 *   selection ─▶ prompt                a temporary procedure, called by a menu entry in GIMP's
 *
 * What happens to the image meanwhile, sa-watch finds out four times a second. */
#include "config.h"

#include "plugin/sa-window.h"

#include <libgimp/gimpui.h>
#include <string.h>

#include "ui/sui-window.h"

#include "plugin/sa-choice.h"
#include "plugin/sa-error.h"
#include "plugin/sa-intl.h"
#include "plugin/sa-output.h"
#include "plugin/sa-request.h"
#include "plugin/sa-segment.h"
#include "plugin/sa-source.h"
#include "plugin/sa-watch.h"

#define PARASITE "segment-anything-prompts"
#define POLL_MS  250

/* @source: only means something while @watch has it */
typedef struct
{
  SuiWindow     *window;
  SuiSession    *session;
  GimpImage     *image;
  GimpDrawable **drawables; /* as given */
  SaSource       source;
  SaWatch        watch;
  guint          poll;
  GCancellable  *reading; /* NULL while nothing is being read */
  gboolean       read_again;
  SaRequest      request;

  gboolean applied;
  gint64   n_pixels;
  int      item_id;
  double   iou;
  char    *procedure_name; /* temporary */
  gboolean closing;
} Bridge;

static void
say_error (Bridge *bridge, GError *error)
{
  if (! g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      error = sa_error_for_people (error);
      sui_window_say (bridge->window, GTK_MESSAGE_WARNING, error->message, NULL, NULL);
    }
  g_error_free (error);
}

/* There is a picture, and what it was read from. */
static gboolean
is_usable (const Bridge *bridge)
{
  return ! bridge->watch.gone && bridge->watch.source != NULL && bridge->reading == NULL;
}

static gboolean read_picture (Bridge *bridge);

static gboolean
poll_image (gpointer data)
{
  Bridge *bridge = data;
  SaNews  news;

  if (bridge->reading != NULL)
    return G_SOURCE_CONTINUE;

  news = sa_watch_poll (&bridge->watch);
  if (news & SA_NEWS_GONE)
    sui_window_set_orphan (
      bridge->window,
      sa_watch_has_image (&bridge->watch)
        ? _ ("The layer was deleted. Undo that, or close this window and choose another "
             "layer.")
        : _ ("The image was closed, so the result can no longer be applied. Close this window."));
  if (news & SA_NEWS_BACK)
    sui_window_set_orphan (bridge->window, NULL);
  if ((news & SA_NEWS_RESIZED) && read_picture (bridge))
    sui_window_say (
      bridge->window, GTK_MESSAGE_INFO,
      _ ("The layer was resized, so it was read again and your prompts were cleared."), NULL, NULL);
  if (news & SA_NEWS_CHANGED)
    sui_window_say_changed (bridge->window);

  return G_SOURCE_CONTINUE;
}

/* --- Layer to picture --- */

static void
while_reading (double fraction, gpointer data)
{
  /* a large layer comes in bands; the window is drawn and can be closed between them */
  while (gtk_events_pending ())
    gtk_main_iteration_do (FALSE);
}

static void
forget_source (Bridge *bridge)
{
  if (bridge->watch.source == NULL)
    return;
  sa_watch_set_source (&bridge->watch, NULL);
  sa_source_clear (&bridge->source);
}

/* FALSE when there is no new picture; the window has said why. */
static gboolean
read_picture (Bridge *bridge)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  SamJob job = { .cancellable = cancellable, .progress = while_reading, .data = bridge };
  g_autoptr (SamImage) picture = NULL;
  GError              *error = NULL;

  if (bridge->reading != NULL)
    {
      /* from another place perhaps: begin again */
      bridge->read_again = TRUE;
      g_cancellable_cancel (bridge->reading);
      return FALSE;
    }
  if (! sa_watch_has_image (&bridge->watch))
    return FALSE;

  do
    {
      forget_source (bridge);
      bridge->read_again = FALSE;
      g_clear_error (&error);
      g_clear_pointer (&picture, sam_image_unref);
      g_cancellable_reset (cancellable);
      for (int i = 0; bridge->drawables[i] != NULL; i++)
        if (! gimp_item_is_valid (GIMP_ITEM (bridge->drawables[i])))
          return FALSE;
      if (! sa_source_init (&bridge->source, bridge->image, bridge->drawables,
                            sui_window_get_merged (bridge->window), &error))
        {
          say_error (bridge, error);
          return FALSE;
        }

      bridge->reading = cancellable;
      sa_watch_set_source (&bridge->watch, &bridge->source);
      sui_window_set_reading (bridge->window, TRUE);
      while_reading (0.0, bridge);
      picture = sa_source_read_copy (&bridge->source, &job, &error);
      bridge->reading = NULL;
      sui_window_set_reading (bridge->window, FALSE);
    }
  while (bridge->read_again && ! bridge->closing && sa_watch_has_image (&bridge->watch));

  if (bridge->closing)
    {
      g_clear_error (&error);
      return FALSE;
    }
  if (picture == NULL)
    {
      say_error (bridge, error);
      return FALSE;
    }

  sui_session_set_factor (bridge->session, bridge->source.factor);
  sui_session_set_image (bridge->session, picture);

  return TRUE;
}

/* What a caller asked for, shown as if it had been clicked. */
static void
say_request (Bridge *bridge)
{
  SaRequest *request = &bridge->request;
  GError    *error = NULL;
  SuiState  *said;

  /* a window can do without */
  if (gimp_selection_is_empty (bridge->image))
    request->selection = SA_SELECTION_UNUSED;
  if (request->said == NULL && request->selection == SA_SELECTION_UNUSED &&
      sam_prompt_is_empty (&request->prompt))
    return;

  said = sa_segment_read_prompt (&bridge->source, request, &error);
  if (said != NULL)
    sui_session_say (bridge->session, said);
  else
    say_error (bridge, error);
}

static gboolean
first_read (gpointer data)
{
  Bridge       *bridge = data;
  GimpParasite *parasite;

  read_picture (bridge);
  poll_image (bridge);
  if (bridge->closing || ! is_usable (bridge))
    return G_SOURCE_REMOVE;

  say_request (bridge);
  if (! sui_session_is_empty (bridge->session))
    return G_SOURCE_REMOVE;

  parasite = gimp_image_get_parasite (bridge->image, PARASITE);
  if (parasite != NULL)
    {
      guint32          size;
      const char      *bytes = gimp_parasite_get_data (parasite, &size);
      g_autofree char *text = g_strndup (bytes, size);

      /* comes with files from anywhere */
      if (g_utf8_validate (text, -1, NULL))
        sui_session_offer (bridge->session, text);
      gimp_parasite_free (parasite);
    }

  return G_SOURCE_REMOVE;
}

/* --- Mask to image --- */

static void
close_window (Bridge *bridge)
{
  if (bridge->closing)
    return;
  bridge->closing = TRUE;
  if (bridge->reading != NULL)
    g_cancellable_cancel (bridge->reading);
  gtk_widget_hide (GTK_WIDGET (bridge->window));
  gtk_main_quit ();
}

static void
keep_prompts (Bridge *bridge)
{
  g_autofree char *text = sui_session_to_string (bridge->session);
  GimpParasite    *parasite;

  if (text == NULL)
    return;
  parasite = gimp_parasite_new (PARASITE, GIMP_PARASITE_PERSISTENT, strlen (text) + 1, text);
  gimp_image_attach_parasite (bridge->image, parasite);
  gimp_parasite_free (parasite);
}

static GimpChannelOps
get_operation (Bridge *bridge)
{
  return sa_choice_from_shown (sa_choice_operations, sui_window_get_operation (bridge->window));
}

static void
fill_request (Bridge *bridge)
{
  const SuiOptions *options = sui_session_get_options (bridge->session);

  bridge->request.output = sa_choice_from_shown (sa_choice_outputs,
                                                 sui_window_get_output (bridge->window));
  bridge->request.operation = get_operation (bridge);
  bridge->request.edge = options->matte                   ? SA_EDGE_MATTE
                         : options->edge == SAM_EDGE_HARD ? SA_EDGE_HARD
                                                          : SA_EDGE_SMOOTH;
  bridge->request.finish.grow = options->grow;
  bridge->request.finish.feather = options->feather;
  bridge->request.finish.fill_holes = options->fill_holes;
  bridge->request.finish.min_area = options->min_area;
}

/* Takes @mask. */
static void
put_into_image (Bridge *bridge, SamMask *mask, gboolean close)
{
  g_autoptr (SamMask) taken = mask;
  GimpItem           *item = NULL;
  GError             *error = NULL;
  gboolean            worked;

  /* much may have happened since the button was pressed */
  poll_image (bridge);
  if (bridge->watch.gone)
    {
      sui_window_applied (bridge->window, FALSE);
      return;
    }
  worked = (int) sam_mask_get_width (mask) == bridge->source.mask_width &&
           (int) sam_mask_get_height (mask) == bridge->source.mask_height;
  if (! worked)
    {
      sui_window_applied (bridge->window, FALSE);
      return;
    }

  worked = sa_output_check (&bridge->source, &bridge->request, &error) &&
           sa_output_apply (&bridge->source, mask, &bridge->request, _ ("Object"),
                            &bridge->n_pixels, &item, &error);
  sui_window_applied (bridge->window, worked);
  if (! worked)
    {
      say_error (bridge, error);
      return;
    }

  bridge->applied = TRUE;
  bridge->item_id = item != NULL ? gimp_item_get_id (item) : -1;
  bridge->iou = sui_session_get_n_candidates (bridge->session) > 0
                  ? sui_session_get_iou (bridge->session,
                                         sui_session_get_candidate (bridge->session))
                  : 0.0;
  keep_prompts (bridge);
  gimp_displays_flush ();
  sa_watch_accept (&bridge->watch);
  if (close)
    close_window (bridge);
}

typedef struct
{
  Bridge   *bridge;
  gboolean  close;
  SamMask  *mask;
  SamImage *picture;
} Applying;

static void
applying_free (gpointer data)
{
  Applying *applying = data;

  sam_mask_free (applying->mask);
  sam_image_unref (applying->picture);
  g_free (applying);
}

static void
finish_run (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Applying *applying = data;
  GError   *error = NULL;
  SamMask  *mask = sa_segment_finish (g_steal_pointer (&applying->mask), applying->picture,
                                      &applying->bridge->request, applying->bridge->source.factor,
                                      NULL, &error);

  if (mask != NULL)
    g_task_return_pointer (task, mask, (GDestroyNotify) sam_mask_free);
  else
    g_task_return_error (task, error);
}

static void
finish_done (GObject *source, GAsyncResult *result, gpointer data)
{
  Applying *applying = g_task_get_task_data (G_TASK (result));
  Bridge   *bridge = applying->bridge;
  GError   *error = NULL;
  SamMask  *mask = g_task_propagate_pointer (G_TASK (result), &error);

  if (mask != NULL && ! bridge->closing)
    {
      put_into_image (bridge, mask, applying->close);
      return;
    }
  sam_mask_free (mask);
  if (! bridge->closing)
    {
      sui_window_applied (bridge->window, FALSE);
      if (error != NULL)
        say_error (bridge, g_steal_pointer (&error));
    }
  g_clear_error (&error);
}

static void
mask_made (GObject *source, GAsyncResult *result, gpointer data)
{
  Applying *applying = data;
  Bridge   *bridge = applying->bridge;
  GError   *error = NULL;

  applying->mask = sui_session_make_mask_finish (SUI_SESSION (source), result, &error);
  if (bridge->closing)
    {
      g_clear_error (&error);
      applying_free (applying);
      return;
    }
  if (applying->mask == NULL)
    {
      sui_window_applied (bridge->window, FALSE);
      sui_window_fail (bridge->window, error);
      g_error_free (error);
      applying_free (applying);
      return;
    }

  if (bridge->request.edge == SA_EDGE_MATTE)
    {
      g_autoptr (GTask) task = g_task_new (NULL, NULL, finish_done, NULL);

      applying->picture = sam_image_ref (sui_session_get_image (bridge->session));
      g_task_set_task_data (task, applying, applying_free);
      g_task_run_in_thread (task, finish_run);
      return;
    }
  put_into_image (bridge, g_steal_pointer (&applying->mask), applying->close);
  applying_free (applying);
}

static void
on_apply (SuiWindow *window, gboolean close, Bridge *bridge)
{
  Applying *applying;
  GError   *error = NULL;

  poll_image (bridge);
  if (! is_usable (bridge))
    {
      sui_window_applied (window, FALSE);
      return;
    }
  fill_request (bridge);
  /* said before the work, not after it */
  if (! sa_output_check (&bridge->source, &bridge->request, &error))
    {
      sui_window_applied (window, FALSE);
      say_error (bridge, error);
      return;
    }

  applying = g_new0 (Applying, 1);
  applying->bridge = bridge;
  applying->close = close;
  /* the matte has its place between the steps, so all of them are done here */
  sui_session_make_mask (bridge->session, bridge->request.edge != SA_EDGE_MATTE, mask_made,
                         applying);
}

static void
on_cancel (SuiWindow *window, Bridge *bridge)
{
  close_window (bridge);
}

static void
on_refresh (SuiWindow *window, Bridge *bridge)
{
  poll_image (bridge);
  if (! bridge->watch.gone)
    read_picture (bridge);
}

static void
on_copy_script (SuiWindow *window, Bridge *bridge)
{
  g_autoptr (GString) arguments = g_string_new (NULL);
  g_autofree char    *script = NULL;
  SuiPlace            place;
  const char         *model = sui_session_get_model (bridge->session);
  char                grow[G_ASCII_DTOSTR_BUF_SIZE], feather[G_ASCII_DTOSTR_BUF_SIZE];
  char                holes[G_ASCII_DTOSTR_BUF_SIZE], specks[G_ASCII_DTOSTR_BUF_SIZE];

  if (bridge->watch.gone || bridge->watch.source == NULL)
    return;
  fill_request (bridge);
  g_string_append_printf (
    arguments,
    "#:output \"%s\" #:operation \"%s\" #:edge \"%s\"\n  #:grow %s #:feather %s "
    "#:fill-holes %s #:min-area %s",
    sa_choice_get_name (sa_choice_outputs, bridge->request.output),
    sa_choice_get_name (sa_choice_operations, bridge->request.operation),
    sa_choice_get_name (sa_choice_edges, bridge->request.edge),
    g_ascii_formatd (grow, sizeof grow, "%g", bridge->request.finish.grow),
    g_ascii_formatd (feather, sizeof feather, "%g", bridge->request.finish.feather),
    g_ascii_formatd (holes, sizeof holes, "%.0f", bridge->request.finish.fill_holes),
    g_ascii_formatd (specks, sizeof specks, "%.0f", bridge->request.finish.min_area));
  if (bridge->source.merged)
    g_string_append (arguments, " #:sample-merged TRUE");
  if (model != NULL && model[0] != '\0')
    {
      g_autofree char *escaped = g_strescape (model, NULL);

      g_string_append_printf (arguments, "\n  #:model \"%s\"", escaped);
    }

  place = sa_source_get_place (&bridge->source);
  script = sui_session_to_script (bridge->session, &place, arguments->str);
  if (script == NULL)
    return;
  gtk_clipboard_set_text (gtk_clipboard_get (GDK_SELECTION_CLIPBOARD), script, -1);
  gtk_clipboard_store (gtk_clipboard_get (GDK_SELECTION_CLIPBOARD));
  sui_window_say (window, GTK_MESSAGE_INFO,
                  _ ("The Script-Fu code was copied to the clipboard: “image” is the image, "
                     "“drawables” a vector with its layer."),
                  NULL, NULL);
}

/* --- Selection to prompt --- */

static void
on_use_selection (SuiWindow *window, Bridge *bridge)
{
  g_autoptr (SamMask) mask = NULL;
  GError             *error = NULL;
  SuiPrompt          *prompt;

  poll_image (bridge);
  if (! is_usable (bridge))
    return;
  mask = sa_source_read_selection (&bridge->source, &error);
  if (mask == NULL)
    {
      say_error (bridge, error);
      return;
    }
  prompt = sui_prompt_new_mask (mask);
  if (prompt != NULL)
    sui_session_add (bridge->session, prompt);
}

char *
sa_window_get_procedure_name (GimpImage *image)
{
  return g_strdup_printf ("plug-in-segment-anything-window-%d", gimp_image_get_id (image));
}

static GimpValueArray *
run_temporary (GimpProcedure *procedure, GimpProcedureConfig *config, gpointer data)
{
  Bridge *bridge = data;

  on_use_selection (bridge->window, bridge);
  gtk_window_present (GTK_WINDOW (bridge->window));

  return gimp_procedure_new_return_values (procedure, GIMP_PDB_SUCCESS, NULL);
}

static void
add_temporary (Bridge *bridge)
{
  GimpPlugIn      *plug_in = gimp_get_plug_in ();
  g_autofree char *name = sa_window_get_procedure_name (bridge->image);
  GimpProcedure   *procedure;

  /* a second window on the image leaves the first its procedure */
  if (gimp_pdb_procedure_exists (gimp_get_pdb (), name))
    return;

  procedure = gimp_procedure_new (plug_in, name, GIMP_PDB_PROC_TYPE_TEMPORARY, run_temporary,
                                  bridge, NULL);
  gimp_procedure_set_documentation (procedure, "Use the selection as a prompt of the open window",
                                    NULL, name);
  gimp_plug_in_add_temp_procedure (plug_in, procedure);
  gimp_plug_in_persistent_enable (plug_in);
  g_object_unref (procedure);
  bridge->procedure_name = g_steal_pointer (&name);
}

/* --- The window --- */

static void
show_request (Bridge *bridge)
{
  SuiOptions options = {
    .edge = bridge->request.edge == SA_EDGE_HARD ? SAM_EDGE_HARD : SAM_EDGE_SMOOTH,
    .matte = bridge->request.edge == SA_EDGE_MATTE,
    .grow = bridge->request.finish.grow,
    .feather = bridge->request.finish.feather,
    .fill_holes = bridge->request.finish.fill_holes,
    .min_area = bridge->request.finish.min_area,
  };

  sui_window_set_output (bridge->window,
                         sa_choice_get_shown (sa_choice_outputs, bridge->request.output),
                         sa_choice_get_shown (sa_choice_operations, bridge->request.operation));
  sui_window_set_options (bridge->window, &options);
  sui_window_set_merged (bridge->window, bridge->request.merged);
}

/* What was chosen is there again the next time; areas belong to the picture, prompts too. */
static void
remember (Bridge *bridge, GimpProcedureConfig *config)
{
  const SaRequest *request = &bridge->request;

  g_object_set (config, "output", sa_choice_get_name (sa_choice_outputs, request->output),
                "operation", sa_choice_get_name (sa_choice_operations, get_operation (bridge)),
                "edge", sa_choice_get_name (sa_choice_edges, request->edge), "grow",
                request->finish.grow, "feather", request->finish.feather, "fill-holes", 0.0,
                "min-area", 0.0, "candidate", "best", "sample-merged",
                (gboolean) bridge->source.merged, NULL);
  sa_request_forget_prompt (config);
}

GimpValueArray *
sa_window_run (GimpProcedure       *procedure,
               GimpImage           *image,
               GimpDrawable       **drawables,
               GimpProcedureConfig *config)
{
  Bridge           bridge = { .image = image, .item_id = -1 };
  GError          *error = NULL;
  g_autofree char *name = NULL;
  GimpValueArray  *values;
  GimpItem        *item;
  gboolean         is_there;

  /* without a display, GTK would end the program, which looks like a crash */
  if (! gtk_init_check (NULL, NULL))
    {
      g_set_error_literal (
        &error, SA_ERROR, SA_ERROR_FAILED,
        _ ("There is no display to open a window on: run the procedure non-interactively."));
      return sa_error_return (procedure, error);
    }

  sa_request_prefer_caller (procedure, config);
  if (! sa_request_init_for_window (&bridge.request, config, &error))
    return sa_error_return (procedure, error);
  /* one that could never work is refused before there is a window */
  if (! sa_source_init (&bridge.source, image, drawables, bridge.request.merged, &error))
    {
      sa_request_clear (&bridge.request);
      return sa_error_return (procedure, error);
    }
  sa_source_clear (&bridge.source);

  gimp_ui_init ("segment-anything");
  sa_watch_init (&bridge.watch, image);
  bridge.drawables = drawables;
  bridge.session = sui_session_new (sui_load);
  name = gimp_image_get_name (image);
  bridge.window = SUI_WINDOW (sui_window_new (bridge.session, name));
  gtk_window_set_role (GTK_WINDOW (bridge.window), "segment-anything");
  show_request (&bridge);
  sui_session_set_model (bridge.session, bridge.request.model != NULL ? bridge.request.model : "");
  g_signal_connect (bridge.window, "apply", G_CALLBACK (on_apply), &bridge);
  g_signal_connect (bridge.window, "cancel", G_CALLBACK (on_cancel), &bridge);
  g_signal_connect (bridge.window, "refresh", G_CALLBACK (on_refresh), &bridge);
  g_signal_connect (bridge.window, "use-selection", G_CALLBACK (on_use_selection), &bridge);
  g_signal_connect (bridge.window, "copy-script", G_CALLBACK (on_copy_script), &bridge);
  gtk_widget_show (GTK_WIDGET (bridge.window));
  gimp_window_set_transient (GTK_WINDOW (bridge.window));
  add_temporary (&bridge);
  g_idle_add (first_read, &bridge);
  bridge.poll = g_timeout_add (POLL_MS, poll_image, &bridge);

  gtk_main ();

  /* no trace: nothing that still runs or waits may find the bridge */
  bridge.closing = TRUE;
  g_source_remove (bridge.poll);
  if (bridge.procedure_name != NULL)
    gimp_plug_in_remove_temp_procedure (gimp_get_plug_in (), bridge.procedure_name);
  sui_session_close (bridge.session);
  if (bridge.applied)
    remember (&bridge, config);
  gtk_widget_destroy (GTK_WIDGET (bridge.window));
  g_object_unref (bridge.session);
  is_there = sa_watch_has_image (&bridge.watch);
  if (is_there)
    forget_source (&bridge);
  sa_watch_clear (&bridge.watch);
  sa_request_clear (&bridge.request);
  g_free (bridge.procedure_name);

  /* after a success, GIMP keeps the settings with the image */
  if (! bridge.applied || ! is_there)
    return gimp_procedure_new_return_values (procedure, GIMP_PDB_CANCEL, NULL);

  values = gimp_procedure_new_return_values (procedure, GIMP_PDB_SUCCESS, NULL);
  item = bridge.item_id > 0 && gimp_item_id_is_valid (bridge.item_id)
           ? gimp_item_get_by_id (bridge.item_id)
           : NULL;
  GIMP_VALUES_SET_DOUBLE (values, 1, bridge.iou);
  GIMP_VALUES_SET_INT (values, 2, (gint) MIN (bridge.n_pixels, G_MAXINT));
  GIMP_VALUES_SET_ITEM (values, 3, item);

  return values;
}
