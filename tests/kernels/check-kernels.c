/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every kernel at every level that this processor can run, against tests/lib/ref-kernels.c. Sizes
 * lie around the widths of registers (4, 8, 16 floats) and of blocks of four. */
#include "config.h"

#include <float.h>

#include "samcore/kernels/sam-kernels.h"
#include "tests/lib/guarded.h"
#include "tests/lib/ref-kernels.h"

static const size_t sizes[] = { 1,  2,  3,  4,  5,  7,  8,  9,  15,  16,
                                17, 31, 32, 33, 47, 63, 64, 65, 100, 257 };
static const SamAct acts[] = { SAM_ACT_NONE, SAM_ACT_RELU,       SAM_ACT_RELU6,
                               SAM_ACT_GELU, SAM_ACT_GELU_ROUGH, SAM_ACT_SIGMOID };

#define ROUGH 1.3e-4

/* Values where activations and exp change their ways. */
static const float special[] = { 0.0f,  -0.0f,  1e-30f, -1e-30f, 1e-3f, -1e-3f, 0.5f,  -0.5f,
                                 1.0f,  -1.0f,  2.0f,   -2.0f,   3.0f,  -3.0f,  4.5f,  -4.5f,
                                 5.4f,  -5.4f,  6.0f,   -6.0f,   8.0f,  -8.0f,  13.0f, -13.0f,
                                 16.5f, -16.5f, 40.0f,  -40.0f,  86.8f, -86.8f, 87.0f, -87.0f,
                                 89.0f, -89.0f, 1e4f,   -1e4f,   1e30f, -1e30f };

/* The polynomial and exp add some ten roundings to a result of the input's size. A sigmoid's size
 * is 1. */
static void
check_activated (float y, double x, SamAct act, double roundings_of_x)
{
  double size = act == SAM_ACT_SIGMOID ? 1 : fabs (x);

  if (act == SAM_ACT_GELU_ROUGH && fabs (x) < 6)
    g_assert_cmpfloat (fabs (y - ref_activate (x, act)), <=, ROUGH);
  else
    assert_near (y, ref_activate (x, act), 4 + roundings_of_x, size + 1e-37);
}

/* Of values up to 10. */
static double
more_roundings (SamAct act)
{
  return act == SAM_ACT_GELU_ROUGH ? ROUGH / (0x1p-24 * 10) : 0;
}

static void
test_activate (gconstpointer data)
{
  const SamKernels *kernels = data;

  for (size_t a = 0; a < G_N_ELEMENTS (acts); a++)
    {
      for (size_t s = 0; s < G_N_ELEMENTS (sizes); s++)
        {
          size_t n = sizes[s];
          float *x = guarded_input (n, 6);
          float *y = guarded_output (n);

          kernels->activate (y, x, n, acts[a]);
          for (size_t i = 0; i < n; i++)
            check_activated (y[i], x[i], acts[a], 0);
          memcpy (y, x, n * sizeof *y);
          kernels->activate (y, y, n, acts[a]);
          for (size_t i = 0; i < n; i++)
            check_activated (y[i], x[i], acts[a], 0);
          guarded_output_free (y, n);
          g_free (x);
        }
      {
        float y[G_N_ELEMENTS (special)];
        float nan[17], nan_y[17];

        kernels->activate (y, special, G_N_ELEMENTS (special), acts[a]);
        for (size_t i = 0; i < G_N_ELEMENTS (special); i++)
          check_activated (y[i], special[i], acts[a], 0);

        for (int i = 0; i < 17; i++)
          nan[i] = NAN;
        kernels->activate (nan_y, nan, 17, acts[a]);
        for (int i = 0; i < 17; i++)
          g_assert_true (isnan (nan_y[i])); /* what is wrong must not look right */
      }
      kernels->activate (NULL, NULL, 0, acts[a]);
    }
}

/* The whole of GELU's curve, in steps too fine to miss a bump between two others. */
static void
test_gelu_sweep (gconstpointer data)
{
  const SamKernels *kernels = data;
  enum
  {
    N = 4096
  };
  float x[N], y[N];

  for (double from = -14; from < 14; from += 1)
    {
      for (int i = 0; i < N; i++)
        x[i] = (float) (from + i / (double) N);
      kernels->activate (y, x, N, SAM_ACT_GELU);
      for (int i = 0; i < N; i++)
        check_activated (y[i], x[i], SAM_ACT_GELU, 0);
      kernels->activate (y, x, N, SAM_ACT_GELU_ROUGH);
      for (int i = 0; i < N; i++)
        check_activated (y[i], x[i], SAM_ACT_GELU_ROUGH, 0);
    }
}

static void
test_finish (gconstpointer data)
{
  const SamKernels *kernels = data;
  const size_t      n = 3;

  for (size_t s = 0; s < G_N_ELEMENTS (sizes); s++)
    for (int with = 0; with < 4; with++)
      for (size_t a = 0; a < G_N_ELEMENTS (acts); a++)
        {
          size_t c = sizes[s], ld = c + 5, ld_r = c + 2;
          float *x = guarded_input (n * ld, 3);
          float *b = guarded_input (c, 3);
          float *r = guarded_input (n * ld_r, 3);
          float *y = guarded_output (n * ld);

          memcpy (y, x, n * ld * sizeof *y);
          kernels->finish (y, ld, with & 1 ? b : NULL, with & 2 ? r : NULL, ld_r, n, c, acts[a]);
          for (size_t i = 0; i < n * ld; i++)
            {
              size_t row = i / ld, column = i % ld;
              double v, wanted;

              if (column >= c) /* between the rows nothing changes */
                {
                  g_assert_cmpfloat (y[i], ==, x[i]);
                  continue;
                }
              v = x[i] + (with & 1 ? (double) b[column] : 0);
              wanted = ref_activate (v, acts[a]) + (with & 2 ? (double) r[row * ld_r + column] : 0);
              assert_near (y[i], wanted, 8 + more_roundings (acts[a]), 10);
            }
          guarded_output_free (y, n * ld);
          g_free (x);
          g_free (b);
          g_free (r);
        }
}

