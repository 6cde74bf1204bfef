/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The session without a display: with a fake model, and with the built-in one. */
#include "config.h"

#include <math.h>
#include <string.h>

#include <gdk-pixbuf/gdk-pixbuf.h>
#include <gio/gio.h>

#include "samcore/sam-error.h"
#include "tests/ui/session/fixture.h"

static void
test_click (void)
{
  Fixture f;

  fake_reset ();
  open_session (&f, TRUE);
  settle (&f);
  g_assert_true (sui_session_is_ready (f.session));
  g_assert_cmpstr (sui_session_get_model (f.session), ==, "a");

  g_assert_true (sui_session_add (f.session, sui_prompt_new_point (20, 30, 1)));
  settle (&f);
  g_assert_cmpuint (sui_session_get_n_candidates (f.session), ==, 3);
  g_assert_cmpuint (sui_session_get_candidate (f.session), ==, 1);
  for (guint i = 0; i < 3; i++)
    g_assert_nonnull (sui_session_get_thumbnail (f.session, i));
  g_assert_true (shown (&f, 20, 30));
  g_assert_true (shown (&f, 26, 30));
  g_assert_false (shown (&f, 30, 30));

  /* outside: refused */
  g_assert_false (sui_session_add (f.session, sui_prompt_new_point (SIDE + 1, 3, 1)));
  g_assert_false (sui_session_add (f.session, sui_prompt_new_point (NAN, 3, 1)));
  g_assert_cmpint (f.n_failed, ==, 0);
  close_session (&f);
}

static void
test_early_clicks (void)
{
  Fixture              f;
  g_autoptr (SamImage) image = picture (0);

  fake_reset ();
  fake.encode_ms = 150;
  open_session (&f, FALSE);
  g_assert_false (sui_session_add (f.session, sui_prompt_new_point (20, 30, 1)));
  sui_session_set_image (f.session, image);
  g_assert_true (sui_session_add (f.session, sui_prompt_new_point (20, 30, 1)));
  sui_session_set_model (f.session, "a");
  wait_until_busy (&f, SUI_BUSY_ENCODING);
  g_assert_true (sui_session_add (f.session, sui_prompt_new_point (40, 30, 1)));
  g_assert_true (sui_session_add (f.session, sui_prompt_new_point (50, 30, 0)));
  g_assert_cmpint (fake.n_predicts, ==, 0);
  settle (&f);
  /* kept, and answered in one go */
  g_assert_cmpint (fake.n_predicts, ==, 1);
  g_assert_cmpint (fake.n_points, ==, 3);
  g_assert_true (shown (&f, 20, 30));
  g_assert_true (shown (&f, 40, 30));
  g_assert_false (shown (&f, 50, 30));
  close_session (&f);
}

static void
test_candidates (void)
{
  Fixture f;
  size_t  medium;

  fake_reset ();
  open_session (&f, TRUE);
  sui_session_add (f.session, sui_prompt_new_point (30, 30, 1));
  settle (&f);
  medium = area (&f);
  sui_session_choose (f.session, 0);
  settle (&f);
  g_assert_cmpuint (area (&f), <, medium);
  sui_session_choose (f.session, 2);
  settle (&f);
  g_assert_cmpuint (area (&f), >, medium);
  g_assert_cmpuint (sui_session_get_candidate (f.session), ==, 2);
  g_assert_cmpint (fake.n_predicts, ==, 1);
  sui_session_choose (f.session, 7);
  g_assert_cmpuint (sui_session_get_candidate (f.session), ==, 2);

  /* leafing is one step */
  sui_session_undo (f.session);
  settle (&f);
  g_assert_cmpuint (sui_session_get_candidate (f.session), ==, 1);
  g_assert_cmpuint (area (&f), ==, medium);
  sui_session_undo (f.session);
  settle (&f);
  g_assert_cmpuint (area (&f), ==, 0);
  g_assert_true (sui_session_is_empty (f.session));
  g_assert_false (sui_session_can_undo (f.session));
  close_session (&f);
}

