/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checkpoint readers: every file of data/checkpoints against what the reference wrote into it
 * (expected.json: names, types, shapes, values, CRC-32 of the elements in logical order), damaged
 * copies of them, and files made by hand to do harm. */
#include "config.h"

#include <math.h>
#include <string.h>

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <zlib.h>

#include "samcore/weights/sam-checkpoint.h"
#include "samcore/weights/sam-weights.h"
#include "samcore/sam-error.h"

static char *
data_path (const char *name)
{
  return g_test_build_filename (G_TEST_DIST, "data", "checkpoints", name, NULL);
}

static GBytes *
load (const char *name)
{
  g_autofree char   *path = data_path (name);
  g_autoptr (GError) error = NULL;
  char              *contents;
  gsize              length;

  g_file_get_contents (path, &contents, &length, &error);
  g_assert_no_error (error);

  return g_bytes_new_take (contents, length);
}

/* CRC-32 of the elements in logical order, as they are in the file. */
static uint32_t
crc_of_tensor (const SamTensor *tensor)
{
  size_t   size = sam_dtype_get_size (tensor->dtype);
  uint32_t crc = crc32 (0, NULL, 0);

  for (size_t i = 0; i < tensor->n_elements; i++)
    {
      size_t rest = i, offset = 0;

      for (int d = tensor->rank - 1; d >= 0; d--)
        {
          offset += rest % tensor->shape[d] * tensor->stride[d];
          rest /= tensor->shape[d];
        }
      crc = crc32 (crc, tensor->data + offset * size, size);
    }

  return crc;
}

static void
check_tensor (const SamTensor *tensor, JsonObject *expected)
{
  JsonArray        *shape = json_object_get_array_member (expected, "shape");
  JsonArray        *values = json_object_get_array_member (expected, "values");
  guint             n_values = json_array_get_length (values);
  g_autofree float *read = NULL;
  g_autofree char  *crc = g_strdup_printf ("%08x", crc_of_tensor (tensor));
  guint             n_first;

  g_assert_cmpstr (sam_dtype_get_name (tensor->dtype), ==,
                   json_object_get_string_member (expected, "dtype"));
  g_assert_cmpint (tensor->rank, ==, json_array_get_length (shape));
  for (int d = 0; d < tensor->rank; d++)
    g_assert_cmpuint (tensor->shape[d], ==, json_array_get_int_element (shape, d));
  g_assert_cmpuint (tensor->n_elements, ==, json_object_get_int_member (expected, "n"));
  if (json_object_has_member (expected, "crc32_le_contiguous")) /* not of the files made by hand */
    g_assert_cmpstr (crc, ==, json_object_get_string_member (expected, "crc32_le_contiguous"));

  read = g_new (float, tensor->n_elements + 1);
  read[tensor->n_elements] = -12345;
  sam_tensor_read (tensor, 0, tensor->n_elements, read);
  g_assert_cmpfloat (read[tensor->n_elements], ==, -12345);

  /* Long ones are listed with their first 8 and last 4 elements. */
  n_first = json_object_get_boolean_member (expected, "all_values") ? n_values : 8;
  for (guint i = 0; i < n_values; i++)
    {
      size_t    j = i < n_first ? i : tensor->n_elements - n_values + i;
      JsonNode *node = json_array_get_element (values, i);
      JsonNode *value = node;

      if (json_node_get_value_type (value) == G_TYPE_STRING)
        {
          const char *word = json_node_get_string (value);

          g_assert_true (g_ascii_strtod (word, NULL) == read[j] ||
                         (g_strrstr (word, "an") && read[j] != read[j]));
        }
      else
        {
          g_assert_true ((float) json_node_get_double (value) == read[j]);
        }
    }

  /* Any part reads the same as the whole. */
  for (size_t first = 0; first <= tensor->n_elements; first += 1 + tensor->n_elements / 7)
    for (size_t n = 0; n <= tensor->n_elements - first; n += 1 + tensor->n_elements / 5)
      {
        g_autofree float *part = g_new (float, n + 1);

        part[n] = -12345;
        sam_tensor_read (tensor, first, n, part);
        if (n > 0)
          g_assert_cmpmem (part, n * sizeof (float), read + first, n * sizeof (float));
        g_assert_cmpfloat (part[n], ==, -12345);
      }
}

