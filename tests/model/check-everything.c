/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding all objects, against the reference implementation: each step on recorded cases, the whole
 * on an analytic "network" whose masks anybody can compute, and with a real one (MobileSAM's,
 * generated weights) where the folder of reference values is (see SAM_GOLDEN). All but the last are
 * compared exactly. */
#include <math.h>
#include <string.h>

#include <json-glib/json-glib.h>

#include "samcore/weights/sam-checkpoint.h"
#include "samcore/model/sam-crops.h"
#include "samcore/model/sam-everything-private.h"
#include "samcore/mask/sam-logits-private.h"
#include "samcore/model/sam-model-private.h"
#include "samcore/model/sam-object-private.h"
#include "tests/lib/golden.h"
#include "tests/lib/synth-weights.h"

/* Under the address sanitizer a network takes minutes. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED TRUE
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED TRUE
#endif
#endif
#ifndef SANITIZED
#define SANITIZED FALSE
#endif

static char *folder; /* of reference values; NULL: not there */

static JsonParser *
open_json (const char *path)
{
  JsonParser        *parser = json_parser_new ();
  g_autoptr (GError) error = NULL;

  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);

  return parser;
}

static JsonParser *
open_cases (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "data", "everything",
                                                 "amg_cases.json", NULL);

  return open_json (path);
}

static JsonObject *
root_of (JsonParser *parser)
{
  return json_node_get_object (json_parser_get_root (parser));
}

/* Item i of an array of numbers. */
static double
number_at (JsonArray *array, guint i)
{
  return json_array_get_double_element (array, i);
}

static SamCorners
corners_at (JsonArray *array, guint i)
{
  JsonArray *box = json_array_get_array_element (array, i);

  return (SamCorners) { (size_t) number_at (box, 0), (size_t) number_at (box, 1),
                        (size_t) number_at (box, 2), (size_t) number_at (box, 3) };
}

static void
assert_same_corners (SamCorners a, SamCorners b)
{
  g_assert_cmpuint (a.x0, ==, b.x0);
  g_assert_cmpuint (a.y0, ==, b.y0);
  g_assert_cmpuint (a.x1, ==, b.x1);
  g_assert_cmpuint (a.y1, ==, b.y1);
}

/* Row-major bits in hexadecimal, the first pixel in the highest bit; 0 or 255 each */
static uint8_t *
unpack_bits (const char *hex, size_t n)
{
  uint8_t *mask = g_new (uint8_t, n);

  for (size_t i = 0; i < n; i++)
    mask[i] = g_ascii_xdigit_value (hex[i / 4]) & (8 >> i % 4) ? 255 : 0;

  return mask;
}

/* --- steps
 * ---------------------------------------------------------------------------------------- */

static void
test_stability (void)
{
  g_autoptr (JsonParser)    parser = open_cases ();
  g_autoptr (SamCheckpoint) golden = golden_open ("everything/amg_cases.safetensors");
  static const struct
  {
    const char *key;
    float       offset;
  } cases[] = { { "off1.0", 1.0f }, { "off0.5", 0.5f }, { "off2.5", 2.5f } };
  size_t            n;
  g_autofree float *logits = golden_read (golden, "logits", &n);

  for (size_t k = 0; k < G_N_ELEMENTS (cases); k++)
    {
      JsonArray *expected = json_object_get_array_member (
        json_object_get_object_member (root_of (parser), "stability"), cases[k].key);
      size_t size = n / json_array_get_length (expected);

      for (guint m = 0; m < json_array_get_length (expected); m++)
        {
          size_t n_inner = 0, n_outer = 0;
          float  stability;

          for (size_t i = 0; i < size; i++)
            {
              n_inner += logits[m * size + i] > cases[k].offset;
              n_outer += logits[m * size + i] > -cases[k].offset;
            }
          stability = sam_object_measure_stability (n_inner, n_outer);
          if (json_array_get_null_element (expected, m))
            g_assert_true (isnan (stability));
          else
            g_assert_cmpfloat (stability, ==, (float) number_at (expected, m));
        }
    }
}

