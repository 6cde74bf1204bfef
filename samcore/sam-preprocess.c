/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a picture to a network's input.
 *
 *   [h, w, 3] u8 ──▶ rows ──▶ [h, w2, 3] ──▶ columns ──▶ [h2, w2, 3] ──▶ normalised, padded [input, input, 3]
 *
 * Both filters are triangles that widen when shrinking; they differ in their arithmetic: Pillow rounds to
 * 8 bits after each pass with weights in 22 bits of fraction, torchvision stays in float32. Work goes in
 * bands of output rows: a band makes just the rows of the first pass that it needs. */
#include "samcore/sam-preprocess.h"

#include <math.h>
#include <string.h>

#include "samcore/sam-error.h"
#include "samcore/sam-kernels.h"
#include "samcore/sam-parallel.h"

#define PILLOW_BITS 22
#define BAND_ROWS   16

#define NORMALISED_ROWS 32

/* The filter of one axis: output i is the sum of taps[i * width + k] * input[first[i] + k], k < count[i]. */
typedef struct
{
  size_t   n, width;
  size_t  *first, *count;
  int32_t *taps_i;
  float   *taps_f;
} Axis;

typedef struct
{
  Axis           x, y;
  const uint8_t *in;
  size_t         in_stride; /* bytes */
  size_t         n_columns; /* of the output */
  uint8_t       *out_u8;
  float         *out_f;
  gboolean       keep_x, keep_y; /* Pillow skips an axis that keeps its size */
  gint           no_memory;
} Resize;

static gboolean
set_no_memory (GError **error)
{
  g_set_error_literal (error, SAM_ERROR, SAM_ERROR_NO_MEMORY,
                       "not enough memory to resize the picture; close other programs or scale it down");
  return FALSE;
}

static void
axis_clear (Axis *axis)
{
  g_clear_pointer (&axis->first, g_free);
  g_clear_pointer (&axis->count, g_free);
  g_clear_pointer (&axis->taps_i, g_free);
  g_clear_pointer (&axis->taps_f, g_free);
}

static gboolean
axis_alloc (Axis    *axis,
            size_t   in,
            size_t   out,
            gboolean integer)
{
  size_t width = (in + out - 1) / out * 2 + 3; /* at least 2 ceil (max (in / out, 1)) + 1 */
  size_t total;

  *axis = (Axis) { out, width };
  if (__builtin_mul_overflow (width, out, &total))
    return FALSE;

  axis->first = g_try_malloc_n (out, sizeof (size_t));
  axis->count = g_try_malloc_n (out, sizeof (size_t));
  if (integer)
    axis->taps_i = g_try_malloc_n (total, sizeof (int32_t));
  else
    axis->taps_f = g_try_malloc_n (total, sizeof (float));

  return axis->first != NULL && axis->count != NULL && (axis->taps_i != NULL || axis->taps_f != NULL);
}

/* All in double, the weights rounded last: the integer weights must come out as Pillow's. */
static gboolean
axis_init_pillow (Axis  *axis,
                  size_t in,
                  size_t out)
{
  double            scale   = (double) in / (double) out;
  double            support = MAX (scale, 1.0);
  g_autofree double *w      = NULL;

  if (! axis_alloc (axis, in, out, TRUE))
    return FALSE;
  w = g_try_malloc_n (axis->width, sizeof (double));
  if (w == NULL)
    return FALSE;

  for (size_t i = 0; i < out; i++)
    {
      double   center = (i + 0.5) * scale;
      double   sum    = 0.0;
      double   low    = center - support + 0.5;
      size_t   first  = low > 0.0 ? (size_t) low : 0;
      size_t   last   = MIN ((size_t) (center + support + 0.5), in);
      size_t   count  = last - first;
      int32_t *taps   = axis->taps_i + i * axis->width;

      for (size_t k = 0; k < count; k++)
        {
          w[k] = MAX (0.0, 1.0 - fabs (((double) (k + first) - center + 0.5) / support));
          sum += w[k];
        }
      for (size_t k = 0; k < count; k++)
        taps[k] = (int32_t) (0.5 + w[k] / sum * (1 << PILLOW_BITS));
      axis->first[i] = first;
      axis->count[i] = count;
    }

  return TRUE;
}

