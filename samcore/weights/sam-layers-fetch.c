/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Layers made of a checkpoint's tensors.
 *
 *   fetch ──▶ batch norm folded ──▶ order of sam-ops.h ──▶ matrix */
#include "samcore/weights/sam-layers-fetch.h"

#include <math.h>

#include "samcore/weights/sam-weights-private.h"

#define BATCH_NORM_EPS 1e-5

static float *
fetch_part (SamWeights   *weights,
            int           rank,
            const size_t *shape,
            SamFetchMode  mode,
            const char   *layer,
            const char   *part)
{
  return sam_weights_fetch_as (weights, mode, rank, shape, sam_prefix ("%s%s", layer, part).text);
}

/* rank 2: [out, in] in the file, 4: [out, in, 1, 1] */
static void
linear (SamWeights *weights,
        SamLinear  *layer,
        int         rank,
        size_t      in,
        size_t      out,
        SamBias     bias,
        const char *name)
{
  const size_t shape[4] = { out, in, 1, 1 };
  SamFetchMode mode = sam_weights_looks_later (weights) ? SAM_FETCH_ANY_LATER : SAM_FETCH_ANY;
  const float *w = fetch_part (weights, rank, shape, mode, name, ".weight");

  layer->in = in;
  layer->out = out;
  layer->m = sam_weights_add_matrix (weights, w, out, in);
  layer->b = bias ? fetch_part (weights, 1, &out, SAM_FETCH_ANY, name, ".bias") : NULL;
  if (mode == SAM_FETCH_ANY_LATER && layer->m != NULL)
    sam_weights_add_unseen (weights, layer->m, sam_prefix ("%s.weight", name).text);
}

void
sam_weights_linear (SamWeights *weights,
                    SamLinear  *layer,
                    size_t      in,
                    size_t      out,
                    SamBias     bias,
                    const char *name)
{
  linear (weights, layer, 2, in, out, bias, name);
}

void
sam_weights_conv1x1 (SamWeights *weights,
                     SamLinear  *layer,
                     size_t      in,
                     size_t      out,
                     SamBias     bias,
                     const char *name)
{
  linear (weights, layer, 4, in, out, bias, name);
}

void
sam_weights_linear_take (SamWeights  *weights,
                         SamLinear   *layer,
                         size_t       in,
                         size_t       out,
                         const float *w,
                         const float *b)
{
  *layer = (SamLinear) { sam_weights_add_matrix (weights, w, out, in), b, in, out };
}

/* [out, in, k, k] ──▶ [out, k, k, in] */
static float *
convolution_order (SamWeights *weights, const float *kernel, size_t out, size_t in, size_t k)
{
  size_t area = k * k;
  float *ordered = kernel != NULL ? sam_weights_alloc (weights, out * area * in) : NULL;

  if (ordered == NULL)
    return NULL;

  for (size_t o = 0; o < out; o++)
    for (size_t i = 0; i < in; i++)
      for (size_t p = 0; p < area; p++)
        ordered[(o * area + p) * in + i] = kernel[(o * in + i) * area + p];

  return ordered;
}

/* Takes the kernel, in the file's order, away. */
static void
conv_take (SamWeights  *weights,
           SamConv     *layer,
           const float *kernel_values,
           size_t       in,
           size_t       out,
           size_t       kernel,
           size_t       stride,
           size_t       pad)
{
  const float *ordered = convolution_order (weights, kernel_values, out, in, kernel);

  sam_weights_release (weights, kernel_values, out * in * kernel * kernel);
  *layer = (SamConv) { sam_weights_add_matrix (weights, ordered, out, kernel * kernel * in),
                       NULL,
                       in,
                       out,
                       kernel,
                       stride,
                       pad };
}

void
sam_weights_conv (SamWeights *weights,
                  SamConv    *layer,
                  size_t      in,
                  size_t      out,
                  size_t      kernel,
                  size_t      stride,
                  size_t      pad,
                  SamBias     bias,
                  const char *name)
{
  const size_t shape[4] = { out, in, kernel, kernel };
  const float *w;

  w = fetch_part (weights, 4, shape, SAM_FETCH_ANY, name, ".weight");
  conv_take (weights, layer, w, in, out, kernel, stride, pad);
  layer->b = bias ? fetch_part (weights, 1, &out, SAM_FETCH_ANY, name, ".bias") : NULL;
}

void
sam_weights_conv_transpose (SamWeights       *weights,
                            SamConvTranspose *layer,
                            size_t            in,
                            size_t            out,
                            const char       *name)
{
  const size_t shape[4] = { in, out, 2, 2 };
  const float *w;
  float       *ordered = NULL;

  /* [in, out, 2, 2] ──▶ [2, 2, out, in]; a transposed convolution has its input first */
  w = fetch_part (weights, 4, shape, SAM_FETCH_ANY, name, ".weight");
  if (w != NULL)
    ordered = sam_weights_alloc (weights, 4 * out * in);
  if (ordered != NULL)
    {
      for (size_t i = 0; i < in; i++)
        for (size_t o = 0; o < out; o++)
          for (size_t p = 0; p < 4; p++)
            ordered[(p * out + o) * in + i] = w[(i * out + o) * 4 + p];
    }
  sam_weights_release (weights, w, 4 * out * in);

  layer->in = in;
  layer->out = out;
  layer->m = sam_weights_add_matrix (weights, ordered, 4 * out, in);
  layer->b = fetch_part (weights, 1, &out, SAM_FETCH_ANY, name, ".bias");
}

