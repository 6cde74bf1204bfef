/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SamMask: coverage at picture size, [height, width], and how it comes from logits.
 *
 *   logits ──▶ rows of logits at picture size (sam-upsample.c) ──▶ threshold or slope ──▶ coverage
 *
 * The picture is cut into bands of rows, worked on in parallel. */
#include "config.h"

#include "samcore/sam-mask.h"

#include <string.h>

#include "samcore/sam-error.h"
#include "samcore/sam-image.h"
#include "samcore/kernels/sam-kernels.h"
#include "samcore/mask/sam-logits-private.h"
#include "samcore/sam-parallel.h"
#include "samcore/mask/sam-upsample.h"

/* Rows of one piece of work: enough that the rows stretched twice, at the seams, do not count. */
#define BAND 128

struct _SamMask
{
  size_t   width, height;
  uint8_t *coverage;
};

SamMask *
sam_mask_new_take (size_t width, size_t height, uint8_t *coverage)
{
  SamMask *mask;

  g_return_val_if_fail (coverage != NULL && width > 0 && height > 0, NULL);

  mask = g_new (SamMask, 1);
  mask->width = width;
  mask->height = height;
  mask->coverage = coverage;

  return mask;
}

static uint8_t *
allocate (size_t width, size_t height, gboolean zeros, GError **error)
{
  uint8_t *coverage;

  if (width == 0 || height == 0 || width > SAM_IMAGE_MAX_SIDE || height > SAM_IMAGE_MAX_SIDE)
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_BAD_IMAGE, "A mask cannot have %zu × %zu pixels",
                   width, height);
      return NULL;
    }

  coverage = zeros ? g_try_malloc0_n (height, width) : g_try_malloc_n (height, width);
  if (coverage == NULL)
    g_set_error (error, SAM_ERROR, SAM_ERROR_NO_MEMORY,
                 "Not enough memory for a mask of %zu × %zu pixels", width, height);

  return coverage;
}

SamMask *
sam_mask_new_empty (size_t width, size_t height, GError **error)
{
  uint8_t *coverage = allocate (width, height, TRUE, error);

  return coverage != NULL ? sam_mask_new_take (width, height, coverage) : NULL;
}

SamMask *
sam_mask_copy (const SamMask *mask, GError **error)
{
  uint8_t *coverage = allocate (mask->width, mask->height, FALSE, error);

  if (coverage == NULL)
    return NULL;

  memcpy (coverage, mask->coverage, mask->width * mask->height);
  return sam_mask_new_take (mask->width, mask->height, coverage);
}

void
sam_mask_free (SamMask *mask)
{
  if (mask == NULL)
    return;

  g_free (mask->coverage);
  g_free (mask);
}

size_t
sam_mask_get_width (const SamMask *mask)
{
  return mask->width;
}

size_t
sam_mask_get_height (const SamMask *mask)
{
  return mask->height;
}

const uint8_t *
sam_mask_get_coverage (const SamMask *mask)
{
  return mask->coverage;
}

size_t
sam_mask_get_area (const SamMask *mask)
{
  size_t n = mask->width * mask->height;
  size_t area = 0;

  for (size_t i = 0; i < n; i++)
    area += mask->coverage[i] >> 7;

  return area;
}

static gboolean
row_is_empty (const uint8_t *row, size_t width)
{
  return row[0] == 0 && memcmp (row, row + 1, width - 1) == 0;
}

gboolean
sam_mask_get_bounds (const SamMask *mask, size_t *x0, size_t *y0, size_t *x1, size_t *y1)
{
  size_t left = mask->width, right = 0, top = 0, bottom = mask->height;

  while (top < bottom && row_is_empty (mask->coverage + top * mask->width, mask->width))
    top++;
  if (top == bottom)
    return FALSE;
  while (row_is_empty (mask->coverage + (bottom - 1) * mask->width, mask->width))
    bottom--;

  for (size_t y = top; y < bottom; y++)
    {
      const uint8_t *row = mask->coverage + y * mask->width;
      size_t         x;

      for (x = 0; x < left && row[x] == 0; x++)
        ;
      left = x;
      for (x = mask->width; x > right && row[x - 1] == 0; x--)
        ;
      right = x;
    }

  *x0 = left;
  *y0 = top;
  *x1 = right;
  *y1 = bottom;
  return TRUE;
}

typedef struct
{
  const SamUpsampler *upsampler;
  const float        *values;
  SamEdge             edge;
  uint8_t            *coverage; /* of the part, rows stride apart */
  size_t              stride;
  const SamJob       *job;
  int                 no_memory; /* atomic */
} Conversion;

