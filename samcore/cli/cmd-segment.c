/* SPDX-License-Identifier: GPL-3.0-or-later */
/* samcore segment: a picture and prompts in, the object's mask out. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "samcore/cli/command.h"
#include "samcore/cli/sam-image-file.h"
#include "samcore/cli/sam-json.h"
#include "samcore/sam-cache.h"
#include "samcore/sam-candidate.h"
#include "samcore/sam-mask-finish.h"

typedef struct
{
  char        **points, **boxes;
  char         *prompt, *mask;
  char         *model;
  char         *candidate;
  char         *edge, *hq;
  gboolean      quick;
  SamMaskFinish finish;
  char         *output, *overlay, *cutout, *logits;
  gboolean      json, no_cache;
} Options;

/* What is done once per run, and how long it took. */
typedef struct
{
  SamImage  *image;
  SamMask   *prompt_mask;
  SamModel  *model;
  SamScene  *scene;
  SamLogits *logits;
  size_t     candidate;
  SamMask   *mask;
  gboolean   cached;
  double     read_ms, load_ms, encode_ms, predict_ms, mask_ms;
} Run;

static void
run_clear (Run *run)
{
  sam_mask_free (run->mask);
  sam_logits_free (run->logits);
  sam_scene_unref (run->scene);
  sam_model_unref (run->model);
  sam_mask_free (run->prompt_mask);
  sam_image_unref (run->image);
}

/* Milliseconds since *start, which becomes now. */
static double
take_time (gint64 *start)
{
  gint64 now = g_get_monotonic_time ();
  double ms = (double) (now - *start) / 1000;

  *start = now;
  return ms;
}

/* "X,Y" and "X,Y,0" or "X,Y,1" */
static gboolean
parse_point (const char *text, SamPrompt *prompt)
{
  double numbers[3] = { 0, 0, 1 };

  if (! command_parse_numbers (text, numbers, 2) && ! command_parse_numbers (text, numbers, 3))
    return FALSE;
  if (numbers[2] != 0 && numbers[2] != 1)
    return FALSE;
  sam_prompt_add_point (prompt, (float) numbers[0], (float) numbers[1], (int) numbers[2]);

  return TRUE;
}

/* Everything about the options that can be wrong without looking at a file. */
static int
check_options (const Options *options, SamPrompt *prompt, SamEdge *edge, int *candidate)
{
  const char *to_stdout[] = { options->output, options->overlay, options->cutout, options->logits };
  double  amounts[] = { options->finish.grow, options->finish.feather, options->finish.fill_holes,
                        options->finish.min_area };
  int     n_stdout = options->json;
  GError *error = NULL;

  for (char **text = options->points; text != NULL && *text != NULL; text++)
    if (! parse_point (*text, prompt))
      return command_usage (
        "“%s” is not a point: write --point X,Y, or --point X,Y,0 for one off the object", *text);
  for (char **text = options->boxes; text != NULL && *text != NULL; text++)
    {
      double corners[4];

      if (! command_parse_numbers (*text, corners, 4))
        return command_usage ("“%s” is not a box: write --box X0,Y0,X1,Y1", *text);
      sam_prompt_add_box (prompt, (float) corners[0], (float) corners[1], (float) corners[2],
                          (float) corners[3]);
    }
  if (options->prompt != NULL && ! sam_prompt_parse (prompt, options->prompt, &error))
    {
      int status = command_usage ("%s", error->message);

      g_error_free (error);
      return status;
    }
  if (sam_prompt_is_empty (prompt) && options->mask == NULL)
    return command_usage ("say what to select: --point X,Y, --box X0,Y0,X1,Y1 or --mask FILE");

  *candidate = SAM_CANDIDATE_BEST;
  if (options->candidate != NULL && ! sam_candidate_parse (options->candidate, candidate))
    return command_usage ("--candidate must be best, 1, 2 or 3");

  *edge = SAM_EDGE_HARD;
  if (options->edge != NULL && strcmp (options->edge, "smooth") == 0)
    *edge = SAM_EDGE_SMOOTH;
  else if (options->edge != NULL && strcmp (options->edge, "hard") != 0)
    return command_usage ("--edge must be hard or smooth");

  prompt->quick = options->quick;
  if (options->hq != NULL && strcmp (options->hq, "only") == 0)
    prompt->hq_mode = SAM_HQ_ONLY;
  else if (options->hq != NULL && strcmp (options->hq, "off") == 0)
    prompt->hq_mode = SAM_HQ_OFF;
  else if (options->hq != NULL && strcmp (options->hq, "add") != 0)
    return command_usage ("--hq must be add, only or off");

  for (size_t i = 0; i < G_N_ELEMENTS (amounts); i++)
    if (! isfinite (amounts[i]) || (i > 0 && amounts[i] < 0))
      return command_usage (
        "--grow, --feather, --fill-holes and --min-area must be numbers, and only --grow negative");

  for (size_t i = 0; i < G_N_ELEMENTS (to_stdout); i++)
    n_stdout += to_stdout[i] != NULL && strcmp (to_stdout[i], "-") == 0;
  if (n_stdout > 1)
    return command_usage ("only one result can be written to standard output");

  return COMMAND_DONE;
}

