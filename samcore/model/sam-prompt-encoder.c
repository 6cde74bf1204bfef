/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the user said as the decoder takes it.
 *
 *   points, box ──▶ the family's order ──▶ sin, cos of random projections + an embedding per label
 *   mask [4 s, 4 s, 1] ──▶ 2x2/2 to 4 ──▶ norm, GELU ──▶ 2x2/2 to 16 ──▶ norm, GELU ──▶ 1x1 */
#include "samcore/model/sam-prompt-encoder.h"

#include <math.h>

#include "samcore/sam-parallel.h"
#include "samcore/base/sam-scratch.h"

#define MASK_EPS        1e-6f
#define MAX_EFFICIENT   6
#define MASK_WIDTH_1    4
#define MASK_WIDTH_2    16
#define DOWNSCALED_ROWS 4 /* of the map, at once */
#define GRID_ROWS       2

struct _SamPromptEncoder
{
  SamPromptSpec spec;
  size_t        side, width, input;
  const float  *gauss;    /* [2, width / 2] */
  const float  *label[4]; /* [width] or NULL */
  const float  *pad;      /* [width] */
  const float  *no_mask;  /* [width], or NULL when the family takes no masks */
  SamConv       conv[2];
  SamNorm       norm[2];
  SamLinear     last;
  float        *grid; /* [side, side, width] */
};

/* x, y: 0..1 over the input  pe: [width] = sines, then cosines
 * In float32 and in this order, as the reference computes it. */
static void
encode_position (const SamPromptEncoder *encoder, float *pe, float x, float y)
{
  size_t n = encoder->width / 2;

  x = 2.0f * x - 1.0f;
  y = 2.0f * y - 1.0f;
  for (size_t k = 0; k < n; k++)
    {
      float t = (float) (2.0 * G_PI) * (x * encoder->gauss[k] + y * encoder->gauss[n + k]);

      pe[k] = sinf (t);
      pe[n + k] = cosf (t);
    }
}

/* The centres of the embedding's places. */
static void
encode_rows (size_t first, size_t last, gpointer data)
{
  const SamPromptEncoder *encoder = data;
  size_t                  side = encoder->side;

  for (size_t y = first; y < last; y++)
    for (size_t x = 0; x < side; x++)
      encode_position (encoder, encoder->grid + (y * side + x) * encoder->width, (x + 0.5f) / side,
                       (y + 0.5f) / side);
}

SamPromptEncoder *
sam_prompt_encoder_new (SamWeights *weights, const SamModelSpec *spec, size_t side, size_t width)
{
  SamPromptEncoder    *encoder = g_new0 (SamPromptEncoder, 1);
  const SamPromptSpec *names = &spec->prompt;
  const char          *prefix = spec->prompt_prefix;

  encoder->spec = *names;
  encoder->side = side;
  encoder->width = width;
  encoder->input = spec->input;

  encoder->gauss = sam_weights_matrix (weights, 2, width / 2,
                                       sam_prefix ("%s%s", prefix, names->gauss).text);
  for (int i = 0; i < 4; i++)
    {
      if (names->label[i] != NULL)
        encoder->label[i] = sam_weights_matrix (weights, 1, width,
                                                sam_prefix ("%s%s", prefix, names->label[i]).text);
    }
  encoder->pad = sam_weights_matrix (weights, 1, width,
                                     sam_prefix ("%s%s", prefix, names->pad).text);
  if (names->has_mask_input)
    {
      encoder->no_mask = sam_weights_matrix (weights, 1, width,
                                             sam_prefix ("%sno_mask_embed.weight", prefix).text);
      sam_weights_conv (weights, &encoder->conv[0], 1, MASK_WIDTH_1, 2, 2, 0, SAM_BIAS_YES,
                        sam_prefix ("%smask_downscaling.0", prefix).text);
      sam_weights_norm (weights, &encoder->norm[0], MASK_WIDTH_1, MASK_EPS,
                        sam_prefix ("%smask_downscaling.1", prefix).text);
      sam_weights_conv (weights, &encoder->conv[1], MASK_WIDTH_1, MASK_WIDTH_2, 2, 2, 0,
                        SAM_BIAS_YES, sam_prefix ("%smask_downscaling.3", prefix).text);
      sam_weights_norm (weights, &encoder->norm[1], MASK_WIDTH_2, MASK_EPS,
                        sam_prefix ("%smask_downscaling.4", prefix).text);
      sam_weights_conv1x1 (weights, &encoder->last, MASK_WIDTH_2, width, SAM_BIAS_YES,
                           sam_prefix ("%smask_downscaling.6", prefix).text);
    }

  encoder->grid = sam_weights_alloc (weights, side * side * width);
  if (sam_weights_failed (weights))
    {
      sam_prompt_encoder_free (encoder);
      return NULL;
    }

  sam_parallel_for (side, GRID_ROWS, encode_rows, encoder);

  return encoder;
}

