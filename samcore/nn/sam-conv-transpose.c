/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Transposed convolution: the product of all places with all four taps, whose rows are then put
 * where they belong, which is where bias, residual, norm and activation follow. */
#include "config.h"

#include "samcore/nn/sam-conv-transpose.h"

#include "samcore/kernels/sam-kernels.h"
#include "samcore/nn/sam-matrix-private.h"
#include "samcore/nn/sam-matrix-product.h"
#include "samcore/sam-parallel.h"
#include "samcore/base/sam-scratch.h"

#include <string.h>

typedef struct
{
  SamRowSource      rows;
  const SamMatrix  *k;
  float            *y;
  const float      *b, *r;
  const SamRowNorm *norm;
  size_t            w, out;
  SamAct            act;
} ConvTranspose;

static void
conv_transpose_rows (size_t first, size_t last, gpointer data)
{
  const ConvTranspose   *t = data;
  const SamKernels      *kernels = sam_kernels ();
  const SamMatrix       *k = t->k;
  const size_t           out = t->out;
  const float           *strips = sam_matrix_pack_rows (k, &t->rows, first, last);
  float                 *taps = sam_scratch_floats (SAM_SCRATCH_MIDDLE, (last - first) * k->out);
  const SamMatrixProduct product = { .y = taps, .w = k };

  sam_matrix_product_multiply (&product, strips, 0, last - first, 0, k->out);

  /* A row of taps is [2, 2, out]; pixels beside each other lie beside each other in y, too, until
   * the input's row ends. */
  for (size_t row = first, n; row < last; row += n, taps += n * k->out)
    {
      n = MIN (last - row, t->w - row % t->w);
      for (size_t a = 0; a < 2; a++)
        {
          size_t at = ((2 * (row / t->w) + a) * 2 * t->w + 2 * (row % t->w)) * out;
          float *y = t->y + at;

          for (size_t i = 0; i < n; i++)
            memcpy (y + i * 2 * out, taps + i * k->out + a * 2 * out, 2 * out * sizeof *y);
          if (t->r != NULL)
            kernels->add (y, y, t->r + at, 2 * n * out);
          if (t->norm != NULL)
            {
              kernels->finish (y, out, t->b, NULL, 0, 2 * n, out, SAM_ACT_NONE);
              kernels->layer_norm (y, y, t->norm->weight, t->norm->bias, t->norm->eps, 2 * n, out);
              kernels->finish (y, out, NULL, NULL, 0, 2 * n, out, t->act);
            }
          else
            {
              kernels->finish (y, out, t->b, NULL, 0, 2 * n, out, t->act);
            }
        }
    }
}

void
sam_matrix_conv_transpose2x2 (float            *y,
                              const float      *x,
                              const SamMatrix  *k,
                              const float      *b,
                              const float      *r,
                              size_t            h,
                              size_t            w,
                              const SamRowNorm *norm,
                              SamAct            act)
{
  const SamRows rows = { .x = x, .ld = k->in };
  ConvTranspose t = { sam_rows_source (&rows), k, y, b, r, norm, w, k->out / 4, act };

  sam_matrix_prepare (k);
  sam_parallel_for (h * w,
                    sam_matrix_product_grain (k, h * w, k->in + k->out, k->in * k->out, NULL),
                    conv_transpose_rows, &t);
}
