/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hiera with a feature pyramid, the encoder of SAM 2 and 2.1.
 *
 *   [s, s, 3] ──▶ 7x7/4 ──▶ + positions ──▶ stages of blocks at strides 4, 8, 16, 32
 *   embedding = 1x1 (stride 16) + 1x1 (stride 32) enlarged x 2 (nearest) + no_mem_embed
 *   skips     = strides 4 and 8 as they are
 *
 * The 1x1 convolutions that the pyramid has for strides 4 and 8 are followed by nothing but the
 * decoder's own conv_s0 and conv_s1: the decoder multiplies the two matrices when it is loaded.
 * Positions are a small table enlarged bicubically plus an 8x8 one repeated; made once. */
#include "samcore/encoders/sam-encoder-hiera.h"

#include "samcore/base/sam-arena.h"
#include "samcore/encoders/sam-hiera-block.h"

#define PATCH      7
#define PATCH_STEP 4
#define TILE       8 /* of the repeated positions */
#define MAX_BLOCKS 64
#define MAX_TABLE  64

typedef struct
{
  SamEncoder    parent;
  SamConv       patch;
  float        *positions; /* [side, side, width] */
  SamHieraBlock block[MAX_BLOCKS];
  size_t        width[MAX_BLOCKS]; /* after each */
  size_t        n_blocks;
  size_t        end[SAM_HIERA_STAGES];
  SamLinear     lateral[2]; /* strides 16 and 32 */
  const float  *no_memory;  /* [channels] or NULL */
} Hiera;

static const SamHieraPlan plans[] = {
  { "tiny", 96, 12, 1, { 8, 4, 14, 7 }, { 5, 7, 9 } },
  { "small", 96, 16, 1, { 8, 4, 14, 7 }, { 7, 10, 13 } },
  { "base+", 112, 24, 2, { 8, 4, 14, 7 }, { 12, 16, 20 } },
  { "large", 144, 48, 2, { 8, 4, 16, 8 }, { 23, 33, 43 } },
};

const SamHieraPlan *
sam_hiera_plan_find (SamWeights *weights, const char *prefix)
{
  size_t width = sam_weights_dim (weights, 4, 0, 1, 4096,
                                  sam_prefix ("%strunk.patch_embed.proj.weight", prefix).text);
  size_t n_blocks = 0;

  while (n_blocks < MAX_BLOCKS &&
         sam_weights_has (weights, sam_prefix ("%strunk.blocks.%" G_GSIZE_FORMAT ".attn.qkv.weight",
                                               prefix, n_blocks)
                                     .text))
    n_blocks++;
  for (size_t i = 0; i < G_N_ELEMENTS (plans); i++)
    if (plans[i].width == width && plans[i].n_blocks == n_blocks)
      return &plans[i];

  sam_weights_fail (
    weights,
    "no SAM 2 encoder is %" G_GSIZE_FORMAT " wide with %" G_GSIZE_FORMAT
    " blocks; the file is not a complete model, or a variant that this version does not know",
    width, n_blocks);
  return NULL;
}

static void
hiera_free (SamEncoder *encoder)
{
  g_free (encoder);
}

