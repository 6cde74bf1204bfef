/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text out of a file, made fit for one line of an error: a name there can be long, and can hold
 * what a terminal takes for commands. */
#include "samcore/weights/sam-quote.h"

#define LONGEST 120

char *
sam_quote (const char *text, size_t length)
{
  size_t   n = MIN (length, LONGEST);
  GString *quoted = g_string_new ("\"");

  for (size_t i = 0; i < n; i++)
    {
      unsigned char c = text[i];

      if (c < 0x20 || c >= 0x7f || c == '"')
        g_string_append_printf (quoted, "\\x%02x", c);
      else
        g_string_append_c (quoted, c);
    }
  g_string_append (quoted, n < length ? "…\"" : "\"");

  return g_string_free (quoted, FALSE);
}