/* The same in float32, unrounded. */
static gboolean
axis_init_float (Axis  *axis,
                 size_t in,
                 size_t out)
{
  float scale   = (float) in / (float) out;
  float support = MAX (scale, 1.0f);
  float inverse = scale >= 1.0f ? 1.0f / scale : 1.0f;

  if (! axis_alloc (axis, in, out, FALSE))
    return FALSE;

  for (size_t i = 0; i < out; i++)
    {
      float  center = scale * (i + 0.5f);
      float  sum    = 0.0f;
      float  low    = center - support + 0.5f;
      size_t first  = low > 0.0f ? MIN ((size_t) low, in - 1) : 0;
      size_t last   = MIN ((size_t) (center + support + 0.5f), in);
      size_t count  = CLAMP (last - first, 1, axis->width);
      float *taps   = axis->taps_f + i * axis->width;

      for (size_t k = 0; k < count; k++)
        {
          taps[k] = MAX (0.0f, 1.0f - fabsf (((float) (k + first) - center + 0.5f) * inverse));
          sum += taps[k];
        }
      for (size_t k = 0; k < count; k++)
        taps[k] /= sum;
      axis->first[i] = first;
      axis->count[i] = count;
    }

  return TRUE;
}

/* Two taps, source coordinates in float32 as torch's. */
static gboolean
axis_init_plain (Axis  *axis,
                 size_t in,
                 size_t out)
{
  float scale = (float) in / (float) out;

  if (! axis_alloc (axis, in, out, FALSE))
    return FALSE;

  for (size_t i = 0; i < out; i++)
    {
      float  source = MAX (0.0f, scale * (i + 0.5f) - 0.5f);
      size_t first  = MIN ((size_t) source, in - 1);
      float *taps   = axis->taps_f + i * axis->width;

      axis->first[i] = first;
      axis->count[i] = first + 1 < in ? 2 : 1;
      taps[1] = source - first;
      taps[0] = axis->count[i] == 2 ? 1.0f - taps[1] : 1.0f;
    }

  return TRUE;
}

/* The rows of the picture that output rows first .. last - 1 look at. */
static void
source_rows (const Resize *r,
             size_t        first,
             size_t        last,
             size_t       *y0,
             size_t       *y1)
{
  *y0 = r->keep_y ? first : r->y.first[first];
  *y1 = r->keep_y ? last : r->y.first[last - 1] + r->y.count[last - 1];
}

static void
resize_band_pillow (size_t   first,
                    size_t   last,
                    gpointer data)
{
  Resize             *r = data;
  const SamKernels   *kernels = sam_kernels ();
  size_t              row = r->n_columns * 3;
  size_t              y0, y1;
  g_autofree uint8_t *wide = NULL;
  g_autofree int32_t *sums = NULL;

  source_rows (r, first, last, &y0, &y1);
  wide = g_try_malloc_n (y1 - y0, row);
  sums = g_try_malloc_n (row, sizeof (int32_t));
  if (wide == NULL || sums == NULL)
    {
      g_atomic_int_set (&r->no_memory, 1);
      return;
    }

  for (size_t y = y0; y < y1; y++)
    {
      const uint8_t *in  = r->in + y * r->in_stride;
      uint8_t       *out = wide + (y - y0) * row;

      if (r->keep_x)
        memcpy (out, in, row);
      else
        kernels->filter_row (out, in, r->x.first, r->x.count, r->x.taps_i, r->x.width, PILLOW_BITS, r->n_columns);
    }

  for (size_t y = first; y < last; y++)
    {
      uint8_t *out = r->out_u8 + y * row;

      if (r->keep_y)
        {
          memcpy (out, wide + (y - y0) * row, row);
          continue;
        }
      memset (sums, 0, row * sizeof *sums);
      for (size_t k = 0; k < r->y.count[y]; k++)
        kernels->add_bytes (sums, wide + (r->y.first[y] + k - y0) * row, r->y.taps_i[y * r->y.width + k], row);
      kernels->round_to_bytes (out, sums, PILLOW_BITS, row);
    }
}

