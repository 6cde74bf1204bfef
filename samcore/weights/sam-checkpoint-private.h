/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The readers' side of a checkpoint: they check a file's structure, hand over one tensor after the
 * other, and the checkpoint checks what all formats have in common (names, sizes, offsets).
 *
 * A reader is one function that takes an empty checkpoint and fills it, or finds another checkpoint
 * inside and enters that: the door (sam-checkpoint-open.c), which no reader knows, then looks
 * again. */
#pragma once

#include "samcore/weights/sam-checkpoint.h"

G_BEGIN_DECLS

/* One without tensors yet. @name: what errors call it; @mapped: @bytes are a file's. */
SamCheckpoint *sam_checkpoint_new (GBytes *bytes, const char *name, gboolean mapped);

/* @format is a literal. */
void sam_checkpoint_set_format (SamCheckpoint *checkpoint, const char *format);

/* The bytes to read; valid as long as the checkpoint. */
const uint8_t *sam_checkpoint_get_data (const SamCheckpoint *checkpoint);

/**
 * sam_checkpoint_enter:
 *
 * From now on the bytes to read are @data, a checkpoint inside of the file (a .pt in a zip archive)
 * that is part of the file or kept. There may be only one such level.
 */
gboolean
sam_checkpoint_enter (SamCheckpoint *checkpoint, const uint8_t *data, size_t size, GError **error);

/* Whether @n_bytes more may be kept: together no more than some times the size of the file, however
 * often it is packed. */
gboolean sam_checkpoint_may_keep (const SamCheckpoint *checkpoint, size_t n_bytes);

/* Keeps @bytes (an unpacked entry) as long as the checkpoint; takes a reference. */
void sam_checkpoint_keep (SamCheckpoint *checkpoint, GBytes *bytes);

/* Leaves a large part of the file, named @part, to sam_checkpoint_verify(). */
void sam_checkpoint_add_crc (SamCheckpoint *checkpoint,
                             const char    *part,
                             const uint8_t *data,
                             size_t         n_bytes,
                             uint32_t       crc);

void sam_checkpoint_set_metadata (SamCheckpoint *checkpoint, const char *key, const char *value);

/**
 * sam_checkpoint_add_tensor:
 * @tensor: name, dtype, rank, shape and stride are read; the rest is worked out. The name is
 *   copied.
 * @storage: the bytes that the tensor may look at, mapped from the file or kept
 * @offset: of the tensor's first element in @storage, in bytes
 *
 * Refuses a second tensor of the same name, sizes that overflow, elements outside of @storage, and
 * broadcast views that are much larger than the file.
 */
gboolean sam_checkpoint_add_tensor (SamCheckpoint   *checkpoint,
                                    const SamTensor *tensor,
                                    const uint8_t   *storage,
                                    size_t           n_storage,
                                    size_t           offset,
                                    GError         **error);

/* Notes that there is a tensor @name which cannot be read: "tensor NAME @reason". It matters only
 * to who needs it. Returns its copy of the name. */
const char *
sam_checkpoint_add_unreadable (SamCheckpoint *checkpoint, const char *name, const char *reason);

/* The reason; NULL where there is no such tensor. */
const char *sam_checkpoint_get_unreadable (const SamCheckpoint *checkpoint, const char *name);

/* @rename gives the new name of each, to be freed with g_free, or NULL: forget it. */
void sam_checkpoint_rename_unreadable (SamCheckpoint *checkpoint,
                                       char *(*rename) (const char *name, gpointer data),
                                       gpointer data);

/* Sets an error where nothing could be read. */
gboolean sam_checkpoint_check_any (const SamCheckpoint *checkpoint, GError **error);

/* Puts @tensors (SamTensor, their names are copied) in place of those that were added: the same
 * under other names, or parts of them. Refuses two of the same name. */
gboolean
sam_checkpoint_replace_tensors (SamCheckpoint *checkpoint, const GArray *tensors, GError **error);

/* Sets SAM_ERROR_BAD_FILE, "FILE: …", and returns FALSE. */
gboolean
sam_checkpoint_fail (const SamCheckpoint *checkpoint, GError **error, const char *format, ...)
  G_GNUC_PRINTF (3, 4);

G_END_DECLS
