/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Masks: from logits to picture size against the plain two-step interpolation, the choice of the
 * best candidate, and (below) the operations on masks, each against a naive version of what it
 * should be. */
#include <math.h>
#include <string.h>

#include "samcore/sam-error.h"
#include "samcore/mask/sam-logits-private.h"
#include "samcore/sam-mask.h"
#include "samcore/mask/sam-regions.h"

/* --- naive references
 * ---------------------------------------------------------------------------- */

/* [height, width] -> [height2, width2], all in one buffer: bilinear or bicubic as torch's
 * interpolate */
static float *
ref_resize (const float *in,
            size_t       stride,
            size_t       height,
            size_t       width,
            size_t       height2,
            size_t       width2,
            gboolean     cubic)
{
  float *out = g_new (float, height2 *width2);
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
                  wy = dy <= 1  ? ((a + 2) * dy - (a + 3)) * dy * dy + 1
                       : dy < 2 ? ((a * dy - 5 * a) * dy + 8 * a) * dy - 4 * a
                                : 0;
                  wx = dx <= 1  ? ((a + 2) * dx - (a + 3)) * dx * dx + 1
                       : dx < 2 ? ((a * dx - 5 * a) * dx + 8 * a) * dx - 4 * a
                                : 0;
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
ref_upsample (const SamGeometry *g, const float *values, size_t side)
{
  g_autofree float *middle = NULL;

  if (g->upsample != SAM_UPSAMPLE_TWO_STEP)
    return ref_resize (values, side, side, side, g->height, g->width,
                       g->upsample == SAM_UPSAMPLE_BICUBIC);

  middle = ref_resize (values, side, side, side, g->input, g->input, FALSE);
  return ref_resize (middle, g->input, g->resized_height, g->resized_width, g->height, g->width,
                     FALSE);
}

/* --- logits
 * -------------------------------------------------------------------------------------- */

static SamGeometry
make_geometry (size_t width, size_t height, size_t input, SamUpsample upsample)
{
  SamGeometry geometry = {
    .width = width,
    .height = height,
    .picture_width = width,
    .picture_height = height,
    .resized_width = input,
    .resized_height = input,
    .input = input,
    .fit = upsample == SAM_UPSAMPLE_TWO_STEP ? SAM_FIT_LONGEST : SAM_FIT_SQUASH,
    .upsample = upsample,
  };

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
  float *values = g_new (float, side *side);
  double fx = g_test_rand_double_range (0.01, 0.2), fy = g_test_rand_double_range (0.01, 0.2);

  for (size_t y = 0; y < side; y++)
    for (size_t x = 0; x < side; x++)
      values[y * side + x] = (float) (8 * sin (fx * x) * cos (fy * y) +
                                      g_test_rand_double_range (-2, 2));

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
      size_t                width = sizes[i][0], height = sizes[i][1], side = sizes[i][3];
      SamGeometry           geometry = make_geometry (width, height, sizes[i][2], upsample);
      float                *values = make_values (side);
      g_autofree float     *expected = ref_upsample (&geometry, values, side);
      const float           iou = 0.5f;
      g_autoptr (SamLogits) logits = sam_logits_new_take (&geometry, 1, side, values, &iou, NAN, 0,
                                                          NULL);
      g_autoptr (SamMask)   hard = sam_mask_new_from_logits (logits, 0, SAM_EDGE_HARD, NULL, NULL);
      g_autoptr (SamMask)   smooth = sam_mask_new_from_logits (logits, 0, SAM_EDGE_SMOOTH, NULL,
                                                               NULL);
      size_t                n_unsure = 0, n_soft = 0;

      g_assert_cmpuint (sam_mask_get_width (hard), ==, width);
      g_assert_cmpuint (sam_mask_get_height (hard), ==, height);
      for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++)
          {
            float   value = expected[y * width + x];
            uint8_t coverage = sam_mask_get_coverage (hard)[y * width + x];
            uint8_t soft = sam_mask_get_coverage (smooth)[y * width + x];

            /* values of size 10, less than ten roundings each */
            g_assert_cmpfloat_with_epsilon (sam_logits_sample (logits, 0, x + 0.5f, y + 0.5f),
                                            value, 2e-5);
            g_assert_true (coverage == 0 || coverage == 255);
            if (fabsf (value) > 2e-5f)
              g_assert_cmpint (coverage == 255, ==, value > 0);
            else
              n_unsure++;
            g_assert_cmpint (soft >= 128, ==, coverage == 255);
            n_soft += soft != 0 && soft != 255;
          }
      g_assert_cmpuint (n_unsure, <=, 10 + width * height / 10000);
      if (width * height > 1000)
        g_assert_cmpuint (n_soft, >, 0);
    }
}

