/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is kept with an image, and the script for the same result, bring back what was said. */
#include "config.h"

#include <string.h>

#include "samcore/sam-candidate.h"
#include "samcore/sam-error.h"
#include "tests/ui/session/fixture.h"
#include "ui/session/sui-replay.h"

static void
test_keep (void)
{
  Fixture          f, g;
  g_autofree char *text = NULL;
  g_autofree char *again = NULL;
  uint8_t         *coverage = g_malloc0 (SIDE * SIDE);
  SamMask         *mask;
  size_t           before;

  fake_reset ();
  open_session (&f, TRUE);
  g_assert_null (sui_session_to_string (f.session));
  sui_session_add (f.session, sui_prompt_new_point (15.25, 15.5, 1));
  settle (&f);
  sui_session_choose (f.session, 2);
  sui_session_new_object (f.session);
  sui_session_add (f.session, sui_prompt_new_box (60, 50, 40, 62));
  sui_session_add (f.session,
                   sui_prompt_new_stroke ((float[]) { 41, 51, 44, 55, 50, 55 }, 3, 4, 0));
  sui_session_new_object (f.session);
  sui_session_add (f.session, sui_prompt_new_lasso ((float[]) { 1, 1, 9, 1, 9, 9 }, 3, 1));
  memset (coverage + 30 * SIDE + 30, 255, 8);
  mask = sam_mask_new_take (SIDE, SIDE, coverage);
  sui_session_add (f.session, sui_prompt_new_mask (mask));
  sam_mask_free (mask);
  settle (&f);
  before = area (&f);
  text = sui_session_to_string (f.session);
  close_session (&f);

  open_session (&g, TRUE);
  sui_session_offer (g.session, text);
  while (g.n_offers == 0)
    g_main_context_iteration (NULL, TRUE);
  sui_session_accept_offer (g.session);
  settle (&g);
  g_assert_cmpuint (sui_session_get_n_objects (g.session), ==, 3);
  g_assert_cmpuint (area (&g), ==, before);
  again = sui_session_to_string (g.session);
  g_assert_cmpstr (again, ==, text);
  sui_session_undo (g.session);
  g_assert_true (sui_session_is_empty (g.session));
  close_session (&g);

  /* of other pixels: no offer */
  open_session (&g, TRUE);
  {
    g_autoptr (SamImage) other = picture (77);

    sui_session_set_image (g.session, other);
  }
  sui_session_offer (g.session, text);
  for (int i = 0; i < 100; i++)
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (1000);
    }
  g_assert_cmpint (g.n_offers, ==, 0);
  sui_session_accept_offer (g.session);
  g_assert_true (sui_session_is_empty (g.session));
  close_session (&g);

  /* damaged text never does more than lose a prompt */
  for (int seed = 0; seed < 200; seed++)
    {
      g_autoptr (GRand) random = g_rand_new_with_seed ((guint32) seed);
      g_autofree char  *damaged = g_strdup (text);
      size_t            start = strlen ("segment-anything prompts 1\npicture ") + 65;

      for (int i = 0; i < 5; i++)
        damaged[g_rand_int_range (random, (gint32) start, (gint32) strlen (text))] =
          "0123456789 .-\nabox=/AQ"[g_rand_int_range (random, 0, 22)];
      if (seed % 3 == 0)
        damaged[g_rand_int_range (random, (gint32) start, (gint32) strlen (text))] = '\0';
      open_session (&g, TRUE);
      sui_session_offer (g.session, damaged);
      while (g.n_offers == 0)
        g_main_context_iteration (NULL, TRUE);
      sui_session_accept_offer (g.session);
      settle (&g);
      close_session (&g);
    }
}

/* The prompt of a script, as the procedure gets it. */
static char *
prompt_of (const char *script)
{
  const char *from = strstr (script, "#:prompt \"") + strlen ("#:prompt \"");

  return g_strndup (from, (gsize) (strchr (from, '"') - from));
}