void
sam_weights_norm (SamWeights *weights, SamNorm *layer, size_t c, float eps, const char *name)
{
  layer->c = c;
  layer->eps = eps;
  layer->w = fetch_part (weights, 1, &c, SAM_FETCH_ANY, name, ".weight");
  layer->b = fetch_part (weights, 1, &c, SAM_FETCH_ANY, name, ".bias");
}

float *
sam_weights_folded (SamWeights *weights,
                    float     **bias,
                    size_t      out,
                    size_t      in,
                    size_t      kernel,
                    const char *name)
{
  const size_t shape[4] = { out, in, kernel, kernel };
  const size_t per_out = in * kernel * kernel;
  const float *gain, *shift, *mean, *var;
  float       *w;

  *bias = NULL;
  if (! sam_weights_has (weights, sam_prefix ("%s.c.weight", name).text))
    {
      *bias = fetch_part (weights, 1, &out, SAM_FETCH_COPY, name, ".bias");
      return fetch_part (weights, 4, shape, SAM_FETCH_COPY, name, ".weight");
    }

  w = fetch_part (weights, 4, shape, SAM_FETCH_COPY, name, ".c.weight");
  gain = fetch_part (weights, 1, &out, SAM_FETCH_ANY, name, ".bn.weight");
  shift = fetch_part (weights, 1, &out, SAM_FETCH_ANY, name, ".bn.bias");
  mean = fetch_part (weights, 1, &out, SAM_FETCH_ANY, name, ".bn.running_mean");
  var = fetch_part (weights, 1, &out, SAM_FETCH_ANY, name, ".bn.running_var");
  *bias = sam_weights_alloc (weights, out);
  if (sam_weights_failed (weights))
    return NULL;

  for (size_t o = 0; o < out; o++)
    {
      double scale = gain[o] / sqrt (var[o] + BATCH_NORM_EPS);

      /* a negative variance beyond the eps */
      if (! isfinite (scale))
        {
          sam_weights_fail (weights,
                            "the tensor %s.bn.running_var holds a negative variance; the file is "
                            "damaged, download it again",
                            name);
          return NULL;
        }
      for (size_t i = 0; i < per_out; i++)
        w[o * per_out + i] = (float) (w[o * per_out + i] * scale);
      (*bias)[o] = (float) (shift[o] - mean[o] * scale);
    }

  return w;
}

void
sam_weights_conv1x1_bn (SamWeights *weights,
                        SamLinear  *layer,
                        size_t      in,
                        size_t      out,
                        const char *name)
{
  float *bias;

  layer->in = in;
  layer->out = out;
  layer->m = sam_weights_add_matrix (weights, sam_weights_folded (weights, &bias, out, in, 1, name),
                                     out, in);
  layer->b = bias;
}

void
sam_weights_conv_bn (SamWeights *weights,
                     SamConv    *layer,
                     size_t      in,
                     size_t      out,
                     size_t      kernel,
                     size_t      stride,
                     size_t      pad,
                     const char *name)
{
  float *w, *bias;

  w = sam_weights_folded (weights, &bias, out, in, kernel, name);
  conv_take (weights, layer, w, in, out, kernel, stride, pad);
  layer->b = bias;
}

void
sam_weights_depthwise_take (SamWeights   *weights,
                            SamDepthwise *layer,
                            size_t        c,
                            size_t        side,
                            size_t        stride,
                            size_t        before,
                            const float  *kernel,
                            const float  *bias)
{
  const size_t n_taps = side * side;
  float       *ordered = kernel != NULL ? sam_weights_alloc (weights, n_taps * c) : NULL;

  if (ordered != NULL)
    {
      for (size_t i = 0; i < c; i++)
        for (size_t p = 0; p < n_taps; p++)
          ordered[p * c + i] = kernel[i * n_taps + p];
    }
  *layer = (SamDepthwise) { ordered, bias, c, side, stride, before };
}

void
sam_weights_depthwise_bn (SamWeights   *weights,
                          SamDepthwise *layer,
                          size_t        c,
                          size_t        side,
                          size_t        stride,
                          size_t        before,
                          const char   *name)
{
  float *w, *bias;

  w = sam_weights_folded (weights, &bias, c, 1, side, name);
  sam_weights_depthwise_take (weights, layer, c, side, stride, before, w, bias);
  sam_weights_release (weights, w, side * side * c);
}
