/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looking closer: grids of logits, the field that draws them to colours, and what the built-in
 * model gains. */
#include <math.h>
#include <string.h>

#include <glib/gstdio.h>

#include "samcore/mask/sam-crf.h"
#include "samcore/image/sam-grid.h"
#include "samcore/mask/sam-logits-private.h"
#include "samcore/model/sam-model-private.h"
#include "samcore/sam-parallel.h"
#include "samcore/samcore.h"

/* ---- grids ---- */

/* A plane over the picture is the same plane on every grid. */
static void
fill_plane (float *x, const SamGrid *grid)
{
  for (size_t row = 0; row < grid->side; row++)
    for (size_t column = 0; column < grid->side; column++)
      {
        double px, py;

        sam_grid_get_place (grid, column, row, &px, &py);
        x[row * grid->side + column] = (float) (0.01 * px - 0.02 * py + 1);
      }
}

static void
test_grid (void)
{
  SamGeometry whole, part, mirrored;

  sam_geometry_init (&whole, 640, 480, 64, SAM_FIT_LONGEST, SAM_UPSAMPLE_TWO_STEP);
  sam_geometry_init_part (&part, &whole, 100, 60, 320, 160, 96);
  mirrored = part;
  mirrored.mirrored = TRUE;
  g_assert_true (sam_geometry_is_whole (&whole));
  g_assert_false (sam_geometry_is_whole (&part));

  {
    const SamGrid     grids[] = { { &whole, 64 }, { &part, 48 }, { &part, 96 }, { &mirrored, 48 } };
    g_autofree float *x = g_new (float, 96 * 96), *y = g_new (float, 96 * 96),
                     *z = g_new (float, 96 * 96);

    for (size_t a = 0; a < G_N_ELEMENTS (grids); a++)
      for (size_t b = 0; b < G_N_ELEMENTS (grids); b++)
        {
          const SamGrid *from = &grids[a], *to = &grids[b];
          size_t         n_inside = 0;

          fill_plane (x, from);
          fill_plane (z, to);
          sam_grid_resample (y, to, x, from, -7);
          for (size_t row = 0; row < to->side; row++)
            for (size_t column = 0; column < to->side; column++)
              {
                double px, py;
                double edge = 11; /* a cell of the coarsest: at the border the plane is cut */
                float  got = y[row * to->side + column];

                sam_grid_get_place (to, column, row, &px, &py);
                if (a == b || px < 0 || py < 0 || px > 640 || py > 480)
                  continue;
                if (from != grids &&
                    (px < 100 - edge || px > 420 + edge || py < 60 - edge || py > 220 + edge))
                  {
                    g_assert_cmpfloat (got, ==, -7);
                    continue;
                  }
                if (px < 100 + edge || px > 420 - edge || py < 60 + edge || py > 220 - edge)
                  continue;
                g_assert_cmpfloat_with_epsilon (got, z[row * to->side + column], 1e-3);
                n_inside++;
              }
          if (a != b)
            g_assert_cmpuint (n_inside, >, 200);
          else
            g_assert_cmpmem (x, from->side * from->side * sizeof (float), y,
                             to->side * to->side * sizeof (float));
        }
  }
}

/* Larger cells hold the mean of the smaller ones. */
static void
test_grid_mean (void)
{
  SamGeometry whole;
  float       x[64 * 64], y[16 * 16];

  sam_geometry_init (&whole, 64, 64, 64, SAM_FIT_LONGEST, SAM_UPSAMPLE_TWO_STEP);
  for (int i = 0; i < 64 * 64; i++)
    x[i] = (i % 64 / 4 + i / 64 / 4) % 2 == 0 ? 4 : -2;
  x[0] = 100;
  sam_grid_resample (y, &(SamGrid) { &whole, 16 }, x, &(SamGrid) { &whole, 64 }, 0);
  g_assert_cmpfloat (y[0], ==, (15 * 4 + 100) / 16.0f);
  for (int i = 1; i < 256; i++)
    g_assert_cmpfloat (y[i], ==, (i % 16 + i / 16) % 2 == 0 ? 4 : -2);
}

