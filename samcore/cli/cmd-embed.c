/* SPDX-License-Identifier: GPL-3.0-or-later */
/* samcore embed: the image embedding of a picture, kept in a file. */
#include "config.h"

#include <stdio.h>

#include "samcore/cli/command.h"
#include "samcore/cli/sam-image-file.h"

int
cmd_embed (int argc, char **argv)
{
  static char              *model_name;
  static char              *output;
  static const GOptionEntry entries[] = { { "model", 'm', 0, G_OPTION_ARG_FILENAME, &model_name,
                                            "The model: a name or a file", "NAME|FILE" },
                                          { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output,
                                            "The file to write", "FILE.safetensors" },
                                          COMMAND_THREADS_OPTION,
                                          { NULL } };
  g_autoptr (SamImage)      image = NULL;
  g_autoptr (SamModel)      model = NULL;
  g_autoptr (SamScene)      scene = NULL;
  GError                   *error = NULL;

  if (
    ! command_parse (
      &argc, &argv, entries, "PICTURE", 1, "Writes the image embedding of a picture.",
      "The file (safetensors, f32) has the map \"embedding\" and, for models that have them, the\n"
      "high-resolution features; all of them [side, side, channels]."))
    return COMMAND_USAGE;
  if (output == NULL)
    return command_usage ("name the output file: -o FILE.safetensors");

  command_prefer_f32 ();
  if (! sam_output_check (output, &error) || (image = sam_picture_read (argv[1], &error)) == NULL ||
      (model = command_load_model (model_name, &error)) == NULL)
    return command_fail (error);

  command_show_progress ("Looking at the picture");
  scene = sam_model_encode (model, image, command_job (), &error);
  command_show_progress (NULL);
  if (scene == NULL ||
      ! sam_model_save_embedding (model, sam_scene_get_embedding (scene), output, &error))
    return command_fail (error);

  return COMMAND_DONE;
}
