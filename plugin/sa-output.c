/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the core's mask to GIMP's items.
 *
 * Each output is built as an item that is not in the image yet, pixels included; only then, within
 * one undo group, it is put in. A selection is built in the selection's shadow, which one call
 * makes the selection. So a failure, or a killed plug-in, leaves the image as it was.
 *
 * Traps, each of which has crashed somebody: writing outside an item's extent kills the plug-in,
 * writing to a locked one too; channels hold perceptual values (Y') where masks and selections hold
 * linear ones (Y); an inserted channel becomes the active drawable.
 *
 * Coordinates: `extent` and `area` below are in the drawable's own; the image's are + (source->x,
 * source->y). */
#include "config.h"

#include "plugin/sa-output.h"

#include <string.h>

#include <gegl.h>

#include "samcore/sam-error.h"
#include "samcore/sam-everything.h"
#include "samcore/sam-outline.h"

#include "plugin/sa-error.h"
#include "plugin/sa-intl.h"

#define BAND_PIXELS (1 << 22)

/* Up to so many pixels of the image, a selection comes from its shadow. That is all or nothing, but
 * as dear as the whole image: beyond, it is made of the object alone, by a layer that is there for
 * a moment. */
#define SHADOW_PIXELS (G_GINT64_CONSTANT (64) << 20)

/* --- Locks
 * ------------------------------------------------------------------------------------------ */

/* The item, or the one above or below it, whose lock forbids to change the item's pixels. */
static GimpItem *
locked_child (GimpItem *item)
{
  GimpItem **children;
  GimpItem  *locked = NULL;

  if (gimp_item_get_lock_content (item))
    return item;
  if (! gimp_item_is_group (item))
    return NULL;

  children = gimp_item_get_children (item);
  for (int i = 0; children != NULL && children[i] != NULL && locked == NULL; i++)
    locked = locked_child (children[i]);
  g_free (children);

  return locked;
}

static GimpItem *
locked_parent (GimpItem *item)
{
  for (GimpItem *parent = gimp_item_get_parent (item); parent != NULL;
       parent = gimp_item_get_parent (parent))
    if (gimp_item_get_lock_content (parent))
      return parent;

  return NULL;
}

gboolean
sa_output_check (const SaSource *source, const SaRequest *request, GError **error)
{
  /* GIMP adds nothing to an image while one is there */
  if (gimp_image_get_floating_sel (source->image) != NULL)
    {
      g_set_error_literal (error, SA_ERROR, SA_ERROR_FAILED,
                           _ ("The image has a floating selection: anchor it first."));
      return FALSE;
    }

  if (request->output == SA_OUTPUT_LAYER_MASK)
    {
      g_autofree char *name = NULL;
      GimpItem        *locked = NULL;

      if (source->layer == NULL)
        {
          g_set_error_literal (error, SA_ERROR, SA_ERROR_CALL,
                               _ ("A channel cannot have a mask: select a layer."));
          return FALSE;
        }

      locked = locked_child (GIMP_ITEM (source->layer));
      if (locked == NULL)
        locked = locked_parent (GIMP_ITEM (source->layer));
      if (locked != NULL)
        {
          name = gimp_item_get_name (locked);
          g_set_error (error, SA_ERROR, SA_ERROR_FAILED,
                       _ ("The layer “%s” is locked: unlock its pixels, or choose another output."),
                       name);
          return FALSE;
        }
    }

  return TRUE;
}

/* --- Pixels
 * ----------------------------------------------------------------------------------------- */

/* Called for bands of rows of an area; coverage: [height, width]. */
typedef gboolean (*BandFunc) (const uint8_t       *coverage,
                              const GeglRectangle *band,
                              gpointer             data,
                              GError             **error);

static gboolean
for_each_band (const SaSource      *source,
               const SamMask       *mask,
               gboolean             hard,
               const GeglRectangle *area,
               BandFunc             func,
               gpointer             data,
               GError             **error)
{
  int                 rows = MAX (1, MIN (area->height, BAND_PIXELS / MAX (1, area->width)));
  g_autofree uint8_t *coverage = g_try_malloc ((gsize) rows * area->width);

  if (coverage == NULL)
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_NO_MEMORY, "%d rows of %d pixels", rows,
                   area->width);
      return FALSE;
    }

  for (int y = 0; y < area->height; y += rows)
    {
      GeglRectangle band = { area->x, area->y + y, area->width, MIN (rows, area->height - y) };

      sa_source_get_coverage (source, mask, hard, band.x, band.y, band.width, band.height,
                              coverage);
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

/**
 * Writing:
 * @x, @y: of the picture's corner in @buffer
 * @alpha: whether the coverage is to be the alpha of a layer
 * @old: (nullable): what @operation combines the mask with, of @buffer's size
 * @above, @below: scratch for that, a band each
 */
typedef struct
{
  GeglBuffer    *buffer;
  int            x, y;
  gboolean       alpha;
  GeglBuffer    *old;
  GimpChannelOps operation;
  float         *above, *below;
} Writing;

/* The same arithmetic as GIMP's selections have. */
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
write_alpha (const uint8_t       *coverage,
             const GeglRectangle *place,
             GeglBuffer          *buffer,
             GError             **error)
{
  gsize               n = (gsize) place->width * place->height;
  g_autofree uint8_t *pixels = g_try_malloc0 (2 * n);

  if (pixels == NULL)
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_NO_MEMORY, "%d rows of %d pixels", place->height,
                   place->width);
      return FALSE;
    }

  for (gsize i = 0; i < n; i++)
    pixels[2 * i + 1] = coverage[i];
  gegl_buffer_set (buffer, place, 0, babl_format ("YA u8"), pixels, GEGL_AUTO_ROWSTRIDE);

  return TRUE;
}

