/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sentences are sui-error.c's; here they become errors of a procedure. */
#include "config.h"

#include "plugin/sa-error.h"

#include "plugin/sa-intl.h"
#include "ui/session/sui-error.h"

G_DEFINE_QUARK (sa-error-quark, sa_error)

GError *
sa_error_for_people (GError *error)
{
  g_autofree char *sentence = NULL;
  gboolean         call;

  if (error == NULL)
    return g_error_new_literal (SA_ERROR, SA_ERROR_FAILED,
                                _ ("An unknown error occurred. Please report it."));

  if (error->domain == SA_ERROR || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return error;

  sentence = sui_error_to_call_sentence (error, &call);
  if (sentence == NULL)
    return error;
  g_error_free (error);

  return g_error_new_literal (SA_ERROR, call ? SA_ERROR_CALL : SA_ERROR_FAILED, sentence);
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
