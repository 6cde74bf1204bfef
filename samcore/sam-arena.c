/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scratch memory of one forward pass. */
#include "samcore/sam-arena.h"

#include <stdint.h>
#include <sys/mman.h>

#include "samcore/sam-error.h"

#define ALIGNMENT   64
#define HUGE_ENOUGH (8 << 20) /* bytes */

#define SPARE_FLOATS (16 << 20)
/* Each buffer begins a cache line apart from the end of the last one. */
#define FLOATS_PER_LINE (ALIGNMENT / sizeof (float))

static void
set_no_memory (GError **error,
               size_t   n_floats)
{
  g_set_error (error, SAM_ERROR, SAM_ERROR_NO_MEMORY,
               "not enough memory for %.1f MiB; close other programs or use a smaller model",
               (double) n_floats * sizeof (float) / (1024.0 * 1024.0));
}

gboolean
sam_product3 (size_t  a,
              size_t  b,
              size_t  c,
              size_t *product)
{
  return ! __builtin_mul_overflow (a, b, product) && ! __builtin_mul_overflow (*product, c, product);
}

/* Pages of 2 MB, where the system has them for who asks: the processor's table of pages is small, and a
 * fresh page costs as much as filling it. */
static void
advise_huge_pages (void  *memory,
                   size_t n_bytes)
{
#ifdef MADV_HUGEPAGE
  const uintptr_t page  = 4096;
  const uintptr_t first = ((uintptr_t) memory + page - 1) / page * page;
  const uintptr_t end   = ((uintptr_t) memory + n_bytes) / page * page;

  if (n_bytes >= HUGE_ENOUGH)
    madvise ((void *) first, end - first, MADV_HUGEPAGE); /* if not, then not */
#endif
}

/* The memory of one forward pass is kept for the next one: a click would otherwise spend a good part of its
 * time on fresh pages. Not that of large encoders, which are rare and take seconds. */
static GMutex spare_lock;
static void  *spare;
static size_t spare_floats;

/* @n_floats: in, what is needed; out, what the block has. Not one that is much too large: the memory counts
 * twice while another pass runs. */
static void *
take_spare (size_t *n_floats)
{
  void *taken = NULL;

  g_mutex_lock (&spare_lock);
  if (spare_floats >= *n_floats && spare_floats / 4 <= *n_floats)
    {
      taken        = g_steal_pointer (&spare);
      *n_floats    = spare_floats;
      spare_floats = 0;
    }
  g_mutex_unlock (&spare_lock);

  return taken;
}

static void
keep_spare (void  *memory,
            size_t n_floats)
{
  g_mutex_lock (&spare_lock);
  if (n_floats <= SPARE_FLOATS && n_floats > spare_floats)
    {
      void *last = spare;

      spare        = memory;
      spare_floats = n_floats;
      memory       = last;
    }
  g_mutex_unlock (&spare_lock);
  g_free (memory);
}

void
sam_arena_plan (SamArena *arena,
                float   **buffer,
                size_t    a,
                size_t    b,
                size_t    c)
{
  int i = arena->n_buffers;

  g_assert (i < SAM_ARENA_MAX_BUFFERS);

  *buffer = NULL;
  arena->buffer[i] = buffer;
  if (! sam_product3 (a, b, c, &arena->n_floats[i]) || arena->n_floats[i] > SIZE_MAX / 64)
    arena->too_large = TRUE;
  arena->n_buffers++;
}

gboolean
sam_arena_commit (SamArena *arena,
                  GError  **error)
{
  size_t total = FLOATS_PER_LINE;
  float *next;

  for (int i = 0; i < arena->n_buffers && ! arena->too_large; i++)
    {
      /* planned sizes are below SIZE_MAX / 64, and there are fewer than 32 of them */
      arena->n_floats[i] = (arena->n_floats[i] + FLOATS_PER_LINE - 1) / FLOATS_PER_LINE * FLOATS_PER_LINE;
      total += arena->n_floats[i];
    }
  if (! arena->too_large)
    arena->memory = take_spare (&total);
  if (! arena->too_large && arena->memory == NULL)
    {
      arena->memory = g_try_malloc_n (total, sizeof (float));
      if (arena->memory != NULL)
        advise_huge_pages (arena->memory, total * sizeof (float));
    }
  arena->n_total = total;
  if (arena->memory == NULL)
    {
      set_no_memory (error, total);
      return FALSE;
    }

  next = (float *) (((uintptr_t) arena->memory + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
  for (int i = 0; i < arena->n_buffers; i++)
    {
      *arena->buffer[i] = next;
      next += arena->n_floats[i];
    }

  return TRUE;
}

void
sam_arena_clear (SamArena *arena)
{
  if (arena->memory != NULL)
    keep_spare (arena->memory, arena->n_total);
  arena->memory    = NULL;
  arena->n_buffers = 0;
}

float *
sam_alloc_floats (size_t   a,
                  size_t   b,
                  size_t   c,
                  GError **error)
{
  size_t n      = 0;
  float *buffer = NULL;

  if (sam_product3 (a, b, c, &n))
    buffer = g_try_malloc_n (MAX (n, 1), sizeof (float));
  if (buffer == NULL)
    set_no_memory (error, n);

  return buffer;
}