void
sam_prompt_encoder_free (SamPromptEncoder *encoder)
{
  /* all arrays are the weights' */
  g_free (encoder);
}

/* Each family has its own order of multiplying, dividing and rounding. */
static SamToken
place (const SamPromptEncoder *encoder, const SamGeometry *geometry, float x, float y, int label)
{
  float input = geometry->input;
  float w = geometry->width;
  float h = geometry->height;

  x -= geometry->x;
  y -= geometry->y;
  if (geometry->mirrored)
    x = w - x;

  switch (encoder->spec.style)
    {
    case SAM_PROMPT_STYLE_SAM2:
      return (SamToken) { x / w * input, y / h * input, label };

    case SAM_PROMPT_STYLE_EFFICIENTSAM:
      return (SamToken) { x >= 0 ? x * input / w : -1.0f, y >= 0 ? y * input / h : -1.0f, label };

    case SAM_PROMPT_STYLE_SAM:
      break;
    }

  return (SamToken) { (float) (x * ((double) geometry->resized_width / geometry->width)),
                      (float) (y * ((double) geometry->resized_height / geometry->height)), label };
}

GArray *
sam_prompt_encoder_arrange (const SamPromptEncoder *encoder,
                            const SamGeometry      *geometry,
                            const float (*points)[2],
                            const int   *labels,
                            size_t       n_points,
                            const float *box)
{
  GArray        *tokens = g_array_new (FALSE, FALSE, sizeof (SamToken));
  SamPromptStyle style = encoder->spec.style;
  SamToken       pad = { 0.0f, 0.0f, SAM_LABEL_PAD };
  SamToken       corner[2];

  if (box != NULL)
    {
      corner[0] = place (encoder, geometry, box[0], box[1], SAM_LABEL_TOP_LEFT);
      corner[1] = place (encoder, geometry, box[2], box[3], SAM_LABEL_BOTTOM_RIGHT);
    }

  if (box != NULL && style != SAM_PROMPT_STYLE_SAM)
    g_array_append_vals (tokens, corner, 2);
  for (size_t i = 0; i < n_points; i++)
    {
      SamToken token = place (encoder, geometry, points[i][0], points[i][1], labels[i]);

      g_array_append_val (tokens, token);
    }

  switch (style)
    {
    case SAM_PROMPT_STYLE_SAM:
      if (box != NULL)
        g_array_append_vals (tokens, corner, 2);
      else if (n_points > 0)
        g_array_append_val (tokens, pad);
      break;

    case SAM_PROMPT_STYLE_SAM2:
      if (tokens->len > 0)
        g_array_append_val (tokens, pad);
      break;

    case SAM_PROMPT_STYLE_EFFICIENTSAM:
      pad.x_model = pad.y_model = -1.0f;
      while (tokens->len < MAX_EFFICIENT)
        g_array_append_val (tokens, pad);
      g_array_set_size (tokens, MAX_EFFICIENT);
      break;
    }

  return tokens;
}

