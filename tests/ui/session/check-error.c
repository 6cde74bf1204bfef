/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the window and the procedures say about an error, whatever the words are. */
#include "config.h"

#include <string.h>

#include <gio/gio.h>

#include "samcore/sam-error.h"
#include "ui/session/sui-error.h"

typedef struct
{
  char    *in_window, *in_call;
  gboolean is_call;
} Said;

static Said
say (GQuark domain, int code, const char *message)
{
  g_autoptr (GError) error = g_error_new_literal (domain, code, message);
  Said               said;

  said.in_window = sui_error_to_sentence (error);
  said.in_call = sui_error_to_call_sentence (error, &said.is_call);

  return said;
}

static void
said_clear (Said *said)
{
  g_free (said->in_window);
  g_free (said->in_call);
}

/* Each error of the core has a sentence that is filled in. */
static void
test_core (void)
{
  for (int code = 0; code <= SAM_ERROR_UNSUPPORTED; code++)
    {
      Said     said = say (SAM_ERROR, code, "50% is missing.");
      gboolean about_call = code == SAM_ERROR_UNKNOWN_MODEL || code == SAM_ERROR_BAD_PROMPT;

      g_assert_cmpstr (said.in_window, !=, "50% is missing.");
      g_assert_null (strstr (said.in_window, "%s"));
      g_assert_nonnull (strstr (said.in_call, "50% is missing"));
      g_assert_true (said.is_call == about_call);
      /* a procedure's caller wrote the arguments, a window has none; a download that is wrong is
       * gone in the window */
      g_assert_true ((strcmp (said.in_window, said.in_call) != 0) ==
                     (about_call || code == SAM_ERROR_CHECKSUM));
      said_clear (&said);
    }
}

static void
test_inside (void)
{
  /* a full stop does not stay inside of the sentence */
  Said said = say (SAM_ERROR, SAM_ERROR_BAD_IMAGE, "it is empty.");

  g_assert_nonnull (strstr (said.in_window, "(it is empty)"));
  said_clear (&said);

  /* what to do on a command line is of no use in a window */
  said = say (SAM_ERROR, SAM_ERROR_NETWORK, "no answer; try --offline");
  g_assert_nonnull (strstr (said.in_window, "(no answer)"));
  g_assert_nonnull (strstr (said.in_call, "(no answer; try --offline)"));
  said_clear (&said);
}

static void
test_others (void)
{
  Said file = say (G_FILE_ERROR, G_FILE_ERROR_NOENT, "no x");
  Said io = say (G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "no x");
  Said option = say (G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "as it is.");

  g_assert_nonnull (strstr (file.in_window, "(no x)"));
  g_assert_cmpstr (file.in_window, ==, file.in_call);
  g_assert_cmpstr (file.in_window, ==, io.in_window);
  g_assert_false (file.is_call);
  g_assert_cmpstr (option.in_window, ==, "as it is.");
  g_assert_null (option.in_call);
  said_clear (&file);
  said_clear (&io);
  said_clear (&option);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/error/core", test_core);
  g_test_add_func ("/error/inside", test_inside);
  g_test_add_func ("/error/others", test_others);

  return g_test_run ();
}
