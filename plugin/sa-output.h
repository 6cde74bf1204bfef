/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What becomes of a mask in the image: selection, channel, layer mask, new layer or path. */
#pragma once

#include "plugin/sa-request.h"
#include "plugin/sa-source.h"

G_BEGIN_DECLS

/* FALSE with a sentence when the output cannot be made, whatever the mask: a locked layer, no
 * layer. To be asked before the long work. */
gboolean sa_output_check (const SaSource *source, const SaRequest *request, GError **error);

/**
 * sa_output_apply:
 * @name: what a new channel, layer or path is called
 * @n_pixels: (out): how many pixels of the output are covered by half or more
 * @item: (out) (transfer none) (nullable): the channel, mask, layer or path made
 *
 * One undo step. Whatever can fail is done before the image is touched. Which layers and channels
 * are selected stays as it was.
 */
gboolean sa_output_apply (const SaSource  *source,
                          const SamMask   *mask,
                          const SaRequest *request,
                          const char      *name,
                          gint64          *n_pixels,
                          GimpItem       **item,
                          GError         **error);

/**
 * sa_output_apply_objects:
 * @objects: (element-type SamObject)
 * @output: SA_OUTPUT_CHANNEL, or SA_OUTPUT_NEW_LAYER for layers in a group of their own
 *
 * Returns: (element-type GimpItem): the items, in the same order. One undo step, as above.
 */
GPtrArray *sa_output_apply_objects (const SaSource  *source,
                                    const GPtrArray *objects,
                                    SaOutput         output,
                                    GError         **error);

G_END_DECLS
