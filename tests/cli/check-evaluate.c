/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The yardstick itself, on pictures made here whose right figures are known, with predictors that
 * answer as they are told. The pictures are SIZE x SIZE and gray; each object is a rectangle with a
 * gray level of its own, so that a predictor finds the object at a click by looking at the
 * picture. */
#include <math.h>
#include <string.h>

#include <glib/gstdio.h>

#include "samcore/sam-error.h"
#include "samcore/cli/sam-evaluate.h"
#include "samcore/mask/sam-logits-private.h"
#include "samcore/cli/sam-png.h"

#define SIZE 64

typedef struct
{
  size_t x0, y0, x1, y1;
} Rectangle;

/* the objects of the first picture: their gray levels are 100 + index */
static const Rectangle objects[] = { { 4, 6, 24, 26 }, { 30, 10, 60, 40 } };

static void
fill (uint8_t *pixels, const Rectangle *r, uint8_t value)
{
  for (size_t y = r->y0; y < r->y1; y++)
    memset (pixels + y * SIZE + r->x0, value, r->x1 - r->x0);
}

static void
write_png (const char *directory, const char *name, const uint8_t *pixels)
{
  g_autofree char    *path = g_build_filename (directory, name, NULL);
  g_autoptr (SamMask) mask = sam_mask_new_take (SIZE, SIZE, g_memdup2 (pixels, SIZE * SIZE));
  g_autoptr (GBytes)  png = sam_png_encode_mask (mask, NULL);
  g_autoptr (GError)  error = NULL;

  g_file_set_contents (path, g_bytes_get_data (png, NULL), g_bytes_get_size (png), &error);
  g_assert_no_error (error);
}

/* DIR/SET/picture.png with its two masks */
static void
write_set (const char *directory, const char *set)
{
  g_autofree char *path = g_build_filename (directory, set, NULL);
  uint8_t          picture[SIZE * SIZE] = { 0 };

  g_assert_cmpint (g_mkdir_with_parents (path, 0777), ==, 0);
  for (size_t k = 0; k < G_N_ELEMENTS (objects); k++)
    {
      uint8_t          mask[SIZE * SIZE] = { 0 };
      g_autofree char *name = g_strdup_printf ("picture_%zu.png", k);

      fill (picture, &objects[k], (uint8_t) (100 + k));
      fill (mask, &objects[k], 255);
      write_png (path, name, mask);
    }
  write_png (path, "picture.png", picture);
}

static void
remove_folder (const char *path)
{
  GDir       *dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      if (g_file_test (child, G_FILE_TEST_IS_DIR))
        remove_folder (child);
      else
        g_remove (child);
    }
  g_clear_pointer (&dir, g_dir_close);
  g_rmdir (path);
}

/* --- a predictor that does as it is told
 * ---------------------------------------------------------- */

typedef struct
{
  /* the mask of @candidate for object @k after n clicks (0: a box), into @mask (zeros before) */
  void (*answer) (size_t k, int n, size_t candidate, uint8_t *mask);
  size_t   n_candidates; /* of a single click */
  float    iou[3];       /* predicted */
  gboolean any_box;
  int      n_encoded;
} Stub;

static gpointer
stub_encode (SamImage *image, gpointer data, const SamJob *job, GError **error)
{
  ((Stub *) data)->n_encoded++;
  return sam_image_ref (image);
}

static size_t
object_at (SamImage *image, size_t x, size_t y)
{
  return (size_t) (sam_image_get_pixels (image)[3 * (y * SIZE + x)] - 100);
}

