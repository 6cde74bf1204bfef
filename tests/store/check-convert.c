/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conversion: every fixture to every precision and back into memory, the rounding against a
 * double-precision reference, and that a failure leaves nothing behind. */
#include "config.h"

#include <math.h>
#include <string.h>

#include <glib/gstdio.h>

#include "samcore/weights/sam-checkpoint.h"
#include "samcore/sam-convert.h"
#include "samcore/sam-error.h"
#include "samcore/sam-model.h"

static char *folder;

static char *
data_path (const char *name)
{
  return g_test_build_filename (G_TEST_DIST, "data", "checkpoints", name, NULL);
}

static float *
read_all (const SamTensor *tensor)
{
  float *values = g_new (float, tensor->n_elements + 1);

  sam_tensor_read (tensor, 0, tensor->n_elements, values);

  return values;
}

static SamCheckpoint *
convert (const char *in, SamPrecision precision)
{
  g_autoptr (GError) error = NULL;
  g_autofree char   *out = g_build_filename (folder, "out.safetensors", NULL);
  SamCheckpoint     *converted;

  sam_convert (in, out, precision, NULL, &error);
  g_assert_no_error (error);
  converted = sam_checkpoint_open (out, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (sam_checkpoint_get_format (converted), ==, "safetensors");
  g_assert_cmpstr (sam_checkpoint_get_metadata (converted, "format"), ==, "segment-anything");

  return converted;
}

/* Small tensors are never rounded, so all of a fixture comes back as it was, views in logical
 * order. */
static void
test_fixtures (void)
{
  static const char *files[] = {
    "dtypes.safetensors",    "dtypes_zip.pth",    "dtypes_legacy.pth",    "views_zip.pth",
    "parameters_legacy.pth", "zero_size_zip.pth", "metadata.safetensors", "module_state_zip.pth",
  };

  for (size_t f = 0; f < G_N_ELEMENTS (files); f++)
    for (int precision = SAM_PRECISION_F32; precision <= SAM_PRECISION_INT8; precision++)
      {
        g_autofree char          *path = data_path (files[f]);
        g_autoptr (SamCheckpoint) original = sam_checkpoint_open (path, NULL);
        g_autoptr (SamCheckpoint) converted = convert (path, precision);

        g_assert_cmpuint (sam_checkpoint_get_n_tensors (converted), ==,
                          sam_checkpoint_get_n_tensors (original));
        for (size_t i = 0; i < sam_checkpoint_get_n_tensors (original); i++)
          {
            const SamTensor  *a = sam_checkpoint_get_tensor (original, i);
            const SamTensor  *b = sam_checkpoint_lookup (converted, a->name);
            g_autofree float *x = read_all (a);
            g_autofree float *y = read_all (b);

            g_assert_true (b->contiguous);
            g_assert_cmpint (a->rank, ==, b->rank);
            g_assert_cmpmem (a->shape, a->rank * sizeof (size_t), b->shape,
                             b->rank * sizeof (size_t));
            g_assert_cmpmem (x, a->n_elements * sizeof (float), y, b->n_elements * sizeof (float));
          }
      }
}

static void
test_metadata (void)
{
  g_autofree char          *path = data_path ("metadata.safetensors");
  g_autoptr (SamCheckpoint) converted = convert (path, SAM_PRECISION_F32);

  g_assert_cmpstr (sam_checkpoint_get_metadata (converted, "title"), ==, "naïve \"quoted\" \\ ☃");
  g_assert_cmpstr (sam_checkpoint_get_metadata (converted, "empty"), ==, "");
}

/* The built-in model at every precision is still a model, and says so. */
static void
test_builtin (void)
{
  g_autofree char *path = g_build_filename (g_getenv ("SAM_SOURCE_ROOT"), "data", "models",
                                            "builtin.safetensors", NULL);
  g_autofree char *out = g_build_filename (folder, "out.safetensors", NULL);

  for (int precision = SAM_PRECISION_F32; precision <= SAM_PRECISION_INT8; precision++)
    {
      g_autoptr (GError)        error = NULL;
      g_autoptr (SamCheckpoint) converted = convert (path, precision);
      g_autoptr (SamModel)      model = sam_model_load (out, NULL, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (sam_model_get_family (model), ==,
                       sam_checkpoint_get_metadata (converted, "family"));
      g_assert_nonnull (sam_checkpoint_get_metadata (converted, "image_size"));
      g_assert_nonnull (sam_checkpoint_get_metadata (converted, "mean"));
      g_assert_nonnull (sam_checkpoint_get_metadata (converted, "licence"));
    }
}

/* A file with one matrix "m.weight" [rows, columns] and a vector. */
static char *
make_matrix (const float *values, size_t rows, size_t columns)
{
  g_autoptr (GByteArray) file = g_byte_array_new ();
  g_autofree char       *header = NULL;
  char                  *path = g_build_filename (folder, "in.safetensors", NULL);
  uint64_t               n;
  size_t                 n_bytes = rows * columns * 4;

  header = g_strdup_printf (
    "{\"m.weight\":{\"dtype\":\"F32\",\"shape\":[%zu,%zu],\"data_offsets\":[0,%zu]},"
    "\"v\":{\"dtype\":\"F32\",\"shape\":[%zu],\"data_offsets\":[%zu,%zu]}}",
    rows, columns, n_bytes, columns, n_bytes, n_bytes + columns * 4);
  n = GUINT64_TO_LE ((uint64_t) strlen (header));
  g_byte_array_append (file, (const guint8 *) &n, 8);
  g_byte_array_append (file, (const guint8 *) header, strlen (header));
  g_byte_array_append (file, (const guint8 *) values, n_bytes);
  g_byte_array_append (file, (const guint8 *) values, columns * 4);
  g_assert_true (g_file_set_contents (path, (const char *) file->data, file->len, NULL));

  return path;
}

/* @x rounded to @n_bits of mantissa and no finer than @unit, nearest even. */
static double
round_reference (double x, int n_bits, double unit)
{
  double step = fmax (ldexp (1, x == 0 ? -1000 : ilogb (x) - n_bits), unit);

  return nearbyint (x / step) * step;
}

static void
test_rounding (void)
{
  const size_t              rows = 40, columns = 64;
  g_autofree float         *values = g_new (float, rows *columns);
  g_autofree char          *path = NULL;
  g_autoptr (SamCheckpoint) half = NULL, bfloat = NULL, bytes = NULL;
  g_autofree float         *h = NULL, *b = NULL, *q = NULL;
  const SamTensor          *tensor;

  /* All sizes of halves, subnormal ones and ties too; the last row is all zero. */
  for (size_t i = 0; i < rows * columns; i++)
    values[i] = (float) ldexp (g_test_rand_double_range (-1, 1), (int) (i / columns) - 24);
  values[0] = 65504;
  values[1] = 1 + 0x1p-11f;
  values[2] = 1 + 3 * 0x1p-11f;
  values[3] = 0x1p-25f;
  values[4] = 3 * 0x1p-25f;
  values[5] = -0.0f;
  memset (values + (rows - 1) * columns, 0, columns * sizeof (float));
  path = make_matrix (values, rows, columns);

  half = convert (path, SAM_PRECISION_F16);
  tensor = sam_checkpoint_lookup (half, "m.weight");
  g_assert_cmpint (tensor->dtype, ==, SAM_DTYPE_F16);
  g_assert_cmpint (sam_checkpoint_lookup (half, "v")->dtype, ==, SAM_DTYPE_F32);
  h = read_all (tensor);
  bfloat = convert (path, SAM_PRECISION_BF16);
  tensor = sam_checkpoint_lookup (bfloat, "m.weight");
  g_assert_cmpint (tensor->dtype, ==, SAM_DTYPE_BF16);
  b = read_all (tensor);
  bytes = convert (path, SAM_PRECISION_INT8);
  tensor = sam_checkpoint_lookup (bytes, "m.weight");
  g_assert_cmpint (tensor->dtype, ==, SAM_DTYPE_I8);
  g_assert_nonnull (tensor->scale);
  g_assert_cmpuint (sam_checkpoint_get_n_tensors (bytes), ==, 2);
  q = read_all (tensor);

  for (size_t i = 0; i < rows * columns; i++)
    {
      double peak = 0;

      for (size_t j = 0; j < columns; j++)
        peak = fmax (peak, fabs (values[i / columns * columns + j]));
      g_assert_cmpfloat (h[i], ==, round_reference (values[i], 10, 0x1p-24));
      g_assert_cmpfloat (b[i], ==, round_reference (values[i], 7, 0));
      /* half a step, and the roundings of the scale and of the product */
      g_assert_cmpfloat (fabs (q[i] - values[i]), <=, peak / 127 * 0.5 + peak * 3 * 0x1p-23);
    }
  g_assert_true (signbit (h[5]));

  /* Any part of the bytes reads as the whole, over the borders of rows. */
  for (size_t first = 0; first < rows * columns; first += 37)
    {
      float part[150];

      sam_tensor_read (tensor, first, MIN (150, rows * columns - first), part);
      g_assert_cmpmem (part, MIN (150, rows * columns - first) * 4, q + first,
                       MIN (150, rows * columns - first) * 4);
    }

  g_unlink (path);
}

/* What a type cannot hold is left in f32. */
static void
test_too_large (void)
{
  const size_t              rows = 32, columns = 32;
  g_autofree float         *values = g_new0 (float, rows *columns);
  g_autofree char          *path = NULL;
  g_autoptr (SamCheckpoint) half = NULL, bytes = NULL;

  values[7] = 65520;
  path = make_matrix (values, rows, columns);
  half = convert (path, SAM_PRECISION_F16);
  g_assert_cmpint (sam_checkpoint_lookup (half, "m.weight")->dtype, ==, SAM_DTYPE_F32);
  g_free (path);
  values[7] = NAN;
  path = make_matrix (values, rows, columns);
  bytes = convert (path, SAM_PRECISION_INT8);
  g_assert_cmpint (sam_checkpoint_lookup (bytes, "m.weight")->dtype, ==, SAM_DTYPE_F32);
  g_unlink (path);
}

static guint
count_files (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint            n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;

  return n;
}

static void
test_failures (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  SamJob                   job = { .cancellable = cancellable };
  g_autofree char         *place = g_build_filename (folder, "place", NULL);
  g_autofree char         *out = g_build_filename (place, "old.safetensors", NULL);
  g_autofree char         *in = data_path ("dtypes_zip.pth");
  g_autofree char         *contents = NULL;
  g_autoptr (GError)       error = NULL;
  SamPrecision             precision;

  g_mkdir (place, 0700);
  g_assert_true (g_file_set_contents (out, "old", -1, NULL));

  g_cancellable_cancel (cancellable);
  g_assert_false (sam_convert (in, out, SAM_PRECISION_F32, &job, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_false (sam_convert (out, out, SAM_PRECISION_F32, NULL, &error));
  g_assert_error (error, SAM_ERROR, SAM_ERROR_BAD_FILE);
  g_clear_error (&error);
  g_assert_false (sam_convert (in, "/nowhere/out.safetensors", SAM_PRECISION_F32, NULL, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_assert_nonnull (strstr (error->message, "/nowhere/out.safetensors"));
  g_clear_error (&error);
  g_assert_false (sam_convert (in, place, SAM_PRECISION_F32, NULL, &error));
  g_assert_nonnull (error);
  g_clear_error (&error);

  g_assert_cmpuint (count_files (place), ==, 1);
  g_assert_true (g_file_get_contents (out, &contents, NULL, NULL));
  g_assert_cmpstr (contents, ==, "old");

  /* Onto itself. */
  g_free (g_steal_pointer (&contents));
  sam_convert (in, out, SAM_PRECISION_F32, NULL, &error);
  g_assert_no_error (error);
  sam_convert (out, out, SAM_PRECISION_F16, NULL, &error);
  g_assert_no_error (error);
  g_unlink (out);
  g_rmdir (place);

  g_assert_true (sam_precision_parse ("BF16", &precision, NULL));
  g_assert_cmpint (precision, ==, SAM_PRECISION_BF16);
  g_assert_false (sam_precision_parse ("f8", &precision, &error));
  g_assert_error (error, SAM_ERROR, SAM_ERROR_UNSUPPORTED);
}

int
main (int argc, char **argv)
{
  g_autofree char *out = NULL;
  int              status;

  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  folder = g_dir_make_tmp ("convert-XXXXXX", NULL);
  out = g_build_filename (folder, "out.safetensors", NULL);
  g_test_add_func ("/convert/fixtures", test_fixtures);
  g_test_add_func ("/convert/metadata", test_metadata);
  g_test_add_func ("/convert/builtin", test_builtin);
  g_test_add_func ("/convert/rounding", test_rounding);
  g_test_add_func ("/convert/too-large", test_too_large);
  g_test_add_func ("/convert/failures", test_failures);

  status = g_test_run ();
  g_unlink (out);
  g_rmdir (folder);

  return status;
}
