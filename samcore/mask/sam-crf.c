/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Logits drawn to the picture's colours and edges.
 *
 *   logits ──▶ how likely each colour is inside and outside ──▶ unary term
 *   picture ──▶ how alike neighbours are ──▶ pairwise term      both ──▶ mean field, a few steps
 *
 * All constants were chosen on held-out pictures of the built-in model's training data. */
#include "config.h"

#include "samcore/mask/sam-crf.h"

#include <math.h>
#include <string.h>

#include "samcore/base/sam-arena.h"
#include "samcore/kernels/sam-kernels.h"
#include "samcore/sam-parallel.h"

#define BINS        16 /* per channel */
#define N_COLOURS   (BINS * BINS * BINS)
#define BLUR_RADIUS 4    /* bins; of a Gauss curve one bin wide */
#define RARE        1e-5 /* added to frequencies: a colour seen nowhere says nothing */
#define COLOUR_MOST 3.0f /* the most that a colour can say, as a logit */
#define COLOUR_PART 0.5f
#define LOGIT_MOST  6.0f  /* a surer network than this cannot be overruled either */
#define LIKENESS    20.0f /* colours this far apart (Euclidean, of 255) count exp (-1/2) */
#define PAIR_PART   0.3f
#define N_STEPS     3
#define BAND        8   /* rows */
#define COUNTS      2   /* parts of the picture whose colours are counted beside each other */
#define VOTES       512 /* colours at once */

/* Half of the neighbours: the others look back. */
static const int8_t offsets[][2] = {
  { 1, 0 }, { 0, 1 },  { 1, 1 }, { -1, 1 }, { 2, 0 }, { 0, 2 },
  { 2, 2 }, { -2, 2 }, { 4, 0 }, { 0, 4 },  { 4, 4 }, { -4, 4 }
};
#define N_OFFSETS G_N_ELEMENTS (offsets)

typedef struct
{
  size_t         width, height;
  const uint8_t *picture;
  float         *colours; /* [3, height, width]: the picture's */
  float         *unary;   /* [height, width] */
  float         *belief;  /* [height, width]: -1 outside, 1 inside */
  float         *next;    /* the next step's, or NULL: there is none */
  float
    *likeness; /* [N_OFFSETS, height, width]: with the neighbour at +offset; 0 beyond the border */
  float       *logits;
  size_t       stride;
  const float *votes; /* [N_COLOURS] */
} Field;

static size_t
colour_of (const uint8_t *pixel)
{
  return ((size_t) pixel[0] * BINS / 256 * BINS + (size_t) pixel[1] * BINS / 256) * BINS +
         (size_t) pixel[2] * BINS / 256;
}

/* Along one axis of [BINS, BINS, BINS], its border values continued. */
static void
blur_axis (double *histogram, size_t step)
{
  double taps[2 * BLUR_RADIUS + 1];
  double sum = 0;

  for (int k = -BLUR_RADIUS; k <= BLUR_RADIUS; k++)
    sum += taps[k + BLUR_RADIUS] = exp (-0.5 * k * k);

  for (size_t i = 0; i < N_COLOURS; i++)
    {
      double line[BINS];
      double total = 0;

      if (i / step % BINS != 0)
        continue;
      for (int b = 0; b < BINS; b++)
        total += line[b] = histogram[i + b * step];
      for (int b = 0; total > 0 && b < BINS; b++) /* most colours are in no picture */
        {
          double value = 0;

          for (int k = -BLUR_RADIUS; k <= BLUR_RADIUS; k++)
            value += taps[k + BLUR_RADIUS] * line[CLAMP (b + k, 0, BINS - 1)];
          histogram[i + b * step] = value / sum;
        }
    }
}

/* Of row y: how likely each pixel is inside. */
static void
estimate_row (const Field *field, float *row, size_t y)
{
  sam_kernels ()->activate (row, field->logits + y * field->stride, field->width, SAM_ACT_SIGMOID);
}

static void
believe_row (const Field *field, float *belief, size_t y)
{
  float *row = belief + y * field->width;

  estimate_row (field, row, y);
  for (size_t x = 0; x < field->width; x++)
    row[x] = 2 * row[x] - 1;
}

/* How often each colour is inside, or outside. */
typedef struct
{
  double seen[N_COLOURS];
  double all;
} Colours;

typedef struct
{
  const Field *field;
  size_t       part;    /* rows */
  Colours     *counted; /* [COUNTS, 2]: of each part of the rows, inside and outside */
  float       *votes;   /* [N_COLOURS] */
} Count;

static void
count_rows (size_t first, size_t last, gpointer data)
{
  const Count *count = data;
  const Field *field = count->field;
  Colours     *inside = &count->counted[first / count->part * 2];
  Colours     *outside = inside + 1;
  size_t       n = field->height * field->width;
  double       sum = 0;

  memset (inside, 0, sizeof *inside);
  memset (outside, 0, sizeof *outside);
  for (size_t y = first; y < last; y++)
    estimate_row (field, field->belief + y * field->width, y);
  for (size_t i = first * field->width; i < last * field->width; i++)
    {
      double p = field->belief[i];
      size_t colour = colour_of (field->picture + i * 3);

      inside->seen[colour] += p;
      outside->seen[colour] += 1 - p;
      sum += p;
      for (size_t c = 0; c < 3; c++)
        field->colours[c * n + i] = field->picture[3 * i + c];
    }
  inside->all = sum;
  outside->all = (last - first) * field->width - sum;
}