/* A third of the picture's size has its pixels' centres where every third of the picture has them;
 * also when the logits cover a part of the picture only. */
static void
test_reduced (gconstpointer data)
{
  static const size_t parts[][4] = {
    { 0, 0, 201, 123 }, { 50, 20, 97, 61 }, { 199, 0, 2, 100 }, { 80, 80, 1, 1 }
  };

  for (size_t i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      const size_t side = 32, width = 201, height = 123;
      SamGeometry  geometry = make_geometry (parts[i][2], parts[i][3], 128, GPOINTER_TO_INT (data));
      float       *values = make_values (side);
      const float  iou = 0.5f;
      g_autoptr (SamLogits) logits = NULL;
      g_autoptr (SamMask)   hard = NULL, smooth = NULL;

      geometry.x = parts[i][0];
      geometry.y = parts[i][1];
      geometry.picture_width = width;
      geometry.picture_height = height;
      logits = sam_logits_new_take (&geometry, 1, side, values, &iou, NAN, 0, NULL);
      hard = sam_mask_new_from_logits_at (logits, 0, width / 3, height / 3, SAM_EDGE_HARD, NULL,
                                          NULL);
      smooth = sam_mask_new_from_logits_at (logits, 0, width / 3, height / 3, SAM_EDGE_SMOOTH, NULL,
                                            NULL);
      g_assert_cmpuint (sam_mask_get_width (hard), ==, width / 3);
      g_assert_cmpuint (sam_mask_get_height (hard), ==, height / 3);
      for (size_t y = 0; y < height / 3; y++)
        for (size_t x = 0; x < width / 3; x++)
          {
            float   value = sam_logits_sample (logits, 0, 3 * x + 1.5f, 3 * y + 1.5f);
            uint8_t coverage = sam_mask_get_coverage (hard)[y * width / 3 + x];

            if (fabsf (value) > 2e-5f)
              g_assert_cmpint (coverage, ==, value > 0 ? 255 : 0);
            g_assert_cmpint (sam_mask_get_coverage (smooth)[y * width / 3 + x] >= 128, ==,
                             coverage == 255);
          }
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
      float                *values = g_new (float, side *side);
      const float           iou = 0.5f;
      g_autoptr (SamLogits) logits = NULL;
      g_autoptr (SamMask)   mask = NULL;

      /* a cell's centre lies at (i + 0.5) size / side; bilinear interpolation keeps a plane */
      for (size_t y = 0; y < side; y++)
        for (size_t x = 0; x < side; x++)
          values[y * side + x] = (float) (0.3 * (nx * ((x + 0.5) * size / side - 97.3) +
                                                 ny * ((y + 0.5) * size / side - 103.1)));
      logits = sam_logits_new_take (&geometry, 1, side, values, &iou, NAN, 0, NULL);
      mask = sam_mask_new_from_logits (logits, 0, SAM_EDGE_SMOOTH, NULL, NULL);

      for (size_t y = 20; y < size - 20; y++)
        for (size_t x = 20; x < size - 20; x++)
          {
            double distance = nx * (x + 0.5 - 97.3) + ny * (y + 0.5 - 103.1);
            double expected = 255 * CLAMP (distance + 0.5, 0, 1);

            g_assert_cmpfloat_with_epsilon (sam_mask_get_coverage (mask)[y * size + x], expected,
                                            1.0);
          }
    }
}

static SamLogits *
make_candidates (const SamGeometry *geometry, size_t side, const SamPrompt *prompt)
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
    { "", 1 }, /* the greatest predicted IoU */
    { "10,40 +", 1 },
    { "90,40 +", 2 },           /* the greatest of those with the point inside */
    { "90,40 + ; 10,40 +", 0 }, /* only everything holds both */
    { "10,40 -", 2 },
    { "90,40 - ; 10,40 -", 1 }, /* nothing agrees */
    { "100,80 +", 2 },          /* the corner belongs to the last pixel */
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

/* --- masks
 * --------------------------------------------------------------------------------------- */

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

/* --- operations
 * ---------------------------------------------------------------------------------- */

