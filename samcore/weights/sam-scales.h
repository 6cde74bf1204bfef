/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scales of int8 weights, our own form: NAME [rows, …] as signed bytes, and NAME.int8_scale
 * [rows], so that byte · scale is the value. */
#pragma once

#include "samcore/weights/sam-checkpoint-private.h"

G_BEGIN_DECLS

/* The metadata "quantisation" of such files, and how the names of their scales end. */
#define SAM_QUANTISATION "int8-rows"
#define SAM_SCALE_SUFFIX ".int8_scale"

/* In a file with int8 weights, hangs each scale on its tensor and takes it off the list. */
gboolean sam_scales_attach (SamCheckpoint *checkpoint, GError **error);

G_END_DECLS
