/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is done to every value of a checkpoint when it is opened. */
#include "kernel.h"
#include "kernels.h"

bool
KERNEL (all_finite) (const float *x, size_t n)
{
  const uint32_t *bits = (const uint32_t *) x;
  uint32_t        found = 0;

  /* NaN and infinities have all bits of the exponent set. No branch, so that the loop is
   * widened. */
  for (size_t i = 0; i < n; i++)
    found |= (bits[i] & 0x7f800000) == 0x7f800000;

  return ! found;
}

/* A file's values may begin at any byte. */
static inline uint16_t
bits_at (const void *x, size_t i)
{
  uint16_t bits;

  memcpy (&bits, (const char *) x + i * sizeof bits, sizeof bits);
  return bits;
}

void
KERNEL (widen_bf16) (float *y, const void *x, size_t n)
{
  uint32_t *bits = (uint32_t *) y;

  SIMD for (size_t i = 0; i < n; i++) bits[i] = (uint32_t) bits_at (x, i) << 16;
}

void
KERNEL (widen_f16) (float *y, const void *x, size_t n)
{
  uint32_t *bits = (uint32_t *) y;

  /* Subnormal halves are made by a subtraction of normal floats, so that a thread which flushes
   * subnormals to zero reads the same weights. */
  SIMD for (size_t i = 0; i < n; i++)
  {
    uint16_t half = bits_at (x, i);
    uint32_t sign = (uint32_t) (half & 0x8000) << 16;
    uint32_t m = (uint32_t) (half & 0x7fff) << 13;
    uint32_t shift = m >= 0x0f800000 ? 0x70000000 : 0x38000000; /* infinities, NaNs : the rest */
    uint32_t raised = 0x38800000 + m;
    uint32_t tiny_bits;
    float    tiny;

    memcpy (&tiny, &raised, sizeof tiny);
    tiny -= 6.103515625e-05f; /* 0x38800000 */
    memcpy (&tiny_bits, &tiny, sizeof tiny_bits);
    bits[i] = sign | (m < 0x00800000 ? tiny_bits : m + shift);
  }
}
