/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a picture to a network's input.
 *
 *   [h, w, 3] u8 ──▶ rows ──▶ [h, w2, 3] ──▶ columns ──▶ [h2, w2, 3] ──▶ normalised, padded
 *
 * Both filters are triangles that widen when shrinking; they differ in their arithmetic: Pillow
 * rounds to 8 bits after each pass with weights in 22 bits of fraction, torchvision stays in
 * float32. Work goes in bands of output rows: a band makes just the rows of the first pass that it
 * needs. */
#include "samcore/image/sam-preprocess.h"

#include <math.h>
#include <string.h>

#include "samcore/sam-error.h"
#include "samcore/kernels/sam-kernels.h"
#include "samcore/sam-parallel.h"

#define PILLOW_BITS 22
#define BAND_ROWS   32

/* The filter of one axis: output i is the sum of taps[i * width + k] * input[first[i] + k], k <
 * count[i]. */
typedef struct
{
  size_t   n, width;
  size_t  *first, *count;
  int32_t *taps_i;
  int16_t *taps_split; /* the same, as kernels want them along a row: [n, 2, width] */
  float   *taps_f;
} Axis;

/* What a network is given: y: [input, input, 3] */
typedef struct
{
  float               *y;
  const SamPreprocess *how;
  size_t               input;
  gboolean             mirrored;
} Normalise;

/* The result is out_u8, [h2, n_columns, 3], or goes to normalise. */
typedef struct
{
  Axis             x, y;
  const uint8_t   *in;
  size_t           in_stride; /* bytes */
  size_t           in_columns;
  size_t           n_columns; /* of the output */
  uint8_t         *out_u8;
  const Normalise *normalise;
  gboolean         keep_x, keep_y; /* Pillow skips an axis that keeps its size */
  gint             no_memory;
} Resize;

static gboolean
set_no_memory (GError **error)
{
  g_set_error_literal (
    error, SAM_ERROR, SAM_ERROR_NO_MEMORY,
    "not enough memory to resize the picture; close other programs or scale it down");
  return FALSE;
}

static void
axis_clear (Axis *axis)
{
  g_clear_pointer (&axis->first, g_free);
  g_clear_pointer (&axis->count, g_free);
  g_clear_pointer (&axis->taps_i, g_free);
  g_clear_pointer (&axis->taps_split, g_free);
  g_clear_pointer (&axis->taps_f, g_free);
}

static gboolean
axis_alloc (Axis *axis, size_t in, size_t out, gboolean integer)
{
  size_t width = ((in + out - 1) / out * 2 + 4) / 4 *
                 4; /* at least 2 ceil (max (in / out, 1)) + 1, in whole fours */
  size_t total;

  *axis = (Axis) { out, width };
  if (__builtin_mul_overflow (width, out, &total) || total > G_MAXSIZE / 2)
    return FALSE;

  axis->first = g_try_malloc_n (out, sizeof (size_t));
  axis->count = g_try_malloc_n (out, sizeof (size_t));
  if (integer)
    {
      axis->taps_i = g_try_malloc_n (total, sizeof (int32_t));
      axis->taps_split = g_try_malloc0_n (2 * total, sizeof (int16_t));
    }
  else
    {
      axis->taps_f = g_try_malloc_n (total, sizeof (float));
    }

  return axis->first != NULL && axis->count != NULL &&
         (integer ? axis->taps_i != NULL && axis->taps_split != NULL : axis->taps_f != NULL);
}

/* All in double, the weights rounded last: the integer weights must come out as Pillow's. */
static gboolean
axis_init_pillow (Axis *axis, size_t in, size_t out)
{
  double             scale = (double) in / (double) out;
  double             support = MAX (scale, 1.0);
  g_autofree double *w = NULL;

  if (! axis_alloc (axis, in, out, TRUE))
    return FALSE;
  w = g_try_malloc_n (axis->width, sizeof (double));
  if (w == NULL)
    return FALSE;

  for (size_t i = 0; i < out; i++)
    {
      double   center = (i + 0.5) * scale;
      double   sum = 0.0;
      double   low = center - support + 0.5;
      size_t   first = low > 0.0 ? (size_t) low : 0;
      size_t   last = MIN ((size_t) (center + support + 0.5), in);
      size_t   count = last - first;
      int32_t *taps = axis->taps_i + i * axis->width;
      int16_t *split = axis->taps_split + 2 * i * axis->width;

      for (size_t k = 0; k < count; k++)
        {
          w[k] = MAX (0.0, 1.0 - fabs (((double) (k + first) - center + 0.5) / support));
          sum += w[k];
        }
      for (size_t k = 0; k < count; k++)
        {
          taps[k] = (int32_t) (0.5 + w[k] / sum * (1 << PILLOW_BITS));
          split[k] = taps[k] & ((1 << SAM_TAP_BITS) - 1);
          split[axis->width + k] = taps[k] >> SAM_TAP_BITS;
        }
      axis->first[i] = first;
      axis->count[i] = count;
    }

  return TRUE;
}