static gboolean
write_band (const uint8_t *coverage, const GeglRectangle *band, gpointer data, GError **error)
{
  Writing      *writing = data;
  GeglRectangle place = { band->x + writing->x, band->y + writing->y, band->width, band->height };
  const char   *encoding = babl_format_get_encoding (gegl_buffer_get_format (writing->buffer));
  /* so that 8-bit coverage stays as it is */
  gboolean perceptual = g_str_has_prefix (encoding, "Y'");
  gsize    n = (gsize) band->width * band->height;

  if (writing->alpha)
    return write_alpha (coverage, &place, writing->buffer, error);

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
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_NO_MEMORY, "a mask of %d rows", band->height);
      return FALSE;
    }

  gegl_buffer_get (writing->old, &place, 1.0, babl_format (perceptual ? "Y' float" : "Y float"),
                   writing->below, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
  for (gsize i = 0; i < n; i++)
    writing->above[i] = combine (writing->below[i], coverage[i] / 255.0f, writing->operation);
  gegl_buffer_set (writing->buffer, &place, 0, babl_format (perceptual ? "Y' float" : "Y float"),
                   writing->above, GEGL_AUTO_ROWSTRIDE);

  return TRUE;
}

static void
writing_clear (Writing *writing)
{
  g_clear_object (&writing->buffer);
  g_clear_object (&writing->old);
  g_clear_pointer (&writing->above, g_free);
  g_clear_pointer (&writing->below, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Writing, writing_clear)

/* A copy through memory: GEGL's own may use threads, which GIMP's pipe does not bear. */
static gboolean
copy_pixels (GeglBuffer *from, GeglBuffer *to, GError **error)
{
  const GeglRectangle all = *gegl_buffer_get_extent (to);
  const Babl         *format = gegl_buffer_get_format (to);
  int                 rows = MAX (1, MIN (all.height, BAND_PIXELS / all.width));
  g_autofree uint8_t *band = g_try_malloc ((gsize) rows * all.width *
                                           babl_format_get_bytes_per_pixel (format));

  if (band == NULL)
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_NO_MEMORY, "%d rows of %d pixels", rows, all.width);
      return FALSE;
    }

  for (int y = 0; y < all.height; y += rows)
    {
      GeglRectangle place = { all.x, all.y + y, all.width, MIN (rows, all.height - y) };

      gegl_buffer_get (from, &place, 1.0, format, band, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
      gegl_buffer_set (to, &place, 0, format, band, GEGL_AUTO_ROWSTRIDE);
    }

  return TRUE;
}

/* Where the mask is not 0, in the drawable's coordinates, cut to `limits`, which are in the
 * image's. */