static void
test_expected (gconstpointer data)
{
  const char               *name = data;
  g_autofree char          *json = data_path ("expected.json");
  g_autofree char          *path = data_path (name);
  g_autoptr (JsonParser)    parser = json_parser_new ();
  g_autoptr (GError)        error = NULL;
  g_autoptr (SamCheckpoint) checkpoint = NULL;
  g_autofree char          *hash = NULL;
  JsonObject               *expected;
  JsonArray                *tensors;
  guint                     n_tensors;

  json_parser_load_from_file (parser, json, &error);
  g_assert_no_error (error);
  expected = json_object_get_object_member (json_node_get_object (json_parser_get_root (parser)),
                                            name);
  tensors = json_object_get_array_member (expected, "tensors");

  checkpoint = sam_checkpoint_open (path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (sam_checkpoint_get_format (checkpoint), ==,
                   json_object_get_string_member (expected, "format"));
  n_tensors = json_object_get_int_member_with_default (expected, "count",
                                                       json_array_get_length (tensors));
  g_assert_cmpuint (sam_checkpoint_get_n_tensors (checkpoint), ==, n_tensors);
  for (guint i = 0; i < json_array_get_length (tensors); i++)
    {
      JsonObject      *object = json_array_get_object_element (tensors, i);
      const SamTensor *tensor;

      tensor = sam_checkpoint_lookup (checkpoint, json_object_get_string_member (object, "name"));
      g_assert_nonnull (tensor);
      check_tensor (tensor, object);
    }

  if (json_object_has_member (expected, "metadata"))
    {
      JsonObject       *metadata = json_object_get_object_member (expected, "metadata");
      g_autoptr (GList) keys = json_object_get_members (metadata);

      for (GList *key = keys; key != NULL; key = key->next)
        g_assert_cmpstr (sam_checkpoint_get_metadata (checkpoint, key->data), ==,
                         json_object_get_string_member (metadata, key->data));
    }
  g_assert_null (sam_checkpoint_get_metadata (checkpoint, "no such key"));
  g_assert_null (sam_checkpoint_lookup (checkpoint, "no such tensor"));

  hash = sam_checkpoint_get_hash (checkpoint);
  g_assert_cmpuint (strlen (hash), ==, 64);
}

/* Opens what a bad file can still be opened as, and touches every element of it. */
static void
touch (SamCheckpoint *checkpoint)
{
  g_autofree char *hash = sam_checkpoint_get_hash (checkpoint);

  g_assert_nonnull (hash);
  for (size_t i = 0; i < sam_checkpoint_get_n_tensors (checkpoint); i++)
    {
      const SamTensor *tensor = sam_checkpoint_get_tensor (checkpoint, i);
      float            part[64];

      for (size_t at = 0; at < tensor->n_elements; at += G_N_ELEMENTS (part))
        sam_tensor_read (tensor, at, MIN (G_N_ELEMENTS (part), tensor->n_elements - at), part);
    }
}

static void
open_damaged (GBytes *bytes)
{
  g_autoptr (GError)        error = NULL;
  g_autoptr (SamCheckpoint) checkpoint = sam_checkpoint_open_bytes (bytes, "damaged", &error);

  if (checkpoint != NULL)
    {
      g_assert_no_error (error);
      touch (checkpoint);
    }
  else
    {
      g_assert_error (error, SAM_ERROR, SAM_ERROR_BAD_FILE);
      g_assert_true (g_str_has_prefix (error->message, "damaged: "));
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      g_assert_null (strchr (error->message, '\n'));
    }
}

/* Sanitizers make each allocation dear: fewer damaged copies there. */
#if defined(__has_feature)
#define HAS_FEATURE(x) __has_feature (x)
#else
#define HAS_FEATURE(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || HAS_FEATURE(address_sanitizer)
#define BUDGET (1 << 18)
#else
#define BUDGET (4 << 20)
#endif

/* Every one of @n_cases for a small file, some of them for a large one: as many as read @budget
 * bytes. */
static size_t
choose_step (size_t n_cases, size_t size, size_t budget)
{
  return 1 + n_cases / (1 + budget / (size + 1));
}

/* A file that stops anywhere before its end is no checkpoint. Each copy has its exact size on the
 * heap, so that a sanitizer sees a byte read too many. */
static void
test_truncated (gconstpointer data)
{
  g_autoptr (GBytes) whole = load (data);
  size_t             size = g_bytes_get_size (whole);
  size_t             step = choose_step (size, size, 6 * BUDGET);

  for (size_t n = 0; n < size; n += step)
    {
      g_autoptr (GBytes)        cut = g_bytes_new (g_bytes_get_data (whole, NULL), n);
      g_autoptr (GError)        error = NULL;
      g_autoptr (SamCheckpoint) checkpoint = sam_checkpoint_open_bytes (cut, "cut", &error);

      g_assert_null (checkpoint);
      g_assert_error (error, SAM_ERROR, SAM_ERROR_BAD_FILE);
    }
}

static void
test_flipped (gconstpointer data)
{
  g_autoptr (GBytes) whole = load (data);
  gsize              size;
  const uint8_t     *bytes = g_bytes_get_data (whole, &size);
  size_t             step = choose_step (size * 8, size, BUDGET);

  for (size_t bit = 0; bit < size * 8; bit += step)
    {
      uint8_t           *copy = g_memdup2 (bytes, size);
      g_autoptr (GBytes) flipped = g_bytes_new_take (copy, size);

      copy[bit / 8] ^= 1 << bit % 8;
      open_damaged (flipped);
    }
}

/* A safetensors file from its header and as many zero bytes of data. */
static GBytes *
make_safetensors (const char *header, size_t n_data)
{
  GByteArray *file = g_byte_array_new ();
  uint64_t    n = GUINT64_TO_LE ((uint64_t) strlen (header));
  size_t      at;

  g_byte_array_append (file, (const uint8_t *) &n, 8);
  g_byte_array_append (file, (const uint8_t *) header, strlen (header));
  at = file->len;
  g_byte_array_set_size (file, at + n_data);
  memset (file->data + at, 0, n_data);

  return g_byte_array_free_to_bytes (file);
}

static void
assert_refused (GBytes *bytes, const char *reason)
{
  g_autoptr (GError)        error = NULL;
  g_autoptr (SamCheckpoint) checkpoint = sam_checkpoint_open_bytes (bytes, "bad", &error);

  g_assert_null (checkpoint);
  g_assert_error (error, SAM_ERROR, SAM_ERROR_BAD_FILE);
  if (strstr (error->message, reason) == NULL)
    g_error ("\"%s\" instead of \"%s\"", error->message, reason);
}

#define T(dtype, shape, offsets)                                                                   \
  "{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

static void
test_safetensors_bad (void)
{
  static const struct
  {
    const char *header;
    size_t      n_data;
    const char *reason;
  } cases[] = {
    { "{\"a\":" T ("F32", "[2]", "[0,8]") ",\"a\":" T ("F32", "[2]", "[8,16]") "}", 16,
      "two tensors \"a\"" },
    { "{\"a\":" T ("F32", "[2]", "[0,8]") ",\"b\":" T ("F32", "[2]", "[4,12]") "}", 12,
      "\"b\" overlaps" },
    { "{\"a\":" T ("F32", "[2]", "[0,8]") ",\"b\":" T ("F32", "[2]", "[0,8]") "}", 8, "overlaps" },
    { "{\"a\":" T ("F32", "[2]", "[4,12]") "}", 12, "gap in the data before tensor \"a\"" },
    { "{\"a\":" T ("F32", "[2]", "[0,8]") "}", 9, "1 bytes after the last tensor" },
    { "{\"a\":" T ("F32", "[2]", "[0,8]") "}", 7, "\"a\" lies outside the data" },
    { "{\"a\":" T ("F32", "[2]", "[8,0]") "}", 8, "\"a\" lies outside the data" },
    { "{\"a\":" T ("F32", "[3]", "[0,8]") "}", 8, "do not match its offsets" },
    { "{\"a\":" T ("F16", "[2]", "[0,8]") "}", 8, "do not match its offsets" },
    { "{\"a\":" T ("F32", "[4294967296,4294967296,4]", "[0,0]") "}", 0,
      "do not match its offsets" },
    { "{\"a\":" T ("F32", "[4611686018427387904]", "[0,0]") "}", 0, "do not match its offsets" },
    { "{\"a\":" T ("F32", "[18446744073709551616]", "[0,0]") "}", 0, "number too large" },
    { "{\"a\":" T ("F32", "[0,9223372036854775807,9223372036854775807]", "[0,0]") "}", 0,
      "do not match" },
    { "{\"a\":" T ("F32", "[1,1,1,1,1,1,1,1,1]", "[0,4]") "}", 4, "more than 8 dimensions" },
    { "{\"a\":" T ("F32", "[-1]", "[0,4]") "}", 4, "whole number expected" },
    { "{\"a\":" T ("F32", "[1.0]", "[0,4]") "}", 4, "']' expected" },
    { "{\"a\":" T ("F32", "[01]", "[0,4]") "}", 4, "whole number expected" },
    { "{\"a\":" T ("F4", "[1]", "[0,4]") "}", 4, "\"a\" has the unknown type \"F4\"" },
    { "{\"a\":" T ("F32", "[1]", "[0,4,4]") "}", 4, "more than 2" },
    { "{\"a\":" T ("F32", "[1]", "[0]") "}", 4, "lacks an offset" },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "\"a\" lacks its type, shape or offsets" },
    { "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}", 4,
      "\"a\" has \"dtype\", which is repeated" },
    { "{\"a\":{\"what\":1}}", 4, "\"a\" has \"what\"" },
    { "{\"a\":{}}", 0, "expected" },
    { "{\"a\":[[[[[[[[", 4, "expected" },
    { "{\"a\n\":1}", 4, "control character" },
    { "{\"\\ud800\":1}", 4, "surrogate" },
    { "{\"\\ud800\\u0041\":1}", 4, "surrogate" },
    { "{\"\\udc00\":1}", 4, "cannot be in a string" },
    { "{\"a\\u0000b\":1}", 4, "cannot be in a string" },
    { "{\"\\x\":1}", 4, "bad escape" },
    { "{\"\\u12", 0, "bad escape" },
    { "{\"\xff\":1}", 4, "UTF-8" },
    { "{\"abc", 0, "unterminated string" },
    { "{\"abc\\", 0, "unterminated string" },
    { "{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", 0, "metadata key given twice" },
    { "{\"__metadata__\":{},\"__metadata__\":{}}", 0, "metadata given twice" },
    { "{\"__metadata__\":{\"a\":1}}", 0, "expected" },
    { "{\"__metadata__\":{\"a\":\"b\"}}", 0, "no tensors" },
    { "{}", 0, "no tensors" },
    { "{} {}", 0, "more text" },
    { "{", 0, "'\"' expected" },
  };
  uint8_t            huge[] = { 0, 0, 0, 0, 0, 0, 0, 16, '{', '}' };
  g_autoptr (GBytes) header_of_2_60 = g_bytes_new (huge, sizeof huge);

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GBytes) bytes = make_safetensors (cases[i].header, cases[i].n_data);

      assert_refused (bytes, cases[i].reason);
    }

  assert_refused (header_of_2_60, "1152921504606846976 bytes");
}

