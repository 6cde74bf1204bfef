/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a mask to closed curves.
 *
 * 1. Walk along the cracks between inside and outside pixels, inside always on the right hand.
 *    Where two objects touch by a corner the walk turns left: they are one.
 * 2. Each crack gives one point, where the coverage between the two pixel centres passes 127.5: in
 *    a hard mask the middle of the crack, so that staircases become straight lines. Where two
 *    straight runs meet, the corner itself is a point too, so that rectangles stay rectangles.
 * 3. Fitting cuts a curve at its corners, averages the pixels' steps away and lays cubic Beziers
 *    through each piece by least squares, cutting a piece where it is worst until it is within the
 *    tolerance (P. J. Schneider, Graphics Gems, 1990).
 *
 * mask: [height, width]   polygon: [n, 2]   Beziers: [n, 3, 2] */
#include "samcore/sam-outline.h"

#include <math.h>
#include <string.h>

#include "samcore/sam-error.h"

#define INSIDE 128

typedef struct
{
  double x, y;
} Point;

typedef struct
{
  size_t first, n;
} Curve;

struct _SamOutline
{
  GArray *points;  /* of Point, all curves one after another */
  GArray *corners; /* of guint8, one per point: 1 where two straight runs meet */
  GArray *curves;  /* of Curve */
};

/* Directions of the walk; inside is on the right hand: walking right, the pixel below is inside. */
enum
{
  RIGHT,
  DOWN,
  LEFT,
  UP
};

static const int step_x[4] = { 1, 0, -1, 0 };
static const int step_y[4] = { 0, 1, 0, -1 };

typedef struct
{
  const uint8_t *coverage; /* [height, width] */
  ptrdiff_t      width, height;
} Field;

/* Outside the picture there is nothing: objects that touch the border end there. */
static inline int
field_at (const Field *field, ptrdiff_t x, ptrdiff_t y)
{
  if (x < 0 || y < 0 || x >= field->width || y >= field->height)
    return 0;

  return field->coverage[y * field->width + x];
}

static inline gboolean
field_inside (const Field *field, ptrdiff_t x, ptrdiff_t y)
{
  return field_at (field, x, y) >= INSIDE;
}

/* The pixels beside the crack that leaves vertex x, y in a direction. */
static inline void
crack_pixels (ptrdiff_t  x,
              ptrdiff_t  y,
              int        direction,
              ptrdiff_t *in_x,
              ptrdiff_t *in_y,
              ptrdiff_t *out_x,
              ptrdiff_t *out_y)
{
  switch (direction)
    {
    case RIGHT:
      *in_x = x, *in_y = y, *out_x = x, *out_y = y - 1;
      break;
    case DOWN:
      *in_x = x - 1, *in_y = y, *out_x = x, *out_y = y;
      break;
    case LEFT:
      *in_x = x - 1, *in_y = y - 1, *out_x = x - 1, *out_y = y;
      break;
    default:
      *in_x = x, *in_y = y - 1, *out_x = x - 1, *out_y = y - 1;
      break;
    }
}

static Point
crack_point (const Field *field, ptrdiff_t x, ptrdiff_t y, int direction)
{
  ptrdiff_t in_x, in_y, out_x, out_y;
  double    in, out, t;
  Point     p;

  crack_pixels (x, y, direction, &in_x, &in_y, &out_x, &out_y);
  in = field_at (field, in_x, in_y);
  out = field_at (field, out_x, out_y);
  t = (in - 127.5) / (in - out);

  p.x = in_x + 0.5 + t * (out_x - in_x);
  p.y = in_y + 0.5 + t * (out_y - in_y);

  return p;
}

static void
outline_add_point (SamOutline *outline, Point point, guint8 corner)
{
  g_array_append_val (outline->points, point);
  g_array_append_val (outline->corners, corner);
}

/* Cracks in one direction from i on, at most 3, in a closed row of n. */
static int
run_length (const guint8 *directions, size_t n, size_t i, int step)
{
  int length = 1;

  while (length < 3 &&
         directions[(i + n + (size_t) (length * step + (ptrdiff_t) n)) % n] == directions[i])
    length++;

  return length;
}

