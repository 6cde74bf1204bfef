/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A weight matrix, packed at its first use, a panel at a time on all threads. */
#include "config.h"

#include "samcore/nn/sam-matrix.h"

#include "samcore/kernels/sam-kernels.h"
#include "samcore/nn/sam-matrix-private.h"
#include "samcore/base/sam-pages.h"
#include "samcore/sam-parallel.h"
#include "samcore/base/sam-scratch.h"

SamMatrix *
sam_matrix_new (const float *w, size_t out, size_t in, SamArithmetic arithmetic)
{
  const SamGemm *gemm = sam_arithmetic_weights_gemm (MIN (arithmetic, sam_arithmetic_get ()), in);
  SamMatrix     *m = g_new0 (SamMatrix, 1);

  g_assert (SAM_MATRIX_GROUP % gemm->panel == 0 && SAM_MATRIX_GROUP % gemm->line == 0);
  g_assert (gemm->part == 0 || SAM_MATRIX_GROUP % gemm->part == 0);

  m->w = w;
  m->in = in;
  m->out = out;
  m->gemm = gemm;

  return m;
}

void
sam_matrix_use_slab (SamMatrix *m, SamSlab *slab)
{
  m->slab = slab;
}

void
sam_matrix_on_packed (SamMatrix *m, SamMatrixPacked packed, void *data)
{
  m->packed = packed;
  m->packed_data = data;
}

void
sam_matrix_free (SamMatrix *m)
{
  if (m == NULL)
    return;

  if (m->slab == NULL)
    g_free (m->panels);
  g_free (m);
}

SamArithmetic
sam_matrix_get_arithmetic (const SamMatrix *m)
{
  return m->gemm == sam_kernels ()->f32 ? SAM_ARITHMETIC_F32 : SAM_ARITHMETIC_FAST;
}

SamAct
sam_matrix_get_gelu (const SamMatrix *m)
{
  return m->gemm != sam_kernels ()->f32 ? SAM_ACT_GELU_ROUGH : SAM_ACT_GELU;
}

/* Checks the values as well, while they are in the cache. */
static void
pack_group (size_t first, size_t last, gpointer data)
{
  SamMatrix   *m = data;
  const float *w = m->w + first * m->in;

  if (m->panels != NULL)
    m->gemm->pack_columns (m->panels + sam_panels_bytes (m->gemm, first, m->in), w, m->in, true,
                           last - first, m->in);
  if (! sam_kernels ()->all_finite (w, (last - first) * m->in))
    g_atomic_int_set (&m->not_finite, 1);
}

void
sam_matrix_prepare (const SamMatrix *matrix)
{
  SamMatrix *m = (SamMatrix *) matrix;

  if (g_once_init_enter (&m->tried))
    {
      const size_t n_bytes = sam_panels_bytes (m->gemm, m->out, m->in);

      m->panels = m->slab != NULL ? sam_slab_alloc (m->slab, n_bytes) : sam_pages_alloc (n_bytes);
      sam_parallel_for (m->out, m->gemm->panel, pack_group, m);
      if (m->panels != NULL && m->packed != NULL)
        m->packed (m->packed_data, m->w, m->out * m->in);
      g_once_init_leave (&m->tried, 1);
    }
}

bool
sam_matrix_pack (SamMatrix *matrix)
{
  sam_matrix_prepare (matrix);

  return matrix->panels != NULL;
}

bool
sam_matrix_is_finite (SamMatrix *matrix)
{
  sam_matrix_prepare (matrix);

  return ! matrix->not_finite;
}

const void *
sam_matrix_panels (const SamMatrix *m, size_t column, size_t n)
{
  float *panels;

  if (m->panels != NULL)
    return m->panels + sam_panels_bytes (m->gemm, column, m->in);

  panels = sam_scratch_bytes (SAM_SCRATCH_PANELS, sam_panels_bytes (m->gemm, n, m->in));
  m->gemm->pack_columns (panels, m->w + column * m->in, m->in, true, n, m->in);
  return panels;
}
