/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plug-in-segment-anything-everything: all objects of a layer, as channels or as layers. */
#pragma once

#include <libgimp/gimp.h>

#include "samcore/sam-job.h"

G_BEGIN_DECLS

void sa_everything_add_arguments (GimpProcedure *procedure);

/* Without a dialog: of the arguments as they are. */
GimpValueArray *sa_everything_run (GimpProcedure       *procedure,
                                   GimpImage           *image,
                                   GimpDrawable       **drawables,
                                   GimpProcedureConfig *config,
                                   const SamJob        *job);

G_END_DECLS
