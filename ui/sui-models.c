/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The shelf is read again whenever it is opened.  A download runs in a thread of its own, so that
 * clicks are answered meanwhile; one at a time.
 *
 * How long a model needs is estimated: its arithmetic, over the rate that this computer reached
 * with the last picture that was really encoded (remembered in speed.ini in the cache folder). */
#include "config.h"

#include <math.h>
#include <string.h>

#include <glib/gi18n-lib.h>

#include "samcore/sam-catalogue.h"
#include "samcore/sam-install.h"
#include "samcore/sam-model.h"
#include "ui/session/sui-error.h"
#include "ui/sui-models.h"

typedef struct
{
  char         *name;
  GCancellable *cancellable;
  gint          progress; /* thousandths, atomic */
  GError       *error;
} Download;

struct _SuiModels
{
  GtkMenuButton parent_instance;
  SuiSession   *session;
  GtkWidget    *label;
  GtkWidget    *popover, *list;
  GTask        *task; /* the download */
  GtkWidget    *bar;  /* its progress; owned by the list */
  guint         ticker;
};

enum
{
  FAILED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SuiModels, sui_models, GTK_TYPE_MENU_BUTTON)

static void fill (SuiModels *models);

/* --- how long it takes --- */

/* GFLOP to encode a picture, 2 per multiply-add; published figures, rounded. */
static const struct
{
  const char *name;
  double      gflop;
} costs[] = {
  { "builtin", 10 },
  { "mobile-sam", 78 },
  { "sam-vit-b", 972 },
  { "sam-vit-l", 2630 },
  { "sam-vit-h", 5470 },
  { "sam2.1-hiera-tiny", 292 },
  { "sam2.1-hiera-small", 370 },
  { "sam2.1-hiera-base-plus", 700 },
  { "sam2.1-hiera-large", 1700 },
  { "sam2-hiera-tiny", 292 },
  { "sam2-hiera-small", 370 },
  { "sam2-hiera-base-plus", 700 },
  { "sam2-hiera-large", 1700 },
  { "sam-hq-vit-tiny", 78 },
  { "sam-hq-vit-b", 972 },
  { "sam-hq-vit-l", 2630 },
  { "sam-hq-vit-h", 5470 },
  { "efficient-sam-vitt", 54 },
  { "efficient-sam-vits", 205 },
};

static char *
speed_path (void)
{
  return g_build_filename (g_get_user_cache_dir (), "segment-anything", "speed.ini", NULL);
}

/* GFLOP a second, 0 when nothing is known yet. */
static double
get_rate (SuiModels *models)
{
  double               seconds = sui_session_get_encode_seconds (models->session);
  SamModel            *model = sui_session_get_loaded (models->session);
  g_autofree char     *path = speed_path ();
  g_autoptr (GKeyFile) file = g_key_file_new ();
  double               rate;

  if (model != NULL && seconds > 0.0)
    {
      rate = sam_model_get_gflop (model) / seconds;
      g_key_file_set_double (file, "speed", "gflops", rate);
      /* a nicety: without it the next window shows no times until it has encoded */
      g_key_file_save_to_file (file, path, NULL);
      return rate;
    }
  if (! g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, NULL))
    return 0.0;
  rate = g_key_file_get_double (file, "speed", "gflops", NULL);

  return rate > 0.0 && rate < 1e6 ? rate : 0.0;
}

static char *
describe_speed (const char *name, double rate)
{
  for (guint i = 0; i < G_N_ELEMENTS (costs) && rate > 0.0; i++)
    if (strcmp (costs[i].name, name) == 0)
      {
        double seconds = costs[i].gflop / rate;

        if (seconds < 0.95)
          /* Translators: how long a model looks at a picture, on this computer */
          return g_strdup_printf (_ ("about %.1f s per image on this computer"),
                                  MAX (0.1, seconds));
        return g_strdup_printf (_ ("about %.0f s per image on this computer"), seconds);
      }

  return NULL;
}

/* --- downloads --- */

static void
download_free (gpointer data)
{
  Download *download = data;

  g_free (download->name);
  g_object_unref (download->cancellable);
  g_clear_error (&download->error);
  g_free (download);
}

