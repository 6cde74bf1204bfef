/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The built-in model against its reference outputs, stage by stage; prompts of every kind;
 * cancelling, hostile weights, threads, embeddings as files. */
#include <math.h>
#include <string.h>

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>

#include "samcore/sam-convert.h"
#include "samcore/model/sam-embedding-private.h"
#include "samcore/mask/sam-logits-private.h"
#include "samcore/model/sam-model-private.h"
#include "samcore/samcore.h"
#include "tests/lib/golden.h"

#define N_CASES 5

static char          *model_path;
static SamCheckpoint *golden;
static SamModel      *model;
static SamImage      *image;
static SamScene      *scene;
static SamEmbedding  *embedding; /* of scene */

/* ---- against the reference ---- */

typedef struct
{
  int n_stages;
} StageData;

static void
compare_stage (const char *name, const float *values, size_t n, size_t c, void *user_data)
{
  StageData       *data = user_data;
  g_autofree char *key = g_strconcat ("enc.", name, NULL);

  if (golden_has (golden, key))
    {
      golden_compare (golden, key, values, n, c, GOLDEN_CHW, 7919, 1e-4, 2e-5);
      data->n_stages++;
    }
}

static void
test_stages (void)
{
  g_autoptr (GError)       error = NULL;
  StageData                data = { 0 };
  SamTrace                 trace = { compare_stage, &data };
  g_autoptr (SamEmbedding) again = sam_model_encode_traced (model, image, NULL, &trace, &error);
  int                      n = 0;

  g_assert_no_error (error);
  for (gboolean more = TRUE; more; n += more)
    {
      g_autofree char *key = g_strdup_printf ("enc.blocks.%d", n);

      more = golden_has (golden, key);
    }
  g_assert_cmpint (n, >, 0);
  g_assert_cmpint (data.n_stages, ==, n + 1); /* and the stem */
}

static void
test_preprocess (void)
{
  g_autoptr (GError)  error = NULL;
  const SamTensor    *tensor = sam_checkpoint_lookup (golden, "pre.resized_u8");
  SamGeometry         geometry;
  g_autofree uint8_t *small = g_malloc (tensor->n_elements);

  sam_geometry_init (&geometry, sam_image_get_width (image), sam_image_get_height (image),
                     sam_model_get_image_size (model), SAM_FIT_LONGEST, SAM_UPSAMPLE_TWO_STEP);
  g_assert_cmpuint (geometry.resized_height, ==, tensor->shape[0]);
  g_assert_cmpuint (geometry.resized_width, ==, tensor->shape[1]);
  g_assert_true (sam_resize_pillow (small, sam_image_get_pixels (image), geometry.height,
                                    geometry.width, geometry.resized_height, geometry.resized_width,
                                    &error));
  g_assert_cmpmem (small, tensor->n_elements, tensor->data, tensor->n_elements);
}

static void
test_embedding (void)
{
  size_t       side, channels;
  const float *values = sam_embedding_get_values (embedding, &side, &channels);

  g_assert_cmpuint (side, ==, sam_model_get_image_size (model) / 16);
  golden_compare (golden, "emb", values, side * side, channels, GOLDEN_CHW, 1, 1e-4, 2e-5);
  values = sam_embedding_get_high_res (embedding, 0, &side, &channels);
  golden_compare (golden, "emb.high_res0", values, side * side, channels, GOLDEN_CHW, 13, 1e-4,
                  2e-5);
  values = sam_embedding_get_high_res (embedding, 1, &side, &channels);
  golden_compare (golden, "emb.high_res1", values, side * side, channels, GOLDEN_CHW, 13, 1e-4,
                  2e-5);

  g_assert_cmpuint (sam_embedding_get_width (embedding), ==, sam_image_get_width (image));
  g_assert_cmpuint (sam_embedding_get_height (embedding), ==, sam_image_get_height (image));

  sam_embedding_get_values (embedding, &side, &channels);
  golden_compare (golden, "image_pe",
                  sam_prompt_encoder_get_grid (sam_model_get_prompt_encoder (model)), side * side,
                  channels, GOLDEN_CHW, 1, 1e-5, 0);
}

/* The prompts of the reference cases, in pixels of the picture. */
static void
make_case (SamPrompt *prompt, int number)
{
  float w = sam_image_get_width (image);
  float h = sam_image_get_height (image);

  sam_prompt_init (prompt);
  switch (number)
    {
    case 0:
      sam_prompt_add_point (prompt, w * 0.5f, h * 0.55f, 1);
      break;

    case 1:
      sam_prompt_add_point (prompt, w * 0.5f, h * 0.55f, 1);
      sam_prompt_add_point (prompt, w * 0.1f, h * 0.1f, 0);
      break;

    case 2:
      sam_prompt_add_box (prompt, w * 0.2f, h * 0.2f, w * 0.8f, h * 0.9f);
      break;

    case 3:
      sam_prompt_add_point (prompt, w * 0.5f, h * 0.5f, 1);
      sam_prompt_add_point (prompt, w * 0.85f, h * 0.2f, 0);
      sam_prompt_add_box (prompt, w * 0.15f, h * 0.15f, w * 0.9f, h * 0.95f);
      break;

    case 4:
      sam_prompt_add_point (prompt, w * 0.5f, h * 0.55f, 1);
      sam_prompt_add_point (prompt, w * 0.3f, h * 0.8f, 1);
      break;
    }
}

