/* SPDX-License-Identifier: GPL-3.0-or-later */
/* samcore speaks plain English and says what is wrong; here it becomes a sentence that also says
 * what to do. */
#include "config.h"

#include "plugin/sa-error.h"

#include "samcore/samcore.h"

#include "plugin/sa-intl.h"

G_DEFINE_QUARK (sa-error-quark, sa_error)

GError *
sa_error_for_people (GError *error)
{
  const char *format = NULL;
  GError     *said;
  gboolean    call = FALSE;

  if (error == NULL)
    return g_error_new_literal (
      SA_ERROR, SA_ERROR_FAILED,
      _ ("Something went wrong that nobody described. Please report this."));

  if (error->domain == SA_ERROR || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return error;

  if (error->domain == SAM_ERROR)
    switch (error->code)
      {
      case SAM_ERROR_BAD_FILE:
        format =
          _ ("The model file cannot be used (%s): download it again or choose another model.");
        break;
      case SAM_ERROR_UNKNOWN_MODEL:
        /* says itself which there are */
        format = _ ("The model cannot be used: %s.");
        call = TRUE;
        break;
      case SAM_ERROR_BAD_PROMPT:
        /* says itself which part is wrong, and how */
        format = _ ("The prompt cannot be used: %s.");
        call = TRUE;
        break;
      case SAM_ERROR_BAD_IMAGE:
        format = _ ("The picture cannot be used (%s): choose another layer.");
        break;
      case SAM_ERROR_NO_MEMORY:
        format =
          _ ("There is not enough memory (%s): close other pictures or scale this one down.");
        break;
      case SAM_ERROR_NETWORK:
        format = _ ("The download failed (%s): check the connection and try again.");
        break;
      case SAM_ERROR_CHECKSUM:
        format = _ ("The downloaded file is not the right one (%s): try again later.");
        break;
      case SAM_ERROR_UNSUPPORTED:
        format = _ ("This model cannot do that (%s): choose another model.");
        break;
      }
  else if (error->domain == G_FILE_ERROR || error->domain == G_IO_ERROR)
    {
      format = _ ("A file cannot be read (%s): check that it exists and that you may read it.");
    }

  if (format == NULL)
    return error;

  /* the sentence goes on after the bracket */
  if (g_str_has_suffix (error->message, "."))
    error->message[strlen (error->message) - 1] = '\0';

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  said = g_error_new (SA_ERROR, call ? SA_ERROR_CALL : SA_ERROR_FAILED, format, error->message);
#pragma GCC diagnostic pop
  g_error_free (error);

  return said;
}

GimpValueArray *
sa_error_return (GimpProcedure *procedure, GError *error)
{
  error = sa_error_for_people (error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_error_free (error);
      return gimp_procedure_new_return_values (procedure, GIMP_PDB_CANCEL, NULL);
    }

  return gimp_procedure_new_return_values (procedure,
                                           g_error_matches (error, SA_ERROR, SA_ERROR_CALL)
                                             ? GIMP_PDB_CALLING_ERROR
                                             : GIMP_PDB_EXECUTION_ERROR,
                                           error);
}
