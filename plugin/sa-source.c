/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From GIMP's drawable to the core's picture.
 *
 * 1. Which drawable: a layer, a group, a text layer as they are; a layer mask stands for its layer;
 *    for "sample merged" a temporary layer of what is visible.
 * 2. Its pixels as R'G'B'A u8 in sRGB, which babl makes of every mode, precision and profile, in
 *    bands of rows; transparency over white, because colours below it are arbitrary; boxes of
 *    factor x factor pixels averaged for pictures beyond MAX_PIXELS.
 *
 * image coordinates = drawable coordinates + (x, y);  picture coordinates = drawable coordinates /
 * factor
 *
 * GIMP's pipe has no lock: all of this is for the main thread only. */
#include "config.h"

#include "plugin/sa-source.h"

#include <math.h>
#include <string.h>

#include <gegl.h>

#include "samcore/sam-error.h"

#include "plugin/sa-error.h"
#include "plugin/sa-intl.h"

/* Larger drawables are read smaller: the networks see about 1024 x 1024 anyway. */
#define MAX_PIXELS  (G_GINT64_CONSTANT (1) << 27)
#define BAND_PIXELS (1 << 22)

/* A copy without channels, which would tint the visible image. */
static gboolean
take_visible (SaSource *source, GError **error)
{
  GimpChannel **channels = gimp_image_get_channels (source->image);
  gboolean      tinted = FALSE;

  for (int i = 0; channels != NULL && channels[i] != NULL; i++)
    tinted = tinted || gimp_item_get_visible (GIMP_ITEM (channels[i]));
  g_free (channels);

  if (! tinted)
    {
      source->temporary_layer = gimp_layer_new_from_visible (source->image, source->image,
                                                             "Segment Anything");
      source->drawable = GIMP_DRAWABLE (source->temporary_layer);
    }
  else
    {
      GimpLayer *merged = NULL;

      source->temporary_image = gimp_image_duplicate (source->image);
      if (source->temporary_image != NULL)
        merged = gimp_image_merge_visible_layers (source->temporary_image, GIMP_CLIP_TO_IMAGE);
      source->drawable = merged != NULL ? GIMP_DRAWABLE (merged) : NULL;
    }

  if (source->drawable == NULL)
    {
      g_set_error_literal (
        error, SA_ERROR, SA_ERROR_FAILED,
        _ ("No part of the image is visible: show a layer, or turn off “Sample merged”."));
      return FALSE;
    }

  return TRUE;
}

/* The layer that a single drawable stands for; NULL for a channel. */
static GimpLayer *
layer_of (GimpDrawable *drawable)
{
  if (GIMP_IS_LAYER_MASK (drawable))
    return gimp_layer_from_mask (GIMP_LAYER_MASK (drawable));
  if (GIMP_IS_LAYER (drawable))
    return GIMP_LAYER (drawable);

  return NULL;
}

gboolean
sa_source_init (SaSource      *source,
                GimpImage     *image,
                GimpDrawable **drawables,
                gboolean       merged,
                GError       **error)
{
  gsize  n = drawables != NULL ? gimp_core_object_array_get_length ((GObject **) drawables) : 0;
  gint64 n_pixels;

  *source = (SaSource) { 0 };
  source->image = image;
  source->merged = merged;

  if (n != 1)
    {
      g_set_error (error, SA_ERROR, SA_ERROR_CALL,
                   n == 0 ? _ ("No layer is selected: select one layer.")
                          : _ ("%zu layers are selected: select just one."),
                   n);
      return FALSE;
    }

  source->layer = layer_of (drawables[0]);
  if (source->layer == NULL && ! merged)
    {
      g_set_error_literal (
        error, SA_ERROR, SA_ERROR_CALL,
        _ ("A channel cannot be segmented: select a layer, or turn on “Sample merged”."));
      return FALSE;
    }
  if (source->layer != NULL && gimp_layer_is_floating_sel (source->layer))
    {
      g_set_error_literal (error, SA_ERROR, SA_ERROR_CALL,
                           _ ("The layer is a floating selection: anchor it first."));
      return FALSE;
    }

  if (merged)
    {
      if (! take_visible (source, error))
        {
          sa_source_clear (source);
          return FALSE;
        }
    }
  else
    source->drawable = GIMP_DRAWABLE (source->layer);

  gimp_drawable_get_offsets (source->drawable, &source->x, &source->y);
  source->width = gimp_drawable_get_width (source->drawable);
  source->height = gimp_drawable_get_height (source->drawable);

  if (source->width < 2 || source->height < 2)
    {
      g_set_error (error, SA_ERROR, SA_ERROR_FAILED,
                   _ ("The layer has only %d × %d pixels: choose a larger one."), source->width,
                   source->height);
      sa_source_clear (source);
      return FALSE;
    }

  for (source->factor = 1;; source->factor++)
    {
      source->mask_width = (source->width + source->factor - 1) / source->factor;
      source->mask_height = (source->height + source->factor - 1) / source->factor;
      n_pixels = (gint64) source->mask_width * source->mask_height;
      if (n_pixels <= MAX_PIXELS)
        break;
    }

  return TRUE;
}

