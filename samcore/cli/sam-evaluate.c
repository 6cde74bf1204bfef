/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Quality on pictures with true masks.
 *
 *   folder ──▶ sets ──▶ pictures, encoded once each ──▶ objects: clicks one by one, then the box
 *
 * A click on an error goes to the innermost pixel of what is missing or of what is too much,
 * whichever reaches deeper; it is given together with all clicks before it and the logits that they
 * led to. */
#include "config.h"

#include "samcore/cli/sam-evaluate.h"

#include <math.h>
#include <string.h>

#include "samcore/mask/sam-distance.h"
#include "samcore/sam-error.h"
#include "samcore/sam-mask.h"
#include "samcore/cli/sam-image-file.h"

#define MAX_CLICKS     20
#define MAX_COMPARED   5    /* clicks: those that people make */
#define BOUNDARY_WIDTH 0.02 /* of the diagonal */

static const char *const metric_names[SAM_N_METRICS] = {
  "click1",    "click1_oracle",        "click3",       "click5",
  "box",       "boundary_click5",      "boundary_box", "noc85",
  "noc90",     "iou_rank_correlation", "iou",          "boundary_iou",
  "agreement", "agreement_min",        "iou_change",
};

const char *
sam_metric_get_name (SamMetric metric)
{
  return metric_names[metric];
}

/* --- measures
 * ------------------------------------------------------------------------------------- */

double
sam_measure_iou (const uint8_t *a,
                 const uint8_t *b,
                 const uint8_t *ignore,
                 size_t         width,
                 size_t         height)
{
  size_t both = 0, either = 0;

  for (size_t i = 0; i < width * height; i++)
    if (ignore == NULL || ignore[i] < 128)
      {
        both += (a[i] & b[i]) >> 7;
        either += (a[i] | b[i]) >> 7;
      }

  return either > 0 ? (double) both / (double) either : 1.0;
}

/* 255 where a square of reach d around the pixel lies wholly in the mask, and in the picture. */
static uint8_t *
erode (const uint8_t *mask, size_t width, size_t height, size_t d)
{
  uint8_t           *out = g_malloc0_n (height, width);
  g_autofree size_t *rows = g_new0 (size_t, width); /* so many rows up to here hold x ± d wholly */

  for (size_t y = 0; y < height; y++)
    {
      const uint8_t *row = mask + y * width;
      size_t         run = 0;

      for (size_t x = 0; x < width + d; x++)
        {
          run = x < width && row[x] >= 128 ? run + 1 : 0;
          if (x < d)
            continue;
          rows[x - d] = run >= 2 * d + 1 ? rows[x - d] + 1 : 0;
          if (rows[x - d] >= 2 * d + 1)
            out[(y - d) * width + x - d] = 255;
        }
    }

  return out;
}

double
sam_measure_boundary_iou (const uint8_t *a,
                          const uint8_t *b,
                          const uint8_t *ignore,
                          size_t         width,
                          size_t         height)
{
  double              diagonal = hypot ((double) width, (double) height);
  size_t              d = (size_t) MAX (1, rint (BOUNDARY_WIDTH * diagonal));
  g_autofree uint8_t *boundary_a = erode (a, width, height, d);
  g_autofree uint8_t *boundary_b = erode (b, width, height, d);

  for (size_t i = 0; i < width * height; i++)
    {
      boundary_a[i] = a[i] & ~boundary_a[i];
      boundary_b[i] = b[i] & ~boundary_b[i];
    }

  return sam_measure_iou (boundary_a, boundary_b, ignore, width, height);
}

gint64
sam_find_innermost (const uint8_t *region, size_t width, size_t height, size_t *x, size_t *y)
{
  /* a frame of pixels off the region stands for the picture's surroundings */
  size_t                wide = width + 2, high = height + 2;
  g_autofree uint8_t   *framed = g_malloc0_n (high, wide);
  g_autofree SamOffset *offsets = g_new (SamOffset, wide);
  SamDistance           distance;
  gint64                deepest = 0;

  for (size_t j = 0; j < height; j++)
    memcpy (framed + (j + 1) * wide + 1, region + j * width, width);

  if (! sam_distance_init (&distance, framed, wide, high, 0xff, 128, high, 0, high))
    g_error ("%s: not enough memory", G_STRLOC);

  for (size_t j = 0; j < high; j++)
    {
      sam_distance_next_row (&distance, offsets);
      for (size_t i = 0; i < wide; i++)
        {
          gint64 squared = (gint64) offsets[i].dx * offsets[i].dx +
                           (gint64) offsets[i].dy * offsets[i].dy;

          if (squared > deepest)
            {
              deepest = squared;
              *x = i - 1;
              *y = j - 1;
            }
        }
    }
  sam_distance_clear (&distance);

  return deepest;
}

