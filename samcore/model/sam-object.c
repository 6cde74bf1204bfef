/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Objects that were found: their masks and boxes, and which of those that are much the same to
 * keep.
 *
 * mask: [height, width], 0 or 255   boxes: [n, 4]: x0, y0, x1, y1 */
#include "config.h"

#include "samcore/model/sam-object-private.h"

#include <math.h>
#include <string.h>

#include "samcore/mask/sam-regions.h"
#include "samcore/sam-error.h"

static void
object_free (gpointer data)
{
  SamObject *object = data;

  if (object == NULL)
    return;

  sam_rle_clear (&object->rle);
  g_free (object);
}

GPtrArray *
sam_objects_new (void)
{
  return g_ptr_array_new_with_free_func (object_free);
}

void
sam_object_set_no_memory (GError **error)
{
  g_set_error_literal (error, SAM_ERROR, SAM_ERROR_NO_MEMORY,
                       "Not enough memory to find all objects: scale the picture down");
}

SamMask *
sam_object_to_mask (const SamObject *object, GError **error)
{
  SamMask *mask = sam_mask_new_empty (object->rle.width, object->rle.height, error);

  if (mask != NULL)
    sam_rle_write (&object->rle, (uint8_t *) sam_mask_get_coverage (mask));

  return mask;
}

SamCorners
sam_corners_from_mask (const uint8_t *mask, size_t width, size_t height)
{
  SamCorners box = { width, height, 0, 0 };

  for (size_t y = 0; y < height; y++)
    {
      const uint8_t *row = mask + y * width;
      size_t         x, end;

      /* memchr would find a value; any value but 0 is wanted */
      for (x = 0; x < width && row[x] == 0; x++)
        ;
      if (x == width)
        continue;
      for (end = width; row[end - 1] == 0; end--)
        ;
      box.x0 = MIN (box.x0, x);
      box.x1 = MAX (box.x1, end - 1);
      box.y0 = MIN (box.y0, y);
      box.y1 = y;
    }
  if (box.x0 == width)
    box = (SamCorners) { 0, 0, 0, 0 };

  return box;
}

float
sam_object_measure_stability (size_t n_inner, size_t n_outer)
{
  return n_outer > 0 ? (float) n_inner / (float) n_outer : NAN;
}

/* ---- objects that are much the same ---- */

static int
compare_by_score (gconstpointer a, gconstpointer b, gpointer scores)
{
  guint i = *(const guint *) a, j = *(const guint *) b;
  float u = ((const float *) scores)[i], v = ((const float *) scores)[j];

  if (u != v)
    return u < v ? 1 : -1;
  return (i > j) - (i < j);
}

GArray *
sam_boxes_suppress (const float *boxes, const float *scores, guint n, double max_iou)
{
  g_autofree guint    *order = g_new (guint, n);
  g_autofree gboolean *gone = g_new0 (gboolean, n);
  GArray              *keep = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 0; i < n; i++)
    order[i] = i;
  g_sort_array (order, n, sizeof *order, compare_by_score, (gpointer) scores);

  for (guint i = 0; i < n; i++)
    {
      const float *a = boxes + 4 * order[i];
      float        area_a = (a[2] - a[0]) * (a[3] - a[1]);

      if (gone[order[i]])
        continue;
      g_array_append_val (keep, order[i]);
      for (guint j = i + 1; j < n; j++)
        {
          const float *b = boxes + 4 * order[j];
          float        area_b = (b[2] - b[0]) * (b[3] - b[1]);
          float        shared_width = MIN (a[2], b[2]) - MAX (a[0], b[0]);
          float        shared_height = MIN (a[3], b[3]) - MAX (a[1], b[1]);
          float        shared = MAX (0.0f, shared_width) * MAX (0.0f, shared_height);
          float        iou = shared / (area_a + area_b - shared);

          if ((double) iou > max_iou)
            gone[order[j]] = TRUE;
        }
    }

  return keep;
}

