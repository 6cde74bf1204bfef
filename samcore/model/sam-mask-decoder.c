/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SAM's two-way mask decoder.
 *
 *   queries = [object score], iou, 4 masks, [hq], prompt      [t, width]
 *   keys    = embedding + dense prompt                        [side, side, width]
 *   2 x ( queries attend to themselves ──▶ to the keys ──▶ MLP ──▶ the keys attend to the queries )
 *   queries attend to the keys
 *   keys ──▶ x 2 [+ stride 8] ──▶ norm, GELU ──▶ x 2 [+ stride 4] ──▶ GELU = pixels, width / 8 each
 *   mask i = MLP (its query) . pixels        iou = MLP (iou query)
 *   HQ: finer = MLP (hq query) . (3x3 (3x3 (pixels)) + hq features of the picture)
 *
 * The initial queries are added again wherever queries or their keys enter an attention. LayerNorm
 * has eps 1e-5 in the transformer, 1e-6 when upscaling. */
#include "samcore/model/sam-mask-decoder.h"

#include <math.h>
#include <string.h>

#include "samcore/base/sam-arena.h"
#include "samcore/sam-error.h"
#include "samcore/nn/sam-group-norm.h"
#include "samcore/sam-parallel.h"
#include "samcore/base/sam-scratch.h"
#include "samcore/model/sam-token-attention.h"

#define N_LAYERS        2
#define TRANSFORMER_EPS 1e-5f
#define UPSCALE_EPS     1e-6f
#define GROUP_EPS       1e-5f
#define MAX_MLP         8192
#define MAX_HEAD        2048              /* width of a head's middle */
#define MAX_HEADS       (SAM_N_MASKS + 3) /* masks, HQ's, IoU, object score */
#define UPSCALED_ROWS   2                 /* of the map, at once */

typedef struct
{
  SamLinear q, k, v, out;
} Attention;

typedef struct
{
  Attention   self;
  SamReadMap  to_image;
  SamWriteMap to_tokens;
  SamNorm     norm[4];
  SamLinear   mlp[2];
} Layer;

typedef struct
{
  SamLinear layer[3];
} Head;

struct _SamMaskDecoder
{
  SamDecoderSpec   spec;
  size_t           side, width;
  float           *fixed; /* [n_fixed, width]: the tokens before the prompt's */
  size_t           n_fixed, iou_token, first_mask;
  Layer            layer[N_LAYERS];
  SamReadMap       final;
  SamNorm          final_norm;
  SamConvTranspose up[2];
  SamNorm          up_norm;
  Head             hyper[SAM_N_MASKS + 1];
  Head             iou, object;
  SamLinear        conv_s[2];
  /* HQ */
  SamConvTranspose hq_embedding[2], hq_middle[2];
  SamNorm          hq_embedding_norm, hq_middle_norm;
  SamConv          hq_mask[2];
  SamNorm          hq_mask_norm;
};

/* What one call works on; all in its arena. */
typedef struct
{
  float *queries, *tokens, *mlp; /* [t, width], [t, width], [t, mlp] */
  float *q, *k, *v, *o;          /* [t, width] */
  float *keys;                   /* [n, width] */
  float *cross;                  /* between both */
  float *hyper;                  /* [SAM_N_MASKS + 1, width / 8]: of the masks, then HQ's */
  float *hidden;                 /* of the heads */
  float *half;                   /* [4 n, width / 4], or NULL: only pieces of it are needed */
  float *pixels;                 /* [16 n, width / 8], or NULL, too */
  float *finer_wide, *finer;     /* HQ's pixels: [16 n, width / 4], [16 n, width / 8] */
} Buffers;

