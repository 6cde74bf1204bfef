/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dense convolution: a product with a matrix, whose rows are the neighbourhoods of the places. */
#include "config.h"

#include "samcore/nn/sam-conv.h"

#include "samcore/nn/sam-matrix-product.h"

#include <glib.h>
#include <string.h>

typedef struct
{
  const SamConv *conv;
  const float   *x; /* from the map's row x_first on */
  size_t         h, w, w_out, first, x_first;
} Neighbourhoods;

/* Of pictures they are few, and a call takes longer. */
static inline void
copy_floats (float *to, const float *from, size_t n)
{
  enum
  {
    FEW = 16,
    FOUR = 4
  };
  size_t i = 0;

  if (n > FEW)
    {
      memcpy (to, from, n * sizeof *to);
      return;
    }
  for (; i + FOUR <= n; i += FOUR)
    memcpy (to + i, from + i, FOUR * sizeof *to);
  for (; i < n; i++)
    to[i] = from[i];
}

/* The neighbourhood of pixel @row, counted from output row first: [kernel, kernel, in], zeros
 * outside. */
static const float *
fetch_neighbourhood (const void *data, size_t row, size_t n, float *buffer)
{
  const Neighbourhoods *from = data;
  const SamConv        *c = from->conv;
  const size_t          pad = c->pad;
  const size_t          side = c->kernel;
  const size_t top = (from->first + row / from->w_out) * c->stride; /* in the padded picture */
  const size_t left = row % from->w_out * c->stride;
  const size_t before = left < pad ? MIN (pad - left, side) : 0;
  const size_t beyond = left + side > from->w + pad ? MIN (left + side - from->w - pad, side) : 0;
  const size_t inside = before + beyond < side ? side - before - beyond : 0;
  float       *to = buffer;

  for (size_t a = top; a < top + side; a++, to += side * c->in)
    {
      if (a < pad || a >= from->h + pad || inside == 0)
        {
          memset (to, 0, side * c->in * sizeof *to);
          continue;
        }
      if (before > 0)
        memset (to, 0, before * c->in * sizeof *to);
      copy_floats (to + before * c->in,
                   from->x + ((a - pad - from->x_first) * from->w + left + before - pad) * c->in,
                   inside * c->in);
      if (beyond > 0)
        memset (to + (before + inside) * c->in, 0, beyond * c->in * sizeof *to);
    }

  return buffer;
}

static size_t
places_along (const SamConv *c, size_t n)
{
  return (n + 2 * c->pad - c->kernel) / c->stride + 1;
}

static void
run_rows (const Neighbourhoods *from, float *y, const float *r, SamAct act, size_t last)
{
  const SamConv         *c = from->conv;
  const SamRowSource     rows = { fetch_neighbourhood, from, NULL };
  const SamMatrixProduct product = { y, c->m, c->b, r, act };

  sam_matrix_product_run (&product, &rows, (last - from->first) * from->w_out);
}

void
sam_conv_run_rows (const SamConv *c,
                   float         *y,
                   const float   *x,
                   size_t         h,
                   size_t         w,
                   SamAct         act,
                   size_t         first,
                   size_t         last,
                   size_t         x_first)
{
  run_rows (&(Neighbourhoods) { c, x, h, w, places_along (c, w), first, x_first }, y, NULL, act,
            last);
}

void
sam_conv_run (const SamConv *c, float *y, const float *x, size_t h, size_t w, SamAct act)
{
  run_rows (&(Neighbourhoods) { c, x, h, w, places_along (c, w), 0, 0 }, y, NULL, act,
            places_along (c, h));
}

void
sam_conv_sum_run (const SamConv *c, float *y, const float *x, const float *r, size_t h, size_t w)
{
  run_rows (&(Neighbourhoods) { c, x, h, w, places_along (c, w), 0, 0 }, y, r, SAM_ACT_NONE,
            places_along (c, h));
}