/* A tensor's name in an error is one short line whatever it was in the file. */
static void
test_safetensors_long_name (void)
{
  g_autoptr (GString)       header = g_string_new ("{\"\\n\\u001b[31m");
  g_autoptr (GBytes)        bytes = NULL;
  g_autoptr (GError)        error = NULL;
  g_autoptr (SamCheckpoint) checkpoint = NULL;

  for (int i = 0; i < 100000; i++)
    g_string_append_c (header, 'x');
  g_string_append (header, "\":" T ("F32", "[2]", "[0,4]") "}");
  bytes = make_safetensors (header->str, 4);
  checkpoint = sam_checkpoint_open_bytes (bytes, "bad", &error);
  g_assert_error (error, SAM_ERROR, SAM_ERROR_BAD_FILE);
  g_assert_cmpuint (strlen (error->message), <, 300);
  g_assert_null (strchr (error->message, '\n'));
  g_assert_null (strchr (error->message, '\033'));
}

static void
test_half (void)
{
  uint16_t  bits[] = { 0x0000, 0x8000, 0x3c00, 0xc000, 0x7bff, 0x0400,
                       0x03ff, 0x8001, 0x7c00, 0xfc00, 0x7e00 };
  float     expected[] = { 0,        -0.0f,           1,         -2,       65504,
                           0x1p-14f, 1023 * 0x1p-24f, -0x1p-24f, INFINITY, -INFINITY };
  float     read[11];
  SamTensor tensor = { .name = "h",
                       .dtype = SAM_DTYPE_F16,
                       .rank = 1,
                       .shape = { 11 },
                       .stride = { 1 },
                       .n_elements = 11,
                       .contiguous = TRUE,
                       .data = (const uint8_t *) bits };

  for (size_t i = 0; i < G_N_ELEMENTS (bits); i++)
    bits[i] = GUINT16_TO_LE (bits[i]);
  sam_tensor_read (&tensor, 0, 11, read);
  g_assert_cmpmem (read, sizeof expected, expected, sizeof expected);
  g_assert_true (read[10] != read[10]);
}

