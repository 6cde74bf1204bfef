/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A mask as run lengths, in COCO's order: down the columns, from left to right, beginning with a
 * run of pixels that are off, which may be empty. */
#pragma once

#include "samcore/sam-mask.h"

G_BEGIN_DECLS

/**
 * SamRle:
 * @counts: [n_counts]: lengths of runs, off and on in turn, whose sum is width * height
 *
 * Allocated by the caller, between sam_rle_init() and sam_rle_clear().
 */
typedef struct
{
  size_t    width, height;
  uint32_t *counts;
  size_t    n_counts;
} SamRle;

/* @mask: [height, width], on where it is not 0. FALSE if there is no memory. */
gboolean sam_rle_init (SamRle *rle, const uint8_t *mask, size_t width, size_t height);
void     sam_rle_clear (SamRle *rle);

/* The number of pixels that are on. */
size_t sam_rle_get_area (const SamRle *rle);
/* Sets the pixels that are on to 255. @mask: [height, width], zeros before */
void sam_rle_write (const SamRle *rle, uint8_t *mask);
/* (transfer full): COCO's compressed string. Free with g_free(). */
char *sam_rle_to_string (const SamRle *rle);

G_END_DECLS
