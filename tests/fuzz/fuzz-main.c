/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A fuzz target as a plain test: every file in the folders given, once. Speaks TAP. */
#include "config.h"

#include <stdio.h>

#include "tests/fuzz/fuzz.h"

static int
run_folder (const char *folder)
{
  g_autoptr (GError)    error = NULL;
  g_autoptr (GDir)      dir = g_dir_open (folder, 0, &error);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const char           *name;

  g_assert_no_error (error);
  while ((name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_build_filename (folder, name, NULL));
  g_ptr_array_sort_values (names, (GCompareFunc) g_strcmp0);

  for (guint i = 0; i < names->len; i++)
    {
      g_autofree char *contents = NULL;
      gsize            size;

      if (! g_file_get_contents (g_ptr_array_index (names, i), &contents, &size, NULL))
        continue; /* a folder */
      LLVMFuzzerTestOneInput ((const uint8_t *) contents, size);
    }

  return names->len;
}

int
main (int argc, char **argv)
{
  printf ("1..%d\n", argc - 1);
  for (int i = 1; i < argc; i++)
    {
      int n = run_folder (argv[i]);

      printf ("%sok %d - %d files of %s\n", n > 0 ? "" : "not ", i, n, argv[i]);
      fflush (stdout);
    }

  return 0;
}
