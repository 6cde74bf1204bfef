/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory in large pages: a model's, and what threads keep. */
#include "config.h"

#include "samcore/base/sam-pages.h"
#include "samcore/base/sam-scratch.h"
#include "samcore/base/sam-slab.h"

#include <stdint.h>
#include <string.h>

#define N_PIECES 300

/* Pieces small and large, together more than a block, and one more than that alone. */
static void
test_pieces (void)
{
  g_autoptr (SamSlab) slab = sam_slab_new ();
  uint8_t            *piece[N_PIECES];
  size_t              n[N_PIECES];

  for (size_t i = 0; i < N_PIECES; i++)
    {
      n[i] = i == 200 ? 40 << 20 : i % 3 == 0 ? i : i * 1000;
      piece[i] = sam_slab_alloc (slab, n[i]);
      g_assert_nonnull (piece[i]);
      g_assert_cmpuint ((uintptr_t) piece[i] % 64, ==, 0);
      memset (piece[i], (int) i, n[i]);
    }
  for (size_t i = 0; i < N_PIECES; i++)
    for (size_t j = 0; j < n[i]; j += MAX (n[i] / 1000, 1))
      g_assert_cmpuint (piece[i][j], ==, i % 256);

  g_assert_null (sam_slab_alloc (slab, SIZE_MAX));
  g_assert_null (sam_slab_alloc (slab, SIZE_MAX / 2 + 1));
  g_assert_nonnull (sam_slab_alloc (slab, 1));
}

static void
test_pages (void)
{
  static const size_t sizes[] = {
    0, 1, SAM_PAGES_LARGE / 2 - 1, SAM_PAGES_LARGE / 2, SAM_PAGES_LARGE, 5 * SAM_PAGES_LARGE / 2 + 1
  };

  for (size_t i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree uint8_t *memory = sam_pages_alloc (sizes[i]);

      g_assert_nonnull (memory);
      g_assert_cmpuint ((uintptr_t) memory % (sizes[i] >= SAM_PAGES_LARGE ? SAM_PAGES_LARGE : 64),
                        ==, 0);
      memset (memory, 1, sizes[i]);
    }
  g_assert_null (sam_pages_alloc (SIZE_MAX));
}

/* Slots grow into other memory: zeros must be zeros there as well, all that a later call may ask
 * for. */
static void
test_zeros (void)
{
  static const size_t sizes[] = { 3, 100, 150, 199, 5000, 300000, 400000, 1000 };

  for (size_t i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      const float *zeros = sam_scratch_zeros (sizes[i]);

      memset (sam_scratch_floats (SAM_SCRATCH_ROW, sizes[i]), 1, sizes[i] * sizeof (float));
      g_assert_cmpuint ((uintptr_t) zeros % 64, ==, 0);
      for (size_t j = 0; j < sizes[i]; j++)
        g_assert_cmpfloat (zeros[j], ==, 0);
    }
}

static gpointer
run_test_zeros (gpointer nothing)
{
  test_zeros ();

  return nothing;
}

/* A thread's memory goes with it. */
static void
test_threads (void)
{
  for (int i = 0; i < 20; i++)
    g_thread_join (g_thread_new ("zeros", run_test_zeros, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/slab/pieces", test_pieces);
  g_test_add_func ("/pages/sizes", test_pages);
  g_test_add_func ("/scratch/zeros", test_zeros);
  g_test_add_func ("/scratch/threads", test_threads);

  return g_test_run ();
}
