/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prompts: what is accepted, what is refused and in which words, and the one-line form there and
 * back. Also the small things they stand on: pictures, jobs. */
#include <math.h>
#include <string.h>

#include "samcore/sam-error.h"
#include "samcore/sam-image.h"
#include "samcore/sam-job.h"
#include "samcore/sam-prompt.h"

#define WIDTH  640
#define HEIGHT 480

static void
assert_refused (const SamPrompt *prompt, const char *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (sam_prompt_check (prompt, WIDTH, HEIGHT, &error));
  g_assert_error (error, SAM_ERROR, SAM_ERROR_BAD_PROMPT);
  g_assert_nonnull (strstr (error->message, words));
}

static void
test_empty (void)
{
  g_auto (SamPrompt) prompt;

  sam_prompt_init (&prompt);
  g_assert_true (sam_prompt_is_empty (&prompt));
  assert_refused (&prompt, "prompt is empty");

  sam_prompt_add_point (&prompt, 1, 1, 0);
  g_assert_false (sam_prompt_is_empty (&prompt));
  assert_refused (&prompt, "off the object");

  sam_prompt_add_box (&prompt, 10, 10, 0, 0);
  g_assert_true (sam_prompt_check (&prompt, WIDTH, HEIGHT, NULL));
  g_assert_cmpfloat (g_array_index (prompt.boxes, SamBox, 0).x0_image, ==, 0);
  g_assert_cmpfloat (g_array_index (prompt.boxes, SamBox, 0).y1_image, ==, 10);
}

static void
test_points (void)
{
  static const struct
  {
    float       x, y;
    int         label;
    const char *words; /* NULL: fine */
  } cases[] = {
    { 0, 0, 1, NULL },
    { WIDTH, HEIGHT, 1, NULL },
    { 320.25f, 0.5f, 1, NULL },
    { -0.5f, 3, 1, "Point 2 (-0.5, 3) is outside the picture of 640 × 480" },
    { 640.5f, 3, 1, "outside" },
    { 3, 1e30f, 1, "outside" },
    { NAN, 3, 1, "point 2 is not a finite number" },
    { 3, INFINITY, 1, "point 2 is not a finite number" },
    { 3, 3, 2, "label of point 2 is 2" },
    { 3, 3, -1, "label of point 2 is -1" },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (SamPrompt) prompt;

      sam_prompt_init (&prompt);
      sam_prompt_add_point (&prompt, 5, 5, 1);
      sam_prompt_add_point (&prompt, cases[i].x, cases[i].y, cases[i].label);
      if (cases[i].words != NULL)
        assert_refused (&prompt, cases[i].words);
      else
        g_assert_true (sam_prompt_check (&prompt, WIDTH, HEIGHT, NULL));
    }
}

static void
test_boxes (void)
{
  static const struct
  {
    float       x0, y0, x1, y1;
    const char *words;
  } cases[] = {
    { 0, 0, WIDTH, HEIGHT, NULL },
    { 7.5f, 7.5f, 8, 8, NULL },
    { 7, 7, 7, 9, "Box 1 is empty" },
    { 7, 7, 9, 7, "Box 1 is empty" },
    { -1, 7, 9, 8, "Box 1 extends outside" },
    { 1, 7, 9, 481, "Box 1 extends outside" },
    { NAN, 7, 9, 8, "box 1 is not a finite number" },
    { 1, 7, NAN, 8, "box 1 is not a finite number" },
    { 1, NAN, 3, 8, "box 1 is not a finite number" },
    { 1, 2, 3, -INFINITY, "box 1 is not a finite number" },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (SamPrompt) prompt;

      sam_prompt_init (&prompt);
      sam_prompt_add_box (&prompt, cases[i].x0, cases[i].y0, cases[i].x1, cases[i].y1);
      if (cases[i].words != NULL)
        assert_refused (&prompt, cases[i].words);
      else
        g_assert_true (sam_prompt_check (&prompt, WIDTH, HEIGHT, NULL));
    }
}

static void
test_too_many (void)
{
  g_auto (SamPrompt) points;
  g_auto (SamPrompt) boxes;

  sam_prompt_init (&points);
  for (int i = 0; i < SAM_PROMPT_MAX_POINTS; i++)
    sam_prompt_add_point (&points, 1, 1, 1);
  g_assert_true (sam_prompt_check (&points, WIDTH, HEIGHT, NULL));
  sam_prompt_add_point (&points, 1, 1, 1);
  assert_refused (&points, "too many points (1025)");

  sam_prompt_init (&boxes);
  for (int i = 0; i < SAM_PROMPT_MAX_BOXES; i++)
    sam_prompt_add_box (&boxes, 1, 1, 2, 2);
  g_assert_true (sam_prompt_check (&boxes, WIDTH, HEIGHT, NULL));
  sam_prompt_add_box (&boxes, 1, 1, 2, 2);
  assert_refused (&boxes, "too many boxes (65)");
}

static void
test_ambiguous (void)
{
  g_auto (SamPrompt) prompt;

  sam_prompt_init (&prompt);
  g_assert_false (sam_prompt_is_ambiguous (&prompt));
  sam_prompt_add_point (&prompt, 1, 1, 1);
  g_assert_true (sam_prompt_is_ambiguous (&prompt));
  sam_prompt_add_point (&prompt, 2, 1, 0);
  g_assert_false (sam_prompt_is_ambiguous (&prompt));
  g_array_set_size (prompt.points, 1);
  sam_prompt_add_box (&prompt, 1, 1, 2, 2);
  g_assert_false (sam_prompt_is_ambiguous (&prompt));
}

