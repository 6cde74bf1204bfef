/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Maps of logits over a picture, brought from one grid to another. */
#include "samcore/sam-grid.h"

#include <math.h>
#include <string.h>

#include "samcore/sam-parallel.h"

/* Samples along one side of a cell at most: beyond that the mean hardly changes. */
#define MAX_SAMPLES 8
#define ROWS        8 /* of a piece of work */

/* Bilinear among the cells that hold something of the part. */
static float
sample (const float   *x,
        const SamGrid *grid,
        double         x_image,
        double         y_image,
        float          outside)
{
  const SamGeometry *geometry = grid->geometry;
  double             scale    = (double) grid->side / geometry->input;
  double             column, row;
  double             last_column, last_row;
  size_t             c0, r0, c1, r1;
  float              u, v;

  if (x_image < geometry->x || x_image > geometry->x + geometry->width || y_image < geometry->y ||
      y_image > geometry->y + geometry->height)
    return outside;

  sam_geometry_to_input (geometry, x_image, y_image, &column, &row);
  last_column = MAX (ceil (geometry->resized_width * scale) - 1, 0);
  last_row    = MAX (ceil (geometry->resized_height * scale) - 1, 0);
  column      = CLAMP (column * scale - 0.5, 0, last_column);
  row         = CLAMP (row * scale - 0.5, 0, last_row);
  c0          = (size_t) column;
  r0          = (size_t) row;
  c1          = MIN (c0 + 1, (size_t) last_column);
  r1          = MIN (r0 + 1, (size_t) last_row);
  u           = (float) (column - c0);
  v           = (float) (row - r0);

  return (1 - v) * ((1 - u) * x[r0 * grid->side + c0] + u * x[r0 * grid->side + c1]) +
         v * ((1 - u) * x[r1 * grid->side + c0] + u * x[r1 * grid->side + c1]);
}

static gboolean
is_same (const SamGrid *a,
         const SamGrid *b)
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
  size_t         n; /* samples along one side of a cell */
} Resample;

static void
resample_rows (size_t   first,
               size_t   last,
               gpointer data)
{
  const Resample *r    = data;
  size_t          n    = r->n;
  double          cell = (double) r->to->geometry->input / r->to->side;

  for (size_t row = first; row < last; row++)
    for (size_t column = 0; column < r->to->side; column++)
      {
        float sum = 0;

        for (size_t i = 0; i < n; i++)
          for (size_t k = 0; k < n; k++)
            {
              double x_image, y_image;

              sam_geometry_to_image (r->to->geometry, (column + (k + 0.5) / n) * cell, (row + (i + 0.5) / n) * cell,
                                     &x_image, &y_image);
              sum += sample (r->x, r->from, x_image, y_image, r->outside);
            }
        r->y[row * r->to->side + column] = sum / (n * n);
      }
}

void
sam_grid_resample (float         *y,
                   const SamGrid *to,
                   const float   *x,
                   const SamGrid *from,
                   float          outside)
{
  size_t   n = (size_t) CLAMP (round (cell_width (to) / cell_width (from)), 1, MAX_SAMPLES);
  Resample r = { y, x, to, from, outside, n };

  if (is_same (to, from))
    {
      memcpy (y, x, to->side * to->side * sizeof (float));
      return;
    }

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

  sam_geometry_to_image (grid->geometry, (column + 0.5) * cell, (row + 0.5) * cell, x_image, y_image);
}
