/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The session without a display.  A fake model answers discs around the points, as slowly and as
 *                                 badly as a
 * test wants; where the built-in model is there, it is asked too. */
#include "config.h"

#include <math.h>
#include <string.h>

#include <gdk-pixbuf/gdk-pixbuf.h>
#include <gio/gio.h>

#include "samcore/sam-candidate.h"
#include "samcore/sam-error.h"
#include "samcore/mask/sam-logits-private.h"
#include "ui/session/sui-replay.h"
#include "ui/session/sui-session.h"

/* --- the fake: pictures of SIDE x SIDE, logits one cell per pixel --- */

#define SIDE 64

typedef struct
{
  int   ref_count;
  char *name;
} Thing;

static struct
{
  int      encode_ms, predict_ms;
  gint     n_loads, n_encodes, n_predicts; /* atomic */
  gboolean remembers;       /* what the logits before were for stays in the answer a little */
  gboolean previous_is_bad; /* with the logits before, the answer misses all positive points */
  gboolean several_are_bad; /* so do all answers to more than one point */
  gboolean encode_fails;
  int      n_points;
  gboolean had_previous, had_mask;
  int      n_boxes;
  gint     alive; /* models and embeddings */
} fake;

static Thing *
fake_new (const char *name)
{
  Thing *f = g_new0 (Thing, 1);

  f->ref_count = 1;
  f->name = g_strdup (name);
  g_atomic_int_inc (&fake.alive);

  return f;
}

static gpointer
fake_ref (gpointer data)
{
  g_atomic_int_inc (&((Thing *) data)->ref_count);

  return data;
}

static void
fake_unref (gpointer data)
{
  Thing *f = data;

  if (! g_atomic_int_dec_and_test (&f->ref_count))
    return;
  g_free (f->name);
  g_free (f);
  g_atomic_int_add (&fake.alive, -1);
}

static gboolean
fake_work (int ms, const SamJob *job, GError **error)
{
  for (int i = 0; i < ms; i += 5)
    {
      if (! sam_job_step (job, (double) i / ms, error))
        return FALSE;
      g_usleep (5000);
    }

  return sam_job_step (job, 1.0, error);
}

static gpointer
fake_encode (SamImage *image, gpointer model, const SamJob *job, GError **error)
{
  g_atomic_int_inc (&fake.n_encodes);
  if (! fake_work (fake.encode_ms, job, error))
    return NULL;
  if (fake.encode_fails)
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_NO_MEMORY, "not enough memory");
      return NULL;
    }

  return fake_new (((Thing *) model)->name);
}

static SamLogits *
fake_predict (gpointer         scene,
              const SamPrompt *prompt,
              gpointer         model,
              const SamJob    *job,
              GError         **error)
{
  static const float radius[3] = { 4.0f, 8.0f, 16.0f };
  SamGeometry        geometry;
  gboolean           several = sam_prompt_is_ambiguous (prompt) && prompt->previous == NULL;
  size_t             n = several ? 3 : 1;
  float              iou[3] = { 0.6f, 0.9f, 0.7f };
  float             *values = g_new (float, n *SIDE *SIDE);

  sam_geometry_init (&geometry, SIDE, SIDE, SIDE * 4, SAM_FIT_SQUASH, SAM_UPSAMPLE_BILINEAR);
  g_assert_cmpstr (((Thing *) model)->name, ==, ((Thing *) scene)->name);
  g_atomic_int_inc (&fake.n_predicts);
  fake.n_points = (int) prompt->points->len;
  fake.n_boxes = (int) prompt->boxes->len;
  fake.had_previous = prompt->previous != NULL;
  fake.had_mask = prompt->mask != NULL;
  if (! sam_prompt_check (prompt, SIDE, SIDE, error) || ! fake_work (fake.predict_ms, job, error))
    {
      g_free (values);
      return NULL;
    }

  for (size_t c = 0; c < n; c++)
    for (int y = 0; y < SIDE; y++)
      for (int x = 0; x < SIDE; x++)
        {
          float value = -10.0f;

          for (guint i = 0; i < prompt->points->len; i++)
            {
              const SamPoint *p = &g_array_index (prompt->points, SamPoint, i);
              float           d = hypotf (x + 0.5f - p->x_image, y + 0.5f - p->y_image);

              if (p->label == 1)
                value = fmaxf (value, (several ? radius[c] : 8.0f) - d);
            }
          for (guint i = 0; i < prompt->boxes->len; i++)
            {
              const SamBox *b = &g_array_index (prompt->boxes, SamBox, i);

              value = fmaxf (value, fminf (fminf (x + 0.5f - b->x0_image, b->x1_image - x - 0.5f),
                                           fminf (y + 0.5f - b->y0_image, b->y1_image - y - 0.5f)));
            }
          for (guint i = 0; i < prompt->points->len; i++)
            {
              const SamPoint *p = &g_array_index (prompt->points, SamPoint, i);

              if (p->label == 0)
                value = fminf (value, hypotf (x + 0.5f - p->x_image, y + 0.5f - p->y_image) - 4.0f);
            }
          if (prompt->previous != NULL && fake.remembers)
            value += 0.5f * sam_logits_get_values (prompt->previous,
                                                   prompt->previous_candidate)[y * SIDE + x];
          if ((prompt->previous != NULL && fake.previous_is_bad) ||
              (prompt->points->len > 1 && fake.several_are_bad))
            value = -5.0f;
          values[(c * SIDE + y) * SIDE + x] = value;
        }

  return sam_logits_new_take (&geometry, n, SIDE, values, several ? iou : (float[]) { 0.95f }, NAN,
                              0.0f, prompt);
}