/* Areas at picture size may differ in one of 10000 pixels of the picture, at least 4. */
static void
compare_area (const SamLogits *logits, size_t candidate, gint64 area)
{
  g_autoptr (GError)  error = NULL;
  g_autoptr (SamMask) mask = sam_mask_new_from_logits (logits, candidate, SAM_EDGE_HARD, NULL,
                                                       &error);
  gint64              n = (gint64) sam_image_get_width (image) * sam_image_get_height (image);
  gint64              allowed = MAX (4, n / 10000);

  g_assert_no_error (error);
  g_assert_cmpint (ABS ((gint64) sam_mask_get_area (mask) - area), <=, allowed);
}

static void
test_decode (void)
{
  const SamPromptEncoder *prompts = sam_model_get_prompt_encoder (model);
  g_autofree float       *best = NULL;

  for (int i = 0; i < N_CASES; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GArray) tokens = NULL;
      g_autofree char   *logits = g_strdup_printf ("p%d.logits", i);
      g_autofree char   *iou = g_strdup_printf ("p%d.iou", i);
      g_autofree char   *points = g_strdup_printf ("p%d.points_model", i);
      g_autofree char   *labels = g_strdup_printf ("p%d.labels", i);
      g_autofree char   *area = g_strdup_printf ("p%d.area", i);
      g_autofree float  *places = NULL;
      g_auto (SamPrompt) prompt;
      SamDecoded         decoded = { 0 };
      float              place[4][2];
      int                label[4];
      size_t             n_places;

      make_case (&prompt, i);
      for (guint k = 0; k < prompt.points->len; k++)
        {
          place[k][0] = g_array_index (prompt.points, SamPoint, k).x_image;
          place[k][1] = g_array_index (prompt.points, SamPoint, k).y_image;
          label[k] = g_array_index (prompt.points, SamPoint, k).label;
        }
      tokens = sam_prompt_encoder_arrange (prompts, sam_embedding_get_geometry (embedding),
                                           (const float (*)[2]) place, label, prompt.points->len,
                                           prompt.boxes->len > 0
                                             ? (const float *) prompt.boxes->data
                                             : NULL);

      places = golden_read (golden, points, &n_places);
      g_assert_cmpuint (2 * tokens->len, ==, n_places);
      for (guint k = 0; k < tokens->len; k++)
        {
          const SamToken *token = &g_array_index (tokens, SamToken, k);

          g_assert_cmpint (token->label, ==, golden_read_int (golden, labels, k));
          g_assert_cmpfloat_with_epsilon (token->x_model, places[2 * k], 1e-4);
          g_assert_cmpfloat_with_epsilon (token->y_model, places[2 * k + 1], 1e-4);
        }

      sam_model_decode (model, embedding, (const SamToken *) tokens->data, tokens->len,
                        i == 4 ? best : NULL, (SamMaskRange) { 0, SAM_N_MASKS }, &decoded, NULL,
                        NULL, &error);
      g_assert_no_error (error);
      golden_compare (golden, logits, decoded.masks, decoded.made.n * decoded.side * decoded.side,
                      1, GOLDEN_HWC, 1, 2e-4, 5e-5);
      golden_compare (golden, iou, decoded.iou, SAM_N_MASKS, 1, GOLDEN_HWC, 1, 1e-4, 0);

      if (i == 0)
        {
          size_t n = decoded.side * decoded.side;

          best = g_memdup2 (decoded.masks + golden_read_int (golden, "p0.best", 0) * n,
                            n * sizeof (float));
        }
      for (size_t k = 0; k < SAM_N_MASKS; k++)
        {
          size_t                n = decoded.side * decoded.side;
          g_autoptr (SamLogits) one = sam_logits_new_take (
            sam_embedding_get_geometry (embedding), 1, decoded.side,
            g_memdup2 (decoded.masks + k * n, n * sizeof (float)), decoded.iou + k, NAN, 0, NULL);

          compare_area (one, 0, golden_read_int (golden, area, k));
        }
      for (size_t first = 0; first < 2; first++)
        {
          SamMaskRange fewer = { first, first == 0 ? 1 : SAM_N_MASKS - 1 };
          SamDecoded   again;

          sam_model_decode (model, embedding, (const SamToken *) tokens->data, tokens->len,
                            i == 4 ? best : NULL, fewer, &again, NULL, NULL, &error);
          g_assert_no_error (error);
          for (size_t k = first; k < first + fewer.n; k++)
            g_assert_cmpmem (sam_decoded_get_mask (&again, k),
                             sizeof (float) * again.side * again.side,
                             sam_decoded_get_mask (&decoded, k),
                             sizeof (float) * decoded.side * decoded.side);
          g_assert_cmpmem (again.iou, sizeof again.iou, decoded.iou, sizeof decoded.iou);
          g_free (again.masks);
        }
      g_free (decoded.masks);
    }
}

/* The network alone. */
static SamLogits *
predict (const SamPrompt *prompt)
{
  g_autoptr (GError) error = NULL;
  SamPrompt          quick = *prompt;
  SamLogits         *logits;

  quick.quick = TRUE;
  logits = sam_model_predict (model, scene, &quick, NULL, &error);

  g_assert_no_error (error);

  return logits;
}

