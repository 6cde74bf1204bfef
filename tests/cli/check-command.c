/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program samcore from outside: what it writes, prints and returns, for good arguments and bad
 * ones. It is started anew each time, in a home of its own. */
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include <gdk-pixbuf/gdk-pixbuf.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>

#include "samcore/weights/sam-checkpoint.h"
#include "samcore/sam-mask.h"
#include "samcore/sam-model.h"
#include "samcore/cli/sam-image-file.h"

static char *program;
static char *home;    /* a new folder, removed at the end */
static char *picture; /* the sample photo */
static char *model;   /* the built-in model's file */

typedef struct
{
  int     status; /* exit status; -1: killed */
  GBytes *output;
  char   *errors;
} Result;

static void
result_clear (Result *result)
{
  g_bytes_unref (result->output);
  g_free (result->errors);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Result, result_clear)

static GSubprocess *
start (GPtrArray *arguments)
{
  g_autoptr (GSubprocessLauncher) launcher = NULL;
  g_autoptr (GError)              error = NULL;
  GSubprocess                    *process;

  launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDIN_PIPE |
                                        G_SUBPROCESS_FLAGS_STDOUT_PIPE |
                                        G_SUBPROCESS_FLAGS_STDERR_PIPE);
  for (const char *const *name =
         (const char *const[]) { "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", NULL };
       *name != NULL; name++)
    g_subprocess_launcher_setenv (launcher, *name, home, TRUE);
  process = g_subprocess_launcher_spawnv (launcher, (const char *const *) arguments->pdata, &error);
  g_assert_no_error (error);

  return process;
}

/* The program with a NULL-terminated list of arguments and bytes for its standard input. */
static Result
run_with_input (GBytes *input, ...)
{
  g_autoptr (GPtrArray)   arguments = g_ptr_array_new ();
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GBytes)      nothing = g_bytes_new (NULL, 0);
  g_autoptr (GBytes)      errors = NULL;
  g_autoptr (GError)      error = NULL;
  g_autofree char        *line = NULL;
  Result                  result = { 0 };
  va_list                 args;
  const char             *argument;

  g_ptr_array_add (arguments, program);
  va_start (args, input);
  while ((argument = va_arg (args, const char *)) != NULL)
    g_ptr_array_add (arguments, (gpointer) argument);
  va_end (args);
  g_ptr_array_add (arguments, NULL);
  line = g_strjoinv (" ", (char **) arguments->pdata + 1);
  g_test_message ("samcore %s", line);

  process = start (arguments);
  g_subprocess_communicate (process, input != NULL ? input : nothing, NULL, &result.output, &errors,
                            &error);
  g_assert_no_error (error);
  result.status = g_subprocess_get_if_exited (process) ? g_subprocess_get_exit_status (process)
                                                       : -1;
  /* no bytes have no address */
  result.errors = g_bytes_get_size (errors) == 0
                    ? g_strdup ("")
                    : g_strndup (g_bytes_get_data (errors, NULL), g_bytes_get_size (errors));

  return result;
}

#define run(...) run_with_input (NULL, __VA_ARGS__, NULL)

static void
assert_done (const Result *result)
{
  g_assert_cmpstr (result->errors, ==, ""); /* no progress where there is no terminal */
  g_assert_cmpint (result->status, ==, 0);
}

/* One line that says @words. */
static void
assert_refused (const Result *result, int status, const char *words)
{
  char            *newline = strchr (result->errors, '\n');
  g_autofree char *line = g_strndup (result->errors,
                                     newline != NULL ? newline - result->errors : 0);

  g_test_message ("%s", result->status == status ? line : result->errors);
  g_assert_cmpint (result->status, ==, status);
  g_assert_true (newline != NULL && newline[1] == '\0');
  g_assert_nonnull (strstr (result->errors, words));
  g_assert_cmpuint (g_bytes_get_size (result->output), ==, 0);
}

static char *
in_home (const char *name)
{
  return g_build_filename (home, name, NULL);
}

/* The only, or the n-th, line of output as JSON. */
static JsonObject *
parse_line (const Result *result, guint n)
{
  g_autofree char       *text = g_strndup (g_bytes_get_data (result->output, NULL),
                                           g_bytes_get_size (result->output));
  g_auto (GStrv)         lines = g_strsplit (text, "\n", -1);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError)     error = NULL;

  g_assert_cmpuint (n, <, g_strv_length (lines));
  json_parser_load_from_data (parser, lines[n], -1, &error);
  g_assert_no_error (error);

  return json_object_ref (json_node_get_object (json_parser_get_root (parser)));
}

static SamMask *
read_mask (const char *path)
{
  g_autoptr (GError) error = NULL;
  SamMask           *mask = sam_picture_read_mask (path, &error);

  g_assert_no_error (error);
  return mask;
}