static void
test_boxes (void)
{
  g_autoptr (JsonParser)    parser = open_cases ();
  g_autoptr (SamCheckpoint) golden = golden_open ("everything/amg_cases.safetensors");
  const SamTensor          *tensor = sam_checkpoint_lookup (golden, "logits");
  g_autofree float         *logits = golden_read (golden, "logits", NULL);
  JsonArray          *expected = json_object_get_array_member (root_of (parser), "boxes_xyxy");
  size_t              height = tensor->shape[1], width = tensor->shape[2];
  g_autofree uint8_t *mask = g_new (uint8_t, width *height);

  g_assert_cmpuint (json_array_get_length (expected), ==, tensor->shape[0]);
  for (guint m = 0; m < tensor->shape[0]; m++)
    {
      for (size_t i = 0; i < width * height; i++)
        mask[i] = logits[m * width * height + i] > 0 ? 255 : 0;
      assert_same_corners (sam_corners_from_mask (mask, width, height), corners_at (expected, m));
    }
}

static void
test_rle (void)
{
  g_autoptr (JsonParser) parser = open_cases ();
  JsonArray             *cases = json_object_get_array_member (root_of (parser), "rle");

  for (guint k = 0; k < json_array_get_length (cases); k++)
    {
      JsonObject *one = json_array_get_object_element (cases, k);
      JsonArray  *size = json_object_get_array_member (one, "size");
      JsonArray  *counts = json_object_get_array_member (one, "counts");
      size_t      height = (size_t) number_at (size, 0), width = (size_t) number_at (size, 1);
      g_autofree uint8_t *mask = unpack_bits (json_object_get_string_member (one, "bits"),
                                              width * height);
      g_autofree uint8_t *again = g_new0 (uint8_t, width *height);
      g_autofree char    *text = NULL;
      SamRle              rle;

      g_assert_true (sam_rle_init (&rle, mask, width, height));
      g_assert_cmpuint (rle.n_counts, ==, json_array_get_length (counts));
      for (guint i = 0; i < rle.n_counts; i++)
        g_assert_cmpuint (rle.counts[i], ==, number_at (counts, i));
      g_assert_cmpuint (sam_rle_get_area (&rle), ==, json_object_get_int_member (one, "area"));
      text = sam_rle_to_string (&rle);
      g_assert_cmpstr (text, ==, json_object_get_string_member (one, "coco"));
      sam_rle_write (&rle, again);
      g_assert_cmpmem (mask, width * height, again, width * height);
      sam_rle_clear (&rle);
    }
}

/* Masks of all shapes there and back, against runs counted pixel by pixel. */
static void
test_rle_random (void)
{
  for (int k = 0; k < 300; k++)
    {
      size_t width = g_test_rand_int_range (1, 40), height = g_test_rand_int_range (1, 40);
      int    one_in = 1 << g_test_rand_int_range (0, 7);
      g_autofree uint8_t *mask = g_new (uint8_t, width *height);
      g_autofree uint8_t *again = g_new0 (uint8_t, width *height);
      gboolean            on = FALSE;
      size_t              run = 0, n = 0;
      SamRle              rle;

      for (size_t i = 0; i < width * height; i++)
        mask[i] = g_test_rand_int_range (0, one_in) == 0 ? 255 : 0;
      g_assert_true (sam_rle_init (&rle, mask, width, height));
      for (size_t x = 0; x < width; x++)
        for (size_t y = 0; y < height; y++)
          {
            if ((mask[y * width + x] != 0) != on)
              {
                g_assert_cmpuint (rle.counts[n++], ==, run);
                run = 0;
                on = ! on;
              }
            run++;
          }
      g_assert_cmpuint (rle.counts[n++], ==, run);
      g_assert_cmpuint (rle.n_counts, ==, n);
      sam_rle_write (&rle, again);
      g_assert_cmpmem (mask, width * height, again, width * height);
      sam_rle_clear (&rle);
    }
}

