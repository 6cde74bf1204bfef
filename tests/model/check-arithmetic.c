/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the faster arithmetics do, bf16 or as the argument says (int8, or fast: what the processor
 * chooses): to products, and to masks, the built-in model on the sample photo, clicked in a grid,
 * with float32 and with it. Where that is float32, too, both are the same. */
#include "config.h"

#include <math.h>

#include "samcore/nn/sam-bottleneck.h"
#include "samcore/nn/sam-conv.h"
#include "samcore/nn/sam-conv-transpose.h"
#include "samcore/kernels/sam-kernels.h"
#include "samcore/nn/sam-linear.h"
#include "samcore/sam-mask.h"
#include "samcore/sam-model.h"
#include "samcore/sam-parallel.h"
#include "tests/lib/golden.h"

#define GRID 6

static SamModel *
model (SamArithmetic arithmetic)
{
  g_autoptr (GError) error = NULL;
  g_autofree char   *path = g_build_filename (g_getenv ("SAM_MODEL_PATH"), "builtin.safetensors",
                                              NULL);
  SamModel          *made;

  sam_arithmetic_set (arithmetic);
  made = sam_model_load (path, NULL, &error);
  g_assert_no_error (error);
  sam_arithmetic_set (SAM_ARITHMETIC_FAST);

  return made;
}

static SamMask *
click (SamModel *on, SamScene *scene, float x, float y)
{
  g_autoptr (GError)    error = NULL;
  g_auto (SamPrompt)    prompt = { NULL };
  g_autoptr (SamLogits) logits = NULL;
  SamMask              *mask;

  sam_prompt_init (&prompt);
  sam_prompt_add_point (&prompt, x, y, 1);
  logits = sam_model_predict (on, scene, &prompt, NULL, &error);
  g_assert_no_error (error);
  mask = sam_mask_new_from_logits (logits, 0, SAM_EDGE_HARD, NULL, &error);
  g_assert_no_error (error);

  return mask;
}

static double
iou (const SamMask *a, const SamMask *b)
{
  size_t both = 0, either = 0;

  for (size_t i = 0; i < sam_mask_get_width (a) * sam_mask_get_height (a); i++)
    {
      gboolean in_a = sam_mask_get_coverage (a)[i] >= 128,
               in_b = sam_mask_get_coverage (b)[i] >= 128;

      both += in_a && in_b;
      either += in_a || in_b;
    }

  return either > 0 ? (double) both / (double) either : 1;
}

static void
test_masks (void)
{
  g_autoptr (GError)   error = NULL;
  g_autoptr (SamImage) image = golden_picture (g_getenv ("SAM_SOURCE_ROOT"),
                                               "data/samples/coffee.png");
  g_autoptr (SamModel) exact = model (SAM_ARITHMETIC_F32);
  g_autoptr (SamModel) fast = model (SAM_ARITHMETIC_FAST);
  g_autoptr (SamScene) exact_scene = sam_model_encode (exact, image, NULL, &error);
  g_autoptr (SamScene) fast_scene = sam_model_encode (fast, image, NULL, &error);
  /* bytes may cost a little more, 7-bit ones (AVX2) above all, which only who asks for them gets */
  gboolean bytes = g_str_equal (sam_arithmetic_name (), "int8");
  gboolean seven_bits = bytes && g_strcmp0 (g_getenv ("SAM_CPU"), "avx2") == 0;
  double   mean = 0;
  int      n_others = 0;

  g_assert_no_error (error);
  for (int i = 0; i < GRID * GRID; i++)
    {
      float               x = (float) ((i % GRID + 0.5) * sam_image_get_width (image) / GRID);
      float               y = (float) ((i / GRID + 0.5) * sam_image_get_height (image) / GRID);
      g_autoptr (SamMask) a = click (exact, exact_scene, x, y);
      g_autoptr (SamMask) b = click (fast, fast_scene, x, y);

      double agreement = iou (a, b);

      g_test_message ("at %.0f,%.0f: IoU %.5f", x, y, agreement);
      n_others += agreement < (bytes ? 0.8 : 0.9);
      mean += agreement / (GRID * GRID);
    }
  g_test_message ("%s against f32: mean IoU %.5f", sam_arithmetic_name (), mean);
  /* rounding to bytes may make one of these clicks mean something else */
  g_assert_cmpint (n_others, <=, seven_bits ? 1 : 0);
  g_assert_cmpfloat (mean, >=, seven_bits ? 0.95 : bytes ? 0.98 : 0.99);
}

/* Weights of few inputs and what has no weights are never bytes, and float32 is nothing else. */
static void
test_choice (void)
{
  const SamKernels *kernels = sam_kernels ();
  const SamGemm    *others = sam_arithmetic_gemm (SAM_ARITHMETIC_FAST);
  const SamGemm *weights = sam_arithmetic_weights_gemm (SAM_ARITHMETIC_FAST, kernels->int8->line);
  const char    *name = sam_arithmetic_name ();

  g_assert_true (others == kernels->f32 || others == kernels->bf16);
  g_assert_true (sam_arithmetic_weights_gemm (SAM_ARITHMETIC_FAST, kernels->int8->line - 1) ==
                 others);
  if (g_str_equal (name, "int8"))
    g_assert_true (weights == kernels->int8);
  else
    g_assert_true (weights == others &&
                   weights == (g_str_equal (name, "bf16") ? kernels->bf16 : kernels->f32));

  g_assert_true (sam_arithmetic_gemm (SAM_ARITHMETIC_F32) == kernels->f32);
  g_assert_true (sam_arithmetic_weights_gemm (SAM_ARITHMETIC_F32, kernels->int8->line) ==
                 kernels->f32);
}