/* What the procedure makes of the script is what the window applies, to the byte. */
static void
check_replay (Fixture *f, SamEdge edge)
{
  static const SuiPlace place = { 1.0, 100.0, -5.0 };
  g_autofree char      *script = sui_session_to_script (f->session, &place, "#:output \"channel\"");
  g_autofree char      *text = prompt_of (script);
  g_autoptr (GError)    error = NULL;
  g_autoptr (SuiState)  said = NULL;
  g_autoptr (SamMask)   mask = NULL;
  SuiOptions            options = { .edge = edge };
  SamPredictor         *predictor = fake_load ("a", NULL, NULL);
  gpointer              scene = fake_scene_new ("a");
  const SuiView        *view;
  double                iou = 0.0;

  sui_session_set_options (f->session, &options);
  settle (f);
  view = sui_session_get_view (f->session);
  if (! sui_replay_is_said (text))
    {
      /* the line that people write too */
      g_auto (SamPrompt)  prompt = { NULL };
      g_autoptr (GString) lines = g_string_new ("object -1");

      sam_prompt_init (&prompt);
      g_assert_true (sam_prompt_parse (&prompt, text, NULL));
      for (guint i = 0; i < prompt.points->len; i++)
        {
          const SamPoint *p = &g_array_index (prompt.points, SamPoint, i);

          g_string_append_printf (lines, ";point %d %.9g %.9g", p->label, p->x_image, p->y_image);
        }
      g_free (text);
      text = g_strdup (lines->str);
    }

  said = sui_replay_parse (text, &place, SIDE, SIDE, &error);
  g_assert_no_error (error);
  mask = sui_replay_answer (said, predictor, scene, SIDE, SIDE, edge, SAM_CANDIDATE_BEST, NULL,
                            &iou, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (sam_mask_get_coverage (mask), SIDE * SIDE, sam_mask_get_coverage (view->mask),
                   SIDE * SIDE);
  g_assert_cmpfloat (iou, >, 0.0);
  predictor->free_scene (scene);
  sam_predictor_unref (predictor);
}

static void
test_script (void)
{
  static const SuiPlace place = { 1.0, 100.0, -5.0 }, odd = { 3.0, 0.1, 7.0 };
  Fixture               f;
  char                 *script;
  uint8_t              *coverage = g_malloc0 (SIDE * SIDE);
  g_autoptr (SamMask)   mask = sam_mask_new_take (SIDE, SIDE, coverage);

  fake_reset ();
  fake.remembers = TRUE;
  open_session (&f, TRUE);
  g_assert_null (sui_session_to_script (f.session, &place, ""));

  /* a lone click, in the words that people use */
  sui_session_add (f.session, sui_prompt_new_point (15.5, 15, 1));
  settle (&f);
  script = sui_session_to_script (f.session, &place, "#:output \"selection\"");
  g_assert_nonnull (strstr (script, "#:prompt \"115.5,10 +\"\n  #:output \"selection\")"));
  g_free (script);
  check_replay (&f, SAM_EDGE_HARD);

  /* a second one before the first is answered: the line's would be answered one after the other */
  sui_session_clear (f.session);
  sui_session_add (f.session, sui_prompt_new_point (15.5, 15, 1));
  sui_session_add (f.session, sui_prompt_new_point (40, 40, 1));
  settle (&f);
  script = sui_session_to_script (f.session, &place, "");
  g_assert_nonnull (strstr (script, "\"object -1; point 1 115.5 10; point 1 140 35\""));
  g_free (script);
  check_replay (&f, SAM_EDGE_HARD);
  sui_session_clear (f.session);
  sui_session_add (f.session, sui_prompt_new_point (15.5, 15, 1));
  settle (&f);

  /* chosen, refined, refined at once by two, a prompt moved, an object more */
  sui_session_choose (f.session, 2);
  check_replay (&f, SAM_EDGE_SMOOTH);
  sui_session_add (f.session, sui_prompt_new_point (20.123456, 31.7, 0));
  settle (&f);
  sui_session_add (f.session,
                   sui_prompt_new_stroke ((float[]) { 41, 51, 44, 55, 50, 55 }, 3, 4.3, 1));
  sui_session_add (f.session, sui_prompt_new_point (1.0 / 3.0, 2.0 / 3.0, 0));
  settle (&f);
  script = sui_session_to_script (f.session, &place, "");
  g_assert_nonnull (
    strstr (script, "\"object -1; point 1 115.5 10; then 2; point 0 120.123455 26.7; then 0;"));
  g_free (script);
  check_replay (&f, SAM_EDGE_SMOOTH);
  sui_session_new_object (f.session);
  sui_session_add (f.session, sui_prompt_new_box (40, 50, 60, 62));
  settle (&f);
  check_replay (&f, SAM_EDGE_SMOOTH);
  sui_session_add (f.session, sui_prompt_new_lasso ((float[]) { 1, 1, 9, 1, 9, 9 }, 3, 1));
  settle (&f);
  memset (coverage + 30 * SIDE + 30, 255, 8);
  sui_session_add (f.session, sui_prompt_new_mask (mask));
  settle (&f);
  check_replay (&f, SAM_EDGE_HARD);
  sui_session_set_current (f.session, 0);
  sui_session_replace (f.session, 0, sui_prompt_new_point (17, 15, 1), FALSE);
  settle (&f);
  check_replay (&f, SAM_EDGE_HARD);
  sui_session_undo (f.session);
  settle (&f);
  check_replay (&f, SAM_EDGE_HARD);

  /* coordinates survive any place */
  script = sui_session_to_script (f.session, &odd, "");
  {
    g_autofree char     *text = prompt_of (script);
    g_autoptr (SuiState) said = sui_replay_parse (text, &odd, SIDE, SIDE, NULL);
    g_autoptr (GString)  again = g_string_new (NULL), before = g_string_new (NULL);

    sui_state_append_to (said, &odd, again);
    g_string_replace (again, "\n", "; ", 0);
    g_string_truncate (again, again->len - 2);
    g_assert_cmpstr (again->str, ==, text);
  }
  g_free (script);
  close_session (&f);
}

/* Points given at once are answered as they are when each waits for the answer before. */
static void
test_at_once (void)
{
  static const struct
  {
    float x, y;
    int   label;
  } points[] = { { 20, 20, 1 }, { 44, 30, 1 }, { 32, 25, 0 } };
  Fixture              f;
  g_auto (SamPrompt)   prompt = { NULL };
  g_autoptr (SuiState) said = NULL;
  g_autoptr (SamMask)  mask = NULL;
  g_autoptr (GError)   error = NULL;
  SuiOptions           options = { .edge = SAM_EDGE_SMOOTH };
  SamPredictor        *predictor;
  gpointer             scene;
  double               iou = 0.0;

  fake_reset ();
  fake.remembers = TRUE;
  open_session (&f, TRUE);
  sui_session_set_options (f.session, &options);
  sam_prompt_init (&prompt);
  for (gsize i = 0; i < G_N_ELEMENTS (points); i++)
    {
      sui_session_add (f.session, sui_prompt_new_point (points[i].x, points[i].y, points[i].label));
      settle (&f);
    }
  /* the order in which they are given does not matter */
  for (gsize i = 0; i < G_N_ELEMENTS (points); i++)
    {
      gsize k = (i + 2) % G_N_ELEMENTS (points);

      sam_prompt_add_point (&prompt, points[k].x, points[k].y, points[k].label);
    }
  said = sui_replay_new (&prompt);

  predictor = fake_load ("a", NULL, NULL);
  scene = fake_scene_new ("a");
  mask = sui_replay_answer (said, predictor, scene, SIDE, SIDE, SAM_EDGE_SMOOTH, SAM_CANDIDATE_BEST,
                            NULL, &iou, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (sam_mask_get_coverage (mask), SIDE * SIDE,
                   sam_mask_get_coverage (sui_session_get_view (f.session)->mask), SIDE * SIDE);

  /* such a prompt has one candidate only */
  g_assert_null (sui_replay_answer (said, predictor, scene, SIDE, SIDE, SAM_EDGE_SMOOTH, 3, NULL,
                                    &iou, &error));
  g_assert_error (error, SAM_ERROR, SAM_ERROR_BAD_PROMPT);
  predictor->free_scene (scene);
  sam_predictor_unref (predictor);
  close_session (&f);

  /* said in a window that has no model yet: the first one that comes goes through the steps */
  open_session (&f, TRUE);
  sui_session_set_options (f.session, &options);
  sui_session_say (f.session, g_steal_pointer (&said));
  settle (&f);
  g_assert_cmpmem (sam_mask_get_coverage (sui_session_get_view (f.session)->mask), SIDE * SIDE,
                   sam_mask_get_coverage (mask), SIDE * SIDE);
  close_session (&f);
}

static void
test_replay_refuses (void)
{
  static const char *const bad[] = {
    "object -1",
    "object -1; point 0 5 5",
    "object 9; point 1 5 5",
    "object; point 1 5 5",
    "object -1; point 1 5",
    "object -1; point 1 64.5 5",
    "object -1; then 0; point 1 5 5",
    "object -1; point 1 5 5; then 7",
    "object -1; point 1 5 5; then -2",
    "object -1; point 1 5 5; then 0; then 0",
    "object -1; point 0 5 5; then 0; point 1 5 5",
    "point 1 5 5",
    "object -1; point 1 5 5; circle 1 2 3",
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (sui_replay_parse (bad[i], NULL, SIDE, SIDE, &error));
      g_assert_error (error, SAM_ERROR, SAM_ERROR_BAD_PROMPT);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/session/keep", test_keep);
  g_test_add_func ("/session/script", test_script);
  g_test_add_func ("/replay/at-once", test_at_once);
  g_test_add_func ("/replay/refuses", test_replay_refuses);

  return g_test_run ();
}
