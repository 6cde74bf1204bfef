/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The core behind the table.  What the core has not: a mask at a reduced size, for the view of a large
 * picture, for thumbnails and for previews.  Logits are sampled at the centres of the reduced pixels; a
 * smooth edge is as wide as one of them, by the logits' slope. */
#include "config.h"

#include <math.h>

#include "samcore/sam-cache.h"
#include "samcore/sam-catalogue.h"
#include "samcore/sam-error.h"
#include "samcore/sam-parallel.h"
#include "ui/sui-engine.h"

static SamModel *
core_load (const char   *model,
           const SamJob *job,
           GError      **error)
{
  g_autofree char *path = sam_catalogue_find (model, error);

  return path != NULL ? sam_model_load (path, job, error) : NULL;
}

static SamEmbedding *
core_encode (SamModel     *model,
             SamImage     *image,
             const SamJob *job,
             GError      **error)
{
  return sam_cache_encode (model, image, job, NULL, error);
}

typedef struct
{
  const SamLogits *logits;
  size_t           candidate;
  double           sx, sy; /* picture's pixels per reduced pixel */
  size_t           width, height;
  float           *field; /* [height, width] */
  uint8_t         *coverage;
  SamEdge          edge;
} Reduced;

static void
sample_rows (size_t   first,
             size_t   last,
             gpointer data)
{
  Reduced *r = data;

  for (size_t y = first; y < last; y++)
    for (size_t x = 0; x < r->width; x++)
      r->field[y * r->width + x] = sam_logits_sample (r->logits, r->candidate, (float) ((x + 0.5) * r->sx),
                                                      (float) ((y + 0.5) * r->sy));
}

static void
cover_rows (size_t   first,
            size_t   last,
            gpointer data)
{
  Reduced *r = data;

  for (size_t y = first; y < last; y++)
    for (size_t x = 0; x < r->width; x++)
      {
        const float *at = r->field + y * r->width + x;
        float        value = *at;

        if (r->edge == SAM_EDGE_SMOOTH)
          {
            float dx = at[x + 1 < r->width ? 1 : 0] - at[x > 0 ? -1 : 0];
            float dy = at[y + 1 < r->height ? (ptrdiff_t) r->width : 0] -
                       at[y > 0 ? -(ptrdiff_t) r->width : 0];
            float slope = 0.5f * sqrtf (dx * dx + dy * dy);
            float inside = slope > 1e-6f ? 0.5f + value / slope : value > 0.0f ? 1.0f : 0.0f;
            int   level = (int) lrintf (255.0f * CLAMP (inside, 0.0f, 1.0f));

            r->coverage[y * r->width + x] = (uint8_t) (value > 0.0f ? MAX (level, 128) : MIN (level, 127));
          }
        else
          {
            r->coverage[y * r->width + x] = value > 0.0f ? 255 : 0;
          }
      }
}

static SamMask *
core_mask (const SamLogits *logits,
           size_t           candidate,
           size_t           width_image,
           size_t           height_image,
           size_t           width,
           size_t           height,
           SamEdge          edge,
           const SamJob    *job,
           GError         **error)
{
  Reduced           r = { logits, candidate, (double) width_image / width, (double) height_image / height,
                          width, height, NULL, NULL, edge };
  g_autofree float *field = NULL;

  if (width == width_image && height == height_image)
    return sam_mask_new_from_logits (logits, candidate, edge, job, error);

  field = g_try_new (float, width * height);
  r.coverage = g_try_malloc (width * height);
  if (field == NULL || r.coverage == NULL)
    {
      g_free (r.coverage);
      g_set_error (error, SAM_ERROR, SAM_ERROR_NO_MEMORY, "not enough memory for a mask");
      return NULL;
    }
  r.field = field;
  sam_parallel_for (height, 16, sample_rows, &r);
  sam_parallel_for (height, 64, cover_rows, &r);

  return sam_mask_new_take (width, height, r.coverage);
}

const SuiEngine sui_engine_core = {
  .load = core_load,
  .model_ref = sam_model_ref,
  .model_unref = sam_model_unref,
  .encode = core_encode,
  .embedding_ref = sam_embedding_ref,
  .embedding_unref = sam_embedding_unref,
  .predict = sam_model_predict,
  .logits_free = sam_logits_free,
  .n_candidates = sam_logits_get_n_candidates,
  .iou = sam_logits_get_iou,
  .sample = sam_logits_sample,
  .mask = core_mask,
};
