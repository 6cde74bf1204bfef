/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every family of models against the reference implementations: whole networks with generated
 * weights, real pictures, all kinds of prompts. The reference values are a folder of its own (see
 * SAM_GOLDEN); without it these tests say so and are skipped; check-blocks has the parts that are
 * in the source tree. Without it, too, the lists of tensors in data/networks must make models, and
 * what is damaged is found.
 *
 *   -m slow also runs the large networks */
#include <math.h>
#include <string.h>

#include <gio/gio.h>
#include <zlib.h>

#include "samcore/model/sam-embedding-private.h"
#include "samcore/mask/sam-logits-private.h"
#include "samcore/model/sam-model-private.h"
#include "samcore/samcore.h"
#include "tests/lib/golden.h"
#include "tests/lib/synth-weights.h"

#define MAX_PROMPTS 17

typedef struct
{
  const char *model;
  const char *family, *name; /* what we say it is */
  gboolean    slow;
  const char *pictures; /* of the quick run; the slow one takes all there are */
  const char *values;   /* the reference values are those of this model, or NULL */
} Family;

static const Family families[] = {
  { "vit_t", "mobilesam", "MobileSAM ViT-Tiny", FALSE, "dog,synth" },
  { "vit_b", "sam", "SAM ViT-B", FALSE, "dog" },
  { "vit_l", "sam", "SAM ViT-L", TRUE, "" },
  { "vit_h", "sam", "SAM ViT-H", TRUE, "" },
  { "hq_vit_tiny", "sam-hq", "SAM-HQ ViT-Tiny", FALSE, "dog" },
  { "hq_vit_b", "sam-hq", "SAM-HQ ViT-B", TRUE, "" },
  { "edge_sam", "edgesam", "EdgeSAM", FALSE, "dog" },
  { "efficientsam_ti", "efficientsam", "EfficientSAM-Ti", FALSE, "dog" },
  { "sam2.1_hiera_tiny", "sam2", "SAM 2.1 Hiera tiny", FALSE, "dog" },
  { "sam2.1_hiera_small", "sam2", "SAM 2.1 Hiera small", TRUE, "" },
  { "sam2.1_hiera_base_plus", "sam2", "SAM 2.1 Hiera base+", TRUE, "" },
  { "sam2.1_hiera_large", "sam2", "SAM 2.1 Hiera large", TRUE, "" },
  /* the same network as 2.1 for pictures */
  { "sam2_hiera_tiny", "sam2", "SAM 2 Hiera tiny", TRUE, "", "sam2.1_hiera_tiny" },
  { "efficientsam_s", "efficientsam", "EfficientSAM-S", TRUE, "" },
};

static const char *const pictures[] = { "truck", "groceries", "dog", "synth" };

static char *folder; /* NULL: there is none */

/* One picture and one model at a time. */
typedef struct
{
  SamCheckpoint *golden;
  SamModel      *model;
  SamImage      *image;
  SamEmbedding  *embedding;
  int            n_stages;
  const char    *prompt; /* "p07", or NULL while encoding */
  GHashTable    *traced; /* name: GArray of float, all prompts of a batch one after another */
  float         *fed_back;
} State;

static char *
prompt_key (const State *state, const char *name)
{
  return g_strdup_printf ("%s.%s", state->prompt, name);
}

/* ---- encoder ---- */

static void
compare_stage (const char *name, const float *values, size_t n, size_t c, void *user_data)
{
  State           *state = user_data;
  g_autofree char *key = g_strconcat ("enc.", name, NULL);
  g_autofree char *hq_key = g_strconcat ("p00.", name, NULL);

  if (strcmp (name, "pre") == 0)
    {
      golden_compare_shaped (state->golden, "pre", values, 1, n, c, 2e-6, 0);
      state->n_stages++;
    }
  else if (golden_has (state->golden, key) ||
           (g_str_has_prefix (name, "hq_") && golden_has (state->golden, hq_key)))
    {
      golden_compare_shaped (state->golden, golden_has (state->golden, key) ? key : hq_key, values,
                             1, n, c, 1e-4, 2e-5);
      state->n_stages++;
    }
}

