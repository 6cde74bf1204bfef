/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GIMP tells nothing about what happens to the image, so it is looked at again and again: closed,
 * layer deleted, resized, moved, painted on. An id that is not valid any more is never used: such a
 * call would end the plug-in. */
#include "config.h"

#include "plugin/sa-watch.h"

#define THUMBNAIL 128

/* How the layer looks is dearer to find out than where it is. */
#define POLLS_PER_LOOK 4

/* A hash of how the layer, or the visible image, looks in small. */
static char *
look_at (const SaWatch *watch)
{
  const SaSource    *source = watch->source;
  int                width = THUMBNAIL, height = THUMBNAIL, bpp;
  g_autoptr (GBytes) bytes = NULL;

  if (source->merged || source->layer == NULL)
    bytes = gimp_image_get_thumbnail_data (watch->image, &width, &height, &bpp);
  else
    bytes = gimp_drawable_get_thumbnail_data (GIMP_DRAWABLE (source->layer), THUMBNAIL, THUMBNAIL,
                                              &width, &height, &bpp);

  return bytes != NULL ? g_compute_checksum_for_bytes (G_CHECKSUM_SHA1, bytes) : NULL;
}

static gboolean
has_other_size (const SaWatch *watch)
{
  const SaSource *source = watch->source;

  if (source->merged)
    return gimp_image_get_width (watch->image) != source->width ||
           gimp_image_get_height (watch->image) != source->height;

  return gimp_drawable_get_width (GIMP_DRAWABLE (source->layer)) != source->width ||
         gimp_drawable_get_height (GIMP_DRAWABLE (source->layer)) != source->height;
}

void
sa_watch_init (SaWatch *watch, GimpImage *image)
{
  *watch = (SaWatch) { .image = image, .image_id = gimp_image_get_id (image) };
}

void
sa_watch_clear (SaWatch *watch)
{
  g_free (watch->seen);
  *watch = (SaWatch) { 0 };
}

gboolean
sa_watch_has_image (const SaWatch *watch)
{
  return gimp_image_id_is_valid (watch->image_id);
}

void
sa_watch_set_source (SaWatch *watch, SaSource *source)
{
  watch->source = source;
  if (source == NULL)
    return;

  g_free (watch->seen);
  watch->seen = look_at (watch);
  watch->told_changed = FALSE;
}

void
sa_watch_accept (SaWatch *watch)
{
  /* what was put in is seen in a merged source only */
  if (! watch->source->merged || watch->told_changed)
    return;

  g_free (watch->seen);
  watch->seen = look_at (watch);
}

SaNews
sa_watch_poll (SaWatch *watch)
{
  SaSource *source = watch->source;
  gboolean  was_gone = watch->gone;
  SaNews    news = 0;

  watch->gone = ! sa_watch_has_image (watch) || (source != NULL && source->layer != NULL &&
                                                 ! gimp_item_is_valid (GIMP_ITEM (source->layer)));
  if (watch->gone)
    return was_gone ? 0 : SA_NEWS_GONE;
  if (was_gone)
    news |= SA_NEWS_BACK;

  if (source == NULL)
    return news;

  if (has_other_size (watch))
    return news | SA_NEWS_RESIZED;
  /* moved: the picture is the same, only elsewhere in the image */
  if (! source->merged)
    gimp_drawable_get_offsets (GIMP_DRAWABLE (source->layer), &source->x, &source->y);

  if (! watch->told_changed && ++watch->n_polls % POLLS_PER_LOOK == 0)
    {
      g_autofree char *now = look_at (watch);

      if (g_strcmp0 (now, watch->seen) != 0)
        {
          watch->told_changed = TRUE;
          news |= SA_NEWS_CHANGED;
        }
    }

  return news;
}
