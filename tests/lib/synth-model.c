/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes a checkpoint without training: synth-model LIST FILE, for measuring how fast the networks
 * are. */
#include "tests/lib/synth-weights.h"

int
main (int argc, char **argv)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;

  if (argc != 3)
    {
      g_printerr ("usage: %s LIST FILE\n", argv[0]);
      return 2;
    }

  bytes = synth_bytes_from_list (argv[1], NULL);
  if (! g_file_set_contents (argv[2], g_bytes_get_data (bytes, NULL),
                             (gssize) g_bytes_get_size (bytes), &error))
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }

  return 0;
}
