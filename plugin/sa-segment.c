/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The whole way without a window:
 *
 *   drawable ─▶ picture ─▶ embedding ─▶ answers ─▶ mask ─▶ finished mask
 *
 * Answers are found as the window finds them, by sui-replay, however the prompt was given.
 * What is cheap to check is checked first: a misplaced point is told at once, not after
 * encoding. */
#include "config.h"

#include "plugin/sa-segment.h"

#include "samcore/sam-cache.h"
#include "samcore/sam-catalogue.h"
#include "samcore/samcore.h"
#include "ui/session/sui-replay.h"

#include "plugin/sa-matte.h"

/* The smallest box around what is selected at least by half. */
static void
add_selection_box (SamPrompt *prompt, const SamMask *selection)
{
  const uint8_t *coverage = sam_mask_get_coverage (selection);
  size_t         width = sam_mask_get_width (selection), height = sam_mask_get_height (selection);
  size_t         x0 = width, y0 = height, x1 = 0, y1 = 0;

  for (size_t y = 0; y < height; y++)
    for (size_t x = 0; x < width; x++)
      if (coverage[y * width + x] >= 128)
        {
          x0 = MIN (x0, x);
          y0 = MIN (y0, y);
          x1 = MAX (x1, x + 1);
          y1 = MAX (y1, y + 1);
        }

  sam_prompt_add_box (prompt, x0, y0, x1, y1);
}

static SamMask *
make_matte (const SamMask *mask, gpointer data, const SamJob *job, GError **error)
{
  SamImage *picture = data;

  return sa_matte (picture, mask, job, error);
}

SamMask *
sa_segment_finish (SamMask         *mask,
                   SamImage        *picture,
                   const SaRequest *request,
                   int              factor,
                   const SamJob    *job,
                   GError         **error)
{
  return sam_mask_finish (mask, &request->finish, 1.0 / factor,
                          request->edge == SA_EDGE_MATTE ? make_matte : NULL, picture, job, error);
}

SuiState *
sa_segment_read_prompt (SaSource *source, const SaRequest *request, GError **error)
{
  g_auto (SamPrompt)  prompt = { NULL };
  g_autoptr (SamMask) selection = NULL;
  guint               width = (guint) source->mask_width, height = (guint) source->mask_height;

  if (request->said != NULL)
    {
      SuiPlace place = sa_source_get_place (source);

      return sui_replay_parse (request->said, &place, width, height, error);
    }

  sam_prompt_init (&prompt);
  if (! sa_source_convert_prompt (source, &request->prompt, &prompt, error))
    return NULL;

  if (request->selection != SA_SELECTION_UNUSED)
    {
      selection = sa_source_read_selection (source, error);
      if (selection == NULL)
        return NULL;

      if (request->selection == SA_SELECTION_MASK)
        prompt.mask = selection;
      /* a rough mask alone says little about where the object ends */
      if (request->selection == SA_SELECTION_BOX || prompt.boxes->len == 0)
        add_selection_box (&prompt, selection);
    }

  return sam_prompt_check (&prompt, width, height, error) ? sui_replay_new (&prompt) : NULL;
}

SamMask *
sa_segment (SaSource        *source,
            const SaRequest *request,
            const SamJob    *job,
            double          *iou,
            GError         **error)
{
  SamJob                   reading = sam_job_part (job, 0.0, 0.1);
  SamJob                   loading = sam_job_part (job, 0.1, 0.2);
  SamJob                   encoding = sam_job_part (job, 0.2, 0.8);
  SamJob                   answering = sam_job_part (job, 0.8, 0.95);
  SamJob                   finishing = sam_job_part (job, 0.95, 1.0);
  SamEdge                  edge = request->edge == SA_EDGE_HARD ? SAM_EDGE_HARD : SAM_EDGE_SMOOTH;
  g_autoptr (SuiState)     said = NULL;
  g_autofree char         *path = NULL;
  g_autoptr (SamModel)     model = NULL;
  g_autoptr (SamPredictor) predictor = NULL;
  g_autoptr (SamImage)     picture = NULL;
  g_autoptr (SamScene)     scene = NULL;
  SamMask                 *mask;
  gboolean                 found;

  said = sa_segment_read_prompt (source, request, error);
  if (said == NULL)
    return NULL;

  path = sam_catalogue_find (request->model, error);
  if (path == NULL)
    return NULL;

  picture = sa_source_read (source, &reading, error);
  if (picture == NULL)
    return NULL;

  model = sam_model_load (path, &loading, error);
  if (model == NULL)
    return NULL;

  predictor = sam_predictor_new_for_model (model);
  scene = sam_cache_encode (model, picture, &encoding, &found, error);
  if (scene == NULL)
    return NULL;

  mask = sui_replay_answer (said, predictor, scene, (guint) source->mask_width,
                            (guint) source->mask_height, edge, request->candidate, &answering, iou,
                            error);
  if (mask == NULL)
    return NULL;

  return sa_segment_finish (mask, picture, request, source->factor, &finishing, error);
}
