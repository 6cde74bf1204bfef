/* SPDX-License-Identifier: GPL-3.0-or-later */
/* samcore says in plain English what is wrong; here it gets what to do next, translated. */
#include "config.h"

#include <string.h>

#include <gio/gio.h>
#include <glib/gi18n-lib.h>

#include "samcore/sam-error.h"
#include "ui/session/sui-error.h"

char *
sui_error_to_sentence (const GError *error)
{
  g_autofree char *what = g_strdup (error->message);

  /* the sentence goes on after it */
  if (g_str_has_suffix (what, "."))
    what[strlen (what) - 1] = '\0';

  if (error->domain == SAM_ERROR)
    switch (error->code)
      {
      case SAM_ERROR_BAD_FILE:
        return g_strdup_printf (
          _ ("The model file cannot be used (%s): download it again or choose another model."),
          what);
      case SAM_ERROR_UNKNOWN_MODEL:
        return g_strdup_printf (_ ("This model cannot be used (%s): choose another model."), what);
      case SAM_ERROR_BAD_PROMPT:
        return g_strdup (_ ("There is nothing to apply yet: click on an object first."));
      case SAM_ERROR_BAD_IMAGE:
        return g_strdup_printf (_ ("The picture cannot be used (%s): choose another layer."), what);
      case SAM_ERROR_NO_MEMORY:
        return g_strdup_printf (
          _ ("There is not enough memory (%s): close other pictures or scale this one down."),
          what);
      case SAM_ERROR_NETWORK:
        /* after that comes what a user of the command line can do */
        what[strcspn (what, ";")] = '\0';
        return g_strdup_printf (_ ("The download failed (%s): check the connection and try again."),
                                what);
      case SAM_ERROR_CHECKSUM:
        return g_strdup (
          _ ("The downloaded file is not the right one, so it was thrown away. Try again later, or "
             "choose another model."));
      case SAM_ERROR_UNSUPPORTED:
        return g_strdup_printf (_ ("This model cannot do that (%s): choose another model."), what);
      }
  else if (error->domain == G_FILE_ERROR || error->domain == G_IO_ERROR)
    return g_strdup_printf (
      _ ("A file cannot be read (%s): check that it exists and that you may read it."), what);

  return g_strdup (error->message);
}