/* All parts together, as the first one's, and blurred. */
static void
unite_colours (size_t first, size_t last, gpointer data)
{
  const Count *count = data;

  for (size_t side = first; side < last; side++)
    {
      Colours *sum = &count->counted[side];

      for (size_t part = 1; part * count->part < count->field->height; part++)
        {
          const Colours *more = &count->counted[part * 2 + side];

          for (size_t i = 0; i < N_COLOURS; i++)
            sum->seen[i] += more->seen[i];
          sum->all += more->all;
        }
      for (size_t step = 1; step < N_COLOURS; step *= BINS)
        blur_axis (sum->seen, step);
    }
}

/* Logits: for the object by colour. */
static void
vote (size_t first, size_t last, gpointer data)
{
  const Count   *count = data;
  const Colours *inside = &count->counted[0], *outside = &count->counted[1];

  for (size_t i = first; i < last; i++)
    if (inside->seen[i] + outside->seen[i] > 0)
      count->votes[i] = (float) CLAMP (log (inside->seen[i] / (inside->all + 1e-6) + RARE) -
                                         log (outside->seen[i] / (outside->all + 1e-6) + RARE),
                                       -COLOUR_MOST, COLOUR_MOST);
    else
      count->votes[i] = 0;
}

/* What each pixel says by itself, which is what the logits are at first, what it believes then, and
 * how alike it is to its neighbours. */
static void
compare_rows (size_t first, size_t last, gpointer data)
{
  Field    *field = data;
  ptrdiff_t width = field->width;

  for (size_t y = first; y < last; y++)
    {
      const uint8_t *colour = field->picture + y * width * 3;
      float         *logits = field->logits + y * field->stride;
      float         *unary = field->unary + y * width;

      for (ptrdiff_t x = 0; x < width; x++)
        unary[x] = logits[x] = CLAMP (logits[x], -LOGIT_MOST, LOGIT_MOST) +
                               COLOUR_PART * field->votes[colour_of (colour + 3 * x)];
      believe_row (field, field->belief, y);
    }

  for (size_t k = 0; k < N_OFFSETS; k++)
    for (size_t y = first; y < last; y++)
      {
        ptrdiff_t    dx = offsets[k][0], dy = offsets[k][1];
        float       *row = field->likeness + (k * field->height + y) * width;
        const float *a = field->colours + y * width + MAX (0, -dx);
        const float *b = field->colours + (y + dy) * width + MAX (0, dx);

        memset (row, 0, width * sizeof (float));
        if (y + dy < field->height && width > ABS (dx))
          sam_kernels ()->likeness (row + MAX (0, -dx), a, b, field->height * width,
                                    0.5f / (LIKENESS * LIKENESS), width - ABS (dx));
      }
}

/* logits = unary + what the neighbours believe. */
static void
ask_rows (size_t first, size_t last, gpointer data)
{
  Field            *field = data;
  const SamKernels *kernels = sam_kernels ();
  ptrdiff_t         width = field->width;

  for (size_t y = first; y < last; y++)
    {
      float *sum = field->logits + y * field->stride;

      memset (sum, 0, width * sizeof (float));
      for (size_t k = 0; k < N_OFFSETS; k++)
        {
          ptrdiff_t    dx = offsets[k][0], dy = offsets[k][1];
          const float *like = field->likeness + (k * field->height + y) * width;
          ptrdiff_t    n = width - ABS (dx);
          ptrdiff_t    here = MAX (0, -dx),
                    there = MAX (0, dx); /* where the columns begin that have a neighbour */

          if (n <= 0)
            continue;
          if (y + dy < field->height)
            kernels->add_product (sum + here, like + here, field->belief + (y + dy) * width + there,
                                  n);
          if (y >= (size_t) dy)
            kernels->add_product (sum + there, like - dy * width + here,
                                  field->belief + (y - dy) * width + here, n);
        }
      for (ptrdiff_t x = 0; x < width; x++)
        sum[x] = field->unary[y * width + x] + PAIR_PART * sum[x];
      if (field->next != NULL)
        believe_row (field, field->next, y);
    }
}

gboolean
sam_crf_refine (float         *logits,
                size_t         stride,
                const uint8_t *picture,
                size_t         width,
                size_t         height,
                GError       **error)
{
  g_auto (SamArena) arena = { 0 };
  Field             field = {
                .width = width,
                .height = height,
                .picture = picture,
                .logits = logits,
                .stride = stride,
  };
  Count  count = { .field = &field, .part = (height - 1) / COUNTS + 1 };
  float *counted, *beliefs[2];

  sam_arena_plan (&arena, &count.votes, N_COLOURS, 1, 1);
  sam_arena_plan (&arena, &counted, COUNTS, 2, sizeof (Colours) / sizeof (float));
  sam_arena_plan (&arena, &field.colours, 3, height, width);
  sam_arena_plan (&arena, &field.unary, height, width, 1);
  sam_arena_plan (&arena, &beliefs[0], height, width, 1);
  sam_arena_plan (&arena, &beliefs[1], height, width, 1);
  sam_arena_plan (&arena, &field.likeness, N_OFFSETS, height, width);
  if (! sam_arena_commit (&arena, error))
    return FALSE;

  count.counted = (Colours *) counted;
  field.belief = beliefs[0];
  sam_parallel_for (height, count.part, count_rows, &count);
  sam_parallel_for (2, 1, unite_colours, &count);
  sam_parallel_for (N_COLOURS, VOTES, vote, &count);
  field.votes = count.votes;
  sam_parallel_for (height, BAND, compare_rows, &field);
  for (int step = 0; step < N_STEPS; step++)
    {
      field.belief = beliefs[step % 2];
      field.next = step + 1 < N_STEPS ? beliefs[(step + 1) % 2] : NULL;
      sam_parallel_for (height, BAND, ask_rows, &field);
    }

  return TRUE;
}
