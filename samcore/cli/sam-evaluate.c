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

#include "samcore/cli/sam-image-file.h"
#include "samcore/cli/sam-picture-set.h"
#include "samcore/sam-mask.h"

#define MAX_CLICKS   20
#define MAX_COMPARED 5 /* clicks: those that people make */

/* ---- one object ---- */

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
ask_for_mask (const SamPredictor *predictor,
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
compare_models (const Object    *object,
                const SamPrompt *prompt,
                const SamMask   *mask,
                Sums            *sums,
                GError         **error)
{
  g_autoptr (SamMask) other = ask_for_mask (object->against, object->other_scene, prompt, NULL,
                                            error);
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
predict_mask (const Object    *object,
              const SamPrompt *prompt,
              SamLogits      **logits,
              Sums            *sums,
              GError         **error)
{
  g_autoptr (SamMask) mask = ask_for_mask (object->predictor, object->scene, prompt, logits, error);

  if (mask == NULL || (object->against != NULL && prompt->points->len <= MAX_COMPARED &&
                       ! compare_models (object, prompt, mask, sums, error)))
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
          mask = predict_mask (object, &prompt, &logits, sums, error);
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

  mask = predict_mask (object, &prompt, &logits, sums, error);
  if (mask == NULL)
    return FALSE;
  sums->sum[SAM_METRIC_BOX] += iou_of (object, mask);
  sums->sum[SAM_METRIC_BOUNDARY_BOX] += boundary_iou_of (object, mask);

  return TRUE;
}

/* ---- sets ---- */

typedef struct
{
  const SamPredictor *predictor, *against;
  const char         *predictions;
  const SamJob       *job;
  size_t              n_pictures, n_done;
} Evaluation;

/* DIR/SET/NAME_k.png, or DIR/NAME_k.png */
static SamMask *
read_prediction (const Evaluation    *evaluation,
                 const SamPictureSet *set,
                 const char          *name,
                 size_t               width,
                 size_t               height,
                 GError             **error)
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

  return sam_picture_set_read_mask (path, width, height, error);
}

static gboolean
evaluate_object (const Evaluation    *evaluation,
                 const SamPictureSet *set,
                 const char          *name,
                 SamImage            *image,
                 gpointer             scene,
                 gpointer             other_scene,
                 const SamMask       *ignore,
                 Sums                *sums,
                 GError             **error)
{
  size_t              width = sam_image_get_width (image), height = sam_image_get_height (image);
  g_autofree char    *path = g_build_filename (set->path, name, NULL);
  g_autoptr (SamMask) truth = sam_picture_set_read_truth (path, ignore, width, height, error);
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
evaluate_picture (const Evaluation    *evaluation,
                  const SamPictureSet *set,
                  const SamSample     *sample,
                  Sums                *sums,
                  GError             **error)
{
  g_autoptr (SamImage) image = sam_picture_read (sample->path, error);
  g_autoptr (SamMask)  ignore = NULL;
  g_autofree char     *ignore_name = g_strconcat (sample->name, "_ignore.png", NULL);
  g_autofree char     *ignore_path = g_build_filename (set->path, ignore_name, NULL);
  gpointer             scene = NULL, other_scene = NULL;
  gboolean             ok = TRUE;

  if (image == NULL)
    return FALSE;
  if (g_file_test (ignore_path, G_FILE_TEST_EXISTS))
    {
      ignore = sam_picture_set_read_mask (ignore_path, sam_image_get_width (image),
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
  for (guint i = 0; ok && i < sample->masks->len; i++)
    {
      double done = (double) evaluation->n_done + (double) i / sample->masks->len;

      ok = sam_job_step (evaluation->job, done / (double) evaluation->n_pictures, error) &&
           evaluate_object (evaluation, set, sample->masks->pdata[i], image, scene, other_scene,
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
evaluate_set (Evaluation          *evaluation,
              const SamPictureSet *set,
              size_t               n_pictures,
              SamScores           *scores,
              GError             **error)
{
  Sums     sums = { 0 };
  gboolean ok = TRUE;

  sums.predicted_iou = g_array_new (FALSE, FALSE, sizeof (double));
  sums.true_iou = g_array_new (FALSE, FALSE, sizeof (double));

  for (size_t i = 0; ok && i < n_pictures; i++)
    {
      ok = evaluate_picture (evaluation, set, set->samples->pdata[i], &sums, error);
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
  g_autoptr (GPtrArray) sets = sam_picture_sets_open (directory, error);
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
    evaluation.n_pictures += MIN (((SamPictureSet *) sets->pdata[i])->samples->len, max_pictures);

  for (guint i = 0; i < sets->len; i++)
    {
      SamPictureSet *set = sets->pdata[i];
      SamScores      scores;

      if (! evaluate_set (&evaluation, set, MIN (set->samples->len, max_pictures), &scores, error))
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
