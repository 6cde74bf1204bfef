/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Filling holes and dropping specks: the same thing, with the mask and its surroundings exchanged.
 *
 *   core: the pixels on the object's side of 128; its connected regions are objects (or holes)
 *   soft: what is neither core nor fully on the other side: an edge, which goes with its region
 *
 * A small region goes, and with it the soft pixels that only it is responsible for: those that
 * touch it (one pixel of soft edge) but no region that stays, and all those not connected to any
 * that stays. */
#include "config.h"

#include <string.h>

#include "samcore/sam-error.h"
#include "samcore/sam-mask.h"
#include "samcore/mask/sam-regions.h"

/* What goes and where to: specks to 0, holes to 255. */
typedef struct
{
  gboolean holes;
  double   limit; /* specks: regions smaller go; holes: regions not larger go */
  size_t   width, height;
} Cleaning;

static gboolean
goes (const Cleaning *cleaning, const SamRegion *region)
{
  if (cleaning->holes)
    return ! region->at_border && (double) region->area <= cleaning->limit;

  return (double) region->area < cleaning->limit;
}

static gboolean
is_soft (const Cleaning *cleaning, uint8_t value)
{
  return cleaning->holes ? value >= 128 && value < 255 : value > 0 && value < 128;
}

static gboolean
touches_what_stays (const Cleaning *cleaning, const SamRegions *core, size_t x, size_t y)
{
  for (size_t j = y > 0 ? y - 1 : 0; j <= y + 1; j++)
    for (size_t i = x > 0 ? x - 1 : 0; i <= x + 1; i++)
      {
        uint32_t region = sam_regions_at (core, cleaning->height, i, j);

        if (region != G_MAXUINT32 && ! goes (cleaning, &core->regions[region]))
          return TRUE;
      }

  return FALSE;
}

/* The core runs that go, each with the soft pixels around it. */
static void
clear_core (const Cleaning *cleaning, const SamRegions *core, const uint8_t *in, uint8_t *out)
{
  uint8_t value = cleaning->holes ? 255 : 0;
  size_t  n_runs = core->row_start[cleaning->height];

  for (size_t k = 0; k < n_runs; k++)
    {
      const SamRun *run = &core->runs[k];
      size_t        x_first = run->x0 > 0 ? run->x0 - 1 : 0;
      size_t        x_end = MIN ((size_t) run->x1 + 1, cleaning->width);
      size_t        y_end = MIN ((size_t) run->y + 2, cleaning->height);

      if (! goes (cleaning, &core->regions[run->region]))
        continue;

      memset (out + run->y * cleaning->width + run->x0, value, run->x1 - run->x0);
      for (size_t y = run->y > 0 ? run->y - 1 : 0; y < y_end; y++)
        for (size_t x = x_first; x < x_end; x++)
          if (is_soft (cleaning, in[y * cleaning->width + x]) &&
              ! touches_what_stays (cleaning, core, x, y))
            out[y * cleaning->width + x] = value;
    }
}

/* Whole regions of core and soft pixels in which no core stays. */
static gboolean
clear_soft (const Cleaning   *cleaning,
            const SamRegions *core,
            const SamRegions *all,
            uint8_t          *out,
            GError          **error)
{
  uint8_t            value = cleaning->holes ? 255 : 0;
  size_t             n_runs = all->row_start[cleaning->height];
  size_t             k = 0;
  g_autofree guint8 *stays = g_try_new0 (guint8, MAX (all->n_regions, 1));

  if (stays == NULL)
    {
      g_set_error_literal (error, SAM_ERROR, SAM_ERROR_NO_MEMORY,
                           "Not enough memory to find the mask's regions");
      return FALSE;
    }

  /* both in reading order, and every core run lies inside one of all */
  for (size_t i = 0; i < core->row_start[cleaning->height]; i++)
    {
      const SamRun *run = &core->runs[i];

      while (all->runs[k].y < run->y || all->runs[k].x1 <= run->x0)
        k++;
      if (! goes (cleaning, &core->regions[run->region]))
        stays[all->runs[k].region] = TRUE;
    }

  for (size_t i = 0; i < n_runs; i++)
    {
      const SamRun *run = &all->runs[i];

      if (! stays[run->region])
        memset (out + run->y * cleaning->width + run->x0, value, run->x1 - run->x0);
    }

  return TRUE;
}

static SamMask *
clean_mask (const SamMask *mask, double limit, gboolean holes, GError **error)
{
  Cleaning       cleaning = { holes, limit, sam_mask_get_width (mask), sam_mask_get_height (mask) };
  const uint8_t *in = sam_mask_get_coverage (mask);
  g_autoptr (SamMask) result = sam_mask_copy (mask, error);
  uint8_t            *out;
  SamRegions          core, all;
  gboolean            ok;

  if (result == NULL || ! (limit > 0))
    return g_steal_pointer (&result);

  out = (uint8_t *) sam_mask_get_coverage (result);

  if (! sam_regions_init (&core, in, cleaning.width, cleaning.height, holes ? 0 : 128,
                          holes ? 127 : 255, ! holes, error))
    return NULL;
  if (! sam_regions_init (&all, in, cleaning.width, cleaning.height, holes ? 0 : 1,
                          holes ? 254 : 255, ! holes, error))
    {
      sam_regions_clear (&core);
      return NULL;
    }

  clear_core (&cleaning, &core, in, out);
  ok = clear_soft (&cleaning, &core, &all, out, error);

  sam_regions_clear (&core);
  sam_regions_clear (&all);

  return ok ? g_steal_pointer (&result) : NULL;
}

SamMask *
sam_mask_fill_holes (const SamMask *mask, double max_area, GError **error)
{
  return clean_mask (mask, max_area, TRUE, error);
}

SamMask *
sam_mask_drop_specks (const SamMask *mask, double min_area, GError **error)
{
  return clean_mask (mask, min_area, FALSE, error);
}