static void
assert_same_mask (const SamMask *a, const SamMask *b)
{
  size_t n = sam_mask_get_width (a) * sam_mask_get_height (a);

  g_assert_cmpuint (sam_mask_get_width (a), ==, sam_mask_get_width (b));
  g_assert_cmpuint (sam_mask_get_height (a), ==, sam_mask_get_height (b));
  g_assert_cmpmem (sam_mask_get_coverage (a), n, sam_mask_get_coverage (b), n);
}

/* What the library itself answers. */
static SamLogits *
predict (const char *prompt_text)
{
  g_autoptr (SamImage) image = sam_picture_read (picture, NULL);
  g_autoptr (SamModel) loaded = NULL;
  g_autoptr (SamScene) scene = NULL;
  g_autoptr (GError)   error = NULL;
  g_auto (SamPrompt)   prompt;
  SamLogits           *logits;

  sam_prompt_init (&prompt);
  g_assert_true (sam_prompt_parse (&prompt, prompt_text, NULL));
  loaded = sam_model_load (model, NULL, &error);
  g_assert_no_error (error);
  scene = sam_model_encode (loaded, image, NULL, &error);
  g_assert_no_error (error);
  logits = sam_model_predict (loaded, scene, &prompt, NULL, &error);
  g_assert_no_error (error);

  return logits;
}

/* --- the tests
 * ------------------------------------------------------------------------------------ */

static void
test_help (void)
{
  static const char *const commands[] = { "segment", "everything", "embed",    "models",
                                          "info",    "convert",    "evaluate", "bench" };
  g_auto (Result)          help = run ("--help");
  g_auto (Result)          version = run ("--version");
  g_auto (Result)          nothing = run_with_input (NULL, NULL);
  g_auto (Result)          wrong = run ("segmnet");

  assert_done (&help);
  assert_done (&version);
  assert_refused (&nothing, 2, "name a command");
  assert_refused (&wrong, 2, "segmnet");

  for (size_t i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      g_auto (Result)  result = run (commands[i], "--help");
      g_auto (Result)  unknown = run (commands[i], "--no-such-option");
      g_autofree char *usage = g_strdup_printf ("samcore %s [OPTION", commands[i]);

      assert_done (&result);
      g_assert_nonnull (g_strstr_len (g_bytes_get_data (result.output, NULL),
                                      (gssize) g_bytes_get_size (result.output), usage));
      assert_refused (&unknown, 2, "--no-such-option");
    }
}

static void
test_segment (void)
{
  g_autofree char       *mask_path = in_home ("mask.png");
  g_autofree char       *overlay_path = in_home ("overlay.jpg");
  g_autofree char       *cut_path = in_home ("cutout.png");
  g_autofree char       *logits_path = in_home ("logits.safetensors");
  g_auto (Result)        result = run ("segment", picture, "--point", "300,200", "--no-cache", "-o",
                                       mask_path, "--overlay", overlay_path, "--cutout", cut_path,
                                       "--logits", logits_path, "--json");
  g_autoptr (JsonObject) json = NULL;
  JsonObject            *candidate;
  JsonArray             *candidates, *box;
  g_autoptr (SamLogits)  logits = predict ("300,200");
  size_t                 best = sam_logits_get_best (logits), x0, y0, x1, y1;
  g_autoptr (SamMask) expected = sam_mask_new_from_logits (logits, best, SAM_EDGE_HARD, NULL, NULL);
  g_autoptr (SamMask) mask = NULL;
  g_autoptr (GdkPixbuf)     cutout = NULL;
  g_autoptr (SamImage)      overlay = NULL;
  g_autoptr (SamCheckpoint) file = NULL;
  const SamTensor          *tensor;
  g_autofree float         *values = NULL;

  assert_done (&result);
  mask = read_mask (mask_path);
  assert_same_mask (mask, expected);

  json = parse_line (&result, 0);
  candidates = json_object_get_array_member (json, "candidates");
  g_assert_cmpuint (json_array_get_length (candidates), ==, 3);
  g_assert_cmpint (json_object_get_int_member (json, "candidate"), ==, (gint64) best + 1);
  g_assert_cmpint (json_object_get_int_member (json, "width"), ==,
                   (gint64) sam_mask_get_width (mask));
  g_assert_cmpint (json_object_get_int_member (json, "area"), ==,
                   (gint64) sam_mask_get_area (mask));
  candidate = json_array_get_object_element (candidates, (guint) best);
  g_assert_cmpint (json_object_get_int_member (candidate, "area"), ==,
                   (gint64) sam_mask_get_area (mask));
  g_assert_cmpfloat_with_epsilon (json_object_get_double_member (candidate, "iou"),
                                  sam_logits_get_iou (logits, best), 1e-5);
  g_assert_cmpfloat_with_epsilon (json_object_get_double_member (candidate, "stability"),
                                  sam_logits_get_stability (logits, best), 1e-5);
  box = json_object_get_array_member (json, "box");
  g_assert_true (sam_mask_get_bounds (mask, &x0, &y0, &x1, &y1));
  g_assert_cmpint (json_array_get_int_element (box, 0), ==, (gint64) x0);
  g_assert_cmpint (json_array_get_int_element (box, 3), ==, (gint64) y1);
  g_assert_cmpfloat (json_object_get_double_member (json_object_get_object_member (json, "ms"),
                                                    "encode"),
                     >, 0);

  /* the cut-out's transparency is the mask, its colours are the picture's */
  cutout = gdk_pixbuf_new_from_file (cut_path, NULL);
  g_assert_true (gdk_pixbuf_get_has_alpha (cutout));
  for (size_t y = 0; y < sam_mask_get_height (mask); y++)
    for (size_t x = 0; x < sam_mask_get_width (mask); x++)
      g_assert_cmpuint (
        gdk_pixbuf_read_pixels (cutout)[y * (size_t) gdk_pixbuf_get_rowstride (cutout) + 4 * x + 3],
        ==, sam_mask_get_coverage (mask)[y * sam_mask_get_width (mask) + x]);
  overlay = sam_picture_read (overlay_path, NULL);
  g_assert_cmpuint (sam_image_get_width (overlay), ==, sam_mask_get_width (mask));

  file = sam_checkpoint_open (logits_path, NULL);
  g_assert_nonnull (file);
  tensor = sam_checkpoint_lookup (file, "logits");
  g_assert_cmpuint (tensor->shape[0], ==, 3);
  g_assert_cmpuint (tensor->shape[1], ==, sam_logits_get_height (logits));
  values = g_new (float, tensor->n_elements);
  sam_tensor_read (tensor, 0, tensor->n_elements, values);
  for (size_t i = 0; i < tensor->n_elements / 3; i++)
    g_assert_cmpfloat (values[best * (tensor->n_elements / 3) + i], ==,
                       sam_logits_get_values (logits, best)[i]);
}

