/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Convolutions, channels last. A dense one gathers the neighbourhoods of some output pixels into rows
 * [pixels, kh kw in] and multiplies them by the weights [out, kh kw in]; a transposed 2x2 one of stride 2 is
 * a product whose row holds the four pixels that one becomes. */
#include "config.h"

#include "samcore/sam-kernels.h"
#include "samcore/sam-ops.h"
#include "samcore/sam-parallel.h"

#include <glib.h>
#include <string.h>

#define GATHERED_FLOATS 262144 /* 1 MB: about half of a level 2 cache */

typedef struct
{
  float       *y;
  const float *x, *k, *b, *r;
  size_t       h, w, in, out, kh, kw, stride, pad, w_out;
  SamAct       act;
} Conv;

/* The neighbourhood of output pixel (i, j): [kh, kw, in], zeros outside. */
static void
gather (float *to, const Conv *c, size_t i, size_t j)
{
  const size_t n_row = c->kw * c->in;
  const size_t left  = j * c->stride; /* in the padded row */

  for (size_t a = 0; a < c->kh; a++, to += n_row)
    {
      size_t row = i * c->stride + a; /* of the padded picture */

      if (row < c->pad || row >= c->h + c->pad)
        {
          memset (to, 0, n_row * sizeof *to);
        }
      else
        {
          size_t before = left < c->pad ? MIN (c->pad - left, c->kw) : 0;
          size_t after  = left + c->kw > c->w + c->pad ? MIN (left + c->kw - c->w - c->pad, c->kw) : 0;
          size_t inside = before + after < c->kw ? c->kw - before - after : 0;

          memset (to, 0, before * c->in * sizeof *to);
          if (inside > 0)
            memcpy (to + before * c->in, c->x + ((row - c->pad) * c->w + left + before - c->pad) * c->in,
                    inside * c->in * sizeof *to);
          memset (to + (before + inside) * c->in, 0, (c->kw - before - inside) * c->in * sizeof *to);
        }
    }
}

static void
conv_pixels (size_t first, size_t last, gpointer data)
{
  const Conv *c        = data;
  size_t      n        = c->kh * c->kw * c->in;
  float      *gathered = sam_parallel_scratch (SAM_SCRATCH_GROUP, (last - first) * n);
  float      *y        = c->y + first * c->out;

  for (size_t p = first; p < last; p++)
    gather (gathered + (p - first) * n, c, p / c->w_out, p % c->w_out);

  sam_gemm_nt (y, c->out, gathered, n, c->k, n, last - first, c->out, n, 1, 0);
  sam_kernels ()->finish (y, c->out, c->b, NULL, 0, last - first, c->out, c->act);
}

void
sam_conv2d (float *y, const float *x, const float *k, const float *b,
            size_t h, size_t w, size_t in, size_t out,
            size_t kh, size_t kw, size_t stride, size_t pad, SamAct act)
{
  size_t h_out = (h + 2 * pad - kh) / stride + 1;
  size_t w_out = (w + 2 * pad - kw) / stride + 1;
  Conv   c     = { y, x, k, b, NULL, h, w, in, out, kh, kw, stride, pad, w_out, act };

  if (kh == 1 && kw == 1 && stride == 1 && pad == 0)
    sam_linear (y, x, k, b, NULL, h * w, in, out, act);
  else
    sam_parallel_for (h_out * w_out, CLAMP (GATHERED_FLOATS / (kh * kw * in), 16, 512), conv_pixels, &c);
}

typedef struct
{
  float       *y;
  const float *x, *k, *b, *zeros;
  size_t       h, w, c, stride;
  SamAct       act;
} Depthwise;

static void
depthwise_rows (size_t first, size_t last, gpointer data)
{
  const Depthwise *d     = data;
  size_t           w_out = (d->w - 1) / d->stride + 1;

  for (size_t i = first; i < last; i++)
    {
      size_t       at = i * d->stride;
      const float *rows[3];

      rows[0] = at > 0 ? d->x + (at - 1) * d->w * d->c : d->zeros;
      rows[1] = d->x + at * d->w * d->c;
      rows[2] = at + 1 < d->h ? d->x + (at + 1) * d->w * d->c : d->zeros;
      sam_kernels ()->depthwise3x3 (d->y + i * w_out * d->c, rows, d->k, d->b, d->w, d->c, d->stride, d->act);
    }
}

void
sam_depthwise3x3 (float *y, const float *x, const float *k, const float *b,
                  size_t h, size_t w, size_t c, size_t stride, SamAct act)
{
  g_autofree float *zeros = g_new0 (float, w * c);
  Depthwise         d     = { y, x, k, b != NULL ? b : zeros, zeros, h, w, c, stride, act };

  sam_parallel_for ((h - 1) / stride + 1, MAX (1, 16384 / (w * c)), depthwise_rows, &d);
}

static void
conv_transpose_pixels (size_t first, size_t last, gpointer data)
{
  const Conv       *c       = data;
  const SamKernels *kernels = sam_kernels ();
  size_t            n       = last - first;
  float            *product = sam_parallel_scratch (SAM_SCRATCH_ROWS, n * 4 * c->out);

  sam_gemm_nt (product, 4 * c->out, c->x + first * c->in, c->in, c->k, c->in, n, 4 * c->out, c->in, 1, 0);

  /* two pixels beside each other lie beside each other in y, too */
  for (size_t p = first; p < last; p++)
    for (size_t a = 0; a < 2; a++, product += 2 * c->out)
      {
        size_t at = ((2 * (p / c->w) + a) * 2 * c->w + 2 * (p % c->w)) * c->out;

        memcpy (c->y + at, product, 2 * c->out * sizeof *product);
        kernels->finish (c->y + at, c->out, c->b, c->r != NULL ? c->r + at : NULL, c->out, 2, c->out,
                         SAM_ACT_NONE);
      }
}

void
sam_conv_transpose2x2 (float *y, const float *x, const float *k, const float *b, const float *r,
                       size_t h, size_t w, size_t in, size_t out)
{
  Conv c = { .y = y, .x = x, .k = k, .b = b, .r = r, .h = h, .w = w, .in = in, .out = out };

  sam_parallel_for (h * w, 256, conv_transpose_pixels, &c);
}
