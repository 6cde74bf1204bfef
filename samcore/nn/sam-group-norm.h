/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GroupNorm of a single group: mean and variance over all values of a map, gain and shift per
 * channel. Internal. */
#pragma once

#include "samcore/nn/sam-layers.h"

/* In place.   x: [n, c] */
void sam_group_norm_run (const SamNorm *norm, float *x, size_t n);
