/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the procedures do when they are called. */
#pragma once

#include <libgimp/gimp.h>

G_BEGIN_DECLS

/* GimpRunImageFunc of plug-in-segment-anything, -selection, -everything and -use-selection. */
GimpValueArray *sa_run_prompt (GimpProcedure       *procedure,
                               GimpRunMode          run_mode,
                               GimpImage           *image,
                               GimpDrawable       **drawables,
                               GimpProcedureConfig *config,
                               gpointer             data);
GimpValueArray *sa_run_selection (GimpProcedure       *procedure,
                                  GimpRunMode          run_mode,
                                  GimpImage           *image,
                                  GimpDrawable       **drawables,
                                  GimpProcedureConfig *config,
                                  gpointer             data);
GimpValueArray *sa_run_everything (GimpProcedure       *procedure,
                                   GimpRunMode          run_mode,
                                   GimpImage           *image,
                                   GimpDrawable       **drawables,
                                   GimpProcedureConfig *config,
                                   gpointer             data);
GimpValueArray *sa_run_use_selection (GimpProcedure       *procedure,
                                      GimpRunMode          run_mode,
                                      GimpImage           *image,
                                      GimpDrawable       **drawables,
                                      GimpProcedureConfig *config,
                                      gpointer             data);

G_END_DECLS
