/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reference values in safetensors files, and how tests compare with them. */
#pragma once

#include "samcore/weights/sam-checkpoint.h"
#include "samcore/sam-image.h"

G_BEGIN_DECLS

/* How a reference array is laid out; ours are [n, c], channels last. */
typedef enum
{
  GOLDEN_CHW,
  GOLDEN_HWC
} GoldenLayout;

/* Opens PATH below the tests' own data, or fails the test. */
SamCheckpoint *golden_open (const char *path);
/* The whole array as float; free with g_free. */
float   *golden_read (SamCheckpoint *golden, const char *key, size_t *n);
gint64   golden_read_int (SamCheckpoint *golden, const char *key, size_t i);
gboolean golden_has (SamCheckpoint *golden, const char *key);

/* Compares values [n, c] with every stride-th element of the reference. Errors are counted in
 * standard deviations of the reference; stride 0: what KEY.stride says, or 1. Reports, and fails
 * the test, when the greatest is above max or their root mean square above rms (0: not looked
 * at). */
gboolean golden_compare (SamCheckpoint *golden,
                         const char    *key,
                         const float   *values,
                         size_t         n,
                         size_t         c,
                         GoldenLayout   layout,
                         size_t         stride,
                         double         max,
                         double         rms);

/* The same for an array whose shape (its own, or what KEY.shape says) is [batch, …]: whether
 * channels come first shows in it. */
gboolean golden_compare_shaped (SamCheckpoint *golden,
                                const char    *key,
                                const float   *values,
                                size_t         batch,
                                size_t         n,
                                size_t         c,
                                double         max,
                                double         rms);

/* A picture file below FOLDER. */
SamImage *golden_picture (const char *folder, const char *name);

G_END_DECLS