static void
test_rows (gconstpointer data)
{
  const SamKernels *kernels = data;

  for (size_t s = 0; s < G_N_ELEMENTS (sizes); s++)
    for (size_t n = 0; n < 4; n++)
      {
        size_t c = sizes[s];
        float *x = guarded_input (n * c, 2);
        float *x2 = guarded_input (n * c, 2);
        float *b = guarded_input (c, 2);
        float *y = guarded_output (n * c);
        float *sums = guarded_output (c);

        kernels->add (y, x, x2, n * c);
        for (size_t i = 0; i < n * c; i++)
          assert_near (y[i], (double) x[i] + x2[i], 1, 4);
        memcpy (y, x, n * c * sizeof *y);
        kernels->add (y, y, x2, n * c);
        for (size_t i = 0; i < n * c; i++)
          assert_near (y[i], (double) x[i] + x2[i], 1, 4);

        memcpy (y, x, n * c * sizeof *y);
        kernels->add_product (y, x, x2, n * c);
        for (size_t i = 0; i < n * c; i++)
          assert_near (y[i], x[i] + (double) x[i] * x2[i], 2, 6);

        kernels->add_row (y, x, b, n, c);
        for (size_t i = 0; i < n * c; i++)
          assert_near (y[i], (double) x[i] + b[i % c], 1, 4);
        memcpy (y, x, n * c * sizeof *y);
        kernels->scale_row (y, y, b, n, c);
        for (size_t i = 0; i < n * c; i++)
          assert_near (y[i], (double) x[i] * b[i % c], 1, 4);

        if (n % 2)
          memcpy (y, x, n * c * sizeof *y);
        kernels->scale (y, n % 2 ? y : x, 0.3f, n * c);
        for (size_t i = 0; i < n * c; i++)
          assert_near (y[i], (double) x[i] * 0.3f, 1, 1);

        for (size_t step = 1; step < 3; step++)
          {
            size_t n_rows = (n + step - 1) / step;

            memcpy (sums, b, c * sizeof *sums);
            kernels->sum_rows (sums, x, step * c, n_rows, c);
            for (size_t i = 0; i < c; i++)
              {
                double wanted = b[i];

                for (size_t row = 0; row < n_rows; row++)
                  wanted += x[row * step * c + i];
                assert_near (sums[i], wanted, n_rows, 2 * (n_rows + 1));
              }
          }

        guarded_output_free (y, n * c);
        guarded_output_free (sums, c);
        g_free (x);
        g_free (x2);
        g_free (b);
      }
}

static void
test_layer_norm (gconstpointer data)
{
  const SamKernels *kernels = data;
  const double      scales[] = { 1, 1e-3, 1e4 };
  const double offsets[] = { 0, 100 }; /* a mean far from 0: a variance from squares would cancel */
  const size_t n = 19; /* short ones are as many beside each other as a register takes */

  for (size_t s = 0; s < G_N_ELEMENTS (sizes); s++)
    for (size_t scale = 0; scale < G_N_ELEMENTS (scales); scale++)
      for (size_t offset = 0; offset < G_N_ELEMENTS (offsets); offset++)
        {
          size_t             c = sizes[s];
          float             *x = guarded_input (n * c, scales[scale]);
          float             *weight = guarded_input (c, 1);
          float             *bias = guarded_input (c, 1);
          float             *y = guarded_output (n * c);
          g_autofree double *wanted = g_new (double, n *c);
          double             size = (1 + offsets[offset]) * scales[scale];

          for (size_t i = 0; i < n * c; i++)
            x[i] += (float) (offsets[offset] * scales[scale]);
          ref_layer_norm (wanted, x, weight, bias, 1e-6, n, c);

          for (int in_place = 0; in_place < 2; in_place++)
            {
              if (in_place)
                memcpy (y, x, n * c * sizeof *y);
              kernels->layer_norm (y, in_place ? y : x, weight, bias, 1e-6f, n, c);
              for (size_t row = 0; row < n; row++)
                {
                  double mean = 0, variance = 1e-6, deviation;

                  for (size_t i = 0; i < c; i++)
                    mean += x[row * c + i] / (double) c;
                  for (size_t i = 0; i < c; i++)
                    variance += pow (x[row * c + i] - mean, 2) / (double) c;
                  deviation = sqrt (variance);

                  /* the mean is off by its sum's roundings, of which there are c / 4 in a row at
                   * most (but not fewer than 1), and the differences by as much; divided by the
                   * deviation */
                  for (size_t i = 0; i < c; i++)
                    assert_near (y[row * c + i], wanted[row * c + i], 8 + c / 4.0,
                                 1 + fabs (wanted[row * c + i]) + 2 * size / deviation);
                }
            }
          guarded_output_free (y, n * c);
          g_free (x);
          g_free (weight);
          g_free (bias);
        }
}

static void
test_softmax (gconstpointer data)
{
  const SamKernels *kernels = data;
  const double      scales[] = { 0.1, 5, 80, 3000 };

  for (size_t s = 0; s < G_N_ELEMENTS (sizes); s++)
    for (size_t scale = 0; scale < G_N_ELEMENTS (scales); scale++)
      for (int earlier = 0; earlier < 3; earlier++) /* no, a smaller, a larger maximum so far */
        {
          size_t n = sizes[s];
          float *x = guarded_input (n, scales[scale]);
          float *y = guarded_output (n);
          float  max = earlier == 0   ? -INFINITY
                       : earlier == 1 ? -4000.0f
                                      : (float) scales[scale] + 1;
          double m = max, wanted_sum = 0;
          float  sum;

          memcpy (y, x, n * sizeof *y);
          for (size_t i = 0; i < n; i++)
            m = fmax (m, x[i]);
          sum = kernels->exp_row (y, n, &max);
          g_assert_cmpfloat (max, ==, (float) m);
          for (size_t i = 0; i < n; i++)
            {
              double wanted = exp ((float) (x[i] - (float) m));

              wanted_sum += wanted;
              /* a subnormal result may be 0 */
              assert_near (y[i], wanted, 3, wanted + 0x1p-102);
            }
          assert_near (sum, wanted_sum, 4 + n, wanted_sum + 0x1p-100);
          guarded_output_free (y, n);
          g_free (x);
        }
}