/* Now, and in the next window. */
static void
use (SuiModels *models, const char *name)
{
  g_autoptr (GError) error = NULL;

  sui_session_set_model (models->session, name);
  if (! sam_catalogue_set_default (name, &error))
    g_signal_emit (models, signals[FAILED], 0, error);
}

static void
download_progress (double fraction, gpointer data)
{
  g_atomic_int_set (&((Download *) data)->progress, (gint) (1000 * CLAMP (fraction, 0.0, 1.0)));
}

static void
download_run (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Download        *download = data;
  SamJob           job = { download->cancellable, download_progress, download, 0.0, 1.0 };
  g_autofree char *path = sam_install_download (download->name, &job, &download->error);

  g_task_return_boolean (task, path != NULL);
}

static gboolean
download_tick (gpointer data)
{
  SuiModels *models = data;
  Download  *download = g_task_get_task_data (models->task);

  if (models->bar != NULL)
    {
      double           done = g_atomic_int_get (&download->progress) / 1000.0;
      g_autofree char *text = g_strdup_printf (_ ("%.0f %%"), 100.0 * done);

      gtk_progress_bar_set_fraction (GTK_PROGRESS_BAR (models->bar), done);
      gtk_progress_bar_set_text (GTK_PROGRESS_BAR (models->bar), text);
    }

  return G_SOURCE_CONTINUE;
}

static void
download_done (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (SuiModels) models = data;
  Download             *download = g_task_get_task_data (G_TASK (result));

  if (models->task != G_TASK (result))
    return;
  g_source_remove (models->ticker);
  models->ticker = 0;
  g_clear_object (&models->task);
  if (models->session == NULL)
    return;

  if (download->error == NULL)
    {
      use (models, download->name);
      gtk_popover_popdown (GTK_POPOVER (models->popover));
    }
  else if (! g_error_matches (download->error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_signal_emit (models, signals[FAILED], 0, download->error);
      gtk_popover_popdown (GTK_POPOVER (models->popover));
    }
  fill (models);
}

void
sui_models_stop (SuiModels *models)
{
  if (models->task != NULL)
    g_cancellable_cancel (((Download *) g_task_get_task_data (models->task))->cancellable);
}

static const char *
name_of (GtkWidget *button)
{
  return g_object_get_data (G_OBJECT (button), "model");
}

static void
download_clicked (GtkButton *button, SuiModels *models)
{
  Download *download;

  if (models->task != NULL)
    return;
  download = g_new0 (Download, 1);
  download->name = g_strdup (name_of (GTK_WIDGET (button)));
  download->cancellable = g_cancellable_new ();
  models->task = g_task_new (NULL, NULL, download_done, g_object_ref (models));
  g_task_set_task_data (models->task, download, download_free);
  g_task_run_in_thread (models->task, download_run);
  models->ticker = g_timeout_add (100, download_tick, models);
  fill (models);
}

static void
stop_clicked (GtkButton *button, SuiModels *models)
{
  gtk_widget_set_sensitive (GTK_WIDGET (button), FALSE);
  sui_models_stop (models);
}

/* --- the shelf --- */

static void
use_clicked (GtkButton *button, SuiModels *models)
{
  use (models, name_of (GTK_WIDGET (button)));
  gtk_popover_popdown (GTK_POPOVER (models->popover));
}

static void
file_clicked (GtkButton *button, SuiModels *models)
{
  GtkWidget                       *top = gtk_widget_get_toplevel (GTK_WIDGET (models));
  g_autoptr (GtkFileChooserNative) chooser = NULL;
  GtkFileFilter                   *filter = gtk_file_filter_new (), *all = gtk_file_filter_new ();

  gtk_popover_popdown (GTK_POPOVER (models->popover));
  chooser = gtk_file_chooser_native_new (_ ("Open Model"), GTK_WINDOW (top),
                                         GTK_FILE_CHOOSER_ACTION_OPEN, NULL, NULL);
  gtk_file_filter_set_name (filter, _ ("Models (.safetensors, .pt, .pth)"));
  gtk_file_filter_add_pattern (filter, "*.safetensors");
  gtk_file_filter_add_pattern (filter, "*.pt");
  gtk_file_filter_add_pattern (filter, "*.pth");
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (chooser), filter);
  gtk_file_filter_set_name (all, _ ("All files"));
  gtk_file_filter_add_pattern (all, "*");
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (chooser), all);
  if (gtk_native_dialog_run (GTK_NATIVE_DIALOG (chooser)) == GTK_RESPONSE_ACCEPT)
    {
      g_autofree char *path = gtk_file_chooser_get_filename (GTK_FILE_CHOOSER (chooser));

      if (path != NULL)
        sui_session_set_model (models->session, path);
    }
}