/* The hash follows the weights, the names and the shapes. */
static void
test_hash (void)
{
  static const char *headers[] = {
    "{\"a\":" T ("F32", "[6000]", "[0,24000]") "}",
    "{\"b\":" T ("F32", "[6000]", "[0,24000]") "}",
    "{\"a\":" T ("F32", "[2,3000]", "[0,24000]") "}",
    "{\"a\":" T ("I32", "[6000]", "[0,24000]") "}",
  };
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (size_t i = 0; i < G_N_ELEMENTS (headers) + 2; i++)
    {
      size_t                    which = i < G_N_ELEMENTS (headers) ? i : 0;
      g_autoptr (GBytes)        bytes = make_safetensors (headers[which], 24000);
      gsize                     size;
      uint8_t                  *data = (uint8_t *) g_bytes_get_data (bytes, &size);
      g_autoptr (SamCheckpoint) checkpoint = NULL;

      if (i >= G_N_ELEMENTS (headers))
        data[i % 2 ? size - 1 : size - 24000] = 1;
      checkpoint = sam_checkpoint_open_bytes (bytes, "a", NULL);
      g_assert_true (g_hash_table_add (seen, sam_checkpoint_get_hash (checkpoint)));
    }
}

/* A name of the transformers library, and the published one. */
typedef struct
{
  const char *theirs;
  const char *ours;
} Names;

