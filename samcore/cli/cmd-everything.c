/* SPDX-License-Identifier: GPL-3.0-or-later */
/* samcore everything: all objects of a picture, as annotations and as masks. */
#include "config.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <glib/gstdio.h>

#include "samcore/cli/command.h"
#include "samcore/sam-everything.h"
#include "samcore/cli/sam-json.h"
#include "samcore/cli/sam-image-file.h"

static void
append_corners (GString *json, const char *key, const SamCorners *corners)
{
  sam_json_begin (json, key, '[');
  sam_json_integer (json, NULL, (gint64) corners->x0);
  sam_json_integer (json, NULL, (gint64) corners->y0);
  sam_json_integer (json, NULL, (gint64) (corners->x1 - corners->x0));
  sam_json_integer (json, NULL, (gint64) (corners->y1 - corners->y0));
  sam_json_end (json, ']');
}

static void
append_object (GString *json, const SamObject *object, guint number)
{
  g_autofree char *counts = sam_rle_to_string (&object->rle);

  sam_json_begin (json, NULL, '{');
  sam_json_integer (json, "id", number);
  sam_json_begin (json, "segmentation", '{');
  sam_json_begin (json, "size", '[');
  sam_json_integer (json, NULL, (gint64) object->rle.height);
  sam_json_integer (json, NULL, (gint64) object->rle.width);
  sam_json_end (json, ']');
  sam_json_string (json, "counts", counts);
  sam_json_end (json, '}');
  append_corners (json, "bbox", &object->box);
  sam_json_integer (json, "area", (gint64) sam_rle_get_area (&object->rle));
  sam_json_number (json, "predicted_iou", object->iou);
  sam_json_number (json, "stability_score", object->stability);
  append_corners (json, "crop_box", &object->crop);
  sam_json_begin (json, "point_coords", '[');
  sam_json_begin (json, NULL, '[');
  sam_json_number (json, NULL, object->x);
  sam_json_number (json, NULL, object->y);
  sam_json_end (json, ']');
  sam_json_end (json, ']');
  sam_json_end (json, '}');
}

/* One object, as the SA-1B data set has them. */
static gboolean
write_annotations (GPtrArray      *objects,
                   const SamImage *image,
                   const char     *picture,
                   const char     *path,
                   GError        **error)
{
  g_autoptr (GString) json = g_string_new (NULL);
  g_autofree char    *name = g_path_get_basename (picture);

  sam_json_begin (json, NULL, '{');
  sam_json_begin (json, "image", '{');
  sam_json_string (json, "file_name", name);
  sam_json_integer (json, "width", (gint64) sam_image_get_width (image));
  sam_json_integer (json, "height", (gint64) sam_image_get_height (image));
  sam_json_end (json, '}');
  sam_json_begin (json, "annotations", '[');
  for (guint i = 0; i < objects->len; i++)
    append_object (json, objects->pdata[i], i + 1);
  sam_json_end (json, ']');
  sam_json_end (json, '}');
  g_string_append_c (json, '\n');

  return sam_output_write (path, json->str, json->len, error);
}

/* DIRECTORY/001.png … in the order of the annotations */
static gboolean
write_masks (GPtrArray *objects, const char *directory, GError **error)
{
  if (g_mkdir_with_parents (directory, 0777) != 0)
    {
      int saved_errno = errno;

      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (saved_errno),
                   "Cannot create the folder %s: %s", directory, g_strerror (saved_errno));
      return FALSE;
    }

  for (guint i = 0; i < objects->len; i++)
    {
      g_autofree char    *name = g_strdup_printf ("%03u.png", i + 1);
      g_autofree char    *path = g_build_filename (directory, name, NULL);
      g_autoptr (SamMask) mask = sam_object_to_mask (objects->pdata[i], error);

      if (mask == NULL || ! sam_picture_write_mask (mask, path, error))
        return FALSE;
    }

  return TRUE;
}