static int
compare_by_value (gconstpointer a, gconstpointer b, gpointer values)
{
  double u = ((const double *) values)[*(const size_t *) a];
  double v = ((const double *) values)[*(const size_t *) b];

  return (u > v) - (u < v);
}

static double *
find_ranks (const double *values, size_t n)
{
  g_autofree size_t *order = g_new (size_t, n);
  double            *ranks = g_new (double, n);

  for (size_t i = 0; i < n; i++)
    order[i] = i;
  g_sort_array (order, n, sizeof *order, compare_by_value, (gpointer) values);
  for (size_t i = 0; i < n;)
    {
      size_t end = i + 1;

      while (end < n && values[order[end]] == values[order[i]])
        end++;
      for (size_t k = i; k < end; k++)
        ranks[order[k]] = (double) (i + end - 1) / 2;
      i = end;
    }

  return ranks;
}

double
sam_rank_correlation (const double *a, const double *b, size_t n)
{
  g_autofree double *rank_a = find_ranks (a, n);
  g_autofree double *rank_b = find_ranks (b, n);
  double             mean = ((double) n - 1) / 2, ab = 0, aa = 0, bb = 0;

  for (size_t i = 0; i < n; i++)
    {
      ab += (rank_a[i] - mean) * (rank_b[i] - mean);
      aa += (rank_a[i] - mean) * (rank_a[i] - mean);
      bb += (rank_b[i] - mean) * (rank_b[i] - mean);
    }

  return aa > 0 && bb > 0 ? ab / sqrt (aa * bb) : NAN;
}

/* --- files
 * ---------------------------------------------------------------------------------------- */

typedef struct
{
  char      *name; /* without folder and ending */
  char      *path;
  GPtrArray *masks; /* file names, in the order of their numbers */
} Picture;

typedef struct
{
  char      *name;
  char      *path;
  GPtrArray *pictures;
} Set;

static void
picture_free (gpointer data)
{
  Picture *picture = data;

  g_free (picture->name);
  g_free (picture->path);
  g_ptr_array_unref (picture->masks);
  g_free (picture);
}

static void
set_free (gpointer data)
{
  Set *set = data;

  g_free (set->name);
  g_free (set->path);
  g_ptr_array_unref (set->pictures);
  g_free (set);
}

