/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Masks: from logits to picture size against the plain two-step interpolation, the choice of the best
 * candidate, and (below) the operations on masks, each against a naive version of what it should be. */
#include <math.h>
#include <string.h>

#include "samcore/sam-error.h"
#include "samcore/sam-logits-private.h"
#include "samcore/sam-mask.h"

/* --- naive references ---------------------------------------------------------------------------- */

/* [height, width] -> [height2, width2], all in one buffer: bilinear or bicubic as torch's interpolate */
static float *
ref_resize (const float *in,
            size_t       stride,
            size_t       height,
            size_t       width,
            size_t       height2,
            size_t       width2,
            gboolean     cubic)
{
  float *out = g_new (float, height2 * width2);
  float  scale_y = (float) height / height2, scale_x = (float) width / width2;

  for (size_t y = 0; y < height2; y++)
    for (size_t x = 0; x < width2; x++)
      {
        float  sy = scale_y * (y + 0.5f) - 0.5f, sx = scale_x * (x + 0.5f) - 0.5f;
        double sum = 0;

        if (! cubic)
          {
            sy = MAX (sy, 0);
            sx = MAX (sx, 0);
          }
        for (int j = -1; j <= 2; j++)
          for (int i = -1; i <= 2; i++)
            {
              double dy = fabs (sy - (floorf (sy) + j)), dx = fabs (sx - (floorf (sx) + i));
              long   iy = CLAMP ((long) floorf (sy) + j, 0, (long) height - 1);
              long   ix = CLAMP ((long) floorf (sx) + i, 0, (long) width - 1);
              double wy, wx, a = -0.75;

              if (cubic)
                {
                  wy = dy <= 1 ? ((a + 2) * dy - (a + 3)) * dy * dy + 1
                               : dy < 2 ? ((a * dy - 5 * a) * dy + 8 * a) * dy - 4 * a : 0;
                  wx = dx <= 1 ? ((a + 2) * dx - (a + 3)) * dx * dx + 1
                               : dx < 2 ? ((a * dx - 5 * a) * dx + 8 * a) * dx - 4 * a : 0;
                }
              else
                {
                  wy = MAX (0, 1 - dy);
                  wx = MAX (0, 1 - dx);
                }
              sum += wy * wx * in[iy * stride + ix];
            }
        out[y * width2 + x] = (float) sum;
      }

  return out;
}

static float *
ref_upsample (const SamGeometry *g,
              const float       *values,
              size_t             side)
{
  g_autofree float *middle = NULL;

  if (g->upsample != SAM_UPSAMPLE_TWO_STEP)
    return ref_resize (values, side, side, side, g->height, g->width, g->upsample == SAM_UPSAMPLE_BICUBIC);

  middle = ref_resize (values, side, side, side, g->input, g->input, FALSE);
  return ref_resize (middle, g->input, g->resized_height, g->resized_width, g->height, g->width, FALSE);
}

/* --- logits -------------------------------------------------------------------------------------- */

static SamGeometry
make_geometry (size_t      width,
               size_t      height,
               size_t      input,
               SamUpsample upsample)
{
  SamGeometry geometry = { width, height, input, input, input, upsample };

  if (upsample == SAM_UPSAMPLE_TWO_STEP)
    {
      double scale = (double) input / MAX (width, height);

      geometry.resized_width = MAX (1, (size_t) (width * scale + 0.5));
      geometry.resized_height = MAX (1, (size_t) (height * scale + 0.5));
    }

  return geometry;
}

/* A few waves and noise: steep and flat places, thin and broad ones. */
static float *
make_values (size_t side)
{
  float  *values = g_new (float, side * side);
  double  fx = g_test_rand_double_range (0.01, 0.2), fy = g_test_rand_double_range (0.01, 0.2);

  for (size_t y = 0; y < side; y++)
    for (size_t x = 0; x < side; x++)
      values[y * side + x] = (float) (8 * sin (fx * x) * cos (fy * y) + g_test_rand_double_range (-2, 2));

  return values;
}

