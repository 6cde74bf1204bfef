/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Maps of logits over a picture, brought from one grid to another. */
#include "samcore/image/sam-grid.h"

#include <math.h>
#include <string.h>

#include "samcore/sam-parallel.h"

/* Samples along one side of a cell at most: beyond that the mean hardly changes. */
#define MAX_SAMPLES 8
#define ROWS        8 /* of a piece of work */

/* Where a sample lies along one axis: between two cells that hold something of the part. */
typedef struct
{
  gboolean outside; /* of the part */
  size_t   cell[2];
  float    part; /* of the second */
} Place;

static Place
find_place (double at, size_t resized, double scale)
{
  double last = MAX (ceil (resized * scale) - 1, 0);
  Place  place = { 0 };

  at = CLAMP (at * scale - 0.5, 0, last);
  place.cell[0] = (size_t) at;
  place.cell[1] = MIN (place.cell[0] + 1, (size_t) last);
  place.part = (float) (at - place.cell[0]);

  return place;
}

/* Bilinear. */
static float
sample (const float *x, size_t side, const Place *column, const Place *row)
{
  const float *x0 = x + row->cell[0] * side, *x1 = x + row->cell[1] * side;
  size_t       c0 = column->cell[0], c1 = column->cell[1];
  float        u = column->part, v = row->part;

  return (1 - v) * ((1 - u) * x0[c0] + u * x0[c1]) + v * ((1 - u) * x1[c0] + u * x1[c1]);
}

static gboolean
is_same (const SamGrid *a, const SamGrid *b)
{
  return a->side == b->side && a->geometry->input == b->geometry->input &&
         sam_geometry_is_same_part (a->geometry, b->geometry);
}

/* Pixels of the picture along a cell. */
static double
cell_width (const SamGrid *grid)
{
  const SamGeometry *g = grid->geometry;

  return (double) g->input / grid->side * g->width / g->resized_width;
}

typedef struct
{
  float         *y;
  const float   *x;
  const SamGrid *to, *from;
  float          outside;
  size_t         n;              /* samples along one side of a cell */
  Place         *columns, *rows; /* of the samples */
} Resample;

/* A column's place is the same in all rows, and a row's in all columns. */
static void
find_places (Resample *r)
{
  const SamGeometry *from = r->from->geometry;
  double             cell = (double) r->to->geometry->input / r->to->side;
  double             scale = (double) r->from->side / from->input;

  for (size_t i = 0; i < r->to->side * r->n; i++)
    {
      double at = (i / r->n + (i % r->n + 0.5) / r->n) * cell;
      double x_image, y_image, x_input, y_input;

      sam_geometry_to_image (r->to->geometry, at, at, &x_image, &y_image);
      sam_geometry_to_input (from, x_image, y_image, &x_input, &y_input);
      r->columns[i] = find_place (x_input, from->resized_width, scale);
      r->rows[i] = find_place (y_input, from->resized_height, scale);
      r->columns[i].outside = x_image < from->x || x_image > from->x + from->width;
      r->rows[i].outside = y_image < from->y || y_image > from->y + from->height;
    }
}

static void
resample_rows (size_t first, size_t last, gpointer data)
{
  const Resample *r = data;
  size_t          n = r->n;

  for (size_t row = first; row < last; row++)
    for (size_t column = 0; column < r->to->side; column++)
      {
        float sum = 0;

        for (size_t i = row * n; i < (row + 1) * n; i++)
          for (size_t k = column * n; k < (column + 1) * n; k++)
            sum += r->rows[i].outside || r->columns[k].outside
                     ? r->outside
                     : sample (r->x, r->from->side, &r->columns[k], &r->rows[i]);
        r->y[row * r->to->side + column] = sum / (n * n);
      }
}

void
sam_grid_resample (float *y, const SamGrid *to, const float *x, const SamGrid *from, float outside)
{
  size_t n = (size_t) CLAMP (round (cell_width (to) / cell_width (from)), 1, MAX_SAMPLES);
  g_autofree Place *places = NULL;
  Resample          r = { y, x, to, from, outside, n, NULL, NULL };

  if (is_same (to, from))
    {
      memcpy (y, x, to->side * to->side * sizeof (float));
      return;
    }

  places = g_new (Place, 2 * to->side * n);
  r.columns = places;
  r.rows = places + to->side * n;
  find_places (&r);
  sam_parallel_for (to->side, ROWS, resample_rows, &r);
}

void
sam_grid_get_place (const SamGrid *grid,
                    size_t         column,
                    size_t         row,
                    double        *x_image,
                    double        *y_image)
{
  double cell = (double) grid->geometry->input / grid->side;

  sam_geometry_to_image (grid->geometry, (column + 0.5) * cell, (row + 0.5) * cell, x_image,
                         y_image);
}