static GtkWidget *
wrapped_label (const char *text, gboolean dim)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), 0.0f);
  gtk_label_set_line_wrap (GTK_LABEL (label), TRUE);
  /* size, licence and time in one line */
  gtk_label_set_max_width_chars (GTK_LABEL (label), 56);
  gtk_label_set_width_chars (GTK_LABEL (label), 46);
  if (dim)
    {
      PangoAttrList *small = pango_attr_list_new ();

      pango_attr_list_insert (small, pango_attr_scale_new (PANGO_SCALE_SMALL));
      gtk_label_set_attributes (GTK_LABEL (label), small);
      pango_attr_list_unref (small);
      gtk_style_context_add_class (gtk_widget_get_style_context (label), GTK_STYLE_CLASS_DIM_LABEL);
    }

  return label;
}

static const char *
title_of (const SamModelItem *item)
{
  return item->info == NULL                            ? item->name
         : strcmp (item->name, SAM_MODEL_BUILTIN) == 0 ? _ ("Built-in model")
                                                       : item->info->title;
}

/* Takes @name. Each row has such a button, and a screen reader has to say of which model. */
static void
take_name (GtkWidget *widget, char *name)
{
  atk_object_set_name (gtk_widget_get_accessible (widget), name);
  g_free (name);
}

static gboolean
is_wanted (SuiModels *models, const SamModelItem *item)
{
  const char      *wanted = sui_session_get_wanted_model (models->session);
  g_autofree char *standard = NULL;

  if (wanted == NULL)
    return FALSE;
  if (wanted[0] == '\0')
    wanted = standard = sam_catalogue_get_default ();

  return g_strcmp0 (wanted, item->name) == 0 || g_strcmp0 (wanted, item->path) == 0;
}

/* Its name, and what it costs. */
static GtkWidget *
make_texts (const SamModelItem *item, double rate)
{
  GtkWidget          *texts = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2);
  GtkWidget          *title = gtk_label_new (title_of (item));
  g_autoptr (GString) facts = g_string_new (NULL);
  PangoAttrList      *bold = pango_attr_list_new ();
  const SamModelInfo *info = item->info;

  pango_attr_list_insert (bold, pango_attr_weight_new (PANGO_WEIGHT_BOLD));
  gtk_label_set_attributes (GTK_LABEL (title), bold);
  pango_attr_list_unref (bold);
  gtk_label_set_xalign (GTK_LABEL (title), 0.0f);
  gtk_label_set_ellipsize (GTK_LABEL (title), PANGO_ELLIPSIZE_MIDDLE);
  gtk_box_pack_start (GTK_BOX (texts), title, FALSE, FALSE, 0);

  if (info != NULL)
    {
      g_autofree char *speed = describe_speed (item->name, rate);
      guint64          size = info->size != 0 ? info->size : info->about;

      if (size > 0)
        {
          g_autofree char *words = g_format_size (size);

          g_string_append (facts, words);
        }
      if (info->licence != NULL)
        g_string_append_printf (facts, "%s%s", facts->len > 0 ? " · " : "", info->licence);
      if (speed != NULL)
        g_string_append_printf (facts, "%s%s", facts->len > 0 ? " · " : "", speed);
      if (facts->len > 0)
        gtk_box_pack_start (GTK_BOX (texts), wrapped_label (facts->str, TRUE), FALSE, FALSE, 0);
    }

  return texts;
}

static GtkWidget *
make_bar (const SamModelItem *item)
{
  GtkWidget *bar = gtk_progress_bar_new ();

  gtk_progress_bar_set_show_text (GTK_PROGRESS_BAR (bar), TRUE);
  take_name (bar, g_strdup_printf (_ ("Download of %s"), title_of (item)));
  gtk_widget_set_valign (bar, GTK_ALIGN_CENTER);
  gtk_widget_set_size_request (bar, 90, -1);

  return bar;
}