static int
compare_strings (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

/* "dog_12.png": the number's place in the name, or 0 when it is no mask's name */
static size_t
find_number (const char *name)
{
  size_t end, i;

  if (! g_str_has_suffix (name, ".png"))
    return 0;
  end = strlen (name) - strlen (".png");
  for (i = end; i > 0 && g_ascii_isdigit (name[i - 1]); i--)
    ;

  return i < end && i > 1 && name[i - 1] == '_' ? i : 0;
}

static int
compare_masks (gconstpointer a, gconstpointer b)
{
  const char *u = *(char *const *) a, *v = *(char *const *) b;
  guint64     n = g_ascii_strtoull (u + find_number (u), NULL, 10);
  guint64     m = g_ascii_strtoull (v + find_number (v), NULL, 10);

  return n != m ? (n > m) - (n < m) : strcmp (u, v);
}

/* The names in a folder, sorted. */
static GPtrArray *
list_folder (const char *path, GError **error)
{
  GDir       *dir = g_dir_open (path, 0, error);
  GPtrArray  *names;
  const char *name;

  if (dir == NULL)
    return NULL;

  names = g_ptr_array_new_with_free_func (g_free);
  while ((name = g_dir_read_name (dir)) != NULL)
    if (name[0] != '.')
      g_ptr_array_add (names, g_strdup (name));
  g_dir_close (dir);
  g_ptr_array_sort (names, compare_strings);

  return names;
}

static gboolean
is_picture_name (const char *name)
{
  g_autofree char *lower = g_ascii_strdown (name, -1);

  return g_str_has_suffix (lower, ".jpg") || g_str_has_suffix (lower, ".jpeg") ||
         g_str_has_suffix (lower, ".png");
}

/* The pictures of a folder that have masks; NULL without an error when there is none. */
static Set *
open_set (const char *path, GError **error)
{
  g_autoptr (GPtrArray)  names = list_folder (path, error);
  g_autoptr (GHashTable) masks = NULL; /* picture's name -> its masks' file names */
  Set                   *set;

  if (names == NULL)
    return NULL;

  masks = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                 (GDestroyNotify) g_ptr_array_unref);
  for (guint i = 0; i < names->len; i++)
    {
      const char *name = names->pdata[i];
      size_t      number = find_number (name);
      char       *owner;
      GPtrArray  *list;

      if (number == 0)
        continue;
      owner = g_strndup (name, number - 1);
      list = g_hash_table_lookup (masks, owner);
      if (list == NULL)
        {
          list = g_ptr_array_new_with_free_func (g_free);
          g_hash_table_insert (masks, g_strdup (owner), list);
        }
      g_ptr_array_add (list, g_strdup (name));
      g_free (owner);
    }

  set = g_new0 (Set, 1);
  set->name = g_path_get_basename (path);
  set->path = g_strdup (path);
  set->pictures = g_ptr_array_new_with_free_func (picture_free);
  for (guint i = 0; i < names->len; i++)
    {
      const char      *name = names->pdata[i];
      g_autofree char *stem = g_strndup (name, strrchr (name, '.') != NULL
                                                 ? strrchr (name, '.') - name
                                                 : 0);
      GPtrArray       *list = g_hash_table_lookup (masks, stem);
      Picture         *picture;

      if (! is_picture_name (name) || list == NULL)
        continue;
      g_ptr_array_sort (list, compare_masks);
      picture = g_new0 (Picture, 1);
      picture->name = g_steal_pointer (&stem);
      picture->path = g_build_filename (path, name, NULL);
      picture->masks = g_ptr_array_ref (list);
      g_ptr_array_add (set->pictures, picture);
    }
  if (set->pictures->len == 0)
    g_clear_pointer (&set, set_free);

  return set;
}

static GPtrArray *
open_sets (const char *directory, GError **error)
{
  g_autoptr (GPtrArray) sets = g_ptr_array_new_with_free_func (set_free);
  g_autoptr (GPtrArray) names = list_folder (directory, error);
  GError               *reason = NULL;
  Set                  *set;

  if (names == NULL)
    return NULL;

  set = open_set (directory, &reason);
  if (set != NULL)
    g_ptr_array_add (sets, set);
  for (guint i = 0; i < names->len && reason == NULL; i++)
    {
      g_autofree char *path = g_build_filename (directory, names->pdata[i], NULL);

      if (g_file_test (path, G_FILE_TEST_IS_DIR) && (set = open_set (path, &reason)) != NULL)
        g_ptr_array_add (sets, set);
    }
  if (reason != NULL)
    {
      g_propagate_error (error, reason);
      return NULL;
    }
  if (sets->len == 0)
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_BAD_FILE,
                   "%s has no pictures with masks: a picture NAME.jpg needs its masks NAME_0.png, "
                   "NAME_1.png …",
                   directory);
      return NULL;
    }

  return g_steal_pointer (&sets);
}

static SamMask *
read_mask_of_size (const char *path, size_t width, size_t height, GError **error)
{
  g_autoptr (SamMask) mask = sam_picture_read_mask (path, error);

  if (mask == NULL)
    return NULL;
  if (sam_mask_get_width (mask) != width || sam_mask_get_height (mask) != height)
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_BAD_IMAGE,
                   "%s has %zu × %zu pixels, but its picture has %zu × %zu: they must be equal",
                   path, sam_mask_get_width (mask), sam_mask_get_height (mask), width, height);
      return NULL;
    }

  return g_steal_pointer (&mask);
}

/* --- one object
 * ----------------------------------------------------------------------------------- */

/* Sums over the objects of a set. */
typedef struct
{
  double  sum[SAM_N_METRICS];
  size_t  n_objects;
  size_t  n_compared;    /* prompts */
  GArray *predicted_iou; /* double, of each candidate of each first click */
  GArray *true_iou;
} Sums;

