/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures with true masks, in sets. Internal to the command line.
 *
 *   DIR/SET/NAME.jpg|png        a picture; a set is a subfolder, and DIR itself if it holds
 *                               pictures
 *   DIR/SET/NAME_k.png          the true mask of its k-th object, on above 127
 *   DIR/SET/NAME_ignore.png     (optional) pixels to leave out */
#pragma once

#include "samcore/sam-mask.h"

typedef struct
{
  char      *name; /* without folder and ending */
  char      *path;
  GPtrArray *masks; /* file names in the set's folder, in the order of their numbers */
} SamSample;

typedef struct
{
  char      *name; /* of the folder */
  char      *path;
  GPtrArray *samples; /* of SamSample, at least one, by name */
} SamPictureSet;

/* (transfer full) (element-type SamPictureSet): NULL with SAM_ERROR_BAD_FILE when there are no
 * pictures with masks, or the error of a folder that cannot be read. */
GPtrArray *sam_picture_sets_open (const char *directory, GError **error);

/* (transfer full): NULL with SAM_ERROR_BAD_IMAGE when the mask has another size. */
SamMask *sam_picture_set_read_mask (const char *path, size_t width, size_t height, GError **error);
/* The same as a hard mask, off where @ignore (nullable) is on, so that no click is placed there. */
SamMask *sam_picture_set_read_truth (const char    *path,
                                     const SamMask *ignore,
                                     size_t         width,
                                     size_t         height,
                                     GError       **error);
