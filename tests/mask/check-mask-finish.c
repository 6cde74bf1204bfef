/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finishing a mask: each step alone, all of them in the documented order, and that the order
 * matters. Also which candidate is meant by a number. */
#include <math.h>
#include <string.h>

#include "samcore/sam-candidate.h"
#include "samcore/sam-error.h"
#include "samcore/sam-mask-finish.h"

#define SIDE 96

/* A disc with a hole, in the hole an island without which the hole would be too large to be
 * filled, and beside the disc a speck: any two neighbouring steps done in the other order give
 * another mask. */
static SamMask *
make_mask (void)
{
  uint8_t *coverage = g_new0 (uint8_t, SIDE *SIDE);

  for (int y = 0; y < SIDE; y++)
    for (int x = 0; x < SIDE; x++)
      {
        double disc = hypot (x - 40, y - 40), speck = hypot (x - 86, y - 86);

        coverage[y * SIDE + x] = disc < 3 || (disc > 8 && disc < 30) || speck < 3 ? 255 : 0;
      }

  return sam_mask_new_take (SIDE, SIDE, coverage);
}

static void
assert_same (const SamMask *a, const SamMask *b)
{
  g_assert_nonnull (a);
  g_assert_nonnull (b);
  g_assert_cmpmem (sam_mask_get_coverage (a), SIDE * SIDE, sam_mask_get_coverage (b), SIDE * SIDE);
}

static gboolean
differ (const SamMask *a, const SamMask *b)
{
  return memcmp (sam_mask_get_coverage (a), sam_mask_get_coverage (b), SIDE * SIDE) != 0;
}

/* A matte for the tests, which no other step can be exchanged with. */
static SamMask *
flatten (const SamMask *mask, gpointer data, const SamJob *job, GError **error)
{
  uint8_t *coverage = g_memdup2 (sam_mask_get_coverage (mask), SIDE * SIDE);

  (*(int *) data)++;
  for (int i = 0; i < SIDE * SIDE; i++)
    coverage[i] = coverage[i] >= 128 ? 100 : coverage[i] / 4;

  return sam_mask_new_take (SIDE, SIDE, coverage);
}

/* The steps as they are called by themselves. */
enum
{
  FILL,
  DROP,
  GROW,
  MATTE,
  FEATHER,
  N_STEPS
};

static SamMask *
step (int which, const SamMask *mask)
{
  int n = 0;

  switch (which)
    {
    case FILL:
      return sam_mask_fill_holes (mask, 190, NULL);
    case DROP:
      return sam_mask_drop_specks (mask, 60, NULL);
    case GROW:
      return sam_mask_grow (mask, 3, NULL);
    case MATTE:
      return flatten (mask, &n, NULL, NULL);
    default:
      return sam_mask_feather (mask, 5, NULL);
    }
}

static SamMask *
steps_in_order (const int *order)
{
  SamMask *mask = make_mask ();

  for (int i = 0; i < N_STEPS; i++)
    {
      g_autoptr (SamMask) before = mask;

      mask = step (order[i], before);
    }

  return mask;
}

static const SamMaskFinish all = { .fill_holes = 190, .min_area = 60, .grow = 3, .feather = 5 };

static void
test_order (void)
{
  int                 order[N_STEPS] = { FILL, DROP, GROW, MATTE, FEATHER };
  g_autoptr (SamMask) expected = steps_in_order (order);
  g_autoptr (SamMask) done = NULL;
  int                 n_mattes = 0;

  done = sam_mask_finish (make_mask (), &all, 1.0, flatten, &n_mattes, NULL, NULL);
  assert_same (done, expected);
  g_assert_cmpint (n_mattes, ==, 1);

  /* or the test would tell nothing */
  for (int i = 0; i + 1 < N_STEPS; i++)
    {
      int                 swapped[N_STEPS];
      g_autoptr (SamMask) other = NULL;

      memcpy (swapped, order, sizeof order);
      swapped[i] = order[i + 1];
      swapped[i + 1] = order[i];
      other = steps_in_order (swapped);
      g_assert_true (differ (other, expected));
    }
}

static void
test_each (void)
{
  static const SamMaskFinish finishes[] = {
    { .fill_holes = 190 }, { .min_area = 60 }, { .grow = 3 }, { 0 }, { .feather = 5 }
  };
  g_autoptr (SamMask) mask = make_mask ();

  for (int i = 0; i < N_STEPS; i++)
    {
      g_autoptr (SamMask) expected = step (i, mask);
      g_autoptr (SamMask) done = NULL;
      int                 n_mattes = 0;

      done = sam_mask_finish (make_mask (), &finishes[i], 1.0, i == MATTE ? flatten : NULL,
                              &n_mattes, NULL, NULL);
      assert_same (done, expected);
    }
}