typedef struct
{
  const SamPredictor *predictor, *against;
  gpointer            scene, other_scene;
  const uint8_t      *truth;
  const uint8_t      *ignore;
  size_t              width, height;
  const SamJob       *job;
} Object;

static double
iou_of (const Object *object, const SamMask *mask)
{
  return sam_measure_iou (sam_mask_get_coverage (mask), object->truth, object->ignore,
                          object->width, object->height);
}

static double
boundary_iou_of (const Object *object, const SamMask *mask)
{
  return sam_measure_boundary_iou (sam_mask_get_coverage (mask), object->truth, object->ignore,
                                   object->width, object->height);
}

static SamMask *
ask (const SamPredictor *predictor,
     gpointer            scene,
     const SamPrompt    *prompt,
     SamLogits         **logits,
     GError            **error)
{
  g_autoptr (SamLogits) answer = predictor->predict (scene, prompt, predictor->data, NULL, error);
  SamMask              *mask;

  if (answer == NULL)
    return NULL;

  mask = sam_mask_new_from_logits (answer, sam_logits_get_best (answer), SAM_EDGE_HARD, NULL,
                                   error);
  if (mask != NULL && logits != NULL)
    *logits = g_steal_pointer (&answer);

  return mask;
}

/* What the other model makes of the prompt that @mask answers. */
static gboolean
compare (const Object    *object,
         const SamPrompt *prompt,
         const SamMask   *mask,
         Sums            *sums,
         GError         **error)
{
  g_autoptr (SamMask) other = ask (object->against, object->other_scene, prompt, NULL, error);
  double              agreement;

  if (other == NULL)
    return FALSE;

  agreement = sam_measure_iou (sam_mask_get_coverage (mask), sam_mask_get_coverage (other),
                               object->ignore, object->width, object->height);
  sums->sum[SAM_METRIC_AGREEMENT] += agreement;
  if (sums->n_compared == 0 || agreement < sums->sum[SAM_METRIC_AGREEMENT_MIN])
    sums->sum[SAM_METRIC_AGREEMENT_MIN] = agreement;
  sums->sum[SAM_METRIC_IOU_CHANGE] += iou_of (object, mask) - iou_of (object, other);
  sums->n_compared++;

  return TRUE;
}

static SamMask *
predict (const Object    *object,
         const SamPrompt *prompt,
         SamLogits      **logits,
         Sums            *sums,
         GError         **error)
{
  g_autoptr (SamMask) mask = ask (object->predictor, object->scene, prompt, logits, error);

  if (mask == NULL || (object->against != NULL && prompt->points->len <= MAX_COMPARED &&
                       ! compare (object, prompt, mask, sums, error)))
    return NULL;

  return g_steal_pointer (&mask);
}

/* Adds the click that corrects @mask most. FALSE when there is nothing to correct. */
static gboolean
add_click (const Object *object, const SamMask *mask, SamPrompt *prompt)
{
  size_t              n = object->width * object->height;
  const uint8_t      *current = sam_mask_get_coverage (mask);
  g_autofree uint8_t *missing = g_malloc0 (n);
  g_autofree uint8_t *surplus = g_malloc0 (n);
  size_t              x[2] = { 0 }, y[2] = { 0 };
  gint64              depth[2];
  int                 label;

  for (size_t i = 0; i < n; i++)
    if (object->ignore == NULL || object->ignore[i] < 128)
      {
        missing[i] = object->truth[i] & ~current[i] & 0x80;
        surplus[i] = current[i] & ~object->truth[i] & 0x80;
      }
  depth[1] = sam_find_innermost (missing, object->width, object->height, &x[1], &y[1]);
  depth[0] = sam_find_innermost (surplus, object->width, object->height, &x[0], &y[0]);
  if (depth[0] == 0 && depth[1] == 0)
    return FALSE;

  label = depth[1] >= depth[0];
  sam_prompt_add_point (prompt, (float) x[label] + 0.5f, (float) y[label] + 0.5f, label);

  return TRUE;
}

