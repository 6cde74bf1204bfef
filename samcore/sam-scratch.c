/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Slots of memory that grow as they are asked for more, one set per thread. */
#include "config.h"

#include "samcore/sam-scratch.h"

#include <string.h>

#define ALIGNMENT 64 /* a cache line */

typedef struct
{
  void  *memory[SAM_N_SCRATCHES];
  size_t n_bytes[SAM_N_SCRATCHES];
} Scratches;

static void
scratches_free (gpointer data)
{
  Scratches *scratches = data;

  for (int i = 0; i < SAM_N_SCRATCHES; i++)
    g_aligned_free (scratches->memory[i]);
  g_free (scratches);
}

static Scratches *
scratches_get (void)
{
  static GPrivate key       = G_PRIVATE_INIT (scratches_free);
  Scratches      *scratches = g_private_get (&key);

  if (scratches == NULL)
    {
      scratches = g_new0 (Scratches, 1);
      g_private_set (&key, scratches);
    }

  return scratches;
}

/* Returns whether there is new memory, with nothing in it. */
static gboolean
grow (Scratches *scratches,
      SamScratch slot,
      size_t     n_bytes)
{
  if (scratches->n_bytes[slot] >= n_bytes)
    return FALSE;

  g_aligned_free (scratches->memory[slot]);
  scratches->memory[slot]  = g_aligned_alloc (n_bytes, 1, ALIGNMENT);
  scratches->n_bytes[slot] = n_bytes;

  return TRUE;
}

void *
sam_scratch_bytes (SamScratch slot,
                   size_t     n_bytes)
{
  Scratches *scratches = scratches_get ();

  grow (scratches, slot, n_bytes);

  return scratches->memory[slot];
}

float *
sam_scratch_floats (SamScratch slot,
                    size_t     n_floats)
{
  return sam_scratch_bytes (slot, n_floats * sizeof (float));
}

const float *
sam_scratch_zeros (size_t n_floats)
{
  Scratches *scratches = scratches_get ();

  if (grow (scratches, SAM_SCRATCH_ZEROS, n_floats * sizeof (float)))
    memset (scratches->memory[SAM_SCRATCH_ZEROS], 0, n_floats * sizeof (float));

  return scratches->memory[SAM_SCRATCH_ZEROS];
}
