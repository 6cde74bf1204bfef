/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of the families' networks, one by one, against the reference implementations: small
 * sizes, weights from the generator, all in the source tree. The "small_" cases have inputs of
 * about 0.001, so that a wrong eps of a norm shows. */
#include <math.h>
#include <string.h>

#include "samcore/base/sam-arena.h"
#include "samcore/encoders/sam-encoder-hiera.h"
#include "samcore/encoders/sam-hiera-block.h"
#include "samcore/model/sam-prompt-encoder.h"
#include "samcore/encoders/sam-repvit-block.h"
#include "samcore/encoders/sam-tinyvit-block.h"
#include "samcore/encoders/sam-vit-block.h"
#include "tests/lib/golden.h"
#include "tests/lib/synth-weights.h"

#define MAX_ERROR 1e-4
#define RMS_ERROR 2e-5

/* One fixture: its reference values, its weights, its map. */
typedef struct
{
  SamCheckpoint *golden, *checkpoint;
  SamWeights    *weights;
  float         *in; /* [h, w, c], channels last */
  size_t         h, w, c;
} Fixture;

/* chw: the input is stored channels first */
static void
fixture_init (Fixture *f, const char *name, gboolean chw)
{
  g_autofree char *file = g_strdup_printf ("components/%s.safetensors", name);
  g_autofree char *list = g_test_build_filename (G_TEST_DIST, "data", "components", "weights.tsv",
                                                 NULL);
  const SamTensor *in;

  memset (f, 0, sizeof *f);
  f->golden = golden_open (file);
  f->checkpoint = synth_checkpoint_from_list (list, name);
  f->weights = sam_weights_new (f->checkpoint);
  in = sam_checkpoint_lookup (f->golden, "in");
  if (in == NULL)
    return;

  f->in = golden_read (f->golden, "in", NULL);
  if (in->rank == 4 && ! chw)
    {
      f->h = in->shape[1];
      f->w = in->shape[2];
      f->c = in->shape[3];
    }
  else if (in->rank == 4)
    {
      g_autofree float *first = f->in;

      f->c = in->shape[1];
      f->h = in->shape[2];
      f->w = in->shape[3];
      f->in = g_new (float, in->n_elements);
      for (size_t c = 0; c < f->c; c++)
        for (size_t p = 0; p < f->h * f->w; p++)
          f->in[p * f->c + c] = first[c * f->h * f->w + p];
    }
  else
    {
      f->h = 1;
      f->w = in->shape[1];
      f->c = in->shape[2];
    }
}

static void
fixture_clear (Fixture *f)
{
  g_free (f->in);
  sam_weights_free (f->weights);
  sam_checkpoint_unref (f->checkpoint);
  sam_checkpoint_unref (f->golden);
}

static void
check_fetched (const Fixture *f)
{
  g_autoptr (GError) error = NULL;

  sam_weights_check (f->weights, &error);
  g_assert_no_error (error);
}

/* After the scratch memory stand markers: a block that says it needs less than it uses shows up. */
static float *
scratch_new (size_t n)
{
  float *scratch = g_new (float, n + 64);

  for (size_t i = 0; i < 64; i++)
    scratch[n + i] = 12345.0f;

  return scratch;
}

static void
scratch_free (float *scratch, size_t n)
{
  for (size_t i = 0; i < 64; i++)
    g_assert_cmpfloat (scratch[n + i], ==, 12345.0f);
  g_free (scratch);
}

typedef struct
{
  const char *name, *prefix;
  size_t      heads, window;
  size_t      h, w; /* where the reference holds a row of tokens; 0: as stored */
} Case;

/* ---- ViT ---- */

static const char *const sam_mlp[2] = { "mlp.lin1", "mlp.lin2" };
static const char *const efficient_mlp[2] = { "mlp.fc1", "mlp.fc2" };

static const Case sam_cases[] = {
  { "sam_block_window", "comp.samblock_window.", 0, 4 },
  { "sam_block_global", "comp.samblock_global.", 0, 0 },
  { "small_sam_block", "comp.small_sam_block.", 0, 0 },
};

static const Case efficient_cases[] = {
  { "effsam_block", "comp.effblock.", 3, 0 },
  { "small_effsam_block", "comp.small_effsam_block.", 3, 0 },
};