static gboolean
hiera_encode (const SamEncoder *encoder,
              const SamInput   *input,
              SamFeatures      *features,
              const SamJob     *job,
              const SamTrace   *trace,
              GError          **error)
{
  const Hiera      *self = (const Hiera *) encoder;
  size_t            side = encoder->input / PATCH_STEP;
  size_t            n = encoder->side * encoder->side;
  size_t            n_x = side * side * self->patch.out;
  size_t            n_work = n / 4 * encoder->channels;
  size_t            stage = 0;
  g_auto (SamArena) arena = { 0 };
  float            *x, *work[2], *scratch;

  for (size_t i = 0, s = side; i < self->n_blocks; i++)
    {
      n_work = MAX (n_work, sam_hiera_block_scratch (&self->block[i], s, s));
      s = self->block[i].pool ? s / 2 : s;
      n_x = MAX (n_x, s * s * self->width[i]);
    }
  sam_arena_plan (&arena, &work[0], n_x, 1, 1);
  sam_arena_plan (&arena, &work[1], n_x, 1, 1);
  sam_arena_plan (&arena, &scratch, n_work, 1, 1);
  if (! sam_arena_commit (&arena, error))
    return FALSE;

  x = work[0];
  sam_conv_sum_run (&self->patch, x, input->x, self->positions, encoder->input, encoder->input);
  sam_trace (trace, "trunk.pos", x, side * side, self->patch.out);
  if (! sam_job_step (job, 1.0 / (self->n_blocks + 2), error))
    return FALSE;

  for (size_t i = 0; i < self->n_blocks; i++)
    {
      float *y = x == work[0] ? work[1] : work[0];

      if (i == self->end[stage] && stage < 2)
        y = features->skip[stage];
      sam_hiera_block_run (&self->block[i], y, x, side, side, scratch);
      x = y;
      side = self->block[i].pool ? side / 2 : side;
      sam_trace_numbered (trace, "trunk.blocks.", i, x, side * side, self->width[i]);
      if (i == self->end[stage])
        {
          if (stage == 2)
            sam_linear_run (&self->lateral[0], features->embedding, x, NULL, n, SAM_ACT_NONE);
          stage++;
        }
      if (! sam_job_step (job, (i + 2.0) / (self->n_blocks + 2), error))
        return FALSE;
    }
  sam_trace (trace, "neck.convs.1", features->embedding, n, encoder->channels);
  sam_linear_run (&self->lateral[1], scratch, x, NULL, n / 4, SAM_ACT_NONE);
  sam_trace (trace, "neck.convs.0", scratch, n / 4, encoder->channels);
  sam_add_upsampled (features->embedding, scratch, side, side, encoder->channels);
  sam_trace (trace, "fpn2", features->embedding, n, encoder->channels);
  if (self->no_memory != NULL)
    sam_add_row (features->embedding, features->embedding, self->no_memory, n, encoder->channels);

  return sam_job_step (job, 1.0, error);
}

static const SamEncoderClass hiera_class = { hiera_encode, hiera_free };

/* [1, c, g, g] ──▶ [g, g, c] */
static float *
fetch_table (SamWeights *weights, size_t c, size_t g, const char *prefix, const char *name)
{
  const size_t shape[4] = { 1, c, g, g };
  const float *table = sam_weights_fetch (weights, 4, shape,
                                          sam_prefix ("%s%s", prefix, name).text);
  float       *ordered = sam_weights_alloc (weights, g * g * c);

  if (table == NULL || ordered == NULL)
    return NULL;
  for (size_t i = 0; i < c; i++)
    for (size_t p = 0; p < g * g; p++)
      ordered[p * c + i] = table[i * g * g + p];

  return ordered;
}

static float *
fetch_positions (SamWeights *weights, const char *prefix, size_t side, size_t width)
{
  size_t g = sam_weights_dim (weights, 4, 2, 1, MAX_TABLE, sam_prefix ("%spos_embed", prefix).text);
  const float *small = fetch_table (weights, width, g, prefix, "pos_embed");
  const float *tile = fetch_table (weights, width, TILE, prefix, "pos_embed_window");
  float       *positions = sam_weights_alloc (weights, side * side * width);

  if (small == NULL || tile == NULL || positions == NULL)
    return NULL;

  sam_resize_bicubic (positions, small, g, g, width, side, side);
  for (size_t y = 0; y < side; y++)
    for (size_t x = 0; x < side; x++)
      sam_add (positions + (y * side + x) * width, positions + (y * side + x) * width,
               tile + (y % TILE * TILE + x % TILE) * width, width);

  return positions;
}

/* The blocks, in stages: the scale changes with the first block of a stage. Returns the side of the
 * last map; failures go to @weights. */
