/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small products of two arrays that change from call to call; what is multiplied by weights is in
 * sam-matrix-product.c. OpenBLAS runs on one thread. */
#include "config.h"

#include "samcore/kernels/sam-kernels.h"
#include "samcore/nn/sam-ops.h"
#include "samcore/sam-parallel.h"

#include <cblas.h>
#include <glib.h>

#define COLUMNS 4096 /* of a piece */

void
sam_gemm_nt (float       *c,
             size_t       ldc,
             const float *a,
             size_t       lda,
             const float *b,
             size_t       ldb,
             size_t       m,
             size_t       n,
             size_t       k,
             float        alpha,
             float        beta)
{
  cblas_sgemm (CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, alpha, a, lda, b, ldb, beta, c,
               ldc);
}

void
sam_gemm_nn (float       *c,
             size_t       ldc,
             const float *a,
             size_t       lda,
             const float *b,
             size_t       ldb,
             size_t       m,
             size_t       n,
             size_t       k,
             float        alpha)
{
  cblas_sgemm (CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, alpha, a, lda, b, ldb, 0, c,
               ldc);
}

typedef struct
{
  float       *y;
  const float *x, *z;
  size_t       ld, n, k;
} Product;

static void
product_columns (size_t first, size_t last, gpointer data)
{
  const Product *p = data;

  sam_kernels ()->product (p->y + first, p->ld, p->x, p->z + first * p->k, p->n, p->k,
                           last - first);
}

void
sam_product (float *y, size_t ld, const float *x, const float *z, size_t n, size_t k, size_t m)
{
  Product p = { y, x, z, ld, n, k };

  sam_parallel_for (m, COLUMNS, product_columns, &p);
}
