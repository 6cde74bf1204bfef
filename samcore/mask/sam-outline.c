/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a mask to closed curves.
 *
 * 1. Walk along the cracks between inside and outside pixels, inside always on the right hand.
 *    Where two objects touch by a corner the walk turns left: they are one.
 * 2. Each crack gives one point, where the coverage between the two pixel centres passes 127.5: in
 *    a hard mask the middle of the crack, so that staircases become straight lines. Where two
 *    straight runs meet, the corner itself is a point too, so that rectangles stay rectangles.
 *
 * mask: [height, width]   polygon: [n, 2] */
#include "samcore/sam-outline.h"

#include "samcore/mask/sam-bezier.h"
#include "samcore/sam-error.h"

#define INSIDE 128

typedef struct
{
  size_t first, n;
} Curve;

struct _SamOutline
{
  GArray *points;  /* of SamVertex, all curves one after another */
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

static SamVertex
crack_point (const Field *field, ptrdiff_t x, ptrdiff_t y, int direction)
{
  ptrdiff_t in_x, in_y, out_x, out_y;
  double    in, out, t;
  SamVertex p;

  crack_pixels (x, y, direction, &in_x, &in_y, &out_x, &out_y);
  in = field_at (field, in_x, in_y);
  out = field_at (field, out_x, out_y);
  t = (in - 127.5) / (in - out);

  p.x = in_x + 0.5 + t * (out_x - in_x);
  p.y = in_y + 0.5 + t * (out_y - in_y);

  return p;
}

static void
outline_add_point (SamOutline *outline, SamVertex point, guint8 corner)
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
  Curve     curve = { outline->points->len, 0 };
  size_t    n_turns = 0;
  SamVertex previous = { 0.0, 0.0 };
  gboolean  skipped = FALSE;

  for (size_t i = 0; i < n; i++)
    n_turns += directions[i] != directions[(i + 1) % n];

  for (size_t i = 0; i < n; i++)
    {
      size_t    next = (i + 1) % n;
      SamVertex point = crack_point (field, x, y, directions[i]);

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
          SamVertex after = crack_point (field, x, y, directions[next]);
          SamVertex corner;

          corner.x = directions[i] % 2 == 0 ? after.x : point.x;
          corner.y = directions[i] % 2 == 0 ? point.y : after.y;
          outline_add_point (outline, corner, 1);
        }
    }

  curve.n = outline->points->len - curve.first;
  g_array_append_val (outline->curves, curve);
}

/* The direction after a step to vertex x, y: left first (objects that touch by a corner are one),
 * then straight on, then right. */
static int
find_turn (const Field *field, ptrdiff_t x, ptrdiff_t y, int direction)
{
  for (int by = 3; by <= 5; by++)
    {
      int       next = (direction + by) % 4;
      ptrdiff_t in_x, in_y, out_x, out_y;

      crack_pixels (x, y, next, &in_x, &in_y, &out_x, &out_y);
      if (field_inside (field, in_x, in_y) && ! field_inside (field, out_x, out_y))
        return next;
    }

  return direction;
}

/* One closed walk, which begins up along the left side of a pixel, at its lower left vertex. Every
 * closed walk goes up at least once, along the left side of an inside pixel; @seen, a bit per
 * pixel, marks those whose left side was walked.
 * directions: of each step; filled in */
static void
walk_around (const Field *field,
             ptrdiff_t    column,
             ptrdiff_t    row,
             guint8      *seen,
             GByteArray  *directions)
{
  ptrdiff_t x = column, y = row + 1;
  int       direction = UP;

  g_byte_array_set_size (directions, 0);
  do
    {
      guint8 step = (guint8) direction;

      g_byte_array_append (directions, &step, 1);
      if (direction == UP)
        {
          size_t walked = (size_t) (y - 1) * field->width + x;

          seen[walked / 8] |= (guint8) (1 << walked % 8);
        }
      x += step_x[direction];
      y += step_y[direction];
      direction = find_turn (field, x, y, direction);
    }
  while (x != column || y != row + 1 || direction != UP);
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
  outline->points = g_array_new (FALSE, FALSE, sizeof (SamVertex));
  outline->corners = g_array_new (FALSE, FALSE, sizeof (guint8));
  outline->curves = g_array_new (FALSE, FALSE, sizeof (Curve));

  for (ptrdiff_t row = 0; row < field.height; row++)
    {
      if (row % 256 == 0 && ! sam_job_step (job, (double) row / field.height, error))
        return NULL;

      for (ptrdiff_t column = 0; column < field.width; column++)
        {
          size_t at = (size_t) row * field.width + column;

          if (! field_inside (&field, column, row) || field_inside (&field, column - 1, row) ||
              (seen[at / 8] >> (at % 8) & 1))
            continue;

          walk_around (&field, column, row, seen, directions);
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

  return &g_array_index (outline->points, SamVertex, c->first).x;
}

double
sam_outline_get_area (const SamOutline *outline)
{
  double sum = 0.0;

  for (size_t i = 0; i < outline->curves->len; i++)
    {
      const Curve     *c = &g_array_index (outline->curves, Curve, i);
      const SamVertex *p = &g_array_index (outline->points, SamVertex, c->first);

      for (size_t k = 0; k < c->n; k++)
        sum += p[k].x * p[(k + 1) % c->n].y - p[(k + 1) % c->n].x * p[k].y;
    }

  return sum / 2.0;
}

double *
sam_outline_fit (const SamOutline *outline, size_t curve, double tolerance, size_t *n_anchors)
{
  const Curve *c = &g_array_index (outline->curves, Curve, curve);

  return sam_bezier_fit (&g_array_index (outline->points, SamVertex, c->first),
                         &g_array_index (outline->corners, guint8, c->first), c->n, tolerance,
                         n_anchors);
}