static void
test_undo (void)
{
  Fixture f;
  size_t  areas[6];

  fake_reset ();
  open_session (&f, TRUE);
  settle (&f);
  for (int i = 0; i < 6; i++)
    {
      sui_session_add (f.session, sui_prompt_new_point (8 + 9 * i, 20, 1));
      settle (&f);
      areas[i] = area (&f);
    }
  for (int i = 5; i >= 0; i--)
    {
      g_assert_cmpuint (area (&f), ==, areas[i]);
      sui_session_undo (f.session);
      settle (&f);
    }
  g_assert_cmpuint (area (&f), ==, 0);
  for (int i = 0; i < 6; i++)
    {
      sui_session_redo (f.session);
      settle (&f);
      g_assert_cmpuint (area (&f), ==, areas[i]);
    }
  /* answers are kept: nothing was asked twice */
  g_assert_cmpint (fake.n_predicts, ==, 6);
  g_assert_false (sui_session_can_redo (f.session));

  sui_session_undo (f.session);
  sui_session_add (f.session, sui_prompt_new_point (5, 60, 1));
  g_assert_false (sui_session_can_redo (f.session));
  settle (&f);
  close_session (&f);
}

static void
test_edit (void)
{
  Fixture f;

  fake_reset ();
  open_session (&f, TRUE);
  sui_session_add (f.session, sui_prompt_new_point (10, 10, 1));
  sui_session_add (f.session, sui_prompt_new_point (50, 50, 1));
  settle (&f);
  g_assert_true (shown (&f, 50, 50));

  /* dragging is one step, however many the movements */
  for (int x = 50; x > 30; x--)
    sui_session_replace (f.session, 1, sui_prompt_new_point (x, 50, 1), TRUE);
  sui_session_replace (f.session, 1, sui_prompt_new_point (30, 50, 1), FALSE);
  settle (&f);
  g_assert_true (shown (&f, 30, 50));
  g_assert_false (shown (&f, 50, 50));
  g_assert_false (fake.had_previous);
  sui_session_undo (f.session);
  settle (&f);
  g_assert_true (shown (&f, 50, 50));
  g_assert_false (shown (&f, 30, 50));

  sui_session_delete (f.session, 0);
  settle (&f);
  g_assert_false (shown (&f, 10, 10));
  g_assert_true (shown (&f, 50, 50));
  g_assert_cmpuint (sui_session_get_prompts (f.session, 0)->len, ==, 1);
  close_session (&f);
}

static void
test_refine (void)
{
  Fixture f;

  fake_reset ();
  open_session (&f, TRUE);
  sui_session_add (f.session, sui_prompt_new_point (20, 20, 1));
  settle (&f);
  g_assert_false (fake.had_previous);
  sui_session_add (f.session, sui_prompt_new_point (40, 20, 1));
  settle (&f);
  g_assert_true (fake.had_previous);
  g_assert_cmpint (fake.n_predicts, ==, 2);

  /* an answer that contradicts the points is not shown if there is a better one */
  fake.previous_is_bad = TRUE;
  sui_session_add (f.session, sui_prompt_new_point (40, 40, 1));
  settle (&f);
  g_assert_cmpint (fake.n_predicts, ==, 4);
  g_assert_true (shown (&f, 20, 20));
  g_assert_true (shown (&f, 40, 20));
  g_assert_true (shown (&f, 40, 40));

  /* if there is none, what was found before stays, as chosen */
  fake.several_are_bad = TRUE;
  sui_session_new_object (f.session);
  sui_session_add (f.session, sui_prompt_new_point (10, 50, 1));
  settle (&f);
  sui_session_choose (f.session, 2);
  settle (&f);
  sui_session_add (f.session, sui_prompt_new_point (12, 52, 1));
  settle (&f);
  g_assert_true (shown (&f, 10, 50));
  g_assert_true (shown (&f, 12, 52));
  g_assert_true (shown (&f, 24, 50));
  g_assert_cmpuint (sui_session_get_candidate (f.session), ==, 2);
  g_assert_nonnull (sui_session_get_thumbnail (f.session, 0));
  /* but not against a click that it contradicts as much */
  sui_session_undo (f.session);
  sui_session_add (f.session, sui_prompt_new_point (24, 50, 0));
  settle (&f);
  g_assert_false (shown (&f, 24, 50));
  fake.several_are_bad = fake.previous_is_bad = FALSE;
  sui_session_delete_object (f.session, 1);

  /* a lasso replaces the answer before */
  sui_session_add (f.session,
                   sui_prompt_new_lasso ((float[]) { 10, 10, 50, 10, 50, 50, 10, 50 }, 4, 1));
  settle (&f);
  g_assert_true (fake.had_mask);
  g_assert_false (fake.had_previous);
  g_assert_cmpint (fake.n_boxes, ==, 1);
  close_session (&f);
}