/* Better now than after a minute of computing. */
static gboolean
check_outputs (const Options *options, GError **error)
{
  return (options->output == NULL || sam_picture_check_output (options->output, FALSE, error)) &&
         (options->overlay == NULL || sam_picture_check_output (options->overlay, FALSE, error)) &&
         (options->cutout == NULL || sam_picture_check_output (options->cutout, TRUE, error)) &&
         (options->logits == NULL || sam_output_check (options->logits, error));
}

static gboolean
run_all (Run           *run,
         const char    *picture,
         const Options *options,
         SamPrompt     *prompt,
         SamEdge        edge,
         int            candidate,
         GError       **error)
{
  const SamJob *job = command_job ();
  gint64        clock = g_get_monotonic_time ();

  run->image = sam_picture_read (picture, error);
  if (run->image == NULL)
    return FALSE;
  if (options->mask != NULL)
    {
      prompt->mask = run->prompt_mask = sam_picture_read_mask (options->mask, error);
      if (prompt->mask == NULL)
        return FALSE;
    }
  run->read_ms = take_time (&clock);
  if (! sam_prompt_check (prompt, sam_image_get_width (run->image),
                          sam_image_get_height (run->image), error))
    return FALSE;

  if (options->logits != NULL)
    command_prefer_f32 ();
  run->model = command_load_model (options->model, error);
  if (run->model == NULL)
    return FALSE;
  run->load_ms = take_time (&clock);

  command_show_progress ("Looking at the picture");
  run->scene = options->no_cache
                 ? sam_model_encode (run->model, run->image, job, error)
                 : sam_cache_encode (run->model, run->image, job, &run->cached, error);
  command_show_progress (NULL);
  if (run->scene == NULL)
    return FALSE;
  run->encode_ms = take_time (&clock);

  run->logits = sam_model_predict (run->model, run->scene, prompt, job, error);
  if (run->logits == NULL ||
      ! sam_candidate_choose (candidate, sam_logits_get_n_candidates (run->logits),
                              sam_logits_get_best (run->logits), &run->candidate, error))
    return FALSE;
  run->predict_ms = take_time (&clock);

  run->mask = sam_mask_new_from_logits (run->logits, run->candidate, edge, job, error);
  if (run->mask != NULL)
    run->mask = sam_mask_finish (run->mask, &options->finish, 1.0, NULL, NULL, job, error);
  run->mask_ms = take_time (&clock);

  return run->mask != NULL;
}

/* --- results --- */

