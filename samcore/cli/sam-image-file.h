/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures and masks in files and standard streams, by GdkPixbuf. Internal to the command line. */
#pragma once

#include "samcore/sam-image.h"
#include "samcore/sam-mask.h"

/**
 * sam_picture_read:
 * @path: a picture that GdkPixbuf can read, or "-" for standard input
 *
 * Turned the way its EXIF orientation says; transparency laid over white, because colours below it
 * are arbitrary. SAM_ERROR_BAD_FILE, SAM_ERROR_BAD_IMAGE.
 */
SamImage *sam_picture_read (const char *path, GError **error);

/* The same, as gray levels: a mask of any size. */
SamMask *sam_picture_read_mask (const char *path, GError **error);

/* Can a picture (with transparency, if @alpha) be written under this name? By its ending; "-" is a
 * PNG. */
gboolean sam_picture_check_output (const char *path, gboolean alpha, GError **error);

/* Written whole or not at all; "-" is standard output. */
gboolean sam_picture_write_mask (const SamMask *mask, const char *path, GError **error);
/* The picture, what is off the object dimmed, the edge traced. */
gboolean sam_picture_write_overlay (const SamImage *image,
                                    const SamMask  *mask,
                                    const char     *path,
                                    GError        **error);
/* The picture with the mask as its transparency. */
gboolean sam_picture_write_cutout (const SamImage *image,
                                   const SamMask  *mask,
                                   const char     *path,
                                   GError        **error);

/* Whether there is a folder for a file to write, before the work begins. */
gboolean sam_output_check (const char *path, GError **error);

/* Any data into a file, whole or not at all, or to standard output for "-". */
gboolean sam_output_write (const char *path, const void *data, size_t size, GError **error);
