/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opacity at hairy and blurred edges, from the colours on both sides. */
#pragma once

#include "samcore/sam-image.h"
#include "samcore/sam-mask.h"

G_BEGIN_DECLS

/* SA_ERROR_FAILED when this GEGL has no matting. May run on any thread: it touches no drawable. */
SamMask *sa_matte (SamImage *picture, const SamMask *mask, const SamJob *job, GError **error);

G_END_DECLS
