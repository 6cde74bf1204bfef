/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All objects of a layer: a grid of points is tried, and the good masks among the answers become
 * channels, or layers in a group, in one undo step. */
#include "config.h"

#include "plugin/sa-everything.h"

#include "samcore/sam-catalogue.h"
#include "samcore/sam-everything.h"

#include "plugin/sa-choice.h"
#include "plugin/sa-error.h"
#include "plugin/sa-intl.h"
#include "plugin/sa-output.h"
#include "plugin/sa-request.h"
#include "plugin/sa-source.h"

/* More than this nobody can look through, and each is an item of the image's size. */
#define MAX_OBJECTS 1000

void
sa_everything_add_arguments (GimpProcedure *procedure)
{
  sa_request_add_model_arguments (procedure);
  gimp_procedure_add_choice_argument (procedure, "output", _ ("O_utput"),
                                      _ ("What to create from each object"),
                                      sa_choice_new (sa_choice_items), "channels",
                                      G_PARAM_READWRITE);
  gimp_procedure_add_int_argument (procedure, "points-per-side", _ ("_Points per side"),
                                   _ ("Number of points along each side of the grid: more points "
                                      "find smaller objects but take longer"),
                                   1, 256, 32, G_PARAM_READWRITE);
  gimp_procedure_add_double_argument (
    procedure, "min-iou", _ ("Minimum predicted _IoU"),
    _ ("Lower values find more objects, but worse ones; 0 uses the model's default"), 0.0, 1.0, 0.0,
    G_PARAM_READWRITE);
  gimp_procedure_add_double_argument (
    procedure, "min-stability", _ ("Minimum _stability"),
    _ ("Lower values find more objects, but with less certain edges; 0 uses the model's default"),
    0.0, 1.0, 0.0, G_PARAM_READWRITE);
  gimp_procedure_add_int_argument (procedure, "min-area", _ ("Minimum _area"),
                                   _ ("Fill holes and remove parts smaller than this many pixels"),
                                   0, G_MAXINT, 100, G_PARAM_READWRITE);

  gimp_procedure_add_int_return_value (procedure, "n-objects", _ ("Objects"),
                                       _ ("Number of objects found"), 0, G_MAXINT, 0,
                                       G_PARAM_READWRITE);
  gimp_procedure_add_core_object_array_return_value (
    procedure, "items", _ ("Items"),
    _ ("The channels or layers, in the order in which they were found"), GIMP_TYPE_ITEM,
    G_PARAM_READWRITE);
}

GimpValueArray *
sa_everything_run (GimpProcedure       *procedure,
                   GimpImage           *image,
                   GimpDrawable       **drawables,
                   GimpProcedureConfig *config,
                   const SamJob        *job)
{
  SamJob                reading = sam_job_part (job, 0.0, 0.1);
  SamJob                loading = sam_job_part (job, 0.1, 0.15);
  SamJob                looking = sam_job_part (job, 0.15, 1.0);
  SamEverythingOptions  options;
  g_auto (SaSource)     source = { 0 };
  SaRequest             request = { 0 };
  g_autofree char      *name = NULL;
  g_autofree char      *path = NULL;
  g_autoptr (SamImage)  picture = NULL;
  g_autoptr (SamModel)  model = NULL;
  g_autoptr (GPtrArray) objects = NULL;
  g_autoptr (GPtrArray) items = NULL;
  GError               *error = NULL;
  gboolean              merged;
  int                   min_area;
  GimpValueArray       *values;

  sam_everything_options_init (&options);
  g_object_get (config, "sample-merged", &merged, "model", &name, "points-per-side",
                &options.points_per_side, "min-iou", &options.min_iou, "min-stability",
                &options.min_stability, "min-area", &min_area, NULL);

  if (options.min_iou == 0.0)
    options.min_iou = SAM_EVERYTHING_SUITABLE;
  if (options.min_stability == 0.0)
    options.min_stability = SAM_EVERYTHING_SUITABLE;

  request.output = (SaOutput) gimp_procedure_config_get_choice_id (config, "output");
  if (! sa_source_init (&source, image, drawables, merged, &error) ||
      ! sa_output_check (&source, &request, &error))
    return sa_error_return (procedure, error);
  options.min_area = (size_t) min_area / (size_t) source.factor / (size_t) source.factor;

  path = sam_catalogue_find (name, &error);
  picture = path != NULL ? sa_source_read (&source, &reading, &error) : NULL;
  model = picture != NULL ? sam_model_load (path, &loading, &error) : NULL;
  if (model != NULL)
    objects = sam_everything (model, picture, &options, &looking, &error);
  if (objects == NULL)
    return sa_error_return (procedure, error);

  if (objects->len == 0 || objects->len > MAX_OBJECTS)
    {
      g_set_error (
        &error, SA_ERROR, SA_ERROR_FAILED,
        objects->len == 0
          ? _ ("No objects were found: lower the minimum predicted IoU or the minimum stability.")
          : _ ("Too many objects were found (%u): raise the minimum predicted IoU or the minimum "
               "area."),
        objects->len);
      return sa_error_return (procedure, error);
    }

  items = sa_output_apply_objects (&source, objects, request.output, &error);
  if (items == NULL)
    return sa_error_return (procedure, error);

  values = gimp_procedure_new_return_values (procedure, GIMP_PDB_SUCCESS, NULL);
  GIMP_VALUES_SET_INT (values, 1, (gint) items->len);
  g_ptr_array_add (items, NULL);
  GIMP_VALUES_SET_CORE_OBJECT_ARRAY (values, 2, (GObject **) items->pdata);

  return values;
}
