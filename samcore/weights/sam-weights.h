/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes a network's weights out of a checkpoint: checks shapes and values and converts to float32,
 * once; sam-layers-fetch.h makes layers of them. Matrices that lie in the mapped file are packed
 * when they are first used, and the file's pages let go then; plain f32 vectors are used where they
 * lie. Internal.
 *
 * Errors of fetches are kept: the first fetch that fails sets the error, and all later ones do
 * nothing and return NULL. So a network asks for all its tensors in a row and looks at
 * sam_weights_check() once, before any use. */
#pragma once

#include "samcore/weights/sam-checkpoint.h"
#include "samcore/sam-job.h"
#include "samcore/kernels/sam-arithmetic.h"

G_BEGIN_DECLS

typedef struct _SamWeights SamWeights;

SamWeights *sam_weights_new (SamCheckpoint *checkpoint);
void        sam_weights_free (SamWeights *weights);

/* FALSE with the first error that a fetch has met: SAM_ERROR_BAD_FILE or SAM_ERROR_NO_MEMORY. */
gboolean sam_weights_check (SamWeights *weights, GError **error);
gboolean sam_weights_failed (const SamWeights *weights);
/* Sets the error, if there is none yet, to "FILE: MESSAGE". */
void sam_weights_fail (SamWeights *weights, const char *format, ...) G_GNUC_PRINTF (2, 3);

SamCheckpoint *sam_weights_get_checkpoint (const SamWeights *weights);

/* Of the products of the layers that are fetched from now on; SAM_ARITHMETIC_F32 unless set. */
void sam_weights_set_arithmetic (SamWeights *weights, SamArithmetic arithmetic);

/* Whether the values of linear layers that are fetched from now on are looked at by
 * sam_weights_look() only; before it nothing may use them. */
void sam_weights_look_later (SamWeights *weights, gboolean later);
/* Packs those layers, which reads all their values. SAM_ERROR_BAD_FILE where they are not finite,
 * again at each call; G_IO_ERROR_CANCELLED. */
gboolean sam_weights_look (SamWeights *weights, const SamJob *job, GError **error);
/* Packs all matrices that are not packed yet. */
void sam_weights_pack (SamWeights *weights);

/* The name of a tensor or a layer, or how such names begin. Where one is asked for:
 * sam_prefix ("%snorm1", prefix).text */
typedef struct
{
  char text[256];
} SamPrefix;

SamPrefix sam_prefix (const char *format, ...) G_GNUC_PRINTF (1, 2);

gboolean sam_weights_has (const SamWeights *weights, const char *name);
/* The size of one axis, to find out what a network looks like. Missing, of another rank or outside
 * min..max: an error, and 0. */
size_t
sam_weights_dim (SamWeights *weights, int rank, int axis, size_t min, size_t max, const char *name);

/* In the file's own order. The shape must be exactly this; the product of @shape must not overflow,
 * so callers pass sizes that they have checked with sam_weights_dim() or know. */
const float *
sam_weights_fetch (SamWeights *weights, int rank, const size_t *shape, const char *name);
/* [n] */
const float *sam_weights_vector (SamWeights *weights, size_t n, const char *name);
/* [rows, columns] */
const float *
sam_weights_matrix (SamWeights *weights, size_t rows, size_t columns, const char *name);

/* The name of a tensor that begins with @prefix, has none of @idle (ended by NULL) in it, and was
 * never fetched; NULL: there is none. */
const char *
sam_weights_find_unused (const SamWeights *weights, const char *prefix, const char *const *idle);

/* Memory that lives as long as @weights, for tables made from weights. NULL and an error if there
 * is none. */
float *sam_weights_alloc (SamWeights *weights, size_t n);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SamWeights, sam_weights_free)

G_END_DECLS