static void
test_candidates (void)
{
  static const char *const numbers[] = { "1", "2", "3" };
  g_autoptr (SamLogits)    logits = predict ("300,200");

  for (size_t i = 0; i < 3; i++)
    {
      g_autofree char *path = in_home ("candidate.png");
      g_auto (Result)  result = run ("segment", picture, "-p", "300,200,1", "-c", numbers[i], "-o",
                                     path);
      g_autoptr (SamMask) expected = sam_mask_new_from_logits (logits, i, SAM_EDGE_HARD, NULL,
                                                               NULL);
      g_autoptr (SamMask) mask = NULL;

      assert_done (&result);
      mask = read_mask (path);
      assert_same_mask (mask, expected);
    }
  {
    g_auto (Result) result = run ("segment", picture, "-b", "10,10,200,200", "-c", "2");

    assert_refused (&result, 1, "no candidate 2");
  }
}

/* All ways to say the same. */
static void
test_prompts (void)
{
  g_autofree char      *a = in_home ("a.png"), *b = in_home ("b.png");
  g_autoptr (SamLogits) logits = predict ("300,200 ; 20,20 - ; box 70,10,480,380");
  g_autoptr (SamMask)   expected = sam_mask_new_from_logits (logits, 0, SAM_EDGE_HARD, NULL, NULL);
  g_autoptr (SamMask)   mask_a = NULL;
  g_autoptr (SamMask)   mask_b = NULL;
  g_autoptr (SamMask)   refined = NULL;
  g_auto (Result) first = run ("segment", picture, "--point", "300,200", "--point=20,20,0", "--box",
                               "70,10,480,380", "-o", a);
  g_auto (Result) second = run ("segment", picture, "--prompt",
                                "300,200 + ; 20,20 - ; box 480,380,70,10", "-o", b);
  g_auto (Result) third = { 0 };

  assert_done (&first);
  assert_done (&second);
  mask_a = read_mask (a);
  mask_b = read_mask (b);
  assert_same_mask (mask_a, expected);
  assert_same_mask (mask_b, expected);

  /* a mask as the only prompt */
  third = run ("segment", picture, "--mask", a, "-o", b);
  assert_done (&third);
  refined = read_mask (b);
  g_assert_cmpuint (sam_mask_get_area (refined), >, 0);
}

static void
test_streams (void)
{
  g_autofree char    *path = in_home ("file.png");
  g_autofree char    *piped = in_home ("piped.png");
  g_autofree char    *bytes = NULL;
  gsize               size;
  g_autoptr (GBytes)  input = NULL;
  g_auto (Result)     file = run ("segment", picture, "-p", "300,200", "-o", path);
  g_auto (Result)     result = { 0 };
  g_autoptr (SamMask) mask = NULL;
  g_autoptr (SamMask) mask_piped = NULL;

  assert_done (&file);
  g_assert_true (g_file_get_contents (picture, &bytes, &size, NULL));
  input = g_bytes_new (bytes, size);
  result = run_with_input (input, "segment", "-", "-p", "300,200", "-o", "-", NULL);
  assert_done (&result);
  g_assert_true (g_file_set_contents (piped, g_bytes_get_data (result.output, NULL),
                                      (gssize) g_bytes_get_size (result.output), NULL));
  mask = read_mask (path);
  mask_piped = read_mask (piped);
  assert_same_mask (mask, mask_piped);
}