static void
check_vit (const Case *c, const char *const mlp[2])
{
  Fixture     f;
  SamVitBlock block = { 0 };
  float      *scratch;
  size_t      n;

  fixture_init (&f, c->name, FALSE);
  sam_vit_block_fetch (f.weights, &block, c->prefix, f.c, c->heads, f.h, f.w, mlp);
  check_fetched (&f);
  g_assert_cmpuint (block.window, ==, c->window);
  n = sam_vit_block_scratch (&block, f.h, f.w);
  scratch = scratch_new (n);
  sam_vit_block_run (&block, f.in, f.h, f.w, scratch);
  golden_compare (f.golden, "out", f.in, f.h * f.w, f.c, GOLDEN_HWC, 1, MAX_ERROR, RMS_ERROR);
  scratch_free (scratch, n);
  fixture_clear (&f);
}

static void
test_vit (void)
{
  for (size_t i = 0; i < G_N_ELEMENTS (sam_cases); i++)
    check_vit (&sam_cases[i], sam_mlp);
  for (size_t i = 0; i < G_N_ELEMENTS (efficient_cases); i++)
    check_vit (&efficient_cases[i], efficient_mlp);
}

/* ---- TinyViT ---- */

static void
test_tinyvit_block (void)
{
  static const Case cases[] = {
    { "tinyvit_block_pad", "comp.tinyvit_pad.", 2, 7, 10, 9 },
    { "tinyvit_block_exact", "comp.tinyvit_exact.", 2, 7, 7, 7 },
    { "small_tinyvit_block", "comp.small_tinyvit_block.", 2, 7, 7, 7 },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const Case     *c = &cases[i];
      Fixture         f;
      SamTinyViTBlock block = { 0 };
      float          *y;

      fixture_init (&f, c->name, FALSE);
      g_assert_cmpuint (f.w, ==, c->h * c->w);
      sam_tinyvit_block_fetch (f.weights, &block, c->prefix, f.c);
      check_fetched (&f);
      g_assert_cmpuint (block.heads, ==, c->heads);
      g_assert_cmpuint (block.window, ==, c->window);
      y = scratch_new (f.w * f.c);
      sam_tinyvit_block_run (&block, y, f.in, c->h, c->w);
      golden_compare (f.golden, "out", y, f.w, f.c, GOLDEN_HWC, 1, MAX_ERROR, RMS_ERROR);
      scratch_free (y, f.w * f.c);
      fixture_clear (&f);
    }
}

static void
test_tinyvit_conv (void)
{
  static const struct
  {
    const char *name, *prefix;
    size_t      out, stride;
    gboolean    residual;
  } cases[] = {
    { "mbconv", "comp.mbconv.", 16, 1, TRUE },
    { "small_batchnorm_conv", "comp.small_batchnorm_conv.", 16, 1, TRUE },
    { "patch_merging", "comp.patchmerge.", 32, 2, FALSE },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Fixture           f;
      SamTinyViTConv    conv = { 0 };
      g_autofree float *y = NULL;
      size_t            places;

      fixture_init (&f, cases[i].name, TRUE);
      sam_tinyvit_conv_fetch (f.weights, &conv, cases[i].prefix, f.c, cases[i].out, cases[i].stride,
                              cases[i].residual);
      check_fetched (&f);
      places = ((f.h - 1) / cases[i].stride + 1) * ((f.w - 1) / cases[i].stride + 1);
      y = g_new (float, places *cases[i].out);
      sam_tinyvit_conv_run (&conv, y, f.in, &(SamPadding) { .n = f.h }, &(SamPadding) { .n = f.w });
      golden_compare_shaped (f.golden, "out", y, 1, places, cases[i].out, MAX_ERROR, RMS_ERROR);
      fixture_clear (&f);
    }
}

/* ---- Hiera ---- */

static void
test_hiera_block (void)
{
  static const Case cases[] = {
    { "hiera_block_plain", "comp.hiera_plain.", 2, 4 },
    { "hiera_block_plain_pad", "comp.hiera_plain_pad.", 2, 4 },
    { "hiera_block_pool", "comp.hiera_pool.", 2, 4 },
    { "hiera_block_pool_pad", "comp.hiera_pool_pad.", 2, 4 },
    { "hiera_block_global", "comp.hiera_global.", 2, 0 },
    { "small_hiera_block", "comp.small_hiera_block.", 2, 0 },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const Case       *c = &cases[i];
      Fixture           f;
      SamHieraBlock     block = { 0 };
      float            *scratch;
      g_autofree float *y = NULL;
      size_t            n, out, shrink;

      fixture_init (&f, c->name, FALSE);
      sam_hiera_block_fetch (f.weights, &block, c->prefix, f.c, c->heads, c->window, &out);
      check_fetched (&f);
      g_assert_true (block.pool == (strstr (c->name, "pool") != NULL));
      shrink = block.pool ? 2 : 1;
      n = sam_hiera_block_scratch (&block, f.h, f.w);
      scratch = scratch_new (n);
      y = g_new (float, f.h / shrink * (f.w / shrink) * out);
      sam_hiera_block_run (&block, y, f.in, f.h, f.w, scratch);
      golden_compare (f.golden, "out", y, f.h / shrink * (f.w / shrink), out, GOLDEN_HWC, 1,
                      MAX_ERROR, RMS_ERROR);
      scratch_free (scratch, n);
      fixture_clear (&f);
    }
}