static SamPredictor *
fake_load (const char *name, const SamJob *job, GError **error)
{
  SamPredictor predictor = {
    .encode = fake_encode,
    .predict = fake_predict,
    .free_scene = fake_unref,
    .ref_scene = fake_ref,
    .free_data = fake_unref,
  };

  g_atomic_int_inc (&fake.n_loads);
  if (strcmp (name, "broken") == 0)
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_BAD_FILE, "broken.safetensors: the file is damaged");
      return NULL;
    }
  predictor.data = fake_new (name);

  return sam_predictor_new (&predictor);
}

static void
fake_reset (void)
{
  g_assert_cmpint (fake.alive, ==, 0);
  memset (&fake, 0, sizeof fake);
}

/* --- helpers --- */

static SamImage *
picture (int seed)
{
  size_t             n = SIDE * SIDE * 3;
  uint8_t           *pixels = g_malloc (n);
  g_autoptr (GBytes) bytes = NULL;
  SamImage          *image;

  for (size_t i = 0; i < n; i++)
    pixels[i] = (uint8_t) (i * 7 + seed);
  bytes = g_bytes_new_take (pixels, n);
  image = sam_image_new (SIDE, SIDE, bytes, NULL);
  g_assert_nonnull (image);

  return image;
}

typedef struct
{
  SuiSession *session;
  int         n_failed, n_views, n_hovers, n_offers;
  GError     *error;
} Fixture;

static void
on_failed (SuiSession *session, GError *error, Fixture *f)
{
  f->n_failed++;
  g_clear_error (&f->error);
  f->error = g_error_copy (error);
}

static void
count (SuiSession *session, int *n)
{
  (*n)++;
}

static void
open_session (Fixture *f, gboolean with_picture)
{
  g_autoptr (SamImage) image = picture (0);

  memset (f, 0, sizeof *f);
  f->session = sui_session_new (fake_load);
  g_signal_connect (f->session, "failed", G_CALLBACK (on_failed), f);
  g_signal_connect (f->session, "view", G_CALLBACK (count), &f->n_views);
  g_signal_connect (f->session, "hover", G_CALLBACK (count), &f->n_hovers);
  g_signal_connect (f->session, "offer", G_CALLBACK (count), &f->n_offers);
  if (with_picture)
    {
      sui_session_set_image (f->session, image);
      sui_session_set_model (f->session, "a");
    }
}

static void
close_session (Fixture *f)
{
  sui_session_close (f->session);
  g_assert_finalize_object (f->session);
  g_clear_error (&f->error);
  g_assert_cmpint (fake.alive, ==, 0);
}

/* Until the worker has nothing to do. */
static void
settle (Fixture *f)
{
  gint64 until = g_get_monotonic_time () + 20 * G_TIME_SPAN_SECOND;

  do
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (500);
      g_assert_cmpint (g_get_monotonic_time (), <, until);
    }
  while (sui_session_get_busy (f->session) != SUI_BUSY_NOTHING || g_main_context_pending (NULL));
}

static void
wait_until_busy (Fixture *f, SuiBusy busy)
{
  gint64 until = g_get_monotonic_time () + 20 * G_TIME_SPAN_SECOND;

  while (sui_session_get_busy (f->session) != busy)
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (500);
      g_assert_cmpint (g_get_monotonic_time (), <, until);
    }
}

static gboolean
shown (Fixture *f, int x, int y)
{
  const SuiView *view = sui_session_get_view (f->session);

  return view != NULL && view->mask != NULL &&
         sam_mask_get_coverage (view->mask)[y * SIDE + x] >= 128;
}

static size_t
area (Fixture *f)
{
  const SuiView *view = sui_session_get_view (f->session);

  return view != NULL && view->mask != NULL ? sam_mask_get_area (view->mask) : 0;
}

