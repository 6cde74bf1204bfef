/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes a network's weights out of a checkpoint: checks shapes and values, converts to float32 and
 * puts them into the order of sam-ops.h, once. Matrices that lie in the mapped file are packed when
 * they are first used, and the file's pages let go then; plain f32 vectors are used where they lie.
 * Internal.
 *
 * Errors of fetches are kept: the first fetch that fails sets the error, and all later ones do
 * nothing and return NULL. So a network asks for all its tensors in a row and looks at
 * sam_weights_check() once, before any use. */
#pragma once

#include "samcore/weights/sam-checkpoint.h"
#include "samcore/sam-job.h"
#include "samcore/nn/sam-layers.h"

G_BEGIN_DECLS

typedef struct _SamWeights SamWeights;

SamWeights *sam_weights_new (SamCheckpoint *checkpoint);
void        sam_weights_free (SamWeights *weights);

/* FALSE with the first error that a fetch has met: SAM_ERROR_BAD_FILE or SAM_ERROR_NO_MEMORY. */
gboolean sam_weights_check (SamWeights *weights, GError **error);
gboolean sam_weights_failed (const SamWeights *weights);
/* Sets the error, if there is none yet, to "FILE: MESSAGE". */
void sam_weights_fail (SamWeights *weights, const char *format, ...) G_GNUC_PRINTF (2, 3);

SamCheckpoint *sam_weights_get_checkpoint (const SamWeights *weights);

/* Of the products of the layers that are fetched from now on; SAM_ARITHMETIC_F32 unless set. */
void sam_weights_set_arithmetic (SamWeights *weights, SamArithmetic arithmetic);

/* Whether the values of linear layers that are fetched from now on are looked at by
 * sam_weights_look() only; before it nothing may use them. */
void sam_weights_look_later (SamWeights *weights, gboolean later);
/* Packs those layers, which reads all their values. SAM_ERROR_BAD_FILE where they are not finite,
 * again at each call; G_IO_ERROR_CANCELLED. */
gboolean sam_weights_look (SamWeights *weights, const SamJob *job, GError **error);
/* Packs all matrices that are not packed yet. */
void sam_weights_pack (SamWeights *weights);

gboolean sam_weights_has (const SamWeights *weights, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* The size of one axis, to find out what a network looks like. Missing, of another rank or outside
 * min..max: an error, and 0. */
size_t sam_weights_dim (SamWeights *weights,
                        int         rank,
                        int         axis,
                        size_t      min,
                        size_t      max,
                        const char *format,
                        ...) G_GNUC_PRINTF (6, 7);

/* In the file's own order. The shape must be exactly this; the product of @shape must not overflow,
 * so callers pass sizes that they have checked with sam_weights_dim() or know. */
const float *
sam_weights_fetch (SamWeights *weights, int rank, const size_t *shape, const char *format, ...)
  G_GNUC_PRINTF (4, 5);
/* [n] */
const float *sam_weights_vector (SamWeights *weights, size_t n, const char *format, ...)
  G_GNUC_PRINTF (3, 4);
/* [rows, columns] */
const float *
sam_weights_matrix (SamWeights *weights, size_t rows, size_t columns, const char *format, ...)
  G_GNUC_PRINTF (4, 5);

/* Memory that lives as long as @weights, for tables made from weights. NULL and an error if there
 * is none. */
float *sam_weights_alloc (SamWeights *weights, size_t n);

typedef enum
{
  SAM_BIAS_NO,
  SAM_BIAS_YES
} SamBias;

/* Layers: the name is without ".weight" and ".bias". */
void sam_weights_linear (SamWeights *weights,
                         SamLinear  *layer,
                         size_t      in,
                         size_t      out,
                         SamBias     bias,
                         const char *format,
                         ...) G_GNUC_PRINTF (6, 7);
/* The same from a 1x1 convolution, [out, in, 1, 1] in the file. */
void sam_weights_conv1x1 (SamWeights *weights,
                          SamLinear  *layer,
                          size_t      in,
                          size_t      out,
                          SamBias     bias,
                          const char *format,
                          ...) G_GNUC_PRINTF (6, 7);
void sam_weights_conv (SamWeights *weights,
                       SamConv    *layer,
                       size_t      in,
                       size_t      out,
                       size_t      kernel,
                       size_t      stride,
                       size_t      pad,
                       SamBias     bias,
                       const char *format,
                       ...) G_GNUC_PRINTF (9, 10);
void sam_weights_conv_transpose (SamWeights       *weights,
                                 SamConvTranspose *layer,
                                 size_t            in,
                                 size_t            out,
                                 const char       *format,
                                 ...) G_GNUC_PRINTF (5, 6);
void
sam_weights_norm (SamWeights *weights, SamNorm *layer, size_t c, float eps, const char *format, ...)
  G_GNUC_PRINTF (5, 6);

/* The same from arrays that sam_weights_alloc() gave: a matrix made of others. Takes w away. */
void sam_weights_linear_take (SamWeights  *weights,
                              SamLinear   *layer,
                              size_t       in,
                              size_t       out,
                              const float *w,
                              const float *b);

/* Convolutions with a batch norm behind them, folded into kernel and bias: NAME.c.weight and
 * NAME.bn.*; or NAME.weight and NAME.bias where that has been done before. The eps is 1e-5. */
void sam_weights_conv1x1_bn (SamWeights *weights,
                             SamLinear  *layer,
                             size_t      in,
                             size_t      out,
                             const char *format,
                             ...) G_GNUC_PRINTF (5, 6);
void sam_weights_conv_bn (SamWeights *weights,
                          SamConv    *layer,
                          size_t      in,
                          size_t      out,
                          size_t      kernel,
                          size_t      stride,
                          size_t      pad,
                          const char *format,
                          ...) G_GNUC_PRINTF (8, 9);
void sam_weights_depthwise_bn (SamWeights   *weights,
                               SamDepthwise *layer,
                               size_t        c,
                               size_t        stride,
                               const char   *format,
                               ...) G_GNUC_PRINTF (5, 6);
/* The folded kernel in the file's order [out, in, kernel, kernel] and *bias [out], to add up
 * branches. */
float *sam_weights_folded (SamWeights *weights,
                           float     **bias,
                           size_t      out,
                           size_t      in,
                           size_t      kernel,
                           const char *format,
                           ...) G_GNUC_PRINTF (6, 7);
/* kernel [c, 1, 3, 3] to the order of SamDepthwise, in place of a fetch. */
void sam_weights_depthwise_take (SamWeights   *weights,
                                 SamDepthwise *layer,
                                 size_t        c,
                                 size_t        stride,
                                 const float  *kernel,
                                 const float  *bias);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SamWeights, sam_weights_free)

G_END_DECLS
