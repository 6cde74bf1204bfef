/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Products of two arrays that change from call to call, with OpenBLAS, which runs on one thread; what is
 * multiplied by weights is in sam-matrix.c. */
#include "config.h"

#include "samcore/sam-ops.h"
#include "samcore/sam-parallel.h"

#include <cblas.h>
#include <glib.h>

#define COLUMNS 4096 /* of a piece */

void
sam_gemm_nt (float *c, size_t ldc, const float *a, size_t lda, const float *b, size_t ldb,
             size_t m, size_t n, size_t k, float alpha, float beta)
{
  cblas_sgemm (CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

typedef struct
{
  float       *y;
  const float *x, *z;
  size_t       n, k, m;
} Product;

static void
product_columns (size_t first, size_t last, gpointer data)
{
  const Product *p = data;

  sam_gemm_nt (p->y + first, p->m, p->x, p->k, p->z + first * p->k, p->k, p->n, last - first, p->k, 1, 0);
}

void
sam_product (float *y, const float *x, const float *z, size_t n, size_t k, size_t m)
{
  Product p = { y, x, z, n, k, m };

  sam_parallel_for (m, COLUMNS, product_columns, &p);
}
