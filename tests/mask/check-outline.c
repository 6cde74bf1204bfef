/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Outlines against the masks they come from: every pixel centre on its side, areas, corners, fitted
 * curves. */
#include <math.h>
#include <string.h>

#include "samcore/sam-outline.h"

static SamMask *
mask_new (size_t width, size_t height, const uint8_t *coverage)
{
  uint8_t *copy = g_malloc (width * height);

  memcpy (copy, coverage, width * height);

  return sam_mask_new_take (width, height, copy);
}

/* Even-odd: is x, y inside the polygons [n, 2]? */
static gboolean
inside (GPtrArray *polygons, double x, double y)
{
  gboolean in = FALSE;

  for (guint k = 0; k < polygons->len; k++)
    {
      GArray       *polygon = g_ptr_array_index (polygons, k);
      const double *p = (const double *) (void *) polygon->data;
      size_t        n = polygon->len / 2;

      for (size_t i = 0; i < n; i++)
        {
          size_t j = (i + 1) % n;

          if ((p[2 * i + 1] > y) != (p[2 * j + 1] > y) &&
              x < p[2 * i] +
                    (y - p[2 * i + 1]) / (p[2 * j + 1] - p[2 * i + 1]) * (p[2 * j] - p[2 * i]))
            in = ! in;
        }
    }

  return in;
}

static GPtrArray *
polygons_of (SamOutline *outline)
{
  GPtrArray *polygons = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);

  for (size_t i = 0; i < sam_outline_get_n_curves (outline); i++)
    {
      size_t        n;
      const double *p = sam_outline_get_polygon (outline, i, &n);
      GArray       *array = g_array_new (FALSE, FALSE, sizeof (double));

      g_array_append_vals (array, p, 2 * n);
      g_ptr_array_add (polygons, array);
    }

  return polygons;
}

static GPtrArray *
beziers_of (SamOutline *outline, double tolerance, size_t *n_anchors)
{
  GPtrArray *polygons = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);

  *n_anchors = 0;
  for (size_t i = 0; i < sam_outline_get_n_curves (outline); i++)
    {
      size_t             n;
      g_autofree double *b = sam_outline_fit (outline, i, tolerance, &n);
      GArray            *array = g_array_new (FALSE, FALSE, sizeof (double));

      *n_anchors += n;
      for (size_t k = 0; k < n; k++)
        for (int step = 0; step < 16; step++)
          {
            const double *p0 = b + 6 * k + 2, *p1 = p0 + 2;
            const double *p3 = b + 6 * ((k + 1) % n) + 2, *p2 = p3 - 2;
            double        t = step / 16.0, s = 1.0 - t;

            for (int axis = 0; axis < 2; axis++)
              {
                double v = s * s * s * p0[axis] + 3 * s * s * t * p1[axis] +
                           3 * s * t * t * p2[axis] + t * t * t * p3[axis];

                g_array_append_val (array, v);
              }
          }
      g_ptr_array_add (polygons, array);
    }

  return polygons;
}

static double
area_of (GPtrArray *polygons)
{
  double sum = 0.0;

  for (guint k = 0; k < polygons->len; k++)
    {
      GArray       *polygon = g_ptr_array_index (polygons, k);
      const double *p = (const double *) (void *) polygon->data;
      size_t        n = polygon->len / 2;

      for (size_t i = 0; i < n; i++)
        sum += p[2 * i] * p[2 * ((i + 1) % n) + 1] - p[2 * ((i + 1) % n)] * p[2 * i + 1];
    }

  return sum / 2.0;
}

static void
assert_sides (SamMask *mask, GPtrArray *polygons)
{
  const uint8_t *coverage = sam_mask_get_coverage (mask);

  for (size_t y = 0; y < sam_mask_get_height (mask); y++)
    for (size_t x = 0; x < sam_mask_get_width (mask); x++)
      if (inside (polygons, x + 0.5, y + 0.5) !=
          (coverage[y * sam_mask_get_width (mask) + x] >= 128))
        g_error ("pixel %zu, %zu of coverage %d is on the wrong side", x, y,
                 coverage[y * sam_mask_get_width (mask) + x]);
}