/* The public way gives the same: three candidates for a lone point, the first mask otherwise. */
static void
test_predict (void)
{
  g_autoptr (SamLogits) first = NULL;

  for (int i = 0; i < N_CASES; i++)
    {
      g_auto (SamPrompt)    prompt;
      g_autoptr (SamLogits) logits = NULL;
      g_autofree char      *key = g_strdup_printf ("p%d.logits", i);
      g_autofree char      *iou_key = g_strdup_printf ("p%d.iou", i);
      g_autofree char      *area = g_strdup_printf ("p%d.area", i);
      g_autofree float     *reference = golden_read (golden, key, NULL);
      g_autofree float     *iou = golden_read (golden, iou_key, NULL);
      size_t                n, from = i == 0 ? 1 : 0;

      make_case (&prompt, i);
      if (i == 4)
        {
          prompt.previous = first;
          prompt.previous_candidate = golden_read_int (golden, "p0.best", 0) - 1;
        }
      logits = predict (&prompt);
      n = sam_logits_get_width (logits) * sam_logits_get_height (logits);
      g_assert_cmpuint (sam_logits_get_n_candidates (logits), ==, i == 0 ? 3 : 1);
      g_assert_true (isnan (sam_logits_get_object_score (logits)));
      for (size_t k = 0; k < sam_logits_get_n_candidates (logits); k++)
        {
          const float *values = sam_logits_get_values (logits, k);

          g_assert_cmpfloat_with_epsilon (sam_logits_get_iou (logits, k), iou[from + k], 1e-4);
          for (size_t p = 0; p < n; p++)
            g_assert_cmpfloat_with_epsilon (values[p], reference[(from + k) * n + p], 5e-3);
          compare_area (logits, k, golden_read_int (golden, area, from + k));
        }
      if (i == 0)
        first = g_steal_pointer (&logits);
    }
}

/* ---- prompts ---- */

static void
test_several_boxes (void)
{
  float      box[3][4] = { { 20, 20, 200, 180 }, { 150, 120, 500, 380 }, { 300, 30, 590, 200 } };
  SamLogits *single[3];
  g_autoptr (SamLogits) together = NULL;
  g_auto (SamPrompt)    all;
  double                iou = 0;
  size_t                n;

  sam_prompt_init (&all);
  for (int i = 0; i < 3; i++)
    {
      g_auto (SamPrompt) one;

      sam_prompt_init (&one);
      sam_prompt_add_box (&one, box[i][0], box[i][1], box[i][2], box[i][3]);
      sam_prompt_add_box (&all, box[i][0], box[i][1], box[i][2], box[i][3]);
      if (i == 2) /* held by the third box alone */
        {
          sam_prompt_add_point (&one, 580, 50, 1);
          sam_prompt_add_point (&all, 580, 50, 1);
        }
      single[i] = predict (&one);
      iou += sam_logits_get_iou (single[i], 0) / 3;
    }
  together = predict (&all);

  n = sam_logits_get_width (together) * sam_logits_get_height (together);
  g_assert_cmpuint (sam_logits_get_n_candidates (together), ==, 1);
  g_assert_cmpfloat_with_epsilon (sam_logits_get_iou (together, 0), iou, 1e-5);
  for (size_t p = 0; p < n; p++)
    {
      float most = -INFINITY;

      for (int i = 0; i < 3; i++)
        most = MAX (most, sam_logits_get_values (single[i], 0)[p]);
      g_assert_cmpfloat (sam_logits_get_values (together, 0)[p], ==, most);
    }
  for (int i = 0; i < 3; i++)
    sam_logits_free (single[i]);
}

/* A point outside all boxes is an object of its own, and answers with the best of its three
 * candidates. */
static void
test_boxes_and_point (void)
{
  g_auto (SamPrompt)    point, boxes, all;
  g_autoptr (SamLogits) a = NULL, b = NULL, c = NULL;
  size_t                best = 0, n;

  sam_prompt_init (&point);
  sam_prompt_init (&boxes);
  sam_prompt_init (&all);
  sam_prompt_add_point (&point, 300, 220, 1);
  sam_prompt_add_point (&all, 300, 220, 1);
  sam_prompt_add_box (&boxes, 0, 0, 100, 100);
  sam_prompt_add_box (&all, 0, 0, 100, 100);
  sam_prompt_add_box (&boxes, 500, 300, 600, 400);
  sam_prompt_add_box (&all, 500, 300, 600, 400);
  a = predict (&point);
  b = predict (&boxes);
  c = predict (&all);

  for (size_t i = 1; i < 3; i++)
    if (sam_logits_get_iou (a, i) > sam_logits_get_iou (a, best))
      best = i;
  n = sam_logits_get_width (c) * sam_logits_get_height (c);
  for (size_t p = 0; p < n; p++)
    g_assert_cmpfloat (sam_logits_get_values (c, 0)[p], ==,
                       MAX (sam_logits_get_values (a, best)[p], sam_logits_get_values (b, 0)[p]));
}

static double
mask_iou (const SamMask *a, const SamMask *b)
{
  const uint8_t *x = sam_mask_get_coverage (a), *y = sam_mask_get_coverage (b);
  size_t         n = sam_mask_get_width (a) * sam_mask_get_height (a);
  size_t         both = 0, any = 0;

  for (size_t i = 0; i < n; i++)
    {
      both += x[i] >= 128 && y[i] >= 128;
      any += x[i] >= 128 || y[i] >= 128;
    }

  return any > 0 ? (double) both / any : 1.0;
}

/* A good mask given as the prompt comes back about as it was, at the picture's size and at
 * others. */
