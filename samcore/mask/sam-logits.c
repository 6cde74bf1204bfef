/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SamLogits: what the decoder answered for one prompt.
 *
 *   values [n_candidates, side, side]   iou [n_candidates]   stability [n_candidates] */
#include "config.h"

#include "samcore/sam-logits.h"

#include <math.h>

#include "samcore/kernels/sam-kernels.h"
#include "samcore/mask/sam-logits-private.h"
#include "samcore/mask/sam-upsample.h"

/* SAM's stability score asks how much the mask changes between these two thresholds. */
#define STABILITY_OFFSET 1.0f

struct _SamLogits
{
  SamGeometry *geometry; /* [n_candidates] */
  size_t       n_candidates;
  size_t       side;
  float       *values;
  float       *iou;
  float       *stability;
  float        object_score;
  float        mask_input_limit;
  size_t       best;
};

/* How many cells of the map have their centre inside the picture, along one side. */
static size_t
count_inside (size_t resized, size_t input, size_t side)
{
  double n = (double) resized * (double) side / (double) input;

  return CLAMP ((size_t) ceil (n - 0.5), 1, side);
}

static float
measure_stability (const SamLogits *logits, size_t candidate)
{
  const float       *values = sam_logits_get_values (logits, candidate);
  const SamGeometry *geometry = &logits->geometry[candidate];
  size_t             width = count_inside (geometry->resized_width, geometry->input, logits->side);
  size_t height = count_inside (geometry->resized_height, geometry->input, logits->side);
  size_t n_inner = 0, n_outer = 0;

  for (size_t y = 0; y < height; y++)
    {
      const float *row = values + y * logits->side;

      n_inner += sam_kernels ()->count_above (row, STABILITY_OFFSET, width);
      n_outer += sam_kernels ()->count_above (row, -STABILITY_OFFSET, width);
    }

  return n_outer > 0 ? (float) n_inner / (float) n_outer : 0.0f;
}

static gboolean
agrees_with_points (const SamLogits *logits, size_t candidate, const SamPrompt *prompt)
{
  for (guint i = 0; i < prompt->points->len; i++)
    {
      const SamPoint *point = &g_array_index (prompt->points, SamPoint, i);
      float           value = sam_logits_sample (logits, candidate, point->x_image, point->y_image);

      if ((value > 0) != (point->label == 1))
        return FALSE;
    }

  return TRUE;
}

static size_t
find_best (const SamLogits *logits, const SamPrompt *prompt)
{
  size_t   best = 0;
  gboolean best_agrees = FALSE;

  for (size_t i = 0; i < logits->n_candidates; i++)
    {
      gboolean agrees = prompt == NULL || agrees_with_points (logits, i, prompt);

      if (i == 0 || (agrees && ! best_agrees) ||
          (agrees == best_agrees && logits->iou[i] > logits->iou[best]))
        {
          best = i;
          best_agrees = agrees;
        }
    }

  return best;
}

SamLogits *
sam_logits_new_parts_take (const SamGeometry *geometries,
                           size_t             n_candidates,
                           size_t             side,
                           float             *values,
                           const float       *iou,
                           float              object_score,
                           float              mask_input_limit,
                           const SamPrompt   *prompt)
{
  SamLogits *logits = g_new0 (SamLogits, 1);

  logits->geometry = g_memdup2 (geometries, n_candidates * sizeof (SamGeometry));
  logits->n_candidates = n_candidates;
  logits->side = side;
  logits->values = values;
  logits->iou = g_memdup2 (iou, n_candidates * sizeof (float));
  logits->object_score = object_score;
  logits->mask_input_limit = mask_input_limit;
  logits->stability = g_new (float, n_candidates);
  for (size_t i = 0; i < n_candidates; i++)
    logits->stability[i] = measure_stability (logits, i);
  logits->best = find_best (logits, prompt);

  return logits;
}

SamLogits *
sam_logits_new_take (const SamGeometry *geometry,
                     size_t             n_candidates,
                     size_t             side,
                     float             *values,
                     const float       *iou,
                     float              object_score,
                     float              mask_input_limit,
                     const SamPrompt   *prompt)
{
  g_autofree SamGeometry *geometries = g_new (SamGeometry, n_candidates);

  for (size_t i = 0; i < n_candidates; i++)
    geometries[i] = *geometry;

  return sam_logits_new_parts_take (geometries, n_candidates, side, values, iou, object_score,
                                    mask_input_limit, prompt);
}

void
sam_logits_free (SamLogits *logits)
{
  if (logits == NULL)
    return;

  g_free (logits->geometry);
  g_free (logits->values);
  g_free (logits->iou);
  g_free (logits->stability);
  g_free (logits);
}

size_t
sam_logits_get_n_candidates (const SamLogits *logits)
{
  return logits->n_candidates;
}

size_t
sam_logits_get_best (const SamLogits *logits)
{
  return logits->best;
}

size_t
sam_logits_get_width (const SamLogits *logits)
{
  return logits->side;
}

size_t
sam_logits_get_height (const SamLogits *logits)
{
  return logits->side;
}

const float *
sam_logits_get_values (const SamLogits *logits, size_t candidate)
{
  g_return_val_if_fail (candidate < logits->n_candidates, NULL);

  return logits->values + candidate * logits->side * logits->side;
}

void
sam_logits_get_part (const SamLogits *logits,
                     size_t           candidate,
                     size_t          *x,
                     size_t          *y,
                     size_t          *width,
                     size_t          *height)
{
  const SamGeometry *geometry;

  g_return_if_fail (candidate < logits->n_candidates);

  geometry = &logits->geometry[candidate];
  *x = geometry->x;
  *y = geometry->y;
  *width = geometry->width;
  *height = geometry->height;
}

float
sam_logits_get_iou (const SamLogits *logits, size_t candidate)
{
  g_return_val_if_fail (candidate < logits->n_candidates, 0);

  return logits->iou[candidate];
}

float
sam_logits_get_stability (const SamLogits *logits, size_t candidate)
{
  g_return_val_if_fail (candidate < logits->n_candidates, 0);

  return logits->stability[candidate];
}

float
sam_logits_get_object_score (const SamLogits *logits)
{
  return logits->object_score;
}

float
sam_logits_sample (const SamLogits *logits, size_t candidate, float x_image, float y_image)
{
  const SamGeometry *geometry;
  float              x, y;

  g_return_val_if_fail (candidate < logits->n_candidates, 0);

  geometry = &logits->geometry[candidate];
  /* the pixel that holds the place; the right and lower border belong to the last one */
  x = CLAMP (x_image, 0.0f, (float) (geometry->picture_width - 1)) - geometry->x;
  y = CLAMP (y_image, 0.0f, (float) (geometry->picture_height - 1)) - geometry->y;
  if (x < 0 || y < 0 || x >= geometry->width || y >= geometry->height)
    return SAM_LOGITS_OUTSIDE;

  return sam_upsample_at (geometry, logits->side, sam_logits_get_values (logits, candidate),
                          (size_t) x, (size_t) y);
}

const SamGeometry *
sam_logits_get_geometry (const SamLogits *logits, size_t candidate)
{
  g_return_val_if_fail (candidate < logits->n_candidates, NULL);

  return &logits->geometry[candidate];
}

float
sam_logits_get_mask_input_limit (const SamLogits *logits)
{
  return logits->mask_input_limit;
}