static const size_t sizes[][2] = {
  /* width, height */
  { 1, 1 },   { 1, 9 },   { 13, 1 },  { 2, 2 },    { 7, 5 },
  { 31, 33 }, { 40, 57 }, { 64, 64 }, { 65, 130 }, { 200, 141 },
};

typedef enum
{
  FILL_NOISE,  /* 0 and 255, as likely */
  FILL_DOTS,   /* few pixels on */
  FILL_DENTS,  /* few pixels off */
  FILL_BLOBS,  /* hard discs */
  FILL_LEVELS, /* any value */
  FILL_SOFT,   /* discs with an edge one pixel wide */
  N_FILLS
} Fill;

static SamMask *
make_mask (size_t width, size_t height, Fill fill)
{
  uint8_t *coverage = g_new0 (uint8_t, width *height);
  double   cx[6], cy[6], r[6];

  for (int k = 0; k < 6; k++)
    {
      cx[k] = g_test_rand_double_range (0, width);
      cy[k] = g_test_rand_double_range (0, height);
      r[k] = g_test_rand_double_range (0.5, 1 + MAX (width, height) / 5.0);
    }
  for (size_t y = 0; y < height; y++)
    for (size_t x = 0; x < width; x++)
      {
        double   inside = -100;
        uint8_t *value = coverage + y * width + x;

        for (int k = 0; k < 6; k++)
          inside = MAX (inside, r[k] - hypot (x + 0.5 - cx[k], y + 0.5 - cy[k]));
        switch (fill)
          {
          case FILL_NOISE:
            *value = g_test_rand_bit () ? 255 : 0;
            break;
          case FILL_DOTS:
            *value = g_test_rand_int_range (0, 40) == 0 ? 255 : 0;
            break;
          case FILL_DENTS:
            *value = g_test_rand_int_range (0, 40) == 0 ? 0 : 255;
            break;
          case FILL_BLOBS:
            *value = inside > 0 ? 255 : 0;
            break;
          case FILL_LEVELS:
            *value = (uint8_t) g_test_rand_int_range (0, 256);
            break;
          default:
            *value = (uint8_t) (255 * CLAMP (inside + 0.5, 0, 1) + 0.5);
            break;
          }
      }

  return sam_mask_new_take (width, height, coverage);
}

