/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The operations of sam-ops.h against tests/lib/ref-kernels.c, at sizes on both sides of what is
 * cut into pieces and tiles, and with 1, 2 and 3 threads, between which no bit may differ. */
#include "config.h"

#include "samcore/nn/sam-bottleneck.h"
#include "samcore/nn/sam-conv.h"
#include "samcore/nn/sam-conv-transpose.h"
#include "samcore/nn/sam-linear.h"
#include "samcore/nn/sam-ops.h"
#include "samcore/sam-parallel.h"
#include "samcore/model/sam-token-attention.h"
#include "samcore/nn/sam-window-attention.h"
#include "tests/lib/golden.h"
#include "tests/lib/guarded.h"
#include "tests/lib/ref-kernels.h"

/* Runs y = op with each number of threads, compares the bits, leaves the result in y. */
typedef void (*Op) (float *y, gconstpointer arguments);

static void
with_threads (Op op, gconstpointer arguments, float *y, const float *before, size_t n)
{
  g_autofree float *first = g_new (float, n);

  for (int n_threads = 1; n_threads <= 3; n_threads++)
    {
      /* no rows: no memory either */
      if (before != NULL && n > 0)
        memcpy (y, before, n * sizeof *y);
      sam_parallel_set_n_threads (n_threads);
      op (y, arguments);
      if (n_threads == 1 && n > 0)
        memcpy (first, y, n * sizeof *y);
      else if (n_threads > 1)
        g_assert_cmpmem (first, n * sizeof *y, y, n * sizeof *y);
    }
  sam_parallel_set_n_threads (0);
}

typedef struct
{
  const float *x, *w, *b, *r;
  SamMatrix   *m;
  size_t       n, in, out;
  SamAct       act;
  gboolean     add; /* r is y */
} Linear;

static void
linear (float *y, gconstpointer arguments)
{
  const Linear *l = arguments;

  sam_matrix_linear (y, l->x, l->m, l->b, l->add ? y : l->r, l->n, l->act);
}

static void
test_linear (void)
{
  static const size_t cases[][3] = {
    { 1, 1, 1 },     { 1, 256, 256 }, { 7, 256, 2048 }, { 7, 2048, 256 },
    { 31, 33, 200 }, { 32, 64, 7 },   { 33, 17, 130 },  { 1500, 48, 192 },
    { 2049, 5, 3 },  { 12, 256, 32 }, { 0, 5, 3 },
  };
  static const SamAct acts[] = { SAM_ACT_NONE, SAM_ACT_RELU, SAM_ACT_GELU, SAM_ACT_SIGMOID };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    for (int with = 0; with < 8; with++)
      {
        Linear             l = { .n = cases[i][0], .in = cases[i][1], .out = cases[i][2] };
        float             *x = guarded_input (l.n * l.in, 1);
        float             *w = guarded_input (l.in * l.out, 1);
        float             *b = guarded_input (l.out, 1);
        float             *r = guarded_input (l.n * l.out, 1);
        float             *y = guarded_output (l.n * l.out);
        g_autofree double *wanted = g_new (double, l.n *l.out);

        l.x = x;
        l.w = w;
        l.b = with & 1 ? b : NULL;
        l.r = with & 6 ? r : NULL;
        l.add = (with & 6) == 6;
        l.m = sam_matrix_new (w, l.out, l.in, SAM_ARITHMETIC_F32);
        l.act = l.add ? SAM_ACT_NONE : acts[(i + with) % G_N_ELEMENTS (acts)];
        with_threads (linear, &l, y, l.add ? r : NULL, l.n * l.out);
        ref_linear (wanted, x, w, l.b, l.r, l.n, l.in, l.out, l.act);
        /* a product of two values below 1 has the deviation 1/3; their sum grows as the square
         * root */
        for (size_t j = 0; j < l.n * l.out; j++)
          assert_near (y[j], wanted[j], 8 + sqrt (l.in), 3 + sqrt (l.in));

        guarded_output_free (y, l.n * l.out);
        sam_matrix_free (l.m);
        g_free (x);
        g_free (w);
        g_free (b);
        g_free (r);
      }
}

static void
product (float *y, gconstpointer arguments)
{
  const Linear *l = arguments;

  sam_product (y, l->out, l->x, l->w, l->n, l->in, l->out);
}

static void
test_product (void)
{
  static const size_t cases[][3] = { { 1, 1, 1 }, { 4, 32, 9000 }, { 5, 16, 4097 } };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Linear             l = { .n = cases[i][0], .in = cases[i][1], .out = cases[i][2] };
      float             *x = guarded_input (l.n * l.in, 1);
      float             *z = guarded_input (l.in * l.out, 1);
      float             *y = guarded_output (l.n * l.out);
      g_autofree double *wanted = g_new (double, l.n *l.out);

      l.x = x;
      l.w = z;
      with_threads (product, &l, y, NULL, l.n * l.out);
      ref_linear (wanted, x, z, NULL, NULL, l.n, l.in, l.out, SAM_ACT_NONE);
      for (size_t j = 0; j < l.n * l.out; j++)
        assert_near (y[j], wanted[j], 4 + sqrt (l.in), 1 + sqrt (l.in));
      guarded_output_free (y, l.n * l.out);
      g_free (x);
      g_free (z);
    }
}

typedef struct
{
  SamRows      rows;
  SamMatrix   *m1, *m2;
  const float *b1, *b2, *r;
  size_t       n, n_middle;
} Layers;

static void
linear_rows (float *y, gconstpointer arguments)
{
  const Layers *a = arguments;

  sam_matrix_linear_rows (y, &a->rows, a->m1, a->b1, NULL, a->n, SAM_ACT_GELU);
}

static void
mlp (float *y, gconstpointer arguments)
{
  const Layers *a = arguments;

  sam_matrix_mlp (y, &a->rows, a->m1, a->b1, SAM_ACT_GELU, a->m2, a->b2, a->r != NULL ? y : NULL,
                  a->n);
}

/* Gathered and normalised rows through one layer and through an MLP, against the steps one by
 * one. */
