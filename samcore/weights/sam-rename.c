/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Other programs' names of the same tensors: those of the transformers library, in which SAM,
 * SAM-HQ, SlimSAM and SAM 2 are published too, behind the words that wrapper classes and training
 * programs put in front of all names.
 *
 * A table is a list of replacements, done one after the other on every name that begins as the line
 * says. The order matters: inside of small networks "layers.0" becomes "layers.1" before "proj_in"
 * becomes "layers.0". To read a new dialect, add a table and the tensor that it is known by. */
#include "config.h"

#include <string.h>

#include "samcore/weights/sam-prefix.h"
#include "samcore/weights/sam-quote.h"
#include "samcore/weights/sam-rename.h"

#define MAX_ROWS 8 /* of a table that is split */

typedef struct
{
  const char *start; /* names that begin so; "" for all */
  const char *from;  /* the first of these in the name … */
  const char *to;    /* … becomes this */
} Rule;

typedef struct
{
  const char *mark;     /* the tensor that such files have */
  const char *spare[2]; /* the first is a copy of the second, which is the one to keep */
  const char *split[2]; /* a table "NAME.weight" [n, …] that becomes "STEM0.weight" …, and STEM */
  const Rule *rules;
} Renames;

/* SAM, SlimSAM and SAM-HQ */
static const Rule sam_rules[] = {
  { "mask_decoder.iou_prediction_head.", ".layers.0.", ".layers.1." },
  { "mask_decoder.iou_prediction_head.", ".proj_in.", ".layers.0." },
  { "mask_decoder.iou_prediction_head.", ".proj_out.", ".layers.2." },
  { "mask_decoder.output_hypernetworks_mlps.", ".layers.0.", ".layers.1." },
  { "mask_decoder.output_hypernetworks_mlps.", ".proj_in.", ".layers.0." },
  { "mask_decoder.output_hypernetworks_mlps.", ".proj_out.", ".layers.2." },
  { "mask_decoder.hq_mask_mlp.", ".layers.0.", ".layers.1." },
  { "mask_decoder.hq_mask_mlp.", ".proj_in.", ".layers.0." },
  { "mask_decoder.hq_mask_mlp.", ".proj_out.", ".layers.2." },
  { "mask_decoder.", ".hq_mask_mlp.", ".hf_mlp." },
  { "mask_decoder.", ".hq_token.", ".hf_token." },
  { "mask_decoder.", ".compress_vit_conv1.", ".compress_vit_feat.0." },
  { "mask_decoder.", ".compress_vit_norm.", ".compress_vit_feat.1." },
  { "mask_decoder.", ".compress_vit_conv2.", ".compress_vit_feat.3." },
  { "mask_decoder.", ".encoder_conv1.", ".embedding_encoder.0." },
  { "mask_decoder.", ".encoder_norm.", ".embedding_encoder.1." },
  { "mask_decoder.", ".encoder_conv2.", ".embedding_encoder.3." },
  { "mask_decoder.", ".mask_conv1.", ".embedding_maskfeature.0." },
  { "mask_decoder.", ".mask_norm.", ".embedding_maskfeature.1." },
  { "mask_decoder.", ".mask_conv2.", ".embedding_maskfeature.3." },
  { "mask_decoder.", ".upscale_conv1.", ".output_upscaling.0." },
  { "mask_decoder.", ".upscale_layer_norm.", ".output_upscaling.1." },
  { "mask_decoder.", ".upscale_conv2.", ".output_upscaling.3." },
  { "mask_decoder.", ".layer_norm", ".norm" },
  { "prompt_encoder.", ".mask_embed.conv1.", ".mask_downscaling.0." },
  { "prompt_encoder.", ".mask_embed.layer_norm1.", ".mask_downscaling.1." },
  { "prompt_encoder.", ".mask_embed.conv2.", ".mask_downscaling.3." },
  { "prompt_encoder.", ".mask_embed.layer_norm2.", ".mask_downscaling.4." },
  { "prompt_encoder.", ".mask_embed.conv3.", ".mask_downscaling.6." },
  { "prompt_encoder.", ".point_embed.", ".point_embeddings." },
  { "prompt_encoder.", ".shared_embedding.positional_embedding",
    ".pe_layer.positional_encoding_gaussian_matrix" },
  { "shared_image_embedding.", "shared_image_embedding.positional_embedding",
    "prompt_encoder.pe_layer.positional_encoding_gaussian_matrix" },
  { "vision_encoder.", ".neck.conv1.", ".neck.0." },
  { "vision_encoder.", ".neck.layer_norm1.", ".neck.1." },
  { "vision_encoder.", ".neck.conv2.", ".neck.2." },
  { "vision_encoder.", ".neck.layer_norm2.", ".neck.3." },
  { "vision_encoder.", ".patch_embed.projection.", ".patch_embed.proj." },
  { "vision_encoder.", ".layer_norm", ".norm" },
  { "vision_encoder.", ".layers.", ".blocks." },
  { "vision_encoder.", "vision_encoder.", "image_encoder." },
  { NULL }
};

