/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON into a GString. */
#include "config.h"

#include "samcore/cli/sam-json.h"

#include <math.h>
#include <string.h>

static void
append_quoted (GString *json, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  g_string_append_c (json, '"');
  for (const char *p = valid; *p != '\0'; p++)
    {
      if (*p == '"' || *p == '\\')
        g_string_append_printf (json, "\\%c", *p);
      else if ((unsigned char) *p < 0x20)
        g_string_append_printf (json, "\\u%04x", *p);
      else
        g_string_append_c (json, *p);
    }
  g_string_append_c (json, '"');
}

static void
append_key (GString *json, const char *key)
{
  if (json->len > 0 && strchr ("{[", json->str[json->len - 1]) == NULL)
    g_string_append (json, ", ");
  if (key != NULL)
    {
      append_quoted (json, key);
      g_string_append (json, ": ");
    }
}

void
sam_json_begin (GString *json, const char *key, char bracket)
{
  append_key (json, key);
  g_string_append_c (json, bracket);
}

void
sam_json_end (GString *json, char bracket)
{
  g_string_append_c (json, bracket);
}

void
sam_json_string (GString *json, const char *key, const char *value)
{
  append_key (json, key);
  if (value != NULL)
    append_quoted (json, value);
  else
    g_string_append (json, "null");
}

void
sam_json_integer (GString *json, const char *key, gint64 value)
{
  append_key (json, key);
  g_string_append_printf (json, "%" G_GINT64_FORMAT, value);
}

void
sam_json_number (GString *json, const char *key, double value)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  append_key (json, key);
  g_string_append (json, isfinite (value) ? g_ascii_formatd (buffer, sizeof buffer, "%.6g", value)
                                          : "null");
}

void
sam_json_boolean (GString *json, const char *key, gboolean value)
{
  append_key (json, key);
  g_string_append (json, value ? "true" : "false");
}