static SamLogits *
stub_predict (gpointer         scene,
              const SamPrompt *prompt,
              gpointer         data,
              const SamJob    *job,
              GError         **error)
{
  /* the logits are as large as the picture: they become the mask as they are */
  static const SamGeometry geometry = {
    .width = SIZE,
    .height = SIZE,
    .picture_width = SIZE,
    .picture_height = SIZE,
    .resized_width = SIZE,
    .resized_height = SIZE,
    .input = SIZE,
    .fit = SAM_FIT_SQUASH,
    .upsample = SAM_UPSAMPLE_BILINEAR,
  };
  Stub  *stub = data;
  int    n = (int) prompt->points->len;
  size_t n_candidates = n == 1 ? stub->n_candidates : 1;
  float *values = g_new (float, n_candidates *SIZE *SIZE);
  size_t k;

  g_assert_true (sam_prompt_check (prompt, SIZE, SIZE, NULL));
  g_assert_cmpint (prompt->previous != NULL, ==, n > 1);
  if (n > 0)
    {
      const SamPoint *point = &g_array_index (prompt->points, SamPoint, 0);

      g_assert_cmpuint (prompt->boxes->len, ==, 0);
      g_assert_cmpint (point->label, ==, 1);
      g_assert_cmpfloat (point->x_image - floorf (point->x_image), ==, 0.5f);
      k = object_at (scene, (size_t) point->x_image, (size_t) point->y_image);
    }
  else
    {
      const SamBox *box = &g_array_index (prompt->boxes, SamBox, 0);

      k = object_at (scene, (size_t) box->x0_image, (size_t) box->y0_image);
      if (! stub->any_box)
        g_assert_cmpfloat (box->x0_image, ==, objects[k].x0);
      g_assert_cmpfloat (box->y1_image, ==, objects[k].y1);
    }
  g_assert_cmpuint (k, <, G_N_ELEMENTS (objects));

  for (size_t c = 0; c < n_candidates; c++)
    {
      uint8_t mask[SIZE * SIZE] = { 0 };

      stub->answer (k, n, c, mask);
      for (size_t i = 0; i < SIZE * SIZE; i++)
        values[c * SIZE * SIZE + i] = mask[i] ? 5 : -5;
    }

  return sam_logits_new_take (&geometry, n_candidates, SIZE, values, stub->iou, NAN, 0, NULL);
}

static void
stub_free_scene (gpointer scene)
{
  sam_image_unref (scene);
}

static void
note_scores (const SamScores *scores, gpointer data)
{
  SamScores copy = *scores;

  copy.set = g_intern_string (scores->set);
  g_array_append_val ((GArray *) data, copy);
}

/* (element-type SamScores) */
static GArray *
evaluate (const char *directory, Stub *stub, const char *predictions)
{
  SamPredictor       predictor = { stub_encode, stub_predict, stub_free_scene, stub };
  GArray            *scores = g_array_new (FALSE, FALSE, sizeof (SamScores));
  g_autoptr (GError) error = NULL;

  sam_evaluate (directory, predictions != NULL ? NULL : &predictor, NULL, predictions, 0,
                note_scores, scores, NULL, &error);
  g_assert_no_error (error);

  return scores;
}

static SamScores
evaluate_one (Stub *stub)
{
  g_autofree char   *directory = g_dir_make_tmp ("check-evaluate-XXXXXX", NULL);
  g_autoptr (GArray) scores = NULL;

  write_set (directory, "one");
  scores = evaluate (directory, stub, NULL);
  remove_folder (directory);
  g_assert_cmpuint (scores->len, ==, 2);
  g_assert_cmpuint (g_array_index (scores, SamScores, 0).n_pictures, ==, 1);
  g_assert_cmpuint (g_array_index (scores, SamScores, 0).n_objects, ==, 2);
  g_assert_cmpint (stub->n_encoded, ==, 1);

  return g_array_index (scores, SamScores, 0);
}

static void
assert_all (const SamScores *scores, double value)
{
  static const SamMetric metrics[] = {
    SAM_METRIC_CLICK1, SAM_METRIC_CLICK1_ORACLE, SAM_METRIC_CLICK3,
    SAM_METRIC_CLICK5, SAM_METRIC_BOX,
  };

  for (size_t i = 0; i < G_N_ELEMENTS (metrics); i++)
    g_assert_cmpfloat_with_epsilon (scores->mean[metrics[i]], value, 1e-12);
}

/* --- the tests
 * ------------------------------------------------------------------------------------ */