static void
test_suppress (void)
{
  g_autoptr (JsonParser)    parser = open_cases ();
  g_autoptr (SamCheckpoint) golden = golden_open ("everything/amg_cases.safetensors");
  g_autofree float         *boxes = golden_read (golden, "nms.boxes", NULL);
  size_t                    n;
  g_autofree float         *scores = golden_read (golden, "nms.scores", &n);
  JsonObject               *cases = json_object_get_object_member (root_of (parser), "nms");
  static const char *const  thresholds[] = { "0.7", "0.5", "0.3", "0.05" };

  for (size_t k = 0; k < G_N_ELEMENTS (thresholds); k++)
    {
      JsonArray         *expected = json_object_get_array_member (cases, thresholds[k]);
      g_autoptr (GArray) keep = sam_boxes_suppress (boxes, scores, (guint) n,
                                                    g_ascii_strtod (thresholds[k], NULL));

      g_assert_cmpuint (keep->len, ==, json_array_get_length (expected));
      for (guint i = 0; i < keep->len; i++)
        g_assert_cmpuint (g_array_index (keep, guint, i), ==,
                          json_array_get_int_element (expected, i));
    }
}

static void
test_clean (void)
{
  g_autoptr (JsonParser) parser = open_cases ();
  JsonArray             *cases = json_object_get_array_member (root_of (parser), "small_regions");

  for (guint k = 0; k < json_array_get_length (cases); k++)
    {
      JsonObject *one = json_array_get_object_element (cases, k);
      JsonArray  *size = json_object_get_array_member (one, "size");
      size_t      height = (size_t) number_at (size, 0), width = (size_t) number_at (size, 1);
      g_autofree uint8_t *mask = unpack_bits (json_object_get_string_member (one, "inp"),
                                              width * height);
      g_autofree uint8_t *expected = unpack_bits (json_object_get_string_member (one, "out"),
                                                  width * height);
      gboolean holes = strcmp (json_object_get_string_member (one, "mode"), "holes") == 0;
      gboolean changed;

      g_assert_true (sam_object_clean_mask (mask, width, height,
                                            (size_t) json_object_get_int_member (one, "area"),
                                            holes, &changed, NULL));
      g_assert_cmpint (changed, ==, json_object_get_boolean_member (one, "changed"));
      g_assert_cmpmem (mask, width * height, expected, width * height);
    }
}

static void
test_grid (void)
{
  g_autoptr (JsonParser) parser = open_cases ();
  JsonObject            *grids = json_object_get_object_member (root_of (parser), "point_grid");
  g_autoptr (GList)      sides = json_object_get_members (grids);

  g_assert_nonnull (sides);
  for (GList *l = sides; l != NULL; l = l->next)
    {
      JsonArray         *expected = json_object_get_array_member (grids, l->data);
      g_autoptr (GArray) grid = sam_crops_make_grid (atoi (l->data));

      g_assert_cmpuint (grid->len, ==, 2 * json_array_get_length (expected));
      for (guint i = 0; i < grid->len; i++)
        g_assert_cmpfloat (g_array_index (grid, double, i), ==,
                           number_at (json_array_get_array_element (expected, i / 2), i % 2));
    }
}

static void
test_crops (void)
{
  g_autoptr (JsonParser) parser = open_cases ();
  JsonArray             *cases = json_object_get_array_member (root_of (parser), "crop_boxes");

  for (guint k = 0; k < json_array_get_length (cases); k++)
    {
      JsonObject *one = json_array_get_object_element (cases, k);
      JsonArray  *hw = json_object_get_array_member (one, "hw");
      JsonArray  *boxes = json_object_get_array_member (one, "boxes");
      JsonArray  *layers = json_object_get_array_member (one, "layers");
      int         n_layers = (int) json_object_get_int_member (one, "n_layers"), n_of_layer[8];
      g_autoptr (GArray) crops = sam_crops_make ((size_t) number_at (hw, 1),
                                                 (size_t) number_at (hw, 0), n_layers,
                                                 json_object_get_double_member (one, "overlap"),
                                                 n_of_layer);

      g_assert_cmpuint (crops->len, ==, json_array_get_length (boxes));
      for (guint i = 0; i < crops->len; i++)
        {
          assert_same_corners (g_array_index (crops, SamCorners, i), corners_at (boxes, i));
          n_of_layer[json_array_get_int_element (layers, i)]--;
        }
      for (int i = 0; i <= n_layers; i++)
        g_assert_cmpint (n_of_layer[i], ==, 0);
    }
}