void
sam_prompt_encoder_embed (const SamPromptEncoder *encoder,
                          float                  *tokens,
                          const SamToken         *prompt,
                          size_t                  n)
{
  size_t width = encoder->width;

  for (size_t i = 0; i < n; i++)
    {
      float       *token = tokens + i * width;
      int          label = prompt[i].label;
      const float *added = label == SAM_LABEL_PAD    ? encoder->pad
                           : label >= 0 && label < 4 ? encoder->label[label]
                                                     : NULL;

      if (label == SAM_LABEL_PAD && ! encoder->spec.pad_has_position)
        {
          for (size_t k = 0; k < width; k++)
            token[k] = added[k];
          continue;
        }
      /* prompts name pixels; their centres are half a pixel further */
      encode_position (encoder, token, (prompt[i].x_model + 0.5f) / encoder->input,
                       (prompt[i].y_model + 0.5f) / encoder->input);
      if (added != NULL)
        sam_add (token, token, added, width);
    }
}

const float *
sam_prompt_encoder_get_no_mask (const SamPromptEncoder *encoder)
{
  return encoder->no_mask;
}

gboolean
sam_prompt_encoder_takes_masks (const SamPromptEncoder *encoder)
{
  return encoder->no_mask != NULL;
}

/* mask: [4 side, 4 side]  embedding: [side, side, width] or NULL  y: [side, side, width] */
typedef struct
{
  const SamPromptEncoder *encoder;
  const float            *mask, *embedding;
  float                  *y;
} MaskInput;

/* Some rows of the map, while what they are made of is in the cache. */
static void
downscale_rows (size_t first, size_t last, gpointer data)
{
  const MaskInput        *input = data;
  const SamPromptEncoder *encoder = input->encoder;
  size_t                  side = encoder->side;
  size_t                  n = (last - first) * side;
  size_t                  at = first * side * encoder->width;
  float                  *half = sam_scratch_floats (SAM_SCRATCH_RING, 4 * n * MASK_WIDTH_1);
  float                  *full = sam_scratch_floats (SAM_SCRATCH_SCORES, n * MASK_WIDTH_2);

  sam_conv_run_rows (&encoder->conv[0], half, input->mask, 4 * side, 4 * side, SAM_ACT_NONE,
                     2 * first, 2 * last, 0);
  sam_norm_run (&encoder->norm[0], half, half, 4 * n);
  sam_activate (half, half, 4 * n * MASK_WIDTH_1, SAM_ACT_GELU);
  sam_conv_run_rows (&encoder->conv[1], full, half, 2 * side, 2 * side, SAM_ACT_NONE, first, last,
                     2 * first);
  sam_norm_run (&encoder->norm[1], full, full, n);
  sam_activate (full, full, n * MASK_WIDTH_2, SAM_ACT_GELU);
  sam_linear_run (&encoder->last, input->y + at, full,
                  input->embedding != NULL ? input->embedding + at : NULL, n, SAM_ACT_NONE);
}

void
sam_prompt_encoder_add_mask (const SamPromptEncoder *encoder,
                             float                  *y,
                             const float            *embedding,
                             const float            *mask,
                             const SamTrace         *trace)
{
  MaskInput input = { .encoder = encoder, .mask = mask, .y = y };

  if (trace != NULL)
    {
      sam_parallel_for (encoder->side, DOWNSCALED_ROWS, downscale_rows, &input);
      sam_trace (trace, "dense", y, encoder->side * encoder->side, encoder->width);
    }
  input.embedding = embedding;
  sam_parallel_for (encoder->side, DOWNSCALED_ROWS, downscale_rows, &input);
}

const float *
sam_prompt_encoder_get_grid (const SamPromptEncoder *encoder)
{
  return encoder->grid;
}
