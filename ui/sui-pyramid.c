/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Level 0 is the picture itself, [height, width, 3]; each further one has half the sides, rounded
 * up, every pixel the mean of the four (at the border two, or one) below it. */
#include "config.h"

#include <math.h>

#include "ui/sui-pyramid.h"

#define SMALLEST_SIDE 256
#define MAX_LEVELS    16

typedef struct
{
  size_t         width, height;
  const uint8_t *pixels;
} Level;

struct _SuiPyramid
{
  SamImage *image;
  int       n_levels;
  Level     levels[MAX_LEVELS];
};

static gboolean
halve (const Level *from, Level *to)
{
  uint8_t *pixels;

  to->width = (from->width + 1) / 2;
  to->height = (from->height + 1) / 2;
  pixels = g_try_malloc (to->width * to->height * 3);
  if (pixels == NULL)
    return FALSE;

  for (size_t y = 0; y < to->height; y++)
    {
      const uint8_t *a = from->pixels + 2 * y * from->width * 3;
      const uint8_t *b = 2 * y + 1 < from->height ? a + from->width * 3 : a;
      uint8_t       *out = pixels + y * to->width * 3;

      for (size_t x = 0; x < to->width; x++)
        {
          size_t l = 2 * x * 3, r = 2 * x + 1 < from->width ? l + 3 : l;

          for (int c = 0; c < 3; c++)
            *out++ = (uint8_t) ((a[l + c] + a[r + c] + b[l + c] + b[r + c] + 2) / 4);
        }
    }
  to->pixels = pixels;

  return TRUE;
}

SuiPyramid *
sui_pyramid_new (SamImage *image)
{
  SuiPyramid *pyramid = g_new0 (SuiPyramid, 1);

  pyramid->image = sam_image_ref (image);
  pyramid->levels[0].width = sam_image_get_width (image);
  pyramid->levels[0].height = sam_image_get_height (image);
  pyramid->levels[0].pixels = sam_image_get_pixels (image);
  pyramid->n_levels = 1;
  while (pyramid->n_levels < MAX_LEVELS)
    {
      Level *last = &pyramid->levels[pyramid->n_levels - 1];

      /* without memory for more, small zooms are slower and coarser */
      if (MAX (last->width, last->height) <= SMALLEST_SIDE || ! halve (last, last + 1))
        break;
      pyramid->n_levels++;
    }

  return pyramid;
}

static void
build (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_task_return_pointer (task, sui_pyramid_new (data), (GDestroyNotify) sui_pyramid_free);
}

void
sui_pyramid_new_async (SamImage *image, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, data);

  g_task_set_task_data (task, sam_image_ref (image), (GDestroyNotify) sam_image_unref);
  g_task_run_in_thread (task, build);
}

SuiPyramid *
sui_pyramid_new_finish (GAsyncResult *result)
{
  return g_task_propagate_pointer (G_TASK (result), NULL);
}

void
sui_pyramid_free (SuiPyramid *pyramid)
{
  if (pyramid == NULL)
    return;
  for (int i = 1; i < pyramid->n_levels; i++)
    g_free ((uint8_t *) pyramid->levels[i].pixels);
  sam_image_unref (pyramid->image);
  g_free (pyramid);
}

SamImage *
sui_pyramid_get_image (SuiPyramid *pyramid)
{
  return pyramid->image;
}

void
sui_pyramid_paint (SuiPyramid *pyramid,
                   cairo_t    *cr,
                   double      zoom,
                   double      x0,
                   double      y0,
                   double      x1,
                   double      y1)
{
  const Level     *picture = &pyramid->levels[0], *level;
  int              l = 0;
  double           sx, sy;
  size_t           left, top, right, bottom;
  cairo_surface_t *surface;
  uint8_t         *data;
  int              stride;

  while (l + 1 < pyramid->n_levels && zoom * (1 << (l + 1)) <= 1.0 + 1e-9)
    l++;
  level = &pyramid->levels[l];
  sx = sy = 1 << l;

  /* two more around, for the filter */
  left = (size_t) MAX (0.0, floor (x0 / sx) - 2.0);
  top = (size_t) MAX (0.0, floor (y0 / sy) - 2.0);
  right = (size_t) CLAMP (ceil (x1 / sx) + 2.0, 0.0, (double) level->width);
  bottom = (size_t) CLAMP (ceil (y1 / sy) + 2.0, 0.0, (double) level->height);
  if (left >= right || top >= bottom)
    return;

  surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, (int) (right - left),
                                        (int) (bottom - top));
  if (cairo_surface_status (surface) != CAIRO_STATUS_SUCCESS)
    {
      cairo_surface_destroy (surface);
      return;
    }
  data = cairo_image_surface_get_data (surface);
  stride = cairo_image_surface_get_stride (surface);
  for (size_t y = top; y < bottom; y++)
    {
      const uint8_t *from = level->pixels + (y * level->width + left) * 3;
      uint32_t      *to = (uint32_t *) (data + (y - top) * (size_t) stride);

      for (size_t x = left; x < right; x++, from += 3)
        *to++ = (uint32_t) from[0] << 16 | (uint32_t) from[1] << 8 | from[2];
    }
  cairo_surface_mark_dirty (surface);

  cairo_save (cr);
  cairo_rectangle (cr, 0, 0, (double) picture->width, (double) picture->height);
  cairo_clip (cr);
  cairo_scale (cr, sx, sy);
  cairo_set_source_surface (cr, surface, (double) left, (double) top);
  /* pixels as squares when magnified; never a seam at the border */
  cairo_pattern_set_filter (cairo_get_source (cr), zoom >= 2.0 || zoom == 1.0
                                                     ? CAIRO_FILTER_NEAREST
                                                     : CAIRO_FILTER_BILINEAR);
  cairo_pattern_set_extend (cairo_get_source (cr), CAIRO_EXTEND_PAD);
  cairo_paint (cr);
  cairo_restore (cr);
  cairo_surface_destroy (surface);
}