static void
test_newest_wins (void)
{
  Fixture f;

  fake_reset ();
  open_session (&f, TRUE);
  settle (&f);
  fake.predict_ms = 100;
  for (int i = 0; i < 30; i++)
    {
      sui_session_add (f.session, sui_prompt_new_point (2 + 2 * i, 30, 1));
      g_main_context_iteration (NULL, FALSE);
    }
  settle (&f);
  g_assert_cmpint (fake.n_points, ==, 30);
  g_assert_cmpint (fake.n_predicts, <, 6);
  g_assert_true (shown (&f, 58, 30));
  g_assert_cmpint (f.n_failed, ==, 0);
  close_session (&f);
}

static void
test_only_negative (void)
{
  Fixture f;

  fake_reset ();
  open_session (&f, TRUE);
  sui_session_add (f.session, sui_prompt_new_point (20, 20, 0));
  settle (&f);
  g_assert_true (sui_session_needs_positive (f.session));
  g_assert_cmpint (fake.n_predicts, ==, 0);
  g_assert_cmpint (f.n_failed, ==, 0);
  sui_session_add (f.session, sui_prompt_new_point (30, 20, 1));
  settle (&f);
  g_assert_false (sui_session_needs_positive (f.session));
  g_assert_true (shown (&f, 30, 20));
  g_assert_false (shown (&f, 20, 20));
  close_session (&f);
}

static void
test_objects (void)
{
  Fixture f;

  fake_reset ();
  open_session (&f, TRUE);
  sui_session_add (f.session, sui_prompt_new_point (15, 15, 1));
  settle (&f);
  sui_session_new_object (f.session);
  sui_session_new_object (f.session); /* the empty one serves */
  g_assert_cmpuint (sui_session_get_n_objects (f.session), ==, 2);
  settle (&f);
  g_assert_true (shown (&f, 15, 15));
  sui_session_add (f.session, sui_prompt_new_point (50, 50, 1));
  settle (&f);
  g_assert_true (shown (&f, 15, 15));
  g_assert_true (shown (&f, 50, 50));
  g_assert_cmpint (fake.n_points, ==, 1);

  /* the first is still editable, and the second is not asked again for it */
  sui_session_set_current (f.session, 0);
  g_assert_cmpuint (sui_session_get_n_candidates (f.session), ==, 3);
  sui_session_add (f.session, sui_prompt_new_point (15, 40, 1));
  settle (&f);
  g_assert_cmpint (fake.n_predicts, ==, 3);
  g_assert_true (shown (&f, 15, 40));
  g_assert_true (shown (&f, 50, 50));

  sui_session_delete_object (f.session, 0);
  settle (&f);
  g_assert_cmpuint (sui_session_get_n_objects (f.session), ==, 1);
  g_assert_false (shown (&f, 15, 15));
  g_assert_true (shown (&f, 50, 50));
  sui_session_undo (f.session);
  settle (&f);
  g_assert_true (shown (&f, 15, 15));
  sui_session_clear (f.session);
  settle (&f);
  g_assert_cmpuint (area (&f), ==, 0);
  close_session (&f);
}

static void
test_options (void)
{
  Fixture    f;
  SuiOptions options = { .edge = SAM_EDGE_HARD };
  size_t     plain;

  fake_reset ();
  open_session (&f, TRUE);
  sui_session_set_options (f.session, &options);
  sui_session_add (f.session, sui_prompt_new_point (30, 30, 1));
  settle (&f);
  plain = area (&f);
  options.grow = 3;
  sui_session_set_options (f.session, &options);
  settle (&f);
  g_assert_cmpuint (area (&f), >, plain);
  options.grow = -3;
  sui_session_set_options (f.session, &options);
  settle (&f);
  g_assert_cmpuint (area (&f), <, plain);
  options.grow = 0;
  options.feather = 6;
  sui_session_set_options (f.session, &options);
  settle (&f);
  {
    const uint8_t *coverage = sam_mask_get_coverage (sui_session_get_view (f.session)->mask);
    int            n_soft = 0;

    for (int i = 0; i < SIDE * SIDE; i++)
      n_soft += coverage[i] > 0 && coverage[i] < 255;
    g_assert_cmpint (n_soft, >, 50);
  }
  g_assert_cmpint (fake.n_predicts, ==, 1);
  close_session (&f);
}

