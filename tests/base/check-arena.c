/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scratch memory of a forward pass: what was planned is there, and what is too large is said to
 * be. */
#include "config.h"

#include "samcore/base/sam-arena.h"
#include "samcore/sam-error.h"

#include <stdint.h>
#include <string.h>

static void
test_buffers (void)
{
  static const size_t sizes[][3] = { { 1, 1, 1 }, { 3, 5, 7 }, { 0, 5, 2 }, { 1000, 10, 3 } };
  float              *buffer[G_N_ELEMENTS (sizes)];

  for (int again = 0; again < 2; again++) /* the second time in the first one's memory */
    {
      g_auto (SamArena)  arena = { 0 };
      g_autoptr (GError) error = NULL;

      for (size_t i = 0; i < G_N_ELEMENTS (sizes); i++)
        {
          sam_arena_plan (&arena, &buffer[i], sizes[i][0], sizes[i][1], sizes[i][2]);
          g_assert_null (buffer[i]);
        }
      g_assert_true (sam_arena_commit (&arena, &error));
      g_assert_no_error (error);
      for (size_t i = 0; i < G_N_ELEMENTS (sizes); i++)
        {
          g_assert_cmpuint ((uintptr_t) buffer[i] % 64, ==, 0);
          for (size_t j = 0; j < sizes[i][0] * sizes[i][1] * sizes[i][2]; j++)
            buffer[i][j] = (float) i;
        }
      for (size_t i = 0; i < G_N_ELEMENTS (sizes); i++)
        for (size_t j = 0; j < sizes[i][0] * sizes[i][1] * sizes[i][2]; j++)
          g_assert_cmpfloat (buffer[i][j], ==, (float) i);
    }
}

/* Sizes whose product wraps round must not become a small number in the message. */
static void
test_too_large (void)
{
  static const size_t sizes[][3] = {
    { SIZE_MAX, 1, 1 },
    { SIZE_MAX / 2 + 1, 2, 1 },
    { (size_t) 1 << 32, (size_t) 1 << 31, 4 },
    { SIZE_MAX / 4 + 1, 1, 1 },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_auto (SamArena)  arena = { 0 };
      g_autoptr (GError) error = NULL, another = NULL;
      float             *buffer;

      sam_arena_plan (&arena, &buffer, sizes[i][0], sizes[i][1], sizes[i][2]);
      g_assert_false (sam_arena_commit (&arena, &error));
      g_assert_error (error, SAM_ERROR, SAM_ERROR_NO_MEMORY);
      g_assert_null (strstr (error->message, "MiB"));
      g_assert_null (buffer);

      g_assert_null (sam_alloc_floats (sizes[i][0], sizes[i][1], sizes[i][2], &another));
      g_assert_error (another, SAM_ERROR, SAM_ERROR_NO_MEMORY);
      g_assert_null (strstr (another->message, "MiB"));
    }
}

/* Each of them could be, but not all together. */
static void
test_too_many (void)
{
  g_auto (SamArena)  arena = { 0 };
  g_autoptr (GError) error = NULL;
  float             *buffer[20];

  for (size_t i = 0; i < G_N_ELEMENTS (buffer); i++)
    sam_arena_plan (&arena, &buffer[i], SIZE_MAX / 64, 1, 1);
  g_assert_false (sam_arena_commit (&arena, &error));
  g_assert_error (error, SAM_ERROR, SAM_ERROR_NO_MEMORY);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/arena/buffers", test_buffers);
  g_test_add_func ("/arena/too-large", test_too_large);
  g_test_add_func ("/arena/too-many", test_too_many);

  return g_test_run ();
}