static void
test_rows_and_mlp (void)
{
  static const size_t cases[][4] = {
    /* rows, in, middle, out */
    { 3, 40, 20, 7 },
    { 70, 48, 300, 48 },
    { 500, 33, 270, 20 },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    for (int with = 0; with < 8; with++)
      {
        size_t n = cases[i][0], in = cases[i][1], middle = cases[i][2], out = cases[i][3];
        size_t ld = in + 4;
        float *x = guarded_input (n * ld, 1);
        float *w1 = guarded_input (in * middle, 1 / sqrt (in));
        float *w2 = guarded_input (middle * out, 1 / sqrt (middle));
        float *b1 = guarded_input (middle, 1), *b2 = guarded_input (out, 1);
        float *weight = guarded_input (in, 1), *bias = guarded_input (in, 1);
        float *r = guarded_input (n * out, 1), *add = guarded_input (n * in, 1);
        float *y1 = guarded_output (n * middle), *y2 = guarded_output (n * out);
        g_autofree uint32_t *index = g_new (uint32_t, n);
        g_autofree float    *made = g_new (float, n *in), *hidden = g_new (float, n *middle);
        g_autofree double   *wanted = g_new (double, n *MAX (MAX (in, middle), out));
        SamRowNorm           norm = { weight, bias, 1e-5f };
        Layers               a = { { x, ld, with & 1 ? index : NULL, with & 2 ? &norm : NULL,
                       with & 4 ? add : NULL },
                                   sam_matrix_new (w1, middle, in, SAM_ARITHMETIC_F32),
                                   sam_matrix_new (w2, out, middle, SAM_ARITHMETIC_F32),
                                   b1,
                                   b2,
                     with & 4 ? r : NULL,
                                   n };

        for (size_t row = 0; row < n; row++)
          {
            gboolean zero = row % 5 == 3 && (with & 1);
            float   *to = made + row * in;

            index[row] = zero ? SAM_ROW_ZERO : (uint32_t) (n - 1 - row);
            memset (to, 0, in * sizeof *to);
            if (! zero)
              memcpy (to, x + (with & 1 ? index[row] : row) * ld, in * sizeof *to);
            if ((with & 2) && ! zero)
              {
                ref_layer_norm (wanted, to, weight, bias, 1e-5f, 1, in);
                for (size_t j = 0; j < in; j++)
                  to[j] = (float) wanted[j];
              }
            for (size_t j = 0; (with & 4) && j < in; j++)
              to[j] += add[row * in + j];
          }

        with_threads (linear_rows, &a, y1, NULL, n * middle);
        ref_linear (wanted, made, w1, b1, NULL, n, in, middle, SAM_ACT_GELU);
        for (size_t j = 0; j < n * middle; j++)
          {
            assert_near (y1[j], wanted[j], 16 + 2 * sqrt (in), 4);
            hidden[j] = (float) wanted[j];
          }

        with_threads (mlp, &a, y2, r, n * out);
        ref_linear (wanted, hidden, w2, b2, a.r, n, middle, out, SAM_ACT_NONE);
        for (size_t j = 0; j < n * out; j++)
          assert_near (y2[j], wanted[j], 32 + 4 * sqrt (middle), 4);

        guarded_output_free (y1, n * middle);
        guarded_output_free (y2, n * out);
        sam_matrix_free (a.m1);
        sam_matrix_free (a.m2);
        g_free (x);
        g_free (w1);
        g_free (w2);
        g_free (b1);
        g_free (b2);
        g_free (weight);
        g_free (bias);
        g_free (add);
        g_free (r);
      }
}

typedef struct
{
  const float *x, *k, *b, *r;
  SamMatrix   *m;
  SamRowNorm   norm;
  size_t       h, w, in, out, kernel, stride, pad;
  SamAct       act;
} Conv;

/* Without an activation it adds r. */
static void
conv2d (float *y, gconstpointer arguments)
{
  const Conv *c = arguments;
  SamConv     conv = { c->m, c->b, c->in, c->out, c->kernel, c->stride, c->pad };

  if (c->act == SAM_ACT_NONE)
    sam_conv_sum_run (&conv, y, c->x, c->r, c->h, c->w);
  else
    sam_conv_run (&conv, y, c->x, c->h, c->w, c->act);
}

static SamDepthwiseMap
depthwise_map (float *y, const Conv *c)
{
  return (SamDepthwiseMap) { y, c->x, c->k, c->b, c->h, c->w, c->in, c->stride };
}

static void
depthwise (float *y, gconstpointer arguments)
{
  const Conv     *c = arguments;
  SamDepthwiseMap map = depthwise_map (y, c);

  sam_depthwise_make (&map, 0, ((c->h - 1) / c->stride + 1) * sam_depthwise_row (&map));
}

/* the map, and the means after it */
static void
depthwise_mean (float *y, gconstpointer arguments)
{
  const Conv     *c = arguments;
  SamDepthwiseMap map = depthwise_map (NULL, c);

  depthwise (y, c);
  sam_depthwise_mean (&map, &(SamPadding) { .n = c->h }, &(SamPadding) { .n = c->w },
                      y + ((c->h - 1) / c->stride + 1) * sam_depthwise_row (&map) * c->in);
}

static void
conv_transpose (float *y, gconstpointer arguments)
{
  const Conv *c = arguments;

  sam_matrix_conv_transpose2x2 (y, c->x, c->m, c->b, c->r, c->h, c->w,
                                c->act == SAM_ACT_GELU ? &c->norm : NULL, c->act);
}

static void
check_conv (Op     op,
            Conv   c,
            size_t n_k,
            size_t n_y,
            size_t n_terms,
            void (*reference) (double *y, const Conv *c))
{
  float             *x = guarded_input (c.h * c.w * c.in, 1);
  float             *k = guarded_input (n_k, 1);
  float             *b = guarded_input (c.out, 1);
  float             *r = guarded_input (n_y, 1);
  float             *y = guarded_output (n_y);
  g_autofree double *wanted = g_new (double, n_y);

  c.x = x;
  c.k = k;
  c.b = b;
  c.r = r;
  c.norm = (SamRowNorm) { r, r + c.out, 1e-3f };
  c.m = n_k % n_terms == 0 ? sam_matrix_new (k, n_k / n_terms, n_terms, SAM_ARITHMETIC_F32) : NULL;
  with_threads (op, &c, y, NULL, n_y);
  reference (wanted, &c);
  for (size_t i = 0; i < n_y; i++)
    assert_near (y[i], wanted[i], 8 + sqrt (n_terms), 3 + sqrt (n_terms));

  guarded_output_free (y, n_y);
  sam_matrix_free (c.m);
  g_free (x);
  g_free (k);
  g_free (b);
  g_free (r);
}

static void
depthwise_mean_reference (double *y, const Conv *c)
{
  const SamDepthwise layer = { c->k, c->b, c->in, 3, c->stride, 1 };
  size_t             n = ((c->h - 1) / c->stride + 1) * ((c->w - 1) / c->stride + 1);
  double            *mean = y + n * c->in;

  ref_depthwise (y, c->x, &layer, c->h, c->w, SAM_ACT_NONE);
  for (size_t i = 0; i < c->in; i++)
    {
      mean[i] = 0;
      for (size_t place = 0; place < n; place++)
        mean[i] += y[place * c->in + i] / (double) n;
    }
}

static void
conv2d_reference (double *y, const Conv *c)
{
  size_t h2 = (c->h + 2 * c->pad - c->kernel) / c->stride + 1,
         w2 = (c->w + 2 * c->pad - c->kernel) / c->stride + 1;

  ref_conv2d (y, c->x, c->k, c->b, c->h, c->w, c->in, c->out, c->kernel, c->kernel, c->stride,
              c->pad, c->act);
  for (size_t i = 0; c->act == SAM_ACT_NONE && i < h2 * w2 * c->out; i++)
    y[i] += c->r[i];
}

static void
depthwise_reference (double *y, const Conv *c)
{
  const SamDepthwise layer = { c->k, c->b, c->in, 3, c->stride, 1 };

  ref_depthwise (y, c->x, &layer, c->h, c->w, SAM_ACT_NONE);
}

/* With GELU also the norm that stands before it; its weights are r's first values. */
static void
conv_transpose_reference (double *y, const Conv *c)
{
  size_t n = 4 * c->h * c->w;

  ref_conv_transpose2x2 (y, c->x, c->k, c->b, c->r, c->h, c->w, c->in, c->out);
  if (c->act == SAM_ACT_NONE)
    return;

  for (size_t i = 0; i < n; i++)
    {
      g_autofree float *row = g_new (float, c->out);

      for (size_t j = 0; j < c->out; j++)
        row[j] = (float) y[i * c->out + j];
      ref_layer_norm (y + i * c->out, row, c->r, c->r + c->out, 1e-3, 1, c->out);
      for (size_t j = 0; j < c->out; j++)
        y[i * c->out + j] = ref_activate (y[i * c->out + j], c->act);
    }
}

typedef struct
{
  SamBottleneck layers;
  const float  *x, *r;
  size_t        h, w;
  SamAct        act, last;
} Bottleneck;

static void
bottleneck (float *y, gconstpointer arguments)
{
  const Bottleneck *a = arguments;

  sam_bottleneck_run (&a->layers, y, a->x, a->r, a->h, a->w, a->act, a->last);
}

typedef struct
{
  size_t h, w, in, hidden, out; /* in = hidden: nothing is widened */
  size_t side, stride, before;
} BottleneckCase;

/* Against its three steps. */
static void
check_bottleneck (const BottleneckCase *c, SamAct act, SamAct last, gboolean residual)
{
  const size_t in = c->in, hidden = c->hidden, out = c->out;
  const size_t n = c->h * c->w, n_taps = c->side * c->side;
  const size_t n2 = ((c->h - 1) / c->stride + 1) * ((c->w - 1) / c->stride + 1);
  float       *x = guarded_input (n * in, 1), *r = guarded_input (n2 * out, 1),
        *y = guarded_output (n2 * out);
  float *w1 = guarded_input (hidden * in, 1 / sqrt (in)),
        *w2 = guarded_input (out * hidden, 1 / sqrt (hidden));
  float *k = guarded_input (n_taps * hidden, 1.5 / c->side), *b1 = guarded_input (hidden, 1),
        *bk = guarded_input (hidden, 1), *b2 = guarded_input (out, 1);
  SamMatrix         *narrow = sam_matrix_new (w2, out, hidden, SAM_ARITHMETIC_F32);
  Bottleneck         a = { .layers = { .spatial = { k, bk, hidden, c->side, c->stride, c->before },
                                       .narrow = { narrow, b2, hidden, out } },
                           .x = x,
                           .r = residual ? r : NULL,
                           .h = c->h,
                           .w = c->w,
                           .act = act,
                           .last = last };
  g_autofree double *wanted = g_new (double, n *hidden + n2 * out);
  g_autofree float  *wide = g_new (float, n *hidden), *mixed = g_new (float, n2 *hidden);

  if (in != hidden)
    {
      a.layers.widen = (SamLinear) { sam_matrix_new (w1, hidden, in, SAM_ARITHMETIC_F32), b1, in,
                                     hidden };
      ref_linear (wanted, x, w1, b1, NULL, n, in, hidden, act);
      for (size_t j = 0; j < n * hidden; j++)
        wide[j] = (float) wanted[j];
    }
  else
    {
      memcpy (wide, x, n * hidden * sizeof *wide);
    }
  ref_depthwise (wanted, wide, &a.layers.spatial, c->h, c->w, act);
  for (size_t j = 0; j < n2 * hidden; j++)
    mixed[j] = (float) wanted[j];
  ref_linear (wanted, mixed, w2, b2, a.r, n2, hidden, out, SAM_ACT_NONE);

  with_threads (bottleneck, &a, y, NULL, n2 * out);
  for (size_t j = 0; j < n2 * out; j++)
    assert_near (y[j], ref_activate (wanted[j], last), 64 + 4 * sqrt (hidden), 8);

  guarded_output_free (y, n2 * out);
  sam_matrix_free (a.layers.widen.m);
  sam_matrix_free (a.layers.narrow.m);
  g_free (x);
  g_free (r);
  g_free (w1);
  g_free (w2);
  g_free (k);
  g_free (b1);
  g_free (bk);
  g_free (b2);
}

static void
test_bottleneck (void)
{
  static const BottleneckCase cases[] = {
    { 1, 1, 1, 3, 1, 3, 1, 1 },       { 1, 7, 3, 5, 4, 3, 2, 1 },
    { 7, 1, 3, 5, 4, 3, 2, 1 },       { 40, 17, 16, 40, 16, 3, 1, 1 },
    { 41, 22, 16, 300, 30, 3, 2, 1 }, { 64, 9, 8, 32, 24, 3, 2, 1 },
    { 24, 30, 16, 16, 8, 3, 1, 1 },   { 50, 20, 8, 48, 12, 3, 2, 0 },
    { 12, 12, 30, 180, 30, 5, 1, 2 }, { 34, 40, 20, 120, 9, 5, 2, 1 },
    { 2, 2, 8, 40, 8, 5, 2, 1 },      { 60, 24, 24, 480, 24, 5, 1, 2 },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      check_bottleneck (&cases[i], SAM_ACT_GELU, i % 2 ? SAM_ACT_GELU : SAM_ACT_NONE, i % 2);
      check_bottleneck (&cases[i], SAM_ACT_RELU6, SAM_ACT_NONE, i % 2 == 0);
    }
}

static void
test_conv2d (void)
{
  static const Conv cases[] = {
    /* h, w, in, out, kernel, stride, pad */
    { .h = 1, .w = 1, .in = 1, .out = 1, .kernel = 3, .stride = 1, .pad = 1 },
    { .h = 1, .w = 5, .in = 3, .out = 8, .kernel = 3, .stride = 2, .pad = 1, .act = SAM_ACT_GELU },
    { .h = 33,
      .w = 30,
      .in = 3,
      .out = 32,
      .kernel = 3,
      .stride = 2,
      .pad = 1,
      .act = SAM_ACT_GELU },
    { .h = 9, .w = 12, .in = 40, .out = 33, .kernel = 3, .stride = 1, .pad = 1 },
    { .h = 6,
      .w = 5,
      .in = 256,
      .out = 16,
      .kernel = 3,
      .stride = 1,
      .pad = 1,
      .act = SAM_ACT_RELU },
    { .h = 48, .w = 32, .in = 3, .out = 20, .kernel = 16, .stride = 16, .pad = 0 },
    { .h = 32, .w = 29, .in = 3, .out = 12, .kernel = 7, .stride = 4, .pad = 3 },
    { .h = 2, .w = 2, .in = 2, .out = 3, .kernel = 7, .stride = 4, .pad = 3 },
    { .h = 16, .w = 16, .in = 4, .out = 16, .kernel = 2, .stride = 2, .pad = 0 },
    { .h = 17, .w = 40, .in = 24, .out = 10, .kernel = 1, .stride = 1, .pad = 0 },
    { .h = 17, .w = 10, .in = 24, .out = 10, .kernel = 1, .stride = 2, .pad = 0 },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Conv   c = cases[i];
      size_t n_terms = c.kernel * c.kernel * c.in;
      size_t h2 = (c.h + 2 * c.pad - c.kernel) / c.stride + 1,
             w2 = (c.w + 2 * c.pad - c.kernel) / c.stride + 1;

      check_conv (conv2d, c, n_terms * c.out, h2 * w2 * c.out, n_terms, conv2d_reference);
    }
}

/* Bands of rows, each from a copy of what it looks at alone, make the same picture as all at
 * once. */
static void
test_conv2d_rows (void)
{
  static const Conv cases[] = {
    { .h = 32,
      .w = 20,
      .in = 3,
      .out = 32,
      .kernel = 3,
      .stride = 2,
      .pad = 1,
      .act = SAM_ACT_GELU },
    { .h = 17, .w = 9, .in = 20, .out = 7, .kernel = 3, .stride = 1, .pad = 1 },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    for (size_t band = 1; band < 8; band += 3)
      {
        Conv   c = cases[i];
        size_t h2 = (c.h + 2 * c.pad - c.kernel) / c.stride + 1,
               w2 = (c.w + 2 * c.pad - c.kernel) / c.stride + 1;
        float     *x = guarded_input (c.h * c.w * c.in, 1);
        float     *k = guarded_input (c.out * c.kernel * c.kernel * c.in, 1);
        float     *b = guarded_input (c.out, 1);
        float     *whole = guarded_output (h2 * w2 * c.out);
        float     *y = guarded_output (h2 * w2 * c.out);
        SamMatrix *m = sam_matrix_new (k, c.out, c.kernel * c.kernel * c.in, SAM_ARITHMETIC_F32);
        SamConv    conv = { m, b, c.in, c.out, c.kernel, c.stride, c.pad };

        sam_conv_run (&conv, whole, x, c.h, c.w, c.act);
        for (size_t first = 0; first < h2; first += band)
          {
            size_t last = MIN (first + band, h2);
            size_t from = first * c.stride < c.pad ? 0 : first * c.stride - c.pad;
            size_t to = MIN ((last - 1) * c.stride + c.kernel - c.pad, c.h);
            float *seen = guarded_input ((to - from) * c.w * c.in, 1);

            memcpy (seen, x + from * c.w * c.in, (to - from) * c.w * c.in * sizeof *x);
            sam_conv_run_rows (&conv, y + first * w2 * c.out, seen, c.h, c.w, c.act, first, last,
                               from);
            g_free (seen);
          }
        for (size_t j = 0; j < h2 * w2 * c.out; j++)
          assert_near (y[j], whole[j], 8 + c.kernel * c.kernel * c.in, 2);

        guarded_output_free (whole, h2 * w2 * c.out);
        guarded_output_free (y, h2 * w2 * c.out);
        sam_matrix_free (m);
        g_free (x);
        g_free (k);
        g_free (b);
      }
}

typedef struct
{
  Layers       layers;
  float       *made; /* [n, in], by the maker */
  const float *from;
  size_t       in;
  SamRowMaker  maker;
} Made;

static void
make_rows (const void *data, size_t first, size_t last)
{
  const Made *m = data;

  g_assert_cmpuint (first % m->maker.rows, ==, 0);
  g_assert_true (last % m->maker.rows == 0 || last == m->layers.n);
  for (size_t i = first * m->in; i < last * m->in; i++)
    m->made[i] += m->from[i];
}

/* Both kinds of products in turn, each on rows that it made. */
static void
made_products (float *y, gconstpointer arguments)
{
  const Made *m = arguments;

  memset (m->made, 0, m->layers.n * m->in * sizeof (float));
  linear_rows (y, &m->layers);
  memset (m->made, 0, m->layers.n * m->in * sizeof (float));
  sam_matrix_mlp (y + m->layers.n * m->layers.n_middle, &m->layers.rows, m->layers.m1, m->layers.b1,
                  SAM_ACT_GELU, m->layers.m2, m->layers.b2, m->made, m->layers.n);
}

/* Rows that are made for the product give what they would have given if they had been there; each
 * is made once. */
static void
test_made_rows (void)
{
  static const size_t cases[][3] = {
    /* rows, at once, width */
    { 10, 4, 24 }, { 64, 16, 40 }, { 300, 1, 33 }, { 1000, 48, 48 }, { 2000, 700, 16 },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      size_t             n = cases[i][0], in = cases[i][2], middle = 3 * in;
      float             *from = guarded_input (n * in, 1);
      float             *w1 = guarded_input (in * middle, 1 / sqrt (in));
      float             *w2 = guarded_input (middle * in, 1 / sqrt (middle));
      float             *b1 = guarded_input (middle, 1), *b2 = guarded_input (in, 1);
      float             *y = guarded_output (n * (middle + in));
      g_autofree float  *made = g_new (float, n *in);
      g_autofree double *wanted = g_new (double, n *middle);
      Made               m = { .layers = { { .x = made, .ld = in },
                                           sam_matrix_new (w1, middle, in, SAM_ARITHMETIC_F32),
                                           sam_matrix_new (w2, in, middle, SAM_ARITHMETIC_F32),
                                           b1,
                                           b2,
                                           NULL,
                                           n },
                               .made = made,
                               .from = from,
                               .in = in,
                               .maker = { make_rows, &m, cases[i][1] } };

      m.layers.rows.maker = &m.maker;
      m.layers.n_middle = middle;
      with_threads (made_products, &m, y, NULL, n * (middle + in));
      ref_linear (wanted, from, w1, b1, NULL, n, in, middle, SAM_ACT_GELU);
      for (size_t j = 0; j < n * middle; j++)
        assert_near (y[j], wanted[j], 16 + 2 * sqrt (in), 4);
      {
        g_autofree float *hidden = g_new (float, n *middle);

        for (size_t j = 0; j < n * middle; j++)
          hidden[j] = (float) wanted[j];
        ref_linear (wanted, hidden, w2, b2, from, n, middle, in, SAM_ACT_NONE);
      }
      for (size_t j = 0; j < n * in; j++)
        assert_near (y[n * middle + j], wanted[j], 32 + 4 * sqrt (middle), 4);

      guarded_output_free (y, n * (middle + in));
      sam_matrix_free (m.layers.m1);
      sam_matrix_free (m.layers.m2);
      g_free (from);
      g_free (w1);
      g_free (w2);
      g_free (b1);
      g_free (b2);
    }
}

static void
test_depthwise (void)
{
  static const size_t sides[][2] = {
    { 1, 1 }, { 1, 9 }, { 9, 1 }, { 2, 2 }, { 8, 11 }, { 33, 40 }
  };

  for (size_t i = 0; i < G_N_ELEMENTS (sides); i++)
    for (size_t channels = 1; channels < 80; channels += 21)
      for (size_t stride = 1; stride < 3; stride++)
        {
          Conv c = {
            .h = sides[i][0], .w = sides[i][1], .in = channels, .out = channels, .stride = stride
          };
          size_t n = ((c.h - 1) / stride + 1) * ((c.w - 1) / stride + 1);

          check_conv (depthwise, c, 9 * channels, n * channels, 9, depthwise_reference);
          check_conv (depthwise_mean, c, 9 * channels, (n + 1) * channels, 9,
                      depthwise_mean_reference);
        }
}

static void
test_conv_transpose (void)
{
  static const Conv cases[] = {
    { .h = 1, .w = 1, .in = 1, .out = 1 },
    { .h = 3, .w = 5, .in = 17, .out = 6 },
    { .h = 24, .w = 25, .in = 64, .out = 32 },
    { .h = 20, .w = 9, .in = 300, .out = 70 },
    { .h = 12, .w = 9, .in = 30, .out = 33, .act = SAM_ACT_GELU },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    check_conv (conv_transpose, cases[i], 4 * cases[i].in * cases[i].out,
                4 * cases[i].h * cases[i].w * cases[i].out, cases[i].in, conv_transpose_reference);
}

static void
attention (float *y, gconstpointer arguments)
{
  SamAttention a[2] = { *(const SamAttention *) arguments, *(const SamAttention *) arguments };

  a[0].o = y;
  a[1].o = y + a[0].n_q * a[0].o_stride;
  sam_attention (a, 2); /* two windows with the same content */
}

static void
test_attention (void)
{
  static const struct
  {
    size_t   n_q, n_k, n_heads, d, key_h, key_w;
    gboolean bias;
    double   scale; /* of q */
  } cases[] = {
    { 1, 1, 1, 1, 0, 0, FALSE, 1 },     { 7, 7, 8, 32, 0, 0, FALSE, 1 },
    { 49, 49, 4, 32, 0, 0, TRUE, 1 },   { 196, 196, 2, 64, 14, 14, FALSE, 2 },
    { 7, 2100, 2, 16, 0, 0, FALSE, 8 }, { 300, 8, 3, 16, 0, 0, FALSE, 1 },
    { 5, 1025, 1, 3, 0, 0, FALSE, 30 }, { 140, 1600, 1, 80, 40, 40, FALSE, 4 },
    { 16, 64, 1, 96, 0, 0, FALSE, 1 },  { 3, 1500, 1, 128, 1, 1500, FALSE, 1 },
    { 4, 2050, 2, 8, 0, 0, TRUE, 1 },   { 129, 1024, 1, 56, 32, 32, FALSE, 1 },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      size_t       heads = cases[i].n_heads, d = cases[i].d, n_q = cases[i].n_q, n_k = cases[i].n_k;
      SamAttention a = { .n_q = n_q,
                         .n_k = n_k,
                         .n_heads = heads,
                         .d = d,
                         .q_stride = heads * d + 3,
                         .k_stride = 2 * heads * d,
                         .v_stride = heads * d,
                         .o_stride = heads * d,
                         .q_head = d,
                         .k_head = 2 * d,
                         .v_head = d,
                         .o_head = d,
                         .scale = (float) (1 / sqrt (d)),
                         .key_h = cases[i].key_h,
                         .key_w = cases[i].key_w };
      float       *q = guarded_input (n_q * a.q_stride, cases[i].scale);
      float       *k = guarded_input (n_k * a.k_stride, 1);
      float       *v = guarded_input (n_k * a.v_stride, 1);
      float       *bias = cases[i].bias ? guarded_input (heads * n_q * n_k, 2) : NULL;
      float       *rel_h = a.key_h > 0 ? guarded_input (heads * n_q * a.key_h, 2) : NULL;
      float       *rel_w = a.key_h > 0 ? guarded_input (heads * n_q * a.key_w, 2) : NULL;
      size_t       n_o = n_q * heads * d;
      float       *o = guarded_output (2 * n_o);
      g_autofree double *wanted = g_new (double, n_o);
      double             score = sqrt (d) * cases[i].scale + 4;

      a.q = q;
      a.k = k;
      a.v = v;
      a.rel_h = rel_h;
      a.rel_w = rel_w;
      a.bias = bias;
      with_threads (attention, &a, o, NULL, 2 * n_o);
      ref_attention (wanted, &a);
      /* a score is off by some roundings of its size, and so, relatively, is e^score; then the
       * sums */
      for (size_t j = 0; j < 2 * n_o; j++)
        assert_near (o[j], wanted[j % n_o], 8 + 4 * score + sqrt (n_k), 1);

      guarded_output_free (o, 2 * n_o);
      g_free (q);
      g_free (k);
      g_free (v);
      g_free (bias);
      g_free (rel_h);
      g_free (rel_w);
    }
}

/* q, k, v, out of an attention between tokens and a map */
typedef struct
{
  size_t t, n, heads, inner, width;
  float *tokens, *own, *map, *all, *grid;
  float *w[4], *b[4], *norm[2];
} Tokens;

static SamLinear
make_linear (const Tokens *a, int i)
{
  size_t in = i < 3 ? a->width : a->inner;
  size_t out = i < 3 ? a->inner : a->width;

  return (SamLinear) { sam_matrix_new (a->w[i], out, in, SAM_ARITHMETIC_F32), a->b[i], in, out };
}

static void
read_map (float *y, gconstpointer arguments)
{
  const Tokens     *a = arguments;
  SamReadMap        read = { sam_arithmetic_gemm (SAM_ARITHMETIC_F32),
                             a->heads,
                             a->inner,
                             a->width,
                             make_linear (a, 0),
                             make_linear (a, 3),
                             a->w[1],
                             a->w[2],
                             a->b[2] };
  SamPlaces         map = { a->map, a->all, a->grid, a->n };
  g_autofree float *scratch = g_new (float, sam_token_attention_scratch (a->t, a->n, a->heads,
                                                                         a->inner, a->width));

  sam_read_map_run (&read, y, a->own, &map, a->t, scratch);
  sam_matrix_free (read.q.m);
  sam_matrix_free (read.out.m);
}

static void
write_map (float *y, gconstpointer arguments)
{
  const Tokens     *a = arguments;
  SamWriteMap       write = { sam_arithmetic_gemm (SAM_ARITHMETIC_F32),
                              a->heads,
                              a->inner,
                              a->width,
                              make_linear (a, 1),
                              make_linear (a, 2),
                              a->w[0],
                              a->b[0],
                              a->w[3],
                              a->b[3] };
  SamNorm           norm = { a->norm[0], a->norm[1], a->width, 1e-5f };
  SamPlaces         map = { a->all != NULL ? a->map : y, a->all, a->grid, a->n };
  g_autofree float *scratch = g_new (float, sam_token_attention_scratch (a->t, a->n, a->heads,
                                                                         a->inner, a->width));

  sam_write_map_run (&write, &norm, y, &map, a->tokens, a->own, a->t, scratch);
  sam_matrix_free (write.k.m);
  sam_matrix_free (write.v.m);
}

/* Rounded to float, as the next step wants it. */
static float *
project (const Tokens *a, int i, const float *x, const float *add, size_t n)
{
  size_t             in = i < 3 ? a->width : a->inner;
  size_t             out = i < 3 ? a->inner : a->width;
  g_autofree float  *sum = g_memdup2 (x, n * in * sizeof *x);
  g_autofree double *y = g_new (double, n *out);
  float             *z = g_new (float, n *out);

  for (size_t j = 0; add != NULL && j < n * in; j++)
    sum[j] += add[j];
  ref_linear (y, sum, a->w[i], a->b[i], NULL, n, in, out, SAM_ACT_NONE);
  for (size_t j = 0; j < n * out; j++)
    z[j] = (float) y[j];

  return z;
}

/* x + attention (x + x_add, z + z_add, z) as the formula has it, everything projected */
static float *
cross_attention (const Tokens *a,
                 const float  *x,
                 const float  *x_add,
                 const float  *z,
                 const float  *z_add,
                 size_t        n_x,
                 size_t        n_z)
{
  g_autofree float  *q = project (a, 0, x, x_add, n_x);
  g_autofree float  *k = project (a, 1, z, z_add, n_z);
  g_autofree float  *v = project (a, 2, z, NULL, n_z);
  g_autofree double *o = g_new (double, n_x * a->inner);
  g_autofree float  *rounded = g_new (float, n_x * a->inner);
  size_t             d = a->inner / a->heads;
  SamAttention       attention = { .q = q,
                                   .k = k,
                                   .v = v,
                                   .q_stride = a->inner,
                                   .k_stride = a->inner,
                                   .v_stride = a->inner,
                                   .q_head = d,
                                   .k_head = d,
                                   .v_head = d,
                                   .n_q = n_x,
                                   .n_k = n_z,
                                   .n_heads = a->heads,
                                   .d = d,
                                   .scale = (float) (1 / sqrt (d)) };
  float             *y;

  ref_attention (o, &attention);
  for (size_t j = 0; j < n_x * a->inner; j++)
    rounded[j] = (float) o[j];
  y = project (a, 3, rounded, NULL, n_x);
  for (size_t j = 0; j < n_x * a->width; j++)
    y[j] += x[j];

  return y;
}

static void
test_token_attention (void)
{
  /* t, n, heads, inner, width */
  static const Tokens cases[] = { { 1, 1, 1, 1, 1 },        { 7, 300, 8, 128, 256 },
                                  { 8, 128, 8, 64, 64 },    { 3, 129, 2, 6, 20 },
                                  { 21, 700, 8, 128, 256 }, { 5, 64, 16, 64, 72 } };

  for (size_t i = 0; i < 2 * G_N_ELEMENTS (cases); i++)
    {
      Tokens             a = cases[i / 2];
      size_t             n_read = a.t * a.width, n_written = a.n * a.width;
      float             *y = guarded_output (n_read);
      float             *z = guarded_output (n_written);
      g_autofree double *normed = g_new (double, n_written);
      g_autofree float  *wanted = NULL, *meant = NULL;

      a.tokens = guarded_input (n_read, 1);
      a.own = guarded_input (n_read, 1);
      a.map = guarded_input (n_written, 1);
      a.grid = guarded_input (n_written, 1);
      a.all = i % 2 == 1 ? guarded_input (a.width, 1) : NULL;
      meant = g_memdup2 (a.map, n_written * sizeof *meant);
      for (size_t j = 0; a.all != NULL && j < n_written; j++)
        meant[j] += a.all[j % a.width];
      for (int k = 0; k < 4; k++)
        {
          a.w[k] = guarded_input (a.inner * a.width, k < 2 ? 0.2 : 1 / sqrt (a.width));
          a.b[k] = guarded_input (k < 3 ? a.inner : a.width, 1);
        }
      a.norm[0] = guarded_input (a.width, 1);
      a.norm[1] = guarded_input (a.width, 1);

      /* scores of some ten, each a sum of as many terms as the width and off by its root */
      with_threads (read_map, &a, y, a.tokens, n_read);
      wanted = cross_attention (&a, a.tokens, a.own, meant, a.grid, a.t, a.n);
      for (size_t j = 0; j < n_read; j++)
        assert_near (y[j], wanted[j], 16 + 8 * sqrt (a.width) + sqrt (a.n), 2);
      g_free (wanted);

      with_threads (write_map, &a, z, a.map, n_written);
      wanted = cross_attention (&a, meant, a.grid, a.tokens, a.own, a.n, a.t);
      ref_layer_norm (normed, wanted, a.norm[0], a.norm[1], 1e-5, a.n, a.width);
      for (size_t j = 0; j < n_written; j++)
        assert_near (z[j], normed[j], 16 + 8 * sqrt (a.width), 4);

      guarded_output_free (y, n_read);
      guarded_output_free (z, n_written);
      for (int k = 0; k < 4; k++)
        {
          g_free (a.w[k]);
          g_free (a.b[k]);
        }
      g_free (a.norm[0]);
      g_free (a.norm[1]);
      g_free (a.tokens);
      g_free (a.own);
      g_free (a.map);
      g_free (a.all);
      g_free (a.grid);
    }
}

typedef struct
{
  SamWindowAttention block;
  const float       *x;
  size_t             h, w;
} Windows;

static void
window_block (float *y, gconstpointer arguments)
{
  const Windows *a = arguments;

  sam_window_attention_run (&a->block, y, a->x == NULL ? y : a->x, a->h, a->w);
}

/* One window at a time, as the formula has it. places: [window^2, width], the rows of x or NULL */
static void
ref_window (double                   *y,
            const float *const       *places,
            const SamWindowAttention *b,
            const float              *w_qkv,
            const float              *w_proj)
{
  size_t             n = b->window * b->window, width = b->norm->c;
  SamAttention       a = b->attention;
  g_autofree double *row = g_new (double, 3 * width);
  g_autofree float  *normed = g_new (float, width);
  g_autofree float  *qkv = g_new (float, 3 * n * width);
  g_autofree double *o = g_new (double, n *width);
  g_autofree float  *rounded = g_new (float, n *width);
  g_autofree float  *pooled = g_new (float, n *width);

  for (size_t i = 0; i < n; i++)
    {
      if (places[i] == NULL)
        {
          memcpy (qkv + 3 * i * width, b->pad, 3 * width * sizeof *qkv);
          continue;
        }
      ref_layer_norm (row, places[i], b->norm->w, b->norm->b, b->norm->eps, 1, width);
      for (size_t k = 0; k < width; k++)
        normed[k] = (float) row[k];
      ref_linear (row, normed, w_qkv, b->qkv->b, NULL, 1, width, 3 * width, SAM_ACT_NONE);
      for (size_t k = 0; k < 3 * width; k++)
        qkv[3 * i * width + k] = (float) row[k];
    }
  a.q = qkv;
  a.k = qkv + b->k_offset;
  a.v = qkv + b->v_offset;
  if (b->residual != NULL)
    {
      for (size_t i = 0; i < a.n_q * width; i++)
        {
          size_t       half = b->window / 2, place = i / width;
          const float *first = qkv + (place / half * 2 * b->window + place % half * 2) * 3 * width +
                               i % width;

          pooled[i] = fmaxf (fmaxf (first[0], first[3 * width]),
                             fmaxf (first[b->window * 3 * width],
                                    first[(b->window + 1) * 3 * width]));
        }
      a.q = pooled;
    }
  ref_attention (o, &a);
  for (size_t i = 0; i < a.n_q * width; i++)
    rounded[i] = (float) o[i];
  ref_linear (y, rounded, w_proj, b->proj->b, NULL, a.n_q, width, width, SAM_ACT_NONE);
}

/* The maximum over 2x2 places of residual (norm (x)), one channel */
static double
ref_pooled (const float              *x,
            size_t                    y0,
            size_t                    x0,
            size_t                    w,
            size_t                    channel,
            const SamWindowAttention *b,
            const float              *w_res)
{
  size_t             width = b->norm->c;
  g_autofree double *row = g_new (double, width);
  g_autofree float  *normed = g_new (float, width);
  double             max = -INFINITY;

  for (int i = 0; i < 4; i++)
    {
      double value;

      ref_layer_norm (row, x + ((y0 + i / 2) * w + x0 + i % 2) * width, b->norm->w, b->norm->b,
                      b->norm->eps, 1, width);
      for (size_t k = 0; k < width; k++)
        normed[k] = (float) row[k];
      ref_linear (&value, normed, w_res + channel * width, b->residual->b + channel, NULL, 1, width,
                  1, SAM_ACT_NONE);
      max = fmax (max, value);
    }

  return max;
}

static void
test_window_block (void)
{
  /* h, w, window, width, heads */
  static const size_t cases[][5] = { { 1, 1, 1, 4, 1 },     { 3, 5, 7, 8, 2 },
                                     { 14, 21, 7, 32, 2 },  { 30, 23, 7, 64, 4 },
                                     { 20, 33, 14, 16, 1 }, { 24, 16, 8, 96, 3 },
                                     { 9, 64, 4, 40, 5 } };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    for (int in_place = 0; in_place < 2; in_place++)
      {
        size_t h = cases[i][0], w = cases[i][1], window = cases[i][2], width = cases[i][3],
               heads = cases[i][4];
        size_t d = width / heads, area = window * window, n = h * w * width;
        float *x = guarded_input (n, 1), *y = guarded_output (n);
        float *weight = guarded_input (width, 1), *bias = guarded_input (width, 1);
        float *w_qkv = guarded_input (3 * width * width, 1 / sqrt (width));
        float *b_qkv = guarded_input (3 * width, 1), *pad = guarded_input (3 * width, 1);
        float *w_proj = guarded_input (width * width, 1 / sqrt (width)),
              *b_proj = guarded_input (width, 1);
        float    *table = guarded_input (heads * area * area, 2);
        SamNorm   norm = { weight, bias, width, 1e-5f };
        SamLinear qkv = { sam_matrix_new (w_qkv, 3 * width, width, SAM_ARITHMETIC_F32), b_qkv,
                          width, 3 * width };
        SamLinear proj = { sam_matrix_new (w_proj, width, width, SAM_ARITHMETIC_F32), b_proj, width,
                           width };
        Windows   a = {
          .block = {
            .norm = &norm, .qkv = &qkv, .proj = &proj, .pad = pad, .window = window,
            .k_offset = d, .v_offset = 2 * d,
            .attention = {
              .q_stride = 3 * width, .k_stride = 3 * width, .v_stride = 3 * width,
              .o_stride = width, .q_head = 3 * d, .k_head = 3 * d, .v_head = 3 * d, .o_head = d,
              .n_q = area, .n_k = area,
              .n_heads = heads, .d = d, .scale = (float) (1 / sqrt (d)), .bias = table,
            },
          },
          .x = in_place ? NULL : x, .h = h, .w = w,
        };
        g_autofree const float **places = g_new (const float *, area);
        g_autofree double       *wanted = g_new (double, area *width);

        with_threads (window_block, &a, y, in_place ? x : NULL, n);
        for (size_t y0 = 0; y0 < h; y0 += window)
          for (size_t x0 = 0; x0 < w; x0 += window)
            {
              for (size_t k = 0; k < area; k++)
                places[k] = y0 + k / window < h && x0 + k % window < w
                              ? x + ((y0 + k / window) * w + x0 + k % window) * width
                              : NULL;
              ref_window (wanted, places, &a.block, w_qkv, w_proj);
              for (size_t k = 0; k < area; k++)
                for (size_t c = 0; places[k] != NULL && c < width; c++)
                  assert_near (y[places[k] - x + c], wanted[k * width + c] + places[k][c],
                               64 + 8 * sqrt (width), 4);
            }

        guarded_output_free (y, n);
        sam_matrix_free (qkv.m);
        sam_matrix_free (proj.m);
        g_free (x);
        g_free (weight);
        g_free (bias);
        g_free (w_qkv);
        g_free (b_qkv);
        g_free (pad);
        g_free (w_proj);
        g_free (b_proj);
        g_free (table);
      }
}

/* A block that pools; windows at the sides of an odd map may have no place of the result. */
static void
test_window_block_pool (void)
{
  /* h, w, window, width, heads */
  static const size_t cases[][5] = {
    { 2, 2, 2, 4, 1 }, { 16, 24, 8, 32, 2 }, { 9, 13, 4, 24, 3 }, { 15, 6, 14, 16, 1 }
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      size_t h = cases[i][0], w = cases[i][1], window = cases[i][2], width = cases[i][3],
             heads = cases[i][4];
      size_t d = width / heads, half = window / 2, n = (h / 2) * (w / 2) * width;
      float *x = guarded_input (h * w * width, 1), *y = guarded_output (n);
      float *weight = guarded_input (width, 1), *bias = guarded_input (width, 1);
      float *w_qkv = guarded_input (3 * width * width, 1 / sqrt (width)),
            *b_qkv = guarded_input (3 * width, 1);
      float *w_proj = guarded_input (width * width, 1 / sqrt (width)),
            *b_proj = guarded_input (width, 1);
      float *w_res = guarded_input (width * width, 1 / sqrt (width)),
            *b_res = guarded_input (width, 1);
      SamNorm   norm = { weight, bias, width, 1e-5f };
      SamLinear qkv = { sam_matrix_new (w_qkv, 3 * width, width, SAM_ARITHMETIC_F32), b_qkv, width,
                        3 * width };
      SamLinear proj = { sam_matrix_new (w_proj, width, width, SAM_ARITHMETIC_F32), b_proj, width,
                         width };
      SamLinear residual = { sam_matrix_new (w_res, width, width, SAM_ARITHMETIC_F32), b_res, width,
                             width };
      Windows   a = {
        .block = {
          .norm = &norm, .qkv = &qkv, .proj = &proj, .residual = &residual, .pad = b_qkv,
          .window = window,
          .k_offset = width, .v_offset = 2 * width,
          .attention = {
            .q_stride = width, .k_stride = 3 * width, .v_stride = 3 * width,
            .o_stride = width, .q_head = d,
            .k_head = d, .v_head = d, .o_head = d, .n_q = half * half, .n_k = window * window,
            .n_heads = heads,
            .d = d, .scale = (float) (1 / sqrt (d)),
          },
        },
        .x = x, .h = h, .w = w,
      };
      g_autofree const float **places = g_new (const float *, window *window);
      g_autofree double       *wanted = g_new (double, half *half *width);

      with_threads (window_block, &a, y, NULL, n);
      for (size_t y0 = 0; y0 < h; y0 += window)
        for (size_t x0 = 0; x0 < w; x0 += window)
          {
            for (size_t k = 0; k < window * window; k++)
              places[k] = y0 + k / window < h && x0 + k % window < w
                            ? x + ((y0 + k / window) * w + x0 + k % window) * width
                            : NULL;
            ref_window (wanted, places, &a.block, w_qkv, w_proj);
            for (size_t k = 0; k < half * half; k++)
              for (size_t c = 0; c < width; c++)
                {
                  size_t row = y0 / 2 + k / half, column = x0 / 2 + k % half;

                  if (row < h / 2 && column < w / 2)
                    assert_near (y[(row * (w / 2) + column) * width + c],
                                 wanted[k * width + c] +
                                   ref_pooled (x, 2 * row, 2 * column, w, c, &a.block, w_res),
                                 64 + 8 * sqrt (width), 4);
                }
          }

      guarded_output_free (y, n);
      sam_matrix_free (qkv.m);
      sam_matrix_free (proj.m);
      sam_matrix_free (residual.m);
      g_free (x);
      g_free (weight);
      g_free (bias);
      g_free (w_qkv);
      g_free (b_qkv);
      g_free (w_proj);
      g_free (b_proj);
      g_free (w_res);
      g_free (b_res);
    }
}

typedef struct
{
  const float *x;
  size_t       h, w, c, h2, w2;
  gboolean     bicubic;
} Resize;

static void
resize (float *y, gconstpointer arguments)
{
  const Resize *r = arguments;

  (r->bicubic ? sam_resize_bicubic : sam_resize_bilinear) (y, r->x, r->h, r->w, r->c, r->h2, r->w2);
}

static void
test_resize (void)
{
  static const size_t cases[][5] = { { 1, 1, 1, 4, 5 },    { 16, 16, 3, 32, 32 },
                                     { 7, 7, 5, 64, 60 },  { 13, 21, 1, 100, 90 },
                                     { 30, 32, 1, 11, 7 }, { 5, 6, 17, 5, 6 },
                                     { 2, 3, 1, 1, 1 } };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    for (int bicubic = 0; bicubic < 2; bicubic++)
      {
        Resize r = {
          NULL, cases[i][0], cases[i][1], cases[i][2], cases[i][3], cases[i][4], bicubic
        };
        size_t             n = r.h2 * r.w2 * r.c;
        float             *x = guarded_input (r.h * r.w * r.c, 1);
        float             *y = guarded_output (n);
        g_autofree double *wanted = g_new (double, n);

        r.x = x;
        with_threads (resize, &r, y, NULL, n);
        ref_resize (wanted, x, r.h, r.w, r.c, r.h2, r.w2, bicubic);
        /* a coordinate of up to 32 with one rounding more or less is the largest difference */
        for (size_t j = 0; j < n; j++)
          assert_near (y[j], wanted[j], 32, 4);
        guarded_output_free (y, n);
        g_free (x);
      }
}

/* Values of PyTorch's interpolate: [1, c, h, w] there. */
static void
test_resize_golden (void)
{
  static const struct
  {
    const char *name;
    size_t      c, h, w, h2, w2;
    gboolean    bicubic;
  } cases[] = {
    { "bicubic_14_64", 3, 14, 14, 64, 64, TRUE },  { "bicubic_7_64", 3, 7, 7, 64, 64, TRUE },
    { "bicubic_odd", 2, 32, 32, 25, 45, TRUE },    { "bicubic_x2", 3, 16, 16, 32, 32, TRUE },
    { "bilinear_down", 2, 64, 60, 37, 13, FALSE }, { "bilinear_mixed", 1, 32, 32, 20, 77, FALSE },
    { "bilinear_odd", 2, 16, 20, 37, 91, FALSE },  { "bilinear_up", 2, 16, 20, 64, 80, FALSE },
  };
  g_autoptr (SamCheckpoint) golden = golden_open ("components/interpolate.safetensors");

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      size_t c = cases[i].c, h = cases[i].h, w = cases[i].w, h2 = cases[i].h2, w2 = cases[i].w2, n;
      g_autofree char  *in_key = g_strconcat (cases[i].name, ".in", NULL);
      g_autofree char  *out_key = g_strconcat (cases[i].name, ".out", NULL);
      g_autofree float *in = golden_read (golden, in_key, &n);
      g_autofree float *x = g_new (float, h *w *c), *y = g_new (float, h2 *w2 *c);

      g_assert_cmpuint (n, ==, h * w * c);
      for (size_t j = 0; j < n; j++)
        x[j % (h * w) * c + j / (h * w)] = in[j];
      (cases[i].bicubic ? sam_resize_bicubic : sam_resize_bilinear) (y, x, h, w, c, h2, w2);
      g_assert_true (golden_compare (golden, out_key, y, h2 * w2, c, GOLDEN_CHW, 1, 2e-5, 0));
    }
}

static void
test_activations_golden (void)
{
  static const struct
  {
    const char *name;
    SamAct      act;
  } cases[] = { { "gelu", SAM_ACT_GELU },
                { "relu", SAM_ACT_RELU },
                { "sigmoid", SAM_ACT_SIGMOID } };
  g_autoptr (SamCheckpoint) golden = golden_open ("components/activations.safetensors");
  size_t                    n;
  g_autofree float         *x = golden_read (golden, "x", &n);
  g_autofree float         *y = g_new (float, n);

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      sam_activate (y, x, n, cases[i].act);
      g_assert_true (golden_compare (golden, cases[i].name, y, n, 1, GOLDEN_HWC, 1, 1e-6, 0));
    }
}

typedef struct
{
  const float *a, *b, *c;
  size_t       n_rows, n_columns;
} Rows;

static void
row_operations (float *y, gconstpointer arguments)
{
  const Rows *r = arguments;
  size_t      n = r->n_rows * r->n_columns;

  sam_add (y, r->a, r->a, n);
  sam_add_row (y + n, y, r->b, r->n_rows, r->n_columns);
  sam_activate (y + 2 * n, y + n, n, SAM_ACT_GELU);
  sam_layer_norm (y + 3 * n, y + 2 * n, r->b, r->c, 1e-5f, r->n_rows, r->n_columns);
}

static void
test_rows (void)
{
  static const size_t cases[][2] = { { 1, 1 }, { 5, 7 }, { 700, 65 }, { 20000, 3 }, { 3, 20000 } };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Rows   r = { .n_rows = cases[i][0], .n_columns = cases[i][1] };
      size_t n = r.n_rows * r.n_columns, c = r.n_columns;
      float *a = guarded_input (n, 1), *b = guarded_input (c, 1), *s = guarded_input (c, 1);
      float *y = guarded_output (4 * n);
      g_autofree double *wanted = g_new (double, n);

      r.a = a;
      r.b = b;
      r.c = s;
      with_threads (row_operations, &r, y, NULL, 4 * n);
      for (size_t j = 0; j < n; j++)
        {
          assert_near (y[j], 2.0 * a[j], 1, 2);
          assert_near (y[n + j], (double) y[j] + b[j % c], 1, 3);
          assert_near (y[2 * n + j], ref_activate (y[n + j], SAM_ACT_GELU), 4, 3);
        }
      ref_layer_norm (wanted, y + 2 * n, b, s, 1e-5, r.n_rows, c);
      for (size_t row = 0; row < r.n_rows; row++)
        {
          const float *x = y + 2 * n + row * c;
          double       mean = 0, variance = 1e-5;

          for (size_t j = 0; j < c; j++)
            mean += x[j] / (double) c;
          for (size_t j = 0; j < c; j++)
            variance += pow (x[j] - mean, 2) / (double) c;
          /* differences of values below 2 are off by roundings of 2, then divided by the
           * deviation */
          for (size_t j = row * c; j < (row + 1) * c; j++)
            assert_near (y[3 * n + j], wanted[j], 8 + sqrt (c),
                         1 + fabs (wanted[j]) + 4 / sqrt (variance));
        }
      guarded_output_free (y, 4 * n);
      g_free (a);
      g_free (b);
      g_free (s);
    }
}

