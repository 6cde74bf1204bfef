/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A strip along the mask's edge is declared unknown, and GEGL's global matting finds out there how
 * much of each pixel is object: what lies inside and outside of the strip says which colours those
 * are.
 *
 * picture: [height, width, 3]   trimap: 255 object, 0 background, 128 unknown
 * Large areas are matted at 1 / factor of their size: the strip has hundreds of thousands of pixels
 * there, and each takes microseconds. All of it on copies of the part around the object: buffers of
 * GIMP's drawables do not bear threads. */
#include "config.h"

#include "plugin/sa-matte.h"

#include <math.h>

#include <gegl.h>

#include "samcore/sam-error.h"

#include "plugin/sa-error.h"
#include "plugin/sa-intl.h"

#define OPERATION "gegl:matting-global"

#define MAX_PIXELS (2 * 1000 * 1000)

/* Half the strip's width: hair is longer on larger objects. */
static double
strip_radius (const SamMask *mask)
{
  return CLAMP (0.04 * sqrt ((double) sam_mask_get_area (mask)), 3.0, 40.0);
}

typedef struct
{
  GeglRectangle area; /* of the picture */
  int           factor;
  int           width, height; /* of the reduced area */
} Reduced;

/* Boxes of the area averaged. pixels: [rows, width_picture, 3] */
static GeglBuffer *
reduce_colours (const Reduced *reduced, const uint8_t *pixels, size_t width_picture)
{
  const Babl *format = babl_format ("R'G'B' u8");
  GeglBuffer *buffer = gegl_buffer_new (GEGL_RECTANGLE (0, 0, reduced->width, reduced->height),
                                        format);
  g_autofree uint8_t *row = g_new (uint8_t, 3 * (size_t) reduced->width);

  for (int y = 0; y < reduced->height; y++)
    {
      int y0 = y * reduced->factor, y1 = MIN (y0 + reduced->factor, reduced->area.height);

      for (int x = 0; x < reduced->width; x++)
        {
          int      x0 = x * reduced->factor, x1 = MIN (x0 + reduced->factor, reduced->area.width);
          unsigned n = (unsigned) ((x1 - x0) * (y1 - y0)), sum[3] = { 0 };

          for (int yy = y0; yy < y1; yy++)
            for (int xx = x0; xx < x1; xx++)
              for (int c = 0; c < 3; c++)
                sum[c] += pixels[((size_t) (reduced->area.y + yy) * width_picture +
                                  (size_t) (reduced->area.x + xx)) *
                                   3 +
                                 (size_t) c];
          for (int c = 0; c < 3; c++)
            row[3 * x + c] = (uint8_t) ((sum[c] + n / 2) / n);
        }
      gegl_buffer_set (buffer, GEGL_RECTANGLE (0, y, reduced->width, 1), 0, format, row,
                       GEGL_AUTO_ROWSTRIDE);
    }

  return buffer;
}

/* A box is known where all of it is. trimap: [area.height, area.width] */
static GeglBuffer *
reduce_trimap (const Reduced *reduced, const uint8_t *trimap)
{
  const Babl *format = babl_format ("Y u8");
  GeglBuffer *buffer = gegl_buffer_new (GEGL_RECTANGLE (0, 0, reduced->width, reduced->height),
                                        format);
  g_autofree uint8_t *row = g_new (uint8_t, (size_t) reduced->width);

  for (int y = 0; y < reduced->height; y++)
    {
      int y0 = y * reduced->factor, y1 = MIN (y0 + reduced->factor, reduced->area.height);

      for (int x = 0; x < reduced->width; x++)
        {
          int     x0 = x * reduced->factor, x1 = MIN (x0 + reduced->factor, reduced->area.width);
          uint8_t value = trimap[(size_t) y0 * reduced->area.width + x0];

          for (int yy = y0; yy < y1; yy++)
            for (int xx = x0; xx < x1; xx++)
              if (trimap[(size_t) yy * reduced->area.width + xx] != value)
                value = 128;
          row[x] = value;
        }
      gegl_buffer_set (buffer, GEGL_RECTANGLE (0, y, reduced->width, 1), 0, format, row,
                       GEGL_AUTO_ROWSTRIDE);
    }

  return buffer;
}

/* How much of each pixel of the reduced area is object. matte: [height, width] */
static void
matte_reduced (const Reduced *reduced, GeglBuffer *colours, GeglBuffer *trimap, uint8_t *matte)
{
  g_autoptr (GeglBuffer) result = gegl_buffer_new (GEGL_RECTANGLE (0, 0, reduced->width,
                                                                   reduced->height),
                                                   babl_format ("Y float"));
  g_autoptr (GeglNode)   graph = gegl_node_new ();
  GeglNode *input = gegl_node_new_child (graph, "operation", "gegl:buffer-source", "buffer",
                                         colours, NULL);
  GeglNode *aux = gegl_node_new_child (graph, "operation", "gegl:buffer-source", "buffer", trimap,
                                       NULL);
  GeglNode *matting = gegl_node_new_child (graph, "operation", OPERATION, NULL);
  GeglNode *output = gegl_node_new_child (graph, "operation", "gegl:write-buffer", "buffer", result,
                                          NULL);

  gegl_node_link_many (input, matting, output, NULL);
  gegl_node_connect (aux, "output", matting, "aux");
  gegl_node_process (output);

  gegl_buffer_get (result, NULL, 1.0, babl_format ("Y u8"), matte, GEGL_AUTO_ROWSTRIDE,
                   GEGL_ABYSS_NONE);
}

