/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The window and GIMP: the layer's picture in, the mask into the image, and an eye on what changes meanwhile. */
#pragma once

#include <libgimp/gimp.h>

G_BEGIN_DECLS

/* The temporary procedure by which plug-in-segment-anything-use-selection reaches an open window. */
#define SA_WINDOW_PROCEDURE "plug-in-segment-anything-window-use-selection"

/**
 * sa_window_run:
 * @config: where the window's settings begin, and are put when something was applied
 *
 * Opens the window and returns when it is closed: GIMP_PDB_SUCCESS when something was applied,
 * GIMP_PDB_CANCEL when not, an error when there is nothing to open it on.
 */
GimpValueArray *sa_window_run (GimpProcedure *procedure, GimpImage *image, GimpDrawable **drawables,
                               GimpProcedureConfig *config);

G_END_DECLS