static void
check_resized (const State *state)
{
  g_autoptr (GError)  error = NULL;
  const SamGeometry  *geometry = sam_embedding_get_geometry (state->embedding);
  g_autofree uint8_t *small = NULL;
  size_t              n = geometry->resized_height * geometry->resized_width * 3;

  if (! golden_has (state->golden, "pre.resized_crc32"))
    return;

  g_assert_cmpint (geometry->resized_height, ==,
                   golden_read_int (state->golden, "pre.resized_size", 0));
  g_assert_cmpint (geometry->resized_width, ==,
                   golden_read_int (state->golden, "pre.resized_size", 1));
  small = g_malloc (n);
  g_assert_true (sam_resize_pillow (small, sam_image_get_pixels (state->image), geometry->height,
                                    geometry->width, geometry->resized_height,
                                    geometry->resized_width, &error));
  g_assert_cmpint (crc32 (0, small, n), ==,
                   golden_read_int (state->golden, "pre.resized_crc32", 0));
}

static void
check_encoder (State *state)
{
  static const char *const keys[] = { "emb", "emb.high_res0", "emb.high_res1" };
  g_autoptr (GError)       error = NULL;
  SamTrace                 trace = { compare_stage, state };
  const SamMap            *map;

  state->embedding = sam_model_encode_traced (state->model, state->image, NULL, &trace, &error);
  g_assert_no_error (error);
  g_assert_cmpint (state->n_stages, >=, 8);
  check_resized (state);

  for (int i = 0; i < 3; i++)
    {
      map = sam_embedding_get_map (state->embedding, i);
      g_assert_true ((map->values != NULL) == golden_has (state->golden, keys[i]));
      if (map->values != NULL)
        golden_compare_shaped (state->golden, keys[i], map->values, 1, map->side * map->side,
                               map->channels, 1e-4, 2e-5);
    }
  map = sam_embedding_get_map (state->embedding, SAM_MAP_EMBEDDING);
  golden_compare_shaped (state->golden, "image_pe",
                         sam_prompt_encoder_get_grid (sam_model_get_prompt_encoder (state->model)),
                         1, map->side * map->side, map->channels, 1.4e-5, 0);
}

/* ---- prompts ---- */

static void
keep_traced (const char *name, const float *values, size_t n, size_t c, void *user_data)
{
  State  *state = user_data;
  GArray *all = g_hash_table_lookup (state->traced, name);

  if (all == NULL)
    {
      all = g_array_new (FALSE, FALSE, sizeof (float));
      g_hash_table_insert (state->traced, g_strdup (name), all);
    }
  g_array_append_vals (all, values, n * c);
}

static void
compare_traced (State *state, const char *name, size_t batch, size_t c, double max, double rms)
{
  g_autofree char *key = prompt_key (state, name);
  GArray          *all = g_hash_table_lookup (state->traced, name);

  if (! golden_has (state->golden, key) || (strcmp (name, "dense") == 0 && all == NULL))
    return;
  /* EfficientSAM's reference was recorded twice, one after the other */
  if (strcmp (name, "hyper_in") == 0 && all != NULL &&
      sam_checkpoint_lookup (state->golden, key)->n_elements == 2 * all->len)
    {
      g_autofree float *once = g_memdup2 (all->data, all->len * sizeof (float));
      guint             n = all->len / batch;

      g_array_set_size (all, 0);
      for (size_t b = 0; b < 2 * batch; b++)
        g_array_append_vals (all, once + b / 2 * n, n);
    }
  if (all == NULL || all->len == 0)
    {
      g_assert_cmpuint (sam_checkpoint_lookup (state->golden, key)->n_elements, ==, 0);
      return;
    }
  golden_compare_shaped (state->golden, key, (const float *) all->data, batch, all->len / batch / c,
                         c, max, rms);
}

/* Written down in the reference: a ball in the middle left. */
static float *
make_mask_input (const State *state, gint64 kind)
{
  float *mask;

  if (kind == 0)
    return NULL;
  if (kind == 2)
    return g_memdup2 (state->fed_back, 256 * 256 * sizeof (float));

  mask = g_new (float, 256 * 256);
  for (int y = 0; y < 256; y++)
    for (int x = 0; x < 256; x++)
      {
        float value = 8.0f - ((x - 120) * (x - 120) + (y - 100) * (y - 100)) / 512.0f;

        mask[y * 256 + x] = CLAMP (value, -32.0f, 32.0f);
      }

  return mask;
}

