/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reference values in safetensors files, and how tests compare with them. */
#include "tests/lib/golden.h"

#include <math.h>

#include <gdk-pixbuf/gdk-pixbuf.h>

SamCheckpoint *
golden_open (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autofree char   *full = g_test_build_filename (G_TEST_DIST, "data", path, NULL);
  SamCheckpoint     *golden = sam_checkpoint_open (g_path_is_absolute (path) ? path : full, &error);

  g_assert_no_error (error);

  return golden;
}

gboolean
golden_has (SamCheckpoint *golden, const char *key)
{
  return sam_checkpoint_lookup (golden, key) != NULL;
}

float *
golden_read (SamCheckpoint *golden, const char *key, size_t *n)
{
  const SamTensor *tensor = sam_checkpoint_lookup (golden, key);
  float           *values;

  if (tensor == NULL)
    g_error ("no %s in %s", key, sam_checkpoint_get_name (golden));
  values = g_new (float, MAX (tensor->n_elements, 1));
  sam_tensor_read (tensor, 0, tensor->n_elements, values);
  if (n != NULL)
    *n = tensor->n_elements;

  return values;
}

/* Not by way of float: 64-bit integers must come whole. */
gint64
golden_read_int (SamCheckpoint *golden, const char *key, size_t i)
{
  const SamTensor *tensor = sam_checkpoint_lookup (golden, key);
  gint64           wide;
  gint32           narrow;

  if (tensor == NULL || i >= tensor->n_elements || ! tensor->contiguous)
    g_error ("no element %" G_GSIZE_FORMAT " of %s in %s", i, key,
             sam_checkpoint_get_name (golden));

  switch (tensor->dtype)
    {
    case SAM_DTYPE_I64:
      memcpy (&wide, tensor->data + 8 * i, 8);
      return GINT64_FROM_LE (wide);

    case SAM_DTYPE_I32:
      memcpy (&narrow, tensor->data + 4 * i, 4);
      return GINT32_FROM_LE (narrow);

    default:
      g_error ("%s is no array of integers", key);
    }
}

static void
deviation (SamCheckpoint *golden, const char *key, const float *reference, size_t n, double *result)
{
  g_autofree char *stat = g_strconcat (key, ".stat", NULL);
  double           mean = 0, square = 0;

  if (golden_has (golden, stat))
    {
      g_autofree float *values = golden_read (golden, stat, NULL);

      *result = values[1];
      return;
    }
  for (size_t i = 0; i < n; i++)
    mean += reference[i] / (double) n;
  for (size_t i = 0; i < n; i++)
    square += (reference[i] - mean) * (reference[i] - mean) / (double) n;
  *result = sqrt (square);
}

static gboolean
compare (SamCheckpoint *golden,
         const char    *key,
         const float   *values,
         size_t         batch,
         size_t         n,
         size_t         c,
         GoldenLayout   layout,
         size_t         stride,
         double         max,
         double         rms)
{
  g_autofree char  *stride_key = g_strconcat (key, ".stride", NULL);
  g_autofree float *reference = NULL;
  size_t            n_reference, total = batch * n * c;
  double            greatest = 0, square = 0, std;

  reference = golden_read (golden, key, &n_reference);
  if (stride == 0)
    stride = golden_has (golden, stride_key) ? (size_t) golden_read_int (golden, stride_key, 0) : 1;
  if (n_reference != (total + stride - 1) / stride)
    {
      g_test_message ("%s: %" G_GSIZE_FORMAT " reference values do not fit %" G_GSIZE_FORMAT
                      " x %" G_GSIZE_FORMAT " by %" G_GSIZE_FORMAT,
                      key, n_reference, n, c, stride);
      g_test_fail ();
      return FALSE;
    }

  deviation (golden, key, reference, n_reference, &std);
  for (size_t j = 0; j < n_reference; j++)
    {
      size_t e = j * stride;
      size_t b = e / (n * c);
      size_t at = layout == GOLDEN_CHW ? b * n * c + e % n * c + e / n % c : e;
      double error = fabs ((double) values[at] - reference[j]);

      /* a NaN must not slip through a comparison */
      if (! (error <= greatest))
        greatest = isnan (error) ? INFINITY : error;
      square += error * error / n_reference;
    }
  /* a single number has no deviation: it is its own measure */
  if (n_reference == 1)
    std = MAX (1.0, fabs (reference[0]));
  std = MAX (std, 1e-12);

  if (greatest > max * std || (rms > 0 && ! (sqrt (square) <= rms * std)))
    {
      g_test_message (
        "%s: error %.3g (rms %.3g) of the standard deviation, allowed are %.3g (rms %.3g)", key,
        greatest / std, sqrt (square) / std, max, rms);
      g_test_fail ();
      return FALSE;
    }
  if (g_test_verbose ())
    g_test_message ("%s: error %.3g, rms %.3g", key, greatest / std, sqrt (square) / std);

  return TRUE;
}

gboolean
golden_compare (SamCheckpoint *golden,
                const char    *key,
                const float   *values,
                size_t         n,
                size_t         c,
                GoldenLayout   layout,
                size_t         stride,
                double         max,
                double         rms)
{
  return compare (golden, key, values, 1, n, c, layout, stride, max, rms);
}

gboolean
golden_compare_shaped (SamCheckpoint *golden,
                       const char    *key,
                       const float   *values,
                       size_t         batch,
                       size_t         n,
                       size_t         c,
                       double         max,
                       double         rms)
{
  const SamTensor *tensor = sam_checkpoint_lookup (golden, key);
  g_autofree char *shape_key = g_strconcat (key, ".shape", NULL);
  const SamTensor *shape = sam_checkpoint_lookup (golden, shape_key);
  size_t           rank = shape != NULL ? shape->n_elements : (size_t) tensor->rank;
  size_t           last = shape != NULL ? (size_t) golden_read_int (golden, shape_key, rank - 1)
                                        : tensor->shape[rank - 1];

  return compare (golden, key, values, batch, n, c, last == c ? GOLDEN_HWC : GOLDEN_CHW, 0, max,
                  rms);
}

SamImage *
golden_picture (const char *folder, const char *name)
{
  g_autoptr (GError)    error = NULL;
  g_autofree char      *path = g_build_filename (folder, name, NULL);
  g_autoptr (GdkPixbuf) pixbuf = gdk_pixbuf_new_from_file (path, &error);
  g_autoptr (GBytes)    bytes = NULL;
  SamImage             *image;
  uint8_t              *pixels;
  int                   w, h, n;

  g_assert_no_error (error);
  w = gdk_pixbuf_get_width (pixbuf);
  h = gdk_pixbuf_get_height (pixbuf);
  n = gdk_pixbuf_get_n_channels (pixbuf);
  pixels = g_malloc ((size_t) w * h * 3);
  for (int y = 0; y < h; y++)
    for (int x = 0; x < w; x++)
      memcpy (pixels + ((size_t) y * w + x) * 3,
              gdk_pixbuf_read_pixels (pixbuf) + (size_t) y * gdk_pixbuf_get_rowstride (pixbuf) +
                x * n,
              3);
  bytes = g_bytes_new_take (pixels, (size_t) w * h * 3);
  image = sam_image_new (w, h, bytes, &error);
  g_assert_no_error (error);

  return image;
}
