/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Maxima of 2x2 places. */
#include "config.h"

#include "samcore/nn/sam-ops.h"
#include "samcore/sam-parallel.h"

typedef struct
{
  float       *y;
  const float *x;
  size_t       h, w, c, stride, step;
} Pool;

static void
pool_maps (size_t first, size_t last, gpointer data)
{
  const Pool *p = data;
  size_t      w = p->w / 2;

  /* an item is one row of one map */
  for (size_t i = first; i < last; i++)
    {
      const float *x = p->x + i / (p->h / 2) * p->step + 2 * (i % (p->h / 2)) * p->w * p->stride;
      float       *y = p->y + i * w * p->c;

      for (size_t k = 0; k < w; k++, x += 2 * p->stride, y += p->c)
        {
          const float *below = x + p->w * p->stride;

          for (size_t c = 0; c < p->c; c++)
            {
              float top = x[c] > x[c + p->stride] ? x[c] : x[c + p->stride];
              float bottom = below[c] > below[c + p->stride] ? below[c] : below[c + p->stride];

              y[c] = top > bottom ? top : bottom;
            }
        }
    }
}

void
sam_max_pool (float *y, const float *x, size_t n, size_t h, size_t w, size_t c, size_t stride)
{
  Pool p = { y, x, h, w, c, stride, h * w * stride };

  sam_parallel_for (n * (h / 2), 4, pool_maps, &p);
}
