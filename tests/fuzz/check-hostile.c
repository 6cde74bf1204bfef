/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The hostile files of corpus/: each is refused with the reason that expected.tsv has for it, or
 * read where it is odd but sound; and none of them makes us use memory out of proportion to its
 * size. */
#include "config.h"

#include <string.h>

#include "samcore/weights/sam-checkpoint.h"
#include "samcore/sam-error.h"
#include "tests/fuzz/fuzz.h"

static char *
corpus_path (const char *name)
{
  return g_test_build_filename (G_TEST_DIST, "corpus", name, NULL);
}

static GBytes *
load (const char *name)
{
  g_autofree char   *path = corpus_path (name);
  g_autoptr (GError) error = NULL;
  char              *contents;
  gsize              size;

  g_file_get_contents (path, &contents, &size, &error);
  g_assert_no_error (error);
  if (g_str_has_prefix (name, "pickle/"))
    {
      GBytes *wrapped = fuzz_wrap_pickle ((const uint8_t *) contents, size);

      g_free (contents);
      return wrapped;
    }

  return g_bytes_new_take (contents, size);
}

static void
test_file (gconstpointer data)
{
  const char *const        *line = data; /* the file, the reason */
  g_autoptr (GBytes)        bytes = load (line[0]);
  g_autoptr (GError)        error = NULL;
  long                      peak = fuzz_get_peak ();
  g_autoptr (SamCheckpoint) checkpoint = sam_checkpoint_open_bytes (bytes, "hostile", &error);

  fuzz_check_peak (peak, g_bytes_get_size (bytes));
  if (g_str_equal (line[1], "ok"))
    {
      g_assert_no_error (error);
      g_assert_cmpuint (sam_checkpoint_get_n_tensors (checkpoint), >, 0);
      fuzz_open (bytes);
      return;
    }

  g_assert_null (checkpoint);
  g_assert_error (error, SAM_ERROR, SAM_ERROR_BAD_FILE);
  g_assert_true (g_str_has_prefix (error->message, "hostile: "));
  g_assert_cmpuint (strlen (error->message), <, 600);
  g_assert_null (strchr (error->message, '\n'));
  g_assert_null (strchr (error->message, '\033'));
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  if (strstr (error->message, line[1]) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, line[1]);
}

/* The weights behind a legacy pickle could be a program as well: it is not followed for ever. */
static void
test_endless (void)
{
  const size_t              size = 32 << 20;
  uint8_t                  *pickle = g_malloc (size);
  g_autoptr (GBytes)        bytes = NULL;
  g_autoptr (GError)        error = NULL;
  g_autoptr (SamCheckpoint) checkpoint = NULL;
  long                      peak;

  memset (pickle, '}', size);
  memcpy (pickle, "\x80\x02", 2);
  bytes = g_bytes_new_take (pickle, size);
  peak = fuzz_get_peak ();
  checkpoint = sam_checkpoint_open_bytes (bytes, "hostile", &error);
  g_assert_null (checkpoint);
  /* the limit is on opcodes, not on the bytes that follow */
  fuzz_check_peak (peak, 1 << 18);
  g_assert_error (error, SAM_ERROR, SAM_ERROR_BAD_FILE);
  g_assert_nonnull (strstr (error->message, "far too many opcodes"));
}

int
main (int argc, char **argv)
{
  g_autofree char *path = NULL;
  g_autofree char *text = NULL;
  g_auto (GStrv)   lines = NULL;
  GPtrArray       *keep = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
  int              status;

  g_test_init (&argc, &argv, NULL);
  path = corpus_path ("expected.tsv");
  if (! g_file_get_contents (path, &text, NULL, NULL))
    g_error ("%s is missing", path);
  lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line != NULL && **line != '\0'; line++)
    {
      char           **parts = g_strsplit (*line, "\t", 2);
      g_autofree char *name = g_strconcat ("/hostile/", parts[0], NULL);

      g_ptr_array_add (keep, parts);
      g_test_add_data_func (name, parts, test_file);
    }
  g_test_add_func ("/hostile/zzz-endless", test_endless);

  status = g_test_run ();
  g_ptr_array_unref (keep);

  return status;
}
