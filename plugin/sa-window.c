/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One window on one layer.
 *
 * ui/ knows no GIMP: the picture is read here before the window opens, and what the window asks for by signals is
 * done here. All of it on the main thread, for GIMP's pipe has no lock; the session's worker only ever sees
 * memory of its own.
 *
 * GIMP goes on while the window is open, and tells nobody what happens: so the layer is looked at twice a second,
 * and everything is looked up anew before anything is applied. */
#include "config.h"

#include "plugin/sa-window.h"

#include <gegl.h>
#include <libgimp/gimpui.h>

#include "ui/sui-window.h"

#include "plugin/sa-error.h"
#include "plugin/sa-intl.h"
#include "plugin/sa-output.h"
#include "plugin/sa-request.h"
#include "plugin/sa-source.h"

#define POLL_MSEC 500
/* of the picture that tells whether the pixels have changed */
#define THUMBNAIL_SIDE 128
/* the prompts, kept with the image */
#define PARASITE "segment-anything-prompts"

typedef struct
{
  GimpProcedure       *procedure;
  GimpProcedureConfig *config;
  GimpImage           *image;
  GimpDrawable        *drawable;
  gboolean             merged;
  SuiSession          *session;
  SuiWindow           *window;
  GMainLoop           *loop;
  guint                poll;
  int                  width, height; /* of the drawable, when it was read */
  guint                thumbnail;     /* hash of its pixels then */
  gboolean             stale;         /* and whether that was told */
  gboolean             orphan;
  gboolean             closing;
  double               iou;
  gint64               n_pixels;
  GimpItem            *item;
  gboolean             applied;
} SaWindow;

/* In the order of SuiOutput, SuiOperation and SamEdge. */
static const char *const    output_names[]    = { "selection", "channel", "layer-mask", "new-layer", "path" };
static const char *const    operation_names[] = { "replace", "add", "subtract", "intersect" };
static const GimpChannelOps operations[]      = { GIMP_CHANNEL_OP_REPLACE, GIMP_CHANNEL_OP_ADD,
                                                  GIMP_CHANNEL_OP_SUBTRACT, GIMP_CHANNEL_OP_INTERSECT };
static const char *const    edge_names[]      = { "hard", "smooth" };

static SuiOperation
operation_from_gimp (GimpChannelOps operation)
{
  for (guint i = 0; i < G_N_ELEMENTS (operations); i++)
    if (operations[i] == operation)
      return (SuiOperation) i;

  return SUI_OPERATION_REPLACE;
}

