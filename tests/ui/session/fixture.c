/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>
#include <string.h>

#include "tests/ui/session/fixture.h"

#include "samcore/mask/sam-logits-private.h"
#include "samcore/sam-error.h"

Fake fake;

/* A model or a scene. */
typedef struct
{
  int   ref_count;
  char *name;
} Thing;

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

SamPredictor *
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

gpointer
fake_scene_new (const char *name)
{
  return fake_new (name);
}

void
fake_reset (void)
{
  g_assert_cmpint (fake.alive, ==, 0);
  memset (&fake, 0, sizeof fake);
}

/* --- sessions --- */

SamImage *
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

void
on_failed (SuiSession *session, GError *error, Fixture *f)
{
  f->n_failed++;
  g_clear_error (&f->error);
  f->error = g_error_copy (error);
}

void
count (SuiSession *session, int *n)
{
  (*n)++;
}

void
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

void
close_session (Fixture *f)
{
  sui_session_close (f->session);
  g_assert_finalize_object (f->session);
  g_clear_error (&f->error);
  g_assert_cmpint (fake.alive, ==, 0);
}

void
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

void
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

gboolean
shown (Fixture *f, int x, int y)
{
  const SuiView *view = sui_session_get_view (f->session);

  return view != NULL && view->mask != NULL &&
         sam_mask_get_coverage (view->mask)[y * SIDE + x] >= 128;
}

size_t
area (Fixture *f)
{
  const SuiView *view = sui_session_get_view (f->session);

  return view != NULL && view->mask != NULL ? sam_mask_get_area (view->mask) : 0;
}