static void
answer_perfect (size_t k, int n, size_t candidate, uint8_t *mask)
{
  fill (mask, &objects[k], 255);
}

static void
test_perfect (void)
{
  Stub      stub = { answer_perfect, 1, { 0.9f } };
  SamScores scores = evaluate_one (&stub);

  g_assert_cmpstr (scores.set, ==, "one");
  assert_all (&scores, 1);
  g_assert_cmpfloat (scores.mean[SAM_METRIC_BOUNDARY_CLICK5], ==, 1);
  g_assert_cmpfloat (scores.mean[SAM_METRIC_BOUNDARY_BOX], ==, 1);
  g_assert_cmpfloat (scores.mean[SAM_METRIC_NOC85], ==, 1);
  g_assert_cmpfloat (scores.mean[SAM_METRIC_NOC90], ==, 1);
  g_assert_true (isnan (scores.mean[SAM_METRIC_IOU_RANK_CORRELATION])); /* nothing to rank */
  g_assert_true (isnan (scores.mean[SAM_METRIC_IOU]));
}

static void
answer_nothing (size_t k, int n, size_t candidate, uint8_t *mask)
{
}

static void
test_nothing (void)
{
  Stub      stub = { answer_nothing, 1, { 0.9f } };
  SamScores scores = evaluate_one (&stub);

  assert_all (&scores, 0);
  g_assert_cmpfloat (scores.mean[SAM_METRIC_BOUNDARY_CLICK5], ==, 0);
  g_assert_cmpfloat (scores.mean[SAM_METRIC_BOUNDARY_BOX], ==, 0);
  g_assert_cmpfloat (scores.mean[SAM_METRIC_NOC85], ==, 20);
  g_assert_cmpfloat (scores.mean[SAM_METRIC_NOC90], ==, 20);
}

#define SHIFT 3

static void
answer_shifted (size_t k, int n, size_t candidate, uint8_t *mask)
{
  Rectangle r = objects[k];

  r.x0 += SHIFT;
  r.x1 += SHIFT;
  fill (mask, &r, 255);
}

/* Boundary band of the picture's size: 2 % of its diagonal, 90.5, is 2 pixels. */
static double
ring_area (double width, double height)
{
  return width * height - (width - 4) * (height - 4);
}

static void
test_shifted (void)
{
  Stub      stub = { answer_shifted, 1, { 0.9f } };
  SamScores scores = evaluate_one (&stub);
  double    iou = 0, boundary = 0;

  for (int k = 0; k < 2; k++)
    {
      double s = objects[k].x1 - objects[k].x0;
      double ring = ring_area (s, s), both;

      iou += s * (s - SHIFT) / (s * (s + SHIFT)) / 2;
      /* the rings' upper and lower strips meet in s - 3 columns; in the rows between, the one has
       * the columns 0 1, s - 2 and s - 1, the other the same + 3: nothing in common */
      both = 4 * (s - SHIFT);
      boundary += both / (2 * ring - both) / 2;
    }
  assert_all (&scores, iou);
  g_assert_cmpfloat_with_epsilon (scores.mean[SAM_METRIC_BOUNDARY_BOX], boundary, 1e-12);
  g_assert_cmpfloat_with_epsilon (scores.mean[SAM_METRIC_BOUNDARY_CLICK5], boundary, 1e-12);
}

/* After n clicks the upper n tenths; candidates of the first: nothing, everything, the upper
 * half. */
static void
answer_growing (size_t k, int n, size_t candidate, uint8_t *mask)
{
  Rectangle r = objects[k];
  size_t    height = r.y1 - r.y0;

  if (n == 0)
    return;
  if (n > 1)
    r.y1 = r.y0 + height * MIN (n, 10) / 10;
  else if (candidate == 0)
    return;
  else if (candidate == 2)
    r.y1 = r.y0 + height / 2;
  fill (mask, &r, 255);
}

