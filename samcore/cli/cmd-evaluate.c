/* SPDX-License-Identifier: GPL-3.0-or-later */
/* samcore evaluate: quality on pictures with true masks. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "samcore/cli/command.h"
#include "samcore/kernels/sam-arithmetic.h"
#include "samcore/cli/sam-evaluate.h"
#include "samcore/cli/sam-json.h"

typedef struct
{
  gboolean json;
  gboolean predictions; /* another program's masks */
  gboolean against;     /* compared with float32 */
  gboolean any_line;
} Output;

static gboolean
is_shown (int metric, const Output *output)
{
  return metric >= SAM_METRIC_AGREEMENT ? output->against
                                        : (metric >= SAM_METRIC_IOU) == output->predictions;
}

static void
print_json (const SamScores *scores, const Output *output)
{
  g_autoptr (GString) line = g_string_new (NULL);

  sam_json_begin (line, NULL, '{');
  sam_json_string (line, "set", scores->set);
  sam_json_integer (line, "pictures", (gint64) scores->n_pictures);
  sam_json_integer (line, "objects", (gint64) scores->n_objects);
  for (int m = 0; m < SAM_N_METRICS; m++)
    if (is_shown (m, output))
      sam_json_number (line, sam_metric_get_name (m), scores->mean[m]);
  sam_json_end (line, '}');
  puts (line->str);
  fflush (stdout);
}

static void
print_row (const SamScores *scores, Output *output)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  if (! output->any_line)
    {
      printf ("%-12s %8s %8s", "set", "pictures", "objects");
      for (int m = 0; m < SAM_N_METRICS; m++)
        if (is_shown (m, output))
          printf (" %s", sam_metric_get_name (m));
      putchar ('\n');
      output->any_line = TRUE;
    }
  printf ("%-12s %8zu %8zu", scores->set, scores->n_pictures, scores->n_objects);
  for (int m = 0; m < SAM_N_METRICS; m++)
    if (is_shown (m, output))
      printf (" %*s", (int) strlen (sam_metric_get_name (m)),
              isnan (scores->mean[m])
                ? "-"
                : g_ascii_formatd (buffer, sizeof buffer,
                                   m < SAM_METRIC_AGREEMENT ? "%.3f" : "%.4f", scores->mean[m]));
  putchar ('\n');
  fflush (stdout);
}

static void
print_scores (const SamScores *scores, gpointer data)
{
  Output *output = data;

  command_show_progress (NULL);
  if (output->json)
    print_json (scores, output);
  else
    print_row (scores, output);
  command_show_progress ("Evaluating");
}

int
cmd_evaluate (int argc, char **argv)
{
  static char              *model_name;
  static char              *predictions;
  static char              *against;
  static int                limit;
  static gboolean           json, quick;
  static const GOptionEntry entries[] = {
    { "model", 'm', 0, G_OPTION_ARG_FILENAME, &model_name, "The model: a name or a file",
      "NAME|FILE" },
    { "predictions", 'p', 0, G_OPTION_ARG_FILENAME, &predictions,
      "Score another program's masks, NAME_k.png, instead of a model's", "DIR" },
    { "against", 'a', 0, G_OPTION_ARG_STRING, &against,
      "Also compare with the same model computing in float32", "f32" },
    { "quick", 0, 0, G_OPTION_ARG_NONE, &quick,
      "Look once, at the whole picture, not again at the object", NULL },
    { "limit", 'l', 0, G_OPTION_ARG_INT, &limit, "At most N pictures of each set", "N" },
    { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "One JSON object per set and one for their mean",
      NULL },
    COMMAND_THREADS_OPTION,
    { NULL }
  };
  g_autoptr (SamModel) model = NULL;
  g_autoptr (SamModel) exact = NULL;
  SamPredictor         predictor = { 0 }, other = { 0 };
  Output               output = { 0 };
  GError              *error = NULL;
  gboolean             ok;

  if (! command_parse (
        &argc, &argv, entries, "DIR", 1, "Measures quality on pictures with true masks.",
        "DIR holds pictures NAME.jpg or NAME.png with the masks of their objects, NAME_k.png, and\n"
        "perhaps NAME_ignore.png with pixels to leave out; each subfolder of DIR is a set.\n"
        "Measured is the mean IoU with the true masks after 1, 3 and 5 clicks and for the tight\n"
        "box; click1_oracle is the best of the candidates; boundary_* is the boundary IoU;\n"
        "noc85 and noc90 are the clicks to reach 85 % and 90 %, 20 at most. With --against f32,\n"
        "agreement is the IoU of masks with those of float32, iou_change what their IoU gains."))
    return COMMAND_USAGE;
  if (limit < 0)
    return command_usage ("--limit must not be negative");
  if (predictions != NULL && model_name != NULL)
    return command_usage ("give --model or --predictions, not both");
  if (against != NULL && strcmp (against, "f32") != 0)
    return command_usage ("--against must be f32");
  if (quick && predictions != NULL)
    return command_usage ("--quick is about a model; it has no use for --predictions");
  if (against != NULL && predictions != NULL)
    return command_usage (
      "--against compares a model with itself; it has no use for --predictions");

  output.json = json;
  output.predictions = predictions != NULL;
  output.against = against != NULL;
  if (predictions == NULL)
    {
      model = command_load_model (model_name, &error);
      if (model == NULL)
        return command_fail (error);
      predictor = sam_predictor_for_model (model, quick);
    }
  if (against != NULL)
    {
      sam_arithmetic_set (SAM_ARITHMETIC_F32);
      exact = command_load_model (model_name, &error);
      if (exact == NULL)
        return command_fail (error);
      other = sam_predictor_for_model (exact, quick);
    }

  command_show_progress ("Evaluating");
  ok = sam_evaluate (argv[1], predictions != NULL ? NULL : &predictor,
                     exact != NULL ? &other : NULL, predictions, (size_t) limit, print_scores,
                     &output, command_job (), &error);
  command_show_progress (NULL);

  return ok ? COMMAND_DONE : command_fail (error);
}