enum
{
  IN = 320,
  MIDDLE = 600,
  OUT = 90,
  SIDE = 12,
  N = SIDE * SIDE
};

static float *
make_values (size_t n)
{
  float *x = g_new (float, n);

  for (size_t i = 0; i < n; i++)
    x[i] = (float) g_test_rand_double_range (-1, 1);
  return x;
}

/* Each way to multiply by weights, one after the other in y. */
static void
multiply (float *y, const float *x, const float *w, SamArithmetic arithmetic)
{
  SamMatrix    *first = sam_matrix_new (w, MIDDLE, IN, arithmetic);
  SamMatrix    *second = sam_matrix_new (w, OUT, MIDDLE, arithmetic);
  SamMatrix    *conv = sam_matrix_new (w, OUT, 9 * IN / 4, arithmetic);
  SamMatrix    *narrow = sam_matrix_new (w, OUT, 27, arithmetic);
  SamRows       rows = { .x = x, .ld = IN };
  SamBottleneck bottleneck = { { first, x, IN, MIDDLE },
                               { w, x, MIDDLE, 3, 1, 1 },
                               { second, x, MIDDLE, OUT } };

  sam_matrix_linear (y, x, first, NULL, x, 5, SAM_ACT_RELU);
  y += 5 * MIDDLE;
  sam_matrix_linear (y, x, second, NULL, NULL, N, SAM_ACT_NONE);
  y += N * OUT;
  sam_matrix_mlp (y, &rows, first, NULL, SAM_ACT_GELU, second, NULL, NULL, N);
  y += N * OUT;
  sam_conv_run (&(SamConv) { conv, NULL, IN / 4, OUT, 3, 1, 1 }, y, x, SIDE, SIDE, SAM_ACT_NONE);
  y += N * OUT;
  sam_conv_run (&(SamConv) { narrow, NULL, 3, OUT, 3, 1, 1 }, y, x, SIDE, SIDE, SAM_ACT_NONE);
  y += N * OUT;
  sam_matrix_conv_transpose2x2 (y, x, first, NULL, NULL, SIDE, SIDE, NULL, SAM_ACT_NONE);
  y += N * MIDDLE;
  sam_bottleneck_run (&bottleneck, y, x, NULL, SIDE, SIDE, SAM_ACT_GELU, SAM_ACT_NONE);

  sam_matrix_free (first);
  sam_matrix_free (second);
  sam_matrix_free (conv);
  sam_matrix_free (narrow);
}

static void
test_products (void)
{
  static const size_t sizes[] = { 5 * MIDDLE, N * OUT,    N * OUT, N * OUT,
                                  N * OUT,    N * MIDDLE, N * OUT };
  const size_t        n_all = 5 * MIDDLE + N * (MIDDLE + 5 * OUT);
  g_autofree float   *x = make_values (N * MIDDLE), *w = make_values (MIDDLE * MIDDLE);
  g_autofree float   *exact = g_new (float, n_all), *fast = g_new (float, n_all),
                   *alone = g_new (float, n_all);
  const float *e = exact, *f = fast;

  multiply (exact, x, w, SAM_ARITHMETIC_F32);
  sam_parallel_set_n_threads (3);
  multiply (fast, x, w, SAM_ARITHMETIC_FAST);
  sam_parallel_set_n_threads (1);
  multiply (alone, x, w, SAM_ARITHMETIC_FAST);
  sam_parallel_set_n_threads (0);
  g_assert_cmpmem (fast, n_all * sizeof *fast, alone, n_all * sizeof *alone);

  for (size_t i = 0; i < G_N_ELEMENTS (sizes); e += sizes[i], f += sizes[i], i++)
    {
      double error = 0, size = 0;

      for (size_t k = 0; k < sizes[i]; k++)
        {
          error += (f[k] - e[k]) * (f[k] - e[k]);
          size += e[k] * e[k];
        }
      g_test_message ("%zu: %.5f", i, sqrt (error / size));
      /* a step of 7 bits, the coarsest there are, is 1/64: a deviation of 0.008 from even values,
       * and of 0.004 with 8 bits; a second layer has it again */
      g_assert_cmpfloat (sqrt (error / size), <, 2 * (0.008 + 0.004));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_setenv ("SAM_PRECISION", argc > 1 ? argv[1] : "bf16",
            TRUE); /* wherever the processor has it at all */

  g_test_add_func ("/arithmetic/choice", test_choice);
  g_test_add_func ("/arithmetic/products", test_products);
  g_test_add_func ("/arithmetic/masks", test_masks);

  return g_test_run ();
}
