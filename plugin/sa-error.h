/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What went wrong, in sentences for people, and whose mistake it was. */
#pragma once

#include <libgimp/gimp.h>

G_BEGIN_DECLS

#define SA_ERROR (sa_error_quark ())

/* @SA_ERROR_CALL: the arguments make no sense; @SA_ERROR_FAILED: they do, but it cannot be done. */
typedef enum
{
  SA_ERROR_CALL,
  SA_ERROR_FAILED
} SaError;

GQuark sa_error_quark (void);

/* Turns an error of samcore (or of GIO) into a translated sentence that says what to do next. Takes
 * @error over; ours pass unchanged. */
GError *sa_error_for_people (GError *error);

/* The return values of a procedure that failed: calling error, execution error or, where somebody
 * cancelled, nothing to say. Takes @error over. */
GimpValueArray *sa_error_return (GimpProcedure *procedure, GError *error);

G_END_DECLS