typedef struct
{
  SamCheckpoint *golden;
  int            n_compared;
} HieraTrace;

/* The sum of two of them, which are laid out as values are; each is what is left when the other is
 * taken away. */
static void
compare_sum (SamCheckpoint *golden, const char *keys[2], const float *values, size_t n, size_t c)
{
  g_autofree float *left = g_new (float, n *c);

  for (int k = 0; k < 2; k++)
    {
      size_t            n_other;
      g_autofree float *other = golden_read (golden, keys[1 - k], &n_other);

      g_assert_cmpuint (n_other, ==, n * c);
      for (size_t i = 0; i < n * c; i++)
        left[i] = values[i] - other[i];
      golden_compare (golden, keys[k], left, n, c, GOLDEN_HWC, 1, MAX_ERROR, RMS_ERROR);
    }
}

static void
compare_hiera (const char *name, const float *values, size_t n, size_t c, void *data)
{
  static const struct
  {
    const char *traced, *key;
  } keys[] = {
    { "trunk.blocks.0", "stage0" },
    { "trunk.blocks.2", "stage1" },
    { "trunk.blocks.5", "stage2" },
    { "trunk.blocks.6", "stage3" },
    { "fpn2", "fpn2" },
    { "neck.convs.0", "fpn3" },
  };
  HieraTrace *trace = data;

  if (strcmp (name, "trunk.pos") == 0)
    {
      compare_sum (trace->golden, (const char *[]) { "patch_embed", "pos" }, values, n, c);
      trace->n_compared++;
    }
  for (size_t i = 0; i < G_N_ELEMENTS (keys); i++)
    if (strcmp (name, keys[i].traced) == 0)
      {
        golden_compare_shaped (trace->golden, keys[i].key, values, 1, n, c, MAX_ERROR, RMS_ERROR);
        trace->n_compared++;
      }
}

/* All four stages, positions and pyramid, of a small network. */
static void
test_hiera_net (void)
{
  static const SamHieraPlan plan = { "small test", 16, 7, 1, { 8, 4, 14, 7 }, { 4, 4, 4 } };
  Fixture                   f;
  HieraTrace                data;
  SamTrace                  trace = { compare_hiera, &data };
  SamModelSpec              spec = { .input = 128, .encoder_prefix = "comp." };
  SamFeatures               features = { NULL };
  g_auto (SamArena)         arena = { 0 };
  SamEncoder               *encoder;
  g_autoptr (GError)        error = NULL;
  g_autofree float         *x = g_new (float, 128 * 128 * 3);
  g_autofree float         *embedding = NULL;

  fixture_init (&f, "hiera_tiny_net", FALSE);
  data = (HieraTrace) { f.golden, 0 };
  for (size_t c = 0; c < 3; c++)
    for (size_t p = 0; p < 128 * 128; p++)
      x[p * 3 + c] = (float) (2.0 * synth_fraction ("comp.hiera.x", c * 128 * 128 + p));
  encoder = sam_encoder_hiera_new_planned (f.weights, &spec, &plan, "hiera.", NULL);
  check_fetched (&f);
  features.embedding = embedding = g_new (float, encoder->side * encoder->side * encoder->channels);
  sam_features_plan (&features, encoder, &arena);
  g_assert_true (sam_arena_commit (&arena, &error));
  g_assert_true (encoder->klass->encode (encoder, &(SamInput) { x, 128, 128 }, &features, NULL,
                                         &trace, &error));
  g_assert_no_error (error);
  g_assert_cmpint (data.n_compared, ==, 7);
  encoder->klass->free (encoder);
  fixture_clear (&f);
}

/* ---- RepViT ---- */

