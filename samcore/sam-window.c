/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cutting a map into windows for attention, and putting them together again. */
#include "samcore/sam-window.h"

#include <string.h>

#include <glib.h>

#include "samcore/sam-parallel.h"

typedef struct
{
  float       *y;
  const float *x, *pad;
  size_t       h, w, c, window, across;
} Windows;

static void
partition_windows (size_t   first,
                   size_t   last,
                   gpointer data)
{
  const Windows *s     = data;
  size_t         bytes = s->c * sizeof (float);

  for (size_t i = first; i < last; i++)
    {
      float *out = s->y + i * s->window * s->window * s->c;
      size_t y0  = i / s->across * s->window;
      size_t x0  = i % s->across * s->window;
      size_t n   = MIN (s->window, s->w - x0);

      for (size_t y = y0; y < y0 + s->window; y++)
        {
          size_t inside = y < s->h ? n : 0;

          if (inside > 0)
            memcpy (out, s->x + (y * s->w + x0) * s->c, inside * bytes);
          for (size_t k = inside; k < s->window; k++)
            memcpy (out + k * s->c, s->pad, bytes);
          out += s->window * s->c;
        }
    }
}

void
sam_window_partition (float       *y,
                      const float *x,
                      size_t       h,
                      size_t       w,
                      size_t       c,
                      size_t       window,
                      const float *pad)
{
  Windows s = { y, x, pad, h, w, c, window, sam_window_count (w, window) };

  sam_parallel_for (sam_window_count (h, window) * s.across, 1, partition_windows, &s);
}

static void
reverse_windows (size_t   first,
                 size_t   last,
                 gpointer data)
{
  const Windows *s = data;

  for (size_t i = first; i < last; i++)
    {
      const float *in = s->x + i * s->window * s->window * s->c;
      size_t       y0 = i / s->across * s->window;
      size_t       x0 = i % s->across * s->window;
      size_t       n  = MIN (s->window, s->w - x0);

      for (size_t y = y0; y < MIN (y0 + s->window, s->h); y++)
        {
          memcpy (s->y + (y * s->w + x0) * s->c, in, n * s->c * sizeof (float));
          in += s->window * s->c;
        }
    }
}

void
sam_window_reverse (float       *y,
                    const float *x,
                    size_t       h,
                    size_t       w,
                    size_t       c,
                    size_t       window)
{
  Windows s = { y, x, NULL, h, w, c, window, sam_window_count (w, window) };

  sam_parallel_for (sam_window_count (h, window) * s.across, 1, reverse_windows, &s);
}

void
sam_window_attention (const SamAttention *a,
                      size_t              n,
                      size_t              q_step,
                      size_t              kv_step,
                      size_t              o_step)
{
  g_autofree SamAttention *all = g_new (SamAttention, n);

  for (size_t i = 0; i < n; i++)
    {
      all[i]    = *a;
      all[i].q += i * q_step;
      all[i].k += i * kv_step;
      all[i].v += i * kv_step;
      all[i].o += i * o_step;
      if (a->rel_h != NULL)
        {
          all[i].rel_h += i * a->n_heads * a->n_q * a->key_h;
          all[i].rel_w += i * a->n_heads * a->n_q * a->key_w;
        }
    }
  sam_attention (all, n);
}
