/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The arguments: declared for GIMP, read back, checked as a stranger's input.
 *
 * points: [n, 2]   labels: [n]   boxes: [n, 4]   all in image coordinates */
#include "config.h"

#include "plugin/sa-request.h"

#include <math.h>

#include "ui/session/sui-replay.h"

#include "plugin/sa-choice.h"
#include "plugin/sa-error.h"
#include "plugin/sa-intl.h"

void
sa_request_add_prompt_arguments (GimpProcedure *procedure)
{
  gimp_procedure_add_double_array_argument (procedure, "points", _ ("Points"),
                                            _ ("x0, y0, x1, y1, … in image coordinates"),
                                            G_PARAM_READWRITE);
  gimp_procedure_add_int32_array_argument (
    procedure, "labels", _ ("Labels"),
    _ ("One per point: 1 if it is on the object, 0 if not; if empty, all are 1"),
    G_PARAM_READWRITE);
  gimp_procedure_add_double_array_argument (procedure, "boxes", _ ("Boxes"),
                                            _ ("x0, y0, x1, y1 for each box, in image coordinates"),
                                            G_PARAM_READWRITE);
  gimp_procedure_add_string_argument (procedure, "prompt", _ ("Prompt"),
                                      _ ("Points and boxes as one line of text, for example "
                                         "“120,80 + ; 300,90 - ; box 10,20,200,300”"),
                                      "", G_PARAM_READWRITE);
  gimp_procedure_add_choice_argument (procedure, "prompt-selection", _ ("Selection as prompt"),
                                      _ ("How the current selection is used as a prompt"),
                                      sa_choice_new (sa_choice_selections), "none",
                                      G_PARAM_READWRITE);
}

void
sa_request_add_model_arguments (GimpProcedure *procedure)
{
  gimp_procedure_add_boolean_argument (procedure, "sample-merged", _ ("Sample mer_ged"),
                                       _ ("Use the visible image instead of the layer"), FALSE,
                                       G_PARAM_READWRITE);
  gimp_procedure_add_string_argument (
    procedure, "model", _ ("_Model"),
    _ ("Name of an installed model or path of a model file; empty for the default"), "",
    G_PARAM_READWRITE);
}

void
sa_request_add_output_arguments (GimpProcedure *procedure)
{
  gimp_procedure_add_choice_argument (procedure, "candidate", _ ("Candidate"),
                                      _ ("Which candidate to use; only a single point has three"),
                                      sa_choice_new (sa_choice_candidates), "best",
                                      G_PARAM_READWRITE);
  gimp_procedure_add_choice_argument (procedure, "output", _ ("Output"),
                                      _ ("What to create from the object"),
                                      sa_choice_new (sa_choice_outputs), "selection",
                                      G_PARAM_READWRITE);
  gimp_procedure_add_choice_argument (
    procedure, "operation", _ ("Operation"),
    _ ("How to combine the object with the existing selection or layer mask"),
    sa_choice_new (sa_choice_operations), "replace", G_PARAM_READWRITE);
  gimp_procedure_add_choice_argument (procedure, "edge", _ ("Edge"),
                                      _ ("How the edge of the object is rendered"),
                                      sa_choice_new (sa_choice_edges), "smooth", G_PARAM_READWRITE);
  gimp_procedure_add_double_argument (
    procedure, "grow", _ ("Grow"),
    _ ("Number of pixels to grow the object by; negative values shrink it"), -1000.0, 1000.0, 0.0,
    G_PARAM_READWRITE);
  gimp_procedure_add_double_argument (procedure, "feather", _ ("Feather"),
                                      _ ("Number of pixels over which the edge is softened"), 0.0,
                                      1000.0, 0.0, G_PARAM_READWRITE);
  gimp_procedure_add_double_argument (procedure, "fill-holes", _ ("Fill holes"),
                                      _ ("Fill holes up to this area, in square pixels"), 0.0, 1e12,
                                      0.0, G_PARAM_READWRITE);
  gimp_procedure_add_double_argument (procedure, "min-area", _ ("Minimum area"),
                                      _ ("Remove parts smaller than this area, in square pixels"),
                                      0.0, 1e12, 0.0, G_PARAM_READWRITE);
}

/* A property of the configuration as a GimpArray's doubles; NULL and 0 when unset or not there. */
static const double *
get_doubles (GimpProcedureConfig *config, const char *name, GimpArray **holder, gsize *n)
{
  *n = 0;
  *holder = NULL;
  g_object_get (config, name, holder, NULL);

  return *holder != NULL ? gimp_double_array_get_values (*holder, n) : NULL;
}