/* Only growing knows less than nothing. */
static void
test_nothing (void)
{
  static const SamMaskFinish nothing[] = { { 0 },
                                           { .fill_holes = -1, .min_area = -2, .feather = -3 } };
  static const SamMaskFinish shrink = { .grow = -2 };
  g_autoptr (SamMask)        mask = make_mask ();
  g_autoptr (SamMask)        shrunk = sam_mask_grow (mask, -2, NULL);
  g_autoptr (SamMask)        done = NULL;

  for (size_t i = 0; i < G_N_ELEMENTS (nothing); i++)
    {
      g_autoptr (SamMask) same = sam_mask_finish (make_mask (), &nothing[i], 1.0, NULL, NULL, NULL,
                                                  NULL);

      assert_same (same, mask);
    }
  done = sam_mask_finish (make_mask (), &shrink, 1.0, NULL, NULL, NULL, NULL);
  assert_same (done, shrunk);
}

/* Settings are in the image's pixels, of which the mask may have fewer. */
static void
test_scale (void)
{
  static const SamMaskFinish twice = {
    .fill_holes = 760, .min_area = 240, .grow = 6, .feather = 10
  };
  g_autoptr (SamMask) expected = sam_mask_finish (make_mask (), &all, 1.0, NULL, NULL, NULL, NULL);
  g_autoptr (SamMask) done = sam_mask_finish (make_mask (), &twice, 0.5, NULL, NULL, NULL, NULL);

  assert_same (done, expected);
}

static SamMask *
fail (const SamMask *mask, gpointer data, const SamJob *job, GError **error)
{
  g_set_error_literal (error, SAM_ERROR, SAM_ERROR_UNSUPPORTED, "no matte here");

  return NULL;
}

/* Cancelled while it is at the matte. */
static SamMask *
cancel (const SamMask *mask, gpointer data, const SamJob *job, GError **error)
{
  g_cancellable_cancel (job->cancellable);

  return sam_mask_copy (mask, error);
}

static void
test_stopped (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  SamJob                   job = { .cancellable = cancellable };
  g_autoptr (GError)       error = NULL;

  g_assert_null (sam_mask_finish (make_mask (), &all, 1.0, fail, NULL, NULL, &error));
  g_assert_error (error, SAM_ERROR, SAM_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  g_assert_null (sam_mask_finish (make_mask (), &all, 1.0, cancel, NULL, &job, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_parse (void)
{
  static const char *const names[] = { "best", "1", "2", "3" };
  static const char *const bad[] = { "", "0", "4", "11", "+1", "first", "Best", "best " };
  int                      wanted;

  for (int i = 0; i < (int) G_N_ELEMENTS (names); i++)
    {
      wanted = -1;
      g_assert_true (sam_candidate_parse (names[i], &wanted));
      g_assert_cmpint (wanted, ==, i);
    }
  for (size_t i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (sam_candidate_parse (bad[i], &wanted));
}

static void
test_choose (void)
{
  g_autoptr (GError) error = NULL;
  size_t             candidate = 99;

  g_assert_true (sam_candidate_choose (SAM_CANDIDATE_BEST, 3, 1, &candidate, NULL));
  g_assert_cmpuint (candidate, ==, 1);
  g_assert_true (sam_candidate_choose (3, 3, 1, &candidate, NULL));
  g_assert_cmpuint (candidate, ==, 2);
  g_assert_true (sam_candidate_choose (1, 1, 0, &candidate, NULL));
  g_assert_cmpuint (candidate, ==, 0);
  candidate = 99;
  g_assert_false (sam_candidate_choose (2, 1, 0, &candidate, &error));
  g_assert_error (error, SAM_ERROR, SAM_ERROR_BAD_PROMPT);
  g_assert_nonnull (strstr (error->message, "no candidate 2 for this prompt, only 1"));
  g_assert_cmpuint (candidate, ==, 99);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mask-finish/order", test_order);
  g_test_add_func ("/mask-finish/each", test_each);
  g_test_add_func ("/mask-finish/nothing", test_nothing);
  g_test_add_func ("/mask-finish/scale", test_scale);
  g_test_add_func ("/mask-finish/stopped", test_stopped);
  g_test_add_func ("/candidate/parse", test_parse);
  g_test_add_func ("/candidate/choose", test_choose);

  return g_test_run ();
}
