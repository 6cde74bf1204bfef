/* SPDX-License-Identifier: GPL-3.0-or-later */
/* samcore models: the models that there are, here and to be had. */
#include "config.h"

#include <stdio.h>

#include "samcore/cli/command.h"
#include "samcore/sam-catalogue.h"
#include "samcore/sam-install.h"
#include "samcore/cli/sam-json.h"

static void
print_json (const SamModelItem *item)
{
  const SamModelInfo *info = item->info;
  g_autoptr (GString) json = g_string_new (NULL);

  sam_json_begin (json, NULL, '{');
  sam_json_string (json, "name", item->name);
  sam_json_string (json, "title", info != NULL ? info->title : NULL);
  sam_json_string (json, "family", info != NULL ? info->family : NULL);
  sam_json_boolean (json, "installed", item->path != NULL);
  sam_json_string (json, "path", item->path);
  sam_json_boolean (json, "default", item->is_default);
  sam_json_boolean (json, "downloadable", info != NULL && info->offered);
  if (info != NULL)
    {
      if (info->about > 0)
        sam_json_integer (json, "bytes", (gint64) info->about);
      sam_json_string (json, "licence", info->licence);
      sam_json_string (json, "source", info->source);
      sam_json_string (json, "good_for", info->good_for);
    }
  sam_json_end (json, '}');
  puts (json->str);
}

static void
print_row (const SamModelItem *item)
{
  const SamModelInfo *info = item->info;
  g_autofree char    *size = info != NULL && info->about > 0 ? g_format_size (info->about)
                                                             : g_strdup ("");
  const char         *state = item->path != NULL ? "installed"
                              : info->offered    ? "can be downloaded"
                                                 : "from a file (--add)";

  printf ("%c %-24s %-18s %9s  %s\n", item->is_default ? '*' : ' ', item->name, state, size,
          info != NULL ? info->title : item->path);
}

static int
list (gboolean json)
{
  g_autoptr (GPtrArray) items = sam_catalogue_list ();

  for (guint i = 0; i < items->len; i++)
    if (json)
      print_json (items->pdata[i]);
    else
      print_row (items->pdata[i]);

  return COMMAND_DONE;
}

int
cmd_models (int argc, char **argv)
{
  static char              *download, *add, *chosen;
  static gboolean           json;
  static const GOptionEntry entries[] = {
    { "download", 'd', 0, G_OPTION_ARG_STRING, &download, "Download a model from the list",
      "NAME" },
    { "add", 'a', 0, G_OPTION_ARG_FILENAME, &add, "Add a model from a checkpoint file", "FILE" },
    { "default", 0, 0, G_OPTION_ARG_FILENAME, &chosen, "Make a model the default", "NAME" },
    { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "Print one JSON object per model", NULL },
    { NULL }
  };
  g_autofree char *path = NULL;
  GError          *error = NULL;

  if (! command_parse (&argc, &argv, entries, NULL, 0,
                       "Lists the models that are installed or can be downloaded.",
                       "The default model is marked *."))
    return COMMAND_USAGE;
  if ((download != NULL) + (add != NULL) + (chosen != NULL) > 1)
    return command_usage ("give only one of --download, --add and --default");

  if (download == NULL && add == NULL && chosen == NULL)
    return list (json);
  if (chosen != NULL)
    return sam_catalogue_set_default (chosen, &error) ? COMMAND_DONE : command_fail (error);

  if (download != NULL)
    {
      command_show_progress ("Downloading");
      path = sam_install_download (download, command_job (), &error);
    }
  else
    {
      command_show_progress ("Adding");
      path = sam_install_file (add, command_job (), &error);
    }
  command_show_progress (NULL);
  if (path == NULL)
    return command_fail (error);
  printf ("%s\n", path);

  return COMMAND_DONE;
}
