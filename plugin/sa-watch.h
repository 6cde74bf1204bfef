/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What becomes of an image, and of the layer that was read from it, while a window is open. */
#pragma once

#include "plugin/sa-source.h"

G_BEGIN_DECLS

/* What is new since the last time; several can be. */
typedef enum
{
  SA_NEWS_GONE = 1 << 0,    /* the image or the layer, told once */
  SA_NEWS_BACK = 1 << 1,    /* what was gone is there again */
  SA_NEWS_RESIZED = 1 << 2, /* told until the source is another */
  SA_NEWS_CHANGED = 1 << 3  /* it looks different, told once */
} SaNews;

/**
 * SaWatch:
 * @source: (nullable): what was read; follows the layer when that is moved
 * @gone: nothing of the image, or nothing of the source, can be asked for
 *
 * init, then clear. All on the main thread.
 */
typedef struct
{
  GimpImage *image;
  int        image_id;
  SaSource  *source;
  gboolean   gone;

  char    *seen; /* a hash of how the source looked */
  gboolean told_changed;
  guint    n_polls;
} SaWatch;

void sa_watch_init (SaWatch *watch, GimpImage *image);
void sa_watch_clear (SaWatch *watch);

gboolean sa_watch_has_image (const SaWatch *watch);

/* @source: (nullable): from now on; as it looks now is how it was read. */
void sa_watch_set_source (SaWatch *watch, SaSource *source);

/* What has just been done to the image is no news. */
void sa_watch_accept (SaWatch *watch);

SaNews sa_watch_poll (SaWatch *watch);

G_END_DECLS