static void
test_hover (void)
{
  Fixture        f;
  const SuiView *hover;
  gint64         start;

  fake_reset ();
  open_session (&f, TRUE);
  settle (&f);
  sui_session_hover (f.session, 20.5, 20.5, 1);
  settle (&f);
  hover = sui_session_get_hover (f.session);
  g_assert_nonnull (hover);
  g_assert_cmpuint (sam_mask_get_coverage (hover->mask)[20 * SIDE + 20], ==, 255);
  g_assert_cmpuint (hover->outline->n_lines, ==, 1);
  sui_session_leave (f.session);
  g_assert_null (sui_session_get_hover (f.session));

  /* the newest place wins, and a click does not wait for previews */
  fake.predict_ms = 60;
  fake.n_predicts = 0;
  for (int i = 0; i < 40; i++)
    {
      sui_session_hover (f.session, 10 + i, 20, 1);
      g_main_context_iteration (NULL, FALSE);
      g_usleep (1000);
    }
  start = g_get_monotonic_time ();
  sui_session_add (f.session, sui_prompt_new_point (50, 50, 1));
  settle (&f);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 400 * 1000);
  g_assert_true (shown (&f, 50, 50));
  g_assert_cmpint (fake.n_predicts, <, 8);
  g_assert_cmpint (f.n_failed, ==, 0);
  close_session (&f);
}

static void
test_stop (void)
{
  Fixture f;
  gint64  start;

  fake_reset ();
  fake.encode_ms = 5000;
  open_session (&f, TRUE);
  wait_until_busy (&f, SUI_BUSY_ENCODING);
  sui_session_add (f.session, sui_prompt_new_point (20, 20, 1));
  start = g_get_monotonic_time ();
  while (sui_session_get_seconds_left (f.session) < 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpfloat (sui_session_get_progress (f.session), >, 0.0);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 3 * G_TIME_SPAN_SECOND);

  sui_session_cancel (f.session);
  g_assert_cmpint (sui_session_get_busy (f.session), ==, SUI_BUSY_NOTHING);
  g_assert_true (sui_session_is_stopped (f.session));
  settle (&f);
  g_assert_false (sui_session_is_ready (f.session));
  g_assert_cmpint (f.n_failed, ==, 0);

  fake.encode_ms = 0;
  sui_session_resume (f.session);
  settle (&f);
  g_assert_true (shown (&f, 20, 20));
  close_session (&f);
}

static void
test_close (void)
{
  Fixture f;
  gint64  start;

  fake_reset ();
  fake.encode_ms = 60000;
  open_session (&f, TRUE);
  wait_until_busy (&f, SUI_BUSY_ENCODING);
  sui_session_add (f.session, sui_prompt_new_point (20, 20, 1));
  start = g_get_monotonic_time ();
  close_session (&f);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 2 * G_TIME_SPAN_SECOND);
}