static void
fetch_layer (SamWeights           *weights,
             Layer                *layer,
             const SamDecoderSpec *spec,
             size_t                width,
             const char           *prefix)
{
  size_t           mlp = sam_weights_dim (weights, 2, 0, 1, MAX_MLP,
                                          sam_prefix ("%s%s.weight", prefix, spec->mlp[0]).text);
  g_autofree char *to_image = g_strconcat (prefix, "cross_attn_token_to_image.", NULL);
  g_autofree char *to_tokens = g_strconcat (prefix, "cross_attn_image_to_token.", NULL);

  sam_weights_linear (weights, &layer->self.q, width, width, SAM_BIAS_YES,
                      sam_prefix ("%sself_attn.q_proj", prefix).text);
  sam_weights_linear (weights, &layer->self.k, width, width, SAM_BIAS_YES,
                      sam_prefix ("%sself_attn.k_proj", prefix).text);
  sam_weights_linear (weights, &layer->self.v, width, width, SAM_BIAS_YES,
                      sam_prefix ("%sself_attn.v_proj", prefix).text);
  sam_weights_linear (weights, &layer->self.out, width, width, SAM_BIAS_YES,
                      sam_prefix ("%sself_attn.out_proj", prefix).text);
  sam_weights_norm (weights, &layer->norm[0], width, TRANSFORMER_EPS,
                    sam_prefix ("%snorm1", prefix).text);
  sam_read_map_fetch (weights, &layer->to_image, width, width / 2, spec->heads, to_image);
  sam_weights_norm (weights, &layer->norm[1], width, TRANSFORMER_EPS,
                    sam_prefix ("%snorm2", prefix).text);
  sam_weights_linear (weights, &layer->mlp[0], width, mlp, SAM_BIAS_YES,
                      sam_prefix ("%s%s", prefix, spec->mlp[0]).text);
  sam_weights_linear (weights, &layer->mlp[1], mlp, width, SAM_BIAS_YES,
                      sam_prefix ("%s%s", prefix, spec->mlp[1]).text);
  sam_weights_norm (weights, &layer->norm[2], width, TRANSFORMER_EPS,
                    sam_prefix ("%snorm3", prefix).text);
  sam_write_map_fetch (weights, &layer->to_tokens, width, width / 2, spec->heads, to_tokens);
  sam_weights_norm (weights, &layer->norm[3], width, TRANSFORMER_EPS,
                    sam_prefix ("%snorm4", prefix).text);
}

static void
fetch_head (SamWeights           *weights,
            Head                 *head,
            const SamDecoderSpec *spec,
            size_t                in,
            size_t                out,
            const char           *prefix,
            const char           *name)
{
  size_t hidden = sam_weights_dim (weights, 2, 0, 1, MAX_HEAD,
                                   sam_prefix ("%s%s.%s.weight", prefix, name, spec->head[0]).text);

  sam_weights_linear (weights, &head->layer[0], in, hidden, SAM_BIAS_YES,
                      sam_prefix ("%s%s.%s", prefix, name, spec->head[0]).text);
  sam_weights_linear (weights, &head->layer[1], hidden, hidden, SAM_BIAS_YES,
                      sam_prefix ("%s%s.%s", prefix, name, spec->head[1]).text);
  sam_weights_linear (weights, &head->layer[2], hidden, out, SAM_BIAS_YES,
                      sam_prefix ("%s%s.%s", prefix, name, spec->head[2]).text);
}

static void
fetch_tokens (SamMaskDecoder *decoder, SamWeights *weights, const char *prefix)
{
  struct
  {
    const char *name;
    size_t      n;
  } tokens[4];
  int    n_kinds = 0;
  float *next;

  if (decoder->spec.object_score)
    {
      tokens[n_kinds].name = "obj_score_token";
      tokens[n_kinds++].n = 1;
    }
  decoder->iou_token = n_kinds;
  tokens[n_kinds].name = "iou_token";
  tokens[n_kinds++].n = 1;
  decoder->first_mask = n_kinds;
  tokens[n_kinds].name = "mask_tokens";
  tokens[n_kinds++].n = SAM_N_MASKS;
  if (decoder->spec.hq)
    {
      tokens[n_kinds].name = "hf_token";
      tokens[n_kinds++].n = 1;
    }

  for (int i = 0; i < n_kinds; i++)
    decoder->n_fixed += tokens[i].n;
  next = decoder->fixed = sam_weights_alloc (weights, decoder->n_fixed * decoder->width);
  for (int i = 0; i < n_kinds; i++)
    {
      const float *rows =
        sam_weights_matrix (weights, tokens[i].n, decoder->width,
                            sam_prefix ("%s%s.weight", prefix, tokens[i].name).text);

      if (rows == NULL)
        return;
      memcpy (next, rows, tokens[i].n * decoder->width * sizeof (float));
      next += tokens[i].n * decoder->width;
    }
}

