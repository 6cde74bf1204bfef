/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The core says the version that the build was given. */
#include "config.h"

#include <glib.h>

#include "samcore/sam-version.h"

static void
test_version (void)
{
  g_assert_cmpstr (sam_version (), ==, SAM_VERSION);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/version", test_version);

  return g_test_run ();
}