/* Heads in columns, tokens or places in rows. */
static void
test_softmax_columns (gconstpointer data)
{
  const SamKernels *kernels = data;
  const double      scales[] = { 0.1, 5, 80, 3000 };

  for (size_t s = 0; s < G_N_ELEMENTS (sizes); s++)
    for (size_t rows = 1; rows < 12; rows += 2)
      for (size_t scale = 0; scale < G_N_ELEMENTS (scales); scale++)
        {
          size_t n = 3, c = sizes[s];
          float *x = guarded_input (n * rows * c, scales[scale]);
          float *y = guarded_output (n * rows * c);
          float *e = guarded_output (rows * c);
          float *max = guarded_output (c);
          float *sum = guarded_output (c);

          memcpy (y, x, n * rows * c * sizeof *y);
          memcpy (e, x, rows * c * sizeof *e);
          kernels->softmax_columns (y, n, rows, c);
          kernels->exp_columns (e, rows, c, max, sum);
          for (size_t i = 0; i < n; i++)
            for (size_t column = 0; column < c; column++)
              {
                const float *from = x + i * rows * c + column;
                double       m = from[0], total = 0;

                for (size_t row = 1; row < rows; row++)
                  m = fmax (m, from[row * c]);
                for (size_t row = 0; row < rows; row++)
                  total += exp (from[row * c] - m);
                for (size_t row = 0; row < rows; row++)
                  {
                    double wanted = exp (from[row * c] - m);
                    double shift = fabs (from[row * c] -
                                         m); /* one rounding of what e is raised to */

                    assert_near (y[(i * rows + row) * c + column], wanted / total, 8 + rows + shift,
                                 wanted / total + 0x1p-100);
                    if (i == 0)
                      assert_near (e[row * c + column], wanted, 3 + shift, wanted + 0x1p-100);
                  }
                if (i == 0)
                  {
                    g_assert_cmpfloat (max[column], ==, (float) m);
                    assert_near (sum[column], total, 4 + rows, total);
                  }
              }
          guarded_output_free (y, n * rows * c);
          guarded_output_free (e, rows * c);
          guarded_output_free (max, c);
          guarded_output_free (sum, c);
          g_free (x);
        }
}

static void
test_transpose (gconstpointer data)
{
  const SamKernels *kernels = data;

  for (size_t s = 0; s < G_N_ELEMENTS (sizes); s++)
    for (size_t s2 = 0; s2 < G_N_ELEMENTS (sizes); s2++)
      {
        size_t n = sizes[s], c = sizes[s2];
        float *x = guarded_input (n * c, 1);
        float *y = guarded_output (n * c);

        kernels->transpose (y, x, n, c);
        for (size_t i = 0; i < n * c; i++)
          g_assert_cmpfloat (y[i % c * n + i / c], ==, x[i]);
        guarded_output_free (y, n * c);
        g_free (x);
      }
}

static void
test_product (gconstpointer data)
{
  const SamKernels *kernels = data;

  for (size_t s = 0; s < G_N_ELEMENTS (sizes); s++)
    for (size_t n = 1; n < 7; n++)
      {
        size_t             k = sizes[s], m = 1 + (s + 7 * n) % 40, ld = m + 3;
        float             *x = guarded_input (n * k, 1);
        float             *z = guarded_input (m * k, 1);
        float             *y = guarded_output (n * ld);
        g_autofree double *wanted = g_new (double, n *m);

        for (size_t i = 0; i < n * ld; i++)
          y[i] = MARKER;
        kernels->product (y, ld, x, z, n, k, m);
        ref_linear (wanted, x, z, NULL, NULL, n, k, m, SAM_ACT_NONE);
        for (size_t i = 0; i < n * ld; i++)
          if (i % ld < m)
            assert_near (y[i], wanted[i / ld * m + i % ld], 4 + sqrt (k), 1 + sqrt (k));
          else
            g_assert_cmpfloat (y[i], ==, MARKER);
        for (size_t i = 0; i < n * m; i++) /* the same, to the bit, wherever it is */
          {
            float alone;

            kernels->product (&alone, 1, x + i / m * k, z + i % m * k, 1, k, 1);
            g_assert_cmpmem (&alone, sizeof alone, y + i / m * ld + i % m, sizeof alone);
          }
        guarded_output_free (y, n * ld);
        g_free (x);
        g_free (z);
      }
}

static void
test_add_relative (gconstpointer data)
{
  const SamKernels *kernels = data;

  for (size_t s = 0; s < G_N_ELEMENTS (sizes); s++)
    for (size_t key_h = 1; key_h < 4; key_h++)
      {
        size_t key_w = sizes[s];
        float *h = guarded_input (key_h, 2);
        float *w = guarded_input (key_w, 2);
        float *x = guarded_input (key_h * key_w, 2);
        float *y = guarded_output (key_h * key_w);

        memcpy (y, x, key_h * key_w * sizeof *y);
        kernels->add_relative (y, h, w, key_h, key_w);
        for (size_t i = 0; i < key_h * key_w; i++)
          assert_near (y[i], (double) x[i] + h[i / key_w] + w[i % key_w], 2, 6);
        guarded_output_free (y, key_h * key_w);
        g_free (h);
        g_free (w);
        g_free (x);
      }
}

static void
test_likeness (gconstpointer data)
{
  const SamKernels *kernels = data;

  for (size_t s = 0; s < G_N_ELEMENTS (sizes); s++)
    {
      size_t n = sizes[s], ld = n + 5;
      float *a = guarded_input (2 * ld + n, 200), *b = guarded_input (2 * ld + n, 200),
            *y = guarded_output (n);

      kernels->likeness (y, a, b, ld, 1.0f / 800, n);
      for (size_t i = 0; i < n; i++)
        {
          double far = 0;

          for (size_t c = 0; c < 3; c++)
            far += pow ((double) a[c * ld + i] - b[c * ld + i], 2);
          /* a relative error of the exponent is an absolute one of the result's */
          g_assert_cmpfloat (fabs (y[i] - exp (-far / 800)), <=, 1e-6);
        }
      guarded_output_free (y, n);
      g_free (a);
      g_free (b);
    }
}

/* Against the second output row of four rows, whose padding is 1: without @before columns of it the
 * picture begins a column later and ends one earlier, and its first output is the second. */
