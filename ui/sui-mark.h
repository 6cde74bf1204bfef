/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prompts on the screen: how they look, and which one is under the pointer. */
#pragma once

#include <cairo.h>

#include "ui/session/sui-prompt.h"
#include "ui/sui-sight.h"

G_BEGIN_DECLS

/* @marked: the pointer is on it; @alpha: less than 1 for what is not to be changed. */
void sui_mark_draw (cairo_t         *cr,
                    const SuiSight  *sight,
                    const SuiPrompt *prompt,
                    gboolean         marked,
                    double           alpha);

/* What is being drawn, before it is a prompt; coordinates are the picture's, a stroke's width the
 * widget's. xy: [n, 2] */
void sui_mark_draw_box (cairo_t        *cr,
                        const SuiSight *sight,
                        double          x0,
                        double          y0,
                        double          x1,
                        double          y1,
                        int             label);
void sui_mark_draw_stroke (cairo_t        *cr,
                           const SuiSight *sight,
                           const float    *xy,
                           size_t          n,
                           double          width,
                           int             label);
void sui_mark_draw_lasso (cairo_t *cr, const SuiSight *sight, const float *xy, size_t n, int label);

/* The prompt at a place of the widget, the newest first and points before all others; -1 for none.
 * @corner becomes that of a box, or -1. */
int
sui_mark_find (const GPtrArray *prompts, const SuiSight *sight, double x, double y, int *corner);

G_END_DECLS