static void
test_growing (void)
{
  Stub      stub = { answer_growing, 3, { 0.1f, 0.5f, 0.7f } };
  SamScores scores = evaluate_one (&stub);

  g_assert_cmpfloat_with_epsilon (scores.mean[SAM_METRIC_CLICK1], 0.5, 1e-12); /* the best scored */
  g_assert_cmpfloat_with_epsilon (scores.mean[SAM_METRIC_CLICK1_ORACLE], 1, 1e-12);
  g_assert_cmpfloat_with_epsilon (scores.mean[SAM_METRIC_CLICK3], 0.3, 1e-12);
  g_assert_cmpfloat_with_epsilon (scores.mean[SAM_METRIC_CLICK5], 0.5, 1e-12);
  g_assert_cmpfloat_with_epsilon (scores.mean[SAM_METRIC_BOX], 0, 1e-12);
  g_assert_cmpfloat (scores.mean[SAM_METRIC_NOC85], ==, 9);
  g_assert_cmpfloat (scores.mean[SAM_METRIC_NOC90], ==, 9);
  /* per object predicted 0.1 0.5 0.7 for true 0 1 0.5; ties between the objects: ranks 1 1 2 2 3 3
   * against 1 1 3 3 2 2 */
  g_assert_cmpfloat_with_epsilon (scores.mean[SAM_METRIC_IOU_RANK_CORRELATION], 0.5, 1e-12);
}

/* Where the clicks go: into the deepest part of what is wrong, with the right label. */
static void
answer_wrong (size_t k, int n, size_t candidate, uint8_t *mask)
{
  static const Rectangle surplus = { 2, 42, 29, 62 };
  Rectangle              r = objects[k];

  if (n == 1)
    r.x1 = r.x0 + (r.x1 - r.x0) / 2; /* the right half is missing */
  fill (mask, &r, 255);
  if (n == 2)
    fill (mask, &surplus, 255);
}

static SamLogits *
watch_predict (gpointer         scene,
               const SamPrompt *prompt,
               gpointer         data,
               const SamJob    *job,
               GError         **error)
{
  guint n = prompt->points->len;

  if (n >= 2)
    {
      const SamPoint  *point = &g_array_index (prompt->points, SamPoint, 1);
      const Rectangle *object =
        &objects[object_at (scene, (size_t) point->x_image, (size_t) point->y_image)];

      g_assert_cmpint (point->label, ==, 1);
      g_assert_cmpfloat (point->x_image, >, (object->x0 + object->x1) / 2.0);
    }
  if (n >= 3)
    {
      const SamPoint *point = &g_array_index (prompt->points, SamPoint, 2);

      g_assert_cmpint (point->label, ==, 0);
      /* the first in reading order of the pixels farthest from the rim of 27 x 20 */
      g_assert_cmpfloat (point->x_image, ==, 2 + 9 + 0.5f);
      g_assert_cmpfloat (point->y_image, ==, 42 + 9 + 0.5f);
    }
  g_assert_cmpuint (n, <=, 3); /* then it is perfect */

  return stub_predict (scene, prompt, data, job, error);
}

static void
test_clicks (void)
{
  g_autofree char   *directory = g_dir_make_tmp ("check-evaluate-XXXXXX", NULL);
  Stub               stub = { answer_wrong, 1, { 0.9f } };
  SamPredictor       predictor = { stub_encode, watch_predict, stub_free_scene, &stub };
  g_autoptr (GArray) scores = g_array_new (FALSE, FALSE, sizeof (SamScores));
  g_autoptr (GError) error = NULL;

  write_set (directory, "one");
  sam_evaluate (directory, &predictor, NULL, NULL, 0, note_scores, scores, NULL, &error);
  g_assert_no_error (error);
  remove_folder (directory);
  g_assert_cmpfloat_with_epsilon (g_array_index (scores, SamScores, 0).mean[SAM_METRIC_CLICK1], 0.5,
                                  1e-12);
  g_assert_cmpfloat_with_epsilon (g_array_index (scores, SamScores, 0).mean[SAM_METRIC_CLICK5], 1,
                                  1e-12);
  g_assert_cmpfloat (g_array_index (scores, SamScores, 0).mean[SAM_METRIC_NOC90], ==, 3);
}