/* ---- the field ---- */

#define SIDE 96

static gboolean
in_disc (double x, double y, double cx, double cy, double r)
{
  return (x - cx) * (x - cx) + (y - cy) * (y - cy) <= r * r;
}

/* A blurred, shifted idea of a disc becomes the disc, whose colours are noisy. */
static void
test_field (void)
{
  g_autoptr (GRand)   random = g_rand_new_with_seed (5);
  g_autofree uint8_t *picture = g_new (uint8_t, SIDE *SIDE * 3);
  g_autofree float   *logits = g_new (float, SIDE *SIDE), *again = NULL;
  g_autoptr (GError)  error = NULL;
  size_t              n_before = 0, n_after = 0;
  int                 n_threads = sam_parallel_get_n_threads ();

  for (int y = 0; y < SIDE; y++)
    for (int x = 0; x < SIDE; x++)
      {
        gboolean inside = in_disc (x, y, 50, 44, 25);
        double   depth = 27 - hypot (x - 45, y - 47);

        for (int c = 0; c < 3; c++)
          picture[(y * SIDE + x) * 3 + c] = (uint8_t) ((inside ? 170 - 30 * c : 110 + 20 * c) +
                                                       g_rand_int_range (random, -15, 16));
        logits[y * SIDE + x] = (float) CLAMP (depth / 4, -4, 4);
        n_before += (logits[y * SIDE + x] > 0) != inside;
      }
  again = g_memdup2 (logits, SIDE * SIDE * sizeof (float));

  g_assert_true (sam_crf_refine (logits, SIDE, picture, SIDE, SIDE, &error));
  g_assert_no_error (error);
  for (int i = 0; i < SIDE * SIDE; i++)
    {
      g_assert_true (isfinite (logits[i]));
      n_after += (logits[i] > 0) != in_disc (i % SIDE, i / SIDE, 50, 44, 25);
    }
  g_test_message ("wrong before %zu, after %zu", n_before, n_after);
  g_assert_cmpuint (n_before, >, 400);
  g_assert_cmpuint (n_after, <, n_before / 2);

  sam_parallel_set_n_threads (n_threads == 1 ? 2 : 1);
  g_assert_true (sam_crf_refine (again, SIDE, picture, SIDE, SIDE, &error));
  sam_parallel_set_n_threads (n_threads);
  g_assert_cmpmem (logits, SIDE * SIDE * sizeof (float), again, SIDE * SIDE * sizeof (float));
}

/* Where the picture has one colour only, nothing is known that the logits do not say; one row, one
 * column and one pixel are pictures too. */
static void
test_field_edges (void)
{
  static const size_t sizes[][2] = { { 40, 30 }, { 1, 50 }, { 50, 1 }, { 1, 1 }, { 3, 2 } };

  for (size_t k = 0; k < G_N_ELEMENTS (sizes); k++)
    {
      size_t              w = sizes[k][0], h = sizes[k][1], stride = w + 3;
      g_autofree uint8_t *picture = g_malloc0 (w * h * 3);
      g_autofree float   *logits = g_new (float, stride *h);

      for (size_t i = 0; i < stride * h; i++)
        logits[i] = i % stride >= w ? 77.0f : i % stride < w / 2 ? -3.0f : 3.0f;
      g_assert_true (sam_crf_refine (logits, stride, picture, w, h, NULL));
      for (size_t i = 0; i < stride * h; i++)
        if (i % stride >= w)
          g_assert_cmpfloat (logits[i], ==, 77.0f);
        else
          g_assert_cmpint (logits[i] > 0, ==, i % stride >= w / 2);
    }
}

/* ---- the model ---- */

static SamModel *model;
static int       width = 1600, height = 1200; /* of the picture drawn last */

