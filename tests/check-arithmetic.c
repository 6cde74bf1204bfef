/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the faster arithmetic does to masks: the built-in model on the sample photo, clicked in a grid, with
 * float32 and with what this processor takes by default. Where that is float32, too, both are the same. */
#include "config.h"

#include "samcore/sam-matrix.h"
#include "samcore/sam-model.h"
#include "samcore/sam-mask.h"
#include "tests/golden.h"

#define GRID 6

static SamModel *
model (SamArithmetic arithmetic)
{
  g_autoptr (GError) error = NULL;
  g_autofree char   *path  = g_build_filename (g_getenv ("SAM_MODEL_PATH"), "builtin.safetensors", NULL);
  SamModel          *made;

  sam_arithmetic_set (arithmetic);
  made = sam_model_load (path, NULL, &error);
  g_assert_no_error (error);
  sam_arithmetic_set (SAM_ARITHMETIC_FAST);

  return made;
}

static SamMask *
click (SamModel *on, const SamEmbedding *embedding, float x, float y)
{
  g_autoptr (GError)    error  = NULL;
  g_auto (SamPrompt)    prompt = { NULL };
  g_autoptr (SamLogits) logits = NULL;
  SamMask              *mask;

  sam_prompt_init (&prompt);
  sam_prompt_add_point (&prompt, x, y, 1);
  logits = sam_model_predict (on, embedding, &prompt, NULL, &error);
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
      gboolean in_a = sam_mask_get_coverage (a)[i] >= 128, in_b = sam_mask_get_coverage (b)[i] >= 128;

      both += in_a && in_b;
      either += in_a || in_b;
    }

  return either > 0 ? (double) both / (double) either : 1;
}

static void
test_masks (void)
{
  g_autoptr (GError)       error     = NULL;
  g_autoptr (SamImage)     image     = golden_picture (g_getenv ("SAM_SOURCE_ROOT"), "data/samples/coffee.png");
  g_autoptr (SamModel)     exact     = model (SAM_ARITHMETIC_F32);
  g_autoptr (SamModel)     fast      = model (SAM_ARITHMETIC_FAST);
  g_autoptr (SamEmbedding) exact_emb = sam_model_encode (exact, image, NULL, &error);
  g_autoptr (SamEmbedding) fast_emb  = sam_model_encode (fast, image, NULL, &error);
  double                   mean      = 0;

  g_assert_no_error (error);
  for (int i = 0; i < GRID * GRID; i++)
    {
      float               x = (float) ((i % GRID + 0.5) * sam_image_get_width (image) / GRID);
      float               y = (float) ((i / GRID + 0.5) * sam_image_get_height (image) / GRID);
      g_autoptr (SamMask) a = click (exact, exact_emb, x, y);
      g_autoptr (SamMask) b = click (fast, fast_emb, x, y);

      g_assert_cmpfloat (iou (a, b), >=, 0.9);
      mean += iou (a, b) / (GRID * GRID);
    }
  g_test_message ("%s against f32: mean IoU %.5f", sam_arithmetic_name (), mean);
  g_assert_cmpfloat (mean, >=, 0.99);
}

int
main (int    argc,
      char **argv)
{
  g_setenv ("SAM_PRECISION", "bf16", TRUE); /* wherever the processor has it at all */
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/arithmetic/masks", test_masks);

  return g_test_run ();
}
