/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reader of what torch.save writes: zip archives, and the stream of pickles of older
 * versions. */
#pragma once

#include "samcore/weights/sam-checkpoint-private.h"

G_BEGIN_DECLS

gboolean sam_torch_legacy_probe (const uint8_t *data, size_t size);

/* Fill @checkpoint from its bytes. */
gboolean sam_torch_zip_read (SamCheckpoint *checkpoint, GError **error);
gboolean sam_torch_legacy_read (SamCheckpoint *checkpoint, GError **error);

G_END_DECLS