static void
upsampled (float *y, gconstpointer arguments)
{
  const Resize *r = arguments;

  sam_add_upsampled (y, r->x, r->h, r->w, r->c);
}

static void
test_add_upsampled (void)
{
  static const size_t cases[][3] = { { 1, 1, 1 }, { 9, 7, 2 }, { 40, 50, 33 } };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Resize r = { NULL, cases[i][0], cases[i][1], cases[i][2], 0, 0, FALSE };
      size_t n = 4 * r.h * r.w * r.c;
      float *x = guarded_input (n / 4, 1);
      float *before = guarded_input (n, 1);
      float *y = guarded_output (n);

      r.x = x;
      with_threads (upsampled, &r, y, before, n);
      for (size_t j = 0; j < n; j++)
        {
          size_t row = j / (2 * r.w * r.c), column = j / r.c % (2 * r.w);

          assert_near (y[j], (double) before[j] + x[(row / 2 * r.w + column / 2) * r.c + j % r.c],
                       1, 2);
        }
      guarded_output_free (y, n);
      g_free (before);
      g_free (x);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/ops/linear", test_linear);
  g_test_add_func ("/ops/product", test_product);
  g_test_add_func ("/ops/rows-and-mlp", test_rows_and_mlp);
  g_test_add_func ("/ops/conv2d", test_conv2d);
  g_test_add_func ("/ops/conv2d-rows", test_conv2d_rows);
  g_test_add_func ("/ops/bottleneck", test_bottleneck);
  g_test_add_func ("/ops/made-rows", test_made_rows);
  g_test_add_func ("/ops/depthwise", test_depthwise);
  g_test_add_func ("/ops/conv-transpose", test_conv_transpose);
  g_test_add_func ("/ops/attention", test_attention);
  g_test_add_func ("/ops/token-attention", test_token_attention);
  g_test_add_func ("/ops/window-block", test_window_block);
  g_test_add_func ("/ops/window-block-pool", test_window_block_pool);
  g_test_add_func ("/ops/resize", test_resize);
  g_test_add_func ("/ops/resize-golden", test_resize_golden);
  g_test_add_func ("/ops/activations-golden", test_activations_golden);
  g_test_add_func ("/ops/rows", test_rows);
  g_test_add_func ("/ops/add-upsampled", test_add_upsampled);

  return g_test_run ();
}