static gboolean
has_argument (GimpProcedureConfig *config, const char *name)
{
  return g_object_class_find_property (G_OBJECT_GET_CLASS (config), name) != NULL;
}

static void
array_clear (GimpArray **array)
{
  if (*array != NULL)
    gimp_array_free (*array);
}

typedef GimpArray *SaArray;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SaArray, array_clear)

static gboolean
read_points (SamPrompt *prompt, GimpProcedureConfig *config, GError **error)
{
  g_auto (SaArray) points_array = NULL;
  g_auto (SaArray) labels_array = NULL;
  gsize            n_values, n_labels = 0;
  const double    *points = get_doubles (config, "points", &points_array, &n_values);
  const gint32    *labels = NULL;

  g_object_get (config, "labels", &labels_array, NULL);
  if (labels_array != NULL)
    labels = gimp_int32_array_get_values (labels_array, &n_labels);

  if (n_values % 2 != 0)
    {
      g_set_error (error, SA_ERROR, SA_ERROR_CALL,
                   _ ("“points” has an odd number of values (%zu): give x and y for each point."),
                   n_values);
      return FALSE;
    }
  if (n_values / 2 > SAM_PROMPT_MAX_POINTS)
    {
      g_set_error (error, SA_ERROR, SA_ERROR_CALL, _ ("“points” has %zu points: give at most %d."),
                   n_values / 2, SAM_PROMPT_MAX_POINTS);
      return FALSE;
    }
  if (n_labels != 0 && n_labels != n_values / 2)
    {
      g_set_error (error, SA_ERROR, SA_ERROR_CALL,
                   _ ("There are %zu labels for %zu points: give one label per "
                      "point, or none."),
                   n_labels, n_values / 2);
      return FALSE;
    }

  for (gsize i = 0; i < n_values / 2; i++)
    {
      if (! isfinite (points[2 * i]) || ! isfinite (points[2 * i + 1]))
        {
          g_set_error (
            error, SA_ERROR, SA_ERROR_CALL,
            _ ("Point %zu has a coordinate that is not a number: give finite coordinates."), i + 1);
          return FALSE;
        }
      if (n_labels != 0 && labels[i] != 0 && labels[i] != 1)
        {
          g_set_error (error, SA_ERROR, SA_ERROR_CALL,
                       _ ("Label %zu is %d: use 1 for a point on the object and 0 for one off "
                          "it."),
                       i + 1, labels[i]);
          return FALSE;
        }
      sam_prompt_add_point (prompt, (float) points[2 * i], (float) points[2 * i + 1],
                            n_labels != 0 ? labels[i] : 1);
    }

  return TRUE;
}

static gboolean
read_boxes (SamPrompt *prompt, GimpProcedureConfig *config, GError **error)
{
  g_auto (SaArray) array = NULL;
  gsize            n_values;
  const double    *boxes = get_doubles (config, "boxes", &array, &n_values);

  if (n_values % 4 != 0)
    {
      g_set_error (error, SA_ERROR, SA_ERROR_CALL,
                   _ ("“boxes” has %zu values: give x0, y0, x1, y1 for each box."), n_values);
      return FALSE;
    }
  if (n_values / 4 > SAM_PROMPT_MAX_BOXES)
    {
      g_set_error (error, SA_ERROR, SA_ERROR_CALL, _ ("“boxes” has %zu boxes: give at most %d."),
                   n_values / 4, SAM_PROMPT_MAX_BOXES);
      return FALSE;
    }

  for (gsize i = 0; i < n_values / 4; i++)
    {
      const double *box = boxes + 4 * i;

      if (! isfinite (box[0]) || ! isfinite (box[1]) || ! isfinite (box[2]) || ! isfinite (box[3]))
        {
          g_set_error (
            error, SA_ERROR, SA_ERROR_CALL,
            _ ("Box %zu has a coordinate that is not a number: give finite coordinates."), i + 1);
          return FALSE;
        }
      sam_prompt_add_box (prompt, (float) box[0], (float) box[1], (float) box[2], (float) box[3]);
    }

  return TRUE;
}

static gboolean
read_prompt (SaRequest *request, GimpProcedureConfig *config, GError **error)
{
  g_autofree char *line = NULL;

  if (! read_points (&request->prompt, config, error) ||
      ! read_boxes (&request->prompt, config, error))
    return FALSE;

  g_object_get (config, "prompt", &line, NULL);
  request->selection = gimp_procedure_config_get_choice_id (config, "prompt-selection");

  if (line != NULL && sui_replay_is_said (line))
    {
      if (! sam_prompt_is_empty (&request->prompt) || request->selection != SA_SELECTION_UNUSED)
        {
          g_set_error_literal (error, SA_ERROR, SA_ERROR_CALL,
                               _ ("“prompt” describes whole objects: do not combine it with "
                                  "points, boxes or the selection."));
          return FALSE;
        }
      request->said = g_steal_pointer (&line);
    }
  else if (line != NULL && ! sam_prompt_parse (&request->prompt, line, error))
    return FALSE;

  return TRUE;
}

