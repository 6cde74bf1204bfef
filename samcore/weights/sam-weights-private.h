/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the layers (sam-layers-fetch.c) need of the weights. */
#pragma once

#include "samcore/nn/sam-matrix.h"
#include "samcore/weights/sam-weights.h"

G_BEGIN_DECLS

typedef enum
{
  SAM_FETCH_ANY,       /* where they lie in the file, if they can be used there */
  SAM_FETCH_ANY_LATER, /* the same, and there they need not be finite: who uses them looks */
  SAM_FETCH_COPY       /* in a buffer of their own */
} SamFetchMode;

/* Values of the tensor as float32, in the file's order. */
float *sam_weights_fetch_as (SamWeights   *weights,
                             SamFetchMode  mode,
                             int           rank,
                             const size_t *shape,
                             const char   *name);

/* w: [out, in], a tensor, or a buffer of sam_weights_alloc() made from others; NULL after a
 * failure. In neither case is a large model held twice. */
SamMatrix *sam_weights_add_matrix (SamWeights *weights, const float *w, size_t out, size_t in);

/* Values that have been copied in another order: a buffer of ours is freed, the pages of a mapped
 * file are given back to the system, which can read them again. */
void sam_weights_release (SamWeights *weights, const float *values, size_t n);

/* Whether linear layers leave looking at their values to sam_weights_look(), and one that does:
 * @matrix, made of the tensor @name. */
gboolean sam_weights_looks_later (const SamWeights *weights);
void     sam_weights_add_unseen (SamWeights *weights, SamMatrix *matrix, const char *name);

G_END_DECLS
