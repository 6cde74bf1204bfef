/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A mask on its way into GIMP's buffers, in bands of rows. */
#pragma once

#include <gegl.h>

#include "plugin/sa-source.h"

G_BEGIN_DECLS

/**
 * SaPixels:
 * @hard: whether what lies between two pixels of @mask is one of both, or between them
 * @area: where @mask is not 0, in the drawable's coordinates; empty if it is nowhere
 *
 * A caller's struct, which refers to the source and the mask.
 */
typedef struct
{
  const SaSource *source;
  const SamMask  *mask;
  gboolean        hard;
  GeglRectangle   area;
} SaPixels;

/* @limits: what the area is cut to, in image coordinates. */
void sa_pixels_init (SaPixels            *pixels,
                     const SaSource      *source,
                     const SamMask       *mask,
                     gboolean             hard,
                     const GeglRectangle *limits);

/* How many pixels of the drawable are covered by half or more. */
gboolean sa_pixels_count (const SaPixels *pixels, gint64 *n, GError **error);

/**
 * sa_pixels_write:
 * @buffer: of a channel, a mask or a selection
 * @x, @y: of the drawable's corner in @buffer
 * @old: (nullable): of @buffer's size, what @operation combines the mask with; may be @buffer
 * @operation: means nothing without @old
 *
 * Without @old, nothing but the area is written.
 */
gboolean sa_pixels_write (const SaPixels *pixels,
                          GeglBuffer     *buffer,
                          int             x,
                          int             y,
                          GeglBuffer     *old,
                          GimpChannelOps  operation,
                          GError        **error);

/* The mask as the alpha of a layer, likewise. */
gboolean
sa_pixels_write_alpha (const SaPixels *pixels, GeglBuffer *buffer, int x, int y, GError **error);

/**
 * sa_pixels_cut:
 * @from: the drawable's
 * @to: of the same size, with alpha
 * @limit: (nullable): of the mask that the layer has already
 *
 * Moves the pixels of the area as they are, so that no precision is lost, and makes them as
 * transparent as the mask says.
 */
gboolean sa_pixels_cut (const SaPixels *pixels,
                        GeglBuffer     *from,
                        GeglBuffer     *to,
                        GeglBuffer     *limit,
                        GError        **error);

G_END_DECLS
