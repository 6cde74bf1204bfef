/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scratch memory of one forward pass. */
#include "samcore/base/sam-arena.h"

#include <stdint.h>

#include "samcore/sam-error.h"
#include "samcore/base/sam-pages.h"

#define SPARE_FLOATS (16 << 20) /* altogether */
#define N_SPARES     8          /* two encoders, their inputs, decoders, and their callers */
/* Blocks are whole steps, so that passes that need nearly as much find each other's. */
#define STEP_FLOATS (128 << 10)
/* Of a cache line, with which each buffer begins. */
#define FLOATS_PER_LINE (64 / sizeof (float))

static void
set_no_memory (GError **error, size_t n_floats)
{
  g_set_error (error, SAM_ERROR, SAM_ERROR_NO_MEMORY,
               "not enough memory for %.1f MiB; close other programs or use a smaller model",
               (double) n_floats * sizeof (float) / (1024.0 * 1024.0));
}

/* Sizes that a program cannot address. */
static void
set_too_large (GError **error)
{
  g_set_error_literal (
    error, SAM_ERROR, SAM_ERROR_NO_MEMORY,
    "more memory is needed than any computer has; use a smaller picture or model");
}

gboolean
sam_product3 (size_t a, size_t b, size_t c, size_t *product)
{
  return ! __builtin_mul_overflow (a, b, product) &&
         ! __builtin_mul_overflow (*product, c, product);
}

/* The memory of forward passes is kept for the next ones: a click would otherwise spend a good part
 * of its time on fresh pages. Several blocks, since a pass begins before the one that called it has
 * ended. Not that of large encoders, which are rare and take seconds. */
typedef struct
{
  void  *memory; /* or NULL */
  size_t n_floats;
} Spare;

static GMutex spare_lock;
static Spare  spares[N_SPARES];

/* The smallest that will do. @n_floats: in, what is needed; out, what the block has. Not one that
 * is much too large: the memory counts twice while another pass runs. */
static void *
take_spare (size_t *n_floats)
{
  Spare *best = NULL;
  void  *taken = NULL;

  g_mutex_lock (&spare_lock);
  for (Spare *spare = spares; spare < spares + N_SPARES; spare++)
    if (spare->memory != NULL && spare->n_floats >= *n_floats && spare->n_floats / 4 <= *n_floats &&
        (best == NULL || spare->n_floats < best->n_floats))
      best = spare;
  if (best != NULL)
    {
      taken = g_steal_pointer (&best->memory);
      *n_floats = best->n_floats;
    }
  g_mutex_unlock (&spare_lock);

  return taken;
}

/* Where there is no room the smallest goes. */
static void
keep_spare (void *memory, size_t n_floats)
{
  Spare *least = spares;
  size_t total = n_floats;

  g_mutex_lock (&spare_lock);
  for (Spare *spare = spares; spare < spares + N_SPARES; spare++)
    {
      size_t n = spare->memory != NULL ? spare->n_floats : 0;

      if (n < (least->memory != NULL ? least->n_floats : 0))
        least = spare;
      total += n;
    }
  if (total <= SPARE_FLOATS && (least->memory == NULL || least->n_floats < n_floats))
    {
      void *last = least->memory;

      *least = (Spare) { memory, n_floats };
      memory = last;
    }
  g_mutex_unlock (&spare_lock);
  g_free (memory);
}

void
sam_arena_plan (SamArena *arena, float **buffer, size_t a, size_t b, size_t c)
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
sam_arena_commit (SamArena *arena, GError **error)
{
  size_t total = 0;
  float *next;

  if (arena->too_large)
    {
      set_too_large (error);
      return FALSE;
    }
  for (int i = 0; i < arena->n_buffers; i++)
    {
      /* planned sizes are below SIZE_MAX / 64, and there are fewer than 32 of them */
      arena->n_floats[i] = (arena->n_floats[i] + FLOATS_PER_LINE - 1) / FLOATS_PER_LINE *
                           FLOATS_PER_LINE;
      total += arena->n_floats[i];
    }
  if (total > STEP_FLOATS / 2)
    total = (total + STEP_FLOATS - 1) / STEP_FLOATS * STEP_FLOATS;
  if (total > SIZE_MAX / sizeof (float))
    {
      set_too_large (error);
      return FALSE;
    }
  arena->memory = take_spare (&total);
  if (arena->memory == NULL)
    arena->memory = sam_pages_alloc (total * sizeof (float));
  arena->n_total = total;
  if (arena->memory == NULL)
    {
      set_no_memory (error, total);
      return FALSE;
    }

  next = arena->memory;
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
  arena->memory = NULL;
  arena->n_buffers = 0;
}

float *
sam_alloc_floats (size_t a, size_t b, size_t c, GError **error)
{
  size_t n;
  float *buffer;

  if (! sam_product3 (a, b, c, &n) || n > SIZE_MAX / sizeof (float))
    {
      set_too_large (error);
      return NULL;
    }
  buffer = g_try_malloc_n (MAX (n, 1), sizeof (float));
  if (buffer == NULL)
    set_no_memory (error, n);

  return buffer;
}
