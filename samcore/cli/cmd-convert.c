/* SPDX-License-Identifier: GPL-3.0-or-later */
/* samcore convert: a checkpoint as published becomes one in our own form. */
#include "config.h"

#include "samcore/cli/command.h"
#include "samcore/sam-convert.h"

int
cmd_convert (int argc, char **argv)
{
  static char              *precision_name;
  static const GOptionEntry entries[] = { { "precision", 'p', 0, G_OPTION_ARG_STRING,
                                            &precision_name, "f32 (the default), f16, bf16 or int8",
                                            "PRECISION" },
                                          { NULL } };
  SamPrecision              precision = SAM_PRECISION_F32;
  GError                   *error = NULL;
  gboolean                  ok;

  if (! command_parse (&argc, &argv, entries, "IN OUT", 2, "Writes a checkpoint as safetensors.",
                       "IN is a .pth, .pt or .safetensors file as published; f16 and bf16 halve "
                       "the file, int8 quarters it."))
    return COMMAND_USAGE;
  if (precision_name != NULL && ! sam_precision_parse (precision_name, &precision, &error))
    {
      int status = command_usage ("%s", error->message);

      g_error_free (error);
      return status;
    }

  command_show_progress ("Converting");
  ok = sam_convert (argv[1], argv[2], precision, command_job (), &error);
  command_show_progress (NULL);

  return ok ? COMMAND_DONE : command_fail (error);
}
