/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The steps in their order, which the header gives reasons for. */
#include "config.h"

#include "samcore/sam-mask-finish.h"

SamMask *
sam_mask_finish (SamMask             *mask,
                 const SamMaskFinish *finish,
                 double               scale,
                 SamMatteFunc         matte,
                 gpointer             data,
                 const SamJob        *job,
                 GError             **error)
{
  const struct
  {
    SamMask *(*work) (const SamMask *mask, double amount, GError **error);
    double amount;
  } steps[] = { { sam_mask_fill_holes, MAX (finish->fill_holes, 0.0) * scale * scale },
                { sam_mask_drop_specks, MAX (finish->min_area, 0.0) * scale * scale },
                { sam_mask_grow, finish->grow * scale },
                { NULL, 0.0 }, /* the matte */
                { sam_mask_feather, MAX (finish->feather, 0.0) * scale } };
  const double n_steps = G_N_ELEMENTS (steps);

  for (size_t i = 0; mask != NULL && i < G_N_ELEMENTS (steps); i++)
    {
      g_autoptr (SamMask) before = mask;
      SamJob              part = sam_job_part (job, i / n_steps, (i + 1) / n_steps);

      mask = NULL;
      if (! sam_job_step (&part, 0.0, error))
        return NULL;

      if (steps[i].work == NULL && matte != NULL)
        mask = matte (before, data, &part, error);
      else if (steps[i].work != NULL && steps[i].amount != 0.0)
        mask = steps[i].work (before, steps[i].amount, error);
      else
        mask = g_steal_pointer (&before);
    }

  return mask;
}
