/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Operations on rows and elements: kernels over fixed pieces of the array. */
#include "config.h"

#include "samcore/nn/sam-ops.h"
#include "samcore/kernels/sam-kernels.h"
#include "samcore/sam-parallel.h"

#include <glib.h>

#define PIECE 16384 /* floats: what a thread takes at once */

typedef struct
{
  float       *y;
  const float *x, *a, *b;
  float        eps;
  size_t       c;
  SamAct       act;
} Rows;

static size_t
rows_per_piece (size_t c)
{
  return MAX (1, PIECE / MAX (c, 1));
}

static void
layer_norm_rows (size_t first, size_t last, gpointer data)
{
  const Rows *r = data;

  sam_kernels ()->layer_norm (r->y + first * r->c, r->x + first * r->c, r->a, r->b, r->eps,
                              last - first, r->c);
}

void
sam_layer_norm (float       *y,
                const float *x,
                const float *weight,
                const float *bias,
                float        eps,
                size_t       n,
                size_t       c)
{
  Rows r = { .y = y, .x = x, .a = weight, .b = bias, .eps = eps, .c = c };

  sam_parallel_for (n, rows_per_piece (c), layer_norm_rows, &r);
}

static void
activate_part (size_t first, size_t last, gpointer data)
{
  const Rows *r = data;

  sam_kernels ()->activate (r->y + first, r->x + first, last - first, r->act);
}

void
sam_activate (float *y, const float *x, size_t n, SamAct act)
{
  Rows r = { .y = y, .x = x, .act = act };

  sam_parallel_for (n, PIECE, activate_part, &r);
}

static void
add_part (size_t first, size_t last, gpointer data)
{
  const Rows *r = data;

  sam_kernels ()->add (r->y + first, r->x + first, r->b + first, last - first);
}

void
sam_add (float *y, const float *a, const float *b, size_t n)
{
  Rows r = { .y = y, .x = a, .b = b };

  sam_parallel_for (n, PIECE, add_part, &r);
}

static void
add_row_rows (size_t first, size_t last, gpointer data)
{
  const Rows *r = data;

  sam_kernels ()->add_row (r->y + first * r->c, r->x + first * r->c, r->b, last - first, r->c);
}

void
sam_add_row (float *y, const float *x, const float *b, size_t n, size_t c)
{
  Rows r = { .y = y, .x = x, .b = b, .c = c };

  sam_parallel_for (n, rows_per_piece (c), add_row_rows, &r);
}