static void
check_conv_picture (const SamKernels *kernels, size_t out, size_t w, size_t before)
{
  enum
  {
    N_K = 27
  };
  const size_t       ld = (out + SAM_CONV_ALIGN - 1) / SAM_CONV_ALIGN * SAM_CONV_ALIGN;
  const size_t       w2 = (w + 1) / 2, row = 3 * w;
  const size_t       skip = 1 - before, columns = w + 2 * skip, made = (columns + 1) / 2;
  float             *x = guarded_input (3 * row, 1), *k = guarded_input (out * N_K, 1);
  float             *b = guarded_input (out, 1), *y = guarded_output (w2 * out);
  float             *turned = guarded_output (N_K * ld), *padded = guarded_output (ld);
  g_autofree double *wanted = g_new (double, 2 * made * out);
  g_autofree float  *four = g_new0 (float, 4 * 3 * columns);
  const float       *rows[3] = { x, x + row, x + 2 * row };

  memset (turned, 0, N_K * ld * sizeof *turned);
  memset (padded, 0, ld * sizeof *padded);
  memcpy (padded, b, out * sizeof *b);
  for (size_t o = 0; o < out; o++)
    for (size_t i = 0; i < N_K; i++)
      turned[i * ld + o] = k[o * N_K + i];
  kernels->conv_picture (y, rows, turned, padded, w, out, before);

  for (size_t i = 0; i < 3; i++)
    memcpy (four + ((i + 1) * columns + skip) * 3, rows[i], row * sizeof *four);
  ref_conv2d (wanted, four, k, b, 4, columns, 3, out, 3, 3, 2, 1, SAM_ACT_NONE);
  for (size_t i = 0; i < w2 * out; i++)
    assert_near (y[i], wanted[(made + skip) * out + i], 4 + sqrt (N_K), 3 + sqrt (N_K));

  guarded_output_free (y, w2 * out);
  guarded_output_free (turned, N_K * ld);
  guarded_output_free (padded, ld);
  g_free (x);
  g_free (k);
  g_free (b);
}

static void
test_conv_picture (gconstpointer data)
{
  static const size_t outs[] = { 1, 3, 8, 16, 17, 24, 32, 40 };

  for (size_t s = 0; s < G_N_ELEMENTS (outs); s++)
    for (size_t w = 1; w < 60; w += w < 20 ? 1 : 7)
      for (size_t before = 0; before < 2; before++)
        check_conv_picture (data, outs[s], w, before);
}

/* A row of the third output row's: it has all of its input rows whatever the padding is. */
static void
check_depthwise (const SamKernels *kernels, SamDepthwise d, size_t w, SamAct act)
{
  const size_t       w2 = (w + d.stride - 1) / d.stride;
  const size_t       n = w2 * d.c, row = w * d.c;
  const size_t       top = 2 * d.stride - d.before, h = top + d.side;
  const double       roundings = d.side * d.side;
  float             *x = guarded_input (d.side * row, 1);
  float             *k = guarded_input (d.side * d.side * d.c, 1);
  float             *b = guarded_input (d.c, 1);
  float             *y = guarded_output (n);
  g_autofree float  *map = g_new0 (float, h *row);
  g_autofree double *wanted = g_new (double, (h + d.stride - 1) / d.stride * n);
  const float       *rows[5];

  d.w = k;
  d.b = b;
  for (size_t tap = 0; tap < d.side; tap++)
    rows[tap] = x + tap * row;
  memcpy (map + top * row, x, d.side * row * sizeof *x);

  kernels->depthwise (y, rows, &d, w, act);
  ref_depthwise (wanted, map, &d, h, w, act);
  for (size_t i = 0; i < n; i++)
    assert_near (y[i], wanted[2 * n + i], roundings + 5 + more_roundings (act), roundings + 1);

  guarded_output_free (y, n);
  g_free (x);
  g_free (k);
  g_free (b);
}

static void
test_depthwise (gconstpointer data)
{
  static const size_t kinds[][3] = {
    /* side, stride, before */
    { 3, 1, 1 }, { 3, 2, 1 }, { 3, 2, 0 }, { 5, 1, 2 }, { 5, 2, 2 }, { 5, 2, 1 },
  };

  for (size_t s = 0; s < G_N_ELEMENTS (sizes) - 3; s++)
    for (size_t w = 1; w < 16; w++)
      for (size_t i = 0; i < G_N_ELEMENTS (kinds); i++)
        check_depthwise (data,
                         (SamDepthwise) { .c = sizes[s],
                                          .side = kinds[i][0],
                                          .stride = kinds[i][1],
                                          .before = kinds[i][2] },
                         w, acts[(w + s + i) % G_N_ELEMENTS (acts)]);
}

static void
test_blend (gconstpointer data)
{
  const SamKernels *kernels = data;

  for (size_t n_taps = 2; n_taps <= 4; n_taps += 2)
    for (size_t s = 0; s < G_N_ELEMENTS (sizes); s++)
      {
        size_t n = sizes[s];
        float *x[4] = {
          NULL,
        };
        const float *from[4];
        float       *f = guarded_input (n_taps, 1);
        float       *y = guarded_output (n);

        for (size_t t = 0; t < n_taps; t++)
          from[t] = x[t] = guarded_input (n, 1);
        kernels->blend (y, from, f, n_taps, n);
        for (size_t i = 0; i < n; i++)
          {
            double wanted = 0;

            for (size_t t = 0; t < n_taps; t++)
              wanted += (double) f[t] * x[t][i];
            assert_near (y[i], wanted, n_taps, n_taps);
          }
        guarded_output_free (y, n);
        for (size_t t = 0; t < n_taps; t++)
          g_free (x[t]);
        g_free (f);

        for (size_t c = 1; c < 20; c += 3)
          {
            const size_t         w = 7;
            g_autofree uint32_t *i = g_new (uint32_t, n_taps *n);
            float               *x2 = guarded_input (w * c, 1);

            f = guarded_input (n_taps * n, 1);
            y = guarded_output (n * c);
            for (size_t j = 0; j < n_taps * n; j++)
              i[j] = g_test_rand_int_range (0, w);
            kernels->blend_columns (y, x2, i, f, n_taps, n, c);
            for (size_t j = 0; j < n * c; j++)
              {
                double wanted = 0;

                for (size_t t = 0; t < n_taps; t++)
                  wanted += (double) f[t * n + j / c] * x2[i[t * n + j / c] * c + j % c];
                assert_near (y[j], wanted, n_taps, n_taps);
              }
            guarded_output_free (y, n * c);
            g_free (x2);
            g_free (f);
          }
      }
}

/* Bytes with markers around them. */
static uint8_t *
byte_output (size_t n)
{
  uint8_t *bytes = g_malloc (n + 2 * GUARD);

  memset (bytes, 0xa5, n + 2 * GUARD);
  return bytes + GUARD;
}

static void
byte_output_free (uint8_t *y, size_t n)
{
  for (int i = 1; i <= GUARD; i++)
    {
      g_assert_cmpuint (y[-i], ==, 0xa5);
      g_assert_cmpuint (y[n + i - 1], ==, 0xa5);
    }
  g_free (y - GUARD);
}