void
sa_source_clear (SaSource *source)
{
  if (source->temporary_layer != NULL)
    gimp_item_delete (GIMP_ITEM (source->temporary_layer));
  if (source->temporary_image != NULL)
    gimp_image_delete (source->temporary_image);

  *source = (SaSource) { 0 };
}

/* Rows y .. y + rows - 1 of one component per pixel or more, through a band buffer; see the
 * callers. */
typedef void (*BandFunc) (const uint8_t *band, int y, int rows, gpointer data);

static gboolean
read_bands (const SaSource *source,
            GeglBuffer     *buffer,
            const Babl     *format,
            int             bytes_per_pixel,
            GeglRectangle   area, /* in the buffer's coordinates */
            BandFunc        func,
            gpointer        data,
            const SamJob   *job,
            GError        **error)
{
  /* whole boxes of rows, so that each can be averaged */
  int                 rows = MAX (1, BAND_PIXELS / area.width / source->factor) * source->factor;
  g_autofree uint8_t *band = NULL;

  rows = MIN (rows, area.height);
  band = g_try_malloc ((gsize) rows * area.width * bytes_per_pixel);
  if (band == NULL)
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_NO_MEMORY, "%d rows of %d pixels", rows, area.width);
      return FALSE;
    }

  for (int y = 0; y < area.height; y += rows)
    {
      int n = MIN (rows, area.height - y);

      if (! sam_job_step (job, (double) y / area.height, error))
        return FALSE;

      gegl_buffer_get (buffer, GEGL_RECTANGLE (area.x, area.y + y, area.width, n), 1.0, format,
                       band, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
      func (band, y, n, data);
    }

  return sam_job_step (job, 1.0, error);
}

typedef struct
{
  const SaSource *source;
  int             channels; /* 3, or 4 with alpha */
  uint8_t        *pixels;   /* [mask_height, mask_width, 3] */
  uint8_t         most_opaque;
} Reading;

static void
read_colours (const uint8_t *band, int y, int rows, gpointer data)
{
  Reading *reading = data;
  int      factor = reading->source->factor;
  int      width = reading->source->width;
  int      columns = reading->source->mask_width;
  int      channels = reading->channels;

  if (factor == 1 && channels == 3)
    {
      memcpy (reading->pixels + 3 * (gsize) y * width, band, 3 * (gsize) rows * width);
      return;
    }

  for (int y0 = 0; y0 < rows; y0 += factor)
    for (int column = 0; column < columns; column++)
      {
        int      x0 = column * factor, x1 = MIN (x0 + factor, width), y1 = MIN (y0 + factor, rows);
        unsigned sum[3] = { 0 };
        unsigned n = (unsigned) ((x1 - x0) * (y1 - y0));
        uint8_t *out = reading->pixels + 3 * ((gsize) ((y + y0) / factor) * columns + column);

        for (int yy = y0; yy < y1; yy++)
          for (int xx = x0; xx < x1; xx++)
            {
              const uint8_t *in = band + channels * ((gsize) yy * width + xx);
              unsigned       alpha = channels == 4 ? in[3] : 255;

              reading->most_opaque = MAX (reading->most_opaque, alpha);
              for (int c = 0; c < 3; c++)
                sum[c] += alpha == 255 ? in[c] : (in[c] * alpha + 255 * (255 - alpha) + 127) / 255;
            }
        for (int c = 0; c < 3; c++)
          out[c] = (uint8_t) (n == 1 ? sum[c]
                                     : (sum[c] + n / 2) /
                                         n); /* divisions take longer than all the rest */
      }
}