static void
resize_band_float (size_t   first,
                   size_t   last,
                   gpointer data)
{
  Resize           *r = data;
  size_t            row = r->n_columns * 3;
  size_t            y0, y1;
  g_autofree float *wide = NULL;

  source_rows (r, first, last, &y0, &y1);
  wide = g_try_malloc_n ((y1 - y0) * row, sizeof (float));
  if (wide == NULL)
    {
      g_atomic_int_set (&r->no_memory, 1);
      return;
    }

  for (size_t y = y0; y < y1; y++)
    {
      const uint8_t *in  = r->in + y * r->in_stride;
      float         *out = wide + (y - y0) * row;

      for (size_t x = 0; x < r->n_columns; x++)
        {
          const uint8_t *p    = in + r->x.first[x] * 3;
          const float   *taps = r->x.taps_f + x * r->x.width;
          float          s0 = 0, s1 = 0, s2 = 0;

          for (size_t k = 0; k < r->x.count[x]; k++)
            {
              s0 += p[3 * k] / 255.0f * taps[k];
              s1 += p[3 * k + 1] / 255.0f * taps[k];
              s2 += p[3 * k + 2] / 255.0f * taps[k];
            }
          out[3 * x]     = s0;
          out[3 * x + 1] = s1;
          out[3 * x + 2] = s2;
        }
    }

  for (size_t y = first; y < last; y++)
    {
      const float *taps = r->y.taps_f + y * r->y.width;
      float       *out  = r->out_f + y * row;

      for (size_t i = 0; i < row; i++)
        {
          const float *p   = wide + (r->y.first[y] - y0) * row + i;
          float        sum = 0;

          for (size_t k = 0; k < r->y.count[y]; k++)
            sum += p[k * row] * taps[k];
          out[i] = sum;
        }
    }
}

typedef gboolean (*AxisInit) (Axis *axis, size_t in, size_t out);

static gboolean
resize (Resize          *r,
        const uint8_t   *x,
        size_t           stride,
        size_t           h,
        size_t           w,
        size_t           h2,
        size_t           w2,
        AxisInit         init,
        SamParallelFunc  band,
        GError         **error)
{
  gboolean done = FALSE;

  r->in        = x;
  r->in_stride = stride;
  r->n_columns = w2;
  if (init (&r->x, w, w2) && init (&r->y, h, h2))
    {
      sam_parallel_for (h2, BAND_ROWS, band, r);
      done = ! r->no_memory;
    }
  axis_clear (&r->x);
  axis_clear (&r->y);

  return done ? TRUE : set_no_memory (error);
}

gboolean
sam_resize_pillow (uint8_t       *y,
                   const uint8_t *x,
                   size_t         h,
                   size_t         w,
                   size_t         h2,
                   size_t         w2,
                   GError       **error)
{
  Resize r = { .out_u8 = y, .keep_x = w == w2, .keep_y = h == h2 };

  return resize (&r, x, w * 3, h, w, h2, w2, axis_init_pillow, resize_band_pillow, error);
}

gboolean
sam_resize_antialias (float         *y,
                      const uint8_t *x,
                      size_t         h,
                      size_t         w,
                      size_t         h2,
                      size_t         w2,
                      GError       **error)
{
  Resize r = { .out_f = y };

  return resize (&r, x, w * 3, h, w, h2, w2, axis_init_float, resize_band_float, error);
}

gboolean
sam_resize_plain (float         *y,
                  const uint8_t *x,
                  size_t         h,
                  size_t         w,
                  size_t         h2,
                  size_t         w2,
                  GError       **error)
{
  Resize r = { .out_f = y };

  return resize (&r, x, w * 3, h, w, h2, w2, axis_init_plain, resize_band_float, error);
}

/* Left and right exchanged: x [rows, columns, 3] in rows of @stride values. */
static void
mirror (float *x,
        size_t stride,
        size_t rows,
        size_t columns)
{
  for (size_t y = 0; y < rows; y++)
    for (size_t i = 0; i < columns / 2; i++)
      for (size_t c = 0; c < 3; c++)
        {
          float *left  = x + y * stride + i * 3 + c;
          float *right = x + y * stride + (columns - 1 - i) * 3 + c;
          float  value = *left;

          *left  = *right;
          *right = value;
        }
}

