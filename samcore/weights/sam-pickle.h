/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A pickle read as data: a tree of values in which calls and imports are only written down, never
 * made. What the caller does not know by name is an object like any other. */
#pragma once

#include "samcore/weights/sam-pickle-value.h"

G_BEGIN_DECLS

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

gboolean sam_pickle_is_string (const SamPickleValue *value, const char *string);

/* "a list", "a number", … for errors */
const char *sam_pickle_type_name (SamPickleType type);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SamPickle, sam_pickle_free)

G_END_DECLS