static const Names sam_names[] = {
  { "shared_image_embedding.positional_embedding", NULL },
  { "prompt_encoder.shared_embedding.positional_embedding",
    "prompt_encoder.pe_layer.positional_encoding_gaussian_matrix" },
  { "vision_encoder.pos_embed", "image_encoder.pos_embed" },
  { "vision_encoder.patch_embed.projection.weight", "image_encoder.patch_embed.proj.weight" },
  { "vision_encoder.layers.10.layer_norm1.bias", "image_encoder.blocks.10.norm1.bias" },
  { "vision_encoder.layers.10.layer_norm2.weight", "image_encoder.blocks.10.norm2.weight" },
  { "vision_encoder.layers.10.attn.qkv.weight", "image_encoder.blocks.10.attn.qkv.weight" },
  { "vision_encoder.layers.10.attn.rel_pos_h", "image_encoder.blocks.10.attn.rel_pos_h" },
  { "vision_encoder.layers.10.mlp.lin2.bias", "image_encoder.blocks.10.mlp.lin2.bias" },
  { "vision_encoder.neck.conv1.weight", "image_encoder.neck.0.weight" },
  { "vision_encoder.neck.layer_norm1.weight", "image_encoder.neck.1.weight" },
  { "vision_encoder.neck.conv2.weight", "image_encoder.neck.2.weight" },
  { "vision_encoder.neck.layer_norm2.bias", "image_encoder.neck.3.bias" },
  { "prompt_encoder.mask_embed.conv1.weight", "prompt_encoder.mask_downscaling.0.weight" },
  { "prompt_encoder.mask_embed.layer_norm1.weight", "prompt_encoder.mask_downscaling.1.weight" },
  { "prompt_encoder.mask_embed.conv2.weight", "prompt_encoder.mask_downscaling.3.weight" },
  { "prompt_encoder.mask_embed.layer_norm2.weight", "prompt_encoder.mask_downscaling.4.weight" },
  { "prompt_encoder.mask_embed.conv3.bias", "prompt_encoder.mask_downscaling.6.bias" },
  { "prompt_encoder.no_mask_embed.weight", "prompt_encoder.no_mask_embed.weight" },
  { "prompt_encoder.not_a_point_embed.weight", "prompt_encoder.not_a_point_embed.weight" },
  { "prompt_encoder.point_embed.3.weight", "prompt_encoder.point_embeddings.3.weight" },
  { "mask_decoder.iou_token.weight", "mask_decoder.iou_token.weight" },
  { "mask_decoder.mask_tokens.weight", "mask_decoder.mask_tokens.weight" },
  { "mask_decoder.transformer.layers.0.self_attn.q_proj.weight",
    "mask_decoder.transformer.layers.0.self_attn.q_proj.weight" },
  { "mask_decoder.transformer.layers.0.mlp.lin1.weight",
    "mask_decoder.transformer.layers.0.mlp.lin1.weight" },
  { "mask_decoder.transformer.layers.0.layer_norm4.weight",
    "mask_decoder.transformer.layers.0.norm4.weight" },
  { "mask_decoder.transformer.layer_norm_final_attn.weight",
    "mask_decoder.transformer.norm_final_attn.weight" },
  { "mask_decoder.upscale_conv1.weight", "mask_decoder.output_upscaling.0.weight" },
  { "mask_decoder.upscale_layer_norm.weight", "mask_decoder.output_upscaling.1.weight" },
  { "mask_decoder.upscale_conv2.weight", "mask_decoder.output_upscaling.3.weight" },
  { "mask_decoder.output_hypernetworks_mlps.1.proj_in.weight",
    "mask_decoder.output_hypernetworks_mlps.1.layers.0.weight" },
  { "mask_decoder.output_hypernetworks_mlps.1.layers.0.weight",
    "mask_decoder.output_hypernetworks_mlps.1.layers.1.weight" },
  { "mask_decoder.output_hypernetworks_mlps.1.proj_out.bias",
    "mask_decoder.output_hypernetworks_mlps.1.layers.2.bias" },
  { "mask_decoder.iou_prediction_head.proj_in.weight",
    "mask_decoder.iou_prediction_head.layers.0.weight" },
  { "mask_decoder.iou_prediction_head.layers.0.weight",
    "mask_decoder.iou_prediction_head.layers.1.weight" },
  { "mask_decoder.iou_prediction_head.proj_out.weight",
    "mask_decoder.iou_prediction_head.layers.2.weight" },
  { "mask_decoder.hq_token.weight", "mask_decoder.hf_token.weight" },
  { "mask_decoder.hq_mask_mlp.proj_in.weight", "mask_decoder.hf_mlp.layers.0.weight" },
  { "mask_decoder.hq_mask_mlp.layers.0.weight", "mask_decoder.hf_mlp.layers.1.weight" },
  { "mask_decoder.hq_mask_mlp.proj_out.weight", "mask_decoder.hf_mlp.layers.2.weight" },
  { "mask_decoder.compress_vit_conv1.weight", "mask_decoder.compress_vit_feat.0.weight" },
  { "mask_decoder.compress_vit_norm.weight", "mask_decoder.compress_vit_feat.1.weight" },
  { "mask_decoder.compress_vit_conv2.weight", "mask_decoder.compress_vit_feat.3.weight" },
  { "mask_decoder.encoder_conv1.weight", "mask_decoder.embedding_encoder.0.weight" },
  { "mask_decoder.encoder_norm.weight", "mask_decoder.embedding_encoder.1.weight" },
  { "mask_decoder.encoder_conv2.weight", "mask_decoder.embedding_encoder.3.weight" },
  { "mask_decoder.mask_conv1.weight", "mask_decoder.embedding_maskfeature.0.weight" },
  { "mask_decoder.mask_norm.weight", "mask_decoder.embedding_maskfeature.1.weight" },
  { "mask_decoder.mask_conv2.weight", "mask_decoder.embedding_maskfeature.3.weight" },
  { NULL }
};