/* Any mask, hard or soft, border included: all pixel centres are where they belong. */
static void
test_random (void)
{
  for (int round = 0; round < 60; round++)
    {
      size_t                 width = (size_t) g_test_rand_int_range (1, 41);
      size_t                 height = (size_t) g_test_rand_int_range (1, 31);
      g_autofree uint8_t    *pixels = g_malloc (width * height);
      int                    kind = round % 3;
      g_autoptr (SamMask)    mask = NULL;
      g_autoptr (SamOutline) outline = NULL;
      g_autoptr (GPtrArray)  polygons = NULL;
      g_autoptr (GError)     error = NULL;

      for (size_t i = 0; i < width * height; i++)
        {
          int v = g_test_rand_int_range (0, 256);

          pixels[i] = (uint8_t) (kind == 0 ? v : kind == 1 ? (v >= 128) * 255 : (v >= 40) * 255);
        }
      mask = mask_new (width, height, pixels);
      outline = sam_outline_new (mask, NULL, &error);
      g_assert_no_error (error);
      polygons = polygons_of (outline);
      assert_sides (mask, polygons);
      g_assert_cmpfloat_with_epsilon (area_of (polygons), sam_outline_get_area (outline), 1e-9);

      for (size_t i = 0; i < sam_outline_get_n_curves (outline); i++)
        {
          size_t        n;
          const double *p = sam_outline_get_polygon (outline, i, &n);

          for (size_t k = 0; k < n; k++)
            {
              g_assert_cmpfloat (p[2 * k], >=, 0.0);
              g_assert_cmpfloat (p[2 * k], <=, (double) width);
              g_assert_cmpfloat (p[2 * k + 1], >=, 0.0);
              g_assert_cmpfloat (p[2 * k + 1], <=, (double) height);
            }
        }
    }
}

/* Rectangles, at the border and off it, are exact: four corners, the very area. */
static void
test_rectangle (void)
{
  const struct
  {
    int x0, y0, x1, y1;
  } boxes[] = {
    { 0, 0, 20, 15 }, { 3, 2, 4, 3 }, { 5, 1, 6, 12 }, { 2, 3, 17, 11 }, { 10, 0, 20, 4 }
  };

  for (size_t i = 0; i < G_N_ELEMENTS (boxes); i++)
    {
      uint8_t                pixels[15 * 20] = { 0 };
      g_autoptr (SamMask)    mask = NULL;
      g_autoptr (SamOutline) outline = NULL;
      g_autoptr (GPtrArray)  curves = NULL;
      size_t                 n_anchors;
      double area = (double) (boxes[i].x1 - boxes[i].x0) * (boxes[i].y1 - boxes[i].y0);

      for (int y = boxes[i].y0; y < boxes[i].y1; y++)
        memset (pixels + y * 20 + boxes[i].x0, 255, (size_t) (boxes[i].x1 - boxes[i].x0));
      mask = mask_new (20, 15, pixels);
      outline = sam_outline_new (mask, NULL, NULL);
      g_assert_cmpuint (sam_outline_get_n_curves (outline), ==, 1);
      g_assert_cmpfloat_with_epsilon (sam_outline_get_area (outline), area, 1e-9);
      curves = beziers_of (outline, 0.5, &n_anchors);
      g_assert_cmpuint (n_anchors, ==, 4);
      g_assert_cmpfloat_with_epsilon (area_of (curves), area, 1e-6);
    }
}

/* A ring: two curves, the hole turned the other way; the fitted circle is few curves and close. */
static void
test_ring (void)
{
  enum
  {
    SIZE = 200
  };
  g_autofree uint8_t *pixels = g_malloc (SIZE * SIZE);

  for (int soft = 0; soft < 2; soft++)
    {
      g_autoptr (SamMask)    mask = NULL;
      g_autoptr (SamOutline) outline = NULL;
      g_autoptr (GPtrArray)  polygons = NULL, curves = NULL;
      double                 truth = G_PI * (80.0 * 80.0 - 30.0 * 30.0);
      size_t                 n_anchors;

      for (int y = 0; y < SIZE; y++)
        for (int x = 0; x < SIZE; x++)
          {
            double r = hypot (x + 0.5 - 100.3, y + 0.5 - 99.6);
            double c = MIN (80.0 - r, r - 30.0) + 0.5;

            pixels[y * SIZE + x] = (uint8_t) (soft       ? CLAMP (c, 0.0, 1.0) * 255.0 + 0.5
                                              : c >= 0.5 ? 255
                                                         : 0);
          }
      mask = mask_new (SIZE, SIZE, pixels);
      outline = sam_outline_new (mask, NULL, NULL);
      polygons = polygons_of (outline);
      curves = beziers_of (outline, 0.5, &n_anchors);

      g_assert_cmpuint (sam_outline_get_n_curves (outline), ==, 2);
      assert_sides (mask, polygons);
      g_assert_cmpfloat_with_epsilon (sam_outline_get_area (outline), truth, soft ? 15.0 : 60.0);
      g_assert_cmpfloat_with_epsilon (area_of (curves), truth, 0.25 * 2.0 * G_PI * 110.0);
      g_assert_cmpuint (n_anchors, <=, 40);

      /* every point of the curves lies on one of the circles */
      for (guint k = 0; k < curves->len; k++)
        {
          GArray *polygon = g_ptr_array_index (curves, k);

          for (guint i = 0; i < polygon->len; i += 2)
            {
              double r = hypot (g_array_index (polygon, double, i) - 100.3,
                                g_array_index (polygon, double, i + 1) - 99.6);

              g_assert_cmpfloat (MIN (fabs (r - 80.0), fabs (r - 30.0)), <, 1.2);
            }
        }
    }
}

