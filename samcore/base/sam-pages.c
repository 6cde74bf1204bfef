/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Large memory is aligned to large pages: the system makes one only where all of it is ours. */
#include "config.h"

#include "samcore/base/sam-pages.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#define LINE   64                    /* bytes */
#define ENOUGH (SAM_PAGES_LARGE / 2) /* to be worth a large page */

void *
sam_pages_alloc (size_t n_bytes)
{
  const size_t n_large = n_bytes / SAM_PAGES_LARGE + (n_bytes % SAM_PAGES_LARGE >= ENOUGH);
  const size_t alignment = n_large > 0 ? SAM_PAGES_LARGE : LINE;
  void        *memory;

  if (n_bytes > SIZE_MAX / 2) /* rounded up it would be another number */
    return NULL;
  if (posix_memalign (&memory, alignment, MAX (MAX (n_bytes, n_large * SAM_PAGES_LARGE), LINE)) !=
      0)
    return NULL;

#ifdef MADV_HUGEPAGE
  if (n_large > 0)
    madvise (memory, n_large * SAM_PAGES_LARGE, MADV_HUGEPAGE); /* if not, then not */
#endif

  return memory;
}