static void
fail (SaWindow *self,
      GError   *error)
{
  error = sa_error_for_people (error);
  if (! g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    sui_window_say (self->window, GTK_MESSAGE_WARNING, error->message, NULL, NULL);
  g_error_free (error);
}

/* --- The layer ---------------------------------------------------------------------------------------- */

/* The layer as it is now; FALSE when it has gone. */
static gboolean
open_source (SaWindow *self,
             SaSource *source,
             GError  **error)
{
  GimpDrawable *drawables[2] = { self->drawable, NULL };

  if (! gimp_image_is_valid (self->image) || ! gimp_item_is_valid (GIMP_ITEM (self->drawable)))
    {
      g_set_error_literal (error, SA_ERROR, SA_ERROR_FAILED,
                           _("The layer was deleted: close this window and open it on another one."));
      return FALSE;
    }

  return sa_source_init (source, self->image, drawables, self->merged, error);
}

static guint
hash_thumbnail (SaWindow *self)
{
  g_autoptr (GBytes) bytes = NULL;

  if (self->merged)
    {
      int width = THUMBNAIL_SIDE, height = THUMBNAIL_SIDE, bpp;

      bytes = gimp_image_get_thumbnail_data (self->image, &width, &height, &bpp);
    }
  else
    {
      int width, height, bpp;

      bytes = gimp_drawable_get_thumbnail_data (self->drawable, THUMBNAIL_SIDE, THUMBNAIL_SIDE, &width, &height,
                                                &bpp);
    }

  return bytes != NULL ? g_bytes_hash (bytes) : 0;
}

/* The picture for the session, at the beginning and again when somebody has painted on the layer. */
static gboolean
read_picture (SaWindow *self,
              GError  **error)
{
  g_auto (SaSource)    source  = { 0 };
  g_autoptr (SamImage) picture = NULL;

  if (! open_source (self, &source, error))
    return FALSE;

  picture = sa_source_read (&source, NULL, error);
  if (picture == NULL)
    return FALSE;

  self->width     = source.width;
  self->height    = source.height;
  self->thumbnail = hash_thumbnail (self);
  self->stale     = FALSE;
  sui_session_set_image (self->session, picture);

  return TRUE;
}

static void
read_again (SaWindow *self)
{
  GError *error = NULL;

  if (! read_picture (self, &error))
    fail (self, error);
}

static void
read_again_clicked (SuiWindow *window)
{
  g_signal_emit_by_name (window, "refresh");
}

static gboolean
poll_gimp (gpointer data)
{
  SaWindow *self = data;

  if (self->orphan)
    return G_SOURCE_CONTINUE;

  if (! gimp_image_is_valid (self->image))
    {
      self->orphan = TRUE;
      sui_window_set_orphan (self->window);
    }
  else if (! gimp_item_is_valid (GIMP_ITEM (self->drawable)))
    {
      self->orphan = TRUE;
      sui_window_set_orphan (self->window);
      sui_window_say (self->window, GTK_MESSAGE_WARNING,
                      _("The layer was deleted: close this window and open it on another one."), NULL, NULL);
    }
  else if (! self->stale && hash_thumbnail (self) != self->thumbnail)
    {
      self->stale = TRUE;
      sui_window_say (self->window, GTK_MESSAGE_INFO, _("The layer has changed since it was read."),
                      _("Read It _Again"), read_again_clicked);
    }

  return G_SOURCE_CONTINUE;
}

/* --- What the window asks for --------------------------------------------------------------------------- */

static void
quit (SaWindow *self)
{
  self->closing = TRUE;
  g_main_loop_quit (self->loop);
}

/* The settings are those that the next window, and Repeat, begin with. */
static void
store_settings (SaWindow *self)
{
  const SuiOptions *options = sui_session_get_options (self->session);
  const char       *model   = sui_session_get_model (self->session);

  g_object_set (self->config,
                "output", output_names[sui_window_get_output (self->window)],
                "operation", operation_names[sui_window_get_operation (self->window)],
                "edge", edge_names[options->edge == SAM_EDGE_HARD ? 0 : 1],
                "grow", CLAMP (options->grow, -1000.0, 1000.0),
                "feather", CLAMP (options->feather, 0.0, 1000.0),
                "fill-holes", CLAMP (options->fill_holes, 0.0, 1e12),
                "min-area", CLAMP (options->min_area, 0.0, 1e12),
                "model", model != NULL ? model : "",
                NULL);
}

static void
keep_prompts (SaWindow *self)
{
  g_autofree char *text = sui_session_to_string (self->session);
  GimpParasite    *parasite;

  if (text == NULL)
    return;

  parasite = gimp_parasite_new (PARASITE, GIMP_PARASITE_PERSISTENT, strlen (text) + 1, text);
  gimp_image_attach_parasite (self->image, parasite);
  gimp_parasite_free (parasite);
}

static void
offer_prompts (SaWindow *self)
{
  GimpParasite    *parasite = gimp_image_get_parasite (self->image, PARASITE);
  g_autofree char *text     = NULL;
  guint32          size;
  const char      *bytes;

  if (parasite == NULL)
    return;

  /* comes with files from anywhere: not necessarily ended by a zero */
  bytes = gimp_parasite_get_data (parasite, &size);
  text  = g_strndup (bytes, size);
  gimp_parasite_free (parasite);
  if (g_utf8_validate (text, -1, NULL))
    sui_session_offer (self->session, text);
}

static gboolean
apply_mask (SaWindow      *self,
            const SamMask *mask,
            GError       **error)
{
  SaRequest         request = { 0 };
  g_auto (SaSource) source  = { 0 };

  request.output    = (SaOutput) sui_window_get_output (self->window);
  request.operation = operations[sui_window_get_operation (self->window)];
  request.edge      = sui_session_get_options (self->session)->edge == SAM_EDGE_HARD ? SA_EDGE_HARD : SA_EDGE_SMOOTH;

  if (! open_source (self, &source, error))
    return FALSE;
  if ((size_t) source.mask_width != sam_mask_get_width (mask) ||
      (size_t) source.mask_height != sam_mask_get_height (mask))
    {
      g_set_error_literal (error, SA_ERROR, SA_ERROR_FAILED,
                           _("The layer has another size now: read it again."));
      return FALSE;
    }

  if (! sa_output_check (&source, &request, error) ||
      ! sa_output_apply (&source, mask, &request, _("Object"), &self->n_pixels, &self->item, error))
    return FALSE;

  gimp_displays_flush ();

  return TRUE;
}

typedef struct
{
  SaWindow *self;
  gboolean  close;
} Applying;

static void
mask_made (GObject      *session,
           GAsyncResult *result,
           gpointer      data)
{
  g_autofree Applying *applying = data;
  SaWindow            *self     = applying->self;
  GError              *error    = NULL;
  g_autoptr (SamMask)  mask     = sui_session_make_mask_finish (SUI_SESSION (session), result, &error);
  gboolean             worked;

  /* the window was closed meanwhile */
  if (self->closing)
    {
      g_clear_error (&error);
      return;
    }

  worked = mask != NULL && apply_mask (self, mask, &error);
  sui_window_applied (self->window, worked);
  if (! worked)
    {
      fail (self, error);
      return;
    }

  self->applied = TRUE;
  if (sui_session_get_n_candidates (self->session) > 0)
    self->iou = sui_session_get_iou (self->session, sui_session_get_candidate (self->session));
  store_settings (self);
  keep_prompts (self);
  if (applying->close)
    quit (self);
}

static void
on_apply (SuiWindow *window,
          gboolean   close,
          SaWindow  *self)
{
  Applying *applying = g_new (Applying, 1);

  applying->self  = self;
  applying->close = close;
  sui_session_make_mask (self->session, mask_made, applying);
}

static void
on_cancel (SuiWindow *window,
           SaWindow  *self)
{
  quit (self);
}

static void
on_help (SuiWindow *window,
         SaWindow  *self)
{
  gimp_standard_help_func (gimp_procedure_get_name (self->procedure), NULL);
}

static void
use_selection (SaWindow *self)
{
  g_auto (SaSource)   source = { 0 };
  GError             *error  = NULL;
  g_autoptr (SamMask) mask   = NULL;
  SuiPrompt          *prompt;

  if (self->orphan)
    return;
  if (! open_source (self, &source, &error))
    {
      fail (self, error);
      return;
    }

  mask   = sa_source_read_selection (&source, &error);
  prompt = mask != NULL ? sui_prompt_new_mask (mask) : NULL;
  if (prompt != NULL)
    sui_session_add (self->session, prompt);
  else
    fail (self, error);
}

static void
on_use_selection (SuiWindow *window,
                  SaWindow  *self)
{
  use_selection (self);
}

static void
on_refresh (SuiWindow *window,
            SaWindow  *self)
{
  if (! self->orphan)
    read_again (self);
}

static void
append_number (GString    *text,
               const char *name,
               double      value)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  if (value != 0.0)
    g_string_append_printf (text, " #:%s %s", name, g_ascii_dtostr (buffer, sizeof buffer, value));
}

