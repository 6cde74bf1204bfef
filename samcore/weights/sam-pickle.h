/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A pickle read as data: a tree of values in which calls and imports are only written down, never
 * made. What the caller does not know by name is an object like any other. */
#pragma once

#include <stdint.h>

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  SAM_PICKLE_NONE,
  SAM_PICKLE_BOOL,       /* integer */
  SAM_PICKLE_INT,        /* integer */
  SAM_PICKLE_LONG,       /* bytes: does not fit 64 bits, little endian */
  SAM_PICKLE_FLOAT,      /* number */
  SAM_PICKLE_STRING,     /* bytes: UTF-8 by promise only */
  SAM_PICKLE_BYTES,      /* bytes */
  SAM_PICKLE_TUPLE,      /* items */
  SAM_PICKLE_LIST,       /* items; sets, too */
  SAM_PICKLE_DICT,       /* items: key, value, key, value… */
  SAM_PICKLE_GLOBAL,     /* global */
  SAM_PICKLE_PERSISTENT, /* items: the persistent id */
  SAM_PICKLE_CALL,       /* items: the global that would be called, the tuple of arguments */
  SAM_PICKLE_FOREIGN,    /* items: module and name, strings, of what is none of the globals */
  SAM_PICKLE_OBJECT      /* items: the foreign thing that would make it, what it would be given, in
                          * the order of the file: arguments, states, members; keys with their values
                          * are a dictionary */
} SamPickleType;

/* A name that the caller knows: what it stands for is the caller's business, but for dictionary
 * classes, which become a SAM_PICKLE_DICT when called. */
typedef struct
{
  const char *module;
  const char *name;
  int         kind;
  int         value;
} SamPickleGlobal;

#define SAM_PICKLE_KIND_DICT 0

typedef struct _SamPickleValue SamPickleValue;

struct _SamPickleValue
{
  SamPickleType type;
  uint32_t      n; /* bytes or items */
  union
  {
    int64_t                integer;
    double                 number;
    const char            *bytes; /* in the file, not ended by a 0 */
    SamPickleValue       **items;
    const SamPickleGlobal *global;
  };
};

typedef struct _SamPickle SamPickle;

/**
 * sam_pickle_new:
 * @name: what errors call the file
 * @globals: the names that are known, the last one with module NULL
 *
 * Reads one pickle at @data, protocols 2 to 5. @data must outlive the result. SAM_ERROR_BAD_FILE
 * with the opcode that is not allowed.
 */
SamPickle *sam_pickle_new (const char            *name,
                           const uint8_t         *data,
                           size_t                 size,
                           const SamPickleGlobal *globals,
                           GError               **error);
void       sam_pickle_free (SamPickle *pickle);

const SamPickleValue *sam_pickle_get_root (const SamPickle *pickle);
size_t sam_pickle_get_size (const SamPickle *pickle); /* bytes, the stop opcode counted */

/* Every persistent id in the order of the file, reachable from the root or not. */
size_t                sam_pickle_get_n_persistent (const SamPickle *pickle);
const SamPickleValue *sam_pickle_get_persistent (const SamPickle *pickle, size_t i);

/* "a list", "a number", … for errors */
const char *sam_pickle_type_name (SamPickleType type);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SamPickle, sam_pickle_free)

G_END_DECLS
