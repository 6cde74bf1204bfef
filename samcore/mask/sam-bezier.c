/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cubic Bezier curves through a closed polygon.
 *
 *   polygon ──▶ steps of at most two pixels ──▶ corners marked ──▶ staircases averaged away ──▶
 *   cut at the corners ──▶ each piece fitted by least squares, and cut where it is worst until it
 *   is within the tolerance (P. J. Schneider, Graphics Gems, 1990)
 *
 * polygon: [n, 2]   segments: [n, 4, 2]: end, two handles, end   anchors: [n, 3, 2] */
#include "samcore/mask/sam-bezier.h"

#include <math.h>

static inline SamVertex
add (SamVertex a, SamVertex b, double s)
{
  return (SamVertex) { a.x + s * b.x, a.y + s * b.y };
}

static inline double
dot (SamVertex a, SamVertex b)
{
  return a.x * b.x + a.y * b.y;
}

static inline SamVertex
unit (SamVertex a)
{
  double n = hypot (a.x, a.y);

  return n > 0.0 ? (SamVertex) { a.x / n, a.y / n } : (SamVertex) { 0.0, 0.0 };
}

static SamVertex
bezier_at (const SamVertex b[4], double t)
{
  double    s = 1.0 - t;
  double    w[4] = { s * s * s, 3.0 * s * s * t, 3.0 * s * t * t, t * t * t };
  SamVertex p = { 0.0, 0.0 };

  for (int i = 0; i < 4; i++)
    p = add (p, b[i], w[i]);

  return p;
}

/* One cubic through p[0] and p[n - 1] with the given tangents there, least squares over the
 * rest. */
