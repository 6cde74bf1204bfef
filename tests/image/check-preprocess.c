/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Geometry and preprocessing against the reference implementations. */
#include <math.h>
#include <string.h>

#include <glib.h>

#include "samcore/sam-parallel.h"
#include "samcore/image/sam-preprocess.h"
#include "tests/lib/golden.h"

#define N_PILLOW 12
#define N_TORCH  6

static const uint8_t *
read_u8 (SamCheckpoint *golden, const char *format, int number, size_t *h, size_t *w)
{
  char             key[32];
  const SamTensor *tensor;

  g_snprintf (key, sizeof key, format, number);
  tensor = sam_checkpoint_lookup (golden, key);
  g_assert_nonnull (tensor);
  g_assert_cmpint (tensor->dtype, ==, SAM_DTYPE_U8);
  g_assert_cmpint (tensor->rank, ==, 3);
  *h = tensor->shape[0];
  *w = tensor->shape[1];

  return tensor->data;
}

/* Bit for bit, with several numbers of threads. */
static void
test_pillow (void)
{
  g_autoptr (SamCheckpoint) golden = golden_open ("components/resize_pil.safetensors");

  for (int threads = 1; threads <= 3; threads++)
    for (int i = 0; i < N_PILLOW; i++)
      {
        g_autoptr (GError)  error = NULL;
        size_t              h, w, h2, w2;
        const uint8_t      *in = read_u8 (golden, "case%d.in", i, &h, &w);
        const uint8_t      *out = read_u8 (golden, "case%d.out", i, &h2, &w2);
        g_autofree uint8_t *y = g_malloc (h2 * w2 * 3 + 1);

        sam_parallel_set_n_threads (threads);
        y[h2 * w2 * 3] = 0xa5;
        g_assert_true (sam_resize_pillow (y, in, h, w, h2, w2, &error));
        g_assert_no_error (error);
        g_assert_cmpmem (y, h2 * w2 * 3, out, h2 * w2 * 3);
        g_assert_cmpint (y[h2 * w2 * 3], ==, 0xa5);
      }
  sam_parallel_set_n_threads (0);
}

/* SAM 2's way, squashed to 64 x 64, against case%d.@name of the reference */
static void
check_squashed (const SamPreprocess *how, const char *name)
{
  g_autoptr (SamCheckpoint) golden = golden_open ("components/resize_torch_antialias.safetensors");

  for (int i = 0; i < N_TORCH; i++)
    {
      g_autoptr (GError)   error = NULL;
      g_autofree char     *key = g_strdup_printf ("case%d.%s", i, name);
      size_t               h, w;
      const uint8_t       *in = read_u8 (golden, "case%d.in", i, &h, &w);
      g_autoptr (GBytes)   bytes = g_bytes_new (in, h * w * 3);
      g_autoptr (SamImage) image = sam_image_new (w, h, bytes, &error);
      g_autofree float    *y = g_new (float, 64 * 64 * 3);
      SamGeometry          geometry;

      g_assert_no_error (error);
      sam_geometry_init (&geometry, w, h, 64, SAM_FIT_SQUASH, SAM_UPSAMPLE_BILINEAR);
      g_assert_true (sam_preprocess (y, image, &geometry, how, &error));
      g_assert_no_error (error);
      golden_compare (golden, key, y, 64 * 64, 3, GOLDEN_CHW, 1, 2e-6, 0);
    }
}

static void
test_antialias (void)
{
  const SamPreprocess how = { SAM_RESAMPLE_ANTIALIAS, { 0, 0, 0 }, { 1, 1, 1 } };

  check_squashed (&how, "resized");
}

static void
test_normalised (void)
{
  const SamPreprocess how = { SAM_RESAMPLE_ANTIALIAS,
                              { 0.485f, 0.456f, 0.406f },
                              { 0.229f, 0.224f, 0.225f } };

  check_squashed (&how, "normalized");
}

