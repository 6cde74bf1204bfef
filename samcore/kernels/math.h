/* SPDX-License-Identifier: GPL-3.0-or-later */
/* exp and Gauss's error integral without branches and calls, so that the loops around them widen. The
 * coefficients are minimax fits made for this file. */
#pragma once

#include <stdint.h>
#include <string.h>

/* x = n ln 2 + r, |r| <= ln 2 / 2; e^r = 1 + r + r^2 q (r), relative error 3e-9 before rounding.
 * 0 below -86.9, where floats begin to lose their digits; infinite above 88.7; NaN stays NaN. */
static inline float
sam_exp (float x)
{
  float   c = x < -86.9f ? -86.9f : (x > 89.0f ? 89.0f : x);
  float   s = c * 1.44269504f + 12582912.0f; /* 1.5 2^23: the sum's low bits are the rounded n */
  float   n = s - 12582912.0f;
  float   r = c - n * 0.693359375f + n * 2.12194440e-4f;
  float   q = 0.00138144661f;
  int32_t i;
  float   half, y;

  q = q * r + 0.00836878084f;
  q = q * r + 0.0416683927f;
  q = q * r + 0.166665196f;
  q = q * r + 0.49999994f;
  y = 1.0f + (r + r * r * q);

  /* 2^(n-1) and then 2 y: 2^128 itself is no float */
  memcpy (&i, &s, 4);
  i = (int32_t) ((uint32_t) (i + 126) << 23);
  memcpy (&half, &i, 4);
  y = (y + y) * half;

  return x < -86.9f ? 0.0f : (x > 88.72283f ? __builtin_inff () : y);
}

/* P (X < x) of the normal distribution. For t = |x| the tail is e^-S (t), S = -log (erfc (t / sqrt 2) / 2),
 * which a polynomial follows to 4e-9 of the result's size or of 1e-3; beyond 6 it only grows. */
static inline float
sam_normal_integral (float x)
{
  float t    = x < 0 ? -x : x;
  float u    = t > 16.0f ? 16.0f : t;
  float s    = 1.83645774e-8f;
  float tail;

  s = s * u - 5.57716559e-7f;
  s = s * u + 7.23654504e-6f;
  s = s * u - 5.1039067e-5f;
  s = s * u + 1.87487458e-4f;
  s = s * u + 1.29086402e-5f;
  s = s * u - 0.00483117159f;
  s = s * u + 0.0363606587f;
  s = s * u + 0.318303794f;
  s = s * u + 0.79788512f;
  s = s * u + 0.693147182f;
  tail = sam_exp (-s);

  return x < 0 ? tail : 1.0f - tail;
}

static inline float
sam_gelu (float x)
{
  return x * sam_normal_integral (x);
}

static inline float
sam_sigmoid (float x)
{
  return 1.0f / (1.0f + sam_exp (-x));
}

static inline float
sam_relu (float x)
{
  return x < 0 ? 0 : x;
}