static gboolean
covered_area (const SaSource      *source,
              const SamMask       *mask,
              const GeglRectangle *limits,
              GeglRectangle       *area)
{
  size_t x0, y0, x1, y1;
  int    factor = source->factor;
  /* interpolation reaches half a pixel of the mask farther */
  int margin = factor > 1 ? factor : 0;

  if (! sam_mask_get_bounds (mask, &x0, &y0, &x1, &y1))
    return FALSE;

  *area = *GEGL_RECTANGLE ((int) x0 * factor - margin, (int) y0 * factor - margin,
                           (int) (x1 - x0) * factor + 2 * margin,
                           (int) (y1 - y0) * factor + 2 * margin);

  return gegl_rectangle_intersect (area, area,
                                   GEGL_RECTANGLE (0, 0, source->width, source->height)) &&
         gegl_rectangle_intersect (area, area,
                                   GEGL_RECTANGLE (limits->x - source->x, limits->y - source->y,
                                                   limits->width, limits->height));
}

/* --- What is selected in the dialogs
 * ------------------------------------------------------------------ */

typedef struct
{
  GimpLayer   **layers;
  GimpChannel **channels;
} Selected;

static Selected
selected_get (GimpImage *image)
{
  return (Selected) { gimp_image_get_selected_layers (image),
                      gimp_image_get_selected_channels (image) };
}

static void
selected_restore (Selected *selected, GimpImage *image)
{
  if (selected->channels != NULL && selected->channels[0] != NULL)
    gimp_image_set_selected_channels (image, (const GimpChannel **) selected->channels);
  else if (selected->layers != NULL && selected->layers[0] != NULL)
    gimp_image_set_selected_layers (image, (const GimpLayer **) selected->layers);

  g_free (selected->layers);
  g_free (selected->channels);
}

/* --- The outputs
 * -------------------------------------------------------------------------------------- */

static void
refused (GError **error, const char *what)
{
  g_set_error (error, SA_ERROR, SA_ERROR_FAILED, _ ("GIMP could not make %s: %s"), what,
               gimp_pdb_get_last_error (gimp_get_pdb ()));
}

