/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The families that we know. Each says how it differs from SAM, the first. */
#include "samcore/encoders/sam-family.h"

#include <math.h>
#include <string.h>

#include "samcore/encoders/sam-encoder-hiera.h"

#define MIN_SIDE 64
#define MAX_SIDE 1024

#define MIN_IOU       0.88
#define MIN_STABILITY 0.95

const SamThresholds sam_thresholds_published = { MIN_IOU, MIN_STABILITY };

/* All that the published SAM is. */
static const SamModelSpec sam_spec = {
  .family   = "sam",
  .name     = "SAM",
  .input    = 1024,
  .fit      = SAM_FIT_LONGEST,
  .upsample = SAM_UPSAMPLE_TWO_STEP,
  .preprocess = {
    .resample = SAM_RESAMPLE_PILLOW,
    .mean     = { 123.675f, 116.28f, 103.53f },
    .std      = { 58.395f, 57.12f, 57.375f },
  },
  .thresholds     = { MIN_IOU, MIN_STABILITY },
  .encoder_prefix = "image_encoder.",
  .prompt_prefix  = "prompt_encoder.",
  .decoder_prefix = "mask_decoder.",
  .prompt = {
    .style = SAM_PROMPT_STYLE_SAM,
    .gauss = "pe_layer.positional_encoding_gaussian_matrix",
    .label = { "point_embeddings.0.weight", "point_embeddings.1.weight",
               "point_embeddings.2.weight", "point_embeddings.3.weight" },
    .pad   = "not_a_point_embed.weight",
    .has_mask_input = TRUE,
  },
  .decoder = {
    .heads   = 8,
    .self    = SAM_SELF_FIRST_BARE,
    .act     = SAM_ACT_RELU,
    .mlp     = { "mlp.lin1", "mlp.lin2" },
    .upscale = { "output_upscaling.0", "output_upscaling.1", "output_upscaling.3" },
    .head    = { "layers.0", "layers.1", "layers.2" },
  },
};

/* A whole number from the file's metadata; the one that @value holds already if the file has
 * none. */
static void
read_size (SamWeights *weights, const char *key, size_t min, size_t max, size_t *value)
{
  const char *text = sam_checkpoint_get_metadata (sam_weights_get_checkpoint (weights), key);
  guint64     number;

  if (text == NULL)
    return;
  if (! g_ascii_string_to_unsigned (text, 10, min, max, &number, NULL))
    {
      sam_weights_fail (weights,
                        "the metadata's %s must be a number from %" G_GSIZE_FORMAT
                        " to %" G_GSIZE_FORMAT,
                        key, min, max);
      return;
    }
  *value = number;
}

/* Three numbers with commas between. */
static void
read_triple (SamWeights *weights, const char *key, float value[3])
{
  const char *text = sam_checkpoint_get_metadata (sam_weights_get_checkpoint (weights), key);

  for (int i = 0; text != NULL && i < 3; i++)
    {
      char  *end;
      double number = g_ascii_strtod (text, &end);

      if (end == text || *end != (i < 2 ? ',' : '\0') || ! isfinite (number) || fabs (number) > 1e6)
        {
          sam_weights_fail (weights, "the metadata's %s must be three numbers separated by commas",
                            key);
          return;
        }
      value[i] = (float) number;
      text = end + 1;
    }
}

/* The built-in model: EfficientNet-Lite, folded batch norms, sizes in its metadata. */

static gboolean
builtin_probe (const SamWeights *weights)
{
  return sam_weights_has (weights, "image_encoder.trunk.stem.c.weight") &&
         sam_weights_has (weights, "mask_decoder.conv_s0.weight");
}

