/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Maps without their uniform padding give what whole ones do: step by step, and for whole
 * encoders. */
#include "config.h"

#include "samcore/nn/sam-padding.h"

#include <math.h>
#include <string.h>

#include "samcore/kernels/sam-arithmetic.h"
#include "samcore/kernels/sam-kernels.h"
#include "samcore/model/sam-embedding-private.h"
#include "samcore/model/sam-model-private.h"
#include "samcore/nn/sam-ops.h"
#include "tests/lib/synth-weights.h"

#define C 3

/* Something else for each row and column up to @h and @w, and beyond them for the row or column
 * alone. */
static float *
make_map (size_t n_rows, size_t n_columns, size_t h, size_t w)
{
  float *x = g_new (float, n_rows *n_columns *C);

  for (size_t i = 0; i < n_rows; i++)
    for (size_t k = 0; k < n_columns; k++)
      for (size_t c = 0; c < C; c++)
        x[(i * n_columns + k) * C + c] = (float) sin (1.0 + 3.7 * MIN (i, h) + 1.9 * MIN (k, w) +
                                                      0.3 * c);

  return x;
}

/* The same without what the sides leave out. */
static float *
leave_out (const float *x, SamPadding h, SamPadding w)
{
  float *y = g_new (float, (h.n + h.spare) * (w.n + w.spare) * C);

  for (size_t i = 0; i < h.n; i++)
    for (size_t k = 0; k < w.n; k++)
      {
        size_t row = i > h.at ? i + h.spare : i, column = k > w.at ? k + w.spare : k;

        memcpy (y + (i * w.n + k) * C, x + (row * (w.n + w.spare) + column) * C,
                C * sizeof (float));
      }

  return y;
}

static void
test_restore (void)
{
  for (size_t at_h = 0; at_h < 4; at_h++)
    for (size_t at_w = 0; at_w < 4; at_w++)
      for (size_t spare_h = 0; spare_h < 4; spare_h++)
        for (size_t spare_w = 0; spare_w < 4; spare_w++)
          {
            SamPadding        h = { 4, at_h, spare_h }, w = { 5, at_w, spare_w };
            size_t            n = (4 + spare_h) * (5 + spare_w) * C;
            g_autofree float *x = g_new (float, n);
            g_autofree float *y = NULL;

            for (size_t i = 0; i < 4 + spare_h; i++)
              for (size_t k = 0; k < 5 + spare_w; k++)
                for (size_t c = 0; c < C; c++)
                  {
                    size_t row = i > at_h ? MAX (i, at_h + spare_h) - spare_h : i;
                    size_t column = k > at_w ? MAX (k, at_w + spare_w) - spare_w : k;

                    x[(i * (5 + spare_w) + k) * C + c] = (float) (row * 100 + column * 10 + c);
                  }
            y = leave_out (x, h, w);
            sam_padding_restore (y, h, w, C);
            g_assert_cmpmem (x, n * sizeof *x, y, n * sizeof *y);
          }
}

/* 3x3 and stride, 5x5 and stride; with half of it as padding, or with TensorFlow's at stride 2 */
static SamTaps
find_taps (char kind)
{
  switch (kind)
    {
    case '1':
      return (SamTaps) { 3, 1, 1 };
    case '2':
      return (SamTaps) { 3, 2, 1 };
    case 't':
      return (SamTaps) { 3, 2, 0 };
    case '5':
      return (SamTaps) { 5, 1, 2 };
    default:
      return (SamTaps) { 5, 2, 1 };
    }
}

/* y: [ceil (h / stride), ceil (w / stride), C] */
static void
convolve (float *y, const float *x, size_t h, size_t w, SamTaps taps)
{
  const size_t       w2 = (w - 1) / taps.stride + 1;
  g_autofree float  *zeros = g_new0 (float, w *C);
  float              k[25 * C];
  static const float bias[C] = { 0.1f, -0.2f, 0.3f };
  const SamDepthwise d = { k, bias, C, taps.side, taps.stride, taps.before };

  for (size_t i = 0; i < G_N_ELEMENTS (k); i++)
    k[i] = (float) sin (2.3 * i + 0.7) / (taps.side * taps.side);
  for (size_t i = 0; i * taps.stride < h; i++)
    {
      const float *rows[5];

      for (size_t tap = 0; tap < taps.side; tap++)
        {
          const size_t at = i * taps.stride + tap;

          rows[tap] = at < taps.before || at >= h + taps.before ? zeros
                                                                : x + (at - taps.before) * w * C;
        }
      sam_kernels ()->depthwise (y + i * w2 * C, rows, &d, w, SAM_ACT_NONE);
    }
}