static gboolean
measure_candidates (const Object *object, const SamLogits *logits, Sums *sums, GError **error)
{
  double oracle = 0;

  for (size_t i = 0; i < sam_logits_get_n_candidates (logits); i++)
    {
      g_autoptr (SamMask) mask = sam_mask_new_from_logits (logits, i, SAM_EDGE_HARD, NULL, error);
      double              predicted = sam_logits_get_iou (logits, i), iou;

      if (mask == NULL)
        return FALSE;
      iou = iou_of (object, mask);
      oracle = MAX (oracle, iou);
      g_array_append_val (sums->predicted_iou, predicted);
      g_array_append_val (sums->true_iou, iou);
    }
  sums->sum[SAM_METRIC_CLICK1_ORACLE] += oracle;

  return TRUE;
}

static gboolean
measure_clicks (const Object *object, Sums *sums, GError **error)
{
  g_auto (SamPrompt)    prompt;
  g_autoptr (SamLogits) logits = NULL;
  g_autoptr (SamMask)   mask = NULL;
  g_autoptr (SamMask)   nothing = sam_mask_new_empty (object->width, object->height, error);
  double                iou[MAX_CLICKS + 1] = { 0 };
  double                boundary = 0;
  int                   noc85 = MAX_CLICKS, noc90 = MAX_CLICKS;
  gboolean              finished;

  sam_prompt_init (&prompt);
  if (nothing == NULL)
    return FALSE;

  finished = ! add_click (object, nothing, &prompt);
  for (int n = 1; n <= MAX_CLICKS; n++)
    {
      /* nothing left to correct: more clicks would change nothing */
      if (finished)
        {
          iou[n] = iou[n - 1];
        }
      else
        {
          SamLogits *previous = g_steal_pointer (&logits);

          prompt.previous = previous;
          prompt.previous_candidate = previous != NULL ? sam_logits_get_best (previous) : 0;
          g_clear_pointer (&mask, sam_mask_free);
          mask = predict (object, &prompt, &logits, sums, error);
          sam_logits_free (previous);
          if (mask == NULL || (n == 1 && ! measure_candidates (object, logits, sums, error)))
            return FALSE;
          iou[n] = iou_of (object, mask);
          finished = ! add_click (object, mask, &prompt);
        }

      if (n == 5)
        boundary = boundary_iou_of (object, mask);
      if (iou[n] >= 0.85)
        noc85 = MIN (noc85, n);
      if (iou[n] >= 0.90)
        noc90 = MIN (noc90, n);
      if (n >= 5 && noc90 < MAX_CLICKS)
        break;
    }

  sums->sum[SAM_METRIC_CLICK1] += iou[1];
  sums->sum[SAM_METRIC_CLICK3] += iou[3];
  sums->sum[SAM_METRIC_CLICK5] += iou[5];
  sums->sum[SAM_METRIC_BOUNDARY_CLICK5] += boundary;
  sums->sum[SAM_METRIC_NOC85] += noc85;
  sums->sum[SAM_METRIC_NOC90] += noc90;

  return TRUE;
}

static gboolean
measure_box (const Object *object, const SamMask *truth, Sums *sums, GError **error)
{
  g_auto (SamPrompt)    prompt;
  g_autoptr (SamLogits) logits = NULL;
  g_autoptr (SamMask)   mask = NULL;
  size_t                x0, y0, x1, y1;

  sam_prompt_init (&prompt);
  if (! sam_mask_get_bounds (truth, &x0, &y0, &x1, &y1))
    g_return_val_if_reached (FALSE);
  sam_prompt_add_box (&prompt, x0, y0, x1, y1);

  mask = predict (object, &prompt, &logits, sums, error);
  if (mask == NULL)
    return FALSE;
  sums->sum[SAM_METRIC_BOX] += iou_of (object, mask);
  sums->sum[SAM_METRIC_BOUNDARY_BOX] += boundary_iou_of (object, mask);

  return TRUE;
}

/* --- sets
 * ----------------------------------------------------------------------------------------- */

typedef struct
{
  const SamPredictor *predictor, *against;
  const char         *predictions;
  const SamJob       *job;
  size_t              n_pictures, n_done;
} Evaluation;