static SamImage *
read_drawable (const SaSource *source, GimpDrawable *drawable, const SamJob *job, GError **error)
{
  gsize                  n_bytes = (gsize) source->mask_width * source->mask_height * 3;
  g_autoptr (GeglBuffer) buffer = NULL;
  g_autoptr (GBytes)     bytes = NULL;
  gboolean               alpha = gimp_drawable_has_alpha (drawable);
  Reading                reading = { source, alpha ? 4 : 3, NULL, alpha ? 0 : 255 };

  reading.pixels = g_try_malloc (n_bytes);
  if (reading.pixels == NULL)
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_NO_MEMORY, "a picture of %d x %d pixels",
                   source->mask_width, source->mask_height);
      return NULL;
    }
  bytes = g_bytes_new_take (reading.pixels, n_bytes);

  buffer = gimp_drawable_get_buffer (drawable);
  if (! read_bands (source, buffer, babl_format (alpha ? "R'G'B'A u8" : "R'G'B' u8"),
                    reading.channels, *GEGL_RECTANGLE (0, 0, source->width, source->height),
                    read_colours, &reading, job, error))
    return NULL;

  if (reading.most_opaque == 0)
    {
      g_set_error_literal (error, SA_ERROR, SA_ERROR_FAILED,
                           source->merged
                             ? _ ("The visible image is empty: show a layer that has content.")
                             : _ ("The layer is empty: choose one that has content."));
      return NULL;
    }

  return sam_image_new (source->mask_width, source->mask_height, bytes, error);
}

SamImage *
sa_source_read (SaSource *source, const SamJob *job, GError **error)
{
  return read_drawable (source, source->drawable, job, error);
}

/* What is in the same place of a copy of the image; NULL if it has changed. */
static GimpItem *
find_copy (GimpImage *copy, GimpItem *item)
{
  GimpItem  *parent = gimp_item_get_parent (item);
  int        position = gimp_image_get_item_position (gimp_item_get_image (item), item);
  GimpItem  *above = parent != NULL ? find_copy (copy, parent) : NULL;
  GimpItem **items = parent == NULL  ? (GimpItem **) gimp_image_get_layers (copy)
                     : above != NULL ? gimp_item_get_children (above)
                                     : NULL;
  GimpItem  *found = NULL;

  for (int i = 0; items != NULL && items[i] != NULL && found == NULL; i++)
    if (i == position)
      found = items[i];
  g_free (items);

  return found;
}

SamImage *
sa_source_read_copy (SaSource *source, const SamJob *job, GError **error)
{
  GimpImage *copy;
  GimpItem  *item;
  SamImage  *picture;

  /* what is merged is a copy */
  if (source->merged)
    return sa_source_read (source, job, error);

  /* cheap: GIMP's copies share their pixels until one is changed */
  copy = gimp_image_duplicate (source->image);
  item = copy != NULL ? find_copy (copy, GIMP_ITEM (source->drawable)) : NULL;
  if (item == NULL)
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_NO_MEMORY, "a copy of the image");
      picture = NULL;
    }
  else
    picture = read_drawable (source, GIMP_DRAWABLE (item), job, error);

  if (copy != NULL)
    gimp_image_delete (copy);

  return picture;
}

typedef struct
{
  const SaSource *source;
  GeglRectangle   area;     /* in the drawable's coordinates */
  uint8_t        *coverage; /* [mask_height, mask_width] */
  gboolean        any;
} Selecting;

static void
read_selected (const uint8_t *band, int y, int rows, gpointer data)
{
  Selecting *selecting = data;
  int        factor = selecting->source->factor;

  for (int row = 0; row < rows; row++)
    for (int x = 0; x < selecting->area.width; x++)
      {
        uint8_t value = band[(gsize) row * selecting->area.width + x];
        gsize   at = (gsize) ((selecting->area.y + y + row) / factor) *
                     selecting->source->mask_width +
                   (gsize) ((selecting->area.x + x) / factor);

        /* a box of pixels counts when any of it does */
        selecting->coverage[at] = MAX (selecting->coverage[at], value);
        selecting->any = selecting->any || value >= 128;
      }
}

SamMask *
sa_source_read_selection (SaSource *source, GError **error)
{
  GimpSelection         *selection = gimp_image_get_selection (source->image);
  g_autoptr (GeglBuffer) buffer = gimp_drawable_get_buffer (GIMP_DRAWABLE (selection));
  g_autofree uint8_t    *coverage = NULL;
  Selecting              selecting = { 0 };
  GeglRectangle          area;

  if (gimp_selection_is_empty (source->image) ||
      ! gegl_rectangle_intersect (&area,
                                  GEGL_RECTANGLE (source->x, source->y, source->width,
                                                  source->height),
                                  GEGL_RECTANGLE (0, 0, gimp_image_get_width (source->image),
                                                  gimp_image_get_height (source->image))))
    area.width = 0;

  if (area.width > 0)
    {
      coverage = g_try_malloc0 ((gsize) source->mask_width * source->mask_height);
      if (coverage == NULL)
        {
          g_set_error (error, SAM_ERROR, SAM_ERROR_NO_MEMORY, "a selection of %d x %d pixels",
                       source->mask_width, source->mask_height);
          return NULL;
        }

      selecting.source = source;
      selecting.coverage = coverage;
      selecting.area = *GEGL_RECTANGLE (area.x - source->x, area.y - source->y, area.width,
                                        area.height);
      if (! read_bands (source, buffer, babl_format ("Y u8"), 1, area, read_selected, &selecting,
                        NULL, error))
        return NULL;
    }

  if (! selecting.any)
    {
      g_set_error_literal (
        error, SA_ERROR, SA_ERROR_CALL,
        _ ("No part of the layer is selected: roughly select the object first."));
      return NULL;
    }

  return sam_mask_new_take (source->mask_width, source->mask_height, g_steal_pointer (&coverage));
}

