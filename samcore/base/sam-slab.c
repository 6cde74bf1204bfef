/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks of addresses; the system gives memory to those that are written to. */
#include "config.h"

#include "samcore/base/sam-slab.h"

#include <stdint.h>

#include "samcore/base/sam-pages.h"

#define LINE  64 /* bytes */
#define BLOCK (32 << 20)

struct _SamSlab
{
  GMutex     lock;
  GPtrArray *blocks;
  char      *next; /* in the block that is being filled */
  size_t     n_left;
};

SamSlab *
sam_slab_new (void)
{
  SamSlab *slab = g_new0 (SamSlab, 1);

  g_mutex_init (&slab->lock);
  slab->blocks = g_ptr_array_new_with_free_func (g_free);

  return slab;
}

void
sam_slab_free (SamSlab *slab)
{
  if (slab == NULL)
    return;

  g_ptr_array_unref (slab->blocks);
  g_mutex_clear (&slab->lock);
  g_free (slab);
}

/* With the lock. What is left of the block before is lost, which is addresses only. */
static gboolean
add_block (SamSlab *slab, size_t n_bytes)
{
  size_t size = MAX (n_bytes, BLOCK);
  char  *block = sam_pages_alloc (size);

  if (block == NULL)
    return FALSE;

  g_ptr_array_add (slab->blocks, block);
  slab->next = block;
  slab->n_left = size;

  return TRUE;
}

void *
sam_slab_alloc (SamSlab *slab, size_t n_bytes)
{
  char  *piece = NULL;
  size_t n;

  if (n_bytes > SIZE_MAX - LINE)
    return NULL;

  n = (MAX (n_bytes, 1) + LINE - 1) / LINE * LINE;
  g_mutex_lock (&slab->lock);
  if (n <= slab->n_left || add_block (slab, n))
    {
      piece = slab->next;
      slab->next += n;
      slab->n_left -= n;
    }
  g_mutex_unlock (&slab->lock);

  return piece;
}
