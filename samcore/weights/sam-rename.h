/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Other programs' names of the same tensors. */
#pragma once

#include "samcore/weights/sam-checkpoint-private.h"

G_BEGIN_DECLS

/* What a table says of one file: for each of its tensors the name in the published checkpoints. */
typedef struct _SamRenames SamRenames;

/* The table for the names in @checkpoint; NULL when they are the published ones, or none that we
 * know. */
const SamRenames *sam_renames_find (const SamCheckpoint *checkpoint);

/* The published name. Free with g_free. NULL: the tensor has none there, leave it alone. */
char *
sam_renames_apply (const SamRenames *renames, const SamCheckpoint *checkpoint, const char *name);

/* The stem of the names of a table's rows that are tensors of their own in the published files;
 * NULL if @name is no such table. "NAME.weight" [n, …] becomes "STEM0.weight" … "STEMn.weight". */
const char *sam_renames_split (const SamRenames *renames, const char *name);

G_END_DECLS
