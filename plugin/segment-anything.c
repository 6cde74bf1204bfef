/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plug-in as GIMP sees it: its procedures, their names in the menus, and where its translations
 * are.
 *
 *   plug-in-segment-anything                 a prompt in, an object out; with a window when
 *                                            interactive
 *   plug-in-segment-anything-selection       the rough selection in, the object out
 *   plug-in-segment-anything-everything      all objects of a layer
 *   plug-in-segment-anything-use-selection   the selection as a prompt in the window that is open
 *
 * GIMP starts the program anew for each call, and once after installation to ask what there is. */
#include "config.h"

#include <libgimp/gimp.h>

#include "plugin/sa-everything.h"
#include "plugin/sa-intl.h"
#include "plugin/sa-request.h"
#include "plugin/sa-run.h"
#include "samcore/sam-parallel.h"

#define PROCEDURE               "plug-in-segment-anything"
#define PROCEDURE_SELECTION     PROCEDURE "-selection"
#define PROCEDURE_EVERYTHING    PROCEDURE "-everything"
#define PROCEDURE_USE_SELECTION PROCEDURE "-use-selection"

/* type names need three letters at least */
typedef struct
{
  GimpPlugIn parent;
} SaPlugin;

typedef struct
{
  GimpPlugInClass parent;
} SaPluginClass;

GType sa_plugin_get_type (void);

G_DEFINE_TYPE (SaPlugin, sa_plugin, GIMP_TYPE_PLUG_IN)

static GList *
query_procedures (GimpPlugIn *plug_in)
{
  GList *names = NULL;

  names = g_list_append (names, g_strdup (PROCEDURE));
  names = g_list_append (names, g_strdup (PROCEDURE_SELECTION));
  names = g_list_append (names, g_strdup (PROCEDURE_EVERYTHING));
  names = g_list_append (names, g_strdup (PROCEDURE_USE_SELECTION));

  return names;
}

static void
add_return_values (GimpProcedure *procedure)
{
  gimp_procedure_add_double_return_value (
    procedure, "predicted-iou", _ ("Predicted IoU"),
    _ ("How good the model estimates the mask to be, from 0 to 1"), -G_MAXDOUBLE, G_MAXDOUBLE, 0.0,
    G_PARAM_READWRITE);
  gimp_procedure_add_int_return_value (
    procedure, "n-pixels", _ ("Pixels"),
    _ ("Number of pixels that the object covers by half or more"), 0, G_MAXINT, 0,
    G_PARAM_READWRITE);
  gimp_procedure_add_item_return_value (
    procedure, "item", _ ("Item"),
    _ ("The channel, layer mask, layer or path that was created; none for a selection"), TRUE,
    G_PARAM_READWRITE);
}

static GimpProcedure *
create_procedure (GimpPlugIn *plug_in, const gchar *name)
{
  gboolean         prompt = g_strcmp0 (name, PROCEDURE) == 0;
  gboolean         selection = g_strcmp0 (name, PROCEDURE_SELECTION) == 0;
  gboolean         everything = g_strcmp0 (name, PROCEDURE_EVERYTHING) == 0;
  GimpRunImageFunc run = prompt       ? sa_run_prompt
                         : selection  ? sa_run_selection
                         : everything ? sa_run_everything
                                      : sa_run_use_selection;
  GimpProcedure   *procedure = gimp_image_procedure_new (plug_in, name, GIMP_PDB_PROC_TYPE_PLUGIN,
                                                         run, NULL, NULL);

  gimp_procedure_set_image_types (procedure, "*");
  gimp_procedure_set_sensitivity_mask (procedure, GIMP_PROCEDURE_SENSITIVE_DRAWABLE);
  gimp_procedure_set_icon_name (procedure, "gimp-tool-fuzzy-select");
  gimp_procedure_set_attribution (procedure, "The Segment Anything for GIMP authors",
                                  "The Segment Anything for GIMP authors", "2026");

  if (prompt)
    {
      gimp_procedure_set_menu_label (procedure, _ ("Segment _Anything..."));
      gimp_procedure_set_documentation (
        procedure, _ ("Select an object with a click, a box or a rough selection"),
        _ ("Finds the outline of an object with a neural network, given points and boxes in image "
           "coordinates. The result becomes the selection, a channel, a layer mask, a new layer or "
           "a path, in one undo step. Unknown choices are replaced by their default."),
        name);
      sa_request_add_prompt_arguments (procedure);
      sa_request_watch_caller (procedure);
    }
  else if (selection)
    {
      gimp_procedure_set_menu_label (procedure, _ ("Re_fine Selection with Segment Anything"));
      gimp_procedure_set_documentation (
        procedure, _ ("Turn a rough selection into an exact selection of the object"),
        _ ("Finds the outline of the roughly selected object with a neural network. Opens no "
           "window, so that it can be used from a keyboard shortcut."),
        name);
    }
  else if (everything)
    {
      gimp_procedure_set_menu_label (procedure, _ ("Segment E_verything..."));
      gimp_procedure_set_documentation (
        procedure, _ ("Find all objects in a layer"),
        _ ("Tries a grid of points and turns the good masks into channels, or into layers in a "
           "group, in one undo step."),
        name);
    }
  else
    {
      gimp_procedure_set_menu_label (procedure, _ ("_Use Selection as Prompt"));
      gimp_procedure_set_documentation (
        procedure, _ ("Send the current selection to the open Segment Anything window"),
        _ ("Adds the current selection to the prompts of the open Segment Anything window. Meant "
           "for a keyboard shortcut."),
        name);
    }

  /* needs the label */
  gimp_procedure_add_menu_path (procedure, "<Image>/Select/[Modify]");

  if (prompt || selection)
    {
      sa_request_add_model_arguments (procedure);
      sa_request_add_output_arguments (procedure);
      add_return_values (procedure);
    }
  else if (everything)
    sa_everything_add_arguments (procedure);

  return procedure;
}

/* The folder is relative to the plug-in's own; an absolute one would switch translations off. */
static gboolean
set_i18n (GimpPlugIn  *plug_in,
          const gchar *procedure_name,
          gchar      **gettext_domain,
          gchar      **catalog_dir)
{
  *gettext_domain = g_strdup (GETTEXT_PACKAGE);
  *catalog_dir = g_strdup ("locale");

  return TRUE;
}

static void
sa_plugin_class_init (SaPluginClass *klass)
{
  GimpPlugInClass *plug_in_class = GIMP_PLUG_IN_CLASS (klass);

  /* Before the first conversion of colours: for each pair of 8-bit formats babl fills a table of
   * all 16 million colours, having first timed what that gains, which takes longer than all the
   * rest of a call does. */
  g_setenv ("BABL_LUT", "0", FALSE);
  /* OpenBLAS has begun to spin on all other processors, which GIMP needs now: this ends it. */
  sam_parallel_set_n_threads (0);

  plug_in_class->query_procedures = query_procedures;
  plug_in_class->create_procedure = create_procedure;
  plug_in_class->set_i18n = set_i18n;
}

static void
sa_plugin_init (SaPlugin *plugin)
{
}

GIMP_MAIN (sa_plugin_get_type ())