static void
test_repvit_block (void)
{
  static const Case cases[] = {
    { "repvit_block_se", "comp.repvit_se" },
    { "repvit_block_nose", "comp.repvit_nose" },
    { "repvit_block_down", "comp.repvit_down" },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Fixture           f;
      SamRepVitBlock    block = { 0 };
      float            *scratch;
      g_autofree float *y = NULL;
      size_t            n, out, shrink, places;

      fixture_init (&f, cases[i].name, TRUE);
      sam_repvit_block_fetch (f.weights, &block, cases[i].prefix, f.c, &out);
      check_fetched (&f);
      shrink = block.downsample ? 2 : 1;
      places = ((f.h - 1) / shrink + 1) * ((f.w - 1) / shrink + 1);
      n = sam_repvit_block_scratch (&block, f.h, f.w);
      scratch = scratch_new (n);
      y = g_new (float, places *out);
      sam_repvit_block_run (&block, y, f.in, &(SamPadding) { .n = f.h }, &(SamPadding) { .n = f.w },
                            scratch);
      golden_compare (f.golden, "out", y, places, out, GOLDEN_CHW, 1, MAX_ERROR, RMS_ERROR);
      scratch_free (scratch, n);
      fixture_clear (&f);
    }
}

/* ---- prompt encoder ---- */

static void
check_tokens (const Fixture          *f,
              const SamPromptEncoder *encoder,
              const char             *key,
              const float (*points)[2],
              const int   *labels,
              size_t       n_points,
              const float *box)
{
  SamGeometry        geometry;
  g_autoptr (GArray) tokens = NULL;
  g_autofree float  *values = NULL;

  /* the fixture's coordinates are the network's already */
  sam_geometry_init (&geometry, 128, 128, 128, SAM_FIT_LONGEST, SAM_UPSAMPLE_TWO_STEP);
  tokens = sam_prompt_encoder_arrange (encoder, &geometry, points, labels, n_points, box);
  values = g_new (float, tokens->len * 32);
  sam_prompt_encoder_embed (encoder, values, (const SamToken *) tokens->data, tokens->len);
  golden_compare (f->golden, key, values, tokens->len, 32, GOLDEN_HWC, 1, 1e-5, 0);
}

static void
test_prompt_encoder (void)
{
  Fixture f;
  SamModelSpec      spec = {
    .input = 128, .prompt_prefix = "comp.prompt_encoder.",
    .prompt = {
      .style = SAM_PROMPT_STYLE_SAM,
      .gauss = "pe_layer.positional_encoding_gaussian_matrix",
      .label = { "point_embeddings.0.weight", "point_embeddings.1.weight",
                 "point_embeddings.2.weight", "point_embeddings.3.weight" },
      .pad   = "not_a_point_embed.weight",
      .has_mask_input = TRUE,
    },
  };
  SamPromptEncoder *encoder;
  g_autofree float *points = NULL, *box = NULL, *mask = NULL, *zero = NULL, *dense = NULL;
  int               labels[4];

  fixture_init (&f, "prompt_encoder", FALSE);
  encoder = sam_prompt_encoder_new (f.weights, &spec, 8, 32);
  check_fetched (&f);
  points = golden_read (f.golden, "points", NULL);
  box = golden_read (f.golden, "box", NULL);
  mask = golden_read (f.golden, "mask", NULL);
  for (int i = 0; i < 4; i++)
    labels[i] = golden_read_int (f.golden, "labels", i);

  check_tokens (&f, encoder, "points_sparse", (const float (*)[2]) points, labels, 4, NULL);
  check_tokens (&f, encoder, "box_sparse", NULL, NULL, 0, box);
  check_tokens (&f, encoder, "points_box_sparse", (const float (*)[2]) points, labels, 4, box);
  golden_compare (f.golden, "dense_pe", sam_prompt_encoder_get_grid (encoder), 64, 32, GOLDEN_CHW,
                  1, 1e-5, 0);

  zero = g_new0 (float, 64 * 32);
  dense = g_new (float, 64 * 32);
  g_assert_true (sam_prompt_encoder_takes_masks (encoder));
  sam_add_row (dense, zero, sam_prompt_encoder_get_no_mask (encoder), 64, 32);
  golden_compare (f.golden, "no_mask_dense", dense, 64, 32, GOLDEN_CHW, 1, 1e-5, 0);
  sam_prompt_encoder_add_mask (encoder, dense, zero, mask, NULL);
  golden_compare (f.golden, "mask_downscaling.6", dense, 64, 32, GOLDEN_CHW, 1, 1e-5, 0);

  sam_prompt_encoder_free (encoder);
  fixture_clear (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/blocks/vit", test_vit);
  g_test_add_func ("/blocks/tinyvit/block", test_tinyvit_block);
  g_test_add_func ("/blocks/tinyvit/conv", test_tinyvit_conv);
  g_test_add_func ("/blocks/hiera/block", test_hiera_block);
  g_test_add_func ("/blocks/hiera/net", test_hiera_net);
  g_test_add_func ("/blocks/repvit", test_repvit_block);
  g_test_add_func ("/blocks/prompt-encoder", test_prompt_encoder);

  return g_test_run ();
}
