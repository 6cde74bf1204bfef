/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The first steps of the convolutional encoders:
 *   [input, input, 3] ──▶ 3x3/2 ──▶ GELU ──▶ 3x3/2 ──▶ [input / 4, input / 4, out]
 *
 * Band by band: what the first convolution makes, at half the input's size, is the network's largest array and
 * stays in the cache. Neighbouring bands each make the row that both look at. */
#include "samcore/sam-encoder.h"

#include "samcore/sam-parallel.h"

#define BAND 8 /* rows: those between the two convolutions take half of a level 2 cache */

typedef struct
{
  const SamConv *conv;
  float         *y;
  const float   *x;
  size_t         input;
} Stem;

static void
run_band (size_t   first,
          size_t   last,
          gpointer data)
{
  const Stem    *stem   = data;
  const SamConv *conv   = stem->conv;
  size_t         half   = stem->input / 2;
  size_t         from   = MAX (2 * first, 1) - 1; /* the neighbourhoods of the second one */
  float         *middle = sam_parallel_scratch (SAM_SCRATCH_RING, (2 * last - from) * half * conv[0].out);

  sam_conv_run_rows (&conv[0], middle, stem->x, stem->input, stem->input, SAM_ACT_GELU, from, 2 * last, 0);
  sam_conv_run_rows (&conv[1], stem->y + first * (half / 2) * conv[1].out, middle, half, half, SAM_ACT_NONE, first,
                     last, from);
}

void
sam_stem_run (const SamConv conv[2],
              float        *y,
              const float  *x,
              size_t        input)
{
  Stem stem = { conv, y, x, input };

  sam_parallel_for (input / 4, BAND, run_band, &stem);
}