static void
test_models (void)
{
  Fixture f;

  fake_reset ();
  open_session (&f, FALSE);
  {
    g_autoptr (SamImage) image = picture (0);

    sui_session_set_image (f.session, image);
  }
  sui_session_set_model (f.session, "broken");
  settle (&f);
  g_assert_cmpint (f.n_failed, ==, 1);
  g_assert_error (f.error, SAM_ERROR, SAM_ERROR_BAD_FILE);
  g_assert_null (sui_session_get_wanted_model (f.session));

  sui_session_set_model (f.session, "a");
  sui_session_add (f.session, sui_prompt_new_point (20, 20, 1));
  settle (&f);
  g_assert_true (shown (&f, 20, 20));

  /* the answers of another model replace those of the first; the prompts stay */
  fake.encode_ms = 100;
  sui_session_set_model (f.session, "b");
  wait_until_busy (&f, SUI_BUSY_ENCODING);
  g_assert_true (shown (&f, 20, 20));
  g_assert_cmpstr (sui_session_get_model (f.session), ==, "a");
  g_assert_cmpstr (sui_session_get_wanted_model (f.session), ==, "b");
  settle (&f);
  g_assert_cmpstr (sui_session_get_model (f.session), ==, "b");
  g_assert_cmpint (fake.n_predicts, ==, 2);
  g_assert_true (shown (&f, 20, 20));

  /* given up */
  fake.encode_ms = 5000;
  sui_session_set_model (f.session, "c");
  wait_until_busy (&f, SUI_BUSY_ENCODING);
  sui_session_cancel (f.session);
  settle (&f);
  g_assert_cmpstr (sui_session_get_wanted_model (f.session), ==, "b");
  g_assert_false (sui_session_is_stopped (f.session));

  /* changed again while at it */
  fake.encode_ms = 50;
  sui_session_set_model (f.session, "d");
  wait_until_busy (&f, SUI_BUSY_ENCODING);
  sui_session_set_model (f.session, "e");
  settle (&f);
  g_assert_cmpstr (sui_session_get_model (f.session), ==, "e");

  /* no memory for the other model's encoding: the old one stays */
  fake.encode_fails = TRUE;
  sui_session_set_model (f.session, "f");
  settle (&f);
  g_assert_cmpstr (sui_session_get_model (f.session), ==, "e");
  g_assert_cmpint (f.n_failed, ==, 2);
  sui_session_set_model (f.session, "broken");
  settle (&f);
  g_assert_cmpstr (sui_session_get_model (f.session), ==, "e");
  g_assert_cmpint (f.n_failed, ==, 3);
  sui_session_add (f.session, sui_prompt_new_point (40, 20, 1));
  settle (&f);
  g_assert_true (shown (&f, 40, 20));
  close_session (&f);
}

static void
test_other_picture (void)
{
  Fixture f;

  fake_reset ();
  open_session (&f, TRUE);
  sui_session_add (f.session, sui_prompt_new_point (20, 20, 1));
  settle (&f);
  {
    g_autoptr (SamImage) edited = picture (5);

    sui_session_set_image (f.session, edited);
  }
  settle (&f);
  g_assert_cmpint (fake.n_encodes, ==, 2);
  g_assert_cmpint (fake.n_loads, ==, 1);
  g_assert_true (shown (&f, 20, 20));
  {
    g_autoptr (GBytes)   bytes = g_bytes_new_static ("\1\2\3", 3);
    g_autoptr (SamImage) tiny = sam_image_new (1, 1, bytes, NULL);

    sui_session_set_image (f.session, tiny);
  }
  settle (&f);
  g_assert_true (sui_session_is_empty (f.session));
  g_assert_false (sui_session_can_undo (f.session));
  close_session (&f);
}

static void
on_mask (GObject *source, GAsyncResult *result, gpointer data)
{
  GError  *error = NULL;
  SamMask *mask = sui_session_make_mask_finish (SUI_SESSION (source), result, &error);

  if (mask != NULL)
    g_object_set_data_full (source, "mask", mask, (GDestroyNotify) sam_mask_free);
  else
    g_object_set_data_full (source, "error", error, (GDestroyNotify) g_error_free);
}

static void
test_make_mask (void)
{
  Fixture  f;
  SamMask *mask;

  fake_reset ();
  fake.encode_ms = 50;
  open_session (&f, TRUE);
  sui_session_make_mask (f.session, TRUE, on_mask, NULL);
  settle (&f);
  g_assert_error ((GError *) g_object_get_data (G_OBJECT (f.session), "error"), SAM_ERROR,
                  SAM_ERROR_BAD_PROMPT);

  {
    g_autoptr (SamImage) edited = picture (9);

    sui_session_set_image (f.session, edited);
  }
  sui_session_add (f.session, sui_prompt_new_point (15, 15, 1));
  sui_session_new_object (f.session);
  sui_session_add (f.session, sui_prompt_new_point (45, 45, 1));
  /* asked for before there is an answer */
  sui_session_make_mask (f.session, TRUE, on_mask, NULL);
  settle (&f);
  mask = g_object_get_data (G_OBJECT (f.session), "mask");
  g_assert_nonnull (mask);
  g_assert_cmpuint (sam_mask_get_area (mask), ==, area (&f));
  g_assert_cmpmem (sam_mask_get_coverage (mask), SIDE * SIDE,
                   sam_mask_get_coverage (sui_session_get_view (f.session)->mask), SIDE * SIDE);

  /* one that waits when the window closes */
  fake.encode_ms = 5000;
  {
    g_autoptr (SamImage) edited = picture (10);

    sui_session_set_image (f.session, edited);
  }
  sui_session_make_mask (f.session, TRUE, on_mask, NULL);
  sui_session_close (f.session);
  settle (&f);
  g_assert_error ((GError *) g_object_get_data (G_OBJECT (f.session), "error"), G_IO_ERROR,
                  G_IO_ERROR_CANCELLED);
  close_session (&f);
}