static void
outline_add_curve (SamOutline   *outline,
                   const Field  *field,
                   ptrdiff_t     x,
                   ptrdiff_t     y,
                   const guint8 *directions,
                   size_t        n)
{
  Curve    curve = { outline->points->len, 0 };
  size_t   n_turns = 0;
  Point    previous = { 0.0, 0.0 };
  gboolean skipped = FALSE;

  for (size_t i = 0; i < n; i++)
    n_turns += directions[i] != directions[(i + 1) % n];

  for (size_t i = 0; i < n; i++)
    {
      size_t next = (i + 1) % n;
      Point  point = crack_point (field, x, y, directions[i]);

      /* inner points of a straight run say nothing; the two at its ends do */
      if (i > 0 && directions[i] == directions[i - 1] && directions[i] == directions[next] &&
          (directions[i] % 2 == 0 ? point.y == previous.y : point.x == previous.x) && i + 1 < n)
        {
          skipped = TRUE;
        }
      else
        {
          /* the run ends here, or its edge moves by a part of a pixel: keep where it came from */
          if (skipped)
            outline_add_point (outline, previous, 0);
          outline_add_point (outline, point, 0);
          skipped = FALSE;
        }
      previous = point;

      x += step_x[directions[i]];
      y += step_y[directions[i]];

      if (directions[i] != directions[next] &&
          (n_turns == 4 ||
           (run_length (directions, n, i, -1) >= 3 && run_length (directions, n, next, 1) >= 3)))
        {
          Point after = crack_point (field, x, y, directions[next]);
          Point corner;

          corner.x = directions[i] % 2 == 0 ? after.x : point.x;
          corner.y = directions[i] % 2 == 0 ? point.y : after.y;
          outline_add_point (outline, corner, 1);
        }
    }

  curve.n = outline->points->len - curve.first;
  g_array_append_val (outline->curves, curve);
}

SamOutline *
sam_outline_new (const SamMask *mask, const SamJob *job, GError **error)
{
  Field              field = { sam_mask_get_coverage (mask), (ptrdiff_t) sam_mask_get_width (mask),
                               (ptrdiff_t) sam_mask_get_height (mask) };
  size_t             n_bytes = ((size_t) field.width * field.height + 7) / 8;
  g_autofree guint8 *seen = g_try_malloc0 (MAX (n_bytes, 1));
  g_autoptr (GByteArray) directions = g_byte_array_new ();
  g_autoptr (SamOutline) outline = NULL;

  if (seen == NULL)
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_NO_MEMORY,
                   "not enough memory to trace a mask of %zu x %zu pixels", (size_t) field.width,
                   (size_t) field.height);
      return NULL;
    }

  outline = g_new0 (SamOutline, 1);
  outline->points = g_array_new (FALSE, FALSE, sizeof (Point));
  outline->corners = g_array_new (FALSE, FALSE, sizeof (guint8));
  outline->curves = g_array_new (FALSE, FALSE, sizeof (Curve));

  /* Every closed walk goes up at least once, along the left side of an inside pixel; `seen` marks
   * the pixels whose left side was walked. */
  for (ptrdiff_t row = 0; row < field.height; row++)
    {
      if (row % 256 == 0 && ! sam_job_step (job, (double) row / field.height, error))
        return NULL;

      for (ptrdiff_t column = 0; column < field.width; column++)
        {
          size_t    at = (size_t) row * field.width + column;
          ptrdiff_t x, y;
          int       direction = UP;

          if (! field_inside (&field, column, row) || field_inside (&field, column - 1, row) ||
              (seen[at / 8] >> (at % 8) & 1))
            continue;

          /* up along the left side of the pixel starts at its lower left vertex */
          x = column;
          y = row + 1;
          g_byte_array_set_size (directions, 0);

          do
            {
              guint8    d = (guint8) direction;
              ptrdiff_t in_x, in_y, out_x, out_y;

              g_byte_array_append (directions, &d, 1);
              if (direction == UP)
                {
                  size_t walked = (size_t) (y - 1) * field.width + x;

                  seen[walked / 8] |= (guint8) (1 << walked % 8);
                }

              x += step_x[direction];
              y += step_y[direction];

              /* left first (objects that touch by a corner are one), then straight on, then
               * right */
              for (int turn = 3; turn <= 5; turn++)
                {
                  int next = (direction + turn) % 4;

                  crack_pixels (x, y, next, &in_x, &in_y, &out_x, &out_y);
                  if (field_inside (&field, in_x, in_y) && ! field_inside (&field, out_x, out_y))
                    {
                      direction = next;
                      break;
                    }
                }
            }
          while (x != column || y != row + 1 || direction != UP);

          outline_add_curve (outline, &field, column, row + 1, directions->data, directions->len);
        }
    }

  if (! sam_job_step (job, 1.0, error))
    return NULL;

  return g_steal_pointer (&outline);
}

