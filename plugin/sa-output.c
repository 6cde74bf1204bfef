/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the core's mask into the image.
 *
 * Each output is built as an item that is not in the image yet, pixels included (sa-item); only
 * then, within one undo group, it is put in. A selection is built in the selection's shadow, which
 * one call makes the selection. So a failure, or a killed plug-in, leaves the image as it was.
 *
 * A trap: an inserted channel becomes the active drawable. */
#include "config.h"

#include "plugin/sa-output.h"

#include "samcore/sam-everything.h"

#include "plugin/sa-error.h"
#include "plugin/sa-intl.h"
#include "plugin/sa-item.h"

/* Up to so many pixels of the image, a selection comes from its shadow. That is all or nothing, but
 * as dear as the whole image: beyond, it is made of the object alone, by a layer that is there for
 * a moment. */
#define SHADOW_PIXELS (G_GINT64_CONSTANT (64) << 20)

/* --- Locks --- */

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

/* --- What is selected in the dialogs --- */

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

/* --- Where an output can be, in image coordinates --- */

static GeglRectangle
get_image_limits (const SaSource *source)
{
  return *GEGL_RECTANGLE (0, 0, gimp_image_get_width (source->image),
                          gimp_image_get_height (source->image));
}

static GeglRectangle
get_layer_limits (const SaSource *source)
{
  GimpDrawable *layer = GIMP_DRAWABLE (source->layer);
  GeglRectangle limits = { 0, 0, gimp_drawable_get_width (layer),
                           gimp_drawable_get_height (layer) };

  gimp_drawable_get_offsets (layer, &limits.x, &limits.y);

  return limits;
}

static GeglRectangle
get_drawable_limits (const SaSource *source)
{
  return *GEGL_RECTANGLE (source->x, source->y, source->width, source->height);
}

/* --- Into the image --- */

static gboolean
insert_layer_mask (const SaSource *source, GimpItem *mask, GimpChannelOps operation)
{
  gboolean editing = gimp_layer_get_mask (source->layer) != NULL &&
                     gimp_layer_get_edit_mask (source->layer);
  gboolean ok = gimp_layer_get_mask (source->layer) == NULL ||
                gimp_layer_remove_mask (source->layer, GIMP_MASK_DISCARD);

  ok = ok && gimp_layer_add_mask (source->layer, GIMP_LAYER_MASK (mask));
  if (ok)
    gimp_layer_set_edit_mask (source->layer, editing);

  return ok;
}

/* Just above its source, but not inside a group whose pixels are locked. */
static gboolean
insert_above_source (const SaSource *source, GimpLayer *layer)
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

/* What is merged is no layer's: on top of all. */
static gboolean
insert_result_layer (const SaSource *source, GimpItem *item, GimpChannelOps operation)
{
  return source->merged ? gimp_image_insert_layer (source->image, GIMP_LAYER (item), NULL, 0)
                        : insert_above_source (source, GIMP_LAYER (item));
}

static gboolean
insert_channel (const SaSource *source, GimpItem *item, GimpChannelOps operation)
{
  return gimp_image_insert_channel (source->image, GIMP_CHANNEL (item), NULL, 0);
}

static gboolean
insert_path (const SaSource *source, GimpItem *item, GimpChannelOps operation)
{
  return gimp_image_insert_path (source->image, GIMP_PATH (item), NULL, 0);
}

/* Only an item of the image can be selected: it is one for a moment. */
static gboolean
insert_selection (const SaSource *source, GimpItem *alpha, GimpChannelOps operation)
{
  gboolean ok;

  gimp_context_push ();
  gimp_context_set_feather (FALSE);

  ok = insert_above_source (source, GIMP_LAYER (alpha));
  if (ok)
    {
      ok = gimp_image_select_item (source->image, operation, alpha);
      gimp_image_remove_layer (source->image, GIMP_LAYER (alpha));
    }

  gimp_context_pop ();

  return ok;
}