/* conv_s0 or conv_s1; with the 1x1 convolution in front of it as one matrix, where there is one. */
static void
fetch_high_res (SamWeights           *weights,
                SamLinear            *layer,
                const SamDecoderSpec *spec,
                int                   level,
                size_t                in,
                size_t                out,
                const char           *prefix)
{
  const float *w1, *b1, *w2, *b2;
  size_t       middle;
  float       *w, *b;

  if (spec->lateral[level] == NULL)
    {
      sam_weights_conv1x1 (weights, layer, in, out, SAM_BIAS_YES,
                           sam_prefix ("%sconv_s%d", prefix, level).text);
      return;
    }

  middle = sam_weights_dim (weights, 4, 1, 1, MAX_HEAD,
                            sam_prefix ("%sconv_s%d.weight", prefix, level).text);
  w1 = sam_weights_fetch (weights, 4, (const size_t[]) { middle, in, 1, 1 },
                          sam_prefix ("%s.weight", spec->lateral[level]).text);
  b1 = sam_weights_vector (weights, middle, sam_prefix ("%s.bias", spec->lateral[level]).text);
  w2 = sam_weights_fetch (weights, 4, (const size_t[]) { out, middle, 1, 1 },
                          sam_prefix ("%sconv_s%d.weight", prefix, level).text);
  b2 = sam_weights_vector (weights, out, sam_prefix ("%sconv_s%d.bias", prefix, level).text);
  w = sam_weights_alloc (weights, out * in);
  b = sam_weights_alloc (weights, out);
  if (sam_weights_failed (weights))
    return;

  for (size_t o = 0; o < out; o++)
    {
      double bias = b2[o];

      for (size_t i = 0; i < in; i++)
        {
          double sum = 0.0;

          for (size_t m = 0; m < middle; m++)
            sum += (double) w2[o * middle + m] * w1[m * in + i];
          w[o * in + i] = (float) sum;
        }
      for (size_t m = 0; m < middle; m++)
        bias += (double) w2[o * middle + m] * b1[m];
      b[o] = (float) bias;
    }
  sam_weights_linear_take (weights, layer, in, out, w, b);
}

/* The transformer between tokens and picture. */
static void
fetch_transformer (SamMaskDecoder *decoder, SamWeights *weights, const char *prefix)
{
  size_t           width = decoder->width;
  g_autofree char *body = g_strconcat (prefix, "transformer.", NULL);
  g_autofree char *final = g_strconcat (body, "final_attn_token_to_image.", NULL);

  for (int i = 0; i < N_LAYERS; i++)
    {
      g_autofree char *layer = g_strdup_printf ("%slayers.%d.", body, i);

      fetch_layer (weights, &decoder->layer[i], &decoder->spec, width, layer);
    }
  sam_read_map_fetch (weights, &decoder->final, width, width / 2, decoder->spec.heads, final);
  sam_weights_norm (weights, &decoder->final_norm, width, TRANSFORMER_EPS,
                    sam_prefix ("%snorm_final_attn", body).text);
}

/* What makes a map four times as wide and high; the part of the decoder where most time goes, and
 * where it can be less exact. */
static void
fetch_upscaling (SamMaskDecoder   *decoder,
                 SamWeights       *weights,
                 const SamEncoder *encoder,
                 const char       *prefix)
{
  const SamDecoderSpec *options = &decoder->spec;
  size_t                width = decoder->width;

  sam_weights_set_arithmetic (weights, SAM_ARITHMETIC_FAST);
  sam_weights_conv_transpose (weights, &decoder->up[0], width, width / 4,
                              sam_prefix ("%s%s", prefix, options->upscale[0]).text);
  sam_weights_norm (weights, &decoder->up_norm, width / 4,
                    options->upscale_group ? GROUP_EPS : UPSCALE_EPS,
                    sam_prefix ("%s%s", prefix, options->upscale[1]).text);
  sam_weights_conv_transpose (weights, &decoder->up[1], width / 4, width / 8,
                              sam_prefix ("%s%s", prefix, options->upscale[2]).text);
  for (int level = 0; options->high_res && level < 2; level++)
    fetch_high_res (weights, &decoder->conv_s[level], options, level, encoder->skip_channels[level],
                    level == 0 ? width / 8 : width / 4, prefix);
  sam_weights_set_arithmetic (weights, SAM_ARITHMETIC_F32);
}

static void
fetch_heads (SamMaskDecoder *decoder, SamWeights *weights, const char *prefix)
{
  const SamDecoderSpec *options = &decoder->spec;
  size_t                width = decoder->width;

  for (int i = 0; i < SAM_N_MASKS; i++)
    {
      g_autofree char *name = g_strdup_printf ("output_hypernetworks_mlps.%d", i);

      fetch_head (weights, &decoder->hyper[i], options, width, width / 8, prefix, name);
    }
  fetch_head (weights, &decoder->iou, options, width, SAM_N_MASKS, prefix, "iou_prediction_head");
  if (options->object_score)
    fetch_head (weights, &decoder->object, options, width, 1, prefix, "pred_obj_score_head");
}

