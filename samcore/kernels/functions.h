/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Functions of one number without branches and calls, so that the loops around them widen. The
 * coefficients of exp and Gauss's error integral are minimax fits made for this file. */
#pragma once

#include <stdint.h>
#include <string.h>

/* x <= 0 or NaN, which stays NaN: x = n ln 2 + r, |r| <= ln 2 / 2; e^r = 1 + r + r^2 q (r),
 * relative error 3e-9 before rounding. 0 below -86.9, where floats begin to lose their digits: at
 * -88 the exponent's bits are all 0. */
static inline float
sam_exp_negative (float x)
{
  float   c = x < -86.9f ? -88.0f : x;
  float   s = c * 1.44269504f + 12582912.0f; /* 1.5 2^23: the sum's low bits are the rounded n */
  float   n = s - 12582912.0f;
  float   r = c - n * 0.693359375f + n * 2.12194440e-4f;
  float   q = 0.00138144661f;
  int32_t i;
  float   power;

  q = q * r + 0.00836878084f;
  q = q * r + 0.0416683927f;
  q = q * r + 0.166665196f;
  q = q * r + 0.49999994f;
  memcpy (&i, &s, 4);
  i = (int32_t) ((uint32_t) (i + 127) << 23);
  memcpy (&power, &i, 4);

  return (1.0f + (r + r * r * q)) * power;
}

/* P (X > t) of the normal distribution, t >= 0, to 1e-7: 2^-S (t), S = -log2 (erfc (t / sqrt 2) /
 * 2), which a polynomial follows as closely as the tail is large; far out it only grows. */
static inline float
sam_normal_tail (float t)
{
  float   s = 2.77212598e-6f;
  float   r = -0.00132764818f;
  float   rounded, n;
  int32_t bits, shift;

  s = s * t - 3.8621678e-5f;
  s = s * t + 1.82552103e-4f;
  s = s * t + 1.45858925e-4f;
  s = s * t - 0.00707545644f;
  s = s * t + 0.0525050163f;
  s = s * t + 0.459204912f;
  s = s * t + 1.15110576f;
  s = s * t + 1.0f;
  s = s > 125.0f ? 125.0f : s;

  /* s = n + f, |f| <= 1/2, and 2^-f by a polynomial, 2^-n in its exponent */
  rounded = s + 12582912.0f;
  n = rounded - 12582912.0f;
  s = s - n;
  r = r * s + 0.00967554655f;
  r = r * s - 0.0555071346f;
  r = r * s + 0.240221202f;
  r = r * s - 0.693146944f;
  r = r * s + 1.00000012f;
  memcpy (&shift, &rounded, 4);
  memcpy (&bits, &r, 4);
  bits = (int32_t) ((uint32_t) bits - ((uint32_t) shift << 23));
  memcpy (&r, &bits, 4);

  return r;
}

static inline float
sam_relu (float x)
{
  return x < 0 ? 0 : x;
}

static inline float
sam_relu6 (float x)
{
  return x < 0 ? 0 : x > 6 ? 6 : x;
}

/* x P (X < x), without asking for x's sign: what is missing is the tail on either side. */
static inline float
sam_gelu (float x)
{
  float t = __builtin_fabsf (x);

  return sam_relu (x) - t * sam_normal_tail (t);
}

/* Half the work: P (X < x) = 1/2 + x p (x^2) up to 4, where p (16) = 1/8 exactly, so that what is
 * beyond comes out as x or as 0. Within 6e-5 below 3.8; the step at 4 is 1.3e-4. */
static inline float
sam_gelu_rough (float x)
{
  float c = x < -4.0f ? -4.0f : x > 4.0f ? 4.0f : x;
  float u = c * c - 16.0f;
  float p = -1.13085052e-9f;

  p = p * u - 3.27054757e-8f;
  p = p * u - 4.68849180e-7f;
  p = p * u - 2.29345028e-6f;
  p = p * u - 1.70747517e-5f;
  p = p * u + 1.76619011e-4f;
  p = p * u - 0.00389204384f;
  p = p * u + 0.125f;

  return x * (0.5f + c * p);
}

static inline float
sam_sigmoid (float x)
{
  float e = sam_exp_negative (x < 0 ? x : -x);

  return (x < 0 ? e : 1.0f) / (1.0f + e);
}

static inline uint8_t
sam_byte (int32_t x)
{
  x = x < 0 ? 0 : x;

  return (uint8_t) (x > 255 ? 255 : x);
}