/* --- tests --- */

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
  gpointer              scene = fake_new ("a");
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
  fake_unref (scene);
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
  scene = fake_new ("a");
  mask = sui_replay_answer (said, predictor, scene, SIDE, SIDE, SAM_EDGE_SMOOTH, SAM_CANDIDATE_BEST,
                            NULL, &iou, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (sam_mask_get_coverage (mask), SIDE * SIDE,
                   sam_mask_get_coverage (sui_session_get_view (f.session)->mask), SIDE * SIDE);

  /* such a prompt has one candidate only */
  g_assert_null (sui_replay_answer (said, predictor, scene, SIDE, SIDE, SAM_EDGE_SMOOTH, 3, NULL,
                                    &iou, &error));
  g_assert_error (error, SAM_ERROR, SAM_ERROR_BAD_PROMPT);
  fake_unref (scene);
  sam_predictor_unref (predictor);
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

/* --- prompts and contours --- */

static GPtrArray *
just (SuiPrompt *prompt)
{
  GPtrArray *prompts = g_ptr_array_new_with_free_func ((GDestroyNotify) sui_prompt_unref);

  g_ptr_array_add (prompts, prompt);

  return prompts;
}

static void
test_say (void)
{
  static const float    line[] = { 10, 50, 60, 50, 90, 50 };
  static const float    round[] = { 20, 20, 80, 20, 80, 80, 20, 80 };
  g_autoptr (GPtrArray) stroke = just (sui_prompt_new_stroke (line, 3, 6, 1));
  g_autoptr (GPtrArray) lasso = just (sui_prompt_new_lasso (round, 4, 1));
  g_autoptr (GPtrArray) without = just (sui_prompt_new_lasso (round, 4, 0));
  g_auto (SamPrompt)    a = { NULL }, b = { NULL }, c = { NULL };
  g_autoptr (SamMask)   mask = NULL;

  sam_prompt_init (&a);
  sam_prompt_init (&b);
  sam_prompt_init (&c);

  g_assert_null (sui_prompt_say (stroke, 100, 100, TRUE, &a));
  g_assert_cmpuint (a.points->len, ==, 8);
  for (guint i = 0; i < a.points->len; i++)
    {
      const SamPoint *p = &g_array_index (a.points, SamPoint, i);

      g_assert_cmpfloat_with_epsilon (p->x_image, 10 + 80 * (i + 0.5) / 8, 1e-3);
      g_assert_cmpfloat (p->y_image, ==, 50);
      g_assert_cmpint (p->label, ==, 1);
    }

  mask = sui_prompt_say (lasso, 100, 100, TRUE, &b);
  g_assert_true (b.mask == mask);
  g_assert_cmpuint (b.boxes->len, ==, 1);
  g_assert_cmpfloat (g_array_index (b.boxes, SamBox, 0).x1_image, ==, 80);
  g_assert_cmpuint (sam_mask_get_width (mask), ==, 256);
  g_assert_cmpfloat_with_epsilon (sam_mask_get_area (mask) / 65536.0, 0.36, 0.01);

  g_assert_null (sui_prompt_say (without, 100, 100, TRUE, &c));
  g_assert_cmpuint (c.boxes->len, ==, 0);
  g_assert_cmpuint (c.points->len, >=, 1);
  for (guint i = 0; i < c.points->len; i++)
    {
      const SamPoint *p = &g_array_index (c.points, SamPoint, i);

      g_assert_cmpint (p->label, ==, 0);
      g_assert_true (p->x_image > 20 && p->x_image < 80 && p->y_image > 20 && p->y_image < 80);
    }
}

static void
test_parse (void)
{
  static const char *const good[] = {
    "point 1 1.5 2.25",      "box 1 1 2 3 4",           "stroke 0 5 1 2 3 4",
    "lasso 1 1 2 3 4 5 6.5", "mask 1 0 0 8 1 8 1 /w==",
  };
  static const char *const bad[] = {
    "",
    "point",
    "point 2 1 2",
    "point 1 1",
    "point 1 1 2 3",
    "point 1 nan 2",
    "point 1 inf 2",
    "point 1 1,5 2",
    "box 1 1 2 3",
    "lasso 1 1 2 3 4",
    "stroke 1 -3 1 2",
    "stroke 1 5",
    "circle 1 2 3",
    "mask 1 0 0 8 1 8 1 /w",
    "mask 1 0 0 8 1 9999 9999 AAAA",
    "mask 1 0 0 8 1 8",
    "point 1 1e30 2",
    "mask 1 0 0 8 1 8 1 /w== x",
  };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (GError)    error = NULL;
      g_autoptr (SuiPrompt) prompt = sui_prompt_parse (good[i], NULL, &error);
      g_autoptr (GString)   text = g_string_new (NULL);

      g_assert_no_error (error);
      sui_prompt_append_to (prompt, NULL, text);
      g_assert_cmpstr (text->str, ==, good[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (sui_prompt_parse (bad[i], NULL, &error));
      g_assert_error (error, SAM_ERROR, SAM_ERROR_BAD_PROMPT);
    }
}

static void
test_move (void)
{
  g_autoptr (SuiPrompt) box = sui_prompt_new_box (10, 10, 30, 20);
  g_autoptr (SuiPrompt) there = sui_prompt_move (box, 1000, -1000, 100, 50);
  g_autoptr (SuiPrompt) corner = sui_prompt_move_corner (box, 0, 35, 15, 100, 50);
  g_autoptr (SuiPrompt) flat = sui_prompt_move_corner (box, 3, 10, 10, 100, 50);

  g_assert_cmpfloat (there->xy[0], ==, 80);
  g_assert_cmpfloat (there->xy[2], ==, 100);
  g_assert_cmpfloat (there->xy[1], ==, 0);
  g_assert_cmpfloat (there->xy[3], ==, 10);
  g_assert_cmpfloat (corner->xy[0], ==, 30);
  g_assert_cmpfloat (corner->xy[2], ==, 35);
  g_assert_cmpfloat (corner->xy[1], ==, 15);
  g_assert_true (sui_prompt_fits (flat, 100, 50));
}

static double
enclosed (const SuiContour *contour, size_t line)
{
  double twice = 0.0;

  for (size_t i = contour->starts[line], n = contour->starts[line + 1]; i < n; i++)
    {
      size_t k = i + 1 < n ? i + 1 : contour->starts[line];

      twice += (double) contour->xy[2 * i] * contour->xy[2 * k + 1] -
               (double) contour->xy[2 * k] * contour->xy[2 * i + 1];
    }

  return twice / 2.0;
}

static void
test_contour (void)
{
  uint8_t               *coverage = g_malloc0 (20 * 10);
  g_autoptr (SamMask)    mask = sam_mask_new_take (20, 10, coverage);
  g_autoptr (SuiContour) nothing = sui_contour_new (mask);
  g_autoptr (SuiContour) ring = NULL;
  g_autoptr (SuiContour) all = NULL;
  g_autoptr (SuiContour) noise = NULL;
  double                 outer, inner;

  g_assert_cmpuint (nothing->n_lines, ==, 0);

  for (int y = 1; y < 9; y++)
    for (int x = 2; x < 14; x++)
      coverage[y * 20 + x] = y >= 4 && y < 6 && x >= 5 && x < 9 ? 0 : 255;
  ring = sui_contour_new (mask);
  g_assert_cmpuint (ring->n_lines, ==, 2);
  outer = enclosed (ring, 0);
  inner = enclosed (ring, 1);
  /* the corners are cut by an eighth of a pixel; the hole runs the other way */
  g_assert_cmpfloat_with_epsilon (fabs (outer), 96.0, 1.0);
  g_assert_cmpfloat_with_epsilon (fabs (inner), 8.0, 1.0);
  g_assert_true ((outer > 0) != (inner > 0));

  /* up to the border */
  memset (coverage, 255, 200);
  all = sui_contour_new (mask);
  g_assert_cmpuint (all->n_lines, ==, 1);
  g_assert_cmpfloat_with_epsilon (fabs (enclosed (all, 0)), 200.0, 1.0);

  /* every line closes: each corner is near the one before it */
  {
    g_autoptr (GRand) random = g_rand_new_with_seed (1);

    for (int i = 0; i < 200; i++)
      coverage[i] = (uint8_t) g_rand_int_range (random, 0, 256);
  }
  noise = sui_contour_new (mask);
  g_assert_cmpuint (noise->n_lines, >, 3);
  for (size_t l = 0; l < noise->n_lines; l++)
    for (size_t i = noise->starts[l], n = noise->starts[l + 1]; i < n; i++)
      {
        size_t k = i + 1 < n ? i + 1 : noise->starts[l];

        g_assert_cmpfloat (hypot (noise->xy[2 * i] - noise->xy[2 * k],
                                  noise->xy[2 * i + 1] - noise->xy[2 * k + 1]),
                           <, 1.5);
      }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/prompt/say", test_say);
  g_test_add_func ("/prompt/parse", test_parse);
  g_test_add_func ("/prompt/move", test_move);
  g_test_add_func ("/contour", test_contour);
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
  g_test_add_func ("/session/keep", test_keep);
  g_test_add_func ("/session/script", test_script);
  g_test_add_func ("/replay/at-once", test_at_once);
  g_test_add_func ("/replay/refuses", test_replay_refuses);
  g_test_add_func ("/session/many-clicks", test_many_clicks);
  g_test_add_func ("/session/full", test_full);

  g_test_add_func ("/session/builtin", test_builtin);

  return g_test_run ();
}