/* DIR/SET/NAME_k.png, or DIR/NAME_k.png */
static SamMask *
read_prediction (const Evaluation *evaluation,
                 const Set        *set,
                 const char       *name,
                 size_t            width,
                 size_t            height,
                 GError          **error)
{
  g_autofree char *path = g_build_filename (evaluation->predictions, set->name, name, NULL);

  if (! g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_autofree char *flat = g_build_filename (evaluation->predictions, name, NULL);

      if (g_file_test (flat, G_FILE_TEST_EXISTS))
        {
          g_free (path);
          path = g_steal_pointer (&flat);
        }
    }

  return read_mask_of_size (path, width, height, error);
}

/* A hard mask without the pixels to ignore, so that no click is placed there. */
static SamMask *
read_truth (const char *path, const SamMask *ignore, size_t width, size_t height, GError **error)
{
  g_autoptr (SamMask) mask = read_mask_of_size (path, width, height, error);
  uint8_t            *truth;

  if (mask == NULL)
    return NULL;

  truth = g_malloc_n (height, width);
  for (size_t i = 0; i < width * height; i++)
    truth[i] = sam_mask_get_coverage (mask)[i] >= 128 &&
                   (ignore == NULL || sam_mask_get_coverage (ignore)[i] < 128)
                 ? 255
                 : 0;

  return sam_mask_new_take (width, height, truth);
}

static gboolean
evaluate_object (const Evaluation *evaluation,
                 const Set        *set,
                 const char       *name,
                 SamImage         *image,
                 gpointer          scene,
                 gpointer          other_scene,
                 const SamMask    *ignore,
                 Sums             *sums,
                 GError          **error)
{
  size_t              width = sam_image_get_width (image), height = sam_image_get_height (image);
  g_autofree char    *path = g_build_filename (set->path, name, NULL);
  g_autoptr (SamMask) truth = read_truth (path, ignore, width, height, error);
  g_autoptr (SamMask) prediction = NULL;
  Object              object;

  if (truth == NULL)
    return FALSE;
  if (sam_mask_get_area (truth) == 0) /* no object, nothing to click at */
    return TRUE;

  object = (Object) { evaluation->predictor,
                      evaluation->against,
                      scene,
                      other_scene,
                      sam_mask_get_coverage (truth),
                      ignore != NULL ? sam_mask_get_coverage (ignore) : NULL,
                      width,
                      height,
                      evaluation->job };
  sums->n_objects++;
  if (evaluation->predictor != NULL)
    return measure_clicks (&object, sums, error) && measure_box (&object, truth, sums, error);

  prediction = read_prediction (evaluation, set, name, width, height, error);
  if (prediction == NULL)
    return FALSE;
  sums->sum[SAM_METRIC_IOU] += iou_of (&object, prediction);
  sums->sum[SAM_METRIC_BOUNDARY_IOU] += boundary_iou_of (&object, prediction);

  return TRUE;
}

static gboolean
evaluate_picture (const Evaluation *evaluation,
                  const Set        *set,
                  const Picture    *picture,
                  Sums             *sums,
                  GError          **error)
{
  g_autoptr (SamImage) image = sam_picture_read (picture->path, error);
  g_autoptr (SamMask)  ignore = NULL;
  g_autofree char     *ignore_name = g_strconcat (picture->name, "_ignore.png", NULL);
  g_autofree char     *ignore_path = g_build_filename (set->path, ignore_name, NULL);
  gpointer             scene = NULL, other_scene = NULL;
  gboolean             ok = TRUE;

  if (image == NULL)
    return FALSE;
  if (g_file_test (ignore_path, G_FILE_TEST_EXISTS))
    {
      ignore = read_mask_of_size (ignore_path, sam_image_get_width (image),
                                  sam_image_get_height (image), error);
      if (ignore == NULL)
        return FALSE;
    }

  if (evaluation->predictor != NULL)
    {
      SamJob job = { .cancellable = evaluation->job != NULL ? evaluation->job->cancellable : NULL };

      scene = evaluation->predictor->encode (image, evaluation->predictor->data, &job, error);
      if (scene == NULL)
        return FALSE;
      if (evaluation->against != NULL)
        {
          other_scene = evaluation->against->encode (image, evaluation->against->data, &job, error);
          ok = other_scene != NULL;
        }
    }
  for (guint i = 0; ok && i < picture->masks->len; i++)
    {
      double done = (double) evaluation->n_done + (double) i / picture->masks->len;

      ok = sam_job_step (evaluation->job, done / (double) evaluation->n_pictures, error) &&
           evaluate_object (evaluation, set, picture->masks->pdata[i], image, scene, other_scene,
                            ignore, sums, error);
    }
  if (evaluation->predictor != NULL)
    evaluation->predictor->free_scene (scene);
  if (other_scene != NULL)
    evaluation->against->free_scene (other_scene);

  return ok;
}