/* The same in float32, unrounded. */
static gboolean
axis_init_float (Axis *axis, size_t in, size_t out)
{
  float scale = (float) in / (float) out;
  float support = MAX (scale, 1.0f);
  float inverse = scale >= 1.0f ? 1.0f / scale : 1.0f;

  if (! axis_alloc (axis, in, out, FALSE))
    return FALSE;

  for (size_t i = 0; i < out; i++)
    {
      float  center = scale * (i + 0.5f);
      float  sum = 0.0f;
      float  low = center - support + 0.5f;
      size_t first = low > 0.0f ? MIN ((size_t) low, in - 1) : 0;
      size_t last = MIN ((size_t) (center + support + 0.5f), in);
      size_t count = CLAMP (last - first, 1, axis->width);
      float *taps = axis->taps_f + i * axis->width;

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
axis_init_plain (Axis *axis, size_t in, size_t out)
{
  float scale = (float) in / (float) out;

  if (! axis_alloc (axis, in, out, FALSE))
    return FALSE;

  for (size_t i = 0; i < out; i++)
    {
      float  source = MAX (0.0f, scale * (i + 0.5f) - 0.5f);
      size_t first = MIN ((size_t) source, in - 1);
      float *taps = axis->taps_f + i * axis->width;

      axis->first[i] = first;
      axis->count[i] = first + 1 < in ? 2 : 1;
      taps[1] = source - first;
      taps[0] = axis->count[i] == 2 ? 1.0f - taps[1] : 1.0f;
    }

  return TRUE;
}

/* The rows of the picture that the output rows [first, last) depend on. */
static void
source_rows (const Resize *r, size_t first, size_t last, size_t *y0, size_t *y1)
{
  *y0 = r->keep_y ? first : r->y.first[first];
  *y1 = r->keep_y ? last : r->y.first[last - 1] + r->y.count[last - 1];
}

/* Left and right exchanged: x [n, 3] */
static void
mirror (float *x, size_t n)
{
  for (size_t i = 0; i < n / 2; i++)
    for (size_t c = 0; c < 3; c++)
      {
        float *left = x + 3 * i + c;
        float *right = x + 3 * (n - 1 - i) + c;
        float  value = *left;

        *left = *right;
        *right = value;
      }
}

/* x: [columns, 3], the resized row, at the beginning of its place in the network's input. Normalise
 * first, then pad with zeros: the networks were trained with the padding at 0 after normalising,
 * not at black. */
static void
normalise_row (const Normalise *n, float *x, size_t columns)
{
  sam_kernels ()->normalise (x, x, n->how->mean, n->how->std, columns);
  memset (x + 3 * columns, 0, 3 * (n->input - columns) * sizeof (float));
  if (n->mirrored)
    mirror (x, columns);
}

/* Row @y of the result has been made at @row. */
static void
hand_over_bytes (const Resize *r, size_t y, const uint8_t *row)
{
  float *to = r->normalise->y + y * r->normalise->input * 3;

  sam_kernels ()->widen_bytes (to, row, r->n_columns * 3);
  normalise_row (r->normalise, to, r->n_columns);
}

static void
resize_band_pillow (size_t first, size_t last, gpointer data)
{
  Resize             *r = data;
  const SamKernels   *kernels = sam_kernels ();
  size_t              row = r->n_columns * 3;
  size_t              y0, y1;
  g_autofree uint8_t *wide = NULL;
  g_autofree uint8_t *scratch = NULL;

  source_rows (r, first, last, &y0, &y1);
  wide = g_try_malloc_n (y1 - y0, row);
  scratch = g_try_malloc (row);
  if (wide == NULL || scratch == NULL)
    {
      g_atomic_int_set (&r->no_memory, 1);
      return;
    }

  if (! r->keep_x)
    kernels->filter_rows (wide, row, r->in + y0 * r->in_stride, r->in_stride, r->x.first,
                          r->x.count, r->x.taps_split, r->x.width, PILLOW_BITS, y1 - y0,
                          r->in_columns, r->n_columns);
  else
    for (size_t y = y0; y < y1; y++)
      memcpy (wide + (y - y0) * row, r->in + y * r->in_stride, row);

  for (size_t y = first; y < last; y++)
    {
      const uint8_t *from = wide + ((r->keep_y ? y : r->y.first[y]) - y0) * row;
      uint8_t       *out = r->out_u8 != NULL ? r->out_u8 + y * row : scratch;

      if (r->keep_y)
        memcpy (out, from, row);
      else
        kernels->correlate_bytes (out, from, r->y.taps_i + y * r->y.width, r->y.count[y], row,
                                  PILLOW_BITS, row);
      if (r->normalise != NULL)
        hand_over_bytes (r, y, out);
    }
}

static void
resize_band_float (size_t first, size_t last, gpointer data)
{
  Resize           *r = data;
  size_t            row = r->n_columns * 3;
  size_t            y0, y1;
  g_autofree float *wide = NULL;
  float             part[256]; /* of 255 */

  for (int i = 0; i < 256; i++)
    part[i] = i / 255.0f;
  source_rows (r, first, last, &y0, &y1);
  wide = g_try_malloc_n ((y1 - y0) * row, sizeof (float));
  if (wide == NULL)
    {
      g_atomic_int_set (&r->no_memory, 1);
      return;
    }

  for (size_t y = y0; y < y1; y++)
    {
      const uint8_t *in = r->in + y * r->in_stride;
      float         *out = wide + (y - y0) * row;

      for (size_t x = 0; x < r->n_columns; x++)
        {
          const uint8_t *p = in + r->x.first[x] * 3;
          const float   *taps = r->x.taps_f + x * r->x.width;
          float          s0 = 0, s1 = 0, s2 = 0;

          for (size_t k = 0; k < r->x.count[x]; k++)
            {
              s0 += part[p[3 * k]] * taps[k];
              s1 += part[p[3 * k + 1]] * taps[k];
              s2 += part[p[3 * k + 2]] * taps[k];
            }
          out[3 * x] = s0;
          out[3 * x + 1] = s1;
          out[3 * x + 2] = s2;
        }
    }

  for (size_t y = first; y < last; y++)
    {
      float *out = r->normalise->y + y * r->normalise->input * 3;

      sam_kernels ()->correlate (out, wide + (r->y.first[y] - y0) * row,
                                 r->y.taps_f + y * r->y.width, r->y.count[y], row, row);
      normalise_row (r->normalise, out, r->n_columns);
    }
}

typedef gboolean (*AxisInit) (Axis *axis, size_t in, size_t out);

static gboolean
resize (Resize         *r,
        const uint8_t  *x,
        size_t          stride,
        size_t          h,
        size_t          w,
        size_t          h2,
        size_t          w2,
        AxisInit        init,
        SamParallelFunc band,
        GError        **error)
{
  gboolean done = FALSE;

  r->in = x;
  r->in_stride = stride;
  r->in_columns = w;
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

/* The pixels of a part along one side, when the image is the picture at another size. */
static void
scale_side (size_t start, size_t n, size_t picture, size_t image, size_t *first, size_t *count)
{
  *first = (size_t) ((double) start * image / picture);
  *count = MIN ((size_t) ceil ((double) (start + n) * image / picture), image) - *first;
}

static const uint8_t *
find_part (const SamImage *image, const SamGeometry *geometry, size_t *stride, size_t *h, size_t *w)
{
  size_t x, y;

  scale_side (geometry->x, geometry->width, geometry->picture_width, sam_image_get_width (image),
              &x, w);
  scale_side (geometry->y, geometry->height, geometry->picture_height, sam_image_get_height (image),
              &y, h);
  *stride = sam_image_get_width (image) * 3;

  return sam_image_get_pixels (image) + y * *stride + x * 3;
}

gboolean
sam_resize_image (uint8_t *y, const SamImage *image, const SamGeometry *geometry, GError **error)
{
  size_t         stride, h, w;
  size_t         h2 = geometry->resized_height, w2 = geometry->resized_width;
  const uint8_t *pixels = find_part (image, geometry, &stride, &h, &w);
  Resize         r = { .out_u8 = y, .keep_x = w == w2, .keep_y = h == h2 };

  return resize (&r, pixels, stride, h, w, h2, w2, axis_init_pillow, resize_band_pillow, error);
}

/* What is below the picture. */
typedef struct
{
  float *x;
  size_t row;
} Below;

static void
clear_rows (size_t first, size_t last, gpointer data)
{
  const Below *below = data;

  memset (below->x + first * below->row, 0, (last - first) * below->row * sizeof *below->x);
}

gboolean
sam_preprocess (float               *x,
                const SamImage      *image,
                const SamGeometry   *geometry,
                const SamPreprocess *how,
                GError             **error)
{
  static const struct
  {
    AxisInit        init;
    SamParallelFunc band;
  } ways[] = {
    [SAM_RESAMPLE_PILLOW] = { axis_init_pillow, resize_band_pillow },
    [SAM_RESAMPLE_ANTIALIAS] = { axis_init_float, resize_band_float },
    [SAM_RESAMPLE_BILINEAR] = { axis_init_plain, resize_band_float },
  };
  size_t stride, h, w;
  size_t h2 = geometry->resized_height, w2 = geometry->resized_width, input = geometry->input;
  const uint8_t *pixels = find_part (image, geometry, &stride, &h, &w);
  gboolean       pillow = how->resample == SAM_RESAMPLE_PILLOW;
  Normalise      normalise = { x, how, input, geometry->mirrored };
  Resize r = { .normalise = &normalise, .keep_x = pillow && w == w2, .keep_y = pillow && h == h2 };

  if (! resize (&r, pixels, stride, h, w, h2, w2, ways[how->resample].init,
                ways[how->resample].band, error))
    return FALSE;
  sam_parallel_for (input - h2, BAND_ROWS, clear_rows, &(Below) { x + h2 * input * 3, input * 3 });

  return TRUE;
}