/* What can be done with it now; NULL for nothing. */
static GtkWidget *
make_button (SuiModels *models, const SamModelItem *item, gboolean downloading)
{
  const SamModelInfo *info = item->info;
  GtkWidget          *button = NULL;

  if (downloading)
    {
      button = gtk_button_new_from_icon_name ("sui-stop-symbolic", GTK_ICON_SIZE_BUTTON);
      gtk_widget_set_tooltip_text (button,
                                   _ ("Stop the download; it will resume from here next time"));
      atk_object_set_name (gtk_widget_get_accessible (button), _ ("Stop the download"));
      g_signal_connect (button, "clicked", G_CALLBACK (stop_clicked), models);
    }
  else if (item->path != NULL)
    {
      button = gtk_button_new_with_label (_ ("Use"));
      take_name (button, g_strdup_printf (_ ("Use %s"), title_of (item)));
      g_signal_connect (button, "clicked", G_CALLBACK (use_clicked), models);
    }
  else if (info != NULL && info->offered)
    {
      button = gtk_button_new_with_label (_ ("Download"));
      take_name (button, g_strdup_printf (_ ("Download %s"), title_of (item)));
      gtk_widget_set_sensitive (button, models->task == NULL);
      g_signal_connect (button, "clicked", G_CALLBACK (download_clicked), models);
    }
  if (button == NULL)
    return NULL;
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  g_object_set_data_full (G_OBJECT (button), "model",
                          g_strdup (info != NULL ? item->name : item->path), g_free);

  return button;
}

static GtkWidget *
make_row (SuiModels *models, const SamModelItem *item, double rate)
{
  GtkWidget          *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  const SamModelInfo *info = item->info;
  Download           *download = models->task != NULL ? g_task_get_task_data (models->task) : NULL;
  gboolean            downloading = download != NULL && strcmp (download->name, item->name) == 0;
  GtkWidget          *end;

  gtk_box_pack_start (GTK_BOX (row), make_texts (item, rate), TRUE, TRUE, 0);
  /* the catalogue's sentences about use and licence are in English */
  if (info != NULL && info->licence_words != NULL)
    {
      g_autofree char *tip = g_strdup_printf ("%s\n\n%s",
                                              info->good_for != NULL ? info->good_for : "",
                                              info->licence_words);

      gtk_widget_set_tooltip_text (row, tip);
    }

  if (downloading)
    {
      models->bar = make_bar (item);
      gtk_box_pack_start (GTK_BOX (row), models->bar, FALSE, FALSE, 0);
    }
  if (! downloading && is_wanted (models, item))
    {
      end = gtk_label_new (_ ("In use"));
      gtk_widget_set_valign (end, GTK_ALIGN_CENTER);
      gtk_style_context_add_class (gtk_widget_get_style_context (end), GTK_STYLE_CLASS_DIM_LABEL);
    }
  else
    {
      end = make_button (models, item, downloading);
    }
  if (end != NULL)
    gtk_box_pack_start (GTK_BOX (row), end, FALSE, FALSE, 0);

  return row;
}

static void
fill (SuiModels *models)
{
  g_autoptr (GPtrArray) items = sam_catalogue_list ();
  double                rate = get_rate (models);

  models->bar = NULL;
  for (GList *rows = gtk_container_get_children (GTK_CONTAINER (models->list)); rows != NULL;
       rows = g_list_delete_link (rows, rows))
    gtk_widget_destroy (rows->data);
  for (guint i = 0; i < items->len; i++)
    {
      const SamModelItem *item = g_ptr_array_index (items, i);

      /* what is neither here nor to be had would only be in the way */
      if (item->path == NULL && (item->info == NULL || ! item->info->offered))
        continue;
      gtk_box_pack_start (GTK_BOX (models->list), make_row (models, item, rate), FALSE, FALSE, 0);
    }
  gtk_widget_show_all (models->list);
}