/* SAM-HQ's own layers, for a finer mask. */
static void
fetch_hq (SamMaskDecoder   *decoder,
          SamWeights       *weights,
          const SamEncoder *encoder,
          const char       *prefix)
{
  const SamDecoderSpec *options = &decoder->spec;
  size_t                width = decoder->width;

  fetch_head (weights, &decoder->hyper[SAM_N_MASKS], options, width, width / 8, prefix, "hf_mlp");
  sam_weights_conv_transpose (weights, &decoder->hq_embedding[0], width, width / 4,
                              sam_prefix ("%sembedding_encoder.0", prefix).text);
  sam_weights_norm (weights, &decoder->hq_embedding_norm, width / 4, UPSCALE_EPS,
                    sam_prefix ("%sembedding_encoder.1", prefix).text);
  sam_weights_conv_transpose (weights, &decoder->hq_embedding[1], width / 4, width / 8,
                              sam_prefix ("%sembedding_encoder.3", prefix).text);
  sam_weights_conv_transpose (weights, &decoder->hq_middle[0], encoder->middle_channels, width,
                              sam_prefix ("%scompress_vit_feat.0", prefix).text);
  sam_weights_norm (weights, &decoder->hq_middle_norm, width, UPSCALE_EPS,
                    sam_prefix ("%scompress_vit_feat.1", prefix).text);
  sam_weights_conv_transpose (weights, &decoder->hq_middle[1], width, width / 8,
                              sam_prefix ("%scompress_vit_feat.3", prefix).text);
  sam_weights_conv (weights, &decoder->hq_mask[0], width / 8, width / 4, 3, 1, 1, SAM_BIAS_YES,
                    sam_prefix ("%sembedding_maskfeature.0", prefix).text);
  sam_weights_norm (weights, &decoder->hq_mask_norm, width / 4, UPSCALE_EPS,
                    sam_prefix ("%sembedding_maskfeature.1", prefix).text);
  sam_weights_conv (weights, &decoder->hq_mask[1], width / 4, width / 8, 3, 1, 1, SAM_BIAS_YES,
                    sam_prefix ("%sembedding_maskfeature.3", prefix).text);
}

SamMaskDecoder *
sam_mask_decoder_new (SamWeights *weights, const SamModelSpec *spec, const SamEncoder *encoder)
{
  SamMaskDecoder       *decoder = g_new0 (SamMaskDecoder, 1);
  const SamDecoderSpec *options = &spec->decoder;
  const char           *prefix = spec->decoder_prefix;
  size_t                width = encoder->channels;

  decoder->spec = *options;
  decoder->side = encoder->side;
  decoder->width = width;
  if (options->heads == 0 || width % (2 * options->heads) != 0 || width % 8 != 0 ||
      width / options->heads > 128)
    {
      sam_weights_fail (weights,
                        "an embedding of %" G_GSIZE_FORMAT
                        " channels cannot be divided into %" G_GSIZE_FORMAT
                        " heads; the file's metadata are wrong",
                        width, options->heads);
      sam_mask_decoder_free (decoder);
      return NULL;
    }

  fetch_tokens (decoder, weights, prefix);
  fetch_transformer (decoder, weights, prefix);
  fetch_upscaling (decoder, weights, encoder, prefix);
  fetch_heads (decoder, weights, prefix);
  if (options->hq)
    fetch_hq (decoder, weights, encoder, prefix);

  if (sam_weights_failed (weights))
    {
      sam_mask_decoder_free (decoder);
      return NULL;
    }

  return decoder;
}

void
sam_mask_decoder_free (SamMaskDecoder *decoder)
{
  /* all arrays are the weights' */
  g_free (decoder);
}

void
sam_mask_decoder_get_channels (const SamMaskDecoder *decoder,
                               size_t               *stride4,
                               size_t               *stride8,
                               size_t               *hq)
{
  *stride4 = decoder->spec.high_res ? decoder->width / 8 : 0;
  *stride8 = decoder->spec.high_res ? decoder->width / 4 : 0;
  *hq = decoder->spec.hq ? decoder->width / 8 : 0;
}

