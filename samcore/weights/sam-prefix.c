/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What stands in front of the names of SAM's tensors. The mask decoder has a first token under the
 * same name in all published files, SAM 2's with "sam_" before it. */
#include "config.h"

#include <string.h>

#include "samcore/weights/sam-prefix.h"

#define MARK      "mask_decoder.iou_token.weight"
#define MARK_OF_2 "sam_"

gssize
sam_prefix_measure (const char *name)
{
  gssize n;

  if (! g_str_has_suffix (name, MARK))
    return -1;
  n = strlen (name) - strlen (MARK);
  if (n >= (gssize) strlen (MARK_OF_2) &&
      g_str_has_prefix (name + n - strlen (MARK_OF_2), MARK_OF_2))
    n -= strlen (MARK_OF_2);

  return n == 0 || name[n - 1] == '.' ? n : -1;
}
