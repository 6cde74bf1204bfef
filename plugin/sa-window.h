/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The window in GIMP: what ui/ asks for, done to an image. */
#pragma once

#include <libgimp/gimp.h>

G_BEGIN_DECLS

/**
 * sa_window_run:
 * @config: where the window's settings begin, and are put when something was applied; prompts are
 *   not kept
 *
 * Opens the window and returns when it is closed: GIMP_PDB_SUCCESS when something was applied,
 * GIMP_PDB_CANCEL when not, an error when there is nothing to open it on.
 */
GimpValueArray *sa_window_run (GimpProcedure       *procedure,
                               GimpImage           *image,
                               GimpDrawable       **drawables,
                               GimpProcedureConfig *config);

/* The temporary procedure by which plug-in-segment-anything-use-selection reaches the window that
 * is open on @image. Free with g_free. */
char *sa_window_get_procedure_name (GimpImage *image);

G_END_DECLS