static const Names sam2_names[] = {
  { "shared_image_embedding.positional_embedding",
    "sam_prompt_encoder.pe_layer.positional_encoding_gaussian_matrix" },
  { "no_memory_embedding", "no_mem_embed" },
  { "vision_encoder.backbone.pos_embed", "image_encoder.trunk.pos_embed" },
  { "vision_encoder.backbone.pos_embed_window", "image_encoder.trunk.pos_embed_window" },
  { "vision_encoder.backbone.patch_embed.projection.weight",
    "image_encoder.trunk.patch_embed.proj.weight" },
  { "vision_encoder.backbone.blocks.11.layer_norm1.weight",
    "image_encoder.trunk.blocks.11.norm1.weight" },
  { "vision_encoder.backbone.blocks.11.attn.qkv.bias",
    "image_encoder.trunk.blocks.11.attn.qkv.bias" },
  { "vision_encoder.backbone.blocks.11.attn.proj.bias",
    "image_encoder.trunk.blocks.11.attn.proj.bias" },
  { "vision_encoder.backbone.blocks.10.proj.weight", "image_encoder.trunk.blocks.10.proj.weight" },
  { "vision_encoder.backbone.blocks.11.mlp.proj_in.bias",
    "image_encoder.trunk.blocks.11.mlp.layers.0.bias" },
  { "vision_encoder.backbone.blocks.11.mlp.proj_out.bias",
    "image_encoder.trunk.blocks.11.mlp.layers.1.bias" },
  { "vision_encoder.neck.convs.2.weight", "image_encoder.neck.convs.2.conv.weight" },
  { "vision_encoder.neck.convs.2.bias", "image_encoder.neck.convs.2.conv.bias" },
  { "prompt_encoder.mask_embed.layer_norm2.weight",
    "sam_prompt_encoder.mask_downscaling.4.weight" },
  { "prompt_encoder.not_a_point_embed.weight", "sam_prompt_encoder.not_a_point_embed.weight" },
  { "mask_decoder.obj_score_token.weight", "sam_mask_decoder.obj_score_token.weight" },
  { "mask_decoder.conv_s0.weight", "sam_mask_decoder.conv_s0.weight" },
  { "mask_decoder.upscale_layer_norm.bias", "sam_mask_decoder.output_upscaling.1.bias" },
  { "mask_decoder.pred_obj_score_head.proj_in.weight",
    "sam_mask_decoder.pred_obj_score_head.layers.0.weight" },
  { "mask_decoder.pred_obj_score_head.layers.0.weight",
    "sam_mask_decoder.pred_obj_score_head.layers.1.weight" },
  { "mask_decoder.pred_obj_score_head.proj_out.weight",
    "sam_mask_decoder.pred_obj_score_head.layers.2.weight" },
  { "mask_decoder.iou_prediction_head.proj_out.weight",
    "sam_mask_decoder.iou_prediction_head.layers.2.weight" },
  { "mask_decoder.output_hypernetworks_mlps.3.layers.0.bias",
    "sam_mask_decoder.output_hypernetworks_mlps.3.layers.1.bias" },
  { "mask_decoder.transformer.layers.1.mlp.proj_in.bias",
    "sam_mask_decoder.transformer.layers.1.mlp.layers.0.bias" },
  { "mask_decoder.transformer.layers.1.mlp.proj_out.bias",
    "sam_mask_decoder.transformer.layers.1.mlp.layers.1.bias" },
  { "mask_decoder.transformer.layers.1.self_attn.o_proj.bias",
    "sam_mask_decoder.transformer.layers.1.self_attn.out_proj.bias" },
  { "mask_decoder.transformer.layers.1.layer_norm3.bias",
    "sam_mask_decoder.transformer.layers.1.norm3.bias" },
  { "mask_decoder.transformer.layer_norm_final_attn.bias",
    "sam_mask_decoder.transformer.norm_final_attn.bias" },
  { "prompt_encoder.point_embed.weight", NULL },
  { NULL }
};

