/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Written from the formulas, not from the kernels: one sum per output, double precision, no
 * cleverness. */
#include "tests/lib/ref-kernels.h"

#include <math.h>
#include <stdlib.h>

double
ref_activate (double x, SamAct act)
{
  switch (act)
    {
    case SAM_ACT_RELU:
      return fmax (x, 0);
    case SAM_ACT_RELU6:
      return fmin (fmax (x, 0), 6);
    case SAM_ACT_GELU:
    case SAM_ACT_GELU_ROUGH:
      return x * 0.5 * erfc (-x / sqrt (2));
    case SAM_ACT_SIGMOID:
      return 1 / (1 + exp (-x));
    default:
      return x;
    }
}

void
ref_layer_norm (double      *y,
                const float *x,
                const float *weight,
                const float *bias,
                double       eps,
                size_t       n,
                size_t       c)
{
  for (size_t row = 0; row < n; row++)
    {
      double mean = 0, variance = 0;

      for (size_t i = 0; i < c; i++)
        mean += x[row * c + i] / (double) c;
      for (size_t i = 0; i < c; i++)
        variance += pow (x[row * c + i] - mean, 2) / (double) c;
      for (size_t i = 0; i < c; i++)
        y[row * c + i] = (x[row * c + i] - mean) / sqrt (variance + eps) * weight[i] + bias[i];
    }
}

void
ref_linear (double      *y,
            const float *x,
            const float *w,
            const float *b,
            const float *r,
            size_t       n,
            size_t       in,
            size_t       out,
            SamAct       act)
{
  for (size_t row = 0; row < n; row++)
    for (size_t o = 0; o < out; o++)
      {
        double sum = b != NULL ? b[o] : 0;

        for (size_t i = 0; i < in; i++)
          sum += (double) x[row * in + i] * w[o * in + i];
        y[row * out + o] = ref_activate (sum, act) + (r != NULL ? r[row * out + o] : 0);
      }
}

void
ref_conv2d (double      *y,
            const float *x,
            const float *k,
            const float *b,
            size_t       h,
            size_t       w,
            size_t       in,
            size_t       out,
            size_t       kh,
            size_t       kw,
            size_t       stride,
            size_t       pad,
            SamAct       act)
{
  size_t h2 = (h + 2 * pad - kh) / stride + 1, w2 = (w + 2 * pad - kw) / stride + 1;

  for (size_t i = 0; i < h2; i++)
    for (size_t j = 0; j < w2; j++)
      for (size_t o = 0; o < out; o++)
        {
          double sum = b != NULL ? b[o] : 0;

          for (size_t a = 0; a < kh; a++)
            for (size_t e = 0; e < kw; e++)
              for (size_t c = 0; c < in; c++)
                {
                  long row = (long) (i * stride + a) - (long) pad,
                       column = (long) (j * stride + e) - (long) pad;

                  if (row >= 0 && row < (long) h && column >= 0 && column < (long) w)
                    sum += (double) x[(row * w + column) * in + c] *
                           k[((o * kh + a) * kw + e) * in + c];
                }
          y[(i * w2 + j) * out + o] = ref_activate (sum, act);
        }
}

void
ref_depthwise (double *y, const float *x, const SamDepthwise *d, size_t h, size_t w, SamAct act)
{
  const long   before = (long) d->before, side = (long) d->side;
  const size_t c = d->c, stride = d->stride;
  const size_t h2 = (h + stride - 1) / stride, w2 = (w + stride - 1) / stride;

  for (size_t i = 0; i < h2; i++)
    for (size_t j = 0; j < w2; j++)
      for (size_t o = 0; o < c; o++)
        {
          double sum = d->b != NULL ? d->b[o] : 0;

          for (long a = 0; a < side; a++)
            for (long e = 0; e < side; e++)
              {
                long row = (long) (i * stride) + a - before;
                long column = (long) (j * stride) + e - before;

                if (row >= 0 && row < (long) h && column >= 0 && column < (long) w)
                  sum += (double) x[(row * w + column) * c + o] * d->w[(a * side + e) * c + o];
              }
          y[(i * w2 + j) * c + o] = ref_activate (sum, act);
        }
}

