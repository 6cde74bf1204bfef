/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The search for all objects with something that stands for a model, for tests. Internal. */
#pragma once

#include "samcore/sam-everything.h"
#include "samcore/sam-predictor.h"

G_BEGIN_DECLS

/* As sam_everything(), without close-ups; SAM_EVERYTHING_SUITABLE means the reference's numbers. */
GPtrArray *sam_everything_predict (const SamPredictor         *predictor,
                                   SamImage                   *image,
                                   const SamEverythingOptions *options,
                                   const SamJob               *job,
                                   GError                    **error);

G_END_DECLS