/* SAM 2 and 2.1 */
static const Rule sam2_rules[] = {
  { "mask_decoder.iou_prediction_head.", ".layers.0.", ".layers.1." },
  { "mask_decoder.iou_prediction_head.", ".proj_in.", ".layers.0." },
  { "mask_decoder.iou_prediction_head.", ".proj_out.", ".layers.2." },
  { "mask_decoder.output_hypernetworks_mlps.", ".layers.0.", ".layers.1." },
  { "mask_decoder.output_hypernetworks_mlps.", ".proj_in.", ".layers.0." },
  { "mask_decoder.output_hypernetworks_mlps.", ".proj_out.", ".layers.2." },
  { "mask_decoder.pred_obj_score_head.", ".layers.0.", ".layers.1." },
  { "mask_decoder.pred_obj_score_head.", ".proj_in.", ".layers.0." },
  { "mask_decoder.pred_obj_score_head.", ".proj_out.", ".layers.2." },
  { "mask_decoder.transformer.", ".mlp.proj_in.", ".mlp.layers.0." },
  { "mask_decoder.transformer.", ".mlp.proj_out.", ".mlp.layers.1." },
  { "mask_decoder.transformer.", ".o_proj.", ".out_proj." },
  { "mask_decoder.", ".upscale_conv1.", ".output_upscaling.0." },
  { "mask_decoder.", ".upscale_layer_norm.", ".output_upscaling.1." },
  { "mask_decoder.", ".upscale_conv2.", ".output_upscaling.3." },
  { "mask_decoder.", ".layer_norm", ".norm" },
  { "mask_decoder.", "mask_decoder.", "sam_mask_decoder." },
  { "prompt_encoder.", ".mask_embed.conv1.", ".mask_downscaling.0." },
  { "prompt_encoder.", ".mask_embed.layer_norm1.", ".mask_downscaling.1." },
  { "prompt_encoder.", ".mask_embed.conv2.", ".mask_downscaling.3." },
  { "prompt_encoder.", ".mask_embed.layer_norm2.", ".mask_downscaling.4." },
  { "prompt_encoder.", ".mask_embed.conv3.", ".mask_downscaling.6." },
  { "prompt_encoder.", ".shared_embedding.positional_embedding",
    ".pe_layer.positional_encoding_gaussian_matrix" },
  { "prompt_encoder.", "prompt_encoder.", "sam_prompt_encoder." },
  { "shared_image_embedding.", "shared_image_embedding.positional_embedding",
    "sam_prompt_encoder.pe_layer.positional_encoding_gaussian_matrix" },
  { "vision_encoder.neck.convs.", ".weight", ".conv.weight" },
  { "vision_encoder.neck.convs.", ".bias", ".conv.bias" },
  { "vision_encoder.neck.", "vision_encoder.neck.", "image_encoder.neck." },
  { "vision_encoder.backbone.", ".patch_embed.projection.", ".patch_embed.proj." },
  { "vision_encoder.backbone.", ".layer_norm", ".norm" },
  { "vision_encoder.backbone.", ".mlp.proj_in.", ".mlp.layers.0." },
  { "vision_encoder.backbone.", ".mlp.proj_out.", ".mlp.layers.1." },
  { "vision_encoder.backbone.", "vision_encoder.backbone.", "image_encoder.trunk." },
  { "no_memory_embedding", "no_memory_embedding", "no_mem_embed" },
  { NULL }
};

static const Renames tables[] = {
  { "vision_encoder.backbone.patch_embed.projection.weight",
    { "shared_image_embedding.positional_embedding",
      "prompt_encoder.shared_embedding.positional_embedding" },
    { "prompt_encoder.point_embed.weight", "sam_prompt_encoder.point_embeddings." },
    sam2_rules },
  { "vision_encoder.patch_embed.projection.weight",
    { "shared_image_embedding.positional_embedding",
      "prompt_encoder.shared_embedding.positional_embedding" },
    { NULL, NULL },
    sam_rules },
};

/* The table for the names in @checkpoint; NULL when they are the published ones, or none that we
 * know. */
static const Renames *
find_renames (const SamCheckpoint *checkpoint)
{
  for (size_t i = 0; i < G_N_ELEMENTS (tables); i++)
    if (sam_checkpoint_lookup (checkpoint, tables[i].mark) != NULL)
      return &tables[i];

  return NULL;
}

/* Is @name a second copy of a tensor, which keeps its own name? */
static gboolean
is_spare (const Renames *renames, const SamCheckpoint *checkpoint, const char *name)
{
  return renames->spare[0] != NULL && g_str_equal (name, renames->spare[0]) &&
         sam_checkpoint_lookup (checkpoint, renames->spare[1]) != NULL;
}

