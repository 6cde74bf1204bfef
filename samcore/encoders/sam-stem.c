/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The first steps of the convolutional encoders:
 *   [h, w, 3] ──▶ 3x3/2 ──▶ GELU ──▶ 3x3/2 ──▶ [h / 4, w / 4, out]
 *
 * Band by band: what the first convolution makes, at half the input's size, is the network's
 * largest array and stays in the cache. Neighbouring bands each make the row that both need. The
 * first convolution is of float32 in all precisions. */
#include "samcore/encoders/sam-encoder.h"

#include <string.h>

#include "samcore/kernels/sam-kernels.h"
#include "samcore/sam-parallel.h"
#include "samcore/base/sam-scratch.h"

#define BAND 8 /* rows: those between the two convolutions take half of a level 2 cache */

#define IN        3
#define MAX_WIDTH 512 /* what lies between the convolutions is scratch memory (sam-scratch.h) */

static const SamTaps taps = { .side = 3, .stride = 2, .before = 1 }; /* of each convolution */

typedef struct
{
  const SamStem *stem;
  float         *y;
  const float   *x;
  size_t         ld, h, w; /* of x */
} Run;

void
sam_picture_conv_fetch (SamPictureConv *conv, SamWeights *weights, const char *name)
{
  const char  *part = sam_weights_has (weights, sam_prefix ("%s.weight", name).text) ? "" : ".c";
  const size_t out = sam_weights_dim (weights, 4, 0, 1, MAX_WIDTH,
                                      sam_prefix ("%s%s.weight", name, part).text);
  const size_t ld = (out + SAM_CONV_ALIGN - 1) / SAM_CONV_ALIGN * SAM_CONV_ALIGN;
  float       *bias;
  const float *kernel = sam_weights_folded (weights, &bias, out, IN, 3, name);
  float       *w = sam_weights_alloc (weights, 9 * IN * ld);
  float       *b = sam_weights_alloc (weights, ld);

  *conv = (SamPictureConv) { w, b, out };
  if (sam_weights_failed (weights))
    return;

  memset (w, 0, 9 * IN * ld * sizeof *w);
  memset (b, 0, ld * sizeof *b);
  for (size_t o = 0; o < out; o++)
    {
      b[o] = bias[o];
      for (size_t c = 0; c < IN; c++)
        for (size_t p = 0; p < 9; p++)
          w[(p * IN + c) * ld + o] = kernel[(o * IN + c) * 9 + p];
    }
}

void
sam_stem_fetch (SamStem *stem, SamWeights *weights, const char *name)
{
  const size_t out = sam_weights_dim (weights, 4, 0, 1, MAX_WIDTH,
                                      sam_prefix ("%s.2.c.weight", name).text);

  sam_picture_conv_fetch (&stem->first, weights, sam_prefix ("%s.0", name).text);
  sam_weights_conv_bn (weights, &stem->second, stem->first.out, out, 3, 2, 1,
                       sam_prefix ("%s.2", name).text);
}

double
sam_stem_flop (const SamStem *stem, size_t input)
{
  return 18.0 * (input / 4) * (input / 4) * stem->first.out * (4.0 * IN + stem->second.out);
}

/* Rows [first, last) of what lies between the convolutions. */
static void
make_middle (const Run *run, float *middle, size_t first, size_t last)
{
  const SamKernels *kernels = sam_kernels ();
  const SamStem    *stem = run->stem;
  const size_t      row = run->ld;
  const size_t      n = run->w / 2 * stem->first.out;
  const SamAct      act = sam_matrix_get_gelu (stem->second.m);
  const float      *zeros = sam_scratch_zeros (run->w * IN);

  for (size_t i = first; i < last; i++, middle += n)
    {
      const float *at = run->x + 2 * i * row;
      const float *rows[3] = { i > 0 ? at - row : zeros, at, at + row };

      kernels->conv_picture (middle, rows, stem->first.w, stem->first.b, run->w, stem->first.out,
                             taps.before);
      kernels->activate (middle, middle, n, act);
    }
}

static void
run_band (size_t first, size_t last, gpointer data)
{
  const Run     *run = data;
  const SamConv *second = &run->stem->second;
  size_t         w = run->w / 2;
  size_t         from = MAX (2 * first, 1) - 1; /* what the second one needs */
  float         *middle = sam_scratch_floats (SAM_SCRATCH_RING, (2 * last - from) * w * second->in);

  make_middle (run, middle, from, 2 * last);
  sam_conv_run_rows (second, run->y + first * (w / 2) * second->out, middle, run->h / 2, w,
                     SAM_ACT_NONE, first, last, from);
}

void
sam_stem_run (const SamStem *stem,
              float         *y,
              const float   *x,
              size_t         ld,
              SamPadding    *h,
              SamPadding    *w)
{
  Run run = { stem, y, x, ld, h->n, w->n };

  sam_parallel_for (h->n / 4, BAND, run_band, &run);
  for (int i = 0; i < 2; i++)
    {
      *h = sam_padding_after (*h, taps);
      *w = sam_padding_after (*w, taps);
    }
}

SamUniform
sam_stem_uniform (SamUniform uniform)
{
  return sam_uniform_after (sam_uniform_after (uniform, taps), taps);
}
