/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Measures of how good masks are. Internal to the command line.
 *
 * All masks are [height, width], on from 128; pixels where @ignore (nullable) is on do not count.
 * Distances are exact Euclidean ones. */
#pragma once

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

/* Means over the objects of a set, if nothing else is said. */
typedef enum
{
  SAM_METRIC_CLICK1, /* IoU after a click at the innermost pixel, the candidate shown first */
  SAM_METRIC_CLICK1_ORACLE, /* the same, the best of the candidates */
  SAM_METRIC_CLICK3, /* IoU after three clicks, each at the innermost pixel of the largest error */
  SAM_METRIC_CLICK5,
  SAM_METRIC_BOX,             /* IoU for the tight box */
  SAM_METRIC_BOUNDARY_CLICK5, /* boundary IoU, 2 % of the diagonal wide (arXiv:2103.16562) */
  SAM_METRIC_BOUNDARY_BOX,
  SAM_METRIC_NOC85, /* clicks to an IoU of 0.85, 20 at most */
  SAM_METRIC_NOC90,
  SAM_METRIC_IOU_RANK_CORRELATION, /* Spearman's, over all candidates of first clicks */
  SAM_METRIC_IOU,                  /* of another program's masks */
  SAM_METRIC_BOUNDARY_IOU,
  SAM_METRIC_AGREEMENT,     /* IoU with another model's mask, over five clicks and the box */
  SAM_METRIC_AGREEMENT_MIN, /* not a mean: the least of them */
  SAM_METRIC_IOU_CHANGE, /* over the same prompts: IoU with the true mask, less the other model's */
  SAM_N_METRICS
} SamMetric;

/* "click1", … */
const char *sam_metric_get_name (SamMetric metric);

/* In [0, 1]; 1 for two empty masks. */
double sam_measure_iou (const uint8_t *a,
                        const uint8_t *b,
                        const uint8_t *ignore,
                        size_t         width,
                        size_t         height);
/* The same, of the pixels within 2 % of the picture's diagonal of the masks' borders, inside. */
double sam_measure_boundary_iou (const uint8_t *a,
                                 const uint8_t *b,
                                 const uint8_t *ignore,
                                 size_t         width,
                                 size_t         height);

/**
 * sam_find_innermost:
 * @x: (out): column of the innermost pixel of @region; untouched for an empty region
 * @y: (out): its row
 *
 * The innermost pixel is the one farthest from all pixels outside the region, the picture's
 * surroundings included; of several the first in reading order.
 *
 * Returns: the square of its distance; 0 for an empty region
 */
gint64
sam_find_innermost (const uint8_t *region, size_t width, size_t height, size_t *x, size_t *y);

/* Spearman's rank correlation of a and b [n], ties sharing their mean rank; NAN when one side is
 * all the same. */
double sam_rank_correlation (const double *a, const double *b, size_t n);
