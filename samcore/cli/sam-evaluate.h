/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Quality on pictures with true masks (sam-picture-set.h), measured as sam-metrics.h says. Internal
 * to the command line. */
#pragma once

#include "samcore/cli/sam-metrics.h"
#include "samcore/sam-predictor.h"

typedef struct
{
  const char *set;
  size_t      n_pictures, n_objects;
  double      mean[SAM_N_METRICS]; /* NAN: not measured */
} SamScores;

typedef void (*SamScoresFunc) (const SamScores *scores, gpointer data);

/**
 * sam_evaluate:
 * @directory: with the sets, as sam_picture_sets_open() takes it
 * @predictor: (nullable): NULL to score the masks in @predictions
 * @against: (nullable): a model to compare @predictor's with; it takes the same logits as earlier
 *   answers
 * @predictions: (nullable): a folder with another program's masks, as SET/NAME_k.png or NAME_k.png
 * @max_pictures: of each set; 0: all
 * @done: called after each set, and at the end for the mean of the sets, whose name is "mean"
 *
 * FALSE with the error of what failed: a file, the model, or G_IO_ERROR_CANCELLED.
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