/* The means after a 3x3 convolution are told by either. */
static void
check_mean (const float *x, const float *shorter, SamPadding h, SamPadding w)
{
  static const float kernel[9 * C] = { 0.3f, -0.2f, 0.5f, 0.1f,  0.9f,   -0.4f, 0.7f,
                                       0.2f, -0.6f, 0.8f, 0.25f, -0.15f, 1.1f,  0.05f,
                                       0.4f, -0.3f, 0.6f, 0.35f, 0.45f,  -0.9f, 0.15f,
                                       0.5f, -0.1f, 0.2f, 0.65f, 0.75f,  -0.55f };
  static const float bias[C] = { 0.1f, -0.2f, 0.3f };
  const SamPadding   whole_h = { .n = h.n + h.spare }, whole_w = { .n = w.n + w.spare };
  SamDepthwiseMap    map = { NULL, x, kernel, bias, whole_h.n, whole_w.n, C, 1 };
  SamDepthwiseMap    map_shorter = { NULL, shorter, kernel, bias, h.n, w.n, C, 1 };
  float              mean[C], mean_shorter[C];

  sam_depthwise_mean (&map, &whole_h, &whole_w, mean);
  sam_depthwise_mean (&map_shorter, &h, &w, mean_shorter);
  for (size_t c = 0; c < C; c++)
    g_assert_cmpfloat_with_epsilon (mean[c], mean_shorter[c], 2e-6 * (1 + fabsf (mean[c])));
}

/* As many convolutions as there are letters, depthwise ones, of a map and of its shorter one. */
static void
check_chain (const char *kinds, size_t n, size_t seen, gboolean across)
{
  const size_t other = 8;
  SamUniform   uniform = { seen, n };
  size_t       scale = 1;
  SamPadding   side, whole = { .n = other };

  for (const char *s = kinds; *s != '\0'; s++)
    {
      uniform = sam_uniform_after (uniform, find_taps (*s));
      scale *= find_taps (*s).stride;
    }
  side = sam_padding_begin (n, seen, uniform, scale);
  g_assert_cmpint (side.n + side.spare, ==, n);
  g_assert_cmpint (side.spare, <, n);

  {
    SamPadding        h = across ? whole : side, w = across ? side : whole;
    g_autofree float *x = make_map (h.n + h.spare, w.n + w.spare, across ? other : seen,
                                    across ? seen : other);
    g_autofree float *shorter = leave_out (x, h, w);

    for (const char *s = kinds; *s != '\0'; s++)
      {
        SamTaps    taps = find_taps (*s);
        size_t     n_rows = h.n + h.spare, n_columns = w.n + w.spare;
        SamPadding h2 = sam_padding_after (h, taps), w2 = sam_padding_after (w, taps);
        float     *y = g_new (float, (h2.n + h2.spare) * (w2.n + w2.spare) * C);
        float     *y_shorter = g_new (float, (h2.n + h2.spare) * (w2.n + w2.spare) * C);

        g_assert_cmpint (h2.n + h2.spare, ==, (n_rows - 1) / taps.stride + 1);
        g_assert_cmpint (w2.n + w2.spare, ==, (n_columns - 1) / taps.stride + 1);
        convolve (y, x, n_rows, n_columns, taps);
        convolve (y_shorter, shorter, h.n, w.n, taps);
        if (*s == '1')
          check_mean (x, shorter, h, w);
        g_free (x);
        g_free (shorter);
        x = y;
        shorter = y_shorter;
        h = h2;
        w = w2;
      }
    sam_padding_restore (shorter, h, w, C);
    g_assert_cmpmem (x, (h.n + h.spare) * (w.n + w.spare) * C * sizeof *x, shorter,
                     (h.n + h.spare) * (w.n + w.spare) * C * sizeof *x);
  }
}