static gboolean
is_measured (const Evaluation *evaluation, SamMetric metric)
{
  if (metric >= SAM_METRIC_AGREEMENT)
    return evaluation->against != NULL;

  return (evaluation->predictor == NULL) == (metric >= SAM_METRIC_IOU);
}

static gboolean
evaluate_set (Evaluation *evaluation,
              const Set  *set,
              size_t      n_pictures,
              SamScores  *scores,
              GError    **error)
{
  Sums     sums = { 0 };
  gboolean ok = TRUE;

  sums.predicted_iou = g_array_new (FALSE, FALSE, sizeof (double));
  sums.true_iou = g_array_new (FALSE, FALSE, sizeof (double));

  for (size_t i = 0; ok && i < n_pictures; i++)
    {
      ok = evaluate_picture (evaluation, set, set->pictures->pdata[i], &sums, error);
      evaluation->n_done++;
    }

  scores->set = set->name;
  scores->n_pictures = n_pictures;
  scores->n_objects = sums.n_objects;
  for (int m = 0; m < SAM_N_METRICS; m++)
    {
      if (! is_measured (evaluation, m) || sums.n_objects == 0)
        scores->mean[m] = NAN;
      else if (m == SAM_METRIC_IOU_RANK_CORRELATION)
        scores->mean[m] = sam_rank_correlation ((double *) sums.predicted_iou->data,
                                                (double *) sums.true_iou->data, sums.true_iou->len);
      else if (m == SAM_METRIC_AGREEMENT_MIN)
        scores->mean[m] = sums.sum[m];
      else
        scores->mean[m] = sums.sum[m] /
                          (double) (m >= SAM_METRIC_AGREEMENT ? sums.n_compared : sums.n_objects);
    }
  g_array_unref (sums.predicted_iou);
  g_array_unref (sums.true_iou);

  return ok;
}

gboolean
sam_evaluate (const char         *directory,
              const SamPredictor *predictor,
              const SamPredictor *against,
              const char         *predictions,
              size_t              max_pictures,
              SamScoresFunc       done,
              gpointer            data,
              const SamJob       *job,
              GError            **error)
{
  g_autoptr (GPtrArray) sets = open_sets (directory, error);
  Evaluation            evaluation = { predictor, against, predictions, job, 0, 0 };
  SamScores             mean = { "mean", 0, 0, { 0 } };
  size_t                n_means[SAM_N_METRICS] = { 0 };

  g_return_val_if_fail ((predictor == NULL) != (predictions == NULL), FALSE);
  g_return_val_if_fail (against == NULL || predictor != NULL, FALSE);

  if (sets == NULL)
    return FALSE;
  if (max_pictures == 0)
    max_pictures = G_MAXSIZE;
  for (guint i = 0; i < sets->len; i++)
    evaluation.n_pictures += MIN (((Set *) sets->pdata[i])->pictures->len, max_pictures);

  for (guint i = 0; i < sets->len; i++)
    {
      Set      *set = sets->pdata[i];
      SamScores scores;

      if (! evaluate_set (&evaluation, set, MIN (set->pictures->len, max_pictures), &scores, error))
        return FALSE;

      mean.n_pictures += scores.n_pictures;
      mean.n_objects += scores.n_objects;
      for (int m = 0; m < SAM_N_METRICS; m++)
        if (m == SAM_METRIC_AGREEMENT_MIN && ! isnan (scores.mean[m]))
          {
            mean.mean[m] = n_means[m] > 0 ? MIN (mean.mean[m], scores.mean[m]) : scores.mean[m];
            n_means[m] = 1;
          }
        else if (! isnan (scores.mean[m]))
          {
            mean.mean[m] += scores.mean[m];
            n_means[m]++;
          }
      done (&scores, data);
    }

  for (int m = 0; m < SAM_N_METRICS; m++)
    mean.mean[m] = n_means[m] > 0 ? mean.mean[m] / (double) n_means[m] : NAN;
  done (&mean, data);

  return TRUE;
}