/* A channel of the image's size with the mask in it, not in the image yet. */
static GimpChannel *
new_channel (const SaSource      *source,
             const SamMask       *mask,
             gboolean             hard,
             const GeglRectangle *area,
             const char          *name,
             GError             **error)
{
  g_autoptr (GObject) colour = G_OBJECT (gegl_color_new ("red"));
  GimpChannel        *channel = gimp_channel_new (source->image, name,
                                                  gimp_image_get_width (source->image),
                                                  gimp_image_get_height (source->image), 50.0,
                                                  GEGL_COLOR (colour));
  g_auto (Writing)    writing = { NULL, source->x, source->y };

  if (channel == NULL)
    {
      refused (error, _ ("a channel"));
      return NULL;
    }

  writing.buffer = gimp_drawable_get_buffer (GIMP_DRAWABLE (channel));
  if (! for_each_band (source, mask, hard, area, write_band, &writing, error))
    {
      gimp_item_delete (GIMP_ITEM (channel));
      return NULL;
    }

  return channel;
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

/* The selection of an image that is not too large. */
static gboolean
set_selection (const SaSource      *source,
               const SamMask       *mask,
               const SaRequest     *request,
               const GeglRectangle *area,
               GError             **error)
{
  GimpDrawable    *selection = GIMP_DRAWABLE (gimp_image_get_selection (source->image));
  g_auto (Writing) writing = { NULL, source->x, source->y };
  gboolean         ok = TRUE;

  /* an old one might not be empty */
  gimp_drawable_free_shadow (selection);
  writing.buffer = gimp_drawable_get_shadow_buffer (selection);
  writing.operation = request->operation;
  if (request->operation != GIMP_CHANNEL_OP_REPLACE)
    {
      writing.old = gimp_drawable_get_buffer (selection);
      if (request->operation != GIMP_CHANNEL_OP_INTERSECT)
        ok = copy_pixels (writing.old, writing.buffer, error);
    }

  ok = ok && for_each_band (source, mask, request->edge == SA_EDGE_HARD, area, write_band, &writing,
                            error);
  if (ok)
    {
      gegl_buffer_flush (writing.buffer);
      ok = gimp_drawable_merge_shadow (selection, TRUE);
      if (! ok)
        refused (error, _ ("a selection"));
    }
  gimp_drawable_free_shadow (selection);

  return ok;
}

/* A layer of the object's size whose alpha is the mask, for the selection to be made of. A channel
 * would do as well, but when its insertion is undone, GIMP makes another channel active where there
 * is one, and the user's next stroke would go there. */
static GimpLayer *
new_alpha (const SaSource      *source,
           const SamMask       *mask,
           gboolean             hard,
           const GeglRectangle *area,
           GError             **error)
{
  GimpLayer *layer = gimp_layer_new (source->image, "Segment Anything", area->width, area->height,
                                     alpha_type (source->image), 100.0, GIMP_LAYER_MODE_NORMAL);
  g_auto (Writing) writing = { NULL, -area->x, -area->y, TRUE };

  if (layer == NULL)
    {
      refused (error, _ ("a selection"));
      return NULL;
    }

  gimp_layer_set_offsets (layer, area->x + source->x, area->y + source->y);
  gimp_item_set_visible (GIMP_ITEM (layer), FALSE);
  writing.buffer = gimp_drawable_get_buffer (GIMP_DRAWABLE (layer));
  if (! for_each_band (source, mask, hard, area, write_band, &writing, error))
    {
      gimp_item_delete (GIMP_ITEM (layer));
      return NULL;
    }

  return layer;
}

/* A layer's mask, not on the layer yet. Without an old mask all of the layer is shown, so adding to
 * it makes no sense: then the object is what is shown, and subtracting hides it. */
static GimpLayerMask *
new_layer_mask (const SaSource      *source,
                const SamMask       *mask,
                const SaRequest     *request,
                const GeglRectangle *area,
                GError             **error)
{
  GimpLayerMask   *old = gimp_layer_get_mask (source->layer);
  gboolean         subtract = request->operation == GIMP_CHANNEL_OP_SUBTRACT;
  GimpLayerMask   *made = gimp_layer_create_mask (source->layer, old == NULL && subtract
                                                                   ? GIMP_ADD_MASK_WHITE
                                                                   : GIMP_ADD_MASK_BLACK);
  g_auto (Writing) writing = { NULL };
  gboolean         ok = TRUE;
  int              x, y;

  if (made == NULL)
    {
      refused (error, _ ("a layer mask"));
      return NULL;
    }

  gimp_drawable_get_offsets (GIMP_DRAWABLE (source->layer), &x, &y);
  writing.buffer = gimp_drawable_get_buffer (GIMP_DRAWABLE (made));
  writing.x = source->x - x;
  writing.y = source->y - y;
  writing.operation = request->operation;

  if (old != NULL && request->operation != GIMP_CHANNEL_OP_REPLACE)
    {
      writing.old = gimp_drawable_get_buffer (GIMP_DRAWABLE (old));
      if (request->operation != GIMP_CHANNEL_OP_INTERSECT)
        ok = copy_pixels (writing.old, writing.buffer, error);
    }
  else if (subtract)
    writing.old = g_object_ref (writing.buffer);

  if (! ok || ! for_each_band (source, mask, request->edge == SA_EDGE_HARD, area, write_band,
                               &writing, error))
    {
      writing_clear (&writing);
      gimp_item_delete (GIMP_ITEM (made));
      return NULL;
    }

  return made;
}

/**
 * Cutting:
 * @format: of the new layer; its pixels are moved as they are, so that no precision is lost
 * @to_float, @from_float: of the last component, alpha, which is linear whatever the format
 * @limit: (nullable): the mask that the layer has already
 */
typedef struct
{
  GeglBuffer *from, *to, *limit;
  const Babl *format, *to_float, *from_float, *read_format;
  int read_bytes; /* per pixel, of what is read: without alpha for an opaque indexed layer */
} Cutting;

static gboolean
cut_band (const uint8_t *coverage, const GeglRectangle *band, gpointer data, GError **error)
{
  Cutting            *cutting = data;
  gsize               n = (gsize) band->width * band->height;
  gsize               bytes = (gsize) babl_format_get_bytes_per_pixel (cutting->format);
  gsize               size = bytes / (gsize) babl_format_get_n_components (cutting->format);
  g_autofree uint8_t *pixels = g_try_malloc (n * bytes);
  g_autofree uint8_t *raw = g_try_malloc (n * MAX (size, sizeof (float)));
  g_autofree float   *alpha = g_try_new (float, n);
  g_autofree float   *limit = g_try_new (float, n);

  if (pixels == NULL || raw == NULL || alpha == NULL || limit == NULL)
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_NO_MEMORY, "%d rows of %d pixels", band->height,
                   band->width);
      return FALSE;
    }

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