static const Names module_names[] = { { "module.mask_decoder.iou_token.weight",
                                        "mask_decoder.iou_token.weight" },
                                      { "module.module.x", "module.x" },
                                      { NULL } };

/* Any chain of words may stand in front; what is not behind it does not belong to the network. */
static const Names chain_names[] = {
  { "_orig_mod.model.sam.sam_mask_decoder.iou_token.weight", "sam_mask_decoder.iou_token.weight" },
  { "_orig_mod.model.sam.image_encoder.trunk.pos_embed", "image_encoder.trunk.pos_embed" },
  { "loss.weight", NULL },
  { NULL }
};

/* Also in front of the names of the transformers library. */
static const Names both_names[] = {
  { "model.mask_decoder.iou_token.weight", "mask_decoder.iou_token.weight" },
  { "model.vision_encoder.patch_embed.projection.weight", "image_encoder.patch_embed.proj.weight" },
  { NULL }
};

/* The tensors in a file are numbered, so that each can be known again under its new name. */
static void
test_names (gconstpointer data)
{
  const Names              *names = data;
  g_autoptr (GString)       header = g_string_new ("{");
  g_autoptr (GBytes)        bytes = NULL;
  g_autoptr (GError)        error = NULL;
  g_autoptr (SamCheckpoint) checkpoint = NULL;
  int                       n = 0;
  uint8_t                  *body;

  for (; names[n].theirs != NULL; n++)
    g_string_append_printf (header, "%s\"%s\":" T ("F32", "[4,2]", "[%d,%d]"), n > 0 ? "," : "",
                            names[n].theirs, n * 32, n * 32 + 32);
  g_string_append_c (header, '}');
  bytes = make_safetensors (header->str, n * 32);
  body = (uint8_t *) g_bytes_get_data (bytes, NULL) + 8 + header->len;
  for (int i = 0; i < n * 8; i++)
    {
      float value = i;

      memcpy (body + i * 4, &value, 4);
    }
  checkpoint = sam_checkpoint_open_bytes (bytes, "renamed", &error);
  g_assert_no_error (error);

  for (int i = 0; i < n; i++)
    {
      const SamTensor *tensor;
      float            value;

      if (names[i].ours == NULL)
        continue;
      tensor = sam_checkpoint_lookup (checkpoint, names[i].ours);
      if (tensor == NULL)
        g_error ("%s is not found as %s", names[i].theirs, names[i].ours);
      g_assert_cmpstr (tensor->name, ==, names[i].ours);
      sam_tensor_read (tensor, 0, 1, &value);
      g_assert_cmpfloat (value, ==, i * 8);
    }

  if (names == sam2_names)
    for (int row = 0; row < 4; row++)
      {
        g_autofree char *name = g_strdup_printf ("sam_prompt_encoder.point_embeddings.%d.weight",
                                                 row);
        const SamTensor *tensor = sam_checkpoint_lookup (checkpoint, name);
        float            values[2];

        g_assert_nonnull (tensor);
        g_assert_cmpuint (tensor->shape[0], ==, 1);
        g_assert_cmpuint (tensor->shape[1], ==, 2);
        sam_tensor_read (tensor, 0, 2, values);
        g_assert_cmpfloat (values[1], ==, (n - 1) * 8 + row * 2 + 1);
      }
}

/* Two names that mean the same are refused, not one of them chosen. */
static void
test_names_twice (void)
{
  g_autoptr (GBytes) bytes = make_safetensors (
    "{\"vision_encoder.patch_embed.projection.weight\":" T (
      "F32", "[1]", "[0,4]") ",\"image_encoder.patch_embed.proj.weight\":" T ("F32", "[1]",
                                                                              "[4,8]") "}",
    8);

  assert_refused (bytes, "two tensors \"image_encoder.patch_embed.proj.weight\"");
}