/* Keeps those objects that suppression leaves, in its order. */
static GPtrArray *
suppress_objects (GPtrArray   *objects, /* taken over */
                  const float *scores,
                  double       max_iou)
{
  g_autofree float  *boxes = g_new (float, 4 * objects->len + 1);
  g_autoptr (GArray) keep = NULL;
  GPtrArray         *kept = sam_objects_new ();

  for (guint i = 0; i < objects->len; i++)
    {
      const SamCorners *box = &((SamObject *) objects->pdata[i])->box;

      boxes[4 * i] = (float) box->x0;
      boxes[4 * i + 1] = (float) box->y0;
      boxes[4 * i + 2] = (float) box->x1;
      boxes[4 * i + 3] = (float) box->y1;
    }
  keep = sam_boxes_suppress (boxes, scores, objects->len, max_iou);
  for (guint i = 0; i < keep->len; i++)
    {
      guint number = g_array_index (keep, guint, i);

      g_ptr_array_add (kept, g_steal_pointer (&objects->pdata[number]));
    }
  g_ptr_array_unref (objects);

  return kept;
}

GPtrArray *
sam_objects_prefer_high_scores (GPtrArray *objects, double max_iou)
{
  g_autoptr (GArray) scores = g_array_new (FALSE, FALSE, sizeof (float));

  for (guint i = 0; i < objects->len; i++)
    g_array_append_val (scores, ((SamObject *) objects->pdata[i])->iou);

  return suppress_objects (objects, (const float *) (void *) scores->data, max_iou);
}

GPtrArray *
sam_objects_prefer_small_crops (GPtrArray *objects, double max_iou)
{
  g_autoptr (GArray) scores = g_array_new (FALSE, FALSE, sizeof (float));

  for (guint i = 0; i < objects->len; i++)
    {
      const SamCorners *crop = &((SamObject *) objects->pdata[i])->crop;
      float             score = 1.0f / (float) ((crop->x1 - crop->x0) * (crop->y1 - crop->y0));

      g_array_append_val (scores, score);
    }

  return suppress_objects (objects, (const float *) (void *) scores->data, max_iou);
}

/* ---- small holes and islands ---- */

gboolean
sam_object_clean_mask (uint8_t  *mask,
                       size_t    width,
                       size_t    height,
                       size_t    min_area,
                       gboolean  holes,
                       gboolean *changed,
                       GError  **error)
{
  SamRegions regions;
  size_t     n_small = 0, largest = 0;

  *changed = FALSE;
  if (! sam_regions_init (&regions, mask, width, height, holes ? 0 : 128, holes ? 127 : 255, TRUE,
                          error))
    return FALSE;

  for (size_t i = 0; i < regions.n_regions; i++)
    {
      n_small += regions.regions[i].area < min_area;
      if (regions.regions[i].area > regions.regions[largest].area)
        largest = i;
    }

  for (size_t k = 0; n_small > 0 && k < regions.row_start[height]; k++)
    {
      const SamRun *run = &regions.runs[k];

      if (regions.regions[run->region].area < min_area &&
          (holes || n_small < regions.n_regions || run->region != largest))
        memset (mask + run->y * width + run->x0, holes ? 255 : 0, run->x1 - run->x0);
    }
  *changed = n_small > 0;
  sam_regions_clear (&regions);

  return TRUE;
}

/* @changed: whether anything had to be cleaned. */
static gboolean
clean_object (SamObject *object, size_t min_area, gboolean *changed, GError **error)
{
  size_t              width = object->rle.width, height = object->rle.height;
  g_autofree uint8_t *mask = g_try_malloc0_n (height, width);
  gboolean            filled = FALSE, dropped = FALSE;

  if (mask == NULL)
    {
      sam_object_set_no_memory (error);
      return FALSE;
    }
  sam_rle_write (&object->rle, mask);
  if (! sam_object_clean_mask (mask, width, height, min_area, TRUE, &filled, error) ||
      ! sam_object_clean_mask (mask, width, height, min_area, FALSE, &dropped, error))
    return FALSE;

  *changed = filled || dropped;
  if (! *changed)
    return TRUE;

  sam_rle_clear (&object->rle);
  if (! sam_rle_init (&object->rle, mask, width, height))
    {
      sam_object_set_no_memory (error);
      return FALSE;
    }
  object->box = sam_corners_from_mask (mask, width, height);

  return TRUE;
}

GPtrArray *
sam_objects_clean (GPtrArray *objects, size_t min_area, double max_iou, GError **error)
{
  g_autoptr (GArray) scores = g_array_new (FALSE, FALSE, sizeof (float));

  for (guint i = 0; i < objects->len; i++)
    {
      gboolean changed;
      float    score;

      if (! clean_object (objects->pdata[i], min_area, &changed, error))
        {
          g_ptr_array_unref (objects);
          return NULL;
        }
      score = changed ? 0.0f : 1.0f;
      g_array_append_val (scores, score);
    }

  return suppress_objects (objects, (const float *) (void *) scores->data, max_iou);
}