static void
test_cut_off (void)
{
  g_autoptr (JsonParser) parser = open_cases ();
  JsonArray             *cases = json_object_get_array_member (root_of (parser), "near_crop_edge");

  for (guint k = 0; k < json_array_get_length (cases); k++)
    {
      JsonObject *one = json_array_get_object_element (cases, k);
      JsonArray  *crop = json_object_get_array_member (one, "crop");
      JsonArray  *orig = json_object_get_array_member (one, "orig");
      JsonArray  *boxes = json_object_get_array_member (one, "uncropped");
      JsonArray  *near = json_object_get_array_member (one, "near");
      SamCorners  corners = { (size_t) number_at (crop, 0), (size_t) number_at (crop, 1),
                              (size_t) number_at (crop, 2), (size_t) number_at (crop, 3) };

      for (guint i = 0; i < json_array_get_length (boxes); i++)
        {
          SamCorners box = corners_at (boxes, i);

          g_assert_cmpint (sam_crop_cuts_off (&corners, &box, (size_t) number_at (orig, 2),
                                              (size_t) number_at (orig, 3)),
                           ==, json_array_get_boolean_element (near, i));
        }
    }
}

/* --- the whole
 * ------------------------------------------------------------------------------------ */

/* 24 bits of the generator */
static guint32
raw_bits (guint64 i)
{
  return (guint32) ((synth_fraction ("amgstub", i) + 1) * 8388608);
}

static gpointer
stub_encode (SamImage *image, gpointer data, const SamJob *job, GError **error)
{
  return sam_image_ref (image);
}

static void
stub_free_scene (gpointer scene)
{
  sam_image_unref (scene);
}

/* Ellipses whose places, sizes and scores depend on which cell of 64 x 64 the point lies in. The
 * logits are at the crop's size, in a square that holds it: they come through as they are. */
static SamLogits *
stub_predict (gpointer         scene,
              const SamPrompt *prompt,
              gpointer         data,
              const SamJob    *job,
              GError         **error)
{
  size_t          width = sam_image_get_width (scene), height = sam_image_get_height (scene);
  size_t          side = MAX (width, height);
  SamGeometry     geometry = { .width = width,
                               .height = height,
                               .picture_width = width,
                               .picture_height = height,
                               .resized_width = width,
                               .resized_height = height,
                               .input = side,
                               .upsample = SAM_UPSAMPLE_TWO_STEP };
  const SamPoint *point = &g_array_index (prompt->points, SamPoint, 0);
  guint64         gx = (guint64) (point->x_image / 64), gy = (guint64) (point->y_image / 64);
  double          cx = 64.0 * gx + 32, cy = 64.0 * gy + 32;
  float          *values = g_new0 (float, 3 * side * side);
  float           iou[3];

  for (guint64 c = 0; c < 3; c++)
    {
      guint64 cell = (gy * 1024 + gx) * 3 + c;
      guint32 k = raw_bits (cell);
      double  r = 12 + (k >> 18), e = 1 + (k & 3);

      iou[c] = (float) (0.5 + raw_bits (3000000 + cell) / 16777216.0 * 0.5);
      for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++)
          {
            double dx = x - cx, dy = y - cy;
            double logit = (r * r - dx * dx - e * dy * dy) / 64;

            if (c == 1 && dx * dx + dy * dy < 9)
              logit = -5;
            if (c == 2 && fabs (dx - 50) <= 1 && fabs (dy) <= 1)
              logit = 5;
            values[(c * side + y) * side + x] = (float) logit;
          }
    }

  return sam_logits_new_take (&geometry, 3, side, values, iou, NAN, 0, NULL);
}

static void
read_options (JsonObject *params, SamEverythingOptions *options)
{
  sam_everything_options_init (options);
#define READ(key, field)                                                                           \
  if (json_object_has_member (params, key))                                                        \
  options->field = json_node_get_double (json_object_get_member (params, key))
  READ ("points_per_side", points_per_side);
  READ ("pred_iou_thresh", min_iou);
  READ ("stability_score_thresh", min_stability);
  READ ("stability_score_offset", stability_offset);
  READ ("mask_threshold", mask_threshold);
  READ ("box_nms_thresh", max_box_iou);
  READ ("crop_n_layers", crop_layers);
  READ ("crop_nms_thresh", max_crop_iou);
  READ ("crop_n_points_downscale_factor", crop_points_divisor);
  READ ("min_mask_region_area", min_area);
#undef READ
}