static void
on_copy_script (SuiWindow *window,
                SaWindow  *self)
{
  const SuiOptions   *options   = sui_session_get_options (self->session);
  const char         *model     = sui_session_get_model (self->session);
  g_autoptr (GString) arguments = g_string_new (NULL);
  g_autofree char    *script    = NULL;
  int                 x = 0, y = 0;

  if (! self->orphan && ! self->merged)
    gimp_drawable_get_offsets (self->drawable, &x, &y);

  g_string_append_printf (arguments, "#:output \"%s\" #:edge \"%s\"", output_names[sui_window_get_output (window)],
                          edge_names[options->edge == SAM_EDGE_HARD ? 0 : 1]);
  if (self->merged)
    g_string_append (arguments, " #:sample-merged TRUE");
  if (model != NULL && *model != '\0')
    {
      g_autofree char *quoted = g_strescape (model, "");

      g_string_append_printf (arguments, " #:model \"%s\"", quoted);
    }
  append_number (arguments, "grow", options->grow);
  append_number (arguments, "feather", options->feather);
  append_number (arguments, "fill-holes", options->fill_holes);
  append_number (arguments, "min-area", options->min_area);

  script = sui_session_to_script (self->session, x, y, operation_names[sui_window_get_operation (window)],
                                  arguments->str);
  if (script != NULL)
    gtk_clipboard_set_text (gtk_clipboard_get (GDK_SELECTION_CLIPBOARD), script, -1);
}