/* What the model answers, at picture size. */
static void
check_full_size (State *state, const SamLogits *logits, size_t n_before, GArray *up)
{
  g_autofree char *up_key = prompt_key (state, "up");
  g_autofree char *area_key = prompt_key (state, "area");
  g_autofree char *bits_key = prompt_key (state, "mask_bits");
  size_t           w = sam_image_get_width (state->image);
  size_t           h = sam_image_get_height (state->image);
  gint64           allowed = MAX (4, (gint64) (w * h / 10000));
  g_autofree char *stride_key = prompt_key (state, "up.stride");
  size_t           stride = golden_has (state->golden, stride_key)
                              ? (size_t) golden_read_int (state->golden, stride_key, 0)
                              : 1;
  const SamTensor *bits = sam_checkpoint_lookup (state->golden, bits_key);

  for (size_t k = 0; k < sam_logits_get_n_candidates (logits); k++)
    {
      g_autoptr (GError)  error = NULL;
      g_autoptr (SamMask) mask = sam_mask_new_from_logits (logits, k, SAM_EDGE_HARD, NULL, &error);
      size_t              base = (n_before + k) * w * h;
      gint64              wrong = 0;

      g_assert_no_error (error);
      g_assert_cmpint (ABS ((gint64) sam_mask_get_area (mask) -
                            golden_read_int (state->golden, area_key, n_before + k)),
                       <=, allowed);
      for (size_t i = 0; bits != NULL && i < w * h; i++)
        {
          gboolean on = (bits->data[(base + i) / 8] >> (7 - (base + i) % 8)) & 1;

          wrong += on != (sam_mask_get_coverage (mask)[i] == 255);
        }
      g_assert_cmpint (wrong, <=, allowed);

      /* the sampled ones of this candidate */
      for (size_t e = (base + stride - 1) / stride * stride; e < base + w * h; e += stride)
        {
          float value = sam_logits_sample (logits, k, (e - base) % w + 0.5f, (e - base) / w + 0.5f);

          g_array_append_val (up, value);
        }
    }
}

static gboolean
stability_scored (const State *state)
{
  return strcmp (state->prompt, "p15") == 0 &&
         strcmp (sam_model_get_family (state->model), "edgesam") == 0;
}

static size_t
read_choice (const State *state, const SamDecoded *decoded, size_t choice[SAM_N_MASKS])
{
  g_autofree char *multimask = prompt_key (state, "multimask");
  g_autofree char *used = prompt_key (state, "used_multimask");
  g_autofree char *stability = prompt_key (state, "stability");
  gint64           n = golden_read_int (state->golden, multimask, 0);
  size_t           n_choice;

  /* EdgeSAM's reference says how many masks it gives: in p14 all, in p15 one (scored by its
   * stability) */
  if (stability_scored (state))
    {
      choice[0] = 0;
      return 1;
    }
  if (n == SAM_N_MASKS)
    {
      for (size_t i = 0; i < SAM_N_MASKS; i++)
        choice[i] = i;
      return SAM_N_MASKS;
    }

  n_choice = sam_model_choose (state->model, decoded, n == 1, choice);
  if (golden_has (state->golden, used) &&
      (choice[0] != 0) != (golden_read_int (state->golden, used, 0) != 0))
    {
      g_autofree float *value = golden_read (state->golden, stability, NULL);

      /* on the edge, rounding may decide; the values cannot be compared then */
      g_assert_cmpfloat (fabsf (value[0] - 0.98f), <, 3e-4);
      return 0;
    }

  return n_choice;
}