void
sam_outline_free (SamOutline *outline)
{
  if (outline == NULL)
    return;

  g_array_unref (outline->points);
  g_array_unref (outline->corners);
  g_array_unref (outline->curves);
  g_free (outline);
}

size_t
sam_outline_get_n_curves (const SamOutline *outline)
{
  return outline->curves->len;
}

const double *
sam_outline_get_polygon (const SamOutline *outline, size_t curve, size_t *n_points)
{
  const Curve *c = &g_array_index (outline->curves, Curve, curve);

  *n_points = c->n;

  return &g_array_index (outline->points, Point, c->first).x;
}

double
sam_outline_get_area (const SamOutline *outline)
{
  double sum = 0.0;

  for (size_t i = 0; i < outline->curves->len; i++)
    {
      const Curve *c = &g_array_index (outline->curves, Curve, i);
      const Point *p = &g_array_index (outline->points, Point, c->first);

      for (size_t k = 0; k < c->n; k++)
        sum += p[k].x * p[(k + 1) % c->n].y - p[(k + 1) % c->n].x * p[k].y;
    }

  return sum / 2.0;
}

/* --- Fitting
 * ---------------------------------------------------------------------------------------- */

static inline Point
add (Point a, Point b, double s)
{
  return (Point) { a.x + s * b.x, a.y + s * b.y };
}

static inline double
dot (Point a, Point b)
{
  return a.x * b.x + a.y * b.y;
}

static inline Point
unit (Point a)
{
  double n = hypot (a.x, a.y);

  return n > 0.0 ? (Point) { a.x / n, a.y / n } : (Point) { 0.0, 0.0 };
}

static Point
bezier_at (const Point b[4], double t)
{
  double s = 1.0 - t;
  double w[4] = { s * s * s, 3.0 * s * s * t, 3.0 * s * t * t, t * t * t };
  Point  p = { 0.0, 0.0 };

  for (int i = 0; i < 4; i++)
    p = add (p, b[i], w[i]);

  return p;
}

/* One cubic through p[0] and p[n - 1] with the given tangents there, least squares over the
 * rest. */
static void
fit_cubic (Point b[4], const Point *p, const double *t, size_t n, Point tangent0, Point tangent1)
{
  double c00 = 0.0, c01 = 0.0, c11 = 0.0, x0 = 0.0, x1 = 0.0;
  double chord = hypot (p[n - 1].x - p[0].x, p[n - 1].y - p[0].y);
  double det, alpha0, alpha1;

  for (size_t i = 0; i < n; i++)
    {
      double s = 1.0 - t[i];
      double w0 = s * s * s, w1 = 3.0 * s * s * t[i], w2 = 3.0 * s * t[i] * t[i],
             w3 = t[i] * t[i] * t[i];
      Point a0 = { tangent0.x * w1, tangent0.y * w1 };
      Point a1 = { tangent1.x * w2, tangent1.y * w2 };
      Point r = add (add (p[i], p[0], -(w0 + w1)), p[n - 1], -(w2 + w3));

      c00 += dot (a0, a0);
      c01 += dot (a0, a1);
      c11 += dot (a1, a1);
      x0 += dot (a0, r);
      x1 += dot (a1, r);
    }

  det = c00 * c11 - c01 * c01;
  alpha0 = det != 0.0 ? (x0 * c11 - x1 * c01) / det : 0.0;
  alpha1 = det != 0.0 ? (c00 * x1 - c01 * x0) / det : 0.0;

  /* Wild or backward handles make loops; a third of the chord is the plain choice. */
  if (! (alpha0 > 1e-6 * chord && alpha1 > 1e-6 * chord && alpha0 < 3.0 * chord &&
         alpha1 < 3.0 * chord))
    alpha0 = alpha1 = chord / 3.0;

  b[0] = p[0];
  b[1] = add (p[0], tangent0, alpha0);
  b[2] = add (p[n - 1], tangent1, alpha1);
  b[3] = p[n - 1];
}