/* The object on a layer of its own, of the same size and place, not in the image yet. */
static GimpLayer *
new_layer (const SaSource      *source,
           const SamMask       *mask,
           gboolean             hard,
           const GeglRectangle *area,
           const char          *name,
           GError             **error)
{
  GimpLayer       *layer = gimp_layer_new (source->image, name, source->width, source->height,
                                           alpha_type (source->image), 100.0,
                                           gimp_image_get_default_new_layer_mode (source->image));
  GimpLayerMask   *limit = NULL;
  Cutting          cutting = { NULL };
  g_autofree char *component = NULL;
  gboolean         ok;

  if (layer == NULL)
    {
      refused (error, _ ("a layer"));
      return NULL;
    }

  gimp_layer_set_offsets (layer, source->x, source->y);

  cutting.from = gimp_drawable_get_buffer (source->drawable);
  cutting.to = gimp_drawable_get_buffer (GIMP_DRAWABLE (layer));
  cutting.format = gegl_buffer_get_format (cutting.to);
  cutting.read_format = cutting.format;
  /* an index is not a colour: never convert one (but groups and merged copies hold colours) */
  if (babl_format_is_palette (gegl_buffer_get_format (cutting.from)))
    cutting.read_format = gegl_buffer_get_format (cutting.from);
  cutting.read_bytes = babl_format_get_bytes_per_pixel (cutting.read_format);

  if (! source->merged && gimp_layer_get_apply_mask (source->layer))
    limit = gimp_layer_get_mask (source->layer);
  if (limit != NULL)
    cutting.limit = gimp_drawable_get_buffer (GIMP_DRAWABLE (limit));

  /* "Y u8", "Y half"…: linear, as alpha is, whatever the colours are */
  component = g_strconcat ("Y ",
                           babl_get_name (babl_format_get_type (
                             cutting.format, babl_format_get_n_components (cutting.format) - 1)),
                           NULL);
  cutting.to_float = babl_fish (babl_format (component), babl_format ("Y float"));
  cutting.from_float = babl_fish (babl_format ("Y float"), babl_format (component));

  ok = for_each_band (source, mask, hard, area, cut_band, &cutting, error);

  g_object_unref (cutting.from);
  g_object_unref (cutting.to);
  g_clear_object (&cutting.limit);

  if (! ok)
    {
      gimp_item_delete (GIMP_ITEM (layer));
      return NULL;
    }

  return layer;
}