static void
test_chains (void)
{
  static const char *const chains[] = { "1",       "2", "11", "22", "2211",  "22112",  "221121",
                                        "1121111", "t", "5",  "T",  "t1t11", "t1t11T5" };

  for (size_t i = 0; i < G_N_ELEMENTS (chains); i++)
    for (size_t n = 16; n <= 96; n += 8)
      for (size_t seen = 1; seen <= n; seen++)
        for (gboolean across = FALSE; across <= TRUE; across++)
          check_chain (chains[i], n, seen, across);
}

static SamImage *
make_picture (size_t width, size_t height)
{
  uint8_t           *pixels = g_malloc (width * height * 3);
  g_autoptr (GBytes) bytes = g_bytes_new_take (pixels, width * height * 3);
  g_autoptr (GError) error = NULL;
  SamImage          *image;
  guint32            random = 1;

  for (size_t i = 0; i < width * height * 3; i++)
    {
      random = random * 1664525 + 1013904223;
      pixels[i] = (uint8_t) (128 + 60 * sin (0.002 * i) + (random >> 27));
    }
  image = sam_image_new (width, height, bytes, &error);
  g_assert_no_error (error);

  return image;
}

static void
look_at_nothing (const char *name, const float *values, size_t n, size_t c, void *data)
{
}

/* Who looks at maps gets whole ones. Only means are added up in another way. */
static void
check_model (SamModel *model, double epsilon)
{
  static const size_t sizes[][2] = { { 600, 400 }, { 400, 600 }, { 640, 360 },
                                     { 500, 500 }, { 30, 500 },  { 500, 490 } };

  for (size_t i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GError)       error = NULL;
      g_autoptr (SamImage)     image = make_picture (sizes[i][0], sizes[i][1]);
      SamTrace                 trace = { look_at_nothing, NULL };
      g_autoptr (SamEmbedding) shorter = sam_model_encode_traced (model, image, NULL, NULL, &error);
      g_autoptr (SamEmbedding) whole = sam_model_encode_traced (model, image, NULL, &trace, &error);

      g_assert_no_error (error);
      for (int k = 0; k < SAM_N_MAPS; k++)
        {
          const SamMap *a = sam_embedding_get_map (shorter, k),
                       *b = sam_embedding_get_map (whole, k);

          for (size_t v = 0; a->values != NULL && v < a->side * a->side * a->channels; v++)
            if (! (fabs (a->values[v] - b->values[v]) <= epsilon))
              g_error ("%zu x %zu, map %d, value %zu: %g instead of %g", sizes[i][0], sizes[i][1],
                       k, v, a->values[v], b->values[v]);
        }
    }
}

static void
test_builtin (void)
{
  g_autofree char     *path = g_test_build_filename (G_TEST_DIST, "..", "data", "models",
                                                     "builtin.safetensors", NULL);
  g_autoptr (GError)   error = NULL;
  g_autoptr (SamModel) model = sam_model_load (path, NULL, &error);

  g_assert_no_error (error);
  check_model (model, 1e-5);
}

static void
test_network (gconstpointer name)
{
  g_autofree char   *file = g_strconcat (name, ".tsv", NULL);
  g_autofree char   *list = g_test_build_filename (G_TEST_DIST, "data", "networks", file, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (SamCheckpoint) checkpoint = synth_checkpoint_from_list (list, NULL);
  g_autoptr (SamModel)      model = sam_model_new (checkpoint, NULL, &error);

  g_assert_no_error (error);
  check_model (model, strcmp (name, "vit_t") == 0 ? 0 : 1e-5);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/side/restore", test_restore);
  g_test_add_func ("/side/chains", test_chains);
  g_test_add_func ("/side/builtin", test_builtin);
  g_test_add_data_func ("/side/vit_t", "vit_t", test_network);
  g_test_add_data_func ("/side/edge_sam", "edge_sam", test_network);

  return g_test_run ();
}
