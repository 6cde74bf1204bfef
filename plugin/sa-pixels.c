/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The arithmetic is that of GIMP's own selections.
 *
 * Traps: writing outside a buffer's extent, or to a locked item's, kills the plug-in; channels hold
 * perceptual values (Y') where masks and selections hold linear ones (Y). */
#include "config.h"

#include "plugin/sa-pixels.h"

#include <string.h>

#include "samcore/sam-error.h"

#define BAND_PIXELS (1 << 22)

static gboolean
no_memory (const GeglRectangle *band, GError **error)
{
  g_set_error (error, SAM_ERROR, SAM_ERROR_NO_MEMORY, "%d rows of %d pixels", band->height,
               band->width);

  return FALSE;
}

void
sa_pixels_init (SaPixels            *pixels,
                const SaSource      *source,
                const SamMask       *mask,
                gboolean             hard,
                const GeglRectangle *limits)
{
  GeglRectangle *area = &pixels->area;
  int            factor = source->factor;
  /* interpolation reaches half a pixel of the mask farther */
  int    margin = factor > 1 ? factor : 0;
  size_t x0, y0, x1, y1;

  *pixels = (SaPixels) { source, mask, hard };
  if (! sam_mask_get_bounds (mask, &x0, &y0, &x1, &y1))
    return;

  *area = *GEGL_RECTANGLE ((int) x0 * factor - margin, (int) y0 * factor - margin,
                           (int) (x1 - x0) * factor + 2 * margin,
                           (int) (y1 - y0) * factor + 2 * margin);
  if (! gegl_rectangle_intersect (area, area,
                                  GEGL_RECTANGLE (0, 0, source->width, source->height)) ||
      ! gegl_rectangle_intersect (area, area,
                                  GEGL_RECTANGLE (limits->x - source->x, limits->y - source->y,
                                                  limits->width, limits->height)))
    *area = *GEGL_RECTANGLE (0, 0, 0, 0);
}

/* Called for bands of rows of the area; coverage: [height, width]. */
typedef gboolean (*BandFunc) (const uint8_t       *coverage,
                              const GeglRectangle *band,
                              gpointer             data,
                              GError             **error);

static gboolean
for_each_band (const SaPixels *pixels, BandFunc func, gpointer data, GError **error)
{
  const GeglRectangle *area = &pixels->area;
  GeglRectangle        band = *area;
  g_autofree uint8_t  *coverage = NULL;
  int                  rows = MAX (1, MIN (area->height, BAND_PIXELS / MAX (1, area->width)));

  band.height = rows;
  coverage = g_try_malloc ((gsize) rows * area->width);
  if (coverage == NULL && area->width > 0)
    return no_memory (&band, error);

  for (int y = 0; y < area->height; y += rows)
    {
      band.y = area->y + y;
      band.height = MIN (rows, area->height - y);
      sa_source_get_coverage (pixels->source, pixels->mask, pixels->hard, band.x, band.y,
                              band.width, band.height, coverage);
      if (! func (coverage, &band, data, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
count_band (const uint8_t *coverage, const GeglRectangle *band, gpointer data, GError **error)
{
  gint64 *n = data;

  for (gsize i = 0; i < (gsize) band->width * band->height; i++)
    *n += coverage[i] >= 128;

  return TRUE;
}

gboolean
sa_pixels_count (const SaPixels *pixels, gint64 *n, GError **error)
{
  *n = 0;

  return for_each_band (pixels, count_band, n, error);
}

/* @above, @below: scratch for combining, a band each */
typedef struct
{
  GeglBuffer    *buffer;
  int            x, y; /* of the drawable's corner in it */
  GeglBuffer    *old;  /* (nullable) */
  GimpChannelOps operation;
  float         *above, *below;
} Writing;

static float
combine (float old, float mask, GimpChannelOps operation)
{
  switch (operation)
    {
    case GIMP_CHANNEL_OP_ADD:
      return MIN (old + mask, 1.0f);
    case GIMP_CHANNEL_OP_SUBTRACT:
      return MAX (old - mask, 0.0f);
    case GIMP_CHANNEL_OP_INTERSECT:
      return MIN (old, mask);
    default:
      return mask;
    }
}

static gboolean
write_band (const uint8_t *coverage, const GeglRectangle *band, gpointer data, GError **error)
{
  Writing      *writing = data;
  GeglRectangle place = { band->x + writing->x, band->y + writing->y, band->width, band->height };
  const char   *encoding = babl_format_get_encoding (gegl_buffer_get_format (writing->buffer));
  /* so that 8-bit coverage stays as it is */
  gboolean    perceptual = g_str_has_prefix (encoding, "Y'");
  const Babl *format = babl_format (perceptual ? "Y' float" : "Y float");
  gsize       n = (gsize) band->width * band->height;

  if (writing->old == NULL)
    {
      gegl_buffer_set (writing->buffer, &place, 0, babl_format (perceptual ? "Y' u8" : "Y u8"),
                       coverage, GEGL_AUTO_ROWSTRIDE);
      return TRUE;
    }

  if (writing->above == NULL)
    {
      /* the first band is the tallest */
      writing->above = g_try_new (float, n);
      writing->below = g_try_new (float, n);
    }
  if (writing->above == NULL || writing->below == NULL)
    return no_memory (band, error);

  gegl_buffer_get (writing->old, &place, 1.0, format, writing->below, GEGL_AUTO_ROWSTRIDE,
                   GEGL_ABYSS_NONE);
  for (gsize i = 0; i < n; i++)
    writing->above[i] = combine (writing->below[i], coverage[i] / 255.0f, writing->operation);
  gegl_buffer_set (writing->buffer, &place, 0, format, writing->above, GEGL_AUTO_ROWSTRIDE);

  return TRUE;
}

/* A copy through memory: GEGL's own may use threads, which GIMP's pipe does not bear. */
static gboolean
copy_pixels (GeglBuffer *from, GeglBuffer *to, GError **error)
{
  const GeglRectangle all = *gegl_buffer_get_extent (to);
  const Babl         *format = gegl_buffer_get_format (to);
  GeglRectangle       place = all;
  g_autofree uint8_t *band = NULL;
  int                 rows = MAX (1, MIN (all.height, BAND_PIXELS / all.width));

  place.height = rows;
  band = g_try_malloc ((gsize) rows * all.width * babl_format_get_bytes_per_pixel (format));
  if (band == NULL)
    return no_memory (&place, error);

  for (int y = 0; y < all.height; y += rows)
    {
      place.y = all.y + y;
      place.height = MIN (rows, all.height - y);
      gegl_buffer_get (from, &place, 1.0, format, band, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
      gegl_buffer_set (to, &place, 0, format, band, GEGL_AUTO_ROWSTRIDE);
    }

  return TRUE;
}

gboolean
sa_pixels_write (const SaPixels *pixels,
                 GeglBuffer     *buffer,
                 int             x,
                 int             y,
                 GeglBuffer     *old,
                 GimpChannelOps  operation,
                 GError        **error)
{
  Writing  writing = { buffer, x, y, old, operation };
  gboolean ok = TRUE;

  /* outside of the area an intersection is empty, all else is as it was */
  if (old != NULL && old != buffer && operation != GIMP_CHANNEL_OP_INTERSECT)
    ok = copy_pixels (old, buffer, error);
  ok = ok && for_each_band (pixels, write_band, &writing, error);
  g_free (writing.above);
  g_free (writing.below);

  return ok;
}

static gboolean
write_alpha_band (const uint8_t *coverage, const GeglRectangle *band, gpointer data, GError **error)
{
  const Writing *writing = data;
  GeglRectangle  place = { band->x + writing->x, band->y + writing->y, band->width, band->height };
  gsize          n = (gsize) band->width * band->height;
  g_autofree uint8_t *pixels = g_try_malloc0 (2 * n);

  if (pixels == NULL)
    return no_memory (band, error);

  for (gsize i = 0; i < n; i++)
    pixels[2 * i + 1] = coverage[i];
  gegl_buffer_set (writing->buffer, &place, 0, babl_format ("YA u8"), pixels, GEGL_AUTO_ROWSTRIDE);

  return TRUE;
}

gboolean
sa_pixels_write_alpha (const SaPixels *pixels, GeglBuffer *buffer, int x, int y, GError **error)
{
  Writing writing = { buffer, x, y };

  return for_each_band (pixels, write_alpha_band, &writing, error);
}

/**
 * Cutting:
 * @format: of what is written
 * @read_format, @read_bytes: of what is read, and bytes per pixel: without alpha for an opaque
 *   indexed layer
 * @to_float, @from_float: of the last component, alpha, which is linear whatever the format
 */
typedef struct
{
  GeglBuffer *from, *to, *limit;
  const Babl *format, *read_format;
  int         read_bytes;
  const Babl *to_float, *from_float;
} Cutting;

static gboolean
cut_band (const uint8_t *coverage, const GeglRectangle *band, gpointer data, GError **error)
{
  const Cutting      *cutting = data;
  gsize               n = (gsize) band->width * band->height;
  gsize               bytes = (gsize) babl_format_get_bytes_per_pixel (cutting->format);
  gsize               size = bytes / (gsize) babl_format_get_n_components (cutting->format);
  g_autofree uint8_t *pixels = g_try_malloc (n * bytes);
  g_autofree uint8_t *raw = g_try_malloc (n * MAX (size, sizeof (float)));
  g_autofree float   *alpha = g_try_new (float, n);
  g_autofree float   *limit = g_try_new (float, n);

  if (pixels == NULL || raw == NULL || alpha == NULL || limit == NULL)
    return no_memory (band, error);

  gegl_buffer_get (cutting->from, band, 1.0, cutting->read_format, pixels, GEGL_AUTO_ROWSTRIDE,
                   GEGL_ABYSS_NONE);
  if ((gsize) cutting->read_bytes < bytes)
    /* indices without alpha: spread them, backwards in place, and make them opaque */
    for (gsize i = n; i-- > 0;)
      {
        pixels[2 * i] = pixels[i];
        pixels[2 * i + 1] = 255;
      }

  if (cutting->limit != NULL)
    gegl_buffer_get (cutting->limit, band, 1.0, babl_format ("Y float"), limit, GEGL_AUTO_ROWSTRIDE,
                     GEGL_ABYSS_NONE);

  for (gsize i = 0; i < n; i++)
    memcpy (raw + i * size, pixels + (i + 1) * bytes - size, size);
  babl_process (cutting->to_float, raw, alpha, (long) n);

  for (gsize i = 0; i < n; i++)
    {
      alpha[i] *= coverage[i] / 255.0f * (cutting->limit != NULL ? limit[i] : 1.0f);
      if (babl_format_is_palette (cutting->format))
        alpha[i] = alpha[i] >= 0.5f; /* indexed images know no half */
    }

  babl_process (cutting->from_float, alpha, raw, (long) n);
  for (gsize i = 0; i < n; i++)
    memcpy (pixels + (i + 1) * bytes - size, raw + i * size, size);

  gegl_buffer_set (cutting->to, band, 0, cutting->format, pixels, GEGL_AUTO_ROWSTRIDE);

  return TRUE;
}

gboolean
sa_pixels_cut (const SaPixels *pixels,
               GeglBuffer     *from,
               GeglBuffer     *to,
               GeglBuffer     *limit,
               GError        **error)
{
  Cutting          cutting = { from, to, limit, gegl_buffer_get_format (to) };
  g_autofree char *component = NULL;

  cutting.read_format = cutting.format;
  /* an index is not a colour: never convert one (but groups and merged copies hold colours) */
  if (babl_format_is_palette (gegl_buffer_get_format (from)))
    cutting.read_format = gegl_buffer_get_format (from);
  cutting.read_bytes = babl_format_get_bytes_per_pixel (cutting.read_format);

  /* "Y u8", "Y half"…: linear, as alpha is, whatever the colours are */
  component = g_strconcat ("Y ",
                           babl_get_name (babl_format_get_type (
                             cutting.format, babl_format_get_n_components (cutting.format) - 1)),
                           NULL);
  cutting.to_float = babl_fish (babl_format (component), babl_format ("Y float"));
  cutting.from_float = babl_fish (babl_format ("Y float"), babl_format (component));

  return for_each_band (pixels, cut_band, &cutting, error);
}