gboolean
sam_mask_decoder_prepare (const SamMaskDecoder *decoder,
                          const SamFeatures    *features,
                          float                *stride4,
                          float                *stride8,
                          float                *hq,
                          const SamTrace       *trace,
                          GError              **error)
{
  size_t            side = decoder->side;
  size_t            n = side * side;
  size_t            width = decoder->width;
  g_auto (SamArena) arena = { 0 };
  float            *wide, *fine;

  if (decoder->spec.high_res)
    {
      sam_linear_run (&decoder->conv_s[0], stride4, features->skip[0], NULL, 16 * n, SAM_ACT_NONE);
      sam_linear_run (&decoder->conv_s[1], stride8, features->skip[1], NULL, 4 * n, SAM_ACT_NONE);
    }
  if (! decoder->spec.hq)
    return TRUE;

  sam_arena_plan (&arena, &wide, 4 * n, width, 1);
  sam_arena_plan (&arena, &fine, 16 * n, width / 8, 1);
  if (! sam_arena_commit (&arena, error))
    return FALSE;

  sam_conv_transpose_norm_run (&decoder->hq_middle[0], &decoder->hq_middle_norm, wide,
                               features->middle, NULL, side, side, SAM_ACT_GELU);
  sam_conv_transpose_run (&decoder->hq_middle[1], hq, wide, NULL, 2 * side, 2 * side);
  sam_trace (trace, "hq_vit", hq, 16 * n, width / 8);

  sam_conv_transpose_norm_run (&decoder->hq_embedding[0], &decoder->hq_embedding_norm, wide,
                               features->embedding, NULL, side, side, SAM_ACT_GELU);
  sam_conv_transpose_run (&decoder->hq_embedding[1], fine, wide, NULL, 2 * side, 2 * side);
  sam_trace (trace, "hq_enc", fine, 16 * n, width / 8);
  sam_add (hq, hq, fine, 2 * n * width);

  return TRUE;
}

/* y = attention (x + own, x + own, x) + r    x, own, r, y: [t, width], own and r may be NULL */
static void
attend_to_selves (const SamMaskDecoder *decoder,
                  const Attention      *attention,
                  float                *y,
                  const float          *x,
                  const float          *own,
                  const float          *r,
                  size_t                t,
                  Buffers              *b)
{
  size_t       width = decoder->width;
  size_t       d = width / decoder->spec.heads;
  SamAttention a = {
    .q = b->q,
    .k = b->k,
    .v = b->v,
    .o = b->o,
    .q_stride = width,
    .k_stride = width,
    .v_stride = width,
    .o_stride = width,
    .q_head = d,
    .k_head = d,
    .v_head = d,
    .o_head = d,
    .n_q = t,
    .n_k = t,
    .n_heads = decoder->spec.heads,
    .d = d,
    .scale = 1.0f / sqrtf (d),
  };

  sam_sum_linear_run (&attention->q, b->q, x, own, NULL, t);
  sam_sum_linear_run (&attention->k, b->k, x, own, NULL, t);
  sam_linear_run (&attention->v, b->v, x, NULL, t, SAM_ACT_NONE);
  sam_attention (&a, 1);
  sam_linear_run (&attention->out, y, b->o, r, t, SAM_ACT_NONE);
}

static void
run_layer (const SamMaskDecoder *decoder,
           const Layer          *layer,
           gboolean              first,
           Buffers              *b,
           SamPlaces            *map,
           size_t                t)
{
  size_t width = decoder->width;
  size_t tw = t * width;
  float *own = NULL;     /* what is added to the self attention's queries and keys */
  float *r = b->queries; /* what its result is added to */

  if (! first && decoder->spec.self == SAM_SELF_FIRST_BARE)
    {
      own = b->tokens;
    }
  else if (! first)
    {
      sam_add (b->queries, b->queries, b->tokens, tw);
    }
  else if (decoder->spec.self == SAM_SELF_FIRST_BARE)
    {
      r = NULL;
    }
  attend_to_selves (decoder, &layer->self, b->queries, b->queries, own, r, t, b);
  sam_norm_run (&layer->norm[0], b->queries, b->queries, t);

  sam_read_map_run (&layer->to_image, b->queries, b->tokens, map, t, b->cross);
  sam_norm_run (&layer->norm[1], b->queries, b->queries, t);

  sam_linear_run (&layer->mlp[0], b->mlp, b->queries, NULL, t, decoder->spec.act);
  sam_linear_run (&layer->mlp[1], b->queries, b->mlp, b->queries, t, SAM_ACT_NONE);
  sam_norm_run (&layer->norm[2], b->queries, b->queries, t);

  sam_write_map_run (&layer->to_tokens, &layer->norm[3], b->keys, map, b->queries, b->tokens, t,
                     b->cross);
  map->x = b->keys;
  map->all = NULL;
}

