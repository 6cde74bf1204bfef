/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Resizing of a network's maps. Along the rows first: of the rows so made, the last n_taps are
 * kept, each in the slot of its number modulo n_taps. */
#include "config.h"

#include "samcore/nn/sam-axis.h"
#include "samcore/kernels/sam-kernels.h"
#include "samcore/nn/sam-ops.h"
#include "samcore/sam-parallel.h"
#include "samcore/base/sam-scratch.h"

#include <glib.h>

typedef struct
{
  float       *y;
  const float *x;
  size_t       w, c, h2, w2;
  SamAxis      rows, columns;
} Resize;

static void
resize_rows (size_t first, size_t last, gpointer data)
{
  const Resize     *r = data;
  const SamKernels *kernels = sam_kernels ();
  size_t            n_taps = r->rows.n_taps;
  size_t            n = r->w2 * r->c;
  float            *made = sam_scratch_floats (SAM_SCRATCH_RESIZE, n_taps * n);
  size_t            made_of[4] = { G_MAXSIZE, G_MAXSIZE, G_MAXSIZE, G_MAXSIZE };

  for (size_t i = first; i < last; i++)
    {
      const float *from[4];
      float        f[4];

      for (size_t t = 0; t < n_taps; t++)
        {
          size_t row = r->rows.index[t * r->h2 + i];
          size_t slot = row % n_taps;

          if (made_of[slot] != row)
            kernels->blend_columns (made + slot * n, r->x + row * r->w * r->c, r->columns.index,
                                    r->columns.weight, n_taps, r->w2, r->c);
          made_of[slot] = row;
          from[t] = made + slot * n;
          f[t] = r->rows.weight[t * r->h2 + i];
        }
      kernels->blend (r->y + i * n, from, f, n_taps, n);
    }
}

static void
resize (float *y, const float *x, size_t h, size_t w, size_t c, size_t h2, size_t w2, size_t n_taps)
{
  Resize r = { .y = y, .x = x, .w = w, .c = c, .h2 = h2, .w2 = w2 };

  if (! sam_axis_init (&r.rows, h, h2, h2, n_taps, 0.5, 1) ||
      ! sam_axis_init (&r.columns, w, w2, w2, n_taps, 0.5, 1))
    g_error ("no memory for the taps of %zu x %zu places", h2,
             w2); /* as GLib says it of so little */
  sam_parallel_for (h2, MAX (4, 65536 / (w2 * c)), resize_rows, &r);
  sam_axis_clear (&r.rows);
  sam_axis_clear (&r.columns);
}

void
sam_resize_bilinear (float *y, const float *x, size_t h, size_t w, size_t c, size_t h2, size_t w2)
{
  resize (y, x, h, w, c, h2, w2, 2);
}

void
sam_resize_bicubic (float *y, const float *x, size_t h, size_t w, size_t c, size_t h2, size_t w2)
{
  resize (y, x, h, w, c, h2, w2, 4);
}

static void
add_upsampled_rows (size_t first, size_t last, gpointer data)
{
  const Resize     *r = data;
  const SamKernels *kernels = sam_kernels ();

  for (size_t i = first; i < last; i++)
    for (size_t j = 0; j < 2 * r->w; j++)
      {
        float *y = r->y + (i * 2 * r->w + j) * r->c;

        kernels->add (y, y, r->x + (i / 2 * r->w + j / 2) * r->c, r->c);
      }
}

void
sam_add_upsampled (float *y, const float *x, size_t h, size_t w, size_t c)
{
  Resize r = { .y = y, .x = x, .w = w, .c = c };

  sam_parallel_for (2 * h, MAX (1, 16384 / (2 * w * c)), add_upsampled_rows, &r);
}