/* Padding is 0 after normalising; every resampled value stands at its place. */
static void
test_padding (void)
{
  const SamPreprocess  how = { SAM_RESAMPLE_PILLOW,
                               { 100.0f, 110.0f, 120.0f },
                               { 50.0f, 60.0f, 70.0f } };
  uint8_t              pixels[2 * 4 * 3];
  float                y[4 * 4 * 3];
  g_autoptr (GError)   error = NULL;
  g_autoptr (GBytes)   bytes = NULL;
  g_autoptr (SamImage) image = NULL;
  SamGeometry          geometry;

  for (size_t i = 0; i < sizeof pixels; i++)
    pixels[i] = 7 * i;
  bytes = g_bytes_new (pixels, sizeof pixels);
  image = sam_image_new (4, 2, bytes, &error);
  g_assert_no_error (error);
  sam_geometry_init (&geometry, 4, 2, 4, SAM_FIT_LONGEST, SAM_UPSAMPLE_TWO_STEP);
  g_assert_cmpuint (geometry.resized_width, ==, 4);
  g_assert_cmpuint (geometry.resized_height, ==, 2);
  g_assert_true (sam_preprocess (y, image, &geometry, &how, &error));
  g_assert_no_error (error);
  for (int i = 0; i < 4 * 4 * 3; i++)
    g_assert_cmpfloat (y[i], ==,
                       i < 2 * 4 * 3 ? (pixels[i] - how.mean[i % 3]) / how.std[i % 3] : 0.0f);
}

static void
test_shape (void)
{
  g_autoptr (SamCheckpoint) golden = golden_open ("components/preprocess_shape.safetensors");

  for (size_t i = 0; i < 22; i++)
    {
      size_t      row[4];
      SamGeometry geometry;

      for (size_t k = 0; k < 4; k++)
        row[k] = golden_read_int (golden, "hw_to_hw1024", 4 * i + k);
      sam_geometry_init (&geometry, row[1], row[0], 1024, SAM_FIT_LONGEST, SAM_UPSAMPLE_TWO_STEP);
      g_assert_cmpuint (geometry.resized_height, ==, MAX (row[2], 1));
      g_assert_cmpuint (geometry.resized_width, ==, MAX (row[3], 1));
      sam_geometry_init (&geometry, row[1], row[0], 1024, SAM_FIT_SQUASH, SAM_UPSAMPLE_BILINEAR);
      g_assert_cmpuint (geometry.resized_height, ==, 1024);
      g_assert_cmpuint (geometry.resized_width, ==, 1024);
    }
}

/* Long and thin pictures, down to one pixel wide after resizing. */
static void
test_extreme (void)
{
  const SamPreprocess how[3] = {
    { SAM_RESAMPLE_PILLOW, { 0 }, { 1, 1, 1 } },
    { SAM_RESAMPLE_ANTIALIAS, { 0 }, { 1, 1, 1 } },
    { SAM_RESAMPLE_BILINEAR, { 0 }, { 1, 1, 1 } },
  };
  const size_t sizes[][2] = { { 1, 1 },    { 1, 30000 }, { 30000, 1 },
                              { 2, 4097 }, { 63, 64 },   { 65, 64 } };

  for (size_t i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (int k = 0; k < 3; k++)
      {
        g_autoptr (GError)   error = NULL;
        size_t               w = sizes[i][0], h = sizes[i][1];
        uint8_t             *pixels = g_malloc (w * h * 3);
        g_autoptr (GBytes)   bytes = NULL;
        g_autoptr (SamImage) image = NULL;
        g_autofree float    *y = g_new (float, 64 * 64 * 3);
        float                value = k == 0 ? 200.0f : 200.0f / 255.0f;
        SamGeometry          geometry;

        memset (pixels, 200, w * h * 3);
        bytes = g_bytes_new_take (pixels, w * h * 3);
        image = sam_image_new (w, h, bytes, &error);
        g_assert_no_error (error);
        sam_geometry_init (&geometry, w, h, 64, k == 0 ? SAM_FIT_LONGEST : SAM_FIT_SQUASH,
                           SAM_UPSAMPLE_TWO_STEP);
        g_assert_true (sam_preprocess (y, image, &geometry, &how[k], &error));
        g_assert_no_error (error);
        /* an even picture stays even */
        for (size_t p = 0; p < geometry.resized_height; p++)
          for (size_t q = 0; q < geometry.resized_width * 3; q++)
            g_assert_cmpfloat_with_epsilon (y[p * 64 * 3 + q], value, 1e-4);
      }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/preprocess/shape", test_shape);
  g_test_add_func ("/preprocess/pillow", test_pillow);
  g_test_add_func ("/preprocess/antialias", test_antialias);
  g_test_add_func ("/preprocess/normalised", test_normalised);
  g_test_add_func ("/preprocess/padding", test_padding);
  g_test_add_func ("/preprocess/extreme", test_extreme);

  return g_test_run ();
}
