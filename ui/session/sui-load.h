/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a session gets its models from. */
#pragma once

#include "samcore/sam-predictor.h"

G_BEGIN_DECLS

/* @model: a name or file, "" for the default. Called in the worker's thread. */
typedef SamPredictor *(*SuiLoad) (const char *model, const SamJob *job, GError **error);

/* From the catalogue: @data of what it gives is a SamModel. */
SamPredictor *sui_load (const char *model, const SamJob *job, GError **error);

G_END_DECLS