static void
check_count (const SamKernels *kernels, const float *x, size_t n)
{
  for (float threshold = -1; threshold <= 1; threshold += 0.5f)
    {
      size_t count = 0;

      for (size_t i = 0; i < n; i++)
        count += x[i] > threshold;
      g_assert_cmpuint (kernels->count_above (x, threshold, n), ==, count);
    }
}

static void
test_edges (gconstpointer data)
{
  static const float steep[] = { 0, 1e-3, 1, 40 }; /* how strong the noise on a ramp is */
  const SamKernels  *kernels = data;

  for (size_t s = 0; s < G_N_ELEMENTS (sizes); s++)
    for (size_t k = 0; k < G_N_ELEMENTS (steep); k++)
      {
        size_t   n = sizes[s];
        float   *rows[3];
        uint8_t *hard = byte_output (n), *soft = byte_output (n);

        for (int r = 0; r < 3; r++)
          {
            rows[r] = guarded_input (n, steep[k]);
            for (size_t i = 0; i < n; i++)
              rows[r][i] += k == 0 ? 0 : 0.3f * ((float) i - (float) n / 2) + 0.2f * r;
          }
        if (n > 4)
          rows[1][n / 2] = NAN;
        kernels->edge_hard (hard, rows[1], 0, n);
        check_count (kernels, rows[1], n);
        kernels->edge_smooth (soft, rows[0], rows[1], rows[2], 0.5f, n);
        for (size_t i = 0; i < n; i++)
          {
            size_t left = i > 0 ? i - 1 : 0, right = MIN (i + 1, n - 1);
            double dx = right > left
                          ? ((double) rows[1][right] - rows[1][left]) / (double) (right - left)
                          : 0;
            double dy = ((double) rows[2][i] - rows[0][i]) / 2, slope = hypot (dx, dy);
            double part = 255 * (rows[1][i] / slope + 0.5);

            g_assert_cmpuint (hard[i], ==, rows[1][i] > 0 ? 255 : 0);
            g_assert_cmpint (soft[i] >= 128, ==, rows[1][i] > 0);
            if (isnan (rows[1][i]) || (slope == 0 && ! (rows[1][i] > 0)))
              g_assert_cmpuint (soft[i], ==, 0);
            else if (slope == 0)
              g_assert_cmpuint (soft[i], ==, 255);
            else if (! isnan (slope)) /* one off: the other side of a rounding, or of 128 */
              g_assert_cmpfloat_with_epsilon (soft[i], CLAMP (part, 0, 255), 1.01);
          }
        byte_output_free (hard, n);
        byte_output_free (soft, n);
        for (int r = 0; r < 3; r++)
          g_free (rows[r]);
      }
}

static void
test_correlate (gconstpointer data)
{
  const SamKernels *kernels = data;

  for (size_t s = 0; s < G_N_ELEMENTS (sizes); s++)
    for (size_t n_weights = 1; n_weights < 40; n_weights += 6)
      for (int columns = 0; columns < 2; columns++)
        {
          size_t n = sizes[s], step = columns ? n : 1;
          float *x = guarded_input ((n_weights - 1) * step + n, 1);
          float *w = guarded_input (n_weights, 1);
          float *y = guarded_output (n);

          kernels->correlate (y, x, w, n_weights, step, n);
          for (size_t i = 0; i < n; i++)
            {
              double wanted = 0;

              for (size_t k = 0; k < n_weights; k++)
                wanted += (double) w[k] * x[k * step + i];
              assert_near (y[i], wanted, n_weights, n_weights);
            }
          guarded_output_free (y, n);
          g_free (x);
          g_free (w);
        }
}

static float
to_bf16 (float x)
{
  uint32_t i;

  memcpy (&i, &x, 4);
  i = (i + 0x7fff + (i >> 16 & 1)) & 0xffff0000u;
  memcpy (&x, &i, 4);
  return x;
}

/* c = a b or c += a b, a: [m, lda]  b: [n, ldb] or [k, ldb]  c: [m, ldc], all of them packed
 *                                   first */
static void
multiply_packed (const SamGemm *gemm,
                 float         *c,
                 size_t         ldc,
                 const float   *a,
                 size_t         lda,
                 const float   *b,
                 size_t         ldb,
                 gboolean       transposed,
                 size_t         m,
                 size_t         n,
                 size_t         k,
                 gboolean       add)
{
  size_t n_floats = sam_panels_bytes (gemm, n, k) / sizeof (float),
         n_bytes = sam_strips_bytes (gemm, m, k);
  float *panels = guarded_output (n_floats);
  float *strips = g_aligned_alloc (n_bytes, 1, 64);

  memset (strips, 0xff, n_bytes); /* NaNs in rows that are not there */
  for (size_t row = 0; row < m; row++)
    gemm->pack_row (sam_packed_row (gemm, strips, row, k), a + row * lda, k);
  gemm->pack_columns (panels, b, ldb, transposed, n, k);
  gemm->gemm (c, ldc, strips, panels, m, n, k, add);

  guarded_output_free (panels, n_floats);
  g_aligned_free (strips);
}

/* Row i of a and column j of b, what was at their place before, and what is there now. */
typedef void (*CheckSum) (const SamGemm *gemm,
                          const float   *a,
                          const float   *b,
                          size_t         step_b,
                          size_t         k,
                          double         before,
                          float          now);

static void
check_any (CheckSum       check,
           const SamGemm *gemm,
           size_t         m,
           size_t         n,
           size_t         k,
           gboolean       transposed,
           gboolean       add)
{
  size_t lda = k + 3, ldb = (transposed ? k : n) + 2, ldc = n + 1;
  float *a = guarded_input (m * lda, 1), *b = guarded_input ((transposed ? n : k) * ldb, 1);
  float *c = guarded_output (m * ldc), *before = guarded_input (m * ldc, 1);

  memcpy (c, before, m * ldc * sizeof *c);
  multiply_packed (gemm, c, ldc, a, lda, b, ldb, transposed, m, n, k, add);

  for (size_t i = 0; i < m; i++)
    {
      for (size_t j = 0; j < n; j++)
        check (gemm, a + i * lda, transposed ? b + j * ldb : b + j, transposed ? 1 : ldb, k,
               add ? before[i * ldc + j] : 0, c[i * ldc + j]);
      g_assert_cmpfloat (c[i * ldc + n], ==, before[i * ldc + n]);
    }

  guarded_output_free (c, m * ldc);
  g_free (a);
  g_free (b);
  g_free (before);
}

