/* SPDX-License-Identifier: GPL-3.0-or-later */
/* samcore info: what a checkpoint is. */
#include "config.h"

#include <stdio.h>

#include "samcore/cli/command.h"
#include "samcore/sam-catalogue.h"
#include "samcore/weights/sam-checkpoint.h"
#include "samcore/sam-error.h"
#include "samcore/cli/sam-json.h"

#define N_DTYPES (SAM_DTYPE_BOOL + 1)

typedef struct
{
  SamCheckpoint      *checkpoint;
  SamModel           *model; /* NULL: of no family that we know, for this reason: */
  const char         *reason;
  const SamModelInfo *known; /* NULL: not in the catalogue */
  size_t              n_parameters[N_DTYPES];
} Info;

/* "F16 5.2 M, F32 0.1 M" */
static char *
describe_precision (const Info *info)
{
  GString *text = g_string_new (NULL);

  for (int i = 0; i < N_DTYPES; i++)
    if (info->n_parameters[i] > 0)
      {
        char millions[G_ASCII_DTOSTR_BUF_SIZE];

        g_ascii_formatd (millions, sizeof millions, "%.3g", (double) info->n_parameters[i] / 1e6);
        g_string_append_printf (text, "%s%s %s M", text->len > 0 ? ", " : "",
                                sam_dtype_get_name (i), millions);
      }

  return g_string_free (text, FALSE);
}

static void
print_tensor (const SamTensor *tensor)
{
  printf ("  %-4s [", sam_dtype_get_name (tensor->dtype));
  for (int i = 0; i < tensor->rank; i++)
    printf ("%s%zu", i > 0 ? ", " : "", tensor->shape[i]);
  printf ("]  %s\n", tensor->name);
}

static void
print_text (const Info *info, const char *path, gboolean tensors)
{
  g_autofree char *size = g_format_size (sam_checkpoint_get_size (info->checkpoint));
  g_autofree char *precision = describe_precision (info);
  const char      *licence = sam_checkpoint_get_metadata (info->checkpoint, "licence");

  if (licence == NULL)
    licence = sam_checkpoint_get_metadata (info->checkpoint, "license");
  if (licence == NULL && info->known != NULL)
    licence = info->known->licence;

  printf ("file        %s\n", path);
  printf ("format      %s, %s\n", sam_checkpoint_get_format (info->checkpoint), size);
  if (info->model != NULL)
    {
      char gflop[G_ASCII_DTOSTR_BUF_SIZE];

      printf ("model       %s\n", sam_model_get_name (info->model));
      printf ("family      %s\n", sam_model_get_family (info->model));
      printf ("input       %zu × %zu pixels\n", sam_model_get_image_size (info->model),
              sam_model_get_image_size (info->model));
      printf ("encoder     %s GFLOP\n",
              g_ascii_formatd (gflop, sizeof gflop, "%.1f", sam_model_get_gflop (info->model)));
    }
  else
    {
      printf ("model       unknown\n");
      printf ("            %s\n", info->reason);
    }
  if (licence != NULL)
    printf ("licence     %s\n", licence);
  if (info->known != NULL)
    printf ("            %s\n", info->known->licence_words);
  printf ("parameters  %s\n", precision);
  printf ("tensors     %zu%s\n", sam_checkpoint_get_n_tensors (info->checkpoint),
          tensors ? "" : " (--tensors lists them)");
  for (size_t i = 0; tensors && i < sam_checkpoint_get_n_tensors (info->checkpoint); i++)
    print_tensor (sam_checkpoint_get_tensor (info->checkpoint, i));
}

static void
print_json (const Info *info, const char *path, gboolean tensors)
{
  g_autoptr (GString) json = g_string_new (NULL);

  sam_json_begin (json, NULL, '{');
  sam_json_string (json, "file", path);
  sam_json_string (json, "format", sam_checkpoint_get_format (info->checkpoint));
  sam_json_integer (json, "bytes", (gint64) sam_checkpoint_get_size (info->checkpoint));
  sam_json_string (json, "model", info->model != NULL ? sam_model_get_name (info->model) : NULL);
  sam_json_string (json, "family", info->model != NULL ? sam_model_get_family (info->model) : NULL);
  if (info->model != NULL)
    {
      sam_json_integer (json, "image_size", (gint64) sam_model_get_image_size (info->model));
      sam_json_number (json, "encoder_gflop", sam_model_get_gflop (info->model));
    }
  sam_json_begin (json, "parameters", '{');
  for (int i = 0; i < N_DTYPES; i++)
    if (info->n_parameters[i] > 0)
      sam_json_integer (json, sam_dtype_get_name (i), (gint64) info->n_parameters[i]);
  sam_json_end (json, '}');
  sam_json_integer (json, "n_tensors", (gint64) sam_checkpoint_get_n_tensors (info->checkpoint));
  if (tensors)
    {
      sam_json_begin (json, "tensors", '[');
      for (size_t i = 0; i < sam_checkpoint_get_n_tensors (info->checkpoint); i++)
        {
          const SamTensor *tensor = sam_checkpoint_get_tensor (info->checkpoint, i);

          sam_json_begin (json, NULL, '{');
          sam_json_string (json, "name", tensor->name);
          sam_json_string (json, "dtype", sam_dtype_get_name (tensor->dtype));
          sam_json_begin (json, "shape", '[');
          for (int k = 0; k < tensor->rank; k++)
            sam_json_integer (json, NULL, (gint64) tensor->shape[k]);
          sam_json_end (json, ']');
          sam_json_end (json, '}');
        }
      sam_json_end (json, ']');
    }
  sam_json_end (json, '}');
  puts (json->str);
}

int
cmd_info (int argc, char **argv)
{
  static gboolean           json, tensors;
  static const GOptionEntry entries[] = {
    { "tensors", 0, 0, G_OPTION_ARG_NONE, &tensors, "List the tensors too", NULL },
    { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "Print one JSON object", NULL },
    { NULL }
  };
  Info    info = { 0 };
  GError *error = NULL;
  int     status = COMMAND_DONE;

  if (! command_parse (&argc, &argv, entries, "FILE", 1, "Identifies a checkpoint.", NULL))
    return COMMAND_USAGE;

  info.checkpoint = sam_checkpoint_open (argv[1], &error);
  if (info.checkpoint == NULL)
    return command_fail (error);
  for (size_t i = 0; i < sam_checkpoint_get_n_tensors (info.checkpoint); i++)
    {
      const SamTensor *tensor = sam_checkpoint_get_tensor (info.checkpoint, i);

      info.n_parameters[tensor->dtype] += tensor->n_elements;
    }

  info.known = sam_catalogue_guess (argv[1]);

  /* a sound file of no family that we know can still be described */
  info.model = sam_model_load (argv[1], command_job (), &error);
  if (info.model != NULL || g_error_matches (error, SAM_ERROR, SAM_ERROR_UNKNOWN_MODEL))
    {
      info.reason = error != NULL ? error->message : NULL;
      (json ? print_json : print_text) (&info, argv[1], tensors);
    }
  else
    {
      status = command_fail (g_steal_pointer (&error));
    }
  g_clear_error (&error);
  sam_model_unref (info.model);
  sam_checkpoint_unref (info.checkpoint);

  return status;
}