static void
test_mask_prompt (void)
{
  g_auto (SamPrompt)    sure;
  g_autoptr (GError)    error = NULL;
  g_autoptr (SamLogits) logits = NULL;
  g_autoptr (SamMask)   mask = NULL;
  const size_t          sizes[][2] = { { 600, 400 }, { 150, 100 }, { 1500, 1000 } };

  make_case (&sure, 3); /* which the network itself thinks well of, 0.88 */
  logits = predict (&sure);
  mask = sam_mask_new_from_logits (logits, 0, SAM_EDGE_HARD, NULL, &error);
  g_assert_no_error (error);

  for (size_t i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_auto (SamPrompt)    prompt;
      size_t                w = sizes[i][0], h = sizes[i][1];
      uint8_t              *coverage = g_malloc (w * h);
      g_autoptr (SamMask)   given = NULL, answer = NULL;
      g_autoptr (SamLogits) refined = NULL;

      for (size_t y = 0; y < h; y++)
        for (size_t x = 0; x < w; x++)
          coverage[y * w + x] = sam_mask_get_coverage (mask)[(y * 400 / h) * 600 + x * 600 / w];
      given = sam_mask_new_take (w, h, coverage);
      sam_prompt_init (&prompt);
      prompt.mask = given;
      refined = predict (&prompt);
      g_assert_cmpuint (sam_logits_get_n_candidates (refined), ==, 1);
      answer = sam_mask_new_from_logits (refined, 0, SAM_EDGE_HARD, NULL, &error);
      g_assert_no_error (error);
      g_test_message ("%zu x %zu: %g", w, h, mask_iou (answer, mask));
      g_assert_cmpfloat (mask_iou (answer, mask), >, 0.8);
    }
}

static void
expect_bad_prompt (const SamPrompt *prompt, int code)
{
  g_autoptr (GError)    error = NULL;
  g_autoptr (SamLogits) logits = sam_model_predict (model, scene, prompt, NULL, &error);

  g_assert_null (logits);
  g_assert_error (error, SAM_ERROR, code);
}

static void
test_bad_prompts (void)
{
  g_auto (SamPrompt)    prompt;
  g_autoptr (GError)    error = NULL;
  g_autoptr (SamMask)   nothing = sam_mask_new_empty (30, 20, &error);
  g_autoptr (GBytes)    bytes = g_bytes_new_take (g_malloc0 (20 * 30 * 3), 20 * 30 * 3);
  g_autoptr (SamImage)  other = sam_image_new (30, 20, bytes, &error);
  g_autoptr (SamScene)  small = sam_model_encode (model, other, NULL, &error);
  g_autoptr (SamLogits) logits = NULL;

  g_assert_no_error (error);
  sam_prompt_init (&prompt);
  expect_bad_prompt (&prompt, SAM_ERROR_BAD_PROMPT);
  prompt.mask = nothing;
  expect_bad_prompt (&prompt, SAM_ERROR_BAD_PROMPT);
  prompt.mask = NULL;

  /* logits of another picture */
  sam_prompt_add_point (&prompt, 10, 10, 1);
  logits = sam_model_predict (model, small, &prompt, NULL, &error);
  g_assert_no_error (error);
  prompt.previous = logits;
  expect_bad_prompt (&prompt, SAM_ERROR_UNSUPPORTED);
}

/* ---- cancelling ---- */

typedef struct
{
  GCancellable *cancellable;
  int           left; /* steps before cancelling; negative: never */
  int           n_steps;
  double        last;
} CancelData;

static void
count_step (double fraction, gpointer user_data)
{
  CancelData *data = user_data;

  g_assert_cmpfloat (fraction, >=, data->last - 1e-9);
  g_assert_cmpfloat (fraction, <=, 1.0 + 1e-9);
  data->last = fraction;
  data->n_steps++;
  if (data->left-- == 0)
    g_cancellable_cancel (data->cancellable);
}

typedef gboolean (*Work) (const SamJob *job, GError **error);

static gboolean
work_load (const SamJob *job, GError **error)
{
  g_autoptr (SamModel) loaded = sam_model_load (model_path, job, error);

  return loaded != NULL;
}

static gboolean
work_encode (const SamJob *job, GError **error)
{
  g_autoptr (SamScene) made = sam_model_encode (model, image, job, error);

  return made != NULL;
}

static gboolean
work_predict (const SamJob *job, GError **error)
{
  g_auto (SamPrompt)    prompt;
  g_autoptr (SamLogits) logits = NULL;

  sam_prompt_init (&prompt);
  sam_prompt_add_box (&prompt, 10, 10, 100, 100);
  sam_prompt_add_box (&prompt, 200, 200, 300, 300);
  prompt.quick = TRUE;
  logits = sam_model_predict (model, scene, &prompt, job, error);

  return logits != NULL;
}

/* With a scene of its own each time: parts that it keeps take no time. */
static gboolean
work_closer (const SamJob *job, GError **error)
{
  g_auto (SamPrompt)    prompt;
  g_autoptr (SamScene)  fresh = sam_model_encode (model, image, NULL, NULL);
  g_autoptr (SamLogits) logits = NULL;

  g_assert_nonnull (fresh);
  sam_prompt_init (&prompt);
  sam_prompt_add_box (&prompt, 200, 200, 300, 300);
  logits = sam_model_predict (model, fresh, &prompt, job, error);

  return logits != NULL;
}