static void
builtin_describe (SamWeights *weights, SamModelSpec *spec)
{
  const char *name = sam_checkpoint_get_metadata (sam_weights_get_checkpoint (weights), "name");

  spec->family = "builtin";
  g_strlcpy (spec->name,
             name != NULL && g_utf8_validate (name, -1, NULL) ? name : "EfficientNet-Lite",
             sizeof spec->name);
  spec->input = 384;
  spec->closeups = TRUE;
  spec->thresholds = (SamThresholds) { 0.5, 0.1 }; /* it is small, and never very sure */
  spec->decoder.high_res = TRUE;
  spec->decoder.iou_sigmoid = TRUE;

  read_size (weights, "image_size", MIN_SIDE, MAX_SIDE, &spec->input);
  if (spec->input % 32 != 0)
    sam_weights_fail (weights, "the metadata's image_size must be a multiple of 32");
  read_size (weights, "heads", 1, 64, &spec->decoder.heads);
  read_triple (weights, "mean", spec->preprocess.mean);
  read_triple (weights, "std", spec->preprocess.std);
  for (int i = 0; i < 3; i++)
    if (spec->preprocess.std[i] < 1e-3f)
      sam_weights_fail (weights, "the metadata's std must be greater than 0");
}

/* SAM and SAM-HQ: the same encoders, one more token in the decoder. */

static void
describe_hq (SamWeights *weights, SamModelSpec *spec, const char *plain, const char *encoder)
{
  spec->decoder.hq = sam_weights_has (weights,
                                      sam_prefix ("%shf_token.weight", spec->decoder_prefix).text);
  if (spec->decoder.hq)
    spec->family = "sam-hq";
  g_snprintf (spec->name, sizeof spec->name, "%s %s", spec->decoder.hq ? "SAM-HQ" : plain, encoder);
}

static gboolean
sam_probe (const SamWeights *weights)
{
  return sam_weights_has (weights, "image_encoder.blocks.0.attn.rel_pos_h");
}

static void
sam_describe (SamWeights *weights, SamModelSpec *spec)
{
  size_t side = sam_weights_dim (weights, 4, 1, 4, MAX_SIDE / 16,
                                 sam_prefix ("%spos_embed", spec->encoder_prefix).text);
  size_t width = sam_weights_dim (weights, 4, 3, 8, 4096,
                                  sam_prefix ("%spos_embed", spec->encoder_prefix).text);

  spec->input = 16 * side;
  describe_hq (weights, spec, "SAM",
               width == 768    ? "ViT-B"
               : width == 1024 ? "ViT-L"
               : width == 1280 ? "ViT-H"
                               : "ViT");
}

static gboolean
mobilesam_probe (const SamWeights *weights)
{
  return sam_weights_has (weights, "image_encoder.patch_embed.seq.0.c.weight");
}

static void
mobilesam_describe (SamWeights *weights, SamModelSpec *spec)
{
  spec->family = "mobilesam";
  describe_hq (weights, spec, "MobileSAM", "ViT-Tiny");
}

/* EdgeSAM: RepViT and SAM's decoder. */

static gboolean
edgesam_probe (const SamWeights *weights)
{
  return sam_weights_has (weights, "image_encoder.features.0.0.c.weight");
}

static void
edgesam_describe (SamWeights *weights, SamModelSpec *spec)
{
  spec->family = "edgesam";
  g_strlcpy (spec->name, "EdgeSAM", sizeof spec->name);
}

/* EfficientSAM: SAM's layout of parts, other rules nearly everywhere. */

static gboolean
efficientsam_probe (const SamWeights *weights)
{
  return sam_weights_has (weights, "prompt_encoder.invalid_points.weight");
}