/* --- The companion --------------------------------------------------------------------------------------- */

/* Called, through GIMP, by plug-in-segment-anything-use-selection. */
static GimpValueArray *
companion_called (GimpProcedure       *procedure,
                  GimpRunMode          run_mode,
                  GimpImage           *image,
                  GimpDrawable       **drawables,
                  GimpProcedureConfig *config,
                  gpointer             data)
{
  SaWindow *self  = data;
  GError   *error = NULL;

  if (image != self->image)
    {
      g_set_error_literal (&error, SA_ERROR, SA_ERROR_FAILED,
                           _("The window of Segment Anything belongs to another image: make the selection there."));
      return sa_error_return (procedure, error);
    }

  use_selection (self);
  gtk_window_present (GTK_WINDOW (self->window));

  return gimp_procedure_new_return_values (procedure, GIMP_PDB_SUCCESS, NULL);
}

static void
add_companion (SaWindow *self)
{
  GimpPlugIn    *plug_in   = gimp_get_plug_in ();
  GimpProcedure *companion = gimp_image_procedure_new (plug_in, SA_WINDOW_PROCEDURE, GIMP_PDB_PROC_TYPE_TEMPORARY,
                                                       companion_called, self, NULL);

  gimp_procedure_set_documentation (companion, "The selection becomes a prompt in the open window", NULL, NULL);
  gimp_plug_in_add_temp_procedure (plug_in, companion);
  g_object_unref (companion);
  gimp_plug_in_persistent_enable (plug_in);
}

/* --- From opening to closing ------------------------------------------------------------------------------ */

/* What a caller asked for, shown as if it had been clicked. */
static void
add_caller_prompts (SaWindow        *self,
                    const SaRequest *request)
{
  g_auto (SaSource)  source = { 0 };
  g_auto (SamPrompt) prompt = { 0 };
  GError            *error  = NULL;

  sam_prompt_init (&prompt);
  if (! open_source (self, &source, &error) ||
      ! sa_source_convert_prompt (&source, &request->prompt, &prompt, &error))
    {
      fail (self, error);
      return;
    }

  for (guint i = 0; i < prompt.boxes->len; i++)
    {
      const SamBox *box = &g_array_index (prompt.boxes, SamBox, i);

      sui_session_add (self->session, sui_prompt_new_box (box->x0_image, box->y0_image, box->x1_image, box->y1_image));
    }
  for (guint i = 0; i < prompt.points->len; i++)
    {
      const SamPoint *point = &g_array_index (prompt.points, SamPoint, i);

      sui_session_add (self->session, sui_prompt_new_point (point->x_image, point->y_image, point->label));
    }
}