static size_t
fetch_blocks (Hiera *self, SamWeights *weights, const SamHieraPlan *plan, const char *body)
{
  size_t side = self->parent.input / PATCH_STEP;
  size_t width = plan->width;
  size_t heads = plan->heads;
  size_t stage = 0;

  for (size_t i = 0; i < plan->n_blocks && ! sam_weights_failed (weights); i++)
    {
      g_autofree char *name = g_strdup_printf ("%sblocks.%" G_GSIZE_FORMAT ".", body, i);
      /* the first block of a stage still cuts the map before it */
      size_t window = plan->window[stage];

      if (sam_weights_has (weights, sam_prefix ("%sproj.weight", name).text))
        {
          if (i == 0 || stage == SAM_HIERA_STAGES - 1)
            {
              sam_weights_fail (weights, "the encoder has an unexpected change of scale at %s",
                                name);
              return side;
            }
          self->end[stage++] = i - 1;
          heads *= 2;
        }
      for (size_t k = 0; k < G_N_ELEMENTS (plan->global); k++)
        if (plan->global[k] == i)
          window = 0;

      sam_hiera_block_fetch (weights, &self->block[i], name, width, heads, window, &width);
      if (sam_weights_failed (weights))
        return side;
      if (self->block[i].pool && window == 0)
        {
          sam_weights_fail (weights, "the encoder has an unexpected change of scale at %s", name);
          return side;
        }
      self->width[i] = width;
      self->n_blocks = i + 1;
      self->parent.flop += sam_hiera_block_flop (&self->block[i], side, side);
      if (self->block[i].pool)
        side /= 2;
    }
  if (sam_weights_failed (weights))
    return side;

  if (stage != SAM_HIERA_STAGES - 1)
    sam_weights_fail (weights,
                      "the encoder has %" G_GSIZE_FORMAT " scales instead of %d; "
                      "the file is not a complete model",
                      stage + 1, SAM_HIERA_STAGES);
  else
    self->end[stage] = self->n_blocks - 1;

  return side;
}

/* What is made of each stage. side: of the last one's map */
static void
fetch_neck (Hiera      *self,
            SamWeights *weights,
            size_t      side,
            const char *prefix,
            const char *no_memory)
{
  size_t       channels = self->parent.channels;
  const size_t shape[3] = { 1, 1, channels };

  for (size_t i = 0; i < 2; i++)
    {
      size_t in = self->width[self->end[i + 2]];

      self->parent.skip_channels[i] = self->width[self->end[i]];
      sam_weights_conv1x1 (weights, &self->lateral[i], in, channels, SAM_BIAS_YES,
                           sam_prefix ("%sneck.convs.%d.conv", prefix, i == 0 ? 1 : 0).text);
      self->parent.flop += 2.0 * side * side * (i == 0 ? 4.0 : 1.0) * in * channels;
    }
  if (no_memory != NULL)
    self->no_memory = sam_weights_fetch (weights, 3, shape, no_memory);
}

SamEncoder *
sam_encoder_hiera_new_planned (SamWeights         *weights,
                               const SamModelSpec *spec,
                               const SamHieraPlan *plan,
                               const char         *trunk,
                               const char         *no_memory)
{
  const char      *prefix = spec->encoder_prefix;
  g_autofree char *body = g_strconcat (prefix, trunk, NULL);
  Hiera           *self = g_new0 (Hiera, 1);
  size_t           side = spec->input / PATCH_STEP;
  SamPrefix        neck = sam_prefix ("%sneck.convs.0.conv.weight", prefix);
  size_t           width = plan->width;
  size_t           channels = sam_weights_dim (weights, 4, 0, 8, 4096, neck.text);

  self->parent.klass = &hiera_class;
  self->parent.input = spec->input;
  self->parent.side = spec->input / 16;
  self->parent.channels = channels;

  sam_weights_conv (weights, &self->patch, 3, width, PATCH, PATCH_STEP, PATCH / 2, SAM_BIAS_YES,
                    sam_prefix ("%spatch_embed.proj", body).text);
  self->positions = fetch_positions (weights, body, side, width);
  self->parent.flop = 2.0 * side * side * width * 3.0 * PATCH * PATCH;

  side = fetch_blocks (self, weights, plan, body);
  if (! sam_weights_failed (weights))
    fetch_neck (self, weights, side, prefix, no_memory);

  if (sam_weights_failed (weights))
    {
      hiera_free (&self->parent);
      return NULL;
    }

  return &self->parent;
}

SamEncoder *
sam_encoder_hiera_new (SamWeights *weights, const SamModelSpec *spec)
{
  const SamHieraPlan *plan = sam_hiera_plan_find (weights, spec->encoder_prefix);

  return plan != NULL
           ? sam_encoder_hiera_new_planned (weights, spec, plan, "trunk.", "no_mem_embed")
           : NULL;
}