/* The options for the mask are the library's operations in their order. */
static void
test_operations (void)
{
  g_autofree char      *path = in_home ("operations.png");
  g_auto (Result)       result = run ("segment", picture, "-p", "300,200", "--edge", "smooth",
                                      "--fill-holes", "500", "--min-area", "400", "--grow", "-2.5",
                                      "--feather", "6", "-o", path);
  g_autoptr (SamLogits) logits = predict ("300,200");
  g_autoptr (SamMask)   smooth = sam_mask_new_from_logits (logits, sam_logits_get_best (logits),
                                                           SAM_EDGE_SMOOTH, NULL, NULL);
  g_autoptr (SamMask)   filled = sam_mask_fill_holes (smooth, 500, NULL);
  g_autoptr (SamMask)   dropped = sam_mask_drop_specks (filled, 400, NULL);
  g_autoptr (SamMask)   grown = sam_mask_grow (dropped, -2.5, NULL);
  g_autoptr (SamMask)   feathered = sam_mask_feather (grown, 6, NULL);
  g_autoptr (SamMask)   mask = NULL;

  assert_done (&result);
  mask = read_mask (path);
  assert_same_mask (mask, feathered);
}

/* A camera held upright: the file lies on its side and says so. */
static void
test_orientation (void)
{
  static const guint8 exif[] = {
    0xff, 0xe1, 0, 34, 'E', 'x', 'i', 'f', 0, 0, 'M', 'M',
    0,    42,   0, 0,  0,   8,                           /* big endian, first directory */
    0,    1,                                             /* of one entry: */
    0x01, 0x12, 0, 3,  0,   0,   0,   1,   0, 6, 0,   0, /* orientation: turn clockwise */
    0,    0,    0, 0,
  };
  g_autofree char       *lying_path = in_home ("lying.jpg");
  g_autofree char       *upright_path = in_home ("upright.jpg");
  g_autofree char       *jpeg = NULL;
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  gsize                  size;
  g_autoptr (GdkPixbuf)  pixbuf = gdk_pixbuf_new_from_file (picture, NULL);
  g_autoptr (SamImage)   lying = NULL;
  g_autoptr (SamImage)   upright = NULL;
  size_t                 width, height;

  g_assert_true (gdk_pixbuf_save_to_buffer (pixbuf, &jpeg, &size, "jpeg", NULL, NULL));
  g_assert_true (g_file_set_contents (lying_path, jpeg, (gssize) size, NULL));
  g_byte_array_append (bytes, (guint8 *) jpeg, 2); /* the start of the image, then ours */
  g_byte_array_append (bytes, exif, sizeof exif);
  g_byte_array_append (bytes, (guint8 *) jpeg + 2, (guint) size - 2);
  g_assert_true (g_file_set_contents (upright_path, (char *) bytes->data, bytes->len, NULL));

  lying = sam_picture_read (lying_path, NULL);
  upright = sam_picture_read (upright_path, NULL);
  width = sam_image_get_width (lying);
  height = sam_image_get_height (lying);
  g_assert_cmpuint (sam_image_get_width (upright), ==, height);
  g_assert_cmpuint (sam_image_get_height (upright), ==, width);
  for (size_t y = 0; y < height; y++)
    for (size_t x = 0; x < width; x++)
      g_assert_cmpmem (sam_image_get_pixels (lying) + 3 * (y * width + x), 3,
                       sam_image_get_pixels (upright) + 3 * (x * height + height - 1 - y), 3);
  {
    g_auto (Result)        result = run ("segment", upright_path, "-p", "200,550", "--json");
    g_autoptr (JsonObject) json = NULL;

    assert_done (&result);
    json = parse_line (&result, 0);
    g_assert_cmpint (json_object_get_int_member (json, "height"), ==, (gint64) width);
  }
}

