/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers are from 1 for people and from 0 inside. */
#include "config.h"

#include "samcore/sam-candidate.h"

#include <string.h>

#include "samcore/sam-error.h"

gboolean
sam_candidate_parse (const char *text, int *wanted)
{
  if (strcmp (text, "best") == 0)
    {
      *wanted = SAM_CANDIDATE_BEST;
      return TRUE;
    }
  if (text[0] < '1' || text[0] > '3' || text[1] != '\0')
    return FALSE;
  *wanted = text[0] - '0';

  return TRUE;
}

gboolean
sam_candidate_choose (int      wanted,
                      size_t   n_candidates,
                      size_t   best,
                      size_t  *candidate,
                      GError **error)
{
  g_return_val_if_fail (wanted >= SAM_CANDIDATE_BEST, FALSE);

  if ((size_t) wanted > n_candidates)
    {
      g_set_error (
        error, SAM_ERROR, SAM_ERROR_BAD_PROMPT,
        "There is no candidate %d for this prompt, only %zu: use “best” or a single point", wanted,
        n_candidates);
      return FALSE;
    }
  *candidate = wanted == SAM_CANDIDATE_BEST ? best : (size_t) wanted - 1;

  return TRUE;
}
