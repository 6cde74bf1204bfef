/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a request to a mask, without a window. */
#pragma once

#include "plugin/sa-request.h"
#include "plugin/sa-source.h"
#include "ui/session/sui-object.h"

G_BEGIN_DECLS

/**
 * sa_segment_read_prompt:
 *
 * All that @request says about the object, the image's selection included, in the picture's
 * coordinates. It is the same whether it was said as text, in numbers or in a window.
 */
SuiState *sa_segment_read_prompt (SaSource *source, const SaRequest *request, GError **error);

/**
 * sa_segment:
 * @iou: (out): the model's estimate of the mask's quality
 *
 * Reads the picture, encodes it (or takes it from the cache), answers the prompt and finishes the
 * mask. Nothing of the image changes.
 */
SamMask *sa_segment (SaSource        *source,
                     const SaRequest *request,
                     const SamJob    *job,
                     double          *iou,
                     GError         **error);

/**
 * sa_segment_finish:
 * @mask: taken over
 * @picture: for the matte's colours
 * @factor: of the source: lengths and areas of @request are in the drawable's pixels
 *
 * sam_mask_finish() with the matte, if @request asks for one. May run on any thread.
 */
SamMask *sa_segment_finish (SamMask         *mask,
                            SamImage        *picture,
                            const SaRequest *request,
                            int              factor,
                            const SamJob    *job,
                            GError         **error);

G_END_DECLS