/* A head and what it turns into what.    x: [in]  y: [out]  hidden: [2, MAX_HEAD] */
typedef struct
{
  const Head  *head;
  SamAct       act;
  const float *x;
  float       *y, *hidden;
} HeadRun;

static void
run_heads (size_t first, size_t last, gpointer data)
{
  const HeadRun *runs = data;

  for (const HeadRun *run = runs + first; run < runs + last; run++)
    {
      sam_linear_run (&run->head->layer[0], run->hidden, run->x, NULL, 1, run->act);
      sam_linear_run (&run->head->layer[1], run->hidden + MAX_HEAD, run->hidden, NULL, 1, run->act);
      sam_linear_run (&run->head->layer[2], run->y, run->hidden + MAX_HEAD, NULL, 1, SAM_ACT_NONE);
    }
}

typedef struct
{
  const SamMaskDecoder  *decoder;
  const SamDecoderImage *image;
  const float           *keys;
  float                 *half; /* [2 side, 2 side, width / 4], made already, or NULL */
  float       *pixels;         /* [4 side, 4 side, width / 8], or NULL: nobody wants to see them */
  const float *hyper;          /* [n_masks, width / 8] */
  float       *masks;          /* [n_masks, 4 side, 4 side] */
  size_t       n_masks;
} Upscaling;

/* Some rows of the map to pixels and masks while they are in the cache. */
static void
upscale_rows (size_t first, size_t last, gpointer data)
{
  const Upscaling       *u = data;
  const SamMaskDecoder  *decoder = u->decoder;
  const SamDecoderImage *image = u->image;
  size_t                 side = decoder->side;
  size_t                 h = last - first;
  size_t                 c = decoder->width / 8;
  size_t at_half = first * side * 8 * c; /* four times the places, a quarter of the channels */
  size_t n = 16 * side;                  /* pixels that one row becomes */
  float *half = u->half != NULL ? u->half + at_half
                                : sam_scratch_floats (SAM_SCRATCH_RING, h * side * 8 * c);
  float *pixels = u->pixels != NULL ? u->pixels + first * n * c
                                    : sam_scratch_floats (SAM_SCRATCH_SCORES, h * n * c);

  if (u->half == NULL)
    sam_conv_transpose_norm_run (&decoder->up[0], &decoder->up_norm, half,
                                 u->keys + first * side * decoder->width,
                                 image->stride8 != NULL ? image->stride8 + at_half : NULL, h, side,
                                 SAM_ACT_GELU);
  sam_conv_transpose_norm_run (&decoder->up[1], NULL, pixels, half,
                               image->stride4 != NULL ? image->stride4 + first * n * c : NULL,
                               2 * h, 2 * side, SAM_ACT_GELU);
  sam_product (u->masks + first * n, n * side, u->hyper, pixels, u->n_masks, c, h * n);
}

static gboolean
plan_buffers (const SamMaskDecoder *decoder,
              Buffers              *b,
              SamArena             *arena,
              size_t                t,
              gboolean              pixels,
              GError              **error)
{
  size_t width = decoder->width;
  size_t n = decoder->side * decoder->side;
  size_t cross = sam_token_attention_scratch (t, n, decoder->spec.heads, width / 2, width);

  sam_arena_plan (arena, &b->queries, t, width, 1);
  sam_arena_plan (arena, &b->tokens, t, width, 1);
  sam_arena_plan (arena, &b->mlp, t,
                  MAX (decoder->layer[0].mlp[0].out, decoder->layer[1].mlp[0].out), 1);
  sam_arena_plan (arena, &b->q, t, width, 1);
  sam_arena_plan (arena, &b->k, t, width, 1);
  sam_arena_plan (arena, &b->v, t, width, 1);
  sam_arena_plan (arena, &b->o, t, width, 1);
  sam_arena_plan (arena, &b->keys, n, width, 1);
  sam_arena_plan (arena, &b->cross, cross, 1, 1);
  sam_arena_plan (arena, &b->hyper, SAM_N_MASKS + 1, width / 8, 1);
  sam_arena_plan (arena, &b->hidden, MAX_HEADS, 2, MAX_HEAD);
  if (decoder->spec.upscale_group)
    sam_arena_plan (arena, &b->half, 4 * n, width / 4, 1);
  if (decoder->spec.hq || pixels)
    sam_arena_plan (arena, &b->pixels, 16 * n, width / 8, 1);
  if (decoder->spec.hq)
    {
      sam_arena_plan (arena, &b->finer_wide, 16 * n, width / 4, 1);
      sam_arena_plan (arena, &b->finer, 16 * n, width / 8, 1);
    }

  return sam_arena_commit (arena, error);
}

