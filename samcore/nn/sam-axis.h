/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One axis of resizing by taps, as torch's interpolate has them (align_corners = False): every
 * output is a weighted sum of two (linear) or four (cubic, Keys' kernel with a = -3/4) of the
 * inputs. Internal.
 *
 * Coordinates and weights are float32, as there: a mask's edge moves if they are more exact than
 * those that the networks were trained with. */
#pragma once

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

#define SAM_AXIS_MOST_TAPS 4

/* out[i] = sum over t of weight[t, i] * in[index[t, i]] */
typedef struct
{
  size_t    n_taps; /* 2: linear, 4: cubic */
  size_t    n;      /* outputs */
  uint32_t *index;  /* [n_taps, n] */
  float    *weight; /* [n_taps, n] */
} SamAxis;

/* @n_out outputs would cover the @n_in inputs; of these, or of places between them, @n are wanted:
 * the first has its centre at @first, in outputs, the others follow by @step. All of them: n_out,
 * 0.5, 1. FALSE: no memory, but it can be cleared. */
gboolean sam_axis_init (SamAxis *axis,
                        size_t   n_in,
                        size_t   n_out,
                        size_t   n,
                        size_t   n_taps,
                        double   first,
                        double   step);
void     sam_axis_clear (SamAxis *axis);

/* Of one output. @position: of its centre, in outputs   index, weight: [n_taps] */
void sam_axis_find_taps (size_t    n_in,
                         size_t    n_out,
                         size_t    n_taps,
                         float     position,
                         uint32_t *index,
                         float    *weight);
