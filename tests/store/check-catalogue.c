/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The model shelf: what data/models.ini promises, which file a name finds, what is said when it
 * finds none, and the user's default. Home and XDG folders are temporary ones. */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "samcore/sam-catalogue.h"
#include "samcore/sam-error.h"

static char *
make_file (const char *folder, const char *name, const char *contents)
{
  g_autoptr (GError) error = NULL;
  char              *path = g_build_filename (folder, name, NULL);
  g_autofree char   *parent = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (parent, 0700), ==, 0);
  g_file_set_contents (path, contents, -1, &error);
  g_assert_no_error (error);

  return path;
}

static void
assert_found (const char *name, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree char   *path = sam_catalogue_find (name, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (path, ==, expected);
}

static void
assert_missing (const char *name, const char *says)
{
  g_autoptr (GError) error = NULL;
  g_autofree char   *path = sam_catalogue_find (name, &error);

  g_assert_null (path);
  g_assert_error (error, SAM_ERROR, SAM_ERROR_UNKNOWN_MODEL);
  if (strstr (error->message, says) == NULL)
    g_error ("\"%s\" says nothing of \"%s\"", error->message, says);
}

/* What is offered has a checksum, an https address and a free licence; names and files are
 * unique. */
static void
test_entries (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  size_t                 n_offered = 0;

  g_assert_cmpuint (sam_catalogue_get_n_models (), >, 10);
  g_assert_cmpstr (sam_catalogue_get_model (0)->name, ==, SAM_MODEL_BUILTIN);
  for (size_t i = 0; i < sam_catalogue_get_n_models (); i++)
    {
      const SamModelInfo *model = sam_catalogue_get_model (i);

      g_assert_true (g_hash_table_add (seen, (gpointer) model->name));
      g_assert_true (g_hash_table_add (seen, (gpointer) model->file));
      g_assert_nonnull (model->good_for);
      g_assert_nonnull (model->licence_words);
      g_assert_true (sam_catalogue_lookup (model->name) == model);
      g_assert_true (sam_catalogue_lookup (model->file) == model);
      if (! model->offered)
        continue;
      n_offered++;
      g_assert_cmpuint (strlen (model->sha256), ==, 64);
      g_assert_true (g_str_has_prefix (model->source, "https://"));
      g_assert_true (g_str_equal (model->licence, "Apache-2.0") ||
                     g_str_equal (model->licence, "MIT"));
    }
  g_assert_cmpuint (n_offered, >, 8);
  g_assert_false (sam_catalogue_lookup ("edge-sam")->offered);
  g_assert_false (sam_catalogue_lookup ("efficientsam-s")->offered);
}

static void
test_lookup (void)
{
  const SamModelInfo *model = sam_catalogue_lookup ("mobile-sam");

  g_assert_nonnull (model);
  g_assert_true (sam_catalogue_lookup ("mobile_sam") == model);
  g_assert_true (sam_catalogue_lookup ("Mobile_SAM.pt") == model);
  g_assert_cmpstr (sam_catalogue_lookup ("sam_vit_h_4b8939")->name, ==, "sam-vit-h");
  g_assert_cmpstr (sam_catalogue_lookup ("sam2.1_hiera_base_plus.pt")->name, ==,
                   "sam2.1-hiera-base-plus");
  g_assert_null (sam_catalogue_lookup ("mobile"));
  g_assert_null (sam_catalogue_lookup (""));
}

static void
test_order (void)
{
  g_autofree char *user = sam_catalogue_get_user_directory ();
  g_autofree char *first = g_dir_make_tmp ("shelf-XXXXXX", NULL);
  g_autofree char *own = g_dir_make_tmp ("shelf-XXXXXX", NULL);
  g_autofree char *system = g_build_filename (g_get_system_data_dirs ()[0], "segment-anything",
                                              NULL);
  g_autofree char *in_own = NULL, *in_system = NULL, *in_user = NULL, *in_first = NULL;
  g_autofree char *converted = NULL;

  g_unsetenv ("SAM_MODEL_PATH");
  assert_missing ("mobile-sam", "samcore models --download mobile-sam");
  assert_missing ("mobile-sam", "40.7");
  assert_missing ("edge-sam", "Not for commercial use");
  assert_missing ("edge-sam", "--add");

  in_own = make_file (own, "models/mobile_sam.pt", "own");
  sam_catalogue_add_directory (own);
  assert_found ("mobile-sam", in_own);
  in_system = make_file (system, "mobile_sam.pt", "system");
  assert_found ("mobile-sam", in_system);
  in_user = make_file (user, "mobile_sam.pt", "user");
  assert_found ("mobile-sam", in_user);
  in_first = make_file (first, "models/mobile_sam.pt", "first");
  g_setenv ("SAM_MODEL_PATH", "/nowhere::/nowhere/either", TRUE);
  assert_found ("mobile-sam", in_user);
  g_setenv ("SAM_MODEL_PATH", first, TRUE);
  assert_found ("mobile-sam", in_first);
  assert_found ("mobile_sam", in_first);
  assert_found ("mobile_sam.pt", in_first);
  g_setenv ("SAM_MODEL_PATH", in_system, TRUE);
  assert_found ("mobile-sam", in_system);

  /* A converted copy under the catalogue's name does as well. */
  converted = make_file (user, "sam-vit-b.safetensors", "converted");
  assert_found ("sam-vit-b", converted);
  g_unsetenv ("SAM_MODEL_PATH");
}

static void
test_paths (void)
{
  g_autofree char *folder = g_dir_make_tmp ("shelf-XXXXXX", NULL);
  g_autofree char *path = make_file (folder, "somebody's.pth", "x");
  g_autofree char *user = sam_catalogue_get_user_directory ();
  g_autofree char *mine = make_file (user, "models/my-own.safetensors", "x");
  g_autofree char *odd = g_build_filename (folder, "..", NULL);

  assert_found (path, path);
  assert_found ("my-own", mine);
  assert_found ("my-own.safetensors", mine);
  assert_missing ("/nowhere/x.pth", "/nowhere/x.pth does not exist");
  assert_missing (odd, "does not exist");
  assert_missing ("../my-own", "does not exist");
  assert_missing ("what is this", "builtin, mobile-sam,");
  assert_missing ("nothing.pth", "nothing.pth");
}

static void
test_builtin (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *models = g_build_filename (g_getenv ("SAM_SOURCE_ROOT"), "data", "models", NULL);
  g_autofree char *path = NULL;

  g_setenv ("SAM_MODEL_PATH", models, TRUE);
  path = sam_catalogue_find (NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_suffix (path, "/builtin.safetensors"));
  g_unsetenv ("SAM_MODEL_PATH");
}

static void
test_default (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char   *folder = g_dir_make_tmp ("shelf-XXXXXX", NULL);
  g_autofree char   *path = make_file (folder, "chosen.pt", "x");
  g_autofree char   *settings = NULL;
  g_autofree char   *contents = NULL;
  char              *name;

  name = sam_catalogue_get_default ();
  g_assert_cmpstr (name, ==, SAM_MODEL_BUILTIN);
  g_free (name);

  g_assert_false (sam_catalogue_set_default ("no such model", &error));
  g_assert_error (error, SAM_ERROR, SAM_ERROR_UNKNOWN_MODEL);
  g_clear_error (&error);

  settings = make_file (g_get_user_config_dir (), "segment-anything/settings.ini",
                        "[other]\nkept=1\n");
  sam_catalogue_set_default (path, &error);
  g_assert_no_error (error);
  assert_found ("", path);
  assert_found (NULL, path);
  g_file_get_contents (settings, &contents, NULL, NULL);
  g_assert_nonnull (strstr (contents, "kept=1"));

  /* What has gone is said, not replaced by another model in silence. */
  g_unlink (path);
  assert_missing (NULL, "chosen.pt does not exist");

  sam_catalogue_set_default ("", &error);
  g_assert_no_error (error);
  name = sam_catalogue_get_default ();
  g_assert_cmpstr (name, ==, SAM_MODEL_BUILTIN);
  g_free (name);
}

static void
test_list (void)
{
  g_autofree char      *user = sam_catalogue_get_user_directory ();
  g_autofree char      *vit = make_file (user, "sam_vit_b_01ec64.pth", "x");
  g_autofree char      *other = make_file (user, "tuned.safetensors", "x");
  g_autofree char      *part = make_file (user, ".hidden.pth", "x");
  g_autoptr (GPtrArray) items = sam_catalogue_list ();
  gboolean              has_vit = FALSE, has_other = FALSE;

  for (guint i = 0; i < items->len; i++)
    {
      const SamModelItem *item = g_ptr_array_index (items, i);

      g_assert_cmpstr (item->path, !=, part);
      has_vit |= item->info != NULL && g_strcmp0 (item->path, vit) == 0;
      has_other |= item->info == NULL && g_strcmp0 (item->path, other) == 0;
      g_assert_true (item->is_default == g_str_equal (item->name, SAM_MODEL_BUILTIN));
      if (g_str_equal (item->name, "sam-vit-h"))
        g_assert_null (item->path);
    }
  g_assert_true (has_vit);
  g_assert_true (has_other);
}

/* A file of that size with nothing in it. */
static int
truncate_to (const char *path, off_t size)
{
  g_assert_true (g_file_set_contents (path, "", 0, NULL));

  return truncate (path, size);
}

static void
test_sha256 (void)
{
  g_autofree char   *large = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char   *folder = g_dir_make_tmp ("shelf-XXXXXX", NULL);
  g_autofree char   *path = make_file (folder, "abc", "abc");
  g_autofree char   *sum = sam_file_sha256 (path, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (sum, ==, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  g_assert_null (sam_catalogue_recognise (path, NULL, &error));
  g_assert_no_error (error);
  g_assert_null (sam_catalogue_guess (path));
  g_assert_null (sam_catalogue_guess ("/nowhere/x"));
  large = g_build_filename (folder, "any.name", NULL);
  g_assert_cmpint (truncate_to (large, sam_catalogue_lookup ("mobile-sam")->size), ==, 0);
  g_assert_true (sam_catalogue_guess (large) == sam_catalogue_lookup ("mobile-sam"));
  g_assert_null (sam_catalogue_recognise (large, NULL, &error));
  g_assert_no_error (error);
  g_assert_null (sam_catalogue_recognise ("/nowhere/x", NULL, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/catalogue/entries", test_entries);
  g_test_add_func ("/catalogue/lookup", test_lookup);
  g_test_add_func ("/catalogue/order", test_order);
  g_test_add_func ("/catalogue/paths", test_paths);
  g_test_add_func ("/catalogue/builtin", test_builtin);
  g_test_add_func ("/catalogue/default", test_default);
  g_test_add_func ("/catalogue/list", test_list);
  g_test_add_func ("/catalogue/sha256", test_sha256);

  return g_test_run ();
}
