/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An item is made, filled, and given back; or deleted again when filling fails. */
#include "config.h"

#include "plugin/sa-item.h"

#include "samcore/sam-outline.h"

#include "plugin/sa-error.h"
#include "plugin/sa-intl.h"

void
sa_item_refused (GError **error, const char *what)
{
  g_set_error (error, SA_ERROR, SA_ERROR_FAILED, _ ("GIMP could not create %s: %s"), what,
               gimp_pdb_get_last_error (gimp_get_pdb ()));
}

/* @item, whose @buffer is let go first; nothing if it could not be filled. */
static GimpItem *
filled (gpointer item, GeglBuffer *buffer, gboolean ok)
{
  g_object_unref (buffer);
  if (! ok)
    gimp_item_delete (GIMP_ITEM (item));

  return ok ? GIMP_ITEM (item) : NULL;
}

static GimpImageType
alpha_type (GimpImage *image)
{
  switch (gimp_image_get_base_type (image))
    {
    case GIMP_GRAY:
      return GIMP_GRAYA_IMAGE;
    case GIMP_INDEXED:
      return GIMP_INDEXEDA_IMAGE;
    default:
      return GIMP_RGBA_IMAGE;
    }
}

/* A channel would do as well, but when its insertion is undone, GIMP makes another channel active
 * where there is one, and the user's next stroke would go there. */
GimpItem *
sa_item_new_alpha (const SaPixels *pixels,
                   GimpChannelOps  operation,
                   const char     *name,
                   GError        **error)
{
  const SaSource      *source = pixels->source;
  const GeglRectangle *area = &pixels->area;
  GimpLayer  *layer = gimp_layer_new (source->image, "Segment Anything", area->width, area->height,
                                      alpha_type (source->image), 100.0, GIMP_LAYER_MODE_NORMAL);
  GeglBuffer *buffer;

  if (layer == NULL)
    {
      sa_item_refused (error, _ ("a selection"));
      return NULL;
    }

  gimp_layer_set_offsets (layer, area->x + source->x, area->y + source->y);
  gimp_item_set_visible (GIMP_ITEM (layer), FALSE);
  buffer = gimp_drawable_get_buffer (GIMP_DRAWABLE (layer));

  return filled (layer, buffer, sa_pixels_write_alpha (pixels, buffer, -area->x, -area->y, error));
}

GimpItem *
sa_item_new_channel (const SaPixels *pixels,
                     GimpChannelOps  operation,
                     const char     *name,
                     GError        **error)
{
  const SaSource     *source = pixels->source;
  g_autoptr (GObject) colour = G_OBJECT (gegl_color_new ("red"));
  GimpChannel        *channel = gimp_channel_new (source->image, name,
                                                  gimp_image_get_width (source->image),
                                                  gimp_image_get_height (source->image), 50.0,
                                                  GEGL_COLOR (colour));
  GeglBuffer         *buffer;

  if (channel == NULL)
    {
      sa_item_refused (error, _ ("a channel"));
      return NULL;
    }

  /* a visible one would tint the image */
  gimp_item_set_visible (GIMP_ITEM (channel), FALSE);
  buffer = gimp_drawable_get_buffer (GIMP_DRAWABLE (channel));

  return filled (channel, buffer,
                 sa_pixels_write (pixels, buffer, source->x, source->y, NULL,
                                  GIMP_CHANNEL_OP_REPLACE, error));
}

/* Without an old mask all of the layer is shown, so adding to it makes no sense: then the object is
 * what is shown, and subtracting hides it. */
GimpItem *
sa_item_new_layer_mask (const SaPixels *pixels,
                        GimpChannelOps  operation,
                        const char     *name,
                        GError        **error)
{
  const SaSource        *source = pixels->source;
  GimpLayerMask         *before = gimp_layer_get_mask (source->layer);
  gboolean               white = before == NULL && operation == GIMP_CHANNEL_OP_SUBTRACT;
  GimpLayerMask         *mask = gimp_layer_create_mask (source->layer,
                                                white ? GIMP_ADD_MASK_WHITE : GIMP_ADD_MASK_BLACK);
  GeglBuffer            *buffer;
  g_autoptr (GeglBuffer) old = NULL;
  int                    x, y;

  if (mask == NULL)
    {
      sa_item_refused (error, _ ("a layer mask"));
      return NULL;
    }

  gimp_drawable_get_offsets (GIMP_DRAWABLE (source->layer), &x, &y);
  buffer = gimp_drawable_get_buffer (GIMP_DRAWABLE (mask));
  if (white)
    old = g_object_ref (buffer);
  else if (before != NULL && operation != GIMP_CHANNEL_OP_REPLACE)
    old = gimp_drawable_get_buffer (GIMP_DRAWABLE (before));

  return filled (mask, buffer,
                 sa_pixels_write (pixels, buffer, source->x - x, source->y - y, old, operation,
                                  error));
}

GimpItem *
sa_item_new_layer (const SaPixels *pixels,
                   GimpChannelOps  operation,
                   const char     *name,
                   GError        **error)
{
  const SaSource        *source = pixels->source;
  GimpLayerMode          mode = gimp_image_get_default_new_layer_mode (source->image);
  GimpLayer             *layer = gimp_layer_new (source->image, name, source->width, source->height,
                                                 alpha_type (source->image), 100.0, mode);
  GimpLayerMask         *mask = NULL;
  g_autoptr (GeglBuffer) from = NULL;
  GeglBuffer            *to;
  g_autoptr (GeglBuffer) limit = NULL;

  if (layer == NULL)
    {
      sa_item_refused (error, _ ("a layer"));
      return NULL;
    }

  gimp_layer_set_offsets (layer, source->x, source->y);
  from = gimp_drawable_get_buffer (source->drawable);
  to = gimp_drawable_get_buffer (GIMP_DRAWABLE (layer));
  if (! source->merged && gimp_layer_get_apply_mask (source->layer))
    mask = gimp_layer_get_mask (source->layer);
  if (mask != NULL)
    limit = gimp_drawable_get_buffer (GIMP_DRAWABLE (mask));

  return filled (layer, to, sa_pixels_cut (pixels, from, to, limit, error));
}

GimpItem *
sa_item_new_path (const SaPixels *pixels,
                  GimpChannelOps  operation,
                  const char     *name,
                  GError        **error)
{
  const SaSource        *source = pixels->source;
  g_autoptr (SamOutline) outline = sam_outline_new (pixels->mask, NULL, error);
  GimpPath              *path;

  if (outline == NULL)
    return NULL;

  path = gimp_path_new (source->image, name);
  if (path == NULL)
    {
      sa_item_refused (error, _ ("a path"));
      return NULL;
    }

  for (size_t i = 0; i < sam_outline_get_n_curves (outline); i++)
    {
      size_t             n;
      g_autofree double *points = sam_outline_fit (outline, i, 0.5, &n);

      for (size_t k = 0; k < 3 * n; k++)
        {
          points[2 * k] = points[2 * k] * source->factor + source->x;
          points[2 * k + 1] = points[2 * k + 1] * source->factor + source->y;
        }
      gimp_path_stroke_new_from_points (path, GIMP_PATH_STROKE_TYPE_BEZIER, 6 * n, points, TRUE);
    }

  gimp_item_set_visible (GIMP_ITEM (path), TRUE);

  return GIMP_ITEM (path);
}
