/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checkpoints without training: every tensor is filled by a small generator that needs only its
 * name and shape, so that reference values can be compared without shipping gigabytes. */
#pragma once

#include "samcore/weights/sam-checkpoint.h"

G_BEGIN_DECLS

/* Element i of the tensor NAME as a 24-bit fraction in [-1, 1). */
double synth_fraction (const char *name, guint64 i);

/* How a tensor is filled: offset + fraction * scale, both float32, from its name and shape. */
void synth_scale (const char *name, int rank, const size_t *shape, double *offset, double *scale);

/**
 * synth_bytes_from_list: @path: a table with a line per tensor, columns separated by tabs, and a
 * line with their names first; name and
 *   shape are needed, and a name may stand for several: "blocks.{0-11}.norm1.weight"
 * @file: (nullable): only lines whose first column is this
 *
 * A safetensors file. The table's offset and scale, and the bits of the first and last element,
 * where it has them, are checked against the generator.
 */
GBytes *synth_bytes_from_list (const char *path, const char *file);

/* The same, opened. */
SamCheckpoint *synth_checkpoint_from_list (const char *path, const char *file);

G_END_DECLS