/* Discs on a ground with a little noise. */
static SamImage *
draw (const double (*discs)[3], size_t n)
{
  g_autoptr (GRand)  random = g_rand_new_with_seed (9);
  g_autoptr (GBytes) bytes = NULL;
  uint8_t           *pixels = g_malloc ((size_t) width * height * 3);

  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      {
        int      noise = g_rand_int_range (random, -8, 9);
        gboolean inside = FALSE;

        for (size_t i = 0; i < n; i++)
          inside |= in_disc (x + 0.5, y + 0.5, discs[i][0], discs[i][1], discs[i][2]);
        pixels[(y * width + x) * 3] = (uint8_t) ((inside ? 190 : 90) + noise);
        pixels[(y * width + x) * 3 + 1] = (uint8_t) ((inside ? 60 : 120) + noise);
        pixels[(y * width + x) * 3 + 2] = (uint8_t) ((inside ? 50 : 80) + noise);
      }
  bytes = g_bytes_new_take (pixels, (size_t) width * height * 3);

  return sam_image_new (width, height, bytes, NULL);
}

static double
measure_iou (const SamLogits *logits, size_t candidate, const double (*discs)[3], size_t n)
{
  g_autoptr (SamMask) mask = sam_mask_new_from_logits (logits, candidate, SAM_EDGE_HARD, NULL,
                                                       NULL);
  const uint8_t      *coverage = sam_mask_get_coverage (mask);
  size_t              both = 0, any = 0;

  g_assert_cmpuint (sam_mask_get_width (mask), ==, width);
  g_assert_cmpuint (sam_mask_get_height (mask), ==, height);
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      {
        gboolean inside = FALSE, on = coverage[y * width + x] >= 128;

        for (size_t i = 0; i < n; i++)
          inside |= in_disc (x + 0.5, y + 0.5, discs[i][0], discs[i][1], discs[i][2]);
        both += inside && on;
        any += inside || on;
        /* one value, asked for by itself, says the same */
        if (x % 97 == 0 && y % 89 == 0)
          g_assert_cmpint (sam_logits_sample (logits, candidate, x + 0.5f, y + 0.5f) > 0, ==, on);
      }

  return (double) both / any;
}

static SamLogits *
ask (SamScene *scene, const char *text, gboolean quick, SamLogits *previous)
{
  g_auto (SamPrompt) prompt;
  g_autoptr (GError) error = NULL;
  SamLogits         *logits;

  sam_prompt_init (&prompt);
  g_assert_true (sam_prompt_parse (&prompt, text, &error));
  prompt.quick = quick;
  prompt.previous = previous;
  if (previous != NULL)
    prompt.previous_candidate = sam_logits_get_best (previous);
  logits = sam_model_predict (model, scene, &prompt, NULL, &error);
  g_assert_no_error (error);

  return logits;
}

/* A small thing in a large picture: seen closely it has its outline. */
static void
test_small (void)
{
  static const double   disc[][3] = { { 1130, 340, 31 } };
  g_autoptr (SamImage)  image = draw (disc, 1);
  g_autoptr (SamScene)  scene = sam_model_encode (model, image, NULL, NULL);
  g_autoptr (SamLogits) quick = ask (scene, "box 1099,309,1161,371", TRUE, NULL);
  g_autoptr (SamLogits) closer = ask (scene, "box 1099,309,1161,371", FALSE, NULL);
  g_autoptr (SamLogits) again = ask (scene, "box 1099,309,1161,371", FALSE, NULL);
  g_autoptr (SamLogits) refined = ask (scene, "box 1099,309,1161,371; 1130,340 +; 1105,315 -",
                                       FALSE, closer);
  double first = measure_iou (quick, 0, disc, 1), second = measure_iou (closer, 0, disc, 1);
  double third = measure_iou (refined, 0, disc, 1);
  size_t x, y, w, h;

  g_test_message ("IoU %.3f, closer %.3f, with two clicks %.3f", first, second, third);
  g_assert_cmpfloat (second, >, 0.9);
  g_assert_cmpfloat (second, >, first);
  g_assert_cmpfloat (third, >, 0.9);

  sam_logits_get_part (quick, 0, &x, &y, &w, &h);
  g_assert_true (x == 0 && y == 0 && w == width && h == height);
  sam_logits_get_part (closer, 0, &x, &y, &w, &h);
  g_assert_true (x > 1000 && x < 1099 && y > 210 && y < 309);
  g_assert_true (w > 62 && w < 200 && h > 62 && h < 200);
  g_assert_cmpfloat (sam_logits_sample (closer, 0, 10, 10), <, -5);

  /* what is kept between clicks changes nothing */
  w = sam_logits_get_width (closer);
  g_assert_cmpmem (sam_logits_get_values (closer, 0), w * w * sizeof (float),
                   sam_logits_get_values (again, 0), w * w * sizeof (float));
}

