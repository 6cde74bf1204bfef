/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Growing a mask by a Euclidean distance; shrinking is growing what surrounds it.
 *
 * A hard mask stays hard: a pixel is on if a pixel of the mask is at most distance + 0.5 away,
 * which is the disc that GIMP's Select > Grow uses too. In a mask with soft edges every level moves
 * out by the same distance, so that an edge keeps its profile: a pixel takes the greatest coverage
 * found at most that far away, looking towards the nearest pixel of the mask. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "samcore/mask/sam-distance.h"
#include "samcore/sam-error.h"
#include "samcore/sam-image.h"
#include "samcore/sam-mask.h"
#include "samcore/sam-parallel.h"

/* directions to look into on each side of the way to the nearest pixel */
#define FAN 5

typedef struct
{
  const uint8_t *in;
  uint8_t       *out;
  size_t         width, height;
  double         distance;
  size_t         reach; /* whole pixels that matter */
  uint8_t        flip;  /* 255 when shrinking */
  gboolean       hard;
  int            no_memory; /* atomic */
} Growth;

static inline int
value_at (const Growth *growth, ptrdiff_t x, ptrdiff_t y)
{
  x = CLAMP (x, 0, (ptrdiff_t) growth->width - 1);
  y = CLAMP (y, 0, (ptrdiff_t) growth->height - 1);

  return growth->in[(size_t) y * growth->width + (size_t) x] ^ growth->flip;
}

/* Bilinear, between the pixels' centres; (0, 0) is the first pixel's. */
static float
sample (const Growth *growth, float x, float y)
{
  float     fx = floorf (x), fy = floorf (y);
  ptrdiff_t ix = (ptrdiff_t) fx, iy = (ptrdiff_t) fy;
  float     tx = x - fx, ty = y - fy;
  float     upper = (1 - tx) * value_at (growth, ix, iy) + tx * value_at (growth, ix + 1, iy);
  float lower = (1 - tx) * value_at (growth, ix, iy + 1) + tx * value_at (growth, ix + 1, iy + 1);

  return (1 - ty) * upper + ty * lower;
}

/* A soft pixel of the mask has no nearest one to go to: it goes uphill. */
static void
find_slope (const Growth *growth, size_t x, size_t y, float *dx, float *dy)
{
  ptrdiff_t x0 = (ptrdiff_t) x, y0 = (ptrdiff_t) y;
  int       v[3][3];

  for (int j = 0; j < 3; j++)
    for (int i = 0; i < 3; i++)
      v[j][i] = value_at (growth, x0 + i - 1, y0 + j - 1);

  *dx = (float) (v[0][2] + 2 * v[1][2] + v[2][2] - v[0][0] - 2 * v[1][0] - v[2][0]);
  *dy = (float) (v[2][0] + 2 * v[2][1] + v[2][2] - v[0][0] - 2 * v[0][1] - v[0][2]);
}

static uint8_t
grow_soft_pixel (const Growth *growth, size_t x, size_t y, const SamOffset *nearest)
{
  gboolean inside = nearest->dx == 0 && nearest->dy == 0;
  float    distance = (float) growth->distance;
  float    best = (float) value_at (growth, (ptrdiff_t) x, (ptrdiff_t) y);
  float    dx = (float) nearest->dx, dy = (float) nearest->dy, length, spread;

  if (best == 255 || nearest->dy == SAM_DISTANCE_NONE)
    return (uint8_t) best;
  if (inside)
    find_slope (growth, x, y, &dx, &dy);
  length = sqrtf (dx * dx + dy * dy);
  /* nowhere to go, or nothing near enough: a sample looks at most a diagonal further than it
   * lies */
  if (length == 0 || (! inside && length > distance + 1.5f))
    return (uint8_t) best;
  dx /= length;
  dy /= length;
  if (inside)
    length = 1;

  /* Coverage rises from the nearest pixel of the mask on; a thin part may end again, hence
   * steps. */
  for (float t = length; t < distance && best < 255; t += 1)
    best = MAX (best, sample (growth, x + t * dx, y + t * dy));

  /* The way to a whole pixel may miss the true one, the more the nearer it is: look to both
   * sides. */
  spread = MIN (1.5f / length, 1.5f);
  for (int k = -FAN; k <= FAN && best < 255; k++)
    {
      float c = cosf (spread * k / FAN), s = sinf (spread * k / FAN);

      best = MAX (best, sample (growth, x + distance * (c * dx - s * dy),
                                y + distance * (s * dx + c * dy)));
    }

  return (uint8_t) (best + 0.5f);
}

static void
grow_band (size_t first, size_t last, gpointer data)
{
  Growth     *growth = data;
  SamDistance distance;
  SamOffset  *offsets = g_try_new (SamOffset, growth->width);
  double      radius = growth->distance + 0.5;

  if (offsets == NULL || ! sam_distance_init (&distance, growth->in, growth->width, growth->height,
                                              growth->flip, 1, growth->reach, first, last))
    {
      g_free (offsets);
      g_atomic_int_set (&growth->no_memory, TRUE);
      return;
    }

  for (size_t y = first; y < last; y++)
    {
      uint8_t *out = growth->out + y * growth->width;

      sam_distance_next_row (&distance, offsets);
      for (size_t x = 0; x < growth->width; x++)
        {
          uint8_t value;

          if (! growth->hard)
            value = grow_soft_pixel (growth, x, y, &offsets[x]);
          else if (offsets[x].dy == SAM_DISTANCE_NONE)
            value = 0;
          else
            value = (double) offsets[x].dx * offsets[x].dx +
                          (double) offsets[x].dy * offsets[x].dy <=
                        radius * radius
                      ? 255
                      : 0;
          out[x] = value ^ growth->flip;
        }
    }

  sam_distance_clear (&distance);
  g_free (offsets);
}

static gboolean
is_hard (const uint8_t *coverage, size_t n)
{
  for (size_t i = 0; i < n; i++)
    if ((uint8_t) (coverage[i] + 1) > 1)
      return FALSE;

  return TRUE;
}

SamMask *
sam_mask_grow (const SamMask *mask, double distance, GError **error)
{
  Growth              growth = { 0 };
  g_autoptr (SamMask) result = NULL;

  if (distance == 0 || isnan (distance))
    return sam_mask_copy (mask, error);

  growth.width = sam_mask_get_width (mask);
  growth.height = sam_mask_get_height (mask);
  result = sam_mask_new_empty (growth.width, growth.height, error);
  if (result == NULL)
    return NULL;

  growth.in = sam_mask_get_coverage (mask);
  growth.out = (uint8_t *) sam_mask_get_coverage (result);
  growth.distance = MIN (fabs (distance), 2.0 * SAM_IMAGE_MAX_SIDE);
  growth.reach = (size_t) ceil (growth.distance) + 1;
  growth.flip = distance < 0 ? 0xff : 0;
  growth.hard = is_hard (growth.in, growth.width * growth.height);

  /* A band reads the rows within reach above and below it: bands must not be much smaller than
   * that. */
  sam_parallel_for (growth.height, 64 + MIN (growth.reach, growth.height), grow_band, &growth);

  if (growth.no_memory)
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_NO_MEMORY,
                   "Not enough memory to grow a mask of %zu × %zu pixels", growth.width,
                   growth.height);
      return NULL;
    }

  return g_steal_pointer (&result);
}