/* Products of values below 1 have the deviation 1/3; the sum's grows as the square root. */
static void
check_f32_sum (const SamGemm *gemm G_GNUC_UNUSED,
               const float        *a,
               const float        *b,
               size_t              step_b,
               size_t              k,
               double              before,
               float               now)
{
  double wanted = before;

  for (size_t p = 0; p < k; p++)
    wanted += (double) a[p] * b[p * step_b];
  assert_near (now, wanted, 4 + sqrt (k), 3 + sqrt (k));
}

static void
check_f32 (const SamGemm *gemm, size_t m, size_t n, size_t k, gboolean transposed, gboolean add)
{
  check_any (check_f32_sum, gemm, m, n, k, transposed, add);
}

static void
check_bf16_sum (const SamGemm *gemm G_GNUC_UNUSED,
                const float        *a,
                const float        *b,
                size_t              step_b,
                size_t              k,
                double              before,
                float               now)
{
  double wanted = before;

  for (size_t p = 0; p < k; p++)
    wanted += (double) to_bf16 (a[p]) * to_bf16 (b[p * step_b]);
  assert_near (now, wanted, 4 + sqrt (k), 3 + sqrt (k));
}

static void
check_bf16 (const SamGemm *gemm, size_t m, size_t n, size_t k, gboolean transposed, gboolean add)
{
  check_any (check_bf16_sum, gemm, m, n, k, transposed, add);
}

typedef void (*CheckGemm) (const SamGemm *gemm,
                           size_t         m,
                           size_t         n,
                           size_t         k,
                           gboolean       transposed,
                           gboolean       add);

/* A row comes out the same, to the bit, wherever it is: how products are cut does not change what
 * they are. */
static void
check_places (const SamGemm *gemm, size_t m, size_t n, size_t k, gboolean transposed, gboolean add)
{
  size_t ldb = transposed ? k : n;
  float *a = guarded_input (m * k, 1), *b = guarded_input (n * k, 1),
        *before = guarded_input (m * n, 1);
  float *c = guarded_output (m * n), *row = guarded_output (n);

  memcpy (c, before, m * n * sizeof *c);
  multiply_packed (gemm, c, n, a, k, b, ldb, transposed, m, n, k, add);
  for (size_t i = 0; i < m; i++)
    {
      memcpy (row, before + i * n, n * sizeof *row);
      multiply_packed (gemm, row, n, a + i * k, k, b, ldb, transposed, 1, n, k, add);
      g_assert_cmpmem (row, n * sizeof *row, c + i * n, n * sizeof *c);
    }

  guarded_output_free (c, m * n);
  guarded_output_free (row, n);
  g_free (a);
  g_free (b);
  g_free (before);
}

/* Sizes around those of tiles, lines and parts of k. */
static void
for_gemm_sizes (CheckGemm check, const SamGemm *gemm)
{
  static const size_t ks[] = {
    1, 2, 15, 16, 17, 31, 32, 33, 100, 255, 256, 257, 511, 513, 800, 1025
  };

  for (size_t m = 1; m < 70; m += m < 34 ? 1 : 11)
    check (gemm, m, 1 + m * 7 % 70, 1 + m * 5 % 40, m % 2, m % 3 == 0);
  for (size_t n = 1; n < 70; n++)
    check (gemm, 5 + n % 30, n, 20, n % 2, n % 3 == 0);
  for (size_t i = 0; i < G_N_ELEMENTS (ks); i++)
    for (int how = 0; how < 4; how++)
      check (gemm, 17, 37, ks[i], how & 1, how & 2);
  check (gemm, 66, 64, 96, TRUE, TRUE);
}

static void
test_gemm (gconstpointer data)
{
  const SamKernels *kernels = data;

  for_gemm_sizes (check_f32, kernels->f32);
  for_gemm_sizes (check_places, kernels->f32);
  if (kernels->bf16 != NULL)
    {
      for_gemm_sizes (check_bf16, kernels->bf16);
      for_gemm_sizes (check_places, kernels->bf16);
    }
}

/* A row and a column of whole numbers that are their own bytes: the ends of the range lie in each
 * part of k. */
static void
make_whole_row (const SamGemm *gemm, float *a, size_t k, gboolean extreme)
{
  int row_least = extreme ? 0 : g_test_rand_int_range (-255, 1);

  for (size_t p = 0; p < k; p++)
    {
      size_t at = p % gemm->part;
      int    least = at == 0 && p + 1 == k ? 0 : row_least;

      a[p] = (float) (at == 0 || extreme ? least + 255
                      : at == 1          ? least
                                         : g_test_rand_int_range (least, least + 256));
    }
}

static void
make_whole_column (const SamGemm *gemm, float *b, size_t step, size_t k, int end, gboolean extreme)
{
  for (size_t p = 0; p < k; p++)
    b[p * step] = (float) (p % gemm->part == 0 || extreme
                             ? end
                             : g_test_rand_int_range (-gemm->largest, gemm->largest + 1));
}

/* Exact, also for the last row and the last columns, which are nothing but ends: what would
 * overflow first. */
static void
check_whole (const SamGemm *gemm, size_t m, size_t n, size_t k, gboolean transposed, gboolean add)
{
  size_t            ldb = transposed ? k : n;
  g_autofree float *a = g_new (float, m *k), *b = g_new (float, n *k);
  float            *before = guarded_input (m * n, 1);
  float            *c = guarded_output (m * n);

  for (size_t i = 0; i < m; i++)
    make_whole_row (gemm, a + i * k, k, i + 1 == m);
  for (size_t j = 0; j < n; j++)
    make_whole_column (gemm, transposed ? b + j * k : b + j, transposed ? 1 : n, k,
                       j % 2 == 0 ? gemm->largest : -gemm->largest, j + 2 >= n);
  memcpy (c, before, m * n * sizeof *c);

  multiply_packed (gemm, c, n, a, k, b, ldb, transposed, m, n, k, add);

  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < n; j++)
      {
        float wanted = add ? before[i * n + j] : 0;

        for (size_t first = 0; first < k;
             first += gemm->part) /* a part is exact, their sum a sum of floats */
          {
            int sum = 0;

            for (size_t p = first; p < MIN (k, first + gemm->part); p++)
              sum += (int) a[i * k + p] * (int) b[transposed ? j * k + p : p * n + j];
            wanted += (float) sum;
          }
        g_assert_cmpfloat (c[i * n + j], ==, wanted);
      }
  guarded_output_free (c, m * n);
  g_free (before);
}