/* One Newton step towards the parameter of the nearest point of the curve. */
static double
reparameterize (const Point b[4], Point p, double t)
{
  Point  d1[3], d2[2];
  Point  at = bezier_at (b, t), v1, v2, r;
  double s = 1.0 - t, numerator, denominator;

  for (int i = 0; i < 3; i++)
    d1[i] = (Point) { 3.0 * (b[i + 1].x - b[i].x), 3.0 * (b[i + 1].y - b[i].y) };
  for (int i = 0; i < 2; i++)
    d2[i] = (Point) { 2.0 * (d1[i + 1].x - d1[i].x), 2.0 * (d1[i + 1].y - d1[i].y) };

  v1 = (Point) { s * s * d1[0].x + 2.0 * s * t * d1[1].x + t * t * d1[2].x,
                 s * s * d1[0].y + 2.0 * s * t * d1[1].y + t * t * d1[2].y };
  v2 = (Point) { s * d2[0].x + t * d2[1].x, s * d2[0].y + t * d2[1].y };
  r = add (at, p, -1.0);

  numerator = dot (r, v1);
  denominator = dot (v1, v1) + dot (r, v2);
  if (denominator == 0.0)
    return t;

  return CLAMP (t - numerator / denominator, 0.0, 1.0);
}

/* The way the polygon leaves p[i], looking ahead (step 1) or back (step -1): far enough that the
 * steps of a staircase do not count, and the farther points count more. */
static Point
tangent_at (const Point *p, size_t n, size_t i, int step)
{
  Point sum = { 0.0, 0.0 };

  for (int k = 1; k <= 8; k++)
    {
      ptrdiff_t j = (ptrdiff_t) i + k * step;

      if (j < 0 || j >= (ptrdiff_t) n)
        break;
      sum = add (sum, add (p[j], p[i], -1.0), 1.0);
    }

  return unit (sum);
}

static void
append_segment (GArray *segments, const Point b[4])
{
  g_array_append_vals (segments, b, 4);
}

static void
fit_piece (GArray      *segments,
           const Point *p,
           double      *t,
           size_t       n,
           Point        tangent0,
           Point        tangent1,
           double       tolerance)
{
  Point  b[4];
  size_t worst = n / 2;
  double limit = tolerance * tolerance;
  Point  middle;

  if (n == 2)
    {
      Point along = add (p[1], p[0], -1.0);

      b[0] = p[0], b[3] = p[1];
      b[1] = add (p[0], along, 1.0 / 3.0);
      b[2] = add (p[0], along, 2.0 / 3.0);
      append_segment (segments, b);
      return;
    }

  t[0] = 0.0;
  for (size_t i = 1; i < n; i++)
    t[i] = t[i - 1] + hypot (p[i].x - p[i - 1].x, p[i].y - p[i - 1].y);
  for (size_t i = 1; i < n; i++)
    t[i] = t[n - 1] > 0.0 ? t[i] / t[n - 1] : (double) i / (n - 1);

  for (int round = 0; round < 5; round++)
    {
      double largest = 0.0;

      fit_cubic (b, p, t, n, tangent0, tangent1);
      for (size_t i = 1; i + 1 < n; i++)
        {
          Point  r = add (bezier_at (b, t[i]), p[i], -1.0);
          double d = dot (r, r);

          if (d > largest)
            largest = d, worst = i;
        }

      if (largest <= limit)
        {
          append_segment (segments, b);
          return;
        }
      if (largest > 16.0 * limit)
        break;

      for (size_t i = 1; i + 1 < n; i++)
        t[i] = reparameterize (b, p[i], t[i]);
    }

  /* never near an end of a long piece: the recursion stays shallow */
  worst = CLAMP (worst, MAX (1, n / 10), n - 1 - MAX (1, n / 10));
  middle = unit (add (tangent_at (p, n, worst, -1), tangent_at (p, n, worst, 1), -1.0));
  if (middle.x == 0.0 && middle.y == 0.0)
    middle = unit (add (p[worst - 1], p[worst + 1], -1.0));

  fit_piece (segments, p, t, worst + 1, tangent0, middle, tolerance);
  fit_piece (segments, p + worst, t, n - worst, (Point) { -middle.x, -middle.y }, tangent1,
             tolerance);
}

