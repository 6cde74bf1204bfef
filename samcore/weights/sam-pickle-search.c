/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The network's tensors in the tree of a pickle, whatever surrounds them.
 *
 *   dictionaries, lists, objects, modules in depth ──▶ a name for each tensor: all keys on the way
 *   ──▶ the network's, without what stands in front of all its names */
#include "config.h"

#include <string.h>

#include "samcore/sam-error.h"
#include "samcore/weights/sam-pickle-search.h"
#include "samcore/weights/sam-pickle.h"
#include "samcore/weights/sam-prefix.h"
#include "samcore/weights/sam-quote.h"

#define MAX_DEPTH 48  /* containers around a tensor */
#define MAX_PATH  255 /* bytes of their keys together */

/* Where there are two networks, under which of these the trained one is kept. */
static const char *usual[] = { "model.", "state_dict.", "model_state_dict.", "net.", "module." };

/* In a module that was saved whole: dictionaries which its tensors' names do not mention. */
static const char *silent[] = { "_modules", "_parameters", "_buffers" };

struct _SamPickleSearch
{
  gboolean (*is_wanted) (const SamPickleValue *value);
  const char   *file; /* for errors */
  GError      **error;
  GString      *path; /* the keys on the way, each with its dot */
  GHashTable   *seen; /* containers that were searched: there may be circles */
  GStringChunk *names;
  GArray       *found;   /* SamPickleFound */
  size_t        budget;  /* bytes that names may still have */
  size_t        n_dicts; /* dictionaries with tensors */
  size_t        n_path;  /* of the first one's path */
};

static gboolean fail (SamPickleSearch *search, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
fail (SamPickleSearch *search, const char *format, ...)
{
  g_autofree char *reason = NULL;
  va_list          args;

  va_start (args, format);
  reason = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (search->error, SAM_ERROR, SAM_ERROR_BAD_FILE, "%s: %s", search->file, reason);

  return FALSE;
}

/* Adds the key of a container's item to the path. FALSE and an error where it is no name. */
static gboolean
push_key (SamPickleSearch *search, const SamPickleValue *key)
{
  if (key->type == SAM_PICKLE_INT)
    g_string_append_printf (search->path, "%" G_GINT64_FORMAT, key->integer);
  if (key->type != SAM_PICKLE_STRING)
    return TRUE;
  if (memchr (key->bytes, '\0', key->n) != NULL || ! g_utf8_validate (key->bytes, key->n, NULL))
    return fail (search, "a tensor's name is not text");
  g_string_append_len (search->path, key->bytes, key->n);

  return TRUE;
}

/* The path, which ends in the tensor's own name. */
static gboolean
add_found (SamPickleSearch *search, const SamPickleValue *value)
{
  SamPickleFound found = { NULL, value };

  /* Names cost bytes of the file, but those on the way count once for each tensor. */
  if (search->path->len > search->budget)
    return fail (search, "the names of its tensors are longer than the file");
  search->budget -= search->path->len;
  found.name = g_string_chunk_insert_len (search->names, search->path->str, search->path->len);
  g_array_append_val (search->found, found);

  return TRUE;
}

static gboolean
is_silent (const SamPickleValue *key)
{
  for (size_t i = 0; i < G_N_ELEMENTS (silent); i++)
    if (sam_pickle_is_string (key, silent[i]))
      return TRUE;

  return FALSE;
}

static gboolean search_value (SamPickleSearch *search, const SamPickleValue *value, int depth);

/* @value under @key in a container; NULL: it adds nothing to the path */
static gboolean
search_item (SamPickleSearch      *search,
             const SamPickleValue *key,
             const SamPickleValue *value,
             int                   depth)
{
  gboolean tensor = search->is_wanted (value);
  gsize    n_path = search->path->len;
  gboolean right;

  if (tensor)
    right = push_key (search, key) && add_found (search, value);
  else if (key->type == SAM_PICKLE_STRING &&
           (key->n > MAX_PATH || memchr (key->bytes, '\0', key->n) != NULL ||
            ! g_utf8_validate (key->bytes, key->n, NULL)))
    right = TRUE;
  else
    {
      if (! is_silent (key) && push_key (search, key) && search->path->len > n_path)
        g_string_append_c (search->path, '.');
      right = search_value (search, value, depth);
    }
  g_string_truncate (search->path, n_path);

  return right;
}

static gboolean
search_dict (SamPickleSearch *search, const SamPickleValue *dict, int depth)
{
  gboolean has_tensors = FALSE;

  for (uint32_t i = 0; i + 1 < dict->n; i += 2)
    {
      has_tensors |= search->is_wanted (dict->items[i + 1]);
      if (! search_item (search, dict->items[i], dict->items[i + 1], depth + 1))
        return FALSE;
    }
  if (has_tensors && search->n_dicts++ == 0)
    search->n_path = search->path->len;

  return TRUE;
}

/* Adds the tensors in @value, each container once. */
static gboolean
search_value (SamPickleSearch *search, const SamPickleValue *value, int depth)
{
  gboolean numbered = value->type == SAM_PICKLE_TUPLE || value->type == SAM_PICKLE_LIST;

  if (depth > MAX_DEPTH || search->path->len > MAX_PATH)
    return TRUE;
  if (! numbered && value->type != SAM_PICKLE_DICT && value->type != SAM_PICKLE_OBJECT)
    return TRUE;
  if (! g_hash_table_add (search->seen, (gpointer) value))
    return TRUE;

  if (value->type == SAM_PICKLE_DICT)
    return search_dict (search, value, depth);
  for (uint32_t i = 0; i < value->n; i++)
    {
      SamPickleValue key = { numbered ? SAM_PICKLE_INT : SAM_PICKLE_NONE, 0, { i } };

      if (! search_item (search, &key, value->items[i], depth + 1))
        return FALSE;
    }

  return TRUE;
}

/* What stands in front of the names of the network to be read. FALSE and an error where there are
 * several and none of them is under a usual name. */
static gboolean
choose_prefix (SamPickleSearch *search, char **prefix)
{
  g_autoptr (GPtrArray) prefixes = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GString)   list = g_string_new (NULL);

  for (guint i = 0; i < search->found->len; i++)
    {
      const char *name = g_array_index (search->found, SamPickleFound, i).name;
      gssize      n = sam_prefix_measure (name);

      if (n >= 0)
        g_ptr_array_add (prefixes, g_strndup (name, n));
    }
  if (prefixes->len == 0)
    {
      *prefix = search->n_dicts == 1
                  ? g_strndup (g_array_index (search->found, SamPickleFound, 0).name,
                               search->n_path)
                  : g_strdup ("");
      return TRUE;
    }
  if (prefixes->len == 1)
    {
      *prefix = g_strdup (prefixes->pdata[0]);
      return TRUE;
    }
  for (size_t u = 0; u < G_N_ELEMENTS (usual); u++)
    for (guint i = 0; i < prefixes->len; i++)
      if (g_str_has_prefix (prefixes->pdata[i], usual[u]))
        {
          *prefix = g_strdup (prefixes->pdata[i]);
          return TRUE;
        }

  for (guint i = 0; i < MIN (prefixes->len, 8); i++)
    {
      g_autofree char *quoted = sam_quote (prefixes->pdata[i], strlen (prefixes->pdata[i]));

      g_string_append_printf (list, "%s%s", i > 0 ? ", " : "", quoted);
    }

  return fail (search,
               "it holds %u networks, under %s; save the one that you want alone "
               "in a file of its own, with torch.save",
               prefixes->len, list->str);
}