void
ref_conv_transpose2x2 (double      *y,
                       const float *x,
                       const float *k,
                       const float *b,
                       const float *r,
                       size_t       h,
                       size_t       w,
                       size_t       in,
                       size_t       out)
{
  for (size_t i = 0; i < 2 * h; i++)
    for (size_t j = 0; j < 2 * w; j++)
      for (size_t o = 0; o < out; o++)
        {
          size_t at = (i * 2 * w + j) * out + o;
          double sum = (b != NULL ? b[o] : 0) + (r != NULL ? r[at] : 0);

          for (size_t c = 0; c < in; c++)
            sum += (double) x[(i / 2 * w + j / 2) * in + c] *
                   k[((i % 2 * 2 + j % 2) * out + o) * in + c];
          y[at] = sum;
        }
}

void
ref_attention (double *o, const SamAttention *a)
{
  double *p = malloc (a->n_k * sizeof *p);

  for (size_t i = 0; i < a->n_q; i++)
    for (size_t head = 0; head < a->n_heads; head++)
      {
        double  max = -INFINITY, sum = 0;
        size_t  row = head * a->n_q + i;
        double *result = o + (i * a->n_heads + head) * a->d;

        for (size_t j = 0; j < a->n_k; j++)
          {
            p[j] = 0;
            for (size_t d = 0; d < a->d; d++)
              p[j] += (double) a->q[i * a->q_stride + head * a->q_head + d] *
                      a->k[j * a->k_stride + head * a->k_head + d];
            p[j] *= a->scale;
            if (a->rel_h != NULL)
              p[j] += (double) a->rel_h[row * a->key_h + j / a->key_w] +
                      a->rel_w[row * a->key_w + j % a->key_w];
            if (a->bias != NULL)
              p[j] += a->bias[row * a->n_k + j];
            max = fmax (max, p[j]);
          }
        for (size_t j = 0; j < a->n_k; j++)
          sum += p[j] = exp (p[j] - max);
        for (size_t d = 0; d < a->d; d++)
          {
            result[d] = 0;
            for (size_t j = 0; j < a->n_k; j++)
              result[d] += p[j] / sum * a->v[j * a->v_stride + head * a->v_head + d];
          }
      }
  free (p);
}

static double
keys (double d)
{
  const double a = -0.75;

  d = fabs (d);
  return d <= 1  ? (a + 2) * d * d * d - (a + 3) * d * d + 1
         : d < 2 ? a * d * d * d - 5 * a * d * d + 8 * a * d - 4 * a
                 : 0;
}

/* The weight that input column in_j has in output column j. */
static double
resize_weight (size_t j, size_t in_j, size_t in, size_t out, int bicubic)
{
  float  scale = (float) in / (float) out;
  float  at = ((float) j + 0.5f) * scale - 0.5f;
  double weight = 0;

  if (! bicubic && at < 0)
    at = 0;
  for (long tap = (long) floorf (at) - 1; tap <= (long) floorf (at) + 2; tap++)
    {
      long inside = tap < 0 ? 0 : tap >= (long) in ? (long) in - 1 : tap;

      if (inside == (long) in_j)
        weight += bicubic ? keys (at - tap) : fmax (0, 1 - fabs ((double) at - tap));
    }

  return weight;
}

void
ref_resize (double      *y,
            const float *x,
            size_t       h,
            size_t       w,
            size_t       c,
            size_t       h2,
            size_t       w2,
            int          bicubic)
{
  for (size_t i = 0; i < h2; i++)
    for (size_t j = 0; j < w2; j++)
      for (size_t o = 0; o < c; o++)
        {
          double sum = 0;

          for (size_t a = 0; a < h; a++)
            for (size_t e = 0; e < w; e++)
              sum += resize_weight (i, a, h, h2, bicubic) * resize_weight (j, e, w, w2, bicubic) *
                     x[(a * w + e) * c + o];
          y[(i * w2 + j) * c + o] = sum;
        }
}
