/* SPDX-License-Identifier: GPL-3.0-or-later */
/* samcore says in plain English what is wrong; here it gets what to do next, translated. */
#include "config.h"

#include <string.h>

#include <gio/gio.h>
#include <glib/gi18n-lib.h>

#include "samcore/sam-error.h"
#include "ui/session/sui-error.h"

/* %s: what samcore says, without a full stop, as the sentence goes on after it */
typedef struct
{
  const char *in_window;
  const char *in_call; /* NULL: the same */
  gboolean    is_call; /* it is about the arguments of the call */
} Sentence;

static const Sentence sentences[] = {
  [SAM_ERROR_BAD_FILE] = {
    N_ ("The model file cannot be used (%s): download it again or choose another model."),
  },
  [SAM_ERROR_UNKNOWN_MODEL] = {
    N_ ("This model cannot be used (%s): choose another model."),
    /* says itself which there are */
    N_ ("The model cannot be used: %s."),
    TRUE,
  },
  [SAM_ERROR_BAD_PROMPT] = {
    N_ ("There is nothing to apply yet: click on an object first."),
    /* says itself which part is wrong, and how */
    N_ ("The prompt cannot be used: %s."),
    TRUE,
  },
  [SAM_ERROR_BAD_IMAGE] = {
    N_ ("The image cannot be used (%s): choose another layer."),
  },
  [SAM_ERROR_NO_MEMORY] = {
    N_ ("There is not enough memory (%s): close other images or scale this one down."),
  },
  [SAM_ERROR_NETWORK] = {
    N_ ("The download failed (%s): check the connection and try again."),
  },
  [SAM_ERROR_CHECKSUM] = {
    N_ ("The downloaded file is not the expected one, so it was deleted. Try again later, or "
        "choose another model."),
    N_ ("The downloaded file is not the expected one (%s): try again later."),
  },
  [SAM_ERROR_UNSUPPORTED] = {
    N_ ("This model does not support that (%s): choose another model."),
  },
};

static const Sentence about_files = {
  N_ ("A file cannot be read (%s): check that it exists and that you have permission to read it."),
};

/* NULL: none fits */
static const Sentence *
find_sentence (const GError *error)
{
  if (error->domain == SAM_ERROR && (guint) error->code < G_N_ELEMENTS (sentences))
    return &sentences[error->code];
  if (error->domain == G_FILE_ERROR || error->domain == G_IO_ERROR)
    return &about_files;

  return NULL;
}

static char *
fill_in (const char *sentence, const char *message)
{
  g_autofree char *what = g_strdup (message);

  if (g_str_has_suffix (what, "."))
    what[strlen (what) - 1] = '\0';

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
  return g_strdup_printf (_ (sentence), what);
#pragma GCC diagnostic pop
}

char *
sui_error_to_sentence (const GError *error)
{
  const Sentence  *sentence = find_sentence (error);
  g_autofree char *what = g_strdup (error->message);

  if (sentence == NULL)
    return g_steal_pointer (&what);

  /* after that comes what a user of the command line can do */
  if (g_error_matches (error, SAM_ERROR, SAM_ERROR_NETWORK))
    what[strcspn (what, ";")] = '\0';

  return fill_in (sentence->in_window, what);
}

char *
sui_error_to_call_sentence (const GError *error, gboolean *is_call)
{
  const Sentence *sentence = find_sentence (error);

  *is_call = sentence != NULL && sentence->is_call;
  if (sentence == NULL)
    return NULL;

  return fill_in (sentence->in_call != NULL ? sentence->in_call : sentence->in_window,
                  error->message);
}