/* The outline as Bezier strokes, not in the image yet. */
static GimpPath *
new_path (const SaSource *source, const SamMask *mask, const char *name, GError **error)
{
  g_autoptr (SamOutline) outline = sam_outline_new (mask, NULL, error);
  GimpPath              *path;

  if (outline == NULL)
    return NULL;

  path = gimp_path_new (source->image, name);
  if (path == NULL)
    {
      refused (error, _ ("a path"));
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

  return path;
}

/* --- Into the image
 * ----------------------------------------------------------------------------------- */

static gboolean
insert_layer_mask (const SaSource *source, GimpLayerMask *mask)
{
  gboolean editing = gimp_layer_get_mask (source->layer) != NULL &&
                     gimp_layer_get_edit_mask (source->layer);
  gboolean ok = gimp_layer_get_mask (source->layer) == NULL ||
                gimp_layer_remove_mask (source->layer, GIMP_MASK_DISCARD);

  ok = ok && gimp_layer_add_mask (source->layer, mask);
  if (ok)
    gimp_layer_set_edit_mask (source->layer, editing);

  return ok;
}

/* Just above its source, but not inside a group whose pixels are locked. */
static gboolean
insert_layer (const SaSource *source, GimpLayer *layer)
{
  GimpItem *above = GIMP_ITEM (source->layer);

  for (GimpItem *item = above; item != NULL; item = gimp_item_get_parent (item))
    {
      GimpItem *group = gimp_item_get_parent (item);

      if (group != NULL && gimp_item_get_lock_content (group))
        above = group;
    }

  return gimp_image_insert_layer (source->image, layer,
                                  above != NULL ? GIMP_LAYER (gimp_item_get_parent (above)) : NULL,
                                  above != NULL
                                    ? gimp_image_get_item_position (source->image, above)
                                    : 0);
}

static gboolean
insert_selection (const SaSource *source, GimpLayer *alpha, GimpChannelOps operation)
{
  gboolean ok;

  gimp_context_push ();
  gimp_context_set_feather (FALSE);

  /* only an item of the image can be selected */
  ok = insert_layer (source, alpha);
  if (ok)
    {
      ok = gimp_image_select_item (source->image, operation, GIMP_ITEM (alpha));
      gimp_image_remove_layer (source->image, alpha);
    }

  gimp_context_pop ();

  return ok;
}

gboolean
sa_output_apply (const SaSource  *source,
                 const SamMask   *mask,
                 const SaRequest *request,
                 const char      *name,
                 gint64          *n_pixels,
                 GimpItem       **item,
                 GError         **error)
{
  gboolean      hard = request->edge == SA_EDGE_HARD;
  GeglRectangle limits = { source->x, source->y, source->width, source->height };
  GeglRectangle area;
  GimpItem     *made = NULL;
  Selected      selected;
  gboolean      ok = FALSE;

  *n_pixels = 0;
  *item = NULL;

  if (request->output == SA_OUTPUT_SELECTION || request->output == SA_OUTPUT_CHANNEL)
    limits = *GEGL_RECTANGLE (0, 0, gimp_image_get_width (source->image),
                              gimp_image_get_height (source->image));
  else if (request->output == SA_OUTPUT_LAYER_MASK)
    {
      gimp_drawable_get_offsets (GIMP_DRAWABLE (source->layer), &limits.x, &limits.y);
      limits.width = gimp_drawable_get_width (GIMP_DRAWABLE (source->layer));
      limits.height = gimp_drawable_get_height (GIMP_DRAWABLE (source->layer));
    }

  if (covered_area (source, mask, &limits, &area) &&
      ! for_each_band (source, mask, hard, &area, count_band, n_pixels, error))
    return FALSE;
  if (*n_pixels == 0)
    {
      g_set_error_literal (
        error, SA_ERROR, SA_ERROR_FAILED,
        sam_mask_get_area (mask) == 0
          ? _ ("No object was found there: place the prompt elsewhere, or add to it.")
          : _ ("The object lies outside the image: enlarge the canvas, or choose another "
               "output."));
      return FALSE;
    }

  if (request->output == SA_OUTPUT_SELECTION &&
      (gint64) limits.width * limits.height <= SHADOW_PIXELS)
    return set_selection (source, mask, request, &area, error);

  switch (request->output)
    {
    case SA_OUTPUT_SELECTION:
      made = (GimpItem *) new_alpha (source, mask, hard, &area, error);
      break;
    case SA_OUTPUT_CHANNEL:
      made = (GimpItem *) new_channel (source, mask, hard, &area, name, error);
      break;
    case SA_OUTPUT_LAYER_MASK:
      made = (GimpItem *) new_layer_mask (source, mask, request, &area, error);
      break;
    case SA_OUTPUT_NEW_LAYER:
      made = (GimpItem *) new_layer (source, mask, hard, &area, name, error);
      break;
    case SA_OUTPUT_PATH:
      made = (GimpItem *) new_path (source, mask, name, error);
      break;
    }
  if (made == NULL)
    return FALSE;

  /* a visible channel would tint the image */
  if (request->output == SA_OUTPUT_CHANNEL)
    gimp_item_set_visible (made, FALSE);

  selected = selected_get (source->image);
  gimp_image_undo_group_start (source->image);

  switch (request->output)
    {
    case SA_OUTPUT_SELECTION:
      ok = insert_selection (source, GIMP_LAYER (made), request->operation);
      break;
    case SA_OUTPUT_CHANNEL:
      ok = gimp_image_insert_channel (source->image, GIMP_CHANNEL (made), NULL, 0);
      break;
    case SA_OUTPUT_LAYER_MASK:
      ok = insert_layer_mask (source, GIMP_LAYER_MASK (made));
      break;
    case SA_OUTPUT_NEW_LAYER:
      /* what is merged is no layer's: on top of all */
      ok = source->merged ? gimp_image_insert_layer (source->image, GIMP_LAYER (made), NULL, 0)
                          : insert_layer (source, GIMP_LAYER (made));
      break;
    case SA_OUTPUT_PATH:
      ok = gimp_image_insert_path (source->image, GIMP_PATH (made), NULL, 0);
      break;
    }

  selected_restore (&selected, source->image);
  gimp_image_undo_group_end (source->image);

  if (! ok)
    {
      refused (error, _ ("the output"));
      return FALSE;
    }

  if (request->output != SA_OUTPUT_SELECTION)
    *item = made;

  return TRUE;
}

/* One object as an item that is not in the image yet. */
static GimpItem *
new_object (const SaSource  *source,
            const SamObject *object,
            SaOutput         output,
            const char      *name,
            GError         **error)
{
  g_autoptr (SamMask) mask = sam_object_to_mask (object, error);
  GeglRectangle       limits = { source->x, source->y, source->width, source->height };
  GeglRectangle       area;
  GimpItem           *item;

  if (mask == NULL)
    return NULL;

  if (output == SA_OUTPUT_CHANNEL)
    limits = *GEGL_RECTANGLE (0, 0, gimp_image_get_width (source->image),
                              gimp_image_get_height (source->image));
  /* outside the canvas: an empty channel, so that there is one for each object */
  if (! covered_area (source, mask, &limits, &area))
    area = *GEGL_RECTANGLE (0, 0, 0, 0);

  if (output == SA_OUTPUT_NEW_LAYER)
    return (GimpItem *) new_layer (source, mask, TRUE, &area, name, error);

  item = (GimpItem *) new_channel (source, mask, TRUE, &area, name, error);
  if (item != NULL)
    gimp_item_set_visible (item, FALSE);

  return item;
}

GPtrArray *
sa_output_apply_objects (const SaSource  *source,
                         const GPtrArray *objects,
                         SaOutput         output,
                         GError         **error)
{
  g_autoptr (GPtrArray) items = g_ptr_array_new ();
  GimpGroupLayer       *group = NULL;
  Selected              selected;
  gboolean              ok = TRUE;

  for (guint i = 0; i < objects->len; i++)
    {
      g_autofree char *name = g_strdup_printf (_ ("Object %u"), i + 1);
      GimpItem *item = new_object (source, g_ptr_array_index (objects, i), output, name, error);

      if (item == NULL)
        {
          for (guint k = 0; k < items->len; k++)
            gimp_item_delete (g_ptr_array_index (items, k));
          return NULL;
        }
      g_ptr_array_add (items, item);
    }

  selected = selected_get (source->image);
  gimp_image_undo_group_start (source->image);

  if (output == SA_OUTPUT_NEW_LAYER)
    {
      group = gimp_group_layer_new (source->image, _ ("Objects"));
      ok = group != NULL &&
           (source->merged ? gimp_image_insert_layer (source->image, GIMP_LAYER (group), NULL, 0)
                           : insert_layer (source, GIMP_LAYER (group)));
    }
  for (guint i = 0; ok && i < items->len; i++)
    {
      GimpItem *item = g_ptr_array_index (items, i);

      ok = group != NULL
             ? gimp_image_insert_layer (source->image, GIMP_LAYER (item), GIMP_LAYER (group),
                                        (int) i)
             : gimp_image_insert_channel (source->image, GIMP_CHANNEL (item), NULL, (int) i);
    }

  selected_restore (&selected, source->image);
  gimp_image_undo_group_end (source->image);

  if (! ok)
    {
      refused (error, _ ("the output"));
      return NULL;
    }

  return g_steal_pointer (&items);
}