/* Calls check for every size and fill. */
static void
for_masks (void (*check) (const SamMask *mask, size_t width, size_t height, Fill fill))
{
  for (size_t i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (Fill fill = 0; fill < N_FILLS; fill++)
      {
        g_autoptr (SamMask) mask = make_mask (sizes[i][0], sizes[i][1], fill);

        check (mask, sizes[i][0], sizes[i][1], fill);
      }
}

/* Regions by flooding; labels 1.., 0 where out of range. Returns their number; area, border:
 * [number + 1] */
static int *
ref_regions (const uint8_t *coverage,
             size_t         width,
             size_t         height,
             int            low,
             int            high,
             gboolean       diagonal,
             int           *n_regions,
             size_t       **area,
             gboolean     **border)
{
  size_t  n = width * height;
  int    *labels = g_new0 (int, n);
  size_t *stack = g_new (size_t, n);

  *n_regions = 0;
  *area = g_new0 (size_t, n + 1);
  *border = g_new0 (gboolean, n + 1);
  for (size_t i = 0; i < n; i++)
    {
      size_t depth = 0;

      if (labels[i] != 0 || coverage[i] < low || coverage[i] > high)
        continue;
      labels[i] = ++*n_regions;
      stack[depth++] = i;
      while (depth > 0)
        {
          size_t p = stack[--depth];
          long   x = (long) (p % width), y = (long) (p / width);

          (*area)[*n_regions]++;
          (*border)[*n_regions] |= x == 0 || y == 0 || x == (long) width - 1 ||
                                   y == (long) height - 1;
          for (long dy = -1; dy <= 1; dy++)
            for (long dx = -1; dx <= 1; dx++)
              {
                long   u = x + dx, v = y + dy;
                size_t q = (size_t) (v * (long) width + u);

                if ((! diagonal && dx != 0 && dy != 0) || u < 0 || v < 0 || u >= (long) width ||
                    v >= (long) height || labels[q] != 0 || coverage[q] < low || coverage[q] > high)
                  continue;
                labels[q] = *n_regions;
                stack[depth++] = q;
              }
        }
    }
  g_free (stack);

  return labels;
}

static void
check_regions (const SamMask *mask, size_t width, size_t height, Fill fill)
{
  for (int diagonal = 0; diagonal < 2; diagonal++)
    for (int high = 127; high < 256; high += 128)
      {
        const uint8_t       *coverage = sam_mask_get_coverage (mask);
        int                  low = high - 127, n_regions;
        g_autofree size_t   *area = NULL;
        g_autofree gboolean *border = NULL;
        g_autofree int      *labels = ref_regions (coverage, width, height, low, high, diagonal,
                                                   &n_regions, &area, &border);
        SamRegions           regions;

        g_assert_true (sam_regions_init (&regions, coverage, width, height, low, high, diagonal,
                                         NULL));
        g_assert_cmpuint (regions.n_regions, ==, n_regions);
        for (size_t i = 0; i < width * height; i++)
          g_assert_cmpuint (sam_regions_at (&regions, height, i % width, i / width), ==,
                            (guint32) (labels[i] - 1));
        for (int i = 0; i < n_regions; i++)
          {
            g_assert_cmpuint (regions.regions[i].area, ==, area[i + 1]);
            g_assert_cmpint (regions.regions[i].at_border, ==, border[i + 1]);
          }
        sam_regions_clear (&regions);
      }
}

static void
test_regions (void)
{
  for_masks (check_regions);
}

/* Specks go to 0; for holes the mask is inverted before and after, and the rule of size differs. */
static uint8_t *
ref_clean (const SamMask *mask, double limit, gboolean holes)
{
  size_t               width = sam_mask_get_width (mask), height = sam_mask_get_height (mask);
  size_t               n = width * height;
  uint8_t             *in = g_memdup2 (sam_mask_get_coverage (mask), n);
  uint8_t             *out;
  g_autofree size_t   *area = NULL, *area_all = NULL;
  g_autofree gboolean *border = NULL, *border_all = NULL;
  g_autofree int      *core = NULL, *all = NULL;
  g_autofree gboolean *stays = g_new0 (gboolean, n + 1);
  int                  n_core, n_all;

  if (holes)
    for (size_t i = 0; i < n; i++)
      in[i] = 255 - in[i];
  core = ref_regions (in, width, height, 128, 255, ! holes, &n_core, &area, &border);
  all = ref_regions (in, width, height, 1, 255, ! holes, &n_all, &area_all, &border_all);
#define STAYS(i)                                                                                   \
  (core[i] != 0 && (holes ? border[core[i]] || area[core[i]] > limit : area[core[i]] >= limit))
  for (size_t i = 0; i < n; i++)
    if (STAYS (i))
      stays[all[i]] = TRUE;

  out = g_memdup2 (in, n);
  for (size_t i = 0; i < n; i++)
    {
      gboolean by_stays = FALSE, by_goes = FALSE;

      for (long v = (long) (i / width) - 1; v <= (long) (i / width) + 1; v++)
        for (long u = (long) (i % width) - 1; u <= (long) (i % width) + 1; u++)
          if (u >= 0 && v >= 0 && u < (long) width && v < (long) height)
            {
              size_t q = v * width + u;

              by_stays |= STAYS (q);
              by_goes |= core[q] != 0 && ! STAYS (q);
            }
      if (in[i] == 0)
        continue;
      if (! stays[all[i]] || (core[i] != 0 && ! STAYS (i)) ||
          (core[i] == 0 && by_goes && ! by_stays))
        out[i] = 0;
    }
#undef STAYS
  if (holes)
    for (size_t i = 0; i < n; i++)
      out[i] = 255 - out[i];
  g_free (in);

  return out;
}

static void
check_clean (const SamMask *mask, size_t width, size_t height, Fill fill)
{
  static const double limits[] = { 0, 0.5, 1, 2, 5, 60, 1e9 };

  for (size_t i = 0; i < G_N_ELEMENTS (limits); i++)
    {
      g_autoptr (SamMask) filled = sam_mask_fill_holes (mask, limits[i], NULL);
      g_autoptr (SamMask) dropped = sam_mask_drop_specks (mask, limits[i], NULL);
      g_autofree uint8_t *expected_filled = ref_clean (mask, limits[i], TRUE);
      g_autofree uint8_t *expected_dropped = ref_clean (mask, limits[i], FALSE);

      if (limits[i] == 0)
        {
          g_assert_cmpmem (sam_mask_get_coverage (filled), width * height,
                           sam_mask_get_coverage (mask), width * height);
          g_assert_cmpmem (sam_mask_get_coverage (dropped), width * height,
                           sam_mask_get_coverage (mask), width * height);
          continue;
        }
      g_assert_cmpmem (sam_mask_get_coverage (filled), width * height, expected_filled,
                       width * height);
      g_assert_cmpmem (sam_mask_get_coverage (dropped), width * height, expected_dropped,
                       width * height);
    }
}

static void
test_clean (void)
{
  for_masks (check_clean);
}

/* A ring with a soft rim inside and out, and a soft dot: what a person sees must be gone without a
 * trace. */
static void
test_clean_soft (void)
{
  size_t              size = 80;
  uint8_t            *coverage = g_new0 (uint8_t, size *size);
  g_autoptr (SamMask) mask = NULL;
  g_autoptr (SamMask) filled = NULL;
  g_autoptr (SamMask) dropped = NULL;

  for (size_t y = 0; y < size; y++)
    for (size_t x = 0; x < size; x++)
      {
        double ring = 6 - fabs (hypot (x - 30.0, y - 31.0) - 16);
        double dot = 4 - hypot (x - 65.0, y - 66.0);

        coverage[y * size + x] = (uint8_t) (255 * CLAMP (MAX (ring, dot) + 0.5, 0, 1) + 0.5);
      }
  mask = sam_mask_new_take (size, size, coverage);
  filled = sam_mask_fill_holes (mask, 1000, NULL);
  dropped = sam_mask_drop_specks (mask, 100, NULL);
  for (size_t y = 0; y < size; y++)
    for (size_t x = 0; x < size; x++)
      {
        size_t i = y * size + x;

        if (hypot (x - 30.0, y - 31.0) < 16)
          g_assert_cmpuint (sam_mask_get_coverage (filled)[i], ==, 255);
        else
          g_assert_cmpuint (sam_mask_get_coverage (filled)[i], ==, coverage[i]);
        if (hypot (x - 65.0, y - 66.0) < 8)
          g_assert_cmpuint (sam_mask_get_coverage (dropped)[i], ==, 0);
        else
          g_assert_cmpuint (sam_mask_get_coverage (dropped)[i], ==, coverage[i]);
      }
}

/* Hard masks: every pixel against every pixel. */
static void
check_grow_hard (const SamMask *mask, size_t width, size_t height, Fill fill)
{
  static const double distances[] = { 0.4, 0.5, 1, 2.3, 7, 30, 1e9, -0.5, -1, -3, -8.8, -1e9 };
  const uint8_t      *in = sam_mask_get_coverage (mask);

  if (fill > FILL_BLOBS || width * height > 2500)
    return;
  for (size_t k = 0; k < G_N_ELEMENTS (distances); k++)
    {
      g_autoptr (SamMask) grown = sam_mask_grow (mask, distances[k], NULL);
      const uint8_t      *out = sam_mask_get_coverage (grown);
      uint8_t             on = distances[k] > 0 ? 255 : 0;
      double              radius = fabs (distances[k]) + 0.5;

      for (size_t i = 0; i < width * height; i++)
        {
          double nearest = 1e30;

          for (size_t j = 0; j < width * height; j++)
            if (in[j] == on)
              {
                double dx = (double) (i % width) - (double) (j % width);
                double dy = (double) (i / width) - (double) (j / width);

                nearest = MIN (nearest, dx * dx + dy * dy);
              }
          g_assert_cmpuint (out[i], ==, nearest <= radius * radius ? on : 255 - on);
        }
    }
}

static void
test_grow_hard (void)
{
  for_masks (check_grow_hard);
}

/* A disc with a soft edge grown by d is a disc with a radius greater by d; so for edges of any
 * width; and half-planes, which reach the border of the picture. */
static void
test_grow_soft (void)
{
  static const double distances[] = { 0.25, 0.5, 1, 3.7, 10, -0.25, -1, -4.5, -9 };
  static const double widths[] = { 1, 3, 8 };
  const size_t        size = 120;

  for (size_t k = 0; k < G_N_ELEMENTS (distances); k++)
    for (size_t w = 0; w < G_N_ELEMENTS (widths); w++)
      for (int shape = 0; shape < 3; shape++)
        {
          uint8_t            *coverage = g_new (uint8_t, size *size);
          double             *distance = g_new (double, size *size);
          g_autoptr (SamMask) mask = NULL;
          g_autoptr (SamMask) grown = NULL;

          for (size_t y = 0; y < size; y++)
            for (size_t x = 0; x < size; x++)
              {
                double d = shape == 0   ? 30.2 - hypot (x - 60.3, y - 58.8)
                           : shape == 1 ? 0.8 * (x - 60.3) + 0.6 * (y - 58.8)
                                        : y - 58.8;

                distance[y * size + x] = d;
                coverage[y * size + x] = (uint8_t) (255 * CLAMP (d / widths[w] + 0.5, 0, 1) + 0.5);
              }
          mask = sam_mask_new_take (size, size, coverage);
          grown = sam_mask_grow (mask, distances[k], NULL);
          for (size_t i = 0; i < size * size; i++)
            {
              double expected = 255 * CLAMP ((distance[i] + distances[k]) / widths[w] + 0.5, 0, 1);

              /* the nearest place of a slanting edge may lie outside the picture, which is
               * unknown */
              if (shape == 1 &&
                  (MIN (i % size, i / size) < 16 || MAX (i % size, i / size) >= size - 16))
                continue;
              /* what lies between pixels is interpolated, which rounds off the kinks of a ramp,
               * most where it is as narrow as a pixel */
              g_assert_cmpfloat_with_epsilon (sam_mask_get_coverage (grown)[i], expected,
                                              3 + 255 * 0.35 / widths[w]);
            }
          g_free (distance);
        }
}

static void
check_feather (const SamMask *mask, size_t width, size_t height, Fill fill)
{
  static const double radii[] = { 0.5, 1, 4.5, 20 };
  const uint8_t      *in = sam_mask_get_coverage (mask);

  if (width * height > 10000)
    return;
  for (size_t k = 0; k < G_N_ELEMENTS (radii); k++)
    {
      g_autoptr (SamMask) soft = sam_mask_feather (mask, radii[k], NULL);
      double              radius = MIN (radii[k], MAX (width, height));
      long                reach = (long) ceil (radius);
      double              deviation = radius / 3.5;
      g_autofree double  *lines = g_new (double, width *height);

      for (int pass = 0; pass < 2; pass++)
        for (long y = 0; y < (long) height; y++)
          for (long x = 0; x < (long) width; x++)
            {
              double sum = 0, weights = 0;

              for (long d = -reach; d <= reach; d++)
                {
                  double weight = exp (-0.5 * d * d / (deviation * deviation));
                  long   u = pass == 0 ? CLAMP (x + d, 0, (long) width - 1) : x;
                  long   v = pass == 1 ? CLAMP (y + d, 0, (long) height - 1) : y;

                  weights += weight;
                  sum += weight * (pass == 0 ? in[v * width + u] : lines[v * width + u]);
                }
              if (pass == 0)
                lines[y * width + x] = sum / weights;
              else
                g_assert_cmpfloat_with_epsilon (sam_mask_get_coverage (soft)[y * width + x],
                                                sum / weights, 0.502);
            }
    }
}

static void
test_feather (void)
{
  for_masks (check_feather);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/logits/upsample/two-step", GINT_TO_POINTER (SAM_UPSAMPLE_TWO_STEP),
                        test_upsample);
  g_test_add_data_func ("/logits/upsample/bilinear", GINT_TO_POINTER (SAM_UPSAMPLE_BILINEAR),
                        test_upsample);
  g_test_add_data_func ("/logits/upsample/bicubic", GINT_TO_POINTER (SAM_UPSAMPLE_BICUBIC),
                        test_upsample);
  g_test_add_data_func ("/logits/reduced/two-step", GINT_TO_POINTER (SAM_UPSAMPLE_TWO_STEP),
                        test_reduced);
  g_test_add_data_func ("/logits/reduced/bilinear", GINT_TO_POINTER (SAM_UPSAMPLE_BILINEAR),
                        test_reduced);
  g_test_add_data_func ("/logits/reduced/bicubic", GINT_TO_POINTER (SAM_UPSAMPLE_BICUBIC),
                        test_reduced);
  g_test_add_func ("/logits/smooth-line", test_smooth_line);
  g_test_add_func ("/logits/best", test_best);
  g_test_add_func ("/logits/stability", test_stability);
  g_test_add_func ("/mask/cancel", test_cancel);
  g_test_add_func ("/mask/basics", test_basics);
  g_test_add_func ("/mask/regions", test_regions);
  g_test_add_func ("/mask/clean", test_clean);
  g_test_add_func ("/mask/clean-soft", test_clean_soft);
  g_test_add_func ("/mask/grow/hard", test_grow_hard);
  g_test_add_func ("/mask/grow/soft", test_grow_soft);
  g_test_add_func ("/mask/feather", test_feather);

  return g_test_run ();
}