static void
print_objects (GPtrArray *objects)
{
  for (guint i = 0; i < objects->len; i++)
    {
      const SamObject *object = objects->pdata[i];
      char             iou[G_ASCII_DTOSTR_BUF_SIZE], stability[G_ASCII_DTOSTR_BUF_SIZE];

      g_ascii_formatd (iou, sizeof iou, "%.3f", object->iou);
      g_ascii_formatd (stability, sizeof stability, "%.3f", object->stability);
      printf ("%03u  predicted IoU %s, stability %s, %zu pixels, box %zu,%zu,%zu,%zu\n", i + 1, iou,
              stability, sam_rle_get_area (&object->rle), object->box.x0, object->box.y0,
              object->box.x1 + 1, object->box.y1 + 1);
    }
}

int
cmd_everything (int argc, char **argv)
{
  static SamEverythingOptions options;
  static int                  min_area;
  static char                *model_name, *directory, *json_path;
  static const GOptionEntry   entries[] = {
    { "model", 'm', 0, G_OPTION_ARG_FILENAME, &model_name, "The model: a name or a file",
        "NAME|FILE" },
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &directory, "Write a mask per object, 001.png …",
        "DIR" },
    { "json", 'j', 0, G_OPTION_ARG_FILENAME, &json_path,
        "Write annotations like SA-1B's; - is standard output", "FILE" },
    { "points-per-side", 0, 0, G_OPTION_ARG_INT, &options.points_per_side,
        "The grid of points (32)", "N" },
    { "min-iou", 0, 0, G_OPTION_ARG_DOUBLE, &options.min_iou,
        "Predicted IoU above this (what suits the model)", "X" },
    { "min-stability", 0, 0, G_OPTION_ARG_DOUBLE, &options.min_stability,
        "Stability of at least this (what suits it)", "X" },
    { "max-overlap", 0, 0, G_OPTION_ARG_DOUBLE, &options.max_box_iou,
        "IoU of boxes above which the worse one goes (0.7)", "X" },
    { "crop-layers", 0, 0, G_OPTION_ARG_INT, &options.crop_layers,
        "Look at 4, 16 … crops too, for small objects (0)", "N" },
    { "min-area", 0, 0, G_OPTION_ARG_INT, &min_area, "Remove holes and islands of fewer pixels (0)",
        "AREA" },
    COMMAND_THREADS_OPTION,
    { NULL }
  };
  g_autoptr (SamImage)  image = NULL;
  g_autoptr (SamModel)  model = NULL;
  g_autoptr (GPtrArray) objects = NULL;
  GError               *error = NULL;

  sam_everything_options_init (&options);
  if (! command_parse (
        &argc, &argv, entries, "PICTURE", 1, "Finds all objects in a picture.",
        "Tries a grid of points and keeps the good masks, as Segment Anything's automatic mask\n"
        "generator does. Scores depend on the model: if too little is found, lower --min-iou and\n"
        "--min-stability. bbox is x, y, width, height, the last two as in the reference: one less\n"
        "than the number of pixels; crop_box has the full size."))
    return COMMAND_USAGE;
  if (options.points_per_side < 1 || options.points_per_side > 256)
    return command_usage ("--points-per-side must be 1 to 256");
  if (options.crop_layers < 0 || options.crop_layers > 4)
    return command_usage ("--crop-layers must be 0 to 4");
  if (min_area < 0)
    return command_usage ("--min-area must not be negative");
  if (! isfinite (options.min_iou) || ! isfinite (options.min_stability) ||
      ! isfinite (options.max_box_iou))
    return command_usage ("scores must be numbers");
  options.min_area = (size_t) min_area;

  if ((json_path != NULL && ! sam_output_check (json_path, &error)) ||
      (image = sam_picture_read (argv[1], &error)) == NULL ||
      (model = command_load_model (model_name, &error)) == NULL)
    return command_fail (error);

  command_show_progress ("Looking for objects");
  objects = sam_everything (model, image, &options, command_job (), &error);
  command_show_progress (NULL);
  if (objects == NULL || (directory != NULL && ! write_masks (objects, directory, &error)) ||
      (json_path != NULL && ! write_annotations (objects, image, argv[1], json_path, &error)))
    return command_fail (error);
  if (g_strcmp0 (json_path, "-") != 0)
    print_objects (objects);

  return COMMAND_DONE;
}