static void
fit_cubic (SamVertex        b[4],
           const SamVertex *p,
           const double    *t,
           size_t           n,
           SamVertex        tangent0,
           SamVertex        tangent1)
{
  double c00 = 0.0, c01 = 0.0, c11 = 0.0, x0 = 0.0, x1 = 0.0;
  double chord = hypot (p[n - 1].x - p[0].x, p[n - 1].y - p[0].y);
  double det, alpha0, alpha1;

  for (size_t i = 0; i < n; i++)
    {
      double s = 1.0 - t[i];
      double w0 = s * s * s, w1 = 3.0 * s * s * t[i], w2 = 3.0 * s * t[i] * t[i],
             w3 = t[i] * t[i] * t[i];
      SamVertex a0 = { tangent0.x * w1, tangent0.y * w1 };
      SamVertex a1 = { tangent1.x * w2, tangent1.y * w2 };
      SamVertex r = add (add (p[i], p[0], -(w0 + w1)), p[n - 1], -(w2 + w3));

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
reparameterize (const SamVertex b[4], SamVertex p, double t)
{
  SamVertex d1[3], d2[2];
  SamVertex at = bezier_at (b, t), v1, v2, r;
  double    s = 1.0 - t, numerator, denominator;

  for (int i = 0; i < 3; i++)
    d1[i] = (SamVertex) { 3.0 * (b[i + 1].x - b[i].x), 3.0 * (b[i + 1].y - b[i].y) };
  for (int i = 0; i < 2; i++)
    d2[i] = (SamVertex) { 2.0 * (d1[i + 1].x - d1[i].x), 2.0 * (d1[i + 1].y - d1[i].y) };

  v1 = (SamVertex) { s * s * d1[0].x + 2.0 * s * t * d1[1].x + t * t * d1[2].x,
                     s * s * d1[0].y + 2.0 * s * t * d1[1].y + t * t * d1[2].y };
  v2 = (SamVertex) { s * d2[0].x + t * d2[1].x, s * d2[0].y + t * d2[1].y };
  r = add (at, p, -1.0);

  numerator = dot (r, v1);
  denominator = dot (v1, v1) + dot (r, v2);
  if (denominator == 0.0)
    return t;

  return CLAMP (t - numerator / denominator, 0.0, 1.0);
}

/* The way the polygon leaves p[i], ahead (step 1) or back (step -1): far enough that the
 * steps of a staircase do not count, and the farther points count more. */
static SamVertex
tangent_at (const SamVertex *p, size_t n, size_t i, int step)
{
  SamVertex sum = { 0.0, 0.0 };

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
append_segment (GArray *segments, const SamVertex b[4])
{
  g_array_append_vals (segments, b, 4);
}

static void
fit_piece (GArray          *segments,
           const SamVertex *p,
           double          *t,
           size_t           n,
           SamVertex        tangent0,
           SamVertex        tangent1,
           double           tolerance)
{
  SamVertex b[4];
  size_t    worst = n / 2;
  double    limit = tolerance * tolerance;
  SamVertex middle;

  if (n == 2)
    {
      SamVertex along = add (p[1], p[0], -1.0);

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
          SamVertex r = add (bezier_at (b, t[i]), p[i], -1.0);
          double    d = dot (r, r);

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
  fit_piece (segments, p + worst, t, n - worst, (SamVertex) { -middle.x, -middle.y }, tangent1,
             tolerance);
}

/* The closed polygon with steps of at most two pixels, so that least squares weighs its whole
 * length. */
static GArray *
densify (const SamVertex *p, const guint8 *corner, size_t n, GArray *corners)
{
  GArray *dense = g_array_new (FALSE, FALSE, sizeof (SamVertex));

  for (size_t i = 0; i < n; i++)
    {
      SamVertex along = add (p[(i + 1) % n], p[i], -1.0);
      double    length = hypot (along.x, along.y);
      int       pieces = (int) MIN (ceil (length / 2.0), 1e6);

      if (length == 0.0 && ! corner[i])
        continue;

      g_array_append_val (dense, p[i]);
      g_array_append_val (corners, corner[i]);
      for (int k = 1; k < pieces; k++)
        {
          SamVertex between = add (p[i], along, (double) k / pieces);
          guint8    no = 0;

          g_array_append_val (dense, between);
          g_array_append_val (corners, no);
        }
    }

  return dense;
}

/* Marks where the polygon turns by more than about 55 degrees within a few pixels. */
static void
mark_corners (const SamVertex *p, guint8 *corner, size_t n)
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
smooth_between_corners (SamVertex *p, const guint8 *corner, size_t n)
{
  g_autofree SamVertex *from = g_new (SamVertex, n);
  g_autofree SamVertex *original = g_memdup2 (p, n * sizeof (SamVertex));
  g_autofree int       *reach = g_new (int, n);
  const int             most = (int) MIN (3, n / 8);

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
          SamVertex sum = from[i];

          for (int k = 1; k <= reach[i]; k++)
            sum = add (add (sum, from[(i + k) % n], 1.0), from[(i + n - k) % n], 1.0);
          p[i] = add (pass == 0 ? (SamVertex) { 0.0, 0.0 } : p[i], sum, 1.0 / (2 * reach[i] + 1));
        }
    }
}

/* Where a closed curve is cut open: at a corner if there is one, otherwise anywhere, where @seam is
 * the direction in which it has to pass without a kink. */
static size_t
find_start (const SamVertex *p, const guint8 *corner, size_t n, SamVertex *seam)
{
  size_t start = 0;

  *seam = (SamVertex) { 0.0, 0.0 };
  while (start < n && ! corner[start])
    start++;
  if (start < n)
    return start;

  for (size_t k = 1; k <= 8 && 2 * k < n; k++)
    *seam = add (*seam, add (p[k], p[n - k], -1.0), 1.0);
  *seam = unit (*seam);

  return 0;
}

/* Of an open curve p [n + 1] that begins and ends at the same place, piece by piece from corner to
 * corner. Returns segments: [n_anchors, 4]. */
static GArray *
fit_pieces (const SamVertex *p, const guint8 *corner, size_t n, SamVertex seam, double tolerance)
{
  GArray            *segments = g_array_new (FALSE, FALSE, sizeof (SamVertex));
  g_autofree double *t = g_new (double, n + 1);

  for (size_t first = 0; first < n;)
    {
      size_t    last = first + 1;
      gboolean  smooth;
      SamVertex tangent0, tangent1;

      while (last < n && ! corner[last])
        last++;

      smooth = seam.x != 0.0 || seam.y != 0.0;
      tangent0 = smooth ? seam : tangent_at (p + first, last - first + 1, 0, 1);
      tangent1 = smooth ? (SamVertex) { -seam.x, -seam.y }
                        : tangent_at (p + first, last - first + 1, last - first, -1);
      fit_piece (segments, p + first, t, last - first + 1, tangent0, tangent1, tolerance);
      first = last;
    }

  return segments;
}

/* The anchors' handles are those of the segments on either side. segments: [n, 4] */
static double *
anchors_from_segments (const GArray *segments, size_t n)
{
  double *anchors = g_new (double, n * 6);

  for (size_t i = 0; i < n; i++)
    {
      const SamVertex *before = &g_array_index (segments, SamVertex, 4 * ((i + n - 1) % n));
      const SamVertex *after = &g_array_index (segments, SamVertex, 4 * i);

      anchors[6 * i + 0] = before[2].x;
      anchors[6 * i + 1] = before[2].y;
      anchors[6 * i + 2] = after[0].x;
      anchors[6 * i + 3] = after[0].y;
      anchors[6 * i + 4] = after[1].x;
      anchors[6 * i + 5] = after[1].y;
    }

  return anchors;
}

double *
sam_bezier_fit (const SamVertex *polygon,
                const guint8    *known_corners,
                size_t           n_points,
                double           tolerance,
                size_t          *n_anchors)
{
  g_autoptr (GArray)    corners = g_array_new (FALSE, FALSE, sizeof (guint8));
  g_autoptr (GArray)    dense = densify (polygon, known_corners, n_points, corners);
  g_autoptr (GArray)    segments = NULL;
  SamVertex            *p = &g_array_index (dense, SamVertex, 0);
  guint8               *corner = &g_array_index (corners, guint8, 0);
  size_t                n = dense->len;
  size_t                start;
  g_autofree SamVertex *turned = g_new (SamVertex, n + 1);
  g_autofree guint8    *sharp = g_new (guint8, n + 1);
  SamVertex             seam;

  g_return_val_if_fail (tolerance > 0.0, NULL);

  mark_corners (p, corner, n);
  smooth_between_corners (p, corner, n);

  start = find_start (p, corner, n, &seam);
  for (size_t i = 0; i <= n; i++)
    {
      turned[i] = p[(start + i) % n];
      sharp[i] = corner[(start + i) % n];
    }
  segments = fit_pieces (turned, sharp, n, seam, tolerance);

  *n_anchors = segments->len / 4;

  return anchors_from_segments (segments, *n_anchors);
}
