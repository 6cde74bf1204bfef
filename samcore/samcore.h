/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Everything that a user of samcore needs:
 *
 *   picture ──▶ SamImage ──▶ SamScene ──▶ SamLogits ──▶ SamMask
 *          sam_image_new  sam_model_encode  sam_model_predict  sam_mask_new_from_logits
 *                                               ▲
 *                                           SamPrompt
 *
 * SamModel, SamImage, SamEmbedding, SamLogits and SamMask never change once made and may be shared
 * between threads. So may a SamScene, which holds an embedding and keeps parts of the picture for
 * the next click. A function that can fail takes a GError, sets it and returns NULL or FALSE; a
 * long one takes a SamJob, through which it can be cancelled and reports its progress. */
#pragma once

#include "samcore/sam-cache.h"
#include "samcore/sam-candidate.h"
#include "samcore/sam-catalogue.h"
#include "samcore/sam-convert.h"
#include "samcore/sam-embedding.h"
#include "samcore/sam-error.h"
#include "samcore/sam-everything.h"
#include "samcore/sam-image.h"
#include "samcore/sam-install.h"
#include "samcore/sam-job.h"
#include "samcore/sam-logits.h"
#include "samcore/sam-mask.h"
#include "samcore/sam-mask-finish.h"
#include "samcore/sam-model.h"
#include "samcore/sam-outline.h"
#include "samcore/sam-parallel.h"
#include "samcore/sam-prompt.h"
#include "samcore/sam-scene.h"
#include "samcore/sam-version.h"
