/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the shapes of Hiera's tensors do not tell. Internal. */
#pragma once

#include "samcore/encoders/sam-encoder.h"

G_BEGIN_DECLS

#define SAM_HIERA_STAGES 4

typedef struct
{
  const char *name;            /* for people */
  size_t      width, n_blocks; /* by which it is recognised */
  size_t      heads;           /* of the first stage; they double with each */
  size_t      window[SAM_HIERA_STAGES];
  size_t      global[3]; /* the blocks that attend to the whole map */
} SamHieraPlan;

/* The published one that the tensors belong to; NULL and a failure of @weights if there is none. */
const SamHieraPlan *sam_hiera_plan_find (SamWeights *weights, const char *prefix);

/* trunk: "trunk.", what the names of the encoder's tensors go on with
 * no_memory: the tensor [1, 1, channels] added to the embedding, or NULL */
SamEncoder *sam_encoder_hiera_new_planned (SamWeights         *weights,
                                           const SamModelSpec *spec,
                                           const SamHieraPlan *plan,
                                           const char         *trunk,
                                           const char         *no_memory);

G_END_DECLS
