/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the picture comes from: a layer, a group or the visible image, and where it lies in the
 * image. */
#pragma once

#include <libgimp/gimp.h>

#include "samcore/sam-image.h"
#include "samcore/sam-job.h"
#include "samcore/sam-mask.h"
#include "samcore/sam-prompt.h"
#include "ui/session/sui-prompt.h"

G_BEGIN_DECLS

/**
 * SaSource:
 * @drawable: whose pixels are read
 * @layer: (nullable): the layer that a mask or a cut-out belongs to; NULL when a channel is active
 *   and the visible image is used
 * @x, @y: the drawable's top left corner in image coordinates
 * @factor: huge drawables are read at 1 / factor of their size; 1 otherwise
 * @mask_width, @mask_height: the size of the picture, and so of its masks
 *
 * init, then clear. All on the main thread.
 */
typedef struct
{
  GimpImage    *image;
  GimpDrawable *drawable;
  GimpLayer    *layer;
  gboolean      merged;
  GimpLayer    *temporary_layer;
  GimpImage    *temporary_image;
  int           x, y;
  int           width, height;
  int           factor;
  int           mask_width, mask_height;
} SaSource;

/**
 * sa_source_init:
 * @drawables: (array zero-terminated=1): what the procedure was given
 *
 * FALSE, with nothing to clear, when that is not one layer (or a layer's mask, which stands for its
 * layer), or when it is too small to have an object in it.
 */
gboolean sa_source_init (SaSource      *source,
                         GimpImage     *image,
                         GimpDrawable **drawables,
                         gboolean       merged,
                         GError       **error);
void     sa_source_clear (SaSource *source);

/* The pixels, transparency laid over white. SA_ERROR_FAILED when all is transparent. */
SamImage *sa_source_read (SaSource *source, const SamJob *job, GError **error);
/* The same from a copy, for a caller who lets people at the image meanwhile: to read pixels of what
 * is closed, deleted or resized would end the plug-in. */
SamImage *sa_source_read_copy (SaSource *source, const SamJob *job, GError **error);

/* The image's selection as the picture's mask; NULL when it selects nothing of the picture. */
SamMask *sa_source_read_selection (SaSource *source, GError **error);

/**
 * sa_source_convert_prompt:
 * @image_prompt: in image coordinates
 * @prompt: (out): to be initialised; gains the same in the picture's coordinates
 *
 * Boxes are cut to the picture. FALSE with a sentence that names the first point, or box, that lies
 * outside.
 */
gboolean sa_source_convert_prompt (const SaSource  *source,
                                   const SamPrompt *image_prompt,
                                   SamPrompt       *prompt,
                                   GError         **error);

/* Where the picture lies in the image. */
SuiPlace sa_source_get_place (const SaSource *source);

/* What @mask covers of a piece of the drawable, in the drawable's pixels, whatever the factor.
 * out: [height, width] */
void sa_source_get_coverage (const SaSource *source,
                             const SamMask  *mask,
                             gboolean        hard,
                             int             x,
                             int             y,
                             int             width,
                             int             height,
                             uint8_t        *out);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SaSource, sa_source_clear)

G_END_DECLS
