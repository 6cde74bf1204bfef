/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arrays for tests that show reading or writing too far: after an input stand NaNs, which spread
 * into the result; around an output stand markers, which must still be there. Values come from
 * GLib's test generator, so that --seed repeats a failure. */
#pragma once

#include <glib.h>
#include <math.h>
#include <string.h> /* memcpy between them */

#define GUARD  64
#define MARKER 12345.678f

/* n values in [-scale, scale], then NaNs. Free with g_free. */
float *guarded_input (size_t n, double scale);

/* Markers, n of NaN, markers; the n in the middle are returned. */
float *guarded_output (size_t n);
/* Looks at the markers. */
void guarded_output_free (float *y, size_t n);

/* |y - wanted| <= roundings * 2^-24 * size, where size bounds the terms' sum. */
void assert_near (double y, double wanted, double roundings, double size);