/* Two boxes far from each other and of different sizes: both in one mask. */
static void
test_boxes (void)
{
  static const double   discs[][3] = { { 300, 300, 150 }, { 1400, 1000, 40 } };
  g_autoptr (SamImage)  image = draw (discs, 2);
  g_autoptr (SamScene)  scene = sam_model_encode (model, image, NULL, NULL);
  g_autoptr (SamLogits) logits = ask (scene, "box 150,150,450,450; box 1360,960,1440,1040", FALSE,
                                      NULL);

  g_assert_cmpuint (sam_logits_get_n_candidates (logits), ==, 1);
  g_assert_cmpfloat (measure_iou (logits, 0, discs, 2), >, 0.9);
}

/* A box says where the object ends. */
static void
test_box_keeps (void)
{
  static const double   discs[][3] = { { 600, 600, 80 }, { 764, 600, 80 } };
  g_autoptr (SamImage)  image = draw (discs, 2);
  g_autoptr (SamScene)  scene = sam_model_encode (model, image, NULL, NULL);
  g_autoptr (SamLogits) one = ask (scene, "box 520,520,680,680", FALSE, NULL);

  g_assert_cmpfloat (measure_iou (one, 0, discs, 1), >, 0.9);
  for (int y = 500; y < 700; y += 3)
    g_assert_cmpfloat (sam_logits_sample (one, 0, 700, y), <, 0);
}

/* A lone click: each candidate has a part of its own. */
static void
test_candidates (void)
{
  static const double   disc[][3] = { { 400, 700, 60 } };
  g_autoptr (SamImage)  image = draw (disc, 1);
  g_autoptr (SamScene)  scene = sam_model_encode (model, image, NULL, NULL);
  g_autoptr (SamLogits) logits = ask (scene, "400,700", FALSE, NULL);
  double                best = 0;

  g_assert_cmpuint (sam_logits_get_n_candidates (logits), ==, 3);
  for (size_t k = 0; k < 3; k++)
    best = MAX (best, measure_iou (logits, k, disc, 1));
  g_assert_cmpfloat (best, >, 0.85);
}

