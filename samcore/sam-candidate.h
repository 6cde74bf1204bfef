/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which of the candidates a caller wants: "best", or one by its number. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The one to show first; the others are 1, 2 and 3. */
#define SAM_CANDIDATE_BEST 0

/* "best", "1", "2" or "3"; FALSE for anything else. */
gboolean sam_candidate_parse (const char *text, int *wanted);

/**
 * sam_candidate_choose:
 * @n_candidates: of the answer
 * @best: the one to show first, from 0
 * @candidate: (out): the one that @wanted means, from 0
 *
 * FALSE with SAM_ERROR_BAD_PROMPT when the answer has not so many.
 */
gboolean sam_candidate_choose (int      wanted,
                               size_t   n_candidates,
                               size_t   best,
                               size_t  *candidate,
                               GError **error);

G_END_DECLS