static SamImage *
make_image (size_t width, size_t height)
{
  g_autoptr (GBytes) bytes = g_bytes_new_take (g_malloc0 (3 * width * height), 3 * width * height);

  return sam_image_new (width, height, bytes, NULL);
}

static void
test_stub (gconstpointer name)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "data", "everything", name, NULL);
  g_autoptr (JsonParser) parser = open_json (path);
  JsonArray             *size = json_object_get_array_member (root_of (parser), "size");
  JsonArray             *masks = json_object_get_array_member (root_of (parser), "masks");
  g_autoptr (SamImage)   image = make_image ((size_t) number_at (size, 1),
                                             (size_t) number_at (size, 0));
  SamPredictor           predictor = { stub_encode, stub_predict, stub_free_scene, NULL };
  SamEverythingOptions   options;
  g_autoptr (GPtrArray)  objects = NULL;
  g_autoptr (GError)     error = NULL;

  read_options (json_object_get_object_member (root_of (parser), "params"), &options);
  objects = sam_everything_predict (&predictor, image, &options, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (objects->len, ==, json_array_get_length (masks));

  for (guint i = 0; i < objects->len; i++)
    {
      const SamObject *object = objects->pdata[i];
      JsonObject      *expected = json_array_get_object_element (masks, i);
      JsonArray       *bbox = json_object_get_array_member (expected, "bbox");
      JsonArray       *crop = json_object_get_array_member (expected, "crop_box");
      JsonArray       *point =
        json_array_get_array_element (json_object_get_array_member (expected, "point_coords"), 0);
      g_autofree char *text = sam_rle_to_string (&object->rle);

      g_assert_cmpstr (text, ==, json_object_get_string_member (expected, "coco"));
      g_assert_cmpuint (sam_rle_get_area (&object->rle), ==,
                        json_object_get_int_member (expected, "area"));
      g_assert_cmpuint (object->box.x0, ==, number_at (bbox, 0));
      g_assert_cmpuint (object->box.y0, ==, number_at (bbox, 1));
      g_assert_cmpuint (object->box.x1 - object->box.x0, ==, number_at (bbox, 2));
      g_assert_cmpuint (object->box.y1 - object->box.y0, ==, number_at (bbox, 3));
      g_assert_cmpfloat (object->iou, ==,
                         (float) json_object_get_double_member (expected, "predicted_iou"));
      g_assert_cmpfloat (object->stability, ==,
                         (float) json_object_get_double_member (expected, "stability_score"));
      g_assert_cmpfloat (object->x, ==, number_at (point, 0));
      g_assert_cmpfloat (object->y, ==, number_at (point, 1));
      g_assert_cmpuint (object->crop.x0, ==, number_at (crop, 0));
      g_assert_cmpuint (object->crop.y0, ==, number_at (crop, 1));
      g_assert_cmpuint (object->crop.x1 - object->crop.x0, ==, number_at (crop, 2));
      g_assert_cmpuint (object->crop.y1 - object->crop.y0, ==, number_at (crop, 3));
    }
}