/* A model that misses compared with one that does not, and with itself. */
static void
test_against (void)
{
  g_autofree char *directory = g_dir_make_tmp ("check-evaluate-XXXXXX", NULL);
  Stub stub = { answer_shifted, 1, { 0.9f }, TRUE }, other = { answer_perfect, 1, { 0.9f }, TRUE };
  SamPredictor       predictor = { stub_encode, stub_predict, stub_free_scene, &stub };
  SamPredictor       against = { stub_encode, stub_predict, stub_free_scene, &other };
  g_autoptr (GArray) scores = g_array_new (FALSE, FALSE, sizeof (SamScores));
  g_autoptr (GError) error = NULL;

  write_set (directory, "one");
  sam_evaluate (directory, &predictor, &against, NULL, 0, note_scores, scores, NULL, &error);
  g_assert_no_error (error);
  sam_evaluate (directory, &predictor, &predictor, NULL, 0, note_scores, scores, NULL, &error);
  g_assert_no_error (error);
  remove_folder (directory);

  g_assert_cmpuint (scores->len, ==, 4);
  for (guint i = 0; i < scores->len; i++)
    {
      const double *mean = g_array_index (scores, SamScores, i).mean;
      double        wanted = i < 2 ? (27.0 / 33 + 17.0 / 23) / 2 : 1;

      g_assert_cmpfloat_with_epsilon (mean[SAM_METRIC_BOX], (27.0 / 33 + 17.0 / 23) / 2, 1e-12);
      g_assert_cmpfloat_with_epsilon (mean[SAM_METRIC_AGREEMENT], wanted, 1e-12);
      g_assert_cmpfloat_with_epsilon (mean[SAM_METRIC_AGREEMENT_MIN], i < 2 ? 17.0 / 23 : 1, 1e-12);
      g_assert_cmpfloat_with_epsilon (mean[SAM_METRIC_IOU_CHANGE], wanted - 1, 1e-12);
    }
}

static void
test_ignore (void)
{
  g_autofree char   *directory = g_dir_make_tmp ("check-evaluate-XXXXXX", NULL);
  g_autofree char   *set = g_build_filename (directory, "one", NULL);
  Stub               stub = { answer_shifted, 1, { 0.9f }, TRUE };
  g_autoptr (GArray) scores = NULL;
  uint8_t            ignore[SIZE * SIZE] = { 0 };

  /* all columns where the shifted objects differ from the true ones */
  write_set (directory, "one");
  for (int k = 0; k < 2; k++)
    {
      Rectangle left = { objects[k].x0, 0, objects[k].x0 + SHIFT, SIZE };
      Rectangle right = { objects[k].x1, 0, objects[k].x1 + SHIFT, SIZE };

      fill (ignore, &left, 255);
      fill (ignore, &right, 255);
    }
  write_png (set, "picture_ignore.png", ignore);

  scores = evaluate (directory, &stub, NULL);
  remove_folder (directory);
  assert_all (&g_array_index (scores, SamScores, 0), 1);
  g_assert_cmpfloat (g_array_index (scores, SamScores, 0).mean[SAM_METRIC_NOC90], ==, 1);
}

