/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stack machine that a pickle is a program for: the bytes, the stack with its marks, what is
 * remembered. Internal to the reader of pickles; what the opcodes do is in sam-pickle-opcodes.c. */
#pragma once

#include "samcore/weights/sam-pickle-value.h"

G_BEGIN_DECLS

#define SAM_MACHINE_BLOCK 1024 /* values allocated at a time */

struct _SamPickle
{
  const char            *name; /* for errors */
  GError               **error;
  const SamPickleGlobal *globals;
  const uint8_t         *data;
  size_t                 size;
  size_t                 at;
  size_t                 n_copied; /* items of lists, into dictionaries */
  GPtrArray             *blocks;   /* SamPickleValue[SAM_MACHINE_BLOCK] */
  size_t                 n_in_block;
  GPtrArray             *stack;      /* SamPickleValue */
  GArray                *marks;      /* guint, heights of the stack */
  GHashTable            *memo;       /* number → SamPickleValue */
  GPtrArray             *persistent; /* SamPickleValue */
  SamPickleValue        *root;
};

/* Sets SAM_ERROR_BAD_FILE with the file's name in front, or also with the place behind, and returns
 * FALSE. */
gboolean sam_machine_fail_because (SamPickle *pickle, const char *format, ...) G_GNUC_PRINTF (2, 3);
gboolean sam_machine_fail (SamPickle *pickle, const char *reason);

/* Steps over @n bytes; NULL at the end of the file. */
const uint8_t *sam_machine_take (SamPickle *pickle, uint64_t n);
/* A little-endian number of @n bytes. */
gboolean sam_machine_take_number (SamPickle *pickle, int n, uint64_t *number);

/* A value, on the stack or not yet. It lives as long as @pickle, as its items do. */
SamPickleValue *sam_machine_new_value (SamPickle *pickle, SamPickleType type);
SamPickleValue *sam_machine_push (SamPickle *pickle, SamPickleType type);
void            sam_machine_append (SamPickleValue *container, SamPickleValue *item);
/* What lies on the stack from @from on becomes the items of a new @type on top. */
SamPickleValue *sam_machine_gather (SamPickle *pickle, guint from, SamPickleType type);

/* The lowest place that an opcode may pop: what lies below a mark is not its business. */
guint sam_machine_get_floor (SamPickle *pickle);
/* NULL, with an error, where there is nothing. */
SamPickleValue *sam_machine_get_top (SamPickle *pickle);
SamPickleValue *sam_machine_pop (SamPickle *pickle);
/* The height of the stack at the last mark, which goes. */
gboolean sam_machine_pop_mark (SamPickle *pickle, guint *height);

G_END_DECLS