/* What the queries say: of each mask that is wanted how to see it in the pixels, IoUs, whether
 * there is an object. */
static void
ask_heads (const SamMaskDecoder *decoder,
           const Buffers        *b,
           SamMaskRange          wanted,
           SamDecoded           *decoded,
           const SamTrace       *trace)
{
  size_t  width = decoder->width;
  size_t  n_maps = wanted.n + (decoder->spec.hq ? 1 : 0);
  size_t  n_heads = 0;
  HeadRun heads[MAX_HEADS];

  for (size_t i = 0; i < n_maps; i++)
    {
      size_t token = i < wanted.n ? wanted.first + i : SAM_N_MASKS;

      heads[n_heads++] = (HeadRun) { &decoder->hyper[token], decoder->spec.act,
                                     b->queries + (decoder->first_mask + token) * width,
                                     b->hyper + i * (width / 8) };
    }
  heads[n_heads++] = (HeadRun) { &decoder->iou, decoder->spec.act,
                                 b->queries + decoder->iou_token * width, decoded->iou };
  decoded->object_score = NAN;
  if (decoder->spec.object_score)
    heads[n_heads++] = (HeadRun) { &decoder->object, decoder->spec.act, b->queries,
                                   &decoded->object_score };
  for (size_t i = 0; i < n_heads; i++)
    heads[i].hidden = b->hidden + i * 2 * MAX_HEAD;
  sam_parallel_for (n_heads, 1, run_heads, heads);
  sam_trace (trace, "hyper_in", b->hyper, n_maps, width / 8);
  if (decoder->spec.iou_sigmoid)
    sam_activate (decoded->iou, decoded->iou, SAM_N_MASKS, SAM_ACT_SIGMOID);
}

/* masks: [wanted, 4 side, 4 side], and HQ's */
static void
make_masks (const SamMaskDecoder  *decoder,
            const SamDecoderImage *image,
            const Buffers         *b,
            SamMaskRange           wanted,
            float                 *masks,
            const SamTrace        *trace)
{
  size_t    side = decoder->side;
  size_t    n = side * side;
  size_t    c = decoder->width / 8;
  Upscaling upscaling = { decoder, image, b->keys, b->half, b->pixels, b->hyper, masks, wanted.n };

  if (decoder->spec.upscale_group)
    {
      sam_conv_transpose_run (&decoder->up[0], b->half, b->keys, image->stride8, side, side);
      sam_group_norm_run (&decoder->up_norm, b->half, 4 * n);
      sam_activate (b->half, b->half, n * decoder->width, SAM_ACT_GELU);
    }
  sam_parallel_for (side, UPSCALED_ROWS, upscale_rows, &upscaling);
  if (b->pixels != NULL)
    sam_trace (trace, "upscaled", b->pixels, 16 * n, c);
  if (! decoder->spec.hq)
    return;

  sam_conv_run (&decoder->hq_mask[0], b->finer_wide, b->pixels, 4 * side, 4 * side, SAM_ACT_NONE);
  sam_norm_run (&decoder->hq_mask_norm, b->finer_wide, b->finer_wide, 16 * n);
  sam_activate (b->finer_wide, b->finer_wide, 32 * n * c, SAM_ACT_GELU);
  sam_conv_run (&decoder->hq_mask[1], b->finer, b->finer_wide, 4 * side, 4 * side, SAM_ACT_NONE);
  sam_trace (trace, "hq_mf", b->finer, 16 * n, c);
  sam_add (b->finer, b->finer, image->hq, 16 * n * c);
  sam_product (masks + wanted.n * 16 * n, 16 * n, b->hyper + wanted.n * c, b->finer, 1, c, 16 * n);
}