static void
test_usage_errors (void)
{
  static const struct
  {
    const char *arguments[8];
    int         status;
    const char *words;
  } cases[] = {
    { { "segment" }, 2, "PICTURE is missing" },
    { { "segment", "PICTURE" }, 2, "say what to select" },
    { { "segment", "PICTURE", "extra", "-p", "1,1" }, 2, "extra" },
    { { "segment", "PICTURE", "-p", "1" }, 2, "not a point" },
    { { "segment", "PICTURE", "-p", "1,2,3" }, 2, "not a point" },
    { { "segment", "PICTURE", "-p", "1,2,1,0" }, 2, "not a point" },
    { { "segment", "PICTURE", "-p", "nan,2" }, 2, "not a point" },
    { { "segment", "PICTURE", "-p", "1;2" }, 2, "not a point" },
    { { "segment", "PICTURE", "-b", "1,2,3" }, 2, "not a box" },
    { { "segment", "PICTURE", "--prompt", "1,2 *" }, 2, "neither a point" },
    { { "segment", "PICTURE", "-p", "1,1", "-c", "4" }, 2, "--candidate" },
    { { "segment", "PICTURE", "-p", "1,1", "--edge", "soft" }, 2, "--edge" },
    { { "segment", "PICTURE", "-p", "1,1", "--hq", "yes" }, 2, "--hq" },
    { { "segment", "PICTURE", "-p", "1,1", "--feather=-1" }, 2, "negative" },
    { { "segment", "PICTURE", "-p", "1,1", "--grow", "nan" }, 2, "must" },
    { { "segment", "PICTURE", "-p", "1,1", "-o", "-", "--json" }, 2, "only one result" },
    { { "segment", "PICTURE", "-p", "1,1", "--threads", "0" }, 2, "threads" },
    { { "segment", "PICTURE", "-p", "601,10" }, 1, "Point 1 (601, 10) is outside" },
    { { "segment", "PICTURE", "-p", "1,1,0" }, 1, "off the object" },
    { { "segment", "PICTURE", "-b", "10,10,10,20" }, 1, "Box 1 is empty" },
    { { "segment", "/nowhere.png", "-p", "1,1" }, 1, "/nowhere.png" },
    { { "segment", "/", "-p", "1,1" }, 1, "" },
    { { "segment", "MODEL", "-p", "1,1" }, 1, "not a picture" },
    { { "segment", "PICTURE", "-p", "1,1", "-m", "no-such-model" }, 1, "no-such-model" },
    { { "segment", "PICTURE", "-p", "1,1", "-m", "PICTURE" }, 1, "" },
    { { "segment", "PICTURE", "-p", "1,1", "-o", "mask" }, 1, "mask.png" },
    { { "segment", "PICTURE", "-p", "1,1", "-o", "mask.xyz" }, 1, ".png" },
    { { "segment", "PICTURE", "-p", "1,1", "--cutout", "cutout.jpg" }, 1, "transparency" },
    { { "segment", "PICTURE", "-p", "1,1", "-o", "/nowhere/mask.png" }, 1, "/nowhere/mask.png" },
    { { "segment", "PICTURE", "--mask", "/nowhere.png" }, 1, "/nowhere.png" },
    { { "embed", "PICTURE" }, 2, "-o" },
    { { "embed", "PICTURE", "-o", "/nowhere/e.safetensors" }, 1, "/nowhere" },
    { { "info" }, 2, "FILE is missing" },
    { { "info", "/nowhere.pth" }, 1, "/nowhere.pth" },
    { { "info", "PICTURE" }, 1, "" },
    { { "convert", "MODEL" }, 2, "missing" },
    { { "convert", "MODEL", "OUT", "-p", "f12" }, 2, "f12" },
    { { "models", "--download", "no-such-model" }, 1, "no-such-model" },
    { { "models", "--add", "PICTURE" }, 1, "" },
    { { "models", "--add", "a", "--download", "b" }, 2, "only one" },
    { { "evaluate", "/nowhere" }, 1, "/nowhere" },
    { { "evaluate", "/", "-m", "x", "-p", "y" }, 2, "not both" },
    { { "everything", "PICTURE", "--points-per-side", "0" }, 2, "--points-per-side" },
    { { "bench", "--runs", "0" }, 2, "--runs" },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const char *a[8];

      for (int k = 0; k < 8; k++)
        {
          a[k] = cases[i].arguments[k];
          if (g_strcmp0 (a[k], "PICTURE") == 0)
            a[k] = picture;
          else if (g_strcmp0 (a[k], "MODEL") == 0)
            a[k] = model;
        }
      {
        g_auto (Result) result = run_with_input (NULL, a[0], a[1], a[2], a[3], a[4], a[5], a[6],
                                                 a[7], NULL);

        assert_refused (&result, cases[i].status, cases[i].words);
      }
    }
}

/* A damaged model is refused in one line wherever it was cut off. */
static void
test_truncated_model (void)
{
  g_autofree char *path = in_home ("cut.safetensors");
  g_autofree char *bytes = NULL;
  gsize            size;

  g_assert_true (g_file_get_contents (model, &bytes, &size, NULL));
  for (gsize cut = 0; cut < size; cut = cut * 8 + 7)
    {
      g_assert_true (g_file_set_contents (path, bytes, (gssize) cut, NULL));
      {
        g_auto (Result) result = run ("info", path);
        g_auto (Result) segment = run ("segment", picture, "-p", "1,1", "-m", path);

        assert_refused (&result, 1, "cut.safetensors");
        assert_refused (&segment, 1, "cut.safetensors");
      }
    }
}

