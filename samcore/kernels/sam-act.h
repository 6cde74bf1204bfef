/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The functions between layers. Internal. */
#pragma once

typedef enum
{
  SAM_ACT_NONE,
  SAM_ACT_RELU,
  SAM_ACT_RELU6,      /* cut off at 6, too */
  SAM_ACT_GELU,       /* the exact one, with erf */
  SAM_ACT_GELU_ROUGH, /* within 1.3e-4 of it, for values that are rounded to bf16 or int8 next */
  SAM_ACT_SIGMOID
} SamAct;