gboolean
sam_mask_decoder_run (const SamMaskDecoder   *decoder,
                      const SamPromptEncoder *prompts,
                      const SamDecoderImage  *image,
                      const SamToken         *prompt,
                      size_t                  n_prompt,
                      const float            *mask,
                      SamMaskRange            wanted,
                      SamDecoded             *decoded,
                      const SamJob           *job,
                      const SamTrace         *trace,
                      GError                **error)
{
  size_t            width = decoder->width;
  size_t            n = decoder->side * decoder->side;
  size_t            t = decoder->n_fixed + n_prompt;
  SamPlaces         map = { image->embedding, sam_prompt_encoder_get_no_mask (prompts),
                            sam_prompt_encoder_get_grid (prompts), n };
  g_auto (SamArena) arena = { 0 };
  Buffers           b = { NULL };

  if (! plan_buffers (decoder, &b, &arena, t, trace != NULL, error))
    return FALSE;

  memcpy (b.tokens, decoder->fixed, decoder->n_fixed * width * sizeof (float));
  sam_prompt_encoder_embed (prompts, b.tokens + decoder->n_fixed * width, prompt, n_prompt);
  sam_trace (trace, "sparse", b.tokens + decoder->n_fixed * width, n_prompt, width);
  memcpy (b.queries, b.tokens, t * width * sizeof (float));
  if (mask != NULL && sam_prompt_encoder_takes_masks (prompts))
    {
      sam_prompt_encoder_add_mask (prompts, b.keys, image->embedding, mask, trace);
      map.x = b.keys;
      map.all = NULL;
    }
  if (! sam_job_step (job, 0.1, error))
    return FALSE;

  for (int i = 0; i < N_LAYERS; i++)
    {
      run_layer (decoder, &decoder->layer[i], i == 0, &b, &map, t);
      if (! sam_job_step (job, 0.1 + 0.3 * (i + 1), error))
        return FALSE;
    }
  sam_read_map_run (&decoder->final, b.queries, b.tokens, &map, t, b.cross);
  sam_norm_run (&decoder->final_norm, b.queries, b.queries, t);
  sam_trace (trace, "hs", b.queries, t, width);
  sam_trace (trace, "src", b.keys, n, width);
  if (! sam_job_step (job, 0.8, error))
    return FALSE;

  ask_heads (decoder, &b, wanted, decoded, trace);
  decoded->side = 4 * decoder->side;
  decoded->made = wanted;
  decoded->masks = sam_alloc_floats (wanted.n + (decoder->spec.hq ? 1 : 0), 16 * n, 1, error);
  if (decoded->masks == NULL)
    return FALSE;
  make_masks (decoder, image, &b, wanted, decoded->masks, trace);
  if (! sam_job_step (job, 1.0, error))
    {
      g_clear_pointer (&decoded->masks, g_free);
      return FALSE;
    }

  return TRUE;
}

/* ---- operations ---- */

/* With everything projected, as the model is defined; sam-token-attention.c does fewer. */
static double
attention_flop (double width, double inner, double n_q, double n_k)
{
  return 4.0 * width * inner * (n_q + n_k) + 4.0 * n_q * n_k * inner;
}

static double
head_flop (const Head *head)
{
  double flop = 0;

  for (int i = 0; i < 3; i++)
    flop += 2.0 * head->layer[i].in * head->layer[i].out;

  return flop;
}

double
sam_mask_decoder_get_flop (const SamMaskDecoder *decoder, size_t n_prompt)
{
  double n = decoder->side * decoder->side;
  double t = decoder->n_fixed + n_prompt;
  double width = decoder->width;
  double pixels = 16.0 * n;
  double flop = attention_flop (width, width / 2, t, n);

  for (int i = 0; i < N_LAYERS; i++)
    {
      const Layer *layer = &decoder->layer[i];

      flop += attention_flop (width, width, t, t) + 2.0 * attention_flop (width, width / 2, t, n) +
              4.0 * t * width * layer->mlp[0].out;
    }
  for (int i = 0; i < 2; i++)
    flop += 8.0 * (i == 0 ? n : 4.0 * n) * decoder->up[i].in * decoder->up[i].out;
  for (int i = 0; i < SAM_N_MASKS; i++)
    flop += head_flop (&decoder->hyper[i]) + 2.0 * pixels * (width / 8.0);
  flop += head_flop (&decoder->iou);
  if (decoder->spec.object_score)
    flop += head_flop (&decoder->object);
  if (decoder->spec.hq)
    flop += head_flop (&decoder->hyper[SAM_N_MASKS]) + 2.0 * pixels * (width / 8.0) +
            18.0 * pixels * 2.0 * (width / 8.0) * (width / 4.0);

  return flop;
}