/* Any numbers: each is wrong by half a step at most. */
static void
check_int8_sum (const SamGemm *gemm,
                const float   *a,
                const float   *b,
                size_t         step_b,
                size_t         k,
                double         before,
                float          now)
{
  double wanted = before, error = 1e-6;

  for (size_t first = 0; first < k; first += gemm->part)
    {
      size_t end = MIN (k, first + gemm->part);
      double low = 0, high = 0, most = 0, half_a, half_b;

      for (size_t p = first; p < end; p++)
        {
          low = MIN (low, a[p]);
          high = MAX (high, a[p]);
          most = MAX (most, fabs (b[p * step_b]));
        }
      half_a = 0.501 * (high - low) / 255; /* 0.001: the roundings on the way to a byte */
      half_b = 0.501 * most / gemm->largest;
      for (size_t p = first; p < end; p++)
        {
          double x = a[p], y = b[p * step_b];

          wanted += x * y;
          error += fabs (x) * half_b + fabs (y) * half_a + half_a * half_b;
        }
    }
  g_assert_cmpfloat (fabs (now - wanted), <=, error);
}

static void
check_int8 (const SamGemm *gemm, size_t m, size_t n, size_t k, gboolean transposed, gboolean add)
{
  check_any (check_int8_sum, gemm, m, n, k, transposed, add);
}

static void
test_gemm_int8 (gconstpointer data)
{
  const SamGemm     *gemm = ((const SamKernels *) data)->int8;
  static const float odd[] = { NAN, INFINITY, -INFINITY, 1e-38f, 0, 3e38f };

  for_gemm_sizes (check_whole, gemm);
  for_gemm_sizes (check_int8, gemm);
  for_gemm_sizes (check_places, gemm);

  /* what is wrong must not look right, what is nearly nothing is nothing */
  for (size_t i = 0; i < G_N_ELEMENTS (odd); i++)
    {
      float a[70] = { 1 }, b[70], c;

      for (size_t p = 0; p < 70; p++)
        b[p] = 1;
      a[0] = odd[i] < 1e-30f ? 0 : 1;
      a[69] = odd[i];
      multiply_packed (gemm, &c, 1, a, 70, b, 70, TRUE, 1, 1, 70, FALSE);
      if (isfinite (odd[i]))
        g_assert_cmpfloat (fabs (c - a[0] - a[69]), <=, 70 * (a[0] + a[69]) / 255 + 1e-30);
      else
        g_assert_true (isnan (c));
    }
}

/* Whole numbers: exactly the sums, whatever lies beside the bytes that count. */
static void
check_correlate_bytes (const SamKernels *kernels, size_t n_taps, size_t step, size_t n)
{
  enum
  {
    BITS = 22
  };
  size_t              n_in = (n_taps - 1) * step + n;
  g_autofree uint8_t *x = g_malloc (n_in);
  g_autofree int32_t *taps = g_new (int32_t, n_taps);
  uint8_t            *y = byte_output (n);

  for (size_t i = 0; i < n_in; i++)
    x[i] = (uint8_t) g_test_rand_int_range (0, 256);
  for (size_t k = 0; k < n_taps; k++)
    taps[k] = g_test_rand_int_range (-(1 << BITS) / 8, (1 << BITS) / 4);
  if (n_taps == 1)
    taps[0] = 1 << BITS;

  kernels->correlate_bytes (y, x, taps, n_taps, step, BITS, n);
  for (size_t i = 0; i < n; i++)
    {
      gint64 wanted = 1 << (BITS - 1);

      for (size_t k = 0; k < n_taps; k++)
        wanted += (gint64) x[k * step + i] * taps[k];
      g_assert_cmpint (y[i], ==, CLAMP (wanted >> BITS, 0, 255));
    }
  byte_output_free (y, n);
}

static void
check_filter_rows (const SamKernels *kernels, size_t n_rows, size_t n)
{
  enum
  {
    BITS = 22,
    WIDTH = 16,
    N_IN = 40
  };
  size_t              ld_x = 3 * N_IN + n_rows % 2, ld_y = 3 * n + n_rows % 3;
  g_autofree size_t  *first = g_new (size_t, n), *count = g_new (size_t, n);
  g_autofree int16_t *taps = g_new0 (int16_t, 2 * n * WIDTH);
  g_autofree uint8_t *x = g_malloc ((n_rows - 1) * ld_x + 3 * N_IN);
  size_t              n_y = (n_rows - 1) * ld_y + 3 * n;
  uint8_t            *y = byte_output (n_y);

  for (size_t i = 0; i < (n_rows - 1) * ld_x + 3 * N_IN; i++)
    x[i] = (uint8_t) g_test_rand_int_range (0, 256);
  for (size_t j = 0; j < n; j++)
    {
      count[j] = (size_t) g_test_rand_int_range (1, WIDTH + 1);
      first[j] = j % 3 == 0 ? N_IN - count[j]
                            : (size_t) g_test_rand_int_range (0, (int) (N_IN - count[j] + 1));
      for (size_t k = 0; k < count[j]; k++)
        {
          int32_t tap = count[j] == 1 ? 1 << BITS
                                      : g_test_rand_int_range (-(1 << BITS) / 8, (1 << BITS) / 4);

          taps[2 * j * WIDTH + k] = tap & ((1 << SAM_TAP_BITS) - 1);
          taps[(2 * j + 1) * WIDTH + k] = tap >> SAM_TAP_BITS;
        }
    }

  kernels->filter_rows (y, ld_y, x, ld_x, first, count, taps, WIDTH, BITS, n_rows, N_IN, n);
  for (size_t row = 0; row < n_rows; row++)
    {
      for (size_t i = 0; i < 3 * n; i++)
        {
          size_t j = i / 3;
          gint64 wanted = 1 << (BITS - 1);

          for (size_t k = 0; k < count[j]; k++)
            wanted += (gint64) x[row * ld_x + 3 * (first[j] + k) + i % 3] *
                      (taps[2 * j * WIDTH + k] +
                       (gint64) taps[(2 * j + 1) * WIDTH + k] * (1 << SAM_TAP_BITS));
          g_assert_cmpint (y[row * ld_y + i], ==, CLAMP (wanted >> BITS, 0, 255));
        }
      for (size_t i = 3 * n; i < ld_y && row + 1 < n_rows; i++)
        g_assert_cmpint (y[row * ld_y + i], ==, 0xa5);
    }
  byte_output_free (y, n_y);
}