static void
check_prompt (State *state, int number)
{
  const SamModelSpec *spec = sam_model_get_spec (state->model);
  g_autofree char    *prompt = g_strdup_printf ("p%02d", number);
  g_autofree char    *points_key = g_strdup_printf ("p%02d.points", number);
  g_autofree char    *labels_key = g_strdup_printf ("p%02d.labels", number);
  g_autofree char    *box_key = g_strdup_printf ("p%02d.box", number);
  g_autofree char    *mask_key = g_strdup_printf ("p%02d.mask_input", number);
  g_autofree char    *low_key = g_strdup_printf ("p%02d.low", number);
  g_autofree char    *iou_key = g_strdup_printf ("p%02d.iou", number);
  g_autofree char    *iou_all_key = g_strdup_printf ("p%02d.iou_all", number);
  g_autofree char    *all_key = g_strdup_printf ("p%02d.masks_all", number);
  g_autofree char    *score_key = g_strdup_printf ("p%02d.object_score_logits", number);
  g_autofree char    *up_key = g_strdup_printf ("p%02d.up", number);
  g_autofree float   *points = NULL;
  g_autofree float   *box = NULL;
  g_autofree float   *mask = NULL;
  g_autoptr (GArray)  low = g_array_new (FALSE, FALSE, 4), iou = g_array_new (FALSE, FALSE, 4);
  g_autoptr (GArray)  all = g_array_new (FALSE, FALSE, 4), iou_all = g_array_new (FALSE, FALSE, 4);
  g_autoptr (GArray)  score = g_array_new (FALSE, FALSE, 4), up = g_array_new (FALSE, FALSE, 4);
  SamTrace            trace = { keep_traced, state };
  size_t              n_points = 0, batch = 1, side = 0, n_answers = 0;
  SamHqMode           mode = number == 14 || number == 15 ? SAM_HQ_ONLY : SAM_HQ_ADD;

  if (! golden_has (state->golden, iou_all_key))
    return;

  state->prompt = prompt;
  g_hash_table_remove_all (state->traced);
  if (golden_has (state->golden, points_key))
    {
      points = golden_read (state->golden, points_key, &n_points);
      n_points /= 2;
      if (sam_checkpoint_lookup (state->golden, points_key)->rank == 3)
        {
          batch = n_points;
          n_points = 1;
        }
    }
  if (golden_has (state->golden, box_key))
    box = golden_read (state->golden, box_key, NULL);
  mask = make_mask_input (state, golden_read_int (state->golden, mask_key, 0));

  for (size_t b = 0; b < batch; b++)
    {
      g_autoptr (GError)    error = NULL;
      g_autoptr (GArray)    tokens = NULL;
      g_autoptr (SamLogits) logits = NULL;
      SamDecoded            decoded = { 0 };
      size_t                choice[SAM_N_MASKS], n_choice, n;
      int                   labels[16];
      float                *values, answer_iou[SAM_N_MASKS];

      g_assert_cmpuint (n_points, <=, G_N_ELEMENTS (labels));
      for (size_t i = 0; i < n_points; i++)
        labels[i] = golden_read_int (state->golden, labels_key, b * n_points + i);
      tokens = sam_prompt_encoder_arrange (sam_model_get_prompt_encoder (state->model),
                                           sam_embedding_get_geometry (state->embedding),
                                           n_points > 0 ? (const float (*)[2]) (points + 2 * b)
                                                        : NULL,
                                           labels, n_points, box);
      g_assert_true (sam_model_decode (state->model, state->embedding,
                                       (const SamToken *) tokens->data, tokens->len, mask,
                                       (SamMaskRange) { 0, SAM_N_MASKS }, &decoded, NULL, &trace,
                                       &error));
      g_assert_no_error (error);

      side = decoded.side;
      n = side * side;
      g_array_append_vals (all, decoded.masks, (SAM_N_MASKS + spec->decoder.hq) * n);
      g_array_append_vals (iou_all, decoded.iou, SAM_N_MASKS);
      g_array_append_val (score, decoded.object_score);

      n_choice = read_choice (state, &decoded, choice);
      values = g_new (float, MAX (n_choice, 1) * n);
      for (size_t k = 0; k < n_choice; k++)
        {
          float limit = spec->decoder.mask_input_limit;

          for (size_t i = 0; i < n; i++)
            {
              float plain = decoded.masks[choice[k] * n + i];
              float finer = spec->decoder.hq ? decoded.masks[SAM_N_MASKS * n + i] : 0.0f;
              float value = spec->decoder.hq && mode == SAM_HQ_ONLY ? finer : plain + finer;
              float fed = limit > 0 ? CLAMP (value, -limit, limit) : value;

              values[k * n + i] = value;
              g_array_append_val (low, fed);
            }
          answer_iou[k] = decoded.iou[choice[k]];
          g_array_append_val (iou, answer_iou[k]);
        }
      logits = sam_logits_new_take (sam_embedding_get_geometry (state->embedding), n_choice, side,
                                    values, answer_iou, decoded.object_score,
                                    spec->decoder.mask_input_limit, NULL);
      if (n_choice > 0)
        check_full_size (state, logits, n_answers, up);
      n_answers += n_choice;
      g_free (decoded.masks);
    }

  if (number == 0)
    state->fed_back = g_memdup2 ((float *) low->data +
                                   golden_read_int (state->golden, "p00.best", 0) * side * side,
                                 side * side * sizeof (float));

  compare_traced (state, "sparse", batch, 256, 1.5e-5, 0);
  compare_traced (state, "dense", batch, 256, number == 6 ? 1e-3 : 1e-5, 0);
  compare_traced (state, "hs", batch, 256, 1e-4, 0);
  compare_traced (state, "src", batch, 256, 1e-4, 0);
  compare_traced (state, "upscaled", batch, 32, 1e-4, 0);
  compare_traced (state, "hyper_in", batch, 32, 1e-4, 0);
  compare_traced (state, "hq_mf", batch, 32, 1e-4, 0);
  if (golden_has (state->golden, all_key))
    golden_compare (state->golden, all_key, (float *) all->data, all->len, 1, GOLDEN_HWC, 0, 2e-4,
                    5e-5);
  golden_compare (state->golden, iou_all_key, (float *) iou_all->data, iou_all->len, 1, GOLDEN_HWC,
                  0, 1e-4, 0);
  if (golden_has (state->golden, score_key))
    golden_compare (state->golden, score_key, (float *) score->data, score->len, 1, GOLDEN_HWC, 0,
                    1e-4, 0);
  if (n_answers == 0)
    return;
  golden_compare (state->golden, low_key, (float *) low->data, low->len, 1, GOLDEN_HWC, 0, 2e-4,
                  5e-5);
  if (! stability_scored (state))
    {
      g_autofree float *reference = golden_read (state->golden, iou_key, NULL);

      for (guint i = 0; i < iou->len; i++)
        g_assert_cmpfloat_with_epsilon (g_array_index (iou, float, i), reference[i], 1e-4);
    }
  /* sampled already */
  golden_compare (state->golden, up_key, (float *) up->data, up->len, 1, GOLDEN_HWC, 1, 1e-3, 0);
}