static void
append_tensor (GString *header, const char *name, size_t n, size_t side, size_t from, size_t to)
{
  sam_json_begin (header, name, '{');
  sam_json_string (header, "dtype", "F32");
  sam_json_begin (header, "shape", '[');
  sam_json_integer (header, NULL, (gint64) n);
  for (int i = 0; i < 2 && side > 0; i++)
    sam_json_integer (header, NULL, (gint64) side);
  sam_json_end (header, ']');
  sam_json_begin (header, "data_offsets", '[');
  sam_json_integer (header, NULL, (gint64) from);
  sam_json_integer (header, NULL, (gint64) to);
  sam_json_end (header, ']');
  sam_json_end (header, '}');
}

/* safetensors: "logits" [candidates, side, side] and "iou" [candidates], f32; in the metadata
 * "parts", for each candidate the x, y, width and height of the part of the picture that its map
 * covers */
static gboolean
write_logits (const Run *run, const char *path, GError **error)
{
  size_t                 n = sam_logits_get_n_candidates (run->logits);
  size_t                 side = sam_logits_get_width (run->logits);
  size_t                 n_bytes = n * side * side * sizeof (float);
  g_autoptr (GString)    header = g_string_new (NULL);
  g_autoptr (GByteArray) file = g_byte_array_new ();
  g_autofree char       *size = g_strdup_printf ("%zu %zu", sam_image_get_width (run->image),
                                                 sam_image_get_height (run->image));
  g_autofree char       *best = g_strdup_printf ("%zu", sam_logits_get_best (run->logits) + 1);
  g_autoptr (GString)    parts = g_string_new (NULL);
  guint64                length;

  sam_json_begin (header, NULL, '{');
  sam_json_begin (header, "__metadata__", '{');
  sam_json_string (header, "model", sam_model_get_name (run->model));
  sam_json_string (header, "picture_size", size);
  sam_json_string (header, "best_candidate", best);
  for (size_t i = 0; i < n; i++)
    {
      size_t x, y, width, height;

      sam_logits_get_part (run->logits, i, &x, &y, &width, &height);
      g_string_append_printf (parts, "%s%zu %zu %zu %zu", i > 0 ? "; " : "", x, y, width, height);
    }
  sam_json_string (header, "parts", parts->str);
  sam_json_end (header, '}');
  append_tensor (header, "logits", n, side, 0, n_bytes);
  append_tensor (header, "iou", n, 0, n_bytes, n_bytes + n * sizeof (float));
  sam_json_end (header, '}');
  while (header->len % 8 != 0) /* the data is aligned then */
    g_string_append_c (header, ' ');

  length = GUINT64_TO_LE ((guint64) header->len);
  g_byte_array_append (file, (const guint8 *) &length, sizeof length);
  g_byte_array_append (file, (const guint8 *) header->str, (guint) header->len);
  for (size_t i = 0; i < n; i++)
    g_byte_array_append (file, (const guint8 *) sam_logits_get_values (run->logits, i),
                         (guint) (side * side * sizeof (float)));
  for (size_t i = 0; i < n; i++)
    {
      float iou = sam_logits_get_iou (run->logits, i);

      g_byte_array_append (file, (const guint8 *) &iou, sizeof iou);
    }

  return sam_output_write (path, file->data, file->len, error);
}

static void
json_area_and_box (GString *json, const SamMask *mask)
{
  size_t x0, y0, x1, y1;

  sam_json_integer (json, "area", (gint64) sam_mask_get_area (mask));
  if (sam_mask_get_bounds (mask, &x0, &y0, &x1, &y1))
    {
      sam_json_begin (json, "box", '[');
      sam_json_integer (json, NULL, (gint64) x0);
      sam_json_integer (json, NULL, (gint64) y0);
      sam_json_integer (json, NULL, (gint64) x1);
      sam_json_integer (json, NULL, (gint64) y1);
      sam_json_end (json, ']');
    }
  else
    {
      sam_json_string (json, "box", NULL);
    }
}