static void
test_bytes (gconstpointer data)
{
  const SamKernels *kernels = data;

  for (size_t s = 0; s < G_N_ELEMENTS (sizes); s++)
    {
      size_t              n = sizes[s];
      g_autofree uint8_t *x = g_malloc (n);
      float              *y = guarded_output (n);

      for (size_t n_rows = 1; n_rows < 10; n_rows++)
        check_filter_rows (kernels, n_rows, n);
      for (size_t n_taps = 1; n_taps < 14; n_taps++)
        {
          check_correlate_bytes (kernels, n_taps, n, n);
          check_correlate_bytes (kernels, n_taps, 3, n);
        }

      for (size_t i = 0; i < n; i++)
        x[i] = (uint8_t) g_test_rand_int_range (0, 256);
      kernels->widen_bytes (y, x, n);
      for (size_t i = 0; i < n; i++)
        g_assert_cmpfloat (y[i], ==, x[i]);
      guarded_output_free (y, n);
    }
}

static void
test_normalise (gconstpointer data)
{
  static const float mean[3] = { 123.675f, 116.28f, 103.53f };
  static const float std[3] = { 58.395f, 57.12f, 57.375f };
  const SamKernels  *kernels = data;

  for (size_t s = 0; s < G_N_ELEMENTS (sizes); s++)
    for (int in_place = 0; in_place < 2; in_place++)
      {
        size_t n = 3 * sizes[s];
        float *x = guarded_input (n, 255);
        float *y = guarded_output (n);

        if (in_place)
          memcpy (y, x, n * sizeof *y);
        kernels->normalise (y, in_place ? y : x, mean, std, sizes[s]);
        for (size_t i = 0; i < n; i++)
          assert_near (y[i], ((double) x[i] - mean[i % 3]) / std[i % 3], 6, 2);
        guarded_output_free (y, n);
        g_free (x);
      }
}

/* Not even one value that is no number is missed, wherever it is, and what is one is never taken
 * for none. */
static void
test_finite (gconstpointer data)
{
  static const float wrong[] = { NAN, -NAN, INFINITY, -INFINITY };
  const SamKernels  *kernels = data;

  g_assert_true (kernels->all_finite (NULL, 0));
  for (size_t s = 0; s < G_N_ELEMENTS (sizes); s++)
    {
      size_t n = sizes[s];
      float *x = guarded_input (n, 3e38);

      x[n / 2] = FLT_MAX;
      g_assert_true (kernels->all_finite (x, n));
      for (size_t i = 0; i < n; i++)
        {
          float right = x[i];

          x[i] = wrong[i % G_N_ELEMENTS (wrong)];
          g_assert_false (kernels->all_finite (x, n));
          x[i] = right;
        }
      g_free (x);
    }
}

/* What @half means, from the format's definition. */
static double
half_value (uint16_t half)
{
  int    exponent = half >> 10 & 31;
  double fraction = (half & 1023) / 1024.0;
  double value = exponent == 0 ? ldexp (fraction, -14) : ldexp (1 + fraction, exponent - 15);

  if (exponent == 31)
    value = fraction > 0 ? NAN : INFINITY;
  return half >> 15 ? -value : value;
}

static void
test_widen (gconstpointer data)
{
  const SamKernels *kernels = data;
  enum
  {
    N = 65536
  };
  g_autofree uint8_t *bytes = g_malloc (2 * N + 1);
  float              *f16 = guarded_output (N), *bf16 = guarded_output (N);

  for (uint32_t i = 0; i < N; i++)
    {
      uint16_t bits = (uint16_t) i;

      memcpy (bytes + 1 + 2 * i, &bits, 2); /* at an odd address */
    }
  kernels->widen_f16 (f16, bytes + 1, N);
  kernels->widen_bf16 (bf16, bytes + 1, N);
  for (uint32_t i = 0; i < N; i++)
    {
      uint32_t bits;

      if (isnan (half_value (i)))
        g_assert_true (isnan (f16[i]));
      else
        g_assert_true (f16[i] == half_value (i) && ! signbit (f16[i]) == ! (i >> 15));
      memcpy (&bits, bf16 + i, sizeof bits);
      g_assert_cmphex (bits, ==, i << 16);
    }
  for (size_t s = 0; s < G_N_ELEMENTS (sizes); s++)
    {
      float *y = guarded_output (sizes[s]);

      kernels->widen_f16 (y, bytes + 1, sizes[s]);
      kernels->widen_bf16 (y, bytes + 1, sizes[s]);
      guarded_output_free (y, sizes[s]);
    }
  guarded_output_free (f16, N);
  guarded_output_free (bf16, N);
}

/* SAM_CPU picks a level that the processor has, and nothing else. */
static void
test_level (void)
{
  const char *wanted = g_getenv ("SAM_CPU");
  const char *best = NULL;

  for (size_t i = 0; sam_kernels_level (i) != NULL; i++)
    {
      best = sam_kernels_level (i)->name;
      if (g_strcmp0 (best, wanted) == 0)
        break;
    }
  g_assert_cmpstr (sam_kernels ()->name, ==, best);
  g_test_message ("level %s", best);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char   *name;
    GTestDataFunc test;
  } tests[] = {
    { "activate", test_activate },
    { "gelu", test_gelu_sweep },
    { "finish", test_finish },
    { "rows", test_rows },
    { "layer-norm", test_layer_norm },
    { "softmax", test_softmax },
    { "add-relative", test_add_relative },
    { "likeness", test_likeness },
    { "conv-picture", test_conv_picture },
    { "depthwise", test_depthwise },
    { "blend", test_blend },
    { "edges", test_edges },
    { "correlate", test_correlate },
    { "softmax-columns", test_softmax_columns },
    { "transpose", test_transpose },
    { "product", test_product },
    { "gemm", test_gemm },
    { "gemm-int8", test_gemm_int8 },
    { "bytes", test_bytes },
    { "normalise", test_normalise },
    { "finite", test_finite },
    { "widen", test_widen },
  };

  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/kernels/level", test_level);
  for (size_t level = 0; sam_kernels_level (level) != NULL; level++)
    for (size_t i = 0; i < G_N_ELEMENTS (tests); i++)
      {
        const SamKernels *kernels = sam_kernels_level (level);
        g_autofree char  *path = g_strdup_printf ("/kernels/%s/%s", tests[i].name, kernels->name);

        g_test_add_data_func (path, kernels, tests[i].test);
      }

  return g_test_run ();
}