static void
test_many_clicks (void)
{
  Fixture f;
  gint64  start;

  fake_reset ();
  open_session (&f, TRUE);
  settle (&f);
  start = g_get_monotonic_time ();
  for (int i = 0; i < 500; i++)
    {
      g_assert_true (sui_session_add (f.session, sui_prompt_new_point (i % 60 + 1, i / 60 * 7 + 1,
                                                                       i % 3 != 0)));
      if (i % 50 == 0)
        settle (&f);
    }
  settle (&f);
  for (int i = 0; i < 500; i++)
    sui_session_undo (f.session);
  for (int i = 0; i < 500; i++)
    sui_session_redo (f.session);
  settle (&f);
  g_assert_cmpint (fake.n_points, ==, 500);
  g_assert_cmpint (f.n_failed, ==, 0);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 10 * G_TIME_SPAN_SECOND);

  /* full: says so instead of failing later */
  for (int i = 500; i < SUI_MAX_PROMPTS; i++)
    g_assert_true (sui_session_add (f.session, sui_prompt_new_point (30, 30, 1)));
  g_assert_false (sui_session_add (f.session, sui_prompt_new_point (30, 30, 1)));
  settle (&f);
  close_session (&f);
}

/* An object takes what a model takes, no more: that would be an error at each click. */
static void
test_full (void)
{
  static const float line[] = { 5, 5, 60, 5, 60, 60, 5, 60, 5, 10, 60, 10 };
  Fixture            f;
  int                n = 0;

  fake_reset ();
  open_session (&f, TRUE);
  settle (&f);
  while (sui_session_add (f.session, sui_prompt_new_stroke (line, 6, 3, 1)))
    n++;
  settle (&f);
  g_assert_true (sui_session_is_full (f.session));
  g_assert_cmpint (n, ==, SAM_PROMPT_MAX_POINTS / SUI_PROMPT_MAX_POINTS);
  g_assert_cmpint (f.n_failed, ==, 0);

  sui_session_new_object (f.session);
  g_assert_false (sui_session_is_full (f.session));
  for (n = 0;
       sui_session_add (f.session, sui_prompt_new_box (n % 50, n / 50, n % 50 + 10, n / 50 + 10));
       n++)
    ;
  settle (&f);
  g_assert_cmpint (n, ==, SAM_PROMPT_MAX_BOXES);
  g_assert_cmpint (fake.n_boxes, ==, SAM_PROMPT_MAX_BOXES);
  g_assert_cmpint (f.n_failed, ==, 0);
  close_session (&f);
}

/* --- the built-in model --- */

static SamImage *
sample_photo (void)
{
  g_autofree char *path = g_build_filename (g_getenv ("SAM_SOURCE_ROOT"), "data/samples/coffee.png",
                                            NULL);
  g_autoptr (GError)    error = NULL;
  g_autoptr (GdkPixbuf) pixbuf = gdk_pixbuf_new_from_file (path, &error);
  g_autoptr (GBytes)    bytes = NULL;
  SamImage             *image;
  int                   width, height, channels;
  uint8_t              *pixels;

  g_assert_no_error (error);
  width = gdk_pixbuf_get_width (pixbuf);
  height = gdk_pixbuf_get_height (pixbuf);
  channels = gdk_pixbuf_get_n_channels (pixbuf);
  pixels = g_malloc ((size_t) width * height * 3);
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      memcpy (pixels + (y * width + x) * 3,
              gdk_pixbuf_read_pixels (pixbuf) + y * gdk_pixbuf_get_rowstride (pixbuf) +
                x * channels,
              3);
  bytes = g_bytes_new_take (pixels, (size_t) width * height * 3);
  image = sam_image_new (width, height, bytes, &error);
  g_assert_no_error (error);

  return image;
}