static void
test_parse (void)
{
  g_auto (SamPrompt) prompt;
  g_auto (SamPrompt) again;
  g_autofree char   *text = NULL;
  g_autofree char   *text_again = NULL;
  g_autoptr (GError) error = NULL;

  sam_prompt_init (&prompt);
  g_assert_true (sam_prompt_parse (&prompt, " 120,80 + ;300.25 , 90-; box 10,20, 200,300 ;5,6;;",
                                   &error));
  g_assert_no_error (error);
  g_assert_cmpuint (prompt.points->len, ==, 3);
  g_assert_cmpuint (prompt.boxes->len, ==, 1);
  g_assert_cmpfloat (g_array_index (prompt.points, SamPoint, 1).x_image, ==, 300.25f);
  g_assert_cmpint (g_array_index (prompt.points, SamPoint, 0).label, ==, 1);
  g_assert_cmpint (g_array_index (prompt.points, SamPoint, 1).label, ==, 0);
  g_assert_cmpint (g_array_index (prompt.points, SamPoint, 2).label, ==, 1);
  g_assert_cmpfloat (g_array_index (prompt.boxes, SamBox, 0).y1_image, ==, 300);

  text = sam_prompt_to_string (&prompt);
  g_assert_cmpstr (text, ==, "120,80 + ; 300.25,90 - ; 5,6 + ; box 10,20,200,300");
  sam_prompt_init (&again);
  g_assert_true (sam_prompt_parse (&again, text, NULL));
  text_again = sam_prompt_to_string (&again);
  g_assert_cmpstr (text, ==, text_again);
}

static void
test_parse_errors (void)
{
  static const char *const wrong[] = {
    "1",     "1,",    ",1",          "1,2,3",     "1,2 *",         "1,2 + +", "1,2 +-",
    "nan,1", "inf,2", "0x10,1",      "box 1,2,3", "box 1,2,3,4,5", "box",     "boxes 1,2,3,4",
    "a",     "1;2",   "1,2 ; hello", "1e99,2",    "--1,2",         "\xff,1",  "1.2.3,4",
  };

  for (size_t i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_auto (SamPrompt) prompt;
      g_autoptr (GError) error = NULL;
      g_autofree char   *shown = g_strescape (wrong[i], NULL);

      sam_prompt_init (&prompt);
      g_test_message ("%s", shown);
      g_assert_false (sam_prompt_parse (&prompt, wrong[i], &error));
      g_assert_error (error, SAM_ERROR, SAM_ERROR_BAD_PROMPT);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
    }
}

static void
test_image (void)
{
  static const uint8_t bytes[18] = { 1, 2, 3 };
  g_autoptr (GBytes)   pixels = g_bytes_new_static (bytes, sizeof bytes);
  g_autoptr (SamImage) wide = NULL;
  g_autoptr (SamImage) high = NULL;
  g_autoptr (GError)   error = NULL;
  g_autofree char     *hash_wide = NULL;
  g_autofree char     *hash_high = NULL;

  g_assert_null (sam_image_new (0, 3, pixels, &error));
  g_assert_error (error, SAM_ERROR, SAM_ERROR_BAD_IMAGE);
  g_clear_error (&error);
  g_assert_null (sam_image_new (2, 2, pixels, &error));
  g_assert_error (error, SAM_ERROR, SAM_ERROR_BAD_IMAGE);
  g_clear_error (&error);
  g_assert_null (sam_image_new (SIZE_MAX / 2, SIZE_MAX / 2, pixels, &error));
  g_assert_error (error, SAM_ERROR, SAM_ERROR_BAD_IMAGE);
  g_clear_error (&error);

  wide = sam_image_new (3, 2, pixels, &error);
  g_assert_no_error (error);
  high = sam_image_new (2, 3, pixels, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (sam_image_get_width (wide), ==, 3);
  g_assert_cmpuint (sam_image_get_height (wide), ==, 2);
  g_assert_cmpuint (sam_image_get_pixels (wide)[1], ==, 2);

  hash_wide = sam_image_get_hash (wide);
  hash_high = sam_image_get_hash (high);
  g_assert_cmpuint (strlen (hash_wide), ==, 64);
  g_assert_cmpstr (hash_wide, !=, hash_high);
}

static void
note_fraction (double fraction, gpointer data)
{
  *(double *) data = fraction;
}

static void
test_job (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError)       error = NULL;
  double                   told = -1;
  SamJob                   job = { cancellable, note_fraction, &told, 0, 0 };
  SamJob                   part = sam_job_part (&job, 0.5, 1.0);
  SamJob                   part_of_part = sam_job_part (&part, 0.0, 0.5);
  SamJob                   nothing = sam_job_part (NULL, 0.2, 0.4);

  g_assert_true (sam_job_step (NULL, 0.5, &error));
  g_assert_true (sam_job_step (&nothing, 0.5, &error));
  g_assert_true (sam_job_step (&job, 0.25, &error));
  g_assert_cmpfloat (told, ==, 0.25);
  g_assert_true (sam_job_step (&part_of_part, 1, &error));
  g_assert_cmpfloat (told, ==, 0.75);

  g_cancellable_cancel (cancellable);
  g_assert_false (sam_job_step (&part, 1, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/prompt/empty", test_empty);
  g_test_add_func ("/prompt/points", test_points);
  g_test_add_func ("/prompt/boxes", test_boxes);
  g_test_add_func ("/prompt/too-many", test_too_many);
  g_test_add_func ("/prompt/ambiguous", test_ambiguous);
  g_test_add_func ("/prompt/parse", test_parse);
  g_test_add_func ("/prompt/parse-errors", test_parse_errors);
  g_test_add_func ("/image", test_image);
  g_test_add_func ("/job", test_job);

  return g_test_run ();
}
