/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scratch memory of one forward pass: every buffer is planned first, then all are had with one
 * allocation that can fail. Internal.
 *
 *   SamArena arena = { 0 };
 *   sam_arena_plan (&arena, &x, height, width, channels);
 *   sam_arena_plan (&arena, &y, n, channels, 1);
 *   if (! sam_arena_commit (&arena, error)) return FALSE;
 *   …
 *   sam_arena_clear (&arena); */
#pragma once

#include <glib.h>
#include <stddef.h>

G_BEGIN_DECLS

#define SAM_ARENA_MAX_BUFFERS 24

typedef struct
{
  float  **buffer[SAM_ARENA_MAX_BUFFERS];
  size_t   n_floats[SAM_ARENA_MAX_BUFFERS];
  int      n_buffers;
  gboolean too_large;
  void    *memory;
  size_t   n_total;
} SamArena;

/* After commit, *@buffer points to a x b x c floats, aligned to a cache line; NULL until then. */
void sam_arena_plan (SamArena *arena, float **buffer, size_t a, size_t b, size_t c);
/* FALSE with SAM_ERROR_NO_MEMORY. */
gboolean sam_arena_commit (SamArena *arena, GError **error);
void     sam_arena_clear (SamArena *arena);

/* One buffer that outlives the forward pass; free with g_free. NULL with SAM_ERROR_NO_MEMORY. */
float *sam_alloc_floats (size_t a, size_t b, size_t c, GError **error);

/* FALSE when a x b x c overflows. */
gboolean sam_product3 (size_t a, size_t b, size_t c, size_t *product);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SamArena, sam_arena_clear)

G_END_DECLS