/* The closed polygon with steps of at most two pixels, so that least squares weighs its whole
 * length. */
static GArray *
densify (const Point *p, const guint8 *corner, size_t n, GArray *corners)
{
  GArray *dense = g_array_new (FALSE, FALSE, sizeof (Point));

  for (size_t i = 0; i < n; i++)
    {
      Point  along = add (p[(i + 1) % n], p[i], -1.0);
      double length = hypot (along.x, along.y);
      int    pieces = (int) MIN (ceil (length / 2.0), 1e6);

      if (length == 0.0 && ! corner[i])
        continue;

      g_array_append_val (dense, p[i]);
      g_array_append_val (corners, corner[i]);
      for (int k = 1; k < pieces; k++)
        {
          Point  between = add (p[i], along, (double) k / pieces);
          guint8 no = 0;

          g_array_append_val (dense, between);
          g_array_append_val (corners, no);
        }
    }

  return dense;
}

/* Marks where the polygon turns by more than about 55 degrees within a few pixels. */
static void
mark_corners (const Point *p, guint8 *corner, size_t n)
{
  const double       reach = 3.0;
  g_autofree double *turn = g_new0 (double, n);

  if (n < 8)
    return;

  for (size_t i = 0; i < n; i++)
    {
      size_t a = i, b = i;

      for (size_t k = 0; k < n / 3 && hypot (p[a].x - p[i].x, p[a].y - p[i].y) < reach; k++)
        a = (a + n - 1) % n;
      for (size_t k = 0; k < n / 3 && hypot (p[b].x - p[i].x, p[b].y - p[i].y) < reach; k++)
        b = (b + 1) % n;

      turn[i] = 1.0 - dot (unit (add (p[i], p[a], -1.0)), unit (add (p[b], p[i], -1.0)));
    }

  for (size_t i = 0; i < n; i++)
    {
      gboolean best = turn[i] > 0.45;

      /* only the sharpest place of its neighbourhood, and none beside a corner that is known */
      for (ptrdiff_t k = -4; k <= 4 && best; k++)
        {
          size_t j = (i + n + (size_t) (k + (ptrdiff_t) n)) % n;

          if (k != 0 && hypot (p[j].x - p[i].x, p[j].y - p[i].y) <= reach &&
              (corner[j] == 1 || turn[j] > turn[i] || (turn[j] == turn[i] && k < 0)))
            best = FALSE;
        }
      if (best && corner[i] == 0)
        corner[i] = 2;
    }
}

/* Averages the steps of a staircase away, up to half a pixel each, which the fit would otherwise
 * follow; corners stay, and nothing is averaged across one. */
