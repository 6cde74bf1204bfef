/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a pickle is read into: values that hold other values. */
#pragma once

#include <stdint.h>

#include <glib.h>

G_BEGIN_DECLS

typedef struct _SamPickle SamPickle;

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
                          * the order of the file: arguments, states, members; keys with their
                          * values are a dictionary */
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

G_END_DECLS