/* ---- one family ---- */

static void
check_picture (SamModel *model, const char *name, const char *picture)
{
  g_autofree char *images = g_build_filename (folder, "images", NULL);
  g_autofree char *file = g_strconcat (picture, ".png", NULL);
  g_autofree char *values = g_strdup_printf ("%s/models/%s__%s.safetensors", folder, name, picture);
  State            state = { NULL };

  if (! g_file_test (values, G_FILE_TEST_EXISTS))
    return;

  g_test_message ("%s on %s", name, picture);
  state.golden = golden_open (values);
  state.model = model;
  state.image = golden_picture (images, file);
  state.traced = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                        (GDestroyNotify) g_array_unref);
  check_encoder (&state);
  for (int i = 0; i < MAX_PROMPTS; i++)
    check_prompt (&state, i);

  g_hash_table_unref (state.traced);
  g_free (state.fed_back);
  sam_embedding_unref (state.embedding);
  sam_image_unref (state.image);
  sam_checkpoint_unref (state.golden);
}

static void
test_family (gconstpointer data)
{
  const Family             *family = data;
  g_autoptr (GError)        error = NULL;
  g_autoptr (SamCheckpoint) checkpoint = NULL;
  g_autoptr (SamModel)      model = NULL;
  g_autofree char          *list = NULL;

  if (folder == NULL)
    {
      g_test_skip ("no folder of reference values; set SAM_GOLDEN");
      return;
    }
  if (family->slow && ! g_test_slow ())
    {
      g_test_skip ("a large network; run with -m slow");
      return;
    }

  list = g_strdup_printf ("%s/tensors/%s.tensors.tsv", folder, family->model);
  checkpoint = synth_checkpoint_from_list (list, NULL);
  model = sam_model_new (checkpoint, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (sam_model_get_family (model), ==, family->family);
  g_assert_cmpstr (sam_model_get_name (model), ==, family->name);
  g_assert_cmpuint (sam_model_get_image_size (model), ==, 1024);

  for (size_t i = 0; i < G_N_ELEMENTS (pictures); i++)
    if (g_test_slow () || strstr (family->pictures, pictures[i]) != NULL)
      check_picture (model, family->values != NULL ? family->values : family->model, pictures[i]);
}

/* The lists that benchmarks make their networks from: complete models, and the published ones. */
static void
test_list (gconstpointer data)
{
  const Family      *family = data;
  g_autoptr (GError) error = NULL;
  g_autofree char   *file = g_strconcat (family->model, ".tsv", NULL);
  g_autofree char   *list = g_test_build_filename (G_TEST_DIST, "data", "networks", file, NULL);
  g_autofree char   *whole = g_strdup_printf ("%s/tensors/%s.tensors.tsv", folder, family->model);
  g_autoptr (SamCheckpoint) ours = synth_checkpoint_from_list (list, NULL);
  g_autoptr (SamCheckpoint) theirs = folder != NULL ? synth_checkpoint_from_list (whole, NULL)
                                                    : NULL;
  g_autoptr (SamModel)      model = sam_model_new (ours, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (sam_model_get_family (model), ==, family->family);
  g_assert_cmpstr (sam_model_get_name (model), ==, family->name);

  if (theirs == NULL)
    return;
  g_assert_cmpuint (sam_checkpoint_get_n_tensors (ours), ==, sam_checkpoint_get_n_tensors (theirs));
  for (size_t i = 0; i < sam_checkpoint_get_n_tensors (ours); i++)
    {
      const SamTensor *a = sam_checkpoint_get_tensor (ours, i);
      const SamTensor *b = sam_checkpoint_lookup (theirs, a->name);

      g_assert_nonnull (b);
      g_assert_cmpmem (a->shape, a->rank * sizeof *a->shape, b->shape, b->rank * sizeof *b->shape);
    }
}

/* The encoder's matrices are looked at when they are needed first, all else at once. */
static void
test_damaged (void)
{
  static const struct
  {
    const char *name;
    gboolean    later;
  } tensors[] = {
    { "image_encoder.layers.1.blocks.0.attn.qkv.weight", TRUE },
    { "image_encoder.layers.3.blocks.1.mlp.fc2.weight", TRUE },
    { "image_encoder.layers.1.blocks.0.attn.qkv.bias", FALSE },
    { "mask_decoder.transformer.layers.0.mlp.lin1.weight", FALSE },
  };
  g_autofree char     *list = g_test_build_filename (G_TEST_DIST, "data", "networks", "vit_t.tsv",
                                                     NULL);
  g_autoptr (GBytes)   sound = synth_bytes_from_list (list, NULL);
  g_autoptr (GBytes)   pixels = g_bytes_new_take (g_malloc0 (64 * 64 * 3), 64 * 64 * 3);
  g_autoptr (SamImage) picture = sam_image_new (64, 64, pixels, NULL);
  gsize                size;
  const uint8_t       *file = g_bytes_get_data (sound, &size);

  for (size_t i = 0; i < G_N_ELEMENTS (tensors); i++)
    {
      g_autoptr (GError)        error = NULL;
      uint8_t                  *broken = g_memdup2 (file, size);
      g_autoptr (GBytes)        bytes = g_bytes_new_take (broken, size);
      g_autoptr (SamCheckpoint) opened = sam_checkpoint_open_bytes (bytes, "damaged.safetensors",
                                                                    &error);
      const SamTensor          *tensor = sam_checkpoint_lookup (opened, tensors[i].name);
      g_autoptr (SamModel)      model = NULL;
      const float               wrong = i % 2 == 0 ? NAN : INFINITY;

      memcpy (broken + (tensor->data - broken) + (tensor->n_elements - 1) * sizeof wrong, &wrong,
              sizeof wrong);
      model = sam_model_new (opened, NULL, &error);
      g_assert_true ((model != NULL) == tensors[i].later);
      for (int again = 0; again < 2 && model != NULL; again++)
        {
          g_clear_error (&error);
          g_assert_null (sam_model_encode (model, picture, NULL, &error));
        }
      g_assert_error (error, SAM_ERROR, SAM_ERROR_BAD_FILE);
      g_assert_nonnull (strstr (error->message, tensors[i].name));
      g_assert_true (g_str_has_prefix (error->message, "damaged.safetensors: "));
    }
}

int
main (int argc, char **argv)
{
  const char      *given = g_getenv ("SAM_GOLDEN");
  g_autofree char *usual = NULL;
  int              result;

  g_test_init (&argc, &argv, NULL);
  usual = g_test_build_filename (G_TEST_DIST, "..", "..", "shared", "golden", NULL);
  if (given != NULL)
    folder = g_strdup (given);
  else if (g_file_test (usual, G_FILE_TEST_IS_DIR))
    folder = g_strdup (usual);

  for (size_t i = 0; i < G_N_ELEMENTS (families); i++)
    {
      g_autofree char *path = g_strconcat ("/family/", families[i].model, NULL);

      g_test_add_data_func (path, &families[i], test_family);
    }
  for (size_t i = 0; i < G_N_ELEMENTS (families); i++)
    {
      g_autofree char *path = g_strconcat ("/list/", families[i].model, NULL);
      g_autofree char *file = g_strconcat (families[i].model, ".tsv", NULL);
      g_autofree char *list = g_test_build_filename (G_TEST_DIST, "data", "networks", file, NULL);

      if (g_file_test (list, G_FILE_TEST_EXISTS) && ! families[i].slow)
        g_test_add_data_func (path, &families[i], test_list);
    }
  g_test_add_func ("/family/damaged", test_damaged);
  result = g_test_run ();
  g_free (folder);

  return result;
}