/* Fitting keeps to its tolerance on ragged shapes too, and never leaves the polygon by more. */
static void
test_fit (void)
{
  for (int round = 0; round < 10; round++)
    {
      enum
      {
        SIZE = 96
      };
      g_autofree uint8_t    *pixels = g_malloc0 (SIZE * SIZE);
      g_autoptr (SamMask)    mask = NULL;
      g_autoptr (SamOutline) outline = NULL;
      g_autoptr (GPtrArray)  polygons = NULL, curves = NULL;
      size_t                 n_anchors, n_points = 0;

      for (int blob = 0; blob < 6; blob++)
        {
          double cx = g_test_rand_double_range (0, SIZE), cy = g_test_rand_double_range (0, SIZE);
          double r = g_test_rand_double_range (4, 25);

          for (int y = 0; y < SIZE; y++)
            for (int x = 0; x < SIZE; x++)
              if (hypot (x + 0.5 - cx, y + 0.5 - cy) < r)
                pixels[y * SIZE + x] = blob % 3 == 2 ? 0 : 255;
        }
      mask = mask_new (SIZE, SIZE, pixels);
      outline = sam_outline_new (mask, NULL, NULL);
      polygons = polygons_of (outline);
      curves = beziers_of (outline, 0.7, &n_anchors);

      for (guint k = 0; k < curves->len; k++)
        {
          GArray       *curve = g_ptr_array_index (curves, k);
          GArray       *polygon = g_ptr_array_index (polygons, k);
          const double *q = (const double *) (void *) polygon->data;
          size_t        n = polygon->len / 2;

          n_points += n;
          for (guint i = 0; i < curve->len; i += 2)
            {
              double x = g_array_index (curve, double, i), y = g_array_index (curve, double, i + 1);
              double nearest = G_MAXDOUBLE;

              for (size_t e = 0; e < n; e++)
                {
                  double x0 = q[2 * e], y0 = q[2 * e + 1];
                  double dx = q[2 * ((e + 1) % n)] - x0, dy = q[2 * ((e + 1) % n) + 1] - y0;
                  double l = dx * dx + dy * dy;
                  double t = l > 0.0 ? CLAMP (((x - x0) * dx + (y - y0) * dy) / l, 0.0, 1.0) : 0.0;

                  nearest = MIN (nearest, hypot (x - x0 - t * dx, y - y0 - t * dy));
                }
              g_assert_cmpfloat (nearest, <, 1.5);
            }
        }
      if (n_points > 40)
        g_assert_cmpuint (n_anchors, <, n_points);
      g_assert_cmpfloat_with_epsilon (area_of (curves), sam_outline_get_area (outline),
                                      20.0 + 0.3 * n_points);
    }
}

static void
test_degenerate (void)
{
  const uint8_t          empty[6] = { 0, 127, 0, 127, 0, 127 };
  const uint8_t          touching[4] = { 255, 0, 0, 255 };
  const uint8_t          one[1] = { 128 };
  g_autoptr (SamMask)    none = mask_new (3, 2, empty);
  g_autoptr (SamMask)    two = mask_new (2, 2, touching);
  g_autoptr (SamMask)    single = mask_new (1, 1, one);
  g_autoptr (SamOutline) outline = sam_outline_new (none, NULL, NULL);
  g_autoptr (SamOutline) joined = sam_outline_new (two, NULL, NULL);
  g_autoptr (SamOutline) dot = sam_outline_new (single, NULL, NULL);
  g_autofree double     *fitted = NULL;
  size_t                 n;

  g_assert_cmpuint (sam_outline_get_n_curves (outline), ==, 0);
  g_assert_cmpfloat (sam_outline_get_area (outline), ==, 0.0);
  /* objects that touch by a corner are one */
  g_assert_cmpuint (sam_outline_get_n_curves (joined), ==, 1);
  g_assert_cmpuint (sam_outline_get_n_curves (dot), ==, 1);
  fitted = sam_outline_fit (dot, 0, 0.5, &n);
  g_assert_cmpuint (n, >=, 2);
}

static void
test_cancel (void)
{
  const uint8_t            one[1] = { 255 };
  g_autoptr (SamMask)      mask = mask_new (1, 1, one);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  SamJob                   job = { .cancellable = cancellable };
  g_autoptr (GError)       error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_null (sam_outline_new (mask, &job, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/outline/random", test_random);
  g_test_add_func ("/outline/rectangle", test_rectangle);
  g_test_add_func ("/outline/ring", test_ring);
  g_test_add_func ("/outline/fit", test_fit);
  g_test_add_func ("/outline/degenerate", test_degenerate);
  g_test_add_func ("/outline/cancel", test_cancel);

  return g_test_run ();
}