static void
convert_band (size_t first, size_t last, gpointer data)
{
  Conversion     *conversion = data;
  size_t          width = conversion->upsampler->geometry.width;
  size_t          height = conversion->upsampler->geometry.height;
  SamUpsampleRows rows;
  float          *ring; /* rows y - 1, y, y + 1 at (y mod 3) */

  if (conversion->job != NULL && g_cancellable_is_cancelled (conversion->job->cancellable))
    return;

  if (! sam_upsample_rows_init (&rows, conversion->upsampler, conversion->values))
    {
      g_atomic_int_set (&conversion->no_memory, TRUE);
      return;
    }
  ring = g_try_new (float, 3 * width);
  if (ring == NULL)
    {
      g_atomic_int_set (&conversion->no_memory, TRUE);
      sam_upsample_rows_clear (&rows);
      return;
    }

  if (conversion->edge == SAM_EDGE_HARD)
    {
      for (size_t y = first; y < last; y++)
        {
          sam_upsample_rows_get (&rows, y, ring);
          sam_kernels ()->edge_hard (conversion->coverage + y * conversion->stride, ring, 0, width);
        }
    }
  else
    {
      for (size_t y = first > 0 ? first - 1 : 0; y <= first; y++)
        sam_upsample_rows_get (&rows, y, ring + y % 3 * width);
      for (size_t y = first; y < last; y++)
        {
          size_t above = y > 0 ? y - 1 : 0;
          size_t below = y + 1 < height ? y + 1 : y;

          if (below > y)
            sam_upsample_rows_get (&rows, below, ring + below % 3 * width);
          /* the distance of a pixel's centre from the edge is its logit over the logits' slope
           * there */
          sam_kernels ()->edge_smooth (conversion->coverage + y * conversion->stride,
                                       ring + above % 3 * width, ring + y % 3 * width,
                                       ring + below % 3 * width, below - above == 2 ? 0.5f : 1.0f,
                                       width);
        }
    }

  g_free (ring);
  sam_upsample_rows_clear (&rows);
}

SamMask *
sam_mask_new_from_logits (const SamLogits *logits,
                          size_t           candidate,
                          SamEdge          edge,
                          const SamJob    *job,
                          GError         **error)
{
  const SamGeometry *geometry;

  g_return_val_if_fail (candidate < sam_logits_get_n_candidates (logits), NULL);

  geometry = sam_logits_get_geometry (logits, candidate);

  return sam_mask_new_from_logits_at (logits, candidate, geometry->picture_width,
                                      geometry->picture_height, edge, job, error);
}

SamMask *
sam_mask_new_from_logits_at (const SamLogits *logits,
                             size_t           candidate,
                             size_t           width,
                             size_t           height,
                             SamEdge          edge,
                             const SamJob    *job,
                             GError         **error)
{
  SamUpsampler       upsampler;
  const SamGeometry *geometry = &upsampler.geometry;
  Conversion         conversion = { 0 };
  uint8_t           *coverage;

  g_return_val_if_fail (candidate < sam_logits_get_n_candidates (logits), NULL);

  if (! sam_job_step (job, 0, error) ||
      ! sam_upsampler_init_at (&upsampler, sam_logits_get_geometry (logits, candidate),
                               sam_logits_get_width (logits), width, height, error))
    return NULL;

  conversion.upsampler = &upsampler;
  conversion.values = sam_logits_get_values (logits, candidate);
  conversion.edge = edge;
  conversion.job = job;
  conversion.stride = width;
  coverage = allocate (width, height, ! sam_geometry_is_whole (geometry), error);
  if (coverage != NULL)
    {
      conversion.coverage = coverage + geometry->y * width + geometry->x;
      /* a part smaller than a reduced pixel may miss all centres */
      if (geometry->width > 0)
        sam_parallel_for (geometry->height, BAND, convert_band, &conversion);

      if (conversion.no_memory)
        {
          g_set_error (error, SAM_ERROR, SAM_ERROR_NO_MEMORY,
                       "Not enough memory for a mask of %zu × %zu pixels", width, height);
          g_clear_pointer (&coverage, g_free);
        }
      else if (! sam_job_step (job, 1, error))
        {
          g_clear_pointer (&coverage, g_free);
        }
    }
  sam_upsampler_clear (&upsampler);

  if (coverage == NULL)
    return NULL;
  return sam_mask_new_take (width, height, coverage);
}

SamMask *
sam_mask_unite (const SamMask *a, const SamMask *b, GError **error)
{
  size_t   n = a->width * a->height;
  uint8_t *coverage;

  g_return_val_if_fail (a->width == b->width && a->height == b->height, NULL);

  coverage = allocate (a->width, a->height, FALSE, error);
  if (coverage == NULL)
    return NULL;

  for (size_t i = 0; i < n; i++)
    coverage[i] = MAX (a->coverage[i], b->coverage[i]);

  return sam_mask_new_take (a->width, a->height, coverage);
}