static void
open_window (SaWindow        *self,
             const SaRequest *request)
{
  g_autofree char *name    = gimp_image_get_name (self->image);
  SuiOptions       options = *sui_session_get_options (self->session);

  options.edge       = request->edge == SA_EDGE_HARD ? SAM_EDGE_HARD : SAM_EDGE_SMOOTH;
  options.grow       = request->grow;
  options.feather    = request->feather;
  options.fill_holes = request->fill_holes;
  options.min_area   = request->min_area;
  sui_session_set_options (self->session, &options);

  self->window = SUI_WINDOW (sui_window_new (self->session, name));
  sui_window_set_output (self->window, (SuiOutput) request->output, operation_from_gimp (request->operation));

  g_signal_connect (self->window, "apply", G_CALLBACK (on_apply), self);
  g_signal_connect (self->window, "cancel", G_CALLBACK (on_cancel), self);
  g_signal_connect (self->window, "help", G_CALLBACK (on_help), self);
  g_signal_connect (self->window, "use-selection", G_CALLBACK (on_use_selection), self);
  g_signal_connect (self->window, "copy-script", G_CALLBACK (on_copy_script), self);
  g_signal_connect (self->window, "refresh", G_CALLBACK (on_refresh), self);

  gtk_widget_show (GTK_WIDGET (self->window));
  /* above GIMP's window, but only once it is there */
  gimp_window_set_transient (GTK_WINDOW (self->window));

  sui_session_set_model (self->session, request->model != NULL ? request->model : "");
  if (! sam_prompt_is_empty (&request->prompt))
    add_caller_prompts (self, request);
  else
    offer_prompts (self);
  if (request->selection != SA_SELECTION_UNUSED && ! gimp_selection_is_empty (self->image))
    use_selection (self);
}

GimpValueArray *
sa_window_run (GimpProcedure       *procedure,
               GimpImage           *image,
               GimpDrawable       **drawables,
               GimpProcedureConfig *config)
{
  SaWindow          self    = { .procedure = procedure, .config = config, .image = image };
  g_auto (SaSource) source  = { 0 };
  GError           *error   = NULL;
  SaRequest         request;
  GimpValueArray   *values;

  /* without a display, GTK would end the program, which looks like a crash */
  if (! gtk_init_check (NULL, NULL))
    {
      g_set_error_literal (&error, SA_ERROR, SA_ERROR_FAILED,
                           _("There is no display to open a window on: run the procedure non-interactively."));
      return sa_error_return (procedure, error);
    }

  if (! sa_request_init_for_window (&request, config, &error))
    return sa_error_return (procedure, error);

  /* a mask that is edited stands for its layer; a channel for what is visible */
  self.merged = request.merged;
  if (! sa_source_init (&source, image, drawables, self.merged, &error))
    {
      sa_request_clear (&request);
      return sa_error_return (procedure, error);
    }
  self.drawable = source.layer != NULL ? GIMP_DRAWABLE (source.layer) : drawables[0];

  gimp_ui_init (gimp_procedure_get_name (procedure));

  self.session = sui_session_new (&sui_engine_core);
  self.loop    = g_main_loop_new (NULL, FALSE);

  gimp_progress_init (_("Reading the picture"));
  if (read_picture (&self, &error))
    {
      gimp_progress_end ();
      open_window (&self, &request);
      add_companion (&self);
      self.poll = g_timeout_add (POLL_MSEC, poll_gimp, &self);
      g_main_loop_run (self.loop);
      g_source_remove (self.poll);
      gimp_plug_in_remove_temp_procedure (gimp_get_plug_in (), SA_WINDOW_PROCEDURE);
    }
  else
    gimp_progress_end ();

  /* waits for the worker, so that nothing comes after */
  sui_session_close (self.session);
  if (self.window != NULL)
    gtk_widget_destroy (GTK_WIDGET (self.window));
  g_object_unref (self.session);
  g_main_loop_unref (self.loop);
  sa_request_clear (&request);

  /* prompts belong to this picture */
  sa_request_forget_prompt (config);

  if (error != NULL)
    return sa_error_return (procedure, error);
  if (! self.applied)
    return gimp_procedure_new_return_values (procedure, GIMP_PDB_CANCEL, NULL);

  values = gimp_procedure_new_return_values (procedure, GIMP_PDB_SUCCESS, NULL);
  GIMP_VALUES_SET_DOUBLE (values, 1, self.iou);
  GIMP_VALUES_SET_INT (values, 2, (gint) MIN (self.n_pixels, G_MAXINT));
  if (self.item != NULL && gimp_item_is_valid (self.item))
    GIMP_VALUES_SET_ITEM (values, 3, self.item);

  return values;
}