/* From a click to what is seen, with the real thing; figures for the benchmark. */
static void
test_builtin (void)
{
  Fixture              f = { 0 };
  g_autoptr (SamImage) photo = sample_photo ();
  gint64               start;
  double               first, click = 0.0, hover;
  int                  n = 0;
  const SuiView       *view;

  fake_reset ();
  start = g_get_monotonic_time ();
  f.session = sui_session_new (sui_load);
  g_signal_connect (f.session, "failed", G_CALLBACK (on_failed), &f);
  g_signal_connect (f.session, "hover", G_CALLBACK (count), &f.n_hovers);
  sui_session_set_image (f.session, photo);
  sui_session_set_model (f.session, "builtin");
  sui_session_add (f.session, sui_prompt_new_point (290, 190, 1));
  settle (&f);
  first = (g_get_monotonic_time () - start) / 1e3;
  g_assert_no_error (f.error);
  view = sui_session_get_view (f.session);
  g_assert_nonnull (view);
  g_assert_nonnull (view->mask);
  g_assert_cmpuint (sui_session_get_n_candidates (f.session), ==, 3);
  g_assert_cmpuint (sam_mask_get_coverage (view->mask)[190 * 600 + 290], >=, 128);
  g_assert_cmpfloat (view->area, <, 0.8);

  /* what was said stays true after every further click */
  for (int i = 0; i < 8; i++)
    {
      static const int xy[8][3] = { { 240, 150, 1 }, { 40, 40, 0 },   { 330, 240, 1 },
                                    { 560, 380, 0 }, { 250, 230, 1 }, { 30, 370, 0 },
                                    { 360, 170, 1 }, { 570, 30, 0 } };

      start = g_get_monotonic_time ();
      sui_session_add (f.session, sui_prompt_new_point (xy[i][0] + 0.5, xy[i][1] + 0.5, xy[i][2]));
      g_assert_cmpint (sui_session_get_busy (f.session), ==, SUI_BUSY_ANSWERING);
      while (sui_session_get_busy (f.session) == SUI_BUSY_ANSWERING)
        g_main_context_iteration (NULL, TRUE);
      click += (g_get_monotonic_time () - start) / 1e3 / 8;
      view = sui_session_get_view (f.session);
      g_assert_cmpint (sam_mask_get_coverage (view->mask)[xy[i][1] * 600 + xy[i][0]] >= 128, ==,
                       xy[i][2]);
    }

  /* as a hand moves: a new place every few milliseconds */
  settle (&f);
  f.n_hovers = 0;
  start = g_get_monotonic_time ();
  while (g_get_monotonic_time () - start < G_TIME_SPAN_SECOND)
    {
      sui_session_hover (f.session, 100 + n % 400, 200, 1);
      n++;
      g_main_context_iteration (NULL, FALSE);
      g_usleep (4000);
    }
  hover = f.n_hovers * 1e6 / (g_get_monotonic_time () - start);
  g_assert_cmpfloat (hover, >, 1.0);
  g_test_minimized_result (first, "first mask after %.0f ms, model and picture included", first);
  g_test_minimized_result (click, "a further click answered in %.1f ms", click);
  g_test_maximized_result (hover, "%.0f previews a second", hover);
  if (g_test_perf ())
    {
      g_assert_cmpfloat (hover, >=, 15.0);
      g_assert_cmpfloat (first, <=, 1000.0);
    }
  settle (&f);
  close_session (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/session/click", test_click);
  g_test_add_func ("/session/early-clicks", test_early_clicks);
  g_test_add_func ("/session/candidates", test_candidates);
  g_test_add_func ("/session/undo", test_undo);
  g_test_add_func ("/session/edit", test_edit);
  g_test_add_func ("/session/refine", test_refine);
  g_test_add_func ("/session/newest-wins", test_newest_wins);
  g_test_add_func ("/session/only-negative", test_only_negative);
  g_test_add_func ("/session/objects", test_objects);
  g_test_add_func ("/session/options", test_options);
  g_test_add_func ("/session/hover", test_hover);
  g_test_add_func ("/session/stop", test_stop);
  g_test_add_func ("/session/close", test_close);
  g_test_add_func ("/session/models", test_models);
  g_test_add_func ("/session/other-picture", test_other_picture);
  g_test_add_func ("/session/make-mask", test_make_mask);
  g_test_add_func ("/session/many-clicks", test_many_clicks);
  g_test_add_func ("/session/full", test_full);

  g_test_add_func ("/session/builtin", test_builtin);

  return g_test_run ();
}
