/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The results as GIMP's items, which are not in the image yet, pixels included. */
#pragma once

#include "plugin/sa-pixels.h"

G_BEGIN_DECLS

/**
 * SaItemFunc:
 * @operation: how the object joins what is there already; for a layer mask
 * @name: what the item is called
 *
 * NULL with a sentence when it could not be made. Until it is in the image, gimp_item_delete()
 * frees it.
 */
typedef GimpItem *(*SaItemFunc) (const SaPixels *pixels,
                                 GimpChannelOps  operation,
                                 const char     *name,
                                 GError        **error);

/* A hidden layer of the object's size whose alpha is the mask, for a selection to be made of. */
GimpItem *sa_item_new_alpha (const SaPixels *pixels,
                             GimpChannelOps  operation,
                             const char     *name,
                             GError        **error);

/* A hidden channel of the image's size. */
GimpItem *sa_item_new_channel (const SaPixels *pixels,
                               GimpChannelOps  operation,
                               const char     *name,
                               GError        **error);

/* The mask of the source's layer, combined with the one that it has. */
GimpItem *sa_item_new_layer_mask (const SaPixels *pixels,
                                  GimpChannelOps  operation,
                                  const char     *name,
                                  GError        **error);

/* The object on a layer of its own, of the drawable's size and place. */
GimpItem *sa_item_new_layer (const SaPixels *pixels,
                             GimpChannelOps  operation,
                             const char     *name,
                             GError        **error);

/* The outline as Bezier strokes. */
GimpItem *sa_item_new_path (const SaPixels *pixels,
                            GimpChannelOps  operation,
                            const char     *name,
                            GError        **error);

/* An error about @what, with GIMP's own words. */
void sa_item_refused (GError **error, const char *what);

G_END_DECLS