static void
test_upsample (gconstpointer data)
{
  SamUpsample         upsample = GPOINTER_TO_INT (data);
  static const size_t sizes[][4] = {
    /* width, height, input, side */
    { 1, 1, 64, 16 },      { 1, 7, 64, 16 },    { 300, 1, 64, 16 }, { 64, 64, 64, 16 },
    { 97, 131, 64, 16 },   { 131, 97, 64, 16 }, { 40, 23, 64, 16 }, { 63, 65, 64, 16 },
    { 517, 331, 128, 32 }, { 5, 1000, 64, 16 },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      size_t              width = sizes[i][0], height = sizes[i][1], side = sizes[i][3];
      SamGeometry         geometry = make_geometry (width, height, sizes[i][2], upsample);
      float              *values = make_values (side);
      g_autofree float   *expected = ref_upsample (&geometry, values, side);
      const float         iou = 0.5f;
      g_autoptr (SamLogits) logits = sam_logits_new_take (&geometry, 1, side, values, &iou, NAN, 0, NULL);
      g_autoptr (SamMask)   hard = sam_mask_new_from_logits (logits, 0, SAM_EDGE_HARD, NULL, NULL);
      g_autoptr (SamMask)   smooth = sam_mask_new_from_logits (logits, 0, SAM_EDGE_SMOOTH, NULL, NULL);
      size_t              n_unsure = 0, n_soft = 0;

      g_assert_cmpuint (sam_mask_get_width (hard), ==, width);
      g_assert_cmpuint (sam_mask_get_height (hard), ==, height);
      for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++)
          {
            float   value = expected[y * width + x];
            uint8_t coverage = sam_mask_get_coverage (hard)[y * width + x];
            uint8_t soft = sam_mask_get_coverage (smooth)[y * width + x];

            /* values of size 10, less than ten roundings each */
            g_assert_cmpfloat_with_epsilon (sam_logits_sample (logits, 0, x + 0.5f, y + 0.5f), value, 2e-5);
            g_assert_true (coverage == 0 || coverage == 255);
            if (fabsf (value) > 2e-5f)
              g_assert_cmpint (coverage == 255, ==, value > 0);
            else
              n_unsure++;
            g_assert_cmpint (soft >= 128, ==, coverage == 255);
            n_soft += soft != 0 && soft != 255;
          }
      g_assert_cmpuint (n_unsure, <=, 1 + width * height / 10000);
      if (width * height > 1000)
        g_assert_cmpuint (n_soft, >, 0);
    }
}

/* A straight edge at a known place and angle: the coverage is the part of each pixel inside. */
static void
test_smooth_line (void)
{
  const size_t side = 32, size = 200;

  for (int k = 0; k < 12; k++)
    {
      SamGeometry           geometry = make_geometry (size, size, 128, SAM_UPSAMPLE_TWO_STEP);
      double                angle = k * G_PI / 6 + 0.1, nx = cos (angle), ny = sin (angle);
      float                *values = g_new (float, side * side);
      const float           iou = 0.5f;
      g_autoptr (SamLogits) logits = NULL;
      g_autoptr (SamMask)   mask = NULL;

      /* a cell's centre lies at (i + 0.5) size / side; bilinear interpolation keeps a plane */
      for (size_t y = 0; y < side; y++)
        for (size_t x = 0; x < side; x++)
          values[y * side + x] = (float) (0.3 * (nx * ((x + 0.5) * size / side - 97.3)
                                                 + ny * ((y + 0.5) * size / side - 103.1)));
      logits = sam_logits_new_take (&geometry, 1, side, values, &iou, NAN, 0, NULL);
      mask = sam_mask_new_from_logits (logits, 0, SAM_EDGE_SMOOTH, NULL, NULL);

      for (size_t y = 20; y < size - 20; y++)
        for (size_t x = 20; x < size - 20; x++)
          {
            double distance = nx * (x + 0.5 - 97.3) + ny * (y + 0.5 - 103.1);
            double expected = 255 * CLAMP (distance + 0.5, 0, 1);

            g_assert_cmpfloat_with_epsilon (sam_mask_get_coverage (mask)[y * size + x], expected, 1.0);
          }
    }
}

static SamLogits *
make_candidates (const SamGeometry *geometry,
                 size_t             side,
                 const SamPrompt   *prompt)
{
  static const float iou[3] = { 0.6f, 0.9f, 0.8f };
  float             *values = g_new (float, 3 * side * side);

  /* 0: everything; 1: the left half; 2: the right half */
  for (size_t c = 0; c < 3; c++)
    for (size_t y = 0; y < side; y++)
      for (size_t x = 0; x < side; x++)
        values[(c * side + y) * side + x] = c == 0 || (x < side / 2) == (c == 1) ? 5 : -5;

  return sam_logits_new_take (geometry, 3, side, values, iou, NAN, 0, prompt);
}

static void
test_best (void)
{
  SamGeometry geometry = make_geometry (100, 80, 64, SAM_UPSAMPLE_TWO_STEP);
  static const struct
  {
    const char *prompt;
    size_t      best;
  } cases[] = {
    { "", 1 },                      /* the greatest predicted IoU */
    { "10,40 +", 1 },
    { "90,40 +", 2 },               /* the greatest of those with the point inside */
    { "90,40 + ; 10,40 +", 0 },     /* only everything holds both */
    { "10,40 -", 2 },
    { "90,40 - ; 10,40 -", 1 },     /* nothing agrees */
    { "100,80 +", 2 },              /* the corner belongs to the last pixel */
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (SamPrompt)    prompt;
      g_autoptr (SamLogits) logits = NULL;

      sam_prompt_init (&prompt);
      g_assert_true (sam_prompt_parse (&prompt, cases[i].prompt, NULL));
      logits = make_candidates (&geometry, 16, &prompt);
      g_assert_cmpuint (sam_logits_get_best (logits), ==, cases[i].best);
    }
}

