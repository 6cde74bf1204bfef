/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Resizing by taps: every output row or column is a weighted sum of two (bilinear) or four (bicubic) of the
 * input. Along the rows first: of the rows so made, the last n_taps are kept, each in the slot of its number
 * modulo n_taps. Coordinates are float32, since a mask's edge moves if they are more exact than those that
 * the networks were trained with. */
#include "config.h"

#include "samcore/sam-kernels.h"
#include "samcore/sam-ops.h"
#include "samcore/sam-parallel.h"

#include <glib.h>
#include <math.h>

typedef struct
{
  size_t    n_taps;
  uint32_t *i; /* [n_taps, n] */
  float    *f; /* [n_taps, n] */
} Taps;

/* Keys' kernel with A = -3/4. */
static float
cubic (float d)
{
  const float a = -0.75f;

  return d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
}

static void
taps_init (Taps *taps, size_t n_taps, size_t in, size_t n)
{
  const float scale = (float) in / (float) n;

  taps->n_taps = n_taps;
  taps->i      = g_new (uint32_t, n_taps * n);
  taps->f      = g_new (float, n_taps * n);

  for (size_t j = 0; j < n; j++)
    {
      float at = ((float) j + 0.5f) * scale - 0.5f;

      if (n_taps == 2)
        {
          size_t i;

          at = MAX (at, 0);
          i  = MIN ((size_t) at, in - 1);

          taps->i[j]     = i;
          taps->i[n + j] = MIN (i + 1, in - 1);
          taps->f[n + j] = at - (float) i;
          taps->f[j]     = 1.0f - taps->f[n + j];
        }
      else
        {
          float floor_at = floorf (at);
          float t        = at - floor_at;
          float d[4]     = { t + 1, t, 1 - t, 2 - t };

          for (int tap = 0; tap < 4; tap++)
            {
              taps->i[tap * n + j] = CLAMP ((ptrdiff_t) floor_at - 1 + tap, 0, (ptrdiff_t) in - 1);
              taps->f[tap * n + j] = cubic (d[tap]);
            }
        }
    }
}

static void
taps_clear (Taps *taps)
{
  g_free (taps->i);
  g_free (taps->f);
}

typedef struct
{
  float       *y;
  const float *x;
  size_t       w, c, h2, w2;
  Taps         rows, columns;
} Resize;

static void
resize_rows (size_t first, size_t last, gpointer data)
{
  const Resize     *r       = data;
  const SamKernels *kernels = sam_kernels ();
  size_t            n_taps  = r->rows.n_taps;
  size_t            n       = r->w2 * r->c;
  float            *made    = sam_parallel_scratch (SAM_SCRATCH_RESIZE, n_taps * n);
  size_t            made_of[4] = { G_MAXSIZE, G_MAXSIZE, G_MAXSIZE, G_MAXSIZE };

  for (size_t i = first; i < last; i++)
    {
      const float *from[4];
      float        f[4];

      for (size_t t = 0; t < n_taps; t++)
        {
          size_t row  = r->rows.i[t * r->h2 + i];
          size_t slot = row % n_taps;

          if (made_of[slot] != row)
            kernels->blend_columns (made + slot * n, r->x + row * r->w * r->c, r->columns.i, r->columns.f,
                                    n_taps, r->w2, r->c);
          made_of[slot] = row;
          from[t]       = made + slot * n;
          f[t]          = r->rows.f[t * r->h2 + i];
        }
      kernels->blend (r->y + i * n, from, f, n_taps, n);
    }
}

static void
resize (float *y, const float *x, size_t h, size_t w, size_t c, size_t h2, size_t w2, size_t n_taps)
{
  Resize r = { .y = y, .x = x, .w = w, .c = c, .h2 = h2, .w2 = w2 };

  taps_init (&r.rows, n_taps, h, h2);
  taps_init (&r.columns, n_taps, w, w2);
  sam_parallel_for (h2, MAX (4, 65536 / (w2 * c)), resize_rows, &r);
  taps_clear (&r.rows);
  taps_clear (&r.columns);
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
  const Resize     *r       = data;
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