/* The pixels of a part along one side, when the image is the picture at another size. */
static void
scale_side (size_t  start,
            size_t  n,
            size_t  picture,
            size_t  image,
            size_t *first,
            size_t *count)
{
  *first = (size_t) ((double) start * image / picture);
  *count = MIN ((size_t) ceil ((double) (start + n) * image / picture), image) - *first;
}

static const uint8_t *
find_part (const SamImage    *image,
           const SamGeometry *geometry,
           size_t            *stride,
           size_t            *h,
           size_t            *w)
{
  size_t x, y;

  scale_side (geometry->x, geometry->width, geometry->picture_width, sam_image_get_width (image), &x, w);
  scale_side (geometry->y, geometry->height, geometry->picture_height, sam_image_get_height (image), &y, h);
  *stride = sam_image_get_width (image) * 3;

  return sam_image_get_pixels (image) + y * *stride + x * 3;
}

gboolean
sam_resize_image (uint8_t           *y,
                  const SamImage    *image,
                  const SamGeometry *geometry,
                  GError           **error)
{
  size_t         stride, h, w;
  size_t         h2 = geometry->resized_height, w2 = geometry->resized_width;
  const uint8_t *pixels = find_part (image, geometry, &stride, &h, &w);
  Resize         r = { .out_u8 = y, .keep_x = w == w2, .keep_y = h == h2 };

  return resize (&r, pixels, stride, h, w, h2, w2, axis_init_pillow, resize_band_pillow, error);
}

/* 0..1, squashed: these families fill the whole input. */
static gboolean
resize_float (float             *y,
              const SamImage    *image,
              const SamGeometry *geometry,
              SamResample        how,
              GError           **error)
{
  size_t         stride, h, w;
  const uint8_t *pixels = find_part (image, geometry, &stride, &h, &w);
  Resize         r = { .out_f = y };

  g_assert (geometry->resized_height == geometry->input && geometry->resized_width == geometry->input);

  return resize (&r, pixels, stride, h, w, geometry->input, geometry->input,
                 how == SAM_RESAMPLE_ANTIALIAS ? axis_init_float : axis_init_plain, resize_band_float, error);
}

typedef struct
{
  float               *x;
  const uint8_t       *small; /* [h2, w2, 3], or NULL: x holds the values */
  const SamPreprocess *how;
  size_t               w2, h2, input;
} Normalise;

/* Normalise first, then pad with zeros: the networks were trained with the padding at 0 after normalising, not
 * at black. */
static void
normalise_rows (size_t   first,
                size_t   last,
                gpointer data)
{
  const Normalise *n = data;

  for (size_t y = first; y < last; y++)
    {
      float *x = n->x + y * n->input * 3;
      size_t w = y < n->h2 ? n->w2 : 0;

      for (size_t i = 0; i < 3 * w; i++)
        {
          float value = n->small != NULL ? n->small[y * n->w2 * 3 + i] : x[i];

          x[i] = (value - n->how->mean[i % 3]) / n->how->std[i % 3];
        }
      memset (x + 3 * w, 0, 3 * (n->input - w) * sizeof (float));
    }
}

gboolean
sam_preprocess (float               *x,
                const SamImage      *image,
                const SamGeometry   *geometry,
                const SamPreprocess *how,
                GError             **error)
{
  size_t              h2        = geometry->resized_height;
  size_t              w2        = geometry->resized_width;
  size_t              input     = geometry->input;
  Normalise           normalise = { .x = x, .how = how, .w2 = w2, .h2 = h2, .input = input };
  g_autofree uint8_t *small     = NULL;

  if (how->resample == SAM_RESAMPLE_PILLOW)
    {
      small = g_try_malloc_n (h2, w2 * 3);
      if (small == NULL)
        return set_no_memory (error);
      if (! sam_resize_image (small, image, geometry, error))
        return FALSE;
      normalise.small = small;
    }
  else if (! resize_float (x, image, geometry, how->resample, error))
    {
      return FALSE;
    }
  sam_parallel_for (input, NORMALISED_ROWS, normalise_rows, &normalise);
  if (geometry->mirrored)
    mirror (x, input * 3, h2, w2);

  return TRUE;
}