static void
test_sets (void)
{
  g_autofree char   *directory = g_dir_make_tmp ("check-evaluate-XXXXXX", NULL);
  g_autofree char   *predictions = g_build_filename (directory, "other", "first", NULL);
  g_autofree char   *root = g_build_filename (directory, "truth", NULL);
  g_autoptr (GArray) scores = NULL;
  g_autoptr (GError) error = NULL;

  write_set (root, "first");
  write_set (root, "second");
  /* the first set's masks: one perfect, one shifted; the second's are not there */
  g_assert_cmpint (g_mkdir_with_parents (predictions, 0777), ==, 0);
  for (size_t k = 0; k < 2; k++)
    {
      uint8_t          mask[SIZE * SIZE] = { 0 };
      g_autofree char *name = g_strdup_printf ("picture_%zu.png", k);

      (k == 0 ? answer_perfect : answer_shifted) (k, 0, 0, mask);
      write_png (predictions, name, mask);
    }
  g_free (predictions);
  predictions = g_build_filename (directory, "other", NULL);

  g_assert_false (sam_evaluate (root, NULL, NULL, predictions, 0, note_scores,
                                scores = g_array_new (FALSE, FALSE, sizeof (SamScores)), NULL,
                                &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "picture_0.png"));
  g_assert_cmpuint (scores->len, ==, 1); /* the first set was complete */
  g_assert_cmpfloat_with_epsilon (g_array_index (scores, SamScores, 0).mean[SAM_METRIC_IOU],
                                  (1 + 27.0 / 33) / 2, 1e-12);
  g_assert_true (isnan (g_array_index (scores, SamScores, 0).mean[SAM_METRIC_CLICK1]));
  g_clear_error (&error);
  g_clear_pointer (&scores, g_array_unref);

  /* masks that are not sorted into sets serve any set */
  {
    g_autofree char *flat = g_build_filename (predictions, "first", NULL);

    scores = evaluate (root, NULL, flat);
  }
  g_assert_cmpuint (scores->len, ==, 3);
  g_assert_cmpstr (g_array_index (scores, SamScores, 0).set, ==, "first");
  g_assert_cmpstr (g_array_index (scores, SamScores, 1).set, ==, "second");
  g_assert_cmpstr (g_array_index (scores, SamScores, 2).set, ==, "mean");
  g_assert_cmpuint (g_array_index (scores, SamScores, 2).n_objects, ==, 4);
  g_assert_cmpfloat_with_epsilon (g_array_index (scores, SamScores, 2).mean[SAM_METRIC_IOU],
                                  (1 + 27.0 / 33) / 2, 1e-12);

  /* a folder without pictures */
  g_assert_false (sam_evaluate (predictions, NULL, NULL, predictions, 0, note_scores, scores, NULL,
                                &error));
  g_assert_error (error, SAM_ERROR, SAM_ERROR_BAD_FILE);

  remove_folder (directory);
}

static void
test_wrong_size (void)
{
  g_autofree char    *directory = g_dir_make_tmp ("check-evaluate-XXXXXX", NULL);
  g_autofree char    *path = g_build_filename (directory, "picture_1.png", NULL);
  g_autoptr (SamMask) mask = sam_mask_new_empty (SIZE, SIZE - 1, NULL);
  g_autoptr (GBytes)  png = sam_png_encode_mask (mask, NULL);
  g_autoptr (GArray)  scores = g_array_new (FALSE, FALSE, sizeof (SamScores));
  g_autoptr (GError)  error = NULL;

  write_set (directory, "");
  g_assert_true (g_file_set_contents (path, g_bytes_get_data (png, NULL), g_bytes_get_size (png),
                                      NULL));
  g_assert_false (sam_evaluate (directory, NULL, NULL, directory, 0, note_scores, scores, NULL,
                                &error));
  g_assert_error (error, SAM_ERROR, SAM_ERROR_BAD_IMAGE);
  g_assert_nonnull (strstr (error->message, "picture_1.png"));
  remove_folder (directory);
}

/* --- the parts, against plain versions
 * ------------------------------------------------------------ */

static void
fill_random (uint8_t *mask, size_t n, int one_in)
{
  for (size_t i = 0; i < n; i++)
    mask[i] = g_test_rand_int_range (0, one_in) == 0 ? 0 : 255;
}