/* An embedding that comes from a file knows no picture: there are no close-ups. */
static void
test_without_picture (void)
{
  static const double   disc[][3] = { { 400, 700, 60 } };
  g_autoptr (SamImage)  image = draw (disc, 1);
  g_autoptr (SamScene)  scene = sam_model_encode (model, image, NULL, NULL);
  g_autofree char      *folder = g_dir_make_tmp ("closeup-XXXXXX", NULL);
  g_autofree char      *path = g_build_filename (folder, "picture.safetensors", NULL);
  g_autoptr (SamScene)  opened = NULL;
  g_autoptr (SamLogits) quick = ask (scene, "400,700", TRUE, NULL);
  g_autoptr (SamLogits) logits = NULL;
  g_autoptr (GError)    error = NULL;
  size_t                n = sam_logits_get_width (quick) * sam_logits_get_width (quick);

  g_assert_true (sam_model_save_embedding (model, sam_scene_get_embedding (scene), path, &error));
  opened = sam_model_make_scene (model, sam_model_open_embedding (model, path, &error), NULL);
  g_assert_no_error (error);
  logits = ask (opened, "400,700", FALSE, NULL);
  g_assert_cmpmem (sam_logits_get_values (logits, 0), 3 * n * sizeof (float),
                   sam_logits_get_values (quick, 0), 3 * n * sizeof (float));
  g_assert_cmpint (g_remove (path), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

/* Close-ups keep parts in the scene, not in its embedding, which may outlive it. */
static void
test_embedding_stays (void)
{
  static const double      disc[][3] = { { 400, 700, 60 } };
  g_autoptr (SamImage)     image = draw (disc, 1);
  SamScene                *scene = sam_model_encode (model, image, NULL, NULL);
  g_autoptr (SamEmbedding) embedding = sam_embedding_ref (sam_scene_get_embedding (scene));
  g_autoptr (SamLogits)    logits = NULL;
  size_t                   side, channels, n;
  const float             *values = sam_embedding_get_values (embedding, &side, &channels);
  g_autofree float        *before = NULL;

  n = side * side * channels * sizeof (float);
  before = g_memdup2 (values, n);
  logits = ask (scene, "box 340,640,460,760", FALSE, NULL);
  sam_scene_unref (scene);
  g_assert_cmpmem (sam_embedding_get_values (embedding, &side, &channels), n, before, n);
}

/* A large thing in a large picture, which is reduced for it; and pictures that are hardly any. */
static void
test_large (void)
{
  static const double   disc[][3] = { { 2500, 1700, 1500 } };
  g_autoptr (SamImage)  image = NULL;
  g_autoptr (SamScene)  scene = NULL;
  g_autoptr (SamLogits) logits = NULL;

  width = 4800;
  height = 3600;
  image = draw (disc, 1);
  scene = sam_model_encode (model, image, NULL, NULL);
  logits = ask (scene, "box 1000,200,4000,3200", FALSE, NULL);
  g_assert_cmpfloat (measure_iou (logits, 0, disc, 1), >, 0.95);

  for (int i = 0; i < 3; i++)
    {
      static const int      sizes[][2] = { { 9000, 1 }, { 1, 9000 }, { 1, 1 } };
      g_autoptr (SamImage)  thin = NULL;
      g_autoptr (SamScene)  encoded = NULL;
      g_autoptr (SamLogits) answer = NULL;
      g_autofree char      *text = NULL;

      width = sizes[i][0];
      height = sizes[i][1];
      text = g_strdup_printf ("0.5,0.5; box 0,0,%d,%d", width, height);
      thin = draw (disc, 1);
      encoded = sam_model_encode (model, thin, NULL, NULL);
      answer = ask (encoded, text, FALSE, NULL);
      g_assert_true (isfinite (sam_logits_sample (answer, 0, 0.5f, 0.5f)));
    }
  width = 1600;
  height = 1200;
}

int
main (int argc, char **argv)
{
  g_autofree char   *path = g_build_filename (g_getenv ("SAM_SOURCE_ROOT"), "data", "models",
                                              "builtin.safetensors", NULL);
  g_autoptr (GError) error = NULL;
  int                result;

  g_test_init (&argc, &argv, NULL);
  model = sam_model_load (path, NULL, &error);
  g_assert_no_error (error);

  g_test_add_func ("/closeup/grid", test_grid);
  g_test_add_func ("/closeup/grid/mean", test_grid_mean);
  g_test_add_func ("/closeup/field", test_field);
  g_test_add_func ("/closeup/field/edges", test_field_edges);
  g_test_add_func ("/closeup/small", test_small);
  g_test_add_func ("/closeup/boxes", test_boxes);
  g_test_add_func ("/closeup/box-keeps", test_box_keeps);
  g_test_add_func ("/closeup/candidates", test_candidates);
  g_test_add_func ("/closeup/large", test_large);
  g_test_add_func ("/closeup/without-picture", test_without_picture);
  g_test_add_func ("/closeup/embedding-stays", test_embedding_stays);

  result = g_test_run ();
  sam_model_unref (model);

  return result;
}
