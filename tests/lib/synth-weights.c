/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checkpoints without training. A name in a list may stand for several: blocks.{0-4,7}.weight is
 * six. */
#include "tests/lib/synth-weights.h"

#include <math.h>
#include <string.h>

#include "samcore/sam-parallel.h"

#define CHUNK 65536

typedef struct
{
  char    *name;
  char    *kind;
  int      rank;
  size_t   shape[SAM_MAX_RANK];
  size_t   n;
  double   offset, scale;
  guint32  first_bits, last_bits;
  gboolean has_bits;
} Entry;

typedef struct
{
  const Entry *entry;
  guint64      hash;
  float       *values;
} Fill;

static guint64
hash_name (const char *name)
{
  guint64 h = G_GUINT64_CONSTANT (0xcbf29ce484222325);

  for (; *name != '\0'; name++)
    h = (h ^ (guchar) *name) * G_GUINT64_CONSTANT (0x100000001b3);

  return h;
}

static inline double
fraction (guint64 hash, guint64 i)
{
  guint64 z = hash + i * G_GUINT64_CONSTANT (0x9E3779B97F4A7C15);

  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94D049BB133111EB);
  z = z ^ (z >> 31);

  return ((double) (z >> 40) - 8388608.0) / 8388608.0;
}

double
synth_fraction (const char *name, guint64 i)
{
  return fraction (hash_name (name), i);
}

/* The first line that fits decides. */
void
synth_scale (const char *name, int rank, const size_t *shape, double *offset, double *scale)
{
  static const struct
  {
    const char *end;
    float       offset, scale;
  } by_end[] = {
    { "running_mean", 0.0f, 0.1f },
    { "running_var", 1.0f, 0.1f },
    { "positional_encoding_gaussian_matrix", 0.0f, 1.7f },
    { "_token.weight", 0.0f, 1.0f },
    { "_tokens.weight", 0.0f, 1.0f },
    { "_embed.weight", 0.0f, 1.0f },
    { "invalid_points.weight", 0.0f, 1.0f },
    { "_embeddings.weight", 0.0f, 1.0f },
  };
  double gain = 1.25;
  double fan = 1.0;

  for (size_t i = 0; i < G_N_ELEMENTS (by_end); i++)
    if (g_str_has_suffix (name, by_end[i].end))
      {
        *offset = by_end[i].offset;
        *scale = by_end[i].scale;
        return;
      }

  *offset = 0.0;
  if (strstr (name, ".point_embeddings.") != NULL || g_str_has_suffix (name, "attention_biases"))
    *scale = 1.0;
  else if (g_str_has_suffix (name, "rel_pos_h") || g_str_has_suffix (name, "rel_pos_w"))
    *scale = 0.2f;
  else if (g_str_has_suffix (name, ".weight") && rank >= 2)
    {
      for (int i = 1; i < rank; i++)
        fan *= shape[i];
      if (strstr (name, ".neck.convs.") != NULL)
        gain = 0.5;
      if ((strstr (name, "output_hypernetworks_mlps.") != NULL ||
           strstr (name, ".hf_mlp.") != NULL) &&
          (g_str_has_suffix (name, ".layers.2.weight") || g_str_has_suffix (name, ".fc.weight")))
        gain = 2.5;
      *scale = (float) (gain * sqrt (3.0 / fan));
    }
  else if (g_str_has_suffix (name, ".weight"))
    {
      *offset = g_str_has_suffix (name, ".bn.weight") ? 0.5 : 1.0;
      *scale = 0.1f;
    }
  else if (g_str_has_suffix (name, "bias"))
    {
      *offset = g_str_has_suffix (name, "iou_prediction_head.layers.2.bias") ||
                    g_str_has_suffix (name, "iou_prediction_head.fc.bias")
                  ? 1.0
                  : 0.0;
      *scale = 0.05f;
    }
  else
    *scale = 0.5;
}

static void
fill_chunk (size_t first, size_t last, gpointer data)
{
  const Fill *fill = data;

  for (size_t i = first; i < last; i++)
    fill->values[i] = (float) (fill->entry->offset + fraction (fill->hash, i) * fill->entry->scale);
}

static void
entry_clear (gpointer data)
{
  Entry *entry = data;

  g_free (entry->name);
}

static int
find_column (char **header, const char *name)
{
  for (int i = 0; header[i] != NULL; i++)
    if (strcmp (header[i] + (header[i][0] == '#'), name) == 0)
      return i;

  return -1;
}

/* Appends what @name stands for: for each number of its first braces the name with that number,
 * which may have further braces. */
static void
append_names (GPtrArray *names, const char *name)
{
  const char *open = strchr (name, '{');
  const char *close = open != NULL ? strchr (open, '}') : NULL;

  if (close == NULL)
    {
      g_ptr_array_add (names, g_strdup (name));
      return;
    }

  for (const char *range = open; range < close;)
    {
      char   *end;
      guint64 first = g_ascii_strtoull (range + 1, &end, 10);
      guint64 last = *end == '-' ? g_ascii_strtoull (end + 1, &end, 10) : first;

      g_assert_true (*end == ',' || *end == '}');
      for (guint64 i = first; i <= last; i++)
        {
          g_autofree char *one = g_strdup_printf ("%.*s%" G_GUINT64_FORMAT "%s",
                                                  (int) (open - name), name, i, close + 1);

          append_names (names, one);
        }
      range = end;
    }
}

