/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A picture at half, a quarter, … of its size, so that any zoom shows it quickly and without
 * aliasing. */
#pragma once

#include <cairo.h>
#include <gio/gio.h>

#include "samcore/sam-image.h"

G_BEGIN_DECLS

typedef struct _SuiPyramid SuiPyramid;

/* Slow for large pictures; may be called in any thread. */
SuiPyramid *sui_pyramid_new (SamImage *image);
/* The same in another thread; there is no way to fail. */
void        sui_pyramid_new_async (SamImage *image, GAsyncReadyCallback callback, gpointer data);
SuiPyramid *sui_pyramid_new_finish (GAsyncResult *result);
void        sui_pyramid_free (SuiPyramid *pyramid);

SamImage *sui_pyramid_get_image (SuiPyramid *pyramid);

/**
 * sui_pyramid_paint:
 * @cr: its user space is made of the picture's pixels
 * @zoom: device pixels per pixel of the picture
 * @x0, @y0, @x1, @y1: what has to be painted, in pixels of the picture
 */
void sui_pyramid_paint (SuiPyramid *pyramid,
                        cairo_t    *cr,
                        double      zoom,
                        double      x0,
                        double      y0,
                        double      x1,
                        double      y1);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SuiPyramid, sui_pyramid_free)

G_END_DECLS