/* The published name of a tensor. Free with g_free. */
static char *
get_published (const char *name, gpointer data)
{
  const Renames *renames = data;
  GString       *renamed = g_string_new (name);

  /* Where a rule begins is asked of the name in the file, what it replaces is looked for in the new
   * one. */
  for (const Rule *rule = renames->rules; rule->start != NULL; rule++)
    {
      const char *found = g_str_has_prefix (name, rule->start) ? strstr (renamed->str, rule->from)
                                                               : NULL;

      if (found != NULL)
        {
          gssize at = found - renamed->str;

          g_string_erase (renamed, at, strlen (rule->from));
          g_string_insert (renamed, at, rule->to);
        }
    }

  return g_string_free (renamed, FALSE);
}

/* Rows of a table become tensors of one row each. */
static void
split_rows (GArray *tensors, GStringChunk *names, const SamTensor *table, const char *stem)
{
  if (table->rank != 2 || table->scale != NULL)
    return;

  for (size_t row = 0; row < MIN (table->shape[0], MAX_ROWS); row++)
    {
      g_autofree char *name = g_strdup_printf ("%s%zu.weight", stem, row);
      SamTensor        tensor = *table;

      tensor.name = g_string_chunk_insert (names, name);
      tensor.shape[0] = 1;
      tensor.n_elements = table->shape[1];
      tensor.contiguous = tensor.n_elements == 0 || sam_tensor_is_contiguous (&tensor);
      if (tensor.n_elements > 0)
        tensor.data += row * table->stride[0] * sam_dtype_get_size (table->dtype);
      g_array_append_val (tensors, tensor);
    }
}

static char *
get_stripped (const char *name, gpointer prefix)
{
  return g_str_has_prefix (name, prefix) ? g_strdup (name + strlen (prefix)) : NULL;
}

/* Leaves the tensors of one network, without what stands in front of all their names. */
static gboolean
strip_prefix (SamCheckpoint *checkpoint, GError **error)
{
  g_autofree char   *prefix = NULL;
  g_autofree char   *quoted = NULL;
  g_autoptr (GArray) tensors = NULL;
  size_t             n_prefix;

  for (size_t i = 0; i < sam_checkpoint_get_n_tensors (checkpoint); i++)
    {
      const char *name = sam_checkpoint_get_tensor (checkpoint, i)->name;
      gssize      n = sam_prefix_measure (name);

      if (n == 0)
        return TRUE;
      if (n > 0 && prefix != NULL)
        {
          quoted = sam_quote (prefix, strlen (prefix));
          return sam_checkpoint_fail (checkpoint, error,
                                      "it holds several networks, one under %s; save the one that "
                                      "you want alone in a file of its own",
                                      quoted);
        }
      if (n > 0)
        prefix = g_strndup (name, n);
    }
  if (prefix == NULL)
    return TRUE;

  n_prefix = strlen (prefix);
  tensors = g_array_new (FALSE, FALSE, sizeof (SamTensor));
  for (size_t i = 0; i < sam_checkpoint_get_n_tensors (checkpoint); i++)
    {
      SamTensor tensor = *sam_checkpoint_get_tensor (checkpoint, i);

      if (! g_str_has_prefix (tensor.name, prefix))
        continue;
      tensor.name += n_prefix;
      g_array_append_val (tensors, tensor);
    }

  sam_checkpoint_rename_unreadable (checkpoint, get_stripped, prefix);

  return sam_checkpoint_replace_tensors (checkpoint, tensors, error);
}

gboolean
sam_rename_tensors (SamCheckpoint *checkpoint, GError **error)
{
  const Renames           *renames;
  g_autoptr (GStringChunk) names = NULL;
  g_autoptr (GArray)       tensors = NULL;
  g_autoptr (GArray)       rows = NULL;

  if (! strip_prefix (checkpoint, error))
    return FALSE;
  renames = find_renames (checkpoint);
  if (renames == NULL)
    return TRUE;

  names = g_string_chunk_new (4096);
  tensors = g_array_new (FALSE, FALSE, sizeof (SamTensor));
  rows = g_array_new (FALSE, FALSE, sizeof (SamTensor));
  for (size_t i = 0; i < sam_checkpoint_get_n_tensors (checkpoint); i++)
    {
      SamTensor        tensor = *sam_checkpoint_get_tensor (checkpoint, i);
      g_autofree char *name = is_spare (renames, checkpoint, tensor.name)
                                ? g_strdup (tensor.name)
                                : get_published (tensor.name, (gpointer) renames);

      if (g_strcmp0 (tensor.name, renames->split[0]) == 0)
        {
          split_rows (rows, names, &tensor, renames->split[1]);
          continue;
        }
      tensor.name = g_string_chunk_insert (names, name);
      g_array_append_val (tensors, tensor);
    }
  g_array_append_vals (tensors, rows->data, rows->len);
  sam_checkpoint_rename_unreadable (checkpoint, get_published, (gpointer) renames);

  return sam_checkpoint_replace_tensors (checkpoint, tensors, error);
}