static void
test_embed (void)
{
  g_autofree char         *path = in_home ("embedding.safetensors");
  g_auto (Result)          result = run ("embed", picture, "-o", path);
  g_autoptr (SamModel)     loaded = sam_model_load (model, NULL, NULL);
  g_autoptr (SamImage)     image = sam_picture_read (picture, NULL);
  g_autoptr (SamScene)     scene = sam_model_encode (loaded, image, NULL, NULL);
  g_autoptr (SamEmbedding) read = NULL;
  g_autoptr (GError)       error = NULL;
  size_t                   side, channels, side_read, channels_read;
  const float             *values, *values_read;

  assert_done (&result);
  read = sam_model_open_embedding (loaded, path, &error);
  g_assert_no_error (error);
  values = sam_embedding_get_values (sam_scene_get_embedding (scene), &side, &channels);
  values_read = sam_embedding_get_values (read, &side_read, &channels_read);
  g_assert_cmpuint (side, ==, side_read);
  g_assert_cmpuint (channels, ==, channels_read);
  g_assert_cmpmem (values, side * side * channels * sizeof (float), values_read,
                   side * side * channels * sizeof (float));
}

static void
test_info_and_convert (void)
{
  g_autofree char *converted = in_home ("converted.safetensors");
  g_autofree char *other = g_test_build_filename (G_TEST_DIST, "data", "builtin.golden.safetensors",
                                                  NULL);
  g_auto (Result)  info = run ("info", model, "--json", "--tensors");
  g_auto (Result)  text = run ("info", model);
  g_auto (Result)  unknown = run ("info", other, "--json");
  g_auto (Result)  convert = run ("convert", model, converted, "--precision", "bf16");
  g_auto (Result)  again = run ("info", converted, "--json");
  g_autoptr (JsonObject) json = NULL;
  g_autoptr (JsonObject) json_unknown = NULL;
  g_autoptr (JsonObject) json_again = NULL;

  assert_done (&info);
  assert_done (&text);
  assert_done (&unknown);
  assert_done (&convert);
  assert_done (&again);
  json = parse_line (&info, 0);
  json_unknown = parse_line (&unknown, 0);
  json_again = parse_line (&again, 0);
  g_assert_cmpstr (json_object_get_string_member (json, "format"), ==, "safetensors");
  g_assert_cmpstr (json_object_get_string_member (json, "family"), ==, "builtin");
  g_assert_cmpint (json_object_get_int_member (json, "n_tensors"), ==,
                   json_array_get_length (json_object_get_array_member (json, "tensors")));
  g_assert_true (json_object_get_null_member (json_unknown, "family"));
  g_assert_cmpstr (json_object_get_string_member (json_again, "family"), ==, "builtin");
  g_assert_true (json_object_has_member (json_object_get_object_member (json_again, "parameters"),
                                         "BF16"));
}

static void
test_models (void)
{
  g_autofree char       *copy = in_home ("my-own.safetensors");
  g_autofree char       *bytes = NULL;
  gsize                  size;
  g_auto (Result)        list = run ("models", "--json");
  g_auto (Result)        table = run ("models");
  g_autoptr (JsonObject) first = NULL;
  gboolean               found = FALSE;
  guint                  n = 0;

  assert_done (&list);
  assert_done (&table);
  first = parse_line (&list, 0);
  g_assert_cmpstr (json_object_get_string_member (first, "name"), ==, "builtin");
  g_assert_true (json_object_get_boolean_member (first, "installed"));
  g_assert_true (json_object_get_boolean_member (first, "default"));

  g_assert_true (g_file_get_contents (model, &bytes, &size, NULL));
  g_assert_true (g_file_set_contents (copy, bytes, (gssize) size, NULL));
  {
    g_auto (Result) add = run ("models", "--add", copy);
    g_auto (Result) after = run ("models", "--json");
    const char     *text = g_bytes_get_data (after.output, NULL);

    assert_done (&add);
    assert_done (&after);
    for (gsize i = 0; i < g_bytes_get_size (after.output); i++)
      n += text[i] == '\n';
    for (guint i = 0; i < n; i++)
      {
        g_autoptr (JsonObject) line = parse_line (&after, i);

        found |= strcmp (json_object_get_string_member (line, "name"), "my-own") == 0 &&
                 json_object_get_boolean_member (line, "installed");
      }
    g_assert_true (found);
  }
  {
    g_auto (Result) use = run ("segment", picture, "-p", "300,200", "-m", "my-own");

    assert_done (&use);
  }
}