gboolean
sa_request_init_for_window (SaRequest *request, GimpProcedureConfig *config, GError **error)
{
  const struct
  {
    const char *name;
    double     *value;
  } numbers[] = { { "grow", &request->finish.grow },
                  { "feather", &request->finish.feather },
                  { "fill-holes", &request->finish.fill_holes },
                  { "min-area", &request->finish.min_area } };

  *request = (SaRequest) { 0 };
  request->operation = GIMP_CHANNEL_OP_REPLACE;
  request->edge = SA_EDGE_SMOOTH;
  sam_prompt_init (&request->prompt);

  if (has_argument (config, "points") && ! read_prompt (request, config, error))
    {
      sa_request_clear (request);
      return FALSE;
    }

  if (has_argument (config, "sample-merged"))
    g_object_get (config, "sample-merged", &request->merged, NULL);
  g_object_get (config, "model", &request->model, NULL);

  if (has_argument (config, "candidate"))
    request->candidate = gimp_procedure_config_get_choice_id (config, "candidate");
  if (has_argument (config, "output"))
    request->output = gimp_procedure_config_get_choice_id (config, "output");
  if (has_argument (config, "operation"))
    request->operation = gimp_procedure_config_get_choice_id (config, "operation");
  if (has_argument (config, "edge"))
    request->edge = gimp_procedure_config_get_choice_id (config, "edge");

  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      if (has_argument (config, numbers[i].name))
        g_object_get (config, numbers[i].name, numbers[i].value, NULL);
      if (! isfinite (*numbers[i].value))
        {
          g_set_error (error, SA_ERROR, SA_ERROR_CALL,
                       _ ("“%s” is not a number: give a finite number."), numbers[i].name);
          sa_request_clear (request);
          return FALSE;
        }
    }

  return TRUE;
}

gboolean
sa_request_init (SaRequest *request, GimpProcedureConfig *config, GError **error)
{
  if (! sa_request_init_for_window (request, config, error))
    return FALSE;

  if (has_argument (config, "points") && request->selection == SA_SELECTION_UNUSED &&
      request->said == NULL && sam_prompt_is_empty (&request->prompt))
    {
      g_set_error_literal (
        error, SA_ERROR, SA_ERROR_CALL,
        _ ("There is no prompt: give points, boxes or a prompt line, or use the current "
           "selection as the prompt."));
      sa_request_clear (request);
      return FALSE;
    }

  return TRUE;
}

static GimpValueArray *(*run_unwatched) (GimpProcedure *procedure, const GimpValueArray *args);
static const GimpValueArray *said; /* while a procedure runs, of which a process runs one */

static GimpValueArray *
run_watched (GimpProcedure *procedure, const GimpValueArray *args)
{
  GimpValueArray *values;

  said = args;
  values = run_unwatched (procedure, args);
  said = NULL;

  return values;
}

void
sa_request_watch_caller (GimpProcedure *procedure)
{
  /* an image procedure cannot be derived from */
  GimpProcedureClass *klass = GIMP_PROCEDURE_GET_CLASS (procedure);

  if (klass->run == run_watched)
    return;
  run_unwatched = klass->run;
  klass->run = run_watched;
}

void
sa_request_prefer_caller (GimpProcedure *procedure, GimpProcedureConfig *config)
{
  int          n_specs;
  GParamSpec **specs = gimp_procedure_get_arguments (procedure, &n_specs);

  for (int i = 0; said != NULL && i < MIN (n_specs, gimp_value_array_length (said)); i++)
    {
      const GValue *value = gimp_value_array_index (said, i);

      if (has_argument (config, specs[i]->name) && ! g_param_value_defaults (specs[i], value))
        g_object_set_property (G_OBJECT (config), specs[i]->name, value);
    }
}

void
sa_request_clear (SaRequest *request)
{
  sam_prompt_clear (&request->prompt);
  g_clear_pointer (&request->said, g_free);
  g_clear_pointer (&request->model, g_free);
}

void
sa_request_forget_prompt (GimpProcedureConfig *config)
{
  g_object_set (config, "points", NULL, "labels", NULL, "boxes", NULL, "prompt", "", NULL);
}
