/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Marching squares over pixel centres, with a border of zeros around the picture:
 *   1. every square of four centres gives 0, 1 or 2 directed pieces, inside on the left
 *   2. pieces are followed from square to square until they close
 * A piece is known by the square's edge where it enters; each edge is crossed at most once, so a
 * table of one byte per square (which pieces were used) is all the memory that is needed. */
#include "config.h"

#include <glib.h>

#include "ui/session/sui-contour.h"

enum
{
  TOP,
  RIGHT,
  BOTTOM,
  LEFT,
  NONE
};

/* Square (x, y) has the centres (x - 1, y - 1), (x, y - 1), (x - 1, y), (x, y) of the mask. */
typedef struct
{
  const uint8_t *coverage;
  size_t         width, height;
} Grid;

static inline int
grid_get (const Grid *grid,
          size_t      x, /* one more than the pixel's */
          size_t      y)
{
  if (x == 0 || y == 0 || x > grid->width || y > grid->height)
    return 0;

  return grid->coverage[(y - 1) * grid->width + x - 1];
}

static inline int
grid_shape (const Grid *grid, size_t x, size_t y)
{
  return (grid_get (grid, x, y) >= 128) | (grid_get (grid, x + 1, y) >= 128) << 1 |
         (grid_get (grid, x, y + 1) >= 128) << 2 | (grid_get (grid, x + 1, y + 1) >= 128) << 3;
}

/* Where the piece that enters by an edge leaves: [shape][edge entered], the shape being the sum of
 * 1 top left, 2 top right, 4 bottom left, 8 bottom right for what is inside. The inside is on the
 * left of the way, so that an edge is always crossed in the same direction from both its squares.
 * The saddles 6 and 9 keep diagonal pixels joined, as 8-connected objects are. */
static const uint8_t leave[16][4] = {
  [0] = { NONE, NONE, NONE, NONE },    [1] = { NONE, NONE, NONE, TOP },
  [2] = { RIGHT, NONE, NONE, NONE },   [3] = { NONE, NONE, NONE, RIGHT },
  [4] = { NONE, NONE, LEFT, NONE },    [5] = { NONE, NONE, TOP, NONE },
  [6] = { LEFT, NONE, RIGHT, NONE },   [7] = { NONE, NONE, RIGHT, NONE },
  [8] = { NONE, BOTTOM, NONE, NONE },  [9] = { NONE, TOP, NONE, BOTTOM },
  [10] = { BOTTOM, NONE, NONE, NONE }, [11] = { NONE, NONE, NONE, BOTTOM },
  [12] = { NONE, LEFT, NONE, NONE },   [13] = { NONE, TOP, NONE, NONE },
  [14] = { LEFT, NONE, NONE, NONE },   [15] = { NONE, NONE, NONE, NONE },
};

/* Where the edge of a square is crossed, in pixels of the mask. */
static void
grid_cross (const Grid *grid, size_t x, size_t y, int edge, float *xy)
{
  size_t x0 = x + (edge == RIGHT), y0 = y + (edge == BOTTOM);
  size_t x1 = x + (edge != LEFT), y1 = y + (edge != TOP);
  int    a = grid_get (grid, x0, y0), b = grid_get (grid, x1, y1);
  float  t = a == b ? 0.5f : (127.5f - a) / (b - a);

  /* A mask that touches the border is cut off there, not half a pixel outside of it. */
  xy[0] = CLAMP (x0 - 0.5f + t * ((float) x1 - x0), 0.0f, (float) grid->width);
  xy[1] = CLAMP (y0 - 0.5f + t * ((float) y1 - y0), 0.0f, (float) grid->height);
}

SuiContour *
sui_contour_new (const SamMask *mask)
{
  Grid                grid = { sam_mask_get_coverage (mask), sam_mask_get_width (mask),
                               sam_mask_get_height (mask) };
  size_t              columns = grid.width + 1, rows = grid.height + 1;
  g_autofree uint8_t *used = g_malloc0 (columns * rows);
  g_autoptr (GArray)  xy = g_array_new (FALSE, FALSE, 2 * sizeof (float));
  g_autoptr (GArray)  starts = g_array_new (FALSE, FALSE, sizeof (size_t));
  SuiContour         *contour;
  size_t              bx0, by0, bx1, by1;

  if (sam_mask_get_bounds (mask, &bx0, &by0, &bx1, &by1))
    for (size_t y = by0; y <= by1; y++)
      for (size_t x = bx0; x <= bx1; x++)
        {
          int shape = grid_shape (&grid, x, y);

          if (shape == 0 || shape == 15)
            continue;
          for (int edge = TOP; edge <= LEFT; edge++)
            {
              size_t xs = x, ys = y, start = xy->len;
              int    entered = edge;

              if (leave[shape][edge] == NONE || used[y * columns + x] & 1 << edge)
                continue;
              do
                {
                  float corner[2];
                  int   left = leave[grid_shape (&grid, xs, ys)][entered];

                  used[ys * columns + xs] |= (uint8_t) (1 << entered);
                  grid_cross (&grid, xs, ys, entered, corner);
                  g_array_append_vals (xy, corner, 1);
                  switch (left)
                    {
                    case TOP:
                      ys--;
                      entered = BOTTOM;
                      break;
                    case BOTTOM:
                      ys++;
                      entered = TOP;
                      break;
                    case LEFT:
                      xs--;
                      entered = RIGHT;
                      break;
                    case RIGHT:
                      xs++;
                      entered = LEFT;
                      break;
                    }
                }
              while (! (used[ys * columns + xs] & 1 << entered));
              g_array_append_val (starts, start);
            }
        }

  contour = g_atomic_rc_box_new0 (SuiContour);
  contour->n_lines = starts->len;
  {
    size_t end = xy->len;

    g_array_append_val (starts, end);
  }
  contour->starts = (size_t *) g_array_free (g_steal_pointer (&starts), FALSE);
  contour->xy = (float *) g_array_free (g_steal_pointer (&xy), FALSE);

  return contour;
}

SuiContour *
sui_contour_ref (SuiContour *contour)
{
  return g_atomic_rc_box_acquire (contour);
}

static void
contour_clear (gpointer data)
{
  SuiContour *contour = data;

  g_free (contour->starts);
  g_free (contour->xy);
}

void
sui_contour_unref (SuiContour *contour)
{
  if (contour != NULL)
    g_atomic_rc_box_release_full (contour, contour_clear);
}
