/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "samcore/nn/sam-axis.h"

#include <math.h>
#include <string.h>

static float
cubic (float d)
{
  const float a = -0.75f;

  return d <= 1.0f ? ((a + 2.0f) * d - (a + 3.0f)) * d * d + 1.0f
                   : ((a * d - 5.0f * a) * d + 8.0f * a) * d - 4.0f * a;
}

void
sam_axis_find_taps (size_t    n_in,
                    size_t    n_out,
                    size_t    n_taps,
                    float     position,
                    uint32_t *index,
                    float    *weight)
{
  const float scale = (float) n_in / (float) n_out;
  const int   last = (int) n_in - 1;
  float       source = scale * position - 0.5f;

  if (n_taps == 2)
    {
      int i0;

      source = MAX (source, 0.0f);
      i0 = MIN ((int) source, last);
      index[0] = (uint32_t) i0;
      index[1] = (uint32_t) MIN (i0 + 1, last);
      weight[1] = source - (float) i0;
      weight[0] = 1.0f - weight[1];
    }
  else
    {
      const float whole = floorf (source);

      for (int t = 0; t < 4; t++)
        {
          index[t] = (uint32_t) CLAMP ((int) whole + t - 1, 0, last);
          weight[t] = cubic (fabsf (source - whole - (float) (t - 1)));
        }
    }
}

gboolean
sam_axis_init (SamAxis *axis,
               size_t   n_in,
               size_t   n_out,
               size_t   n,
               size_t   n_taps,
               double   first,
               double   step)
{
  axis->n_taps = n_taps;
  axis->n = n;
  axis->index = g_try_new (uint32_t, n *n_taps);
  axis->weight = g_try_new (float, n *n_taps);
  if (n > 0 && (axis->index == NULL || axis->weight == NULL))
    return FALSE;

  for (size_t i = 0; i < n; i++)
    {
      uint32_t index[SAM_AXIS_MOST_TAPS];
      float    weight[SAM_AXIS_MOST_TAPS];

      sam_axis_find_taps (n_in, n_out, n_taps, (float) (first + i * step), index, weight);
      for (size_t t = 0; t < n_taps; t++)
        {
          axis->index[t * n + i] = index[t];
          axis->weight[t * n + i] = weight[t];
        }
    }

  return TRUE;
}

void
sam_axis_clear (SamAxis *axis)
{
  g_free (axis->index);
  g_free (axis->weight);
  memset (axis, 0, sizeof *axis);
}