static void
test_innermost (void)
{
  static const size_t sizes[][2] = {
    { 1, 1 }, { 1, 7 }, { 8, 1 }, { 13, 9 }, { 40, 31 }, { 30, 64 }
  };

  for (size_t i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (int one_in = 1; one_in <= 256; one_in *= 4)
      {
        size_t              width = sizes[i][0], height = sizes[i][1], x = 0, y = 0;
        g_autofree uint8_t *region = g_new (uint8_t, width *height);
        gint64              deepest = 0;
        size_t              best = 0;

        fill_random (region, width * height, one_in);
        for (size_t p = 0; p < width * height; p++)
          {
            gint64 nearest = G_MAXINT64;

            for (long v = -1; v <= (long) height; v++)
              for (long u = -1; u <= (long) width; u++)
                {
                  gboolean outside = u < 0 || v < 0 || u == (long) width || v == (long) height ||
                                     region[v * width + u] == 0;
                  gint64 dx = u - (long) (p % width), dy = v - (long) (p / width);

                  if (outside)
                    nearest = MIN (nearest, dx * dx + dy * dy);
                }
            if (nearest > deepest)
              {
                deepest = nearest;
                best = p;
              }
          }
        g_assert_cmpint (sam_find_innermost (region, width, height, &x, &y), ==, deepest);
        if (deepest > 0)
          g_assert_cmpuint (y * width + x, ==, best);
      }
}

static void
test_boundary (void)
{
  static const size_t sizes[][2] = { { 1, 1 }, { 3, 40 }, { 40, 31 }, { 120, 90 } };

  for (size_t i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (int one_in = 1; one_in <= 256; one_in *= 16)
      {
        size_t              width = sizes[i][0], height = sizes[i][1], both = 0, either = 0;
        long                d = MAX (1, lrint (0.02 * hypot (width, height)));
        g_autofree uint8_t *masks = g_new (uint8_t, 2 * width * height);

        fill_random (masks, 2 * width * height, one_in);
        for (size_t p = 0; p < width * height; p++)
          {
            gboolean in[2];

            for (int m = 0; m < 2; m++)
              {
                const uint8_t *mask = masks + m * width * height;

                /* on, but with something off, or the picture's surroundings, within d rows and
                 * columns */
                in[m] = FALSE;
                for (long v = (long) (p / width) - d; mask[p] && v <= (long) (p / width) + d; v++)
                  for (long u = (long) (p % width) - d; u <= (long) (p % width) + d; u++)
                    in[m] |= u < 0 || v < 0 || u >= (long) width || v >= (long) height ||
                             mask[v * width + u] == 0;
              }
            both += in[0] && in[1];
            either += in[0] || in[1];
          }
        g_assert_cmpfloat_with_epsilon (sam_measure_boundary_iou (masks, masks + width * height,
                                                                  NULL, width, height),
                                        either > 0 ? (double) both / either : 1, 1e-12);
      }
}

static void
test_rank_correlation (void)
{
  static const double a[] = { 1, 2, 3, 4, 5 }, up[] = { 10, 20, 21, 22, 90 },
                      down[] = { 5, 4, 3, 2, 1 };
  static const double tied[] = { 1, 2, 2, 3, 4 }, same[] = { 7, 7, 7, 7, 7 };

  g_assert_cmpfloat_with_epsilon (sam_rank_correlation (a, up, 5), 1, 1e-12);
  g_assert_cmpfloat_with_epsilon (sam_rank_correlation (a, down, 5), -1, 1e-12);
  /* ranks 0 1.5 1.5 3 4: sum of squares 9.5, product with 0..4 around the mean 9.5; 9.5 / sqrt (10
   * * 9.5) */
  g_assert_cmpfloat_with_epsilon (sam_rank_correlation (a, tied, 5), 9.5 / sqrt (95), 1e-12);
  g_assert_true (isnan (sam_rank_correlation (a, same, 5)));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/evaluate/perfect", test_perfect);
  g_test_add_func ("/evaluate/nothing", test_nothing);
  g_test_add_func ("/evaluate/shifted", test_shifted);
  g_test_add_func ("/evaluate/against", test_against);
  g_test_add_func ("/evaluate/growing", test_growing);
  g_test_add_func ("/evaluate/clicks", test_clicks);
  g_test_add_func ("/evaluate/ignore", test_ignore);
  g_test_add_func ("/evaluate/sets", test_sets);
  g_test_add_func ("/evaluate/wrong-size", test_wrong_size);
  g_test_add_func ("/evaluate/innermost", test_innermost);
  g_test_add_func ("/evaluate/boundary", test_boundary);
  g_test_add_func ("/evaluate/rank-correlation", test_rank_correlation);

  return g_test_run ();
}