/* The selection of an image that is not too large. */
static gboolean
set_selection (const SaPixels *pixels, GimpChannelOps operation, GError **error)
{
  const SaSource        *source = pixels->source;
  GimpDrawable          *selection = GIMP_DRAWABLE (gimp_image_get_selection (source->image));
  g_autoptr (GeglBuffer) buffer = NULL;
  g_autoptr (GeglBuffer) old = NULL;
  gboolean               ok;

  /* an old one might not be empty */
  gimp_drawable_free_shadow (selection);
  buffer = gimp_drawable_get_shadow_buffer (selection);
  if (operation != GIMP_CHANNEL_OP_REPLACE)
    old = gimp_drawable_get_buffer (selection);

  ok = sa_pixels_write (pixels, buffer, source->x, source->y, old, operation, error);
  if (ok)
    {
      gegl_buffer_flush (buffer);
      ok = gimp_drawable_merge_shadow (selection, TRUE);
      if (! ok)
        sa_item_refused (error, _ ("a selection"));
    }
  gimp_drawable_free_shadow (selection);

  return ok;
}

/* --- The outputs --- */

static const struct
{
  GeglRectangle (*get_limits) (const SaSource *source);
  SaItemFunc make;
  gboolean (*insert) (const SaSource *source, GimpItem *item, GimpChannelOps operation);
} kinds[] = {
  [SA_OUTPUT_SELECTION] = { get_image_limits, sa_item_new_alpha, insert_selection },
  [SA_OUTPUT_CHANNEL] = { get_image_limits, sa_item_new_channel, insert_channel },
  [SA_OUTPUT_LAYER_MASK] = { get_layer_limits, sa_item_new_layer_mask, insert_layer_mask },
  [SA_OUTPUT_NEW_LAYER] = { get_drawable_limits, sa_item_new_layer, insert_result_layer },
  [SA_OUTPUT_PATH] = { get_drawable_limits, sa_item_new_path, insert_path },
};

gboolean
sa_output_apply (const SaSource  *source,
                 const SamMask   *mask,
                 const SaRequest *request,
                 const char      *name,
                 gint64          *n_pixels,
                 GimpItem       **item,
                 GError         **error)
{
  GeglRectangle limits = kinds[request->output].get_limits (source);
  SaPixels      pixels;
  GimpItem     *made;
  Selected      selected;
  gboolean      ok;

  *item = NULL;
  sa_pixels_init (&pixels, source, mask, request->edge == SA_EDGE_HARD, &limits);
  if (! sa_pixels_count (&pixels, n_pixels, error))
    return FALSE;
  if (*n_pixels == 0)
    {
      g_set_error_literal (
        error, SA_ERROR, SA_ERROR_FAILED,
        sam_mask_get_area (mask) == 0
          ? _ ("No object was found there: move the prompt, or add to it.")
          : _ ("The object lies outside the image: enlarge the canvas, or choose another "
               "output."));
      return FALSE;
    }

  if (request->output == SA_OUTPUT_SELECTION &&
      (gint64) limits.width * limits.height <= SHADOW_PIXELS)
    return set_selection (&pixels, request->operation, error);

  made = kinds[request->output].make (&pixels, request->operation, name, error);
  if (made == NULL)
    return FALSE;

  selected = selected_get (source->image);
  gimp_image_undo_group_start (source->image);
  ok = kinds[request->output].insert (source, made, request->operation);
  selected_restore (&selected, source->image);
  gimp_image_undo_group_end (source->image);

  if (! ok)
    {
      sa_item_refused (error, _ ("the output"));
      return FALSE;
    }

  if (request->output != SA_OUTPUT_SELECTION)
    *item = made;

  return TRUE;
}

/* One object as an item that is not in the image yet; an empty one if it lies outside of the
 * canvas, so that there is one for each object. */
static GimpItem *
new_object (const SaSource  *source,
            const SamObject *object,
            SaOutput         output,
            const char      *name,
            GError         **error)
{
  g_autoptr (SamMask) mask = sam_object_to_mask (object, error);
  GeglRectangle       limits = kinds[output].get_limits (source);
  SaPixels            pixels;

  if (mask == NULL)
    return NULL;

  sa_pixels_init (&pixels, source, mask, TRUE, &limits);

  return kinds[output].make (&pixels, GIMP_CHANNEL_OP_REPLACE, name, error);
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
           insert_result_layer (source, GIMP_ITEM (group), GIMP_CHANNEL_OP_REPLACE);
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
      sa_item_refused (error, _ ("the output"));
      return NULL;
    }

  return g_steal_pointer (&items);
}