static void
test_cancel (void)
{
  g_autoptr (SamImage)     image = make_image (100, 80);
  SamPredictor             predictor = { stub_encode, stub_predict, stub_free_scene, NULL };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  SamJob                   job = { .cancellable = cancellable };
  SamEverythingOptions     options;
  g_autoptr (GError)       error = NULL;

  g_cancellable_cancel (cancellable);
  sam_everything_options_init (&options);
  g_assert_null (sam_everything_predict (&predictor, image, &options, &job, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* MobileSAM's network with generated weights; masks may differ in the pixels that rounding
 * decides. */
static void
compare_with_network (SamModel *model, const char *name)
{
  g_autofree char       *path = g_strdup_printf ("%s/amg/%s", folder, name);
  g_autofree char       *pictures = g_strdup_printf ("%s/images", folder);
  g_autoptr (JsonParser) parser = open_json (path);
  JsonArray             *masks = json_object_get_array_member (root_of (parser), "masks");
  g_autoptr (SamImage)   image = golden_picture (pictures, "groceries.png");
  SamEverythingOptions   options;
  g_autoptr (GPtrArray)  objects = NULL;
  g_autoptr (GError)     error = NULL;

  read_options (json_object_get_object_member (root_of (parser), "params"), &options);
  objects = sam_everything (model, image, &options, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (objects->len, ==, json_array_get_length (masks));

  for (guint i = 0; i < objects->len; i++)
    {
      const SamObject *object = objects->pdata[i];
      JsonObject      *expected = json_array_get_object_element (masks, i);
      JsonArray       *bbox = json_object_get_array_member (expected, "bbox");
      JsonArray       *point =
        json_array_get_array_element (json_object_get_array_member (expected, "point_coords"), 0);
      double area = (double) json_object_get_int_member (expected, "area");

      g_assert_cmpfloat (object->x, ==, number_at (point, 0));
      g_assert_cmpfloat (object->y, ==, number_at (point, 1));
      g_assert_cmpfloat_with_epsilon (object->iou,
                                      json_object_get_double_member (expected, "predicted_iou"),
                                      1e-4);
      g_assert_cmpfloat_with_epsilon (object->stability,
                                      json_object_get_double_member (expected, "stability_score"),
                                      2e-4);
      g_assert_cmpfloat_with_epsilon (object->box.x0, number_at (bbox, 0), 1);
      g_assert_cmpfloat_with_epsilon (object->box.y0, number_at (bbox, 1), 1);
      g_assert_cmpfloat_with_epsilon (sam_rle_get_area (&object->rle), area, MAX (2, area / 1000));
    }
}

static void
test_network (void)
{
  g_autoptr (SamCheckpoint) checkpoint = NULL;
  g_autoptr (SamModel)      model = NULL;
  g_autofree char          *list = NULL;
  g_autoptr (GError)        error = NULL;

  if (folder == NULL)
    {
      g_test_skip ("no folder of reference values; set SAM_GOLDEN");
      return;
    }

  list = g_strdup_printf ("%s/tensors/vit_t.tensors.tsv", folder);
  checkpoint = synth_checkpoint_from_list (list, NULL);
  model = sam_model_new (checkpoint, NULL, &error);
  g_assert_no_error (error);
  compare_with_network (model, "amg_default_empty.json");
  if (! SANITIZED)
    compare_with_network (model, "amg_b.json");
  if (g_test_slow ())
    compare_with_network (model, "amg_a.json");
}

int
main (int argc, char **argv)
{
  static const char *const stubs[] = { "stub_a.json", "stub_b.json", "stub_c.json", "stub_d.json" };
  const char              *given = g_getenv ("SAM_GOLDEN");
  g_autofree char         *usual = NULL;
  int                      result;

  /* the reference's precision: which masks pass hangs on the fourth digit */
  g_setenv ("SAM_PRECISION", "f32", TRUE);
  g_test_init (&argc, &argv, NULL);
  usual = g_test_build_filename (G_TEST_DIST, "..", "..", "shared", "golden", NULL);
  if (given != NULL)
    folder = g_strdup (given);
  else if (g_file_test (usual, G_FILE_TEST_IS_DIR))
    folder = g_strdup (usual);

  g_test_add_func ("/everything/stability", test_stability);
  g_test_add_func ("/everything/boxes", test_boxes);
  g_test_add_func ("/everything/rle", test_rle);
  g_test_add_func ("/everything/rle-random", test_rle_random);
  g_test_add_func ("/everything/suppress", test_suppress);
  g_test_add_func ("/everything/clean", test_clean);
  g_test_add_func ("/everything/grid", test_grid);
  g_test_add_func ("/everything/crops", test_crops);
  g_test_add_func ("/everything/cut-off", test_cut_off);
  g_test_add_func ("/everything/cancel", test_cancel);
  for (size_t i = 0; i < G_N_ELEMENTS (stubs); i++)
    {
      g_autofree char *path = g_strconcat ("/everything/", stubs[i], NULL);

      g_test_add_data_func (path, stubs[i], test_stub);
    }
  g_test_add_func ("/everything/network", test_network);

  result = g_test_run ();
  g_free (folder);

  return result;
}