static gboolean
print_json (const Run *run, const char *picture, GError **error)
{
  g_autoptr (GString) json = g_string_new (NULL);

  sam_json_begin (json, NULL, '{');
  sam_json_string (json, "picture", picture);
  sam_json_integer (json, "width", (gint64) sam_image_get_width (run->image));
  sam_json_integer (json, "height", (gint64) sam_image_get_height (run->image));
  sam_json_string (json, "model", sam_model_get_name (run->model));

  sam_json_begin (json, "candidates", '[');
  for (size_t i = 0; i < sam_logits_get_n_candidates (run->logits); i++)
    {
      g_autoptr (SamMask) mask = sam_mask_new_from_logits (run->logits, i, SAM_EDGE_HARD,
                                                           command_job (), error);

      if (mask == NULL)
        return FALSE;
      sam_json_begin (json, NULL, '{');
      sam_json_integer (json, "candidate", (gint64) i + 1);
      sam_json_number (json, "iou", sam_logits_get_iou (run->logits, i));
      sam_json_number (json, "stability", sam_logits_get_stability (run->logits, i));
      json_area_and_box (json, mask);
      sam_json_end (json, '}');
    }
  sam_json_end (json, ']');

  sam_json_integer (json, "candidate", (gint64) run->candidate + 1);
  sam_json_number (json, "iou", sam_logits_get_iou (run->logits, run->candidate));
  json_area_and_box (json, run->mask);
  if (! isnan (sam_logits_get_object_score (run->logits)))
    sam_json_number (json, "object_score", sam_logits_get_object_score (run->logits));

  sam_json_begin (json, "ms", '{');
  sam_json_number (json, "read", run->read_ms);
  sam_json_number (json, "load", run->load_ms);
  sam_json_number (json, "encode", run->encode_ms);
  sam_json_number (json, "predict", run->predict_ms);
  sam_json_number (json, "mask", run->mask_ms);
  sam_json_end (json, '}');
  sam_json_boolean (json, "embedding_cached", run->cached);
  sam_json_end (json, '}');
  puts (json->str);

  return TRUE;
}

static void
print_summary (const Run *run)
{
  char   iou[G_ASCII_DTOSTR_BUF_SIZE];
  size_t x0, y0, x1, y1;

  g_ascii_formatd (iou, sizeof iou, "%.3f", sam_logits_get_iou (run->logits, run->candidate));
  printf ("candidate %zu of %zu, predicted IoU %s, %zu pixels", run->candidate + 1,
          sam_logits_get_n_candidates (run->logits), iou, sam_mask_get_area (run->mask));
  if (sam_mask_get_bounds (run->mask, &x0, &y0, &x1, &y1))
    printf (", box %zu,%zu,%zu,%zu", x0, y0, x1, y1);
  putchar ('\n');
}

static gboolean
write_results (const Run *run, const char *picture, const Options *options, GError **error)
{
  gboolean stdout_is_free = g_strcmp0 (options->output, "-") != 0 &&
                            g_strcmp0 (options->overlay, "-") != 0 &&
                            g_strcmp0 (options->cutout, "-") != 0 &&
                            g_strcmp0 (options->logits, "-") != 0;

  if ((options->output != NULL && ! sam_picture_write_mask (run->mask, options->output, error)) ||
      (options->overlay != NULL &&
       ! sam_picture_write_overlay (run->image, run->mask, options->overlay, error)) ||
      (options->cutout != NULL &&
       ! sam_picture_write_cutout (run->image, run->mask, options->cutout, error)) ||
      (options->logits != NULL && ! write_logits (run, options->logits, error)))
    return FALSE;

  if (options->json)
    return print_json (run, picture, error);
  if (stdout_is_free)
    print_summary (run);

  return TRUE;
}