static void
show_model (SuiSession *session, SuiModels *models)
{
  const char         *wanted = sui_session_get_wanted_model (session);
  g_autofree char    *standard = NULL;
  g_autofree char    *base = NULL;
  const SamModelInfo *info;

  if (wanted != NULL && wanted[0] == '\0')
    wanted = standard = sam_catalogue_get_default ();
  info = wanted != NULL ? sam_catalogue_lookup (wanted) : NULL;
  if (wanted == NULL)
    gtk_label_set_text (GTK_LABEL (models->label), _ ("No model"));
  else if (info == NULL)
    gtk_label_set_text (GTK_LABEL (models->label), base = g_path_get_basename (wanted));
  else if (strcmp (info->name, SAM_MODEL_BUILTIN) == 0)
    gtk_label_set_text (GTK_LABEL (models->label), _ ("Built-in model"));
  else
    gtk_label_set_text (GTK_LABEL (models->label), info->title);
}

static void
toggled (GtkToggleButton *button, gpointer data)
{
  if (gtk_toggle_button_get_active (button))
    fill (SUI_MODELS (button));
}

static void
sui_models_dispose (GObject *object)
{
  SuiModels *models = SUI_MODELS (object);

  sui_models_stop (models);
  if (models->session != NULL)
    g_signal_handlers_disconnect_by_data (models->session, models);
  g_clear_object (&models->session);
  models->bar = NULL;
  if (models->ticker != 0)
    g_source_remove (models->ticker);
  models->ticker = 0;
  /* the worker holds its own reference; its result finds no task here */
  g_clear_object (&models->task);
  G_OBJECT_CLASS (sui_models_parent_class)->dispose (object);
}

static void
sui_models_class_init (SuiModelsClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sui_models_dispose;
  signals[FAILED] = g_signal_new ("failed", SUI_TYPE_MODELS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 1, G_TYPE_ERROR);
}

static void
sui_models_init (SuiModels *models)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *content = gtk_box_new (GTK_ORIENTATION_VERTICAL, 12);
  GtkWidget *scrolled = gtk_scrolled_window_new (NULL, NULL);
  GtkWidget *open = gtk_button_new_with_mnemonic (_ ("Open a _File…"));

  models->label = gtk_label_new (NULL);
  gtk_label_set_ellipsize (GTK_LABEL (models->label), PANGO_ELLIPSIZE_MIDDLE);
  gtk_label_set_xalign (GTK_LABEL (models->label), 0.0f);
  gtk_box_pack_start (GTK_BOX (box), models->label, TRUE, TRUE, 0);
  gtk_box_pack_start (GTK_BOX (box),
                      gtk_image_new_from_icon_name ("pan-down-symbolic", GTK_ICON_SIZE_BUTTON),
                      FALSE, FALSE, 0);
  gtk_container_add (GTK_CONTAINER (models), box);
  gtk_widget_set_tooltip_text (
    GTK_WIDGET (models),
    _ ("The model that finds the objects: larger ones are slower and more accurate"));

  models->list = gtk_box_new (GTK_ORIENTATION_VERTICAL, 10);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scrolled), GTK_POLICY_NEVER,
                                  GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_propagate_natural_height (GTK_SCROLLED_WINDOW (scrolled), TRUE);
  gtk_scrolled_window_set_max_content_height (GTK_SCROLLED_WINDOW (scrolled), 340);
  gtk_container_add (GTK_CONTAINER (scrolled), models->list);
  gtk_box_pack_start (GTK_BOX (content), scrolled, TRUE, TRUE, 0);
  gtk_widget_set_halign (open, GTK_ALIGN_START);
  g_signal_connect (open, "clicked", G_CALLBACK (file_clicked), models);
  gtk_box_pack_start (GTK_BOX (content), open, FALSE, FALSE, 0);
  gtk_container_set_border_width (GTK_CONTAINER (content), 12);
  gtk_widget_show_all (content);

  models->popover = gtk_popover_new (GTK_WIDGET (models));
  gtk_container_add (GTK_CONTAINER (models->popover), content);
  gtk_menu_button_set_popover (GTK_MENU_BUTTON (models), models->popover);
  g_signal_connect (models, "toggled", G_CALLBACK (toggled), NULL);
}

void
sui_models_attach (SuiModels *models, SuiSession *session)
{
  models->session = g_object_ref (session);
  g_signal_connect (session, "model", G_CALLBACK (show_model), models);
  show_model (session, models);
}