/* Cancelled at each step in turn, the work ends with the right error, having made nothing. */
static void
test_cancel (gconstpointer user_data)
{
  Work work = (Work) user_data;
  int  n_steps = 1;

  for (int left = -1; left < n_steps - 1; left++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (GError)       error = NULL;
      CancelData               data = { cancellable, left };
      SamJob                   job = { cancellable, count_step, &data };
      gboolean                 done = work (&job, &error);

      if (left < 0)
        {
          g_assert_no_error (error);
          g_assert_true (done);
          g_assert_cmpfloat_with_epsilon (data.last, 1.0, 1e-6);
          n_steps = data.n_steps;
          g_assert_cmpint (n_steps, >=, 3);
        }
      else
        {
          g_assert_false (done);
          g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
          g_assert_cmpint (data.n_steps, <=, left + 2);
        }
    }
}

/* ---- hostile weights ---- */

/* The built-in file with its header edited. */
typedef void (*Edit) (JsonObject *header, const char *name);

static GBytes *
edit_checkpoint (Edit edit, const char *name)
{
  g_autoptr (GError)     error = NULL;
  g_autofree char       *file = NULL;
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autofree char       *header = NULL;
  gsize                  size, n_header, n_new;
  guint64                length;
  char                  *edited;

  g_file_get_contents (model_path, &file, &size, &error);
  g_assert_no_error (error);
  memcpy (&length, file, 8);
  n_header = GUINT64_FROM_LE (length);
  json_parser_load_from_data (parser, file + 8, n_header, &error);
  g_assert_no_error (error);
  edit (json_node_get_object (json_parser_get_root (parser)), name);
  header = json_to_string (json_parser_get_root (parser), FALSE);
  n_new = strlen (header);

  edited = g_malloc (8 + n_new + size - 8 - n_header);
  length = GUINT64_TO_LE ((guint64) n_new);
  memcpy (edited, &length, 8);
  memcpy (edited + 8, header, n_new);
  memcpy (edited + 8 + n_new, file + 8 + n_header, size - 8 - n_header);

  return g_bytes_new_take (edited, 8 + n_new + size - 8 - n_header);
}

static void
expect_refused (GBytes *bytes, const char *name)
{
  g_autoptr (GError)        error = NULL;
  g_autoptr (SamCheckpoint) checkpoint = sam_checkpoint_open_bytes (bytes, "hostile.safetensors",
                                                                    &error);
  g_autoptr (SamModel)      loaded = NULL;

  if (checkpoint != NULL)
    loaded = sam_model_new (checkpoint, NULL, &error);
  g_assert_null (loaded);
  g_assert_error (error, SAM_ERROR, SAM_ERROR_BAD_FILE);
  if (strstr (error->message, name) == NULL ||
      strstr (error->message, "hostile.safetensors") == NULL)
    g_error ("'%s' names neither %s nor the file", error->message, name);
  g_bytes_unref (bytes);
}

/* The data stay, under a name that nobody asks for: files with gaps are refused before it comes to
 * models. */
static void
edit_remove (JsonObject *header, const char *name)
{
  g_autofree char *unused = g_strconcat ("unused.", name, NULL);

  json_object_set_member (header, unused, json_node_copy (json_object_get_member (header, name)));
  json_object_remove_member (header, name);
}

static void
edit_rank (JsonObject *header, const char *name)
{
  json_array_add_int_element (
    json_object_get_array_member (json_object_get_object_member (header, name), "shape"), 1);
}

/* The same number of elements, another shape. */
static void
edit_swap (JsonObject *header, const char *name)
{
  JsonObject *tensor = json_object_get_object_member (header, name);
  JsonArray  *shape = json_object_get_array_member (tensor, "shape");
  JsonArray  *other = json_array_new ();
  gint64      first = json_array_get_int_element (shape, 0);

  g_assert_cmpint (first % 2, ==, 0);
  json_array_add_int_element (other, first / 2);
  json_array_add_int_element (other, json_array_get_int_element (shape, 1) * 2);
  for (guint i = 2; i < json_array_get_length (shape); i++)
    json_array_add_int_element (other, json_array_get_int_element (shape, i));
  json_object_set_array_member (tensor, "shape", other);
}

/* No elements at all: legal as a file, useless as a weight. */
static void
edit_empty (JsonObject *header, const char *name)
{
  JsonObject *tensor = json_object_new ();
  JsonArray  *shape = json_array_new ();
  JsonArray  *offsets = json_array_new ();
  guint       rank = json_array_get_length (
    json_object_get_array_member (json_object_get_object_member (header, name), "shape"));

  edit_remove (header, name);
  for (guint i = 0; i < rank; i++)
    json_array_add_int_element (shape, i == 0 ? 0 : 1);
  json_array_add_int_element (offsets, 0);
  json_array_add_int_element (offsets, 0);
  json_object_set_string_member (tensor, "dtype", "F16");
  json_object_set_array_member (tensor, "shape", shape);
  json_object_set_array_member (tensor, "data_offsets", offsets);
  json_object_set_object_member (header, name, tensor);
}

static void
edit_type (JsonObject *header, const char *name)
{
  json_object_set_string_member (json_object_get_object_member (header, name), "dtype", "I16");
}