static GArray *
read_list (const char *path, const char *file)
{
  g_autoptr (GError) error = NULL;
  g_autofree char   *text = NULL;
  g_auto (GStrv)     lines = NULL;
  g_auto (GStrv)     header = NULL;
  GArray            *entries = g_array_new (FALSE, TRUE, sizeof (Entry));
  int                name, shape, offset, scale, kind, first;

  g_array_set_clear_func (entries, entry_clear);
  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  lines = g_strsplit (text, "\n", -1);
  header = g_strsplit (lines[0], "\t", -1);
  name = find_column (header, "name");
  shape = find_column (header, "shape");
  kind = find_column (header, "kind");
  offset = find_column (header, "offset");
  scale = find_column (header, "scale");
  first = find_column (header, "first_bits");

  for (int i = 1; lines[i] != NULL && lines[i][0] != '\0'; i++)
    {
      g_auto (GStrv)        cells = g_strsplit (lines[i], "\t", -1);
      g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

      if (file != NULL && strcmp (cells[0], file) != 0)
        continue;
      /* counters, which nobody reads; they are integers */
      if (kind >= 0 && strcmp (cells[kind], "zero") == 0)
        continue;

      append_names (names, cells[name]);
      for (guint k = 0; k < names->len; k++)
        {
          g_auto (GStrv) sides = g_strsplit (cells[shape], ",", -1);
          Entry          entry = { g_strdup (names->pdata[k]), .n = 1 };

          for (; sides[entry.rank] != NULL && sides[entry.rank][0] != '\0'; entry.rank++)
            {
              entry.shape[entry.rank] = g_ascii_strtoull (sides[entry.rank], NULL, 10);
              entry.n *= entry.shape[entry.rank];
            }
          synth_scale (entry.name, entry.rank, entry.shape, &entry.offset, &entry.scale);
          /* the table's rounding to 9 digits keeps a float32 whole */
          if (offset >= 0)
            {
              g_assert_cmpfloat ((float) g_ascii_strtod (cells[offset], NULL), ==,
                                 (float) entry.offset);
              g_assert_cmpfloat ((float) g_ascii_strtod (cells[scale], NULL), ==,
                                 (float) entry.scale);
            }
          if (first >= 0)
            {
              entry.has_bits = TRUE;
              entry.first_bits = g_ascii_strtoull (cells[first], NULL, 16);
              entry.last_bits = g_ascii_strtoull (cells[first + 1], NULL, 16);
            }
          g_array_append_val (entries, entry);
        }
    }

  return entries;
}

GBytes *
synth_bytes_from_list (const char *path, const char *file)
{
  g_autoptr (GArray)  entries = read_list (path, file);
  g_autoptr (GString) header = g_string_new ("{");
  size_t              offset = 0;
  guint64             length;
  char               *data;

  g_assert_cmpuint (entries->len, >, 0);
  for (guint i = 0; i < entries->len; i++)
    {
      const Entry *entry = &g_array_index (entries, Entry, i);

      g_string_append_printf (header, "%s\"%s\":{\"dtype\":\"F32\",\"shape\":[", i > 0 ? "," : "",
                              entry->name);
      for (int k = 0; k < entry->rank; k++)
        g_string_append_printf (header, "%s%" G_GSIZE_FORMAT, k > 0 ? "," : "", entry->shape[k]);
      g_string_append_printf (header,
                              "],\"data_offsets\":[%" G_GSIZE_FORMAT ",%" G_GSIZE_FORMAT "]}",
                              offset, offset + 4 * entry->n);
      offset += 4 * entry->n;
    }
  g_string_append_c (header, '}');
  while (header->len % 8 != 0)
    g_string_append_c (header, ' ');

  data = g_malloc (8 + header->len + offset);
  length = GUINT64_TO_LE ((guint64) header->len);
  memcpy (data, &length, 8);
  memcpy (data + 8, header->str, header->len);
  offset = 8 + header->len;
  for (guint i = 0; i < entries->len; i++)
    {
      const Entry *entry = &g_array_index (entries, Entry, i);
      Fill         fill = { entry, hash_name (entry->name), (float *) (data + offset) };

      sam_parallel_for (entry->n, CHUNK, fill_chunk, &fill);
      if (entry->has_bits)
        {
          guint32 bits[2];

          memcpy (&bits[0], fill.values, 4);
          memcpy (&bits[1], fill.values + entry->n - 1, 4);
          g_assert_cmphex (bits[0], ==, entry->first_bits);
          g_assert_cmphex (bits[1], ==, entry->last_bits);
        }
      offset += 4 * entry->n;
    }

  return g_bytes_new_take (data, offset);
}

SamCheckpoint *
synth_checkpoint_from_list (const char *path, const char *file)
{
  g_autoptr (GBytes) bytes = synth_bytes_from_list (path, file);
  g_autoptr (GError) error = NULL;
  SamCheckpoint     *checkpoint = sam_checkpoint_open_bytes (bytes, path, &error);

  g_assert_no_error (error);

  return checkpoint;
}