static void
test_evaluate (void)
{
  static const char *const keys[] = { "set",
                                      "pictures",
                                      "objects",
                                      "click1",
                                      "click1_oracle",
                                      "click3",
                                      "click5",
                                      "box",
                                      "boundary_click5",
                                      "boundary_box",
                                      "noc85",
                                      "noc90",
                                      "iou_rank_correlation" };
  g_autofree char         *set = in_home ("pictures/cups");
  g_autofree char         *root = in_home ("pictures");
  g_autofree char         *copy = g_build_filename (set, "coffee.png", NULL);
  g_autofree char         *mask = g_build_filename (set, "coffee_0.png", NULL);
  g_autofree char         *bytes = NULL;
  gsize                    size;
  g_autoptr (JsonObject)   line = NULL;
  g_autoptr (JsonObject)   mean = NULL;
  g_autoptr (JsonObject)   perfect = NULL;
  g_autoptr (GList)        members = NULL;
  GList                   *member;

  g_assert_cmpint (g_mkdir_with_parents (set, 0777), ==, 0);
  g_assert_true (g_file_get_contents (picture, &bytes, &size, NULL));
  g_assert_true (g_file_set_contents (copy, bytes, (gssize) size, NULL));
  {
    g_auto (Result) segment = run ("segment", picture, "-p", "300,200", "-o", mask);
    g_auto (Result) result = run ("evaluate", root, "--json");
    g_auto (Result) scored = run ("evaluate", root, "--json", "--predictions", set);
    g_auto (Result) table = run ("evaluate", root, "--predictions", set);

    assert_done (&segment);
    assert_done (&result);
    assert_done (&scored);
    assert_done (&table);
    line = parse_line (&result, 0);
    mean = parse_line (&result, 1);
    perfect = parse_line (&scored, 1);
  }
  members = json_object_get_members (line);
  member = members;
  for (size_t i = 0; i < G_N_ELEMENTS (keys); i++, member = member->next)
    g_assert_cmpstr (member->data, ==, keys[i]);
  g_assert_null (member);
  g_assert_cmpstr (json_object_get_string_member (line, "set"), ==, "cups");
  g_assert_cmpstr (json_object_get_string_member (mean, "set"), ==, "mean");
  g_assert_cmpfloat (json_object_get_double_member (line, "click5"), ==,
                     json_object_get_double_member (mean, "click5"));
  g_assert_cmpfloat (json_object_get_double_member (perfect, "iou"), ==, 1);
  g_assert_cmpfloat (json_object_get_double_member (perfect, "boundary_iou"), ==, 1);
}

static void
test_everything (void)
{
  g_autofree char *folder = in_home ("objects");
  g_autofree char *json_path = in_home ("objects.json");
  g_auto (Result)  result = run ("everything", picture, "--points-per-side", "3", "--min-iou", "0",
                                 "--min-stability", "0", "-o", folder, "--json", json_path);
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonArray             *annotations;
  JsonObject            *root;

  assert_done (&result);
  g_assert_true (json_parser_load_from_file (parser, json_path, NULL));
  root = json_node_get_object (json_parser_get_root (parser));
  annotations = json_object_get_array_member (root, "annotations");
  g_assert_cmpuint (json_array_get_length (annotations), >, 0);
  for (guint i = 0; i < json_array_get_length (annotations); i++)
    {
      JsonObject         *one = json_array_get_object_element (annotations, i);
      JsonArray          *bbox = json_object_get_array_member (one, "bbox");
      g_autofree char    *name = g_strdup_printf ("%03u.png", i + 1);
      g_autofree char    *path = g_build_filename (folder, name, NULL);
      g_autoptr (SamMask) mask = read_mask (path);
      size_t              x0, y0, x1, y1;

      g_assert_cmpuint (sam_mask_get_area (mask), ==, json_object_get_int_member (one, "area"));
      g_assert_true (sam_mask_get_bounds (mask, &x0, &y0, &x1, &y1));
      g_assert_cmpuint (x0, ==, json_array_get_int_element (bbox, 0));
      g_assert_cmpuint (x1 - x0 - 1, ==, json_array_get_int_element (bbox, 2));
    }
}

/* Scores that suit the model find something without being asked for. */
static void
test_everything_suitable (void)
{
  g_autofree char *json_path = in_home ("suitable.json");
  g_auto (Result)  result = run ("everything", picture, "--points-per-side", "6", "--json",
                                 json_path);
  g_autofree char *contents = NULL;

  assert_done (&result);
  g_assert_true (g_file_get_contents (json_path, &contents, NULL, NULL));
  g_assert_nonnull (strstr (contents, "\"predicted_iou\""));
}

static GBytes *
output_of (const char *precision, const char *output)
{
  g_autoptr (GError) error = NULL;
  g_autofree char   *path = in_home ("precision.png"); /* only the mask is one */
  g_auto (Result)    result = { 0 };
  char              *contents;
  gsize              length;

  if (precision != NULL)
    g_setenv ("SAM_PRECISION", precision, TRUE);
  else
    g_unsetenv ("SAM_PRECISION");
  result = output != NULL
             ? run ("segment", "--no-cache", picture, "--point", "300,200", output, path)
             : run ("embed", picture, "-o", path);
  g_setenv ("SAM_PRECISION", "f32", TRUE);
  assert_done (&result);
  g_assert_true (g_file_get_contents (path, &contents, &length, &error));
  g_assert_no_error (error);
  g_remove (path);

  return g_bytes_new_take (contents, length);
}

/* Unless somebody says otherwise, numbers are float32's and masks the faster precision's. */
static void
test_precision (void)
{
  static const struct
  {
    const char *output, *precision;
  } defaults[] = {
    { NULL, "f32" },
    { "--logits", "f32" },
    { "--output", "fast" },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (defaults); i++)
    {
      g_autoptr (GBytes) unsaid = output_of (NULL, defaults[i].output);
      g_autoptr (GBytes) said = output_of (defaults[i].precision, defaults[i].output);

      g_assert_true (g_bytes_equal (unsaid, said));
    }
}