static void
test_hostile_tensors (void)
{
  const char *names[] = {
    "image_encoder.trunk.stem.c.weight",
    "image_encoder.trunk.blocks.3.project.c.weight",
    "image_encoder.trunk.blocks.5.expand.c.weight",
    "image_encoder.trunk.blocks.5.dw.c.weight",
    "image_encoder.fuse_stage2.weight",
    "image_encoder.neck.2.weight",
    "prompt_encoder.pe_layer.positional_encoding_gaussian_matrix",
    "prompt_encoder.mask_downscaling.3.weight",
    "mask_decoder.conv_s0.weight",
    "mask_decoder.mask_tokens.weight",
    "mask_decoder.transformer.layers.1.mlp.lin1.weight",
    "mask_decoder.output_upscaling.3.weight",
    "mask_decoder.iou_prediction_head.layers.2.weight",
  };
  const Edit edits[] = { edit_remove, edit_rank, edit_swap, edit_empty, edit_type };

  for (size_t i = 0; i < G_N_ELEMENTS (names); i++)
    for (size_t k = 0; k < G_N_ELEMENTS (edits); k++)
      {
        /* without these it is no model of ours, or one with another structure: see below */
        if (edits[k] == edit_remove &&
            (i == 0 || strstr (names[i], "conv_s0") || strstr (names[i], "dw")))
          continue;
        /* a swapped size that others depend on shows in the first of them */
        expect_refused (edit_checkpoint (edits[k], names[i]),
                        edits[k] == edit_swap ? "tensor" : names[i]);
      }
}

static void
edit_remove_block (JsonObject *header, const char *name)
{
  g_autoptr (GList) members = json_object_get_members (header);

  for (GList *l = members; l != NULL; l = l->next)
    if (g_str_has_prefix (l->data, name))
      {
        g_autofree char *member = g_strdup (l->data);

        edit_remove (header, member);
      }
}

static void
edit_metadata (JsonObject *header, const char *name)
{
  g_auto (GStrv) parts = g_strsplit (name, "=", 2);

  json_object_set_string_member (json_object_get_object_member (header, "__metadata__"), parts[0],
                                 parts[1]);
}

static void
test_hostile_structure (void)
{
  const char *metadata[] = {
    "image_size=0",    "image_size=-32", "image_size=100000", "image_size=33",
    "image_size=384x", "heads=0",        "heads=7",           "heads=99999999999",
    "mean=1,2",        "mean=nan,1,1",   "std=0,1,1",         "std=1,1,1e99",
  };

  expect_refused (edit_checkpoint (edit_remove_block, "image_encoder.trunk.blocks.20."), "widths");
  expect_refused (edit_checkpoint (edit_remove_block, "mask_decoder.transformer.layers.1."),
                  "layers.1");
  for (size_t i = 0; i < G_N_ELEMENTS (metadata); i++)
    expect_refused (edit_checkpoint (edit_metadata, metadata[i]), "metadata");
}

static void
test_not_finite (void)
{
  const char   *names[] = { "image_encoder.trunk.blocks.4.project.c.weight",
                            "image_encoder.neck.3.bias", "mask_decoder.iou_token.weight",
                            "prompt_encoder.no_mask_embed.weight" };
  const guint16 halves[] = { 0x7e00, 0x7c00, 0xfc00 }; /* NaN, infinities */

  for (size_t i = 0; i < G_N_ELEMENTS (names); i++)
    for (size_t k = 0; k < G_N_ELEMENTS (halves); k++)
      {
        g_autoptr (GError)        error = NULL;
        g_autoptr (SamCheckpoint) sound = sam_checkpoint_open (model_path, &error);
        const SamTensor          *tensor;
        g_autofree char          *file = NULL;
        gsize                     size;
        guint16                   half = GUINT16_TO_LE (halves[k]);
        const uint8_t            *first;

        g_assert_no_error (error);
        g_file_get_contents (model_path, &file, &size, &error);
        g_assert_no_error (error);
        tensor = sam_checkpoint_lookup (sound, names[i]);
        /* the data begin behind the header, with the tensor that lies first */
        first = sam_checkpoint_get_tensor (sound, 0)->data;
        for (size_t t = 0; t < sam_checkpoint_get_n_tensors (sound); t++)
          first = MIN (first, sam_checkpoint_get_tensor (sound, t)->data);
        memcpy (file + 8 + GUINT64_FROM_LE (*(guint64 *) file) + (tensor->data - first) +
                  2 * (tensor->n_elements - 1),
                &half, 2);
        expect_refused (g_bytes_new_take (g_steal_pointer (&file), size), names[i]);
      }
}

static void
test_unknown (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = edit_checkpoint (edit_remove, "image_encoder.trunk.stem.c.weight");
  g_autoptr (SamCheckpoint) checkpoint = sam_checkpoint_open_bytes (bytes, "other.safetensors",
                                                                    &error);
  g_autoptr (SamModel)      loaded = NULL;

  g_assert_no_error (error);
  loaded = sam_model_new (checkpoint, NULL, &error);
  g_assert_null (loaded);
  g_assert_error (error, SAM_ERROR, SAM_ERROR_UNKNOWN_MODEL);
}

/* ---- threads ---- */

