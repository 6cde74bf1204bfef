/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reader of safetensors files. */
#pragma once

#include "samcore/weights/sam-checkpoint-private.h"

G_BEGIN_DECLS

/* Does a file of @size bytes that begins with @data look like safetensors? */
gboolean sam_safetensors_probe (const uint8_t *data, size_t size);

/* Fills @checkpoint from its bytes. */
gboolean sam_safetensors_read (SamCheckpoint *checkpoint, GError **error);

G_END_DECLS