static void
test_bench (void)
{
  g_auto (Result)        result = run ("bench", "--runs", "1", "--threads", "1", "--json");
  g_autoptr (JsonObject) json = NULL;
  static const char     *keys[] = {
    "load_ms",       "preprocess_ms",  "encode_ms",           "click_ms",
    "refine_ms",     "mask_1mp_ms",    "mask_24mp_ms",        "mask_100mp_ms",
    "first_mask_ms", "peak_memory_mb", "encode_processor_ms", "first_mask_processor_ms",
    "sgemm_gflops",  "encode_share",   "click_share",         "refine_processor_share"
  };

  assert_done (&result);
  json = parse_line (&result, 0);
  for (size_t i = 0; i < G_N_ELEMENTS (keys); i++)
    g_assert_cmpfloat (json_object_get_double_member (json, keys[i]), >, 0);
  g_assert_cmpfloat (json_object_get_double_member (json, "pack_ms"), >=,
                     0); /* is done when this model is opened */
  g_assert_cmpint (json_object_get_int_member (json, "threads"), ==, 1);
  /* SAM_PRECISION is f32 here */
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (json, "cases")), ==, 1);
  g_assert_cmpstr (json_object_get_string_member (json, "precision"), ==, "f32");
}

/* Ctrl+C in the middle: soon over, in one line, nothing written. */
static void
test_interrupt (void)
{
  g_autofree char        *json_path = in_home ("never.json");
  g_autoptr (GPtrArray)   arguments = g_ptr_array_new ();
  g_autoptr (GSubprocess) process = NULL;
  g_autofree char        *errors = NULL;
  g_autoptr (GError)      error = NULL;

  g_ptr_array_add (arguments, program);
  g_ptr_array_add (arguments, (gpointer) "everything");
  g_ptr_array_add (arguments, picture);
  g_ptr_array_add (arguments, (gpointer) "--points-per-side=256");
  g_ptr_array_add (arguments, (gpointer) "--json");
  g_ptr_array_add (arguments, json_path);
  g_ptr_array_add (arguments, NULL);
  process = start (arguments);
  g_usleep (G_USEC_PER_SEC / 2);
  g_subprocess_send_signal (process, SIGINT);
  g_subprocess_communicate_utf8 (process, "", NULL, NULL, &errors, &error);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_get_if_exited (process));
  g_assert_cmpint (g_subprocess_get_exit_status (process), ==, 1);
  g_assert_cmpstr (errors, ==, "samcore everything: cancelled\n");
  g_assert_false (g_file_test (json_path, G_FILE_TEST_EXISTS));
}

static void
remove_folder (const char *path)
{
  GDir       *dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      if (g_file_test (child, G_FILE_TEST_IS_DIR))
        remove_folder (child);
      else
        g_remove (child);
    }
  g_clear_pointer (&dir, g_dir_close);
  g_rmdir (path);
}

int
main (int argc, char **argv)
{
  const char *root = g_getenv ("SAM_SOURCE_ROOT");
  int         status;

  g_test_init (&argc, &argv, NULL);
  program = g_strdup (g_getenv ("SAMCORE"));
  if (program == NULL || root == NULL)
    g_error ("SAMCORE must be the program's file and SAM_SOURCE_ROOT the source's folder");
  home = g_dir_make_tmp ("check-command-XXXXXX", NULL);
  picture = g_build_filename (root, "data", "samples", "coffee.png", NULL);
  model = g_build_filename (root, "data", "models", "builtin.safetensors", NULL);

  g_test_add_func ("/command/help", test_help);
  g_test_add_func ("/command/segment", test_segment);
  g_test_add_func ("/command/candidates", test_candidates);
  g_test_add_func ("/command/prompts", test_prompts);
  g_test_add_func ("/command/streams", test_streams);
  g_test_add_func ("/command/operations", test_operations);
  g_test_add_func ("/command/orientation", test_orientation);
  g_test_add_func ("/command/usage-errors", test_usage_errors);
  g_test_add_func ("/command/truncated-model", test_truncated_model);
  g_test_add_func ("/command/embed", test_embed);
  g_test_add_func ("/command/info-and-convert", test_info_and_convert);
  g_test_add_func ("/command/models", test_models);
  g_test_add_func ("/command/evaluate", test_evaluate);
  g_test_add_func ("/command/everything", test_everything);
  g_test_add_func ("/command/everything/suitable", test_everything_suitable);
  g_test_add_func ("/command/precision", test_precision);
  g_test_add_func ("/command/bench", test_bench);
  g_test_add_func ("/command/interrupt", test_interrupt);

  status = g_test_run ();
  remove_folder (home);
  g_free (program);
  g_free (home);
  g_free (picture);
  g_free (model);

  return status;
}