static void
test_threads (void)
{
  size_t side, channels;

  for (int threads = 1; threads <= 4; threads++)
    {
      g_autoptr (GError)       error = NULL;
      g_autoptr (SamEmbedding) again = NULL;
      g_autoptr (SamLogits)    a = NULL, b = NULL;
      g_auto (SamPrompt)       prompt;
      const float             *x, *y;

      sam_parallel_set_n_threads (threads);
      again = sam_model_encode_traced (model, image, NULL, NULL, &error);
      g_assert_no_error (error);
      x = sam_embedding_get_values (embedding, &side, &channels);
      y = sam_embedding_get_values (again, &side, &channels);
      g_assert_cmpmem (x, side * side * channels * sizeof (float), y,
                       side * side * channels * sizeof (float));

      make_case (&prompt, 3);
      a = predict (&prompt);
      sam_parallel_set_n_threads (1);
      b = predict (&prompt);
      side = sam_logits_get_width (a);
      g_assert_cmpmem (sam_logits_get_values (a, 0), side * side * sizeof (float),
                       sam_logits_get_values (b, 0), side * side * sizeof (float));
    }
  sam_parallel_set_n_threads (0);
}

/* ---- embeddings as files ---- */

static char *
temporary_path (const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autofree char   *folder = g_dir_make_tmp ("check-model-XXXXXX", &error);

  g_assert_no_error (error);

  return g_build_filename (folder, name, NULL);
}

static void
remove_path (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);

  g_remove (path);
  g_assert_cmpint (g_rmdir (folder), ==, 0); /* and nothing temporary was left in it */
}

/* Not byte by byte: between the fields there is padding, with anything in it. */
static void
assert_same_geometry (const SamGeometry *a, const SamGeometry *b)
{
  g_assert_true (sam_geometry_is_same_part (a, b));
  g_assert_cmpuint (a->picture_width, ==, b->picture_width);
  g_assert_cmpuint (a->picture_height, ==, b->picture_height);
  g_assert_cmpuint (a->resized_width, ==, b->resized_width);
  g_assert_cmpuint (a->resized_height, ==, b->resized_height);
  g_assert_cmpuint (a->input, ==, b->input);
  g_assert_cmpint (a->fit, ==, b->fit);
  g_assert_cmpint (a->upsample, ==, b->upsample);
}

static void
test_embedding_file (void)
{
  g_autofree char         *path = temporary_path ("coffee.safetensors");
  g_autoptr (GError)       error = NULL;
  g_autoptr (SamEmbedding) again = NULL;

  g_assert_true (sam_model_save_embedding (model, embedding, path, &error));
  g_assert_no_error (error);
  again = sam_model_open_embedding (model, path, &error);
  g_assert_no_error (error);
  for (int i = 0; i < SAM_N_MAPS; i++)
    {
      const SamMap *a = sam_embedding_get_map (embedding, i);
      const SamMap *b = sam_embedding_get_map (again, i);
      size_t        n = a->values != NULL ? a->side * a->side * a->channels * sizeof (float) : 0;

      g_assert_cmpmem (a->values, n, b->values, n);
    }
  assert_same_geometry (sam_embedding_get_geometry (embedding), sam_embedding_get_geometry (again));

  /* a folder that is not there */
  g_assert_false (sam_model_save_embedding (model, embedding, "/nonexistent/folder/e.safetensors",
                                            &error));
  g_assert_nonnull (error);
  remove_path (path);
}

static void
test_embedding_damage (void)
{
  g_autofree char   *path = temporary_path ("coffee.safetensors");
  g_autoptr (GError) error = NULL;
  g_autofree char   *sound = NULL;
  gsize              size;
  guint64            n_header;
  const char        *edits[][2] = {
    { "\"width\":\"600\"", "\"width\":\"000\"" },
    { "\"height\":\"400\"", "\"height\":\"4e0\"" },
    { "[24,24,128]", "[24,128,24]" },
    { "\"stride8\"", "\"strode8\"" },
    { "segment-anything-e", "segment-nothing--e" },
    { "\"F32\"", "\"I32\"" },
  };

  sam_model_save_embedding (model, embedding, path, &error);
  g_assert_no_error (error);
  g_file_get_contents (path, &sound, &size, &error);
  g_assert_no_error (error);
  memcpy (&n_header, sound, 8);
  n_header = GUINT64_FROM_LE (n_header);

  for (gsize cut = 0; cut < size; cut = cut < 600 ? cut + 37 : cut * 3)
    {
      g_autoptr (SamEmbedding) opened = NULL;

      g_file_set_contents (path, sound, cut, NULL);
      opened = sam_model_open_embedding (model, path, &error);
      g_assert_null (opened);
      g_assert_error (error, SAM_ERROR, SAM_ERROR_BAD_FILE);
      g_clear_error (&error);
    }

  for (size_t i = 0; i <= G_N_ELEMENTS (edits); i++)
    {
      g_autofree char         *bad = g_memdup2 (sound, size);
      g_autoptr (SamEmbedding) opened = NULL;

      if (i < G_N_ELEMENTS (edits))
        {
          char *at = g_strstr_len (bad + 8, n_header, edits[i][0]);

          g_assert_nonnull (at);
          memcpy (at, edits[i][1], strlen (edits[i][1]));
        }
      else
        {
          const float infinite = INFINITY;

          memcpy (bad + size - sizeof infinite, &infinite, sizeof infinite);
        }
      g_file_set_contents (path, bad, size, NULL);
      opened = sam_model_open_embedding (model, path, &error);
      g_assert_null (opened);
      g_assert_error (error, SAM_ERROR, SAM_ERROR_BAD_FILE);
      g_clear_error (&error);
    }

  /* another model's */
  {
    g_autoptr (SamEmbedding) opened = NULL;
    char                    *at = g_strstr_len (sound + 8, n_header, sam_model_get_hash (model));

    g_assert_nonnull (at);
    at[0] = at[0] == '0' ? '1' : '0';
    g_file_set_contents (path, sound, size, NULL);
    opened = sam_model_open_embedding (model, path, &error);
    g_assert_null (opened);
    g_assert_error (error, SAM_ERROR, SAM_ERROR_UNSUPPORTED);
  }
  remove_path (path);
}

