/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A strip along the mask's edge is declared unknown, and GEGL's global matting finds out there how much of each
 * pixel is object: what lies inside and outside of the strip says which colours those are.
 *
 * picture: [height, width, 3]   trimap: 255 object, 0 background, 128 unknown
 * All of it on copies of the part around the object: buffers of GIMP's drawables do not bear threads. */
#include "config.h"

#include "plugin/sa-matte.h"

#include <math.h>
#include <string.h>

#include <gegl.h>

#include "samcore/sam-error.h"

#include "plugin/sa-error.h"
#include "plugin/sa-intl.h"

#define OPERATION "gegl:matting-global"

/* Half the strip's width: hair is longer on larger objects. */
static double
strip_radius (const SamMask *mask)
{
  return CLAMP (0.04 * sqrt ((double) sam_mask_get_area (mask)), 3.0, 40.0);
}

static GeglBuffer *
copy_area (const uint8_t       *pixels, /* [rows, width, bytes] */
           size_t               width,
           const GeglRectangle *area,
           const Babl          *format)
{
  GeglBuffer *buffer = gegl_buffer_new (GEGL_RECTANGLE (0, 0, area->width, area->height), format);
  int         bytes  = babl_format_get_bytes_per_pixel (format);

  gegl_buffer_set (buffer, NULL, 0, format, pixels + ((size_t) area->y * width + area->x) * bytes,
                   (int) width * bytes);

  return buffer;
}

/* [height, width] of the area: how much of each pixel is object. */
static void
matte_area (GeglBuffer          *colours,
            GeglBuffer          *trimap,
            const GeglRectangle *area,
            uint8_t             *matte)
{
  g_autoptr (GeglBuffer) result = gegl_buffer_new (GEGL_RECTANGLE (0, 0, area->width, area->height),
                                                   babl_format ("Y float"));
  g_autoptr (GeglNode)   graph  = gegl_node_new ();
  GeglNode *input  = gegl_node_new_child (graph, "operation", "gegl:buffer-source", "buffer", colours, NULL);
  GeglNode *aux    = gegl_node_new_child (graph, "operation", "gegl:buffer-source", "buffer", trimap, NULL);
  GeglNode *matting = gegl_node_new_child (graph, "operation", OPERATION, NULL);
  GeglNode *output = gegl_node_new_child (graph, "operation", "gegl:write-buffer", "buffer", result, NULL);

  gegl_node_link_many (input, matting, output, NULL);
  gegl_node_connect (aux, "output", matting, "aux");
  gegl_node_process (output);

  gegl_buffer_get (result, NULL, 1.0, babl_format ("Y u8"), matte, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
}

SamMask *
sa_matte (SamImage      *picture,
          const SamMask *mask,
          const SamJob  *job,
          GError       **error)
{
  size_t                 width = sam_mask_get_width (mask), height = sam_mask_get_height (mask);
  double                 radius = strip_radius (mask);
  g_autoptr (SamMask)    inner = NULL, outer = NULL;
  g_autofree uint8_t    *trimap = NULL, *matte = NULL, *coverage = NULL;
  g_autoptr (GeglBuffer) colours = NULL, unknown = NULL;
  GeglRectangle          area;
  size_t                 x0, y0, x1, y1;

  if (! gegl_has_operation (OPERATION))
    {
      g_set_error (error, SA_ERROR, SA_ERROR_FAILED,
                   _("The edge “matte” needs GEGL's operation %s, which is not installed: choose the edge "
                     "“smooth”."),
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

  trimap   = g_try_malloc ((size_t) area.width * area.height);
  matte    = g_try_malloc ((size_t) area.width * area.height);
  coverage = g_try_malloc0 (width * height);
  if (trimap == NULL || matte == NULL || coverage == NULL)
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_NO_MEMORY, "a matte of %d x %d pixels", area.width, area.height);
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

  colours = copy_area (sam_image_get_pixels (picture), width, &area, babl_format ("R'G'B' u8"));
  unknown = gegl_buffer_new (GEGL_RECTANGLE (0, 0, area.width, area.height), babl_format ("Y u8"));
  gegl_buffer_set (unknown, NULL, 0, babl_format ("Y u8"), trimap, GEGL_AUTO_ROWSTRIDE);
  matte_area (colours, unknown, &area, matte);

  for (int y = 0; y < area.height; y++)
    for (int x = 0; x < area.width; x++)
      {
        size_t from = (size_t) y * area.width + x;

        coverage[(size_t) (area.y + y) * width + (size_t) (area.x + x)] =
          trimap[from] == 128 ? matte[from] : trimap[from];
      }

  return sam_mask_new_take (width, height, g_steal_pointer (&coverage));
}