static void
smooth_between_corners (Point *p, const guint8 *corner, size_t n)
{
  g_autofree Point *from = g_new (Point, n);
  g_autofree Point *original = g_memdup2 (p, n * sizeof (Point));
  g_autofree int   *reach = g_new (int, n);
  const int         most = (int) MIN (3, n / 8);

  for (size_t i = 0; i < n; i++)
    {
      reach[i] = corner[i] ? 0 : most;
      for (int k = 1; k <= reach[i]; k++)
        if (corner[(i + k) % n] || corner[(i + n - k) % n])
          reach[i] = k;
    }

  /* once more over what the first pass took away, so that round shapes do not shrink */
  for (int pass = 0; pass < 2; pass++)
    {
      for (size_t i = 0; i < n; i++)
        from[i] = pass == 0 ? p[i] : add (original[i], p[i], -1.0);

      for (size_t i = 0; i < n; i++)
        {
          Point sum = from[i];

          for (int k = 1; k <= reach[i]; k++)
            sum = add (add (sum, from[(i + k) % n], 1.0), from[(i + n - k) % n], 1.0);
          p[i] = add (pass == 0 ? (Point) { 0.0, 0.0 } : p[i], sum, 1.0 / (2 * reach[i] + 1));
        }
    }
}

double *
sam_outline_fit (const SamOutline *outline, size_t curve, double tolerance, size_t *n_anchors)
{
  const Curve       *c = &g_array_index (outline->curves, Curve, curve);
  g_autoptr (GArray) corners = g_array_new (FALSE, FALSE, sizeof (guint8));
  g_autoptr (GArray) dense = densify (&g_array_index (outline->points, Point, c->first),
                                      &g_array_index (outline->corners, guint8, c->first), c->n,
                                      corners);
  g_autoptr (GArray) segments = g_array_new (FALSE, FALSE, sizeof (Point));
  Point             *p = &g_array_index (dense, Point, 0);
  guint8            *corner = &g_array_index (corners, guint8, 0);
  size_t             n = dense->len;
  size_t             start = 0;
  g_autofree Point  *turned = g_new (Point, n + 1);
  g_autofree guint8 *sharp = g_new (guint8, n + 1);
  g_autofree double *t = g_new (double, n + 1);
  double            *anchors;
  Point              seam;

  g_return_val_if_fail (tolerance > 0.0, NULL);

  mark_corners (p, corner, n);
  smooth_between_corners (p, corner, n);

  /* begin at a corner if there is one, otherwise anywhere, and pass there without a kink */
  while (start < n && ! corner[start])
    start++;
  seam = (Point) { 0.0, 0.0 };
  if (start == n)
    {
      start = 0;
      for (size_t k = 1; k <= 8 && 2 * k < n; k++)
        seam = add (seam, add (p[k], p[n - k], -1.0), 1.0);
      seam = unit (seam);
    }
  for (size_t i = 0; i <= n; i++)
    {
      turned[i] = p[(start + i) % n];
      sharp[i] = corner[(start + i) % n];
    }

  for (size_t first = 0; first < n;)
    {
      size_t   last = first + 1;
      gboolean smooth;
      Point    tangent0, tangent1;

      while (last < n && ! sharp[last])
        last++;

      smooth = seam.x != 0.0 || seam.y != 0.0;
      tangent0 = smooth ? seam : tangent_at (turned + first, last - first + 1, 0, 1);
      tangent1 = smooth ? (Point) { -seam.x, -seam.y }
                        : tangent_at (turned + first, last - first + 1, last - first, -1);
      fit_piece (segments, turned + first, t, last - first + 1, tangent0, tangent1, tolerance);
      first = last;
    }

  /* segments: [n_anchors, 4]; the anchors' handles are those of the segments on either side */
  *n_anchors = segments->len / 4;
  anchors = g_new (double, *n_anchors * 6);
  for (size_t i = 0; i < *n_anchors; i++)
    {
      const Point *before = &g_array_index (segments, Point,
                                            4 * ((i + *n_anchors - 1) % *n_anchors));
      const Point *after = &g_array_index (segments, Point, 4 * i);

      anchors[6 * i + 0] = before[2].x;
      anchors[6 * i + 1] = before[2].y;
      anchors[6 * i + 2] = after[0].x;
      anchors[6 * i + 3] = after[0].y;
      anchors[6 * i + 4] = after[1].x;
      anchors[6 * i + 5] = after[1].y;
    }

  return anchors;
}
