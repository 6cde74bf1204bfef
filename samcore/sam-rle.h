/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A mask as run lengths, the way COCO has them: down the columns, from left to right, starting with
 * the pixels that are off (perhaps none). */
#pragma once

#include "samcore/sam-mask.h"

G_BEGIN_DECLS

typedef struct
{
  size_t    width, height;
  uint32_t *counts;
  size_t    n_counts;
} SamRle;

/* @mask: [height, width], on where not 0. FALSE when there is no memory. */
gboolean sam_rle_init (SamRle *rle, const uint8_t *mask, size_t width, size_t height);
void     sam_rle_clear (SamRle *rle);

size_t sam_rle_get_area (const SamRle *rle);
/* Sets the pixels that are on to 255; @mask: [height, width], zeros before */
void sam_rle_write (const SamRle *rle, uint8_t *mask);
/* COCO's compressed string. Free with g_free. */
char *sam_rle_to_string (const SamRle *rle);

G_END_DECLS