/* ---- less exact weights ---- */

/* The same object comes out of every precision that we write. */
static void
test_converted (void)
{
  static const struct
  {
    SamPrecision precision;
    double       iou;
  } cases[] = {
    { SAM_PRECISION_F32, 0.9999 },
    { SAM_PRECISION_F16, 0.9999 },
    { SAM_PRECISION_BF16, 0.97 },
    { SAM_PRECISION_INT8, 0.95 },
  };
  g_auto (SamPrompt)    prompt;
  g_autoptr (SamLogits) logits = NULL;
  g_autoptr (SamMask)   wanted = NULL;
  g_autoptr (GError)    error = NULL;

  make_case (&prompt, 3);
  prompt.quick = TRUE; /* a close-up need not be of the same part of the picture */
  logits = predict (&prompt);
  wanted = sam_mask_new_from_logits (logits, 0, SAM_EDGE_HARD, NULL, &error);
  g_assert_no_error (error);

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char      *path = temporary_path ("converted.safetensors");
      g_autoptr (SamModel)  converted = NULL;
      g_autoptr (SamScene)  made = NULL;
      g_autoptr (SamLogits) answer = NULL;
      g_autoptr (SamMask)   mask = NULL;

      g_assert_true (sam_convert (model_path, path, cases[i].precision, NULL, &error));
      g_assert_no_error (error);
      converted = sam_model_load (path, NULL, &error);
      g_assert_no_error (error);
      made = sam_model_encode (converted, image, NULL, &error);
      g_assert_no_error (error);
      answer = sam_model_predict (converted, made, &prompt, NULL, &error);
      g_assert_no_error (error);
      mask = sam_mask_new_from_logits (answer, 0, SAM_EDGE_HARD, NULL, &error);
      g_assert_no_error (error);
      g_test_message ("%d: %g", cases[i].precision, mask_iou (mask, wanted));
      g_assert_cmpfloat (mask_iou (mask, wanted), >=, cases[i].iou);

      /* an embedding belongs to its own model only */
      g_assert_null (sam_model_predict (model, made, &prompt, NULL, &error));
      g_assert_error (error, SAM_ERROR, SAM_ERROR_UNSUPPORTED);
      g_clear_error (&error);
      remove_path (path);
    }
}

static void
test_properties (void)
{
  g_assert_cmpstr (sam_model_get_family (model), ==, "builtin");
  g_assert_cmpstr (sam_model_get_name (model), ==, "builtin");
  g_assert_cmpuint (sam_model_get_image_size (model), ==, 384);
  g_assert_cmpfloat (sam_model_get_gflop (model), >, 0.5);
  g_assert_cmpfloat (sam_model_get_gflop (model), <, 10);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autofree char   *samples = NULL;
  int                result;

  g_test_init (&argc, &argv, NULL);

  model_path = g_test_build_filename (G_TEST_DIST, "..", "data", "models", "builtin.safetensors",
                                      NULL);
  samples = g_test_build_filename (G_TEST_DIST, "..", "data", "samples", NULL);
  golden = golden_open ("builtin.golden.safetensors");
  image = golden_picture (samples, "coffee.png");
  model = sam_model_load (model_path, NULL, &error);
  g_assert_no_error (error);
  scene = sam_model_encode (model, image, NULL, &error);
  g_assert_no_error (error);
  embedding = sam_scene_get_embedding (scene);

  g_test_add_func ("/model/properties", test_properties);
  g_test_add_func ("/model/golden/preprocess", test_preprocess);
  g_test_add_func ("/model/golden/stages", test_stages);
  g_test_add_func ("/model/golden/embedding", test_embedding);
  g_test_add_func ("/model/golden/decode", test_decode);
  g_test_add_func ("/model/golden/predict", test_predict);
  g_test_add_func ("/model/prompt/several-boxes", test_several_boxes);
  g_test_add_func ("/model/prompt/boxes-and-point", test_boxes_and_point);
  g_test_add_func ("/model/prompt/mask", test_mask_prompt);
  g_test_add_func ("/model/prompt/bad", test_bad_prompts);
  g_test_add_data_func ("/model/cancel/load", work_load, test_cancel);
  g_test_add_data_func ("/model/cancel/encode", work_encode, test_cancel);
  g_test_add_data_func ("/model/cancel/predict", work_predict, test_cancel);
  g_test_add_data_func ("/model/cancel/closer", work_closer, test_cancel);
  g_test_add_func ("/model/hostile/tensors", test_hostile_tensors);
  g_test_add_func ("/model/hostile/structure", test_hostile_structure);
  g_test_add_func ("/model/hostile/not-finite", test_not_finite);
  g_test_add_func ("/model/hostile/unknown", test_unknown);
  g_test_add_func ("/model/threads", test_threads);
  g_test_add_func ("/model/converted", test_converted);
  g_test_add_func ("/model/embedding/file", test_embedding_file);
  g_test_add_func ("/model/embedding/damage", test_embedding_damage);
  result = g_test_run ();

  sam_scene_unref (scene);
  sam_model_unref (model);
  sam_image_unref (image);
  sam_checkpoint_unref (golden);
  g_free (model_path);

  return result;
}
