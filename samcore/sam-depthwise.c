/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Depthwise convolution, channels last: a kernel call per row; outside lie rows of zeros. */
#include "config.h"

#include "samcore/sam-kernels.h"
#include "samcore/sam-ops.h"
#include "samcore/sam-parallel.h"

#include <glib.h>

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
