/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A packed matrix, for code that multiplies by it: sam-matrix-product.c and the layers made of
 * that. */
#pragma once

#include "samcore/nn/sam-matrix.h"

#include <glib.h>

/* Columns that are finished at once. Whole panels; and whole lines, and parts that have scales of
 * their own, since an MLP packs each group as a piece of the next product's rows. sam_matrix_new()
 * sees to it. */
#define SAM_MATRIX_GROUP 256

struct _SamMatrix
{
  const float   *w;
  size_t         in, out;
  const SamGemm *gemm;
  gsize          tried; /* to pack */
  gint           not_finite;
  SamSlab       *slab; /* panels' memory, or NULL */
  char *panels;        /* NULL if there was no memory: then groups are packed as they are needed */
  SamMatrixPacked packed; /* or NULL */
  void           *packed_data;
};

/* Packs the matrix if nobody has yet; to be called before a loop that multiplies by it. */
void sam_matrix_prepare (const SamMatrix *matrix);

/* The panels of the columns [column, column + n), of one group. */
const void *sam_matrix_panels (const SamMatrix *matrix, size_t column, size_t n);

/* What follows a rounded product is rounded again before the next one. */
static inline SamAct
sam_matrix_suit_act (const SamMatrix *matrix, SamAct act)
{
  return act == SAM_ACT_GELU ? sam_matrix_get_gelu (matrix) : act;
}
