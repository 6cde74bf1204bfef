/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dense convolution: a product with a matrix, whose rows are the neighbourhoods of the places. */
#include "config.h"

#include "samcore/sam-conv.h"

#include "samcore/sam-matrix-product.h"

#include <glib.h>
#include <string.h>

typedef struct
{
  const float *x; /* from the map's row x_first on */
  size_t       h, w, in, kh, kw, stride, pad, w_out, first, x_first;
} Conv;

/* Of pictures they are few, and a call takes longer. */
static inline void
copy_floats (float *to, const float *from, size_t n)
{
  enum { FEW = 16, FOUR = 4 };
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

/* The neighbourhood of pixel @row, counted from output row first: [kh, kw, in], zeros outside. */
static const float *
conv_row (const void *data, size_t row, size_t in, float *buffer)
{
  const Conv  *c      = data;
  const size_t top    = (c->first + row / c->w_out) * c->stride; /* in the padded picture */
  const size_t left   = row % c->w_out * c->stride;
  const size_t before = left < c->pad ? MIN (c->pad - left, c->kw) : 0;
  const size_t beyond = left + c->kw > c->w + c->pad ? MIN (left + c->kw - c->w - c->pad, c->kw) : 0;
  const size_t inside = before + beyond < c->kw ? c->kw - before - beyond : 0;
  float       *to     = buffer;

  for (size_t a = top; a < top + c->kh; a++, to += c->kw * c->in)
    {
      if (a < c->pad || a >= c->h + c->pad || inside == 0)
        {
          memset (to, 0, c->kw * c->in * sizeof *to);
          continue;
        }
      if (before > 0)
        memset (to, 0, before * c->in * sizeof *to);
      copy_floats (to + before * c->in, c->x + ((a - c->pad - c->x_first) * c->w + left + before - c->pad) * c->in,
                   inside * c->in);
      if (beyond > 0)
        memset (to + (before + inside) * c->in, 0, beyond * c->in * sizeof *to);
    }

  return buffer;
}

void
sam_matrix_conv2d_rows (float *y, const float *x, const SamMatrix *k, const float *b,
                        size_t h, size_t w, size_t in, size_t kh, size_t kw, size_t stride, size_t pad,
                        SamAct act, size_t first, size_t last, size_t x_first)
{
  const size_t           w_out   = (w + 2 * pad - kw) / stride + 1;
  const Conv             conv    = { x, h, w, in, kh, kw, stride, pad, w_out, first, x_first };
  const SamRowSource     rows    = { conv_row, &conv, NULL };
  const SamMatrixProduct product = { y, k, b, NULL, act };

  sam_matrix_product_run (&product, &rows, (last - first) * w_out);
}

void
sam_matrix_conv2d (float *y, const float *x, const SamMatrix *k, const float *b,
                   size_t h, size_t w, size_t in, size_t kh, size_t kw, size_t stride, size_t pad,
                   SamAct act)
{
  sam_matrix_conv2d_rows (y, x, k, b, h, w, in, kh, kw, stride, pad, act, 0, (h + 2 * pad - kh) / stride + 1, 0);
}