static void
test_names_two_networks (void)
{
  g_autoptr (GBytes) bytes = make_safetensors (
    "{\"a.mask_decoder.iou_token.weight\":" T (
      "F32", "[1]", "[0,4]") ",\"b.mask_decoder.iou_token.weight\":" T ("F32", "[1]", "[4,8]") "}",
    8);

  assert_refused (bytes, "several networks, one under \"a.\"");
}

/* What was not fetched is found by name, but for what is known to be of no use. */
static void
test_unused (void)
{
  g_autoptr (GBytes) bytes =
    make_safetensors ("{\"part.x\":" T ("F32", "[1]", "[0,4]") ",\"part.adapter\":" T (
                        "F32", "[1]", "[4,8]") ",\"other.z\":" T ("F32", "[1]", "[8,12]") "}",
                      12);
  const char *const         none[] = { NULL };
  const char *const         idle[] = { ".adapter", NULL };
  g_autoptr (GError)        error = NULL;
  g_autoptr (SamCheckpoint) checkpoint = sam_checkpoint_open_bytes (bytes, "parts", &error);
  g_autoptr (SamWeights)    weights = NULL;

  g_assert_no_error (error);
  weights = sam_weights_new (checkpoint);
  g_assert_nonnull (sam_weights_vector (weights, 1, "part.x"));
  g_assert_cmpstr (sam_weights_find_unused (weights, "part.", none), ==, "part.adapter");
  g_assert_null (sam_weights_find_unused (weights, "part.", idle));
}

static void
test_not_files (void)
{
  static const char *nothing[] = { "", "x", "{\"a\":1}", "GIF89a", "\x80\x02" };
  g_autofree char   *folder = data_path (".");
  g_autoptr (GError) error = NULL;

  for (size_t i = 0; i < G_N_ELEMENTS (nothing); i++)
    {
      g_autoptr (GBytes) bytes = g_bytes_new_static (nothing[i], strlen (nothing[i]));

      assert_refused (bytes, "bad: ");
    }

  g_assert_null (sam_checkpoint_open (folder, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL);
  g_clear_error (&error);
  g_assert_null (sam_checkpoint_open ("/nowhere/at/all", &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_assert_nonnull (strstr (error->message, "/nowhere/at/all"));
}

int
main (int argc, char **argv)
{
  static const char *files[] = {
    "dtypes.safetensors",
    "dtypes_legacy.pth",
    "dtypes_zip.pth",
    "many_zip.pth",
    "metadata.safetensors",
    "model_wrapped_legacy.pt",
    "model_wrapped_zip.pt",
    "module_state_legacy.pth",
    "module_state_zip.pth",
    "parameters_legacy.pth",
    "parameters_zip.pth",
    "plain.safetensors",
    "plain_deflated.pth",
    "plain_dict_legacy.pt",
    "plain_dict_zip.pt",
    "plain_legacy.pth",
    "plain_zip.pth",
    "proto4_legacy.pth",
    "proto4_zip.pth",
    "reordered_spaces.safetensors",
    "state_dict_wrapped_legacy.pth",
    "state_dict_wrapped_zip.pth",
    "unpadded_header.safetensors",
    "views_legacy.pth",
    "views_zip.pth",
    "zero_size.safetensors",
    "zero_size_legacy.pth",
    "zero_size_zip.pth",
  };

  g_test_init (&argc, &argv, NULL);

  for (size_t i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *expected = g_strdup_printf ("/checkpoint/expected/%s", files[i]);
      g_autofree char *truncated = g_strdup_printf ("/checkpoint/truncated/%s", files[i]);
      g_autofree char *flipped = g_strdup_printf ("/checkpoint/flipped/%s", files[i]);

      g_test_add_data_func (expected, files[i], test_expected);
      g_test_add_data_func (truncated, files[i], test_truncated);
      g_test_add_data_func (flipped, files[i], test_flipped);
    }
  g_test_add_func ("/checkpoint/safetensors/bad", test_safetensors_bad);
  g_test_add_func ("/checkpoint/safetensors/long-name", test_safetensors_long_name);
  g_test_add_func ("/checkpoint/half", test_half);
  g_test_add_func ("/checkpoint/hash", test_hash);
  g_test_add_data_func ("/checkpoint/names/sam", sam_names, test_names);
  g_test_add_data_func ("/checkpoint/names/sam2", sam2_names, test_names);
  g_test_add_data_func ("/checkpoint/names/module", module_names, test_names);
  g_test_add_data_func ("/checkpoint/names/chain", chain_names, test_names);
  g_test_add_data_func ("/checkpoint/names/both", both_names, test_names);
  g_test_add_func ("/checkpoint/names/two-networks", test_names_two_networks);
  g_test_add_func ("/checkpoint/names/twice", test_names_twice);
  g_test_add_func ("/checkpoint/unused", test_unused);
  g_test_add_func ("/checkpoint/not-files", test_not_files);

  return g_test_run ();
}
