/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Slots of memory that grow as they are asked for more, one set per thread. Small ones lie beside
 * each other in large pages, where what they grew out of is lost: so they grow to twice their
 * size. */
#include "config.h"

#include "samcore/base/sam-scratch.h"

#include <string.h>

#include "samcore/base/sam-pages.h"
#include "samcore/base/sam-slab.h"

#define SMALL (1 << 20) /* bytes */

typedef struct
{
  SamSlab *small;
  void    *memory[SAM_N_SCRATCHES];
  size_t   n_bytes[SAM_N_SCRATCHES];
} Scratches;

static void
release_slot (Scratches *scratches, int slot)
{
  if (scratches->n_bytes[slot] > SMALL)
    g_free (scratches->memory[slot]);
}

static void
scratches_free (gpointer data)
{
  Scratches *scratches = data;

  for (int i = 0; i < SAM_N_SCRATCHES; i++)
    release_slot (scratches, i);
  sam_slab_free (scratches->small);
  g_free (scratches);
}

static Scratches *
scratches_get (void)
{
  static GPrivate key = G_PRIVATE_INIT (scratches_free);
  Scratches      *scratches = g_private_get (&key);

  if (scratches == NULL)
    {
      scratches = g_new0 (Scratches, 1);
      scratches->small = sam_slab_new ();
      g_private_set (&key, scratches);
    }

  return scratches;
}

/* Returns whether there is new memory, with nothing in it. */
static gboolean
grow_slot (Scratches *scratches, SamScratch slot, size_t n_bytes)
{
  if (scratches->n_bytes[slot] >= n_bytes)
    return FALSE;

  release_slot (scratches, slot);
  if (n_bytes <= SMALL)
    n_bytes = MIN (MAX (n_bytes, 2 * scratches->n_bytes[slot]), SMALL);
  scratches->memory[slot] = n_bytes <= SMALL ? sam_slab_alloc (scratches->small, n_bytes)
                                             : sam_pages_alloc (n_bytes);
  scratches->n_bytes[slot] = n_bytes;
  if (scratches->memory[slot] == NULL)
    g_error ("no memory for %" G_GSIZE_FORMAT " bytes", n_bytes);

  return TRUE;
}

void *
sam_scratch_bytes (SamScratch slot, size_t n_bytes)
{
  Scratches *scratches = scratches_get ();

  grow_slot (scratches, slot, n_bytes);

  return scratches->memory[slot];
}

float *
sam_scratch_floats (SamScratch slot, size_t n_floats)
{
  return sam_scratch_bytes (slot, n_floats * sizeof (float));
}

const float *
sam_scratch_zeros (size_t n_floats)
{
  Scratches *scratches = scratches_get ();

  if (grow_slot (scratches, SAM_SCRATCH_ZEROS, n_floats * sizeof (float)))
    memset (scratches->memory[SAM_SCRATCH_ZEROS], 0, scratches->n_bytes[SAM_SCRATCH_ZEROS]);

  return scratches->memory[SAM_SCRATCH_ZEROS];
}