static void
test_stability (void)
{
  /* 100 x 50 in an input of 64: the picture covers 16 x 8 cells; what lies below does not count */
  SamGeometry           geometry = make_geometry (100, 50, 64, SAM_UPSAMPLE_TWO_STEP);
  float                *values = g_new0 (float, 2 * 256);
  const float           iou[2] = { 0, 0 };
  g_autoptr (SamLogits) logits = NULL;

  for (int i = 0; i < 256; i++)
    {
      values[i] = i < 32 ? 1.5f : i < 64 ? 0.5f : i < 128 ? -1.0f : 100.0f;
      values[256 + i] = -2;
    }
  logits = sam_logits_new_take (&geometry, 2, 16, values, iou, NAN, 0, NULL);
  g_assert_cmpfloat (sam_logits_get_stability (logits, 0), ==, 0.5f);
  g_assert_cmpfloat (sam_logits_get_stability (logits, 1), ==, 0.0f);
}

static void
test_cancel (void)
{
  SamGeometry              geometry = make_geometry (100, 80, 64, SAM_UPSAMPLE_TWO_STEP);
  g_autoptr (SamLogits)    logits = make_candidates (&geometry, 16, NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError)       error = NULL;
  SamJob                   job = { .cancellable = cancellable };

  g_cancellable_cancel (cancellable);
  g_assert_null (sam_mask_new_from_logits (logits, 0, SAM_EDGE_HARD, &job, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* --- masks --------------------------------------------------------------------------------------- */

static void
test_basics (void)
{
  g_autoptr (GError)  error = NULL;
  g_autoptr (SamMask) empty = sam_mask_new_empty (7, 5, &error);
  g_autoptr (SamMask) mask = NULL;
  g_autoptr (SamMask) copy = NULL;
  g_autoptr (SamMask) both = NULL;
  uint8_t            *coverage = g_new0 (uint8_t, 35);
  size_t              x0, y0, x1, y1;

  g_assert_no_error (error);
  g_assert_cmpuint (sam_mask_get_area (empty), ==, 0);
  g_assert_false (sam_mask_get_bounds (empty, &x0, &y0, &x1, &y1));

  coverage[1 * 7 + 2] = 127;
  coverage[3 * 7 + 6] = 128;
  mask = sam_mask_new_take (7, 5, coverage);
  g_assert_cmpuint (sam_mask_get_area (mask), ==, 1);
  g_assert_true (sam_mask_get_bounds (mask, &x0, &y0, &x1, &y1));
  g_assert_cmpuint (x0, ==, 2);
  g_assert_cmpuint (y0, ==, 1);
  g_assert_cmpuint (x1, ==, 7);
  g_assert_cmpuint (y1, ==, 4);

  copy = sam_mask_copy (mask, &error);
  g_assert_cmpmem (sam_mask_get_coverage (copy), 35, coverage, 35);
  both = sam_mask_unite (empty, mask, &error);
  g_assert_cmpmem (sam_mask_get_coverage (both), 35, coverage, 35);

  g_assert_null (sam_mask_new_empty (0, 5, &error));
  g_assert_error (error, SAM_ERROR, SAM_ERROR_BAD_IMAGE);
  g_clear_error (&error);
  g_assert_null (sam_mask_new_empty (SIZE_MAX / 2, 4, &error));
  g_assert_error (error, SAM_ERROR, SAM_ERROR_BAD_IMAGE);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/logits/upsample/two-step", GINT_TO_POINTER (SAM_UPSAMPLE_TWO_STEP), test_upsample);
  g_test_add_data_func ("/logits/upsample/bilinear", GINT_TO_POINTER (SAM_UPSAMPLE_BILINEAR), test_upsample);
  g_test_add_data_func ("/logits/upsample/bicubic", GINT_TO_POINTER (SAM_UPSAMPLE_BICUBIC), test_upsample);
  g_test_add_func ("/logits/smooth-line", test_smooth_line);
  g_test_add_func ("/logits/best", test_best);
  g_test_add_func ("/logits/stability", test_stability);
  g_test_add_func ("/mask/cancel", test_cancel);
  g_test_add_func ("/mask/basics", test_basics);

  return g_test_run ();
}