/* Leaves what begins with @prefix, without it. */
static void
strip (SamPickleSearch *search, const char *prefix)
{
  size_t n_prefix = strlen (prefix);
  guint  n_kept = 0;

  for (guint i = 0; i < search->found->len; i++)
    {
      SamPickleFound found = g_array_index (search->found, SamPickleFound, i);

      if (! g_str_has_prefix (found.name, prefix))
        continue;
      found.name += n_prefix;
      g_array_index (search->found, SamPickleFound, n_kept++) = found;
    }
  g_array_set_size (search->found, n_kept);
}

static gboolean
run (SamPickleSearch *search, const SamPickleValue *root)
{
  g_autofree char *prefix = NULL;

  if (search->is_wanted (root))
    return fail (search, "it holds a single tensor, not the weights of a network");
  if (! search_value (search, root, 0))
    return FALSE;
  if (search->found->len == 0)
    return fail (search, "it holds %s without tensors, not the weights of a network",
                 sam_pickle_type_name (root->type));
  if (! choose_prefix (search, &prefix))
    return FALSE;
  strip (search, prefix);

  return TRUE;
}

SamPickleSearch *
sam_pickle_search_new (const SamPickle *pickle,
                       gboolean (*is_wanted) (const SamPickleValue *value),
                       const char *file,
                       GError    **error)
{
  g_autoptr (SamPickleSearch) search = g_new0 (SamPickleSearch, 1);
  gboolean                    whole;

  search->is_wanted = is_wanted;
  search->file = file;
  search->error = error;
  search->path = g_string_new (NULL);
  search->seen = g_hash_table_new (NULL, NULL);
  search->names = g_string_chunk_new (4096);
  search->found = g_array_new (FALSE, FALSE, sizeof (SamPickleFound));
  search->budget = 4096 + 16 * sam_pickle_get_size (pickle);
  whole = run (search, sam_pickle_get_root (pickle));

  return whole ? g_steal_pointer (&search) : NULL;
}

void
sam_pickle_search_free (SamPickleSearch *search)
{
  if (search == NULL)
    return;

  g_string_free (search->path, TRUE);
  g_hash_table_unref (search->seen);
  g_string_chunk_free (search->names);
  g_array_unref (search->found);
  g_free (search);
}

size_t
sam_pickle_search_get_n (const SamPickleSearch *search)
{
  return search->found->len;
}

const SamPickleFound *
sam_pickle_search_get (const SamPickleSearch *search, size_t i)
{
  return &g_array_index (search->found, SamPickleFound, i);
}
