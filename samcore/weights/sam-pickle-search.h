/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The network's tensors in the tree of a pickle. */
#pragma once

#include "samcore/weights/sam-pickle-value.h"

G_BEGIN_DECLS

typedef struct
{
  const char           *name;
  const SamPickleValue *value;
} SamPickleFound;

typedef struct _SamPickleSearch SamPickleSearch;

/**
 * sam_pickle_search_new:
 * @is_wanted: whether a value is a tensor
 * @file: what errors call the file; neither is needed afterwards
 *
 * Finds all tensors and keeps those of the network, by the names that they have in it; all where
 * none is like SAM. SAM_ERROR_BAD_FILE where there are no tensors, or several networks. The result
 * mentions values of @pickle.
 */
SamPickleSearch *sam_pickle_search_new (const SamPickle *pickle,
                                        gboolean (*is_wanted) (const SamPickleValue *value),
                                        const char *file,
                                        GError    **error);
void             sam_pickle_search_free (SamPickleSearch *search);

size_t                sam_pickle_search_get_n (const SamPickleSearch *search);
const SamPickleFound *sam_pickle_search_get (const SamPickleSearch *search, size_t i);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SamPickleSearch, sam_pickle_search_free)

G_END_DECLS
