/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What tells one family of models from another, as data: how a checkpoint is recognised, what its
 * tensors are called, how pictures go in and prompts are written, and the options of its mask
 * decoder. Internal. */
#pragma once

#include "samcore/image/sam-geometry.h"
#include "samcore/nn/sam-ops.h"
#include "samcore/image/sam-preprocess.h"
#include "samcore/weights/sam-layers-fetch.h"

G_BEGIN_DECLS

typedef enum
{
  SAM_PROMPT_STYLE_SAM,  /* points, one padding point unless there is a box, corners of the box */
  SAM_PROMPT_STYLE_SAM2, /* corners of the box, points, always one padding point */
  SAM_PROMPT_STYLE_EFFICIENTSAM /* corners of the box, points, cut or padded to six */
} SamPromptStyle;

/* What the prompt encoder calls its rows, and where they apply. */
typedef struct
{
  SamPromptStyle style;
  const char    *gauss;    /* [2, width / 2] */
  const char    *label[4]; /* off, on, top left, bottom right: [1, width]; NULL adds nothing */
  const char    *pad;      /* [1, width] of a padding point */
  gboolean       pad_has_position; /* the padding point keeps its positional encoding */
  gboolean       has_mask_input;
} SamPromptSpec;

typedef enum
{
  SAM_SELF_FIRST_BARE, /* layer 0: q = attn (q), without residual; then q += attn (q + t) (SAM) */
  SAM_SELF_RESIDUAL /* layer 0 has a residual; in the others the tokens stay added (EfficientSAM) */
} SamSelfAttention;

typedef struct
{
  size_t           heads;
  SamSelfAttention self;
  SamAct           act;           /* of the MLPs; the transformer's and the heads' */
  const char      *mlp[2];        /* of a transformer layer */
  const char      *upscale[3];    /* transposed convolution, norm, transposed convolution */
  gboolean         upscale_group; /* the norm is over all values of the map, not over channels */
  const char      *head[3];       /* layers of a small MLP */
  gboolean high_res; /* conv_s0, conv_s1: stride 4 and 8 features are added when upscaling */
  const char
          *lateral[2];   /* 1x1 convolutions in front of these, with all before the name; or NULL */
  gboolean object_score; /* a first token that says whether there is an object */
  gboolean iou_sigmoid;
  gboolean stability_choice; /* a precise prompt answered unstably takes the best of the others */
  gboolean hq;               /* a last token for a finer mask, added to the best one */
  float    mask_input_limit; /* logits fed back are clamped to +-this; 0: not */
} SamDecoderSpec;

/* What a mask's own scores must be for it to count as an object (sam-everything.h). */
typedef struct
{
  double iou, stability;
} SamThresholds;

/* The reference's, to which the scores of the published models were trained. */
extern const SamThresholds sam_thresholds_published;

typedef struct
{
  const char    *family;   /* "sam" */
  char           name[64]; /* for people */
  size_t         input;    /* side of the network's input */
  SamFit         fit;
  SamPreprocess  preprocess;
  SamUpsample    upsample;
  gboolean       closeups; /* quick enough to make close-ups (sam-closeup.h) */
  SamThresholds  thresholds;
  const char    *encoder_prefix, *prompt_prefix, *decoder_prefix;
  SamPromptSpec  prompt;
  SamDecoderSpec decoder;
} SamModelSpec;

typedef struct _SamEncoder SamEncoder;

/**
 * SamFamily:
 * @probe: whether the tensors' names are this family's
 * @describe: fills @spec, which is SAM's own to begin with; failures go to @weights
 * @new_encoder: fetches the image encoder; failures go to @weights, and the encoder may be NULL
 *   then
 */
typedef struct
{
  gboolean (*probe) (const SamWeights *weights);
  void (*describe) (SamWeights *weights, SamModelSpec *spec);
  SamEncoder *(*new_encoder) (SamWeights *weights, const SamModelSpec *spec);
} SamFamily;

/* What stands in the names of tensors that published networks of all families have and never use;
 * ended by NULL. */
extern const char *const sam_family_idle[];

/* The family that @weights belong to; NULL when we know none. */
const SamFamily *sam_family_find (SamWeights *weights);
/* Fills @spec; ask sam_weights_check() afterwards. */
void sam_family_describe (const SamFamily *family, SamWeights *weights, SamModelSpec *spec);

G_END_DECLS
