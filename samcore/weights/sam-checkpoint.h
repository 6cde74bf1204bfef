/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A checkpoint: named tensors in a file, mapped, not copied. The readers (safetensors, PyTorch zip
 * and legacy pickle) fill one; the models take their weights out of it. Nothing of a file is
 * executed. */
#pragma once

#include <gio/gio.h>

#include "samcore/weights/sam-tensor.h"

G_BEGIN_DECLS

typedef struct _SamCheckpoint SamCheckpoint;

/**
 * sam_checkpoint_open:
 * @path: a safetensors, .pth or .pt file; what it is shows in its first bytes, not in its name
 *
 * Maps the file and checks every size and offset in it before use. Errors: SAM_ERROR_BAD_FILE with
 * the file's name, the tensor's and the reason; G_FILE_ERROR when it cannot be read.
 *
 * Tensors that have the names of the transformers library get those of the published checkpoints.
 */
SamCheckpoint *sam_checkpoint_open (const char *path, GError **error);

/* The same for a file that is in memory already (tests, fuzzers); @name is what errors call it. */
SamCheckpoint *sam_checkpoint_open_bytes (GBytes *bytes, const char *name, GError **error);

SamCheckpoint *sam_checkpoint_ref (SamCheckpoint *checkpoint);
void           sam_checkpoint_unref (SamCheckpoint *checkpoint);

const char      *sam_checkpoint_get_name (const SamCheckpoint *checkpoint);
const char      *sam_checkpoint_get_format (const SamCheckpoint *checkpoint); /* "safetensors", … */
size_t           sam_checkpoint_get_size (const SamCheckpoint *checkpoint); /* bytes of the file */
size_t           sam_checkpoint_get_n_tensors (const SamCheckpoint *checkpoint);
const SamTensor *sam_checkpoint_get_tensor (const SamCheckpoint *checkpoint, size_t i);
const SamTensor *sam_checkpoint_lookup (const SamCheckpoint *checkpoint, const char *name);
const char      *sam_checkpoint_get_metadata (const SamCheckpoint *checkpoint, const char *key);
/* Sorted, ended by NULL; free the array with g_free, the keys belong to @checkpoint. */
char **sam_checkpoint_get_metadata_keys (const SamCheckpoint *checkpoint);

/* Hex hash that changes when the weights do: the model's part of an embedding's cache key. Cheap
 * for large files (names, shapes, sizes and samples of the data). Free with g_free. */
char *sam_checkpoint_get_hash (const SamCheckpoint *checkpoint);

/**
 * sam_checkpoint_verify:
 *
 * Reads the parts of the file whose checksums opening it has left out because of their size (zip
 * entries of more than 1 MiB). Worth it before a file is copied or converted. SAM_ERROR_BAD_FILE.
 */
gboolean sam_checkpoint_verify (const SamCheckpoint *checkpoint, GError **error);

/* Tells the system that these bytes of a mapped file will hardly be read again, so that they take
 * no memory; they can still be read. Does nothing to other bytes. */
void sam_checkpoint_drop (const SamCheckpoint *checkpoint, gconstpointer data, size_t n_bytes);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SamCheckpoint, sam_checkpoint_unref)

G_END_DECLS