static void
efficientsam_describe (SamWeights *weights, SamModelSpec *spec)
{
  static const SamPromptSpec prompt = {
    .style = SAM_PROMPT_STYLE_EFFICIENTSAM,
    .gauss = "pe_layer.positional_encoding_gaussian_matrix",
    .label = { NULL, "point_embeddings.weight", "bbox_top_left_embeddings.weight",
               "bbox_bottom_right_embeddings.weight" },
    .pad = "invalid_points.weight",
    .pad_has_position = TRUE,
  };
  static const SamDecoderSpec decoder = {
    .heads = 8,
    .self = SAM_SELF_RESIDUAL,
    .act = SAM_ACT_GELU,
    .mlp = { "mlp.layers.0.0", "mlp.fc" },
    .upscale = { "final_output_upscaling_layers.0.0", "final_output_upscaling_layers.0.1",
                 "final_output_upscaling_layers.1.0" },
    .upscale_group = TRUE,
    .head = { "layers.0.0", "layers.1.0", "fc" },
  };
  size_t width = sam_weights_dim (weights, 3, 2, 8, 4096,
                                  sam_prefix ("%spos_embed", spec->encoder_prefix).text);

  spec->family = "efficientsam";
  spec->fit = SAM_FIT_SQUASH;
  spec->upsample = SAM_UPSAMPLE_BICUBIC;
  spec->preprocess = (SamPreprocess) { SAM_RESAMPLE_BILINEAR,
                                       { 0.485f, 0.456f, 0.406f },
                                       { 0.229f, 0.224f, 0.225f } };
  spec->prompt = prompt;
  spec->decoder = decoder;
  g_snprintf (spec->name, sizeof spec->name, "EfficientSAM%s",
              width == 192   ? "-Ti"
              : width == 384 ? "-S"
                             : "");
}

/* SAM 2 and 2.1, which differ only in what they do with films. */

static gboolean
sam2_probe (const SamWeights *weights)
{
  return sam_weights_has (weights, "image_encoder.trunk.pos_embed_window");
}

static void
sam2_describe (SamWeights *weights, SamModelSpec *spec)
{
  const SamHieraPlan *plan = sam_hiera_plan_find (weights, spec->encoder_prefix);
  gboolean new = sam_weights_has (weights, "no_obj_embed_spatial");

  spec->family = "sam2";
  spec->fit = SAM_FIT_SQUASH;
  spec->upsample = SAM_UPSAMPLE_BILINEAR;
  spec->preprocess = (SamPreprocess) { SAM_RESAMPLE_ANTIALIAS,
                                       { 0.485f, 0.456f, 0.406f },
                                       { 0.229f, 0.224f, 0.225f } };
  spec->prompt_prefix = "sam_prompt_encoder.";
  spec->decoder_prefix = "sam_mask_decoder.";
  spec->prompt.style = SAM_PROMPT_STYLE_SAM2;
  spec->decoder.mlp[0] = "mlp.layers.0";
  spec->decoder.mlp[1] = "mlp.layers.1";
  spec->decoder.high_res = TRUE;
  spec->decoder.lateral[0] = "image_encoder.neck.convs.3.conv";
  spec->decoder.lateral[1] = "image_encoder.neck.convs.2.conv";
  spec->decoder.object_score = TRUE;
  spec->decoder.iou_sigmoid = TRUE;
  spec->decoder.stability_choice = TRUE;
  spec->decoder.mask_input_limit = 32.0f;
  if (plan != NULL)
    g_snprintf (spec->name, sizeof spec->name, "SAM 2%s Hiera %s", new ? ".1" : "", plan->name);
}

static const SamFamily families[] = {
  { sam2_probe, sam2_describe, sam_encoder_hiera_new },
  { sam_probe, sam_describe, sam_encoder_vit_new },
  { mobilesam_probe, mobilesam_describe, sam_encoder_tinyvit_new },
  { edgesam_probe, edgesam_describe, sam_encoder_repvit_new },
  { efficientsam_probe, efficientsam_describe, sam_encoder_vit_new },
  { builtin_probe, builtin_describe, sam_encoder_lite_new },
};

/* The scores of all keys get the same from the bias; TinyViT's head named what is in a picture, and
 * its table of indices can be counted; the number of batches matters in training. */
const char *const sam_family_idle[] = {
  "attn_token_to_image.k_proj.bias",
  "image_encoder.head.",
  "image_encoder.norm_head.",
  ".attention_bias_idxs",
  ".num_batches_tracked",
  NULL,
};

const SamFamily *
sam_family_find (SamWeights *weights)
{
  for (size_t i = 0; i < G_N_ELEMENTS (families); i++)
    if (families[i].probe (weights))
      return &families[i];

  return NULL;
}

void
sam_family_describe (const SamFamily *family, SamWeights *weights, SamModelSpec *spec)
{
  *spec = sam_spec;
  family->describe (weights, spec);
}
