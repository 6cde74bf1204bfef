/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Depthwise convolutions of [N,H,W,C] in bfloat16 for training on a CPU: forward, and the gradients of the
 * picture and of the kernel. PyTorch's own backward of a 5x5 takes 10 to 30 times as long.
 *
 *   cc -O3 -march=native -ffast-math -shared -fPIC depthwise.c -o depthwise.so
 *
 * K: side of the kernel (at most 5), S: stride, P: padding at the top and left. Kernels are [K*K,C] floats. */
#include <stdint.h>
#include <string.h>

#define BLOCK 64

typedef uint16_t bf16;

typedef struct
{
  int n, h, w, c, k, s, p, oh, ow;
} Shape;

static inline float
widen (bf16 v)
{
  uint32_t u = (uint32_t) v << 16;
  float    f;
  memcpy (&f, &u, sizeof f);
  return f;
}

static inline bf16
narrow (float f)
{
  uint32_t u;
  memcpy (&u, &f, sizeof u);
  return (bf16) ((u + 0x7fff + ((u >> 16) & 1)) >> 16);
}

/* a += x * k over m channels; the common case has a length that the compiler knows */
static inline void
accumulate (float *restrict a, const bf16 *restrict x, const float *restrict k, int m)
{
  if (m == BLOCK)
    for (int j = 0; j < BLOCK; j++)
      a[j] += widen (x[j]) * k[j];
  else
    for (int j = 0; j < m; j++)
      a[j] += widen (x[j]) * k[j];
}

static inline int
block_at (const Shape *t, int c)
{
  return t->c - c < BLOCK ? t->c - c : BLOCK;
}

/* y = clip (conv (x) + bias, 0, 6) */
void
depthwise (const Shape *t, const bf16 *x, const float *kernel, const float *bias, bf16 *y)
{
  for (int n = 0; n < t->n; n++)
    for (int oy = 0; oy < t->oh; oy++)
      for (int ox = 0; ox < t->ow; ox++)
        for (int c = 0; c < t->c; c += BLOCK)
          {
            int   m = block_at (t, c);
            float a[BLOCK] = { 0 };
            memcpy (a, bias + c, m * sizeof *a);
            for (int ky = 0; ky < t->k; ky++)
              {
                int iy = oy * t->s - t->p + ky;
                if (iy < 0 || iy >= t->h)
                  continue;
                for (int kx = 0; kx < t->k; kx++)
                  {
                    int ix = ox * t->s - t->p + kx;
                    if (ix >= 0 && ix < t->w)
                      accumulate (a, x + (((size_t) n * t->h + iy) * t->w + ix) * t->c + c,
                                  kernel + (size_t) (ky * t->k + kx) * t->c + c, m);
                  }
              }
            bf16 *o = y + (((size_t) n * t->oh + oy) * t->ow + ox) * t->c + c;
            for (int j = 0; j < m; j++)
              o[j] = narrow (a[j] < 0 ? 0 : a[j] > 6 ? 6 : a[j]);
          }
}

/* Clears the gradient g where the clipped result y sat at a bound. */
void
depthwise_clip_gradient (const Shape *t, const bf16 *y, bf16 *g)
{
  size_t count = (size_t) t->n * t->oh * t->ow * t->c;
  for (size_t i = 0; i < count; i++)
    {
      int16_t v = (int16_t) y[i];
      g[i] = v > 0 && v < 0x40c0 ? g[i] : 0; /* 0x40c0: 6 */
    }
}

void
depthwise_picture_gradient (const Shape *t, const bf16 *g, const float *kernel, bf16 *gx)
{
  for (int n = 0; n < t->n; n++)
    for (int iy = 0; iy < t->h; iy++)
      for (int ix = 0; ix < t->w; ix++)
        for (int c = 0; c < t->c; c += BLOCK)
          {
            int   m = block_at (t, c);
            float a[BLOCK] = { 0 };
            for (int ky = 0; ky < t->k; ky++)
              {
                int v = iy + t->p - ky;
                if (v < 0 || v % t->s || v / t->s >= t->oh)
                  continue;
                for (int kx = 0; kx < t->k; kx++)
                  {
                    int u = ix + t->p - kx;
                    if (u >= 0 && u % t->s == 0 && u / t->s < t->ow)
                      accumulate (a, g + (((size_t) n * t->oh + v / t->s) * t->ow + u / t->s) * t->c + c,
                                  kernel + (size_t) (ky * t->k + kx) * t->c + c, m);
                  }
              }
            bf16 *o = gx + (((size_t) n * t->h + iy) * t->w + ix) * t->c + c;
            for (int j = 0; j < m; j++)
              o[j] = narrow (a[j]);
          }
}

void
depthwise_kernel_gradient (const Shape *t, const bf16 *x, const bf16 *g, float *gk, float *gbias)
{
  for (int c = 0; c < t->c; c += BLOCK)
    {
      int   m = block_at (t, c);
      float a[25][BLOCK] = { { 0 } }, sum[BLOCK] = { 0 };
      for (int n = 0; n < t->n; n++)
        for (int oy = 0; oy < t->oh; oy++)
          for (int ox = 0; ox < t->ow; ox++)
            {
              const bf16 *gp = g + (((size_t) n * t->oh + oy) * t->ow + ox) * t->c + c;
              float       f[BLOCK] = { 0 };
              for (int j = 0; j < m; j++)
                sum[j] += f[j] = widen (gp[j]);
              for (int ky = 0; ky < t->k; ky++)
                {
                  int iy = oy * t->s - t->p + ky;
                  if (iy < 0 || iy >= t->h)
                    continue;
                  for (int kx = 0; kx < t->k; kx++)
                    {
                      int ix = ox * t->s - t->p + kx;
                      if (ix >= 0 && ix < t->w)
                        accumulate (a[ky * t->k + kx], x + (((size_t) n * t->h + iy) * t->w + ix) * t->c + c, f, m);
                    }
                }
            }
      for (int i = 0; i < t->k * t->k; i++)
        memcpy (gk + (size_t) i * t->c + c, a[i], m * sizeof (float));
      memcpy (gbias + c, sum, m * sizeof (float));
    }
}
