/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Other programs' names of the same tensors. */
#pragma once

#include "samcore/weights/sam-checkpoint-private.h"

G_BEGIN_DECLS

/* Gives the tensors the names of the published checkpoints, where they have another library's. */
gboolean sam_rename_tensors (SamCheckpoint *checkpoint, GError **error);

G_END_DECLS
