/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Quality on pictures with true masks. Internal to the command line.
 *
 *   DIR/SET/NAME.jpg|png        a picture; a set is a subfolder, and DIR itself if it holds
 *                               pictures
 *   DIR/SET/NAME_k.png          the true mask of its k-th object, on above 127
 *   DIR/SET/NAME_ignore.png     (optional) pixels to leave out
 *
 * Distances are exact Euclidean ones; the innermost pixel of a region is the one farthest from all
 * pixels outside it, the picture's surroundings included (the first in reading order). */
#pragma once

#include "samcore/sam-predictor.h"

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

typedef struct
{
  const char *set;
  size_t      n_pictures, n_objects;
  double      mean[SAM_N_METRICS]; /* NAN: not measured */
} SamScores;

typedef void (*SamScoresFunc) (const SamScores *scores, gpointer data);

/**
 * sam_evaluate: @predictor: (nullable): NULL to score the masks in @predictions @against:
 * (nullable): a model to compare @predictor's with; it takes the same logits as earlier answers
 * @predictions: (nullable): a folder with another program's masks, as SET/NAME_k.png or NAME_k.png
 * @max_pictures: per set; 0 for all @done: called for each set, and at the end for the mean of the
 * sets, whose name is "mean"
 */
gboolean sam_evaluate (const char         *directory,
                       const SamPredictor *predictor,
                       const SamPredictor *against,
                       const char         *predictions,
                       size_t              max_pictures,
                       SamScoresFunc       done,
                       gpointer            data,
                       const SamJob       *job,
                       GError            **error);

/* The parts, for tests. All masks [height, width], on >= 128; ignore may be NULL. */
double sam_measure_iou (const uint8_t *a,
                        const uint8_t *b,
                        const uint8_t *ignore,
                        size_t         width,
                        size_t         height);
double sam_measure_boundary_iou (const uint8_t *a,
                                 const uint8_t *b,
                                 const uint8_t *ignore,
                                 size_t         width,
                                 size_t         height);
/* Squared distance of the innermost pixel, 0 for an empty region. */
gint64
sam_find_innermost (const uint8_t *region, size_t width, size_t height, size_t *x, size_t *y);
/* Spearman's rank correlation, ties sharing their mean rank; NAN when one side is all the same. */
double sam_rank_correlation (const double *a, const double *b, size_t n);
