/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON, one object per line, as the command line writes it. Internal to it. */
#pragma once

#include <stdint.h>

#include <glib.h>

/* Each appends `"key": value`, and a comma before it where one is due. */
void sam_json_begin (GString *json, const char *key, char bracket); /* key: NULL inside an array */
void sam_json_end (GString *json, char bracket);
void sam_json_string (GString *json, const char *key, const char *value); /* NULL: null */
void sam_json_integer (GString *json, const char *key, gint64 value);
void
sam_json_number (GString *json, const char *key, double value); /* six digits; not finite: null */
void sam_json_boolean (GString *json, const char *key, gboolean value);