/* The matte at a pixel of the area, bilinear. */
static uint8_t
sample_matte (const Reduced *reduced, const uint8_t *matte, int x, int y)
{
  float sx = CLAMP ((x + 0.5f) / reduced->factor - 0.5f, 0.0f, (float) (reduced->width - 1));
  float sy = CLAMP ((y + 0.5f) / reduced->factor - 0.5f, 0.0f, (float) (reduced->height - 1));
  int   x0 = (int) sx, x1 = MIN (x0 + 1, reduced->width - 1);
  int   y0 = (int) sy, y1 = MIN (y0 + 1, reduced->height - 1);
  const uint8_t *above = matte + (size_t) y0 * reduced->width,
                *below = matte + (size_t) y1 * reduced->width;
  float top = above[x0] + (sx - x0) * (above[x1] - above[x0]);
  float low = below[x0] + (sx - x0) * (below[x1] - below[x0]);

  return (uint8_t) (top + (sy - y0) * (low - top) + 0.5f);
}

SamMask *
sa_matte (SamImage *picture, const SamMask *mask, const SamJob *job, GError **error)
{
  size_t                 width = sam_mask_get_width (mask), height = sam_mask_get_height (mask);
  double                 radius = strip_radius (mask);
  g_autoptr (SamMask)    inner = NULL, outer = NULL;
  g_autofree uint8_t    *trimap = NULL, *matte = NULL, *coverage = NULL;
  g_autoptr (GeglBuffer) colours = NULL, unknown = NULL;
  Reduced                reduced;
  GeglRectangle          area;
  size_t                 x0, y0, x1, y1;

  if (! gegl_has_operation (OPERATION))
    {
      g_set_error (error, SA_ERROR, SA_ERROR_FAILED,
                   _ ("The “matte” edge needs the GEGL operation %s, which is not installed: "
                      "choose the “smooth” edge."),
                   OPERATION);
      return NULL;
    }

  inner = sam_mask_grow (mask, -radius, error);
  outer = inner != NULL ? sam_mask_grow (mask, radius, error) : NULL;
  if (outer == NULL)
    return NULL;

  /* too thin to know any of its colours */
  if (sam_mask_get_area (inner) == 0 || ! sam_mask_get_bounds (outer, &x0, &y0, &x1, &y1))
    return sam_mask_copy (mask, error);

  /* some background around it to compare with */
  gegl_rectangle_intersect (&area, GEGL_RECTANGLE (0, 0, (int) width, (int) height),
                            GEGL_RECTANGLE ((int) (x0 - MIN (x0, (size_t) radius + 8)),
                                            (int) (y0 - MIN (y0, (size_t) radius + 8)),
                                            (int) (x1 - x0 + 2 * (size_t) radius + 16),
                                            (int) (y1 - y0 + 2 * (size_t) radius + 16)));

  reduced.area = area;
  reduced.factor = (int) ceil (sqrt ((double) area.width * area.height / MAX_PIXELS));
  reduced.width = (area.width + reduced.factor - 1) / reduced.factor;
  reduced.height = (area.height + reduced.factor - 1) / reduced.factor;

  trimap = g_try_malloc ((size_t) area.width * area.height);
  matte = g_try_malloc ((size_t) reduced.width * reduced.height);
  coverage = g_try_malloc0 (width * height);
  if (trimap == NULL || matte == NULL || coverage == NULL)
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_NO_MEMORY, "a matte of %d x %d pixels", area.width,
                   area.height);
      return NULL;
    }

  for (int y = 0; y < area.height; y++)
    for (int x = 0; x < area.width; x++)
      {
        size_t at = (size_t) (area.y + y) * width + (size_t) (area.x + x);

        trimap[(size_t) y * area.width + x] = sam_mask_get_coverage (inner)[at] >= 128   ? 255
                                              : sam_mask_get_coverage (outer)[at] >= 128 ? 128
                                                                                         : 0;
      }

  if (! sam_job_step (job, 0.5, error))
    return NULL;

  colours = reduce_colours (&reduced, sam_image_get_pixels (picture), width);
  unknown = reduce_trimap (&reduced, trimap);
  matte_reduced (&reduced, colours, unknown, matte);

  for (int y = 0; y < area.height; y++)
    for (int x = 0; x < area.width; x++)
      {
        size_t from = (size_t) y * area.width + x;

        coverage[(size_t) (area.y + y) * width + (size_t) (area.x + x)] =
          trimap[from] == 128 ? sample_matte (&reduced, matte, x, y) : trimap[from];
      }

  return sam_mask_new_take (width, height, g_steal_pointer (&coverage));
}