gboolean
sa_source_convert_prompt (const SaSource  *source,
                          const SamPrompt *image_prompt,
                          SamPrompt       *prompt,
                          GError         **error)
{
  float factor = (float) source->factor;

  for (guint i = 0; i < image_prompt->points->len; i++)
    {
      SamPoint point = g_array_index (image_prompt->points, SamPoint, i);
      float    x = point.x_image - source->x, y = point.y_image - source->y;

      if (! isfinite (x) || ! isfinite (y) || x < 0 || y < 0 || x > source->width ||
          y > source->height)
        {
          g_set_error (error, SA_ERROR, SA_ERROR_CALL,
                       _ ("Point %u (%g, %g) is outside the layer, which extends from (%d, %d) to "
                          "(%d, %d): place it on the layer."),
                       i + 1, point.x_image, point.y_image, source->x, source->y,
                       source->x + source->width, source->y + source->height);
          return FALSE;
        }
      sam_prompt_add_point (prompt, x / factor, y / factor, point.label);
    }

  for (guint i = 0; i < image_prompt->boxes->len; i++)
    {
      SamBox box = g_array_index (image_prompt->boxes, SamBox, i);
      float  x0 = CLAMP (box.x0_image - source->x, 0, source->width);
      float  y0 = CLAMP (box.y0_image - source->y, 0, source->height);
      float  x1 = CLAMP (box.x1_image - source->x, 0, source->width);
      float  y1 = CLAMP (box.y1_image - source->y, 0, source->height);

      if (box.x1_image - box.x0_image > 0 && box.y1_image - box.y0_image > 0 &&
          ! (x1 - x0 > 0 && y1 - y0 > 0))
        {
          g_set_error (error, SA_ERROR, SA_ERROR_CALL,
                       _ ("Box %u (%g, %g, %g, %g) is outside the layer, which extends from (%d, "
                          "%d) to (%d, %d): draw it on the layer."),
                       i + 1, box.x0_image, box.y0_image, box.x1_image, box.y1_image, source->x,
                       source->y, source->x + source->width, source->y + source->height);
          return FALSE;
        }
      sam_prompt_add_box (prompt, x0 / factor, y0 / factor, x1 / factor, y1 / factor);
    }

  return TRUE;
}

SuiPlace
sa_source_get_place (const SaSource *source)
{
  return (SuiPlace) { source->factor, source->x, source->y };
}

void
sa_source_get_coverage (const SaSource *source,
                        const SamMask  *mask,
                        gboolean        hard,
                        int             x,
                        int             y,
                        int             width,
                        int             height,
                        uint8_t        *out)
{
  const uint8_t *coverage = sam_mask_get_coverage (mask);
  const int      columns = source->mask_width, rows = source->mask_height;
  const float    scale = 1.0f / source->factor;

  if (source->factor == 1)
    {
      for (int row = 0; row < height; row++)
        memcpy (out + (gsize) row * width, coverage + (gsize) (y + row) * columns + x,
                (gsize) width);
      return;
    }

  /* bilinear between the picture's pixel centres */
  for (int row = 0; row < height; row++)
    {
      float          sy = CLAMP ((y + row + 0.5f) * scale - 0.5f, 0.0f, (float) (rows - 1));
      int            y0 = (int) sy, y1 = MIN (y0 + 1, rows - 1);
      float          fy = sy - y0;
      const uint8_t *above = coverage + (gsize) y0 * columns,
                    *below = coverage + (gsize) y1 * columns;

      for (int column = 0; column < width; column++)
        {
          float sx = CLAMP ((x + column + 0.5f) * scale - 0.5f, 0.0f, (float) (columns - 1));
          int   x0 = (int) sx, x1 = MIN (x0 + 1, columns - 1);
          float fx = sx - x0;
          float top = above[x0] + fx * (above[x1] - above[x0]);
          float low = below[x0] + fx * (below[x1] - below[x0]);
          float value = top + fy * (low - top);

          out[(gsize) row * width + column] = hard ? (value >= 127.5f ? 255 : 0)
                                                   : (uint8_t) (value + 0.5f);
        }
    }
}