int
cmd_segment (int argc, char **argv)
{
  static Options            options;
  static const GOptionEntry entries[] = {
    { "point", 'p', 0, G_OPTION_ARG_STRING_ARRAY, &options.points,
      "A point on the object, or with ,0 off it (repeatable)", "X,Y[,0|1]" },
    { "box", 'b', 0, G_OPTION_ARG_STRING_ARRAY, &options.boxes,
      "A box around the object; several boxes, several objects (repeatable)", "X0,Y0,X1,Y1" },
    { "mask", 0, 0, G_OPTION_ARG_FILENAME, &options.mask,
      "A rough mask to refine, white on the object", "FILE" },
    { "prompt", 0, 0, G_OPTION_ARG_STRING, &options.prompt,
      "Points and boxes in one line: \"120,80 + ; 300,90 - ; box 10,20,200,300\"", "TEXT" },
    { "model", 'm', 0, G_OPTION_ARG_FILENAME, &options.model, "The model: a name or a file",
      "NAME|FILE" },
    { "candidate", 'c', 0, G_OPTION_ARG_STRING, &options.candidate,
      "Which candidate: best (the default), 1, 2 or 3", "WHICH" },
    { "quick", 0, 0, G_OPTION_ARG_NONE, &options.quick,
      "Look once, at the whole picture, not again at the object", NULL },
    { "hq", 0, 0, G_OPTION_ARG_STRING, &options.hq,
      "SAM-HQ's finer mask: add (the default), only or off; other models have none", "MODE" },
    { "edge", 0, 0, G_OPTION_ARG_STRING, &options.edge, "hard (the default) or smooth", "EDGE" },
    { "fill-holes", 0, 0, G_OPTION_ARG_DOUBLE, &options.finish.fill_holes,
      "Fill holes up to this many pixels", "AREA" },
    { "min-area", 0, 0, G_OPTION_ARG_DOUBLE, &options.finish.min_area,
      "Remove parts of fewer pixels", "AREA" },
    { "grow", 0, 0, G_OPTION_ARG_DOUBLE, &options.finish.grow,
      "Grow by a distance; shrink if negative", "PIXELS" },
    { "feather", 0, 0, G_OPTION_ARG_DOUBLE, &options.finish.feather, "Feather by a radius",
      "PIXELS" },
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output, "Write the mask", "MASK.png" },
    { "overlay", 0, 0, G_OPTION_ARG_FILENAME, &options.overlay,
      "Write the picture with the object highlighted", "FILE" },
    { "cutout", 0, 0, G_OPTION_ARG_FILENAME, &options.cutout, "Write the object on transparency",
      "FILE.png" },
    { "logits", 0, 0, G_OPTION_ARG_FILENAME, &options.logits,
      "Write the candidates' logits and scores", "FILE.safetensors" },
    { "no-cache", 0, 0, G_OPTION_ARG_NONE, &options.no_cache, "Neither use nor store embeddings",
      NULL },
    { "json", 'j', 0, G_OPTION_ARG_NONE, &options.json,
      "Print scores, areas, boxes and times as JSON", NULL },
    COMMAND_THREADS_OPTION,
    { NULL }
  };
  g_auto (SamPrompt) prompt;
  Run                run = { 0 };
  SamEdge            edge = SAM_EDGE_HARD;
  int                candidate = SAM_CANDIDATE_BEST, status;
  GError            *error = NULL;

  sam_prompt_init (&prompt);
  if (! command_parse (
        &argc, &argv, entries, "PICTURE", 1, "Selects an object in a picture.",
        "Coordinates are pixels from the top left corner of the picture as people see it: turned\n"
        "the way its EXIF orientation says. The centre of the first pixel is 0.5,0.5. PICTURE and\n"
        "the files to write may be - for the standard streams.\n\n"
        "  samcore segment photo.jpg --point 320,200 -o mask.png\n"
        "  samcore segment photo.jpg --box 100,50,400,300 --point 150,80,0 --cutout object.png"))
    return COMMAND_USAGE;
  status = check_options (&options, &prompt, &edge, &candidate);
  if (status != COMMAND_DONE)
    return status;

  if (! check_outputs (&options, &error) ||
      ! run_all (&run, argv[1], &options, &prompt, edge, candidate, &error) ||
      ! write_results (&run, argv[1], &options, &error))
    status = command_fail (error);
  run_clear (&run);

  return status;
}
