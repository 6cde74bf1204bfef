/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reader of what torch.save writes.
 *
 *   zip:     NAME/data.pkl  the object; NAME/data/KEY  one storage each, raw; NAME/byteorder
 *   legacy:  pickles one after the other: a magic number, a version, the writer's machine, the
 *            object, the list of storage keys; then for each key an int64 count of elements and the
 *            raw elements
 *
 * The object is a tree out of sam-pickle. sam-pickle-search.c finds the network's tensors in
 * it. Each is written as:
 *
 *   _rebuild_tensor_v2 (storage, offset, size, stride, …)       perhaps inside _rebuild_parameter
 *   (…, …) storage: persistent id ("storage", class, key, device, number of elements [, view])
 *
 * Several tensors may lie in one storage, in any order of dimensions, and repeat elements (stride
 * 0). */
#include "config.h"

#include <string.h>

#include "samcore/sam-error.h"
#include "samcore/weights/sam-pickle-search.h"
#include "samcore/weights/sam-pickle.h"
#include "samcore/weights/sam-quote.h"
#include "samcore/weights/sam-torch.h"
#include "samcore/weights/sam-zip.h"

#define MAX_KEY 255 /* bytes: it is copied wherever a storage is mentioned */

enum
{
  KIND_DICT = SAM_PICKLE_KIND_DICT,
  KIND_STORAGE,        /* value: SamDtype */
  KIND_STORAGE_UNREAD, /* value: bytes of an element */
  KIND_UNTYPED_STORAGE,
  KIND_DTYPE,  /* value: SamDtype */
  KIND_TENSOR, /* value: number of arguments that matter */
  KIND_TENSOR_V3,
  KIND_TENSOR_UNREAD,
  KIND_PARAMETER,
  KIND_SIZE,
  KIND_OTHER /* harmless, of no use */
};

/* What of a pickle means something to us. */
static const SamPickleGlobal globals[] = {
  { "collections", "OrderedDict", KIND_DICT, 0 },
  { "torch._utils", "_rebuild_tensor", KIND_TENSOR, 4 },
  { "torch._utils", "_rebuild_tensor_v2", KIND_TENSOR, 6 },
  { "torch._utils", "_rebuild_tensor_v3", KIND_TENSOR_V3, 7 },
  { "torch._utils", "_rebuild_parameter", KIND_PARAMETER, 0 },
  { "torch._utils", "_rebuild_parameter_with_state", KIND_PARAMETER, 0 },
  { "torch._utils", "_rebuild_device_tensor_from_numpy", KIND_TENSOR_UNREAD, 0 },
  { "torch._utils", "_rebuild_meta_tensor_no_storage", KIND_TENSOR_UNREAD, 0 },
  { "torch._utils", "_rebuild_nested_tensor", KIND_TENSOR_UNREAD, 0 },
  { "torch._utils", "_rebuild_qtensor", KIND_TENSOR_UNREAD, 0 },
  { "torch._utils", "_rebuild_sparse_tensor", KIND_TENSOR_UNREAD, 0 },
  { "torch._utils", "_rebuild_wrapper_subclass", KIND_TENSOR_UNREAD, 0 },
  { "torch._tensor", "_rebuild_from_type_v2", KIND_TENSOR_UNREAD, 0 },
  { "torch", "Size", KIND_SIZE, 0 },
  { "torch", "device", KIND_OTHER, 0 },
  { "torch", "FloatStorage", KIND_STORAGE, SAM_DTYPE_F32 },
  { "torch", "HalfStorage", KIND_STORAGE, SAM_DTYPE_F16 },
  { "torch", "BFloat16Storage", KIND_STORAGE, SAM_DTYPE_BF16 },
  { "torch", "DoubleStorage", KIND_STORAGE, SAM_DTYPE_F64 },
  { "torch", "CharStorage", KIND_STORAGE, SAM_DTYPE_I8 },
  { "torch", "ByteStorage", KIND_STORAGE, SAM_DTYPE_U8 },
  { "torch", "ShortStorage", KIND_STORAGE, SAM_DTYPE_I16 },
  { "torch", "IntStorage", KIND_STORAGE, SAM_DTYPE_I32 },
  { "torch", "LongStorage", KIND_STORAGE, SAM_DTYPE_I64 },
  { "torch", "BoolStorage", KIND_STORAGE, SAM_DTYPE_BOOL },
  { "torch", "ComplexFloatStorage", KIND_STORAGE_UNREAD, 8 },
  { "torch", "ComplexDoubleStorage", KIND_STORAGE_UNREAD, 16 },
  { "torch", "QInt8Storage", KIND_STORAGE_UNREAD, 1 },
  { "torch", "QUInt8Storage", KIND_STORAGE_UNREAD, 1 },
  { "torch", "QInt32Storage", KIND_STORAGE_UNREAD, 4 },
  { "torch.storage", "UntypedStorage", KIND_UNTYPED_STORAGE, 0 },
  { "torch", "float32", KIND_DTYPE, SAM_DTYPE_F32 },
  { "torch", "float16", KIND_DTYPE, SAM_DTYPE_F16 },
  { "torch", "bfloat16", KIND_DTYPE, SAM_DTYPE_BF16 },
  { "torch", "float64", KIND_DTYPE, SAM_DTYPE_F64 },
  { "torch", "int8", KIND_DTYPE, SAM_DTYPE_I8 },
  { "torch", "uint8", KIND_DTYPE, SAM_DTYPE_U8 },
  { "torch", "int16", KIND_DTYPE, SAM_DTYPE_I16 },
  { "torch", "uint16", KIND_DTYPE, SAM_DTYPE_U16 },
  { "torch", "int32", KIND_DTYPE, SAM_DTYPE_I32 },
  { "torch", "uint32", KIND_DTYPE, SAM_DTYPE_U32 },
  { "torch", "int64", KIND_DTYPE, SAM_DTYPE_I64 },
  { "torch", "uint64", KIND_DTYPE, SAM_DTYPE_U64 },
  { "torch", "bool", KIND_DTYPE, SAM_DTYPE_BOOL },
  { NULL }
};

typedef struct
{
  const uint8_t *data;
  size_t         n_bytes;
} Storage;

typedef struct
{
  SamCheckpoint *checkpoint;
  SamZip        *zip;      /* NULL: legacy */
  const char    *folder;   /* of data.pkl, with its slash */
  GHashTable    *storages; /* key → Storage */
} Torch;

/* What a persistent id says. */
typedef struct
{
  SamDtype dtype;
  gboolean untyped;
  size_t   n_element; /* bytes of one */
  char    *unread;    /* the class, quoted, where we do not read it; dtype means nothing then */
  char    *key;
  uint64_t n;     /* elements; bytes if untyped */
  uint64_t first; /* element where a view begins */
  uint64_t n_view;
} StorageId;

/* A number that is no less than 0. */
static gboolean
get_size (const SamPickleValue *value, uint64_t *size)
{
  if (value->type != SAM_PICKLE_INT || value->integer < 0)
    return FALSE;
  *size = value->integer;

  return TRUE;
}

static const SamPickleValue *
dict_lookup (const SamPickleValue *dict, const char *key)
{
  for (uint32_t i = 0; i + 1 < dict->n; i += 2)
    if (sam_pickle_is_string (dict->items[i], key))
      return dict->items[i + 1];

  return NULL;
}

/* The kind of what a value calls, or -1. */
static int
get_call_kind (const SamPickleValue *value)
{
  return value->type == SAM_PICKLE_CALL ? value->items[0]->global->kind : -1;
}

static gboolean
is_tensor (const SamPickleValue *value)
{
  int kind = get_call_kind (value);

  return kind == KIND_TENSOR || kind == KIND_TENSOR_V3 || kind == KIND_TENSOR_UNREAD ||
         kind == KIND_PARAMETER;
}

static void
storage_id_clear (StorageId *id)
{
  g_free (id->unread);
  g_free (id->key);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (StorageId, storage_id_clear)

/* What the storage's class says; an unknown one cannot even be skipped. */
static gboolean
parse_storage_class (const SamPickleValue *class, StorageId *id)
{
  const SamPickleGlobal *global;

  id->dtype = SAM_DTYPE_U8;
  if (class->type == SAM_PICKLE_FOREIGN)
    {
      id->unread = sam_quote (class->items[1]->bytes, class->items[1]->n);
      return TRUE;
    }
  if (class->type != SAM_PICKLE_GLOBAL)
    return FALSE;

  global = class->global;
  switch (global->kind)
    {
    case KIND_STORAGE:
      id->dtype = global->value;
      id->n_element = sam_dtype_get_size (id->dtype);
      return TRUE;
    case KIND_STORAGE_UNREAD:
      id->unread = sam_quote (global->name, strlen (global->name));
      id->n_element = global->value;
      return TRUE;
    case KIND_UNTYPED_STORAGE:
      id->untyped = TRUE;
      id->n_element = 1;
      return TRUE;
    default:
      return FALSE;
    }
}

static gboolean
parse_storage_id (const SamPickleValue *value, StorageId *id)
{
  const SamPickleValue *tuple, *view;

  if (value->type != SAM_PICKLE_PERSISTENT)
    return FALSE;
  tuple = value->items[0];
  if (tuple->type != SAM_PICKLE_TUPLE || tuple->n < 5 || tuple->n > 6 ||
      ! sam_pickle_is_string (tuple->items[0], "storage") ||
      ! parse_storage_class (tuple->items[1], id) || tuple->items[2]->type != SAM_PICKLE_STRING ||
      ! get_size (tuple->items[4], &id->n))
    return FALSE;
  id->first = 0;
  id->n_view = id->n;

  /* A storage that is part of another one, in files of before 2018: (key, first element,
   * elements). */
  view = tuple->n == 6 ? tuple->items[5] : NULL;
  if (view != NULL && view->type != SAM_PICKLE_NONE &&
      (view->type != SAM_PICKLE_TUPLE || view->n != 3 || ! get_size (view->items[1], &id->first) ||
       ! get_size (view->items[2], &id->n_view) || id->first > id->n ||
       id->n_view > id->n - id->first))
    return FALSE;

  if (tuple->items[2]->n > MAX_KEY ||
      memchr (tuple->items[2]->bytes, '\0', tuple->items[2]->n) != NULL)
    return FALSE;
  id->key = g_strndup (tuple->items[2]->bytes, tuple->items[2]->n);

  return TRUE;
}

/* The storage named @key, for the tensor @quoted; NULL and an error where there is none. */
static const Storage *
get_storage (Torch *torch, const char *key, const char *quoted, GError **error)
{
  Storage *storage = g_hash_table_lookup (torch->storages, key);

  if (storage == NULL && torch->zip != NULL)
    {
      g_autofree char   *name = g_strconcat (torch->folder, "data/", key, NULL);
      const SamZipEntry *entry = sam_zip_lookup (torch->zip, name);
      const uint8_t     *data;

      if (entry != NULL)
        {
          g_autoptr (GError) reason = NULL;

          data = sam_zip_read (torch->zip, entry, &reason);
          if (data == NULL)
            {
              g_set_error (error, reason->domain, reason->code, "%s, of tensor %s", reason->message,
                           quoted);
              return NULL;
            }
          storage = g_new (Storage, 1);
          storage->data = data;
          storage->n_bytes = entry->n_bytes;
          g_hash_table_insert (torch->storages, g_strdup (key), storage);
        }
    }
  if (storage == NULL)
    {
      g_autofree char *quoted_key = sam_quote (key, strlen (key));

      sam_checkpoint_fail (torch->checkpoint, error, "storage %s of tensor %s is missing",
                           quoted_key, quoted);
    }

  return storage;
}

/* A tuple of sizes, perhaps as torch.Size (tuple). */
static gboolean
get_sizes (const SamPickleValue *value, size_t *sizes, int *n)
{
  if (get_call_kind (value) == KIND_SIZE && value->items[1]->n == 1)
    value = value->items[1]->items[0];
  if (value->type != SAM_PICKLE_TUPLE || value->n > SAM_MAX_RANK)
    return FALSE;

  *n = value->n;
  for (uint32_t i = 0; i < value->n; i++)
    {
      uint64_t size;

      if (! get_size (value->items[i], &size) || size > G_MAXSSIZE)
        return FALSE;
      sizes[i] = size;
    }

  return TRUE;
}

/* A tensor's type where it is not that of the storage. FALSE: none that we know. */
static gboolean
get_dtype (const SamPickleValue *call, const StorageId *id, SamDtype *dtype)
{
  const SamPickleValue *value = call->items[0]->global->kind == KIND_TENSOR_V3
                                  ? call->items[1]->items[6]
                                  : NULL;

  *dtype = id->dtype;
  if (value == NULL)
    return ! id->untyped;
  if (value->type != SAM_PICKLE_GLOBAL || value->global->kind != KIND_DTYPE || ! id->untyped)
    return FALSE;
  *dtype = value->global->value;

  return TRUE;
}

static gboolean
read_tensor (Torch *torch, const char *name, const SamPickleValue *value, GError **error)
{
  g_autofree char      *quoted = sam_quote (name, strlen (name));
  g_autofree char      *unread = NULL;
  SamTensor             tensor = { .name = name };
  g_auto (StorageId)    id = { 0 };
  const SamPickleValue *arguments;
  const Storage        *storage;
  uint64_t              offset;
  size_t                n_bytes;
  int                   kind, n_strides;

  if (get_call_kind (value) == KIND_PARAMETER && value->items[1]->n > 0)
    value = value->items[1]->items[0];
  kind = get_call_kind (value);
  if (kind == KIND_TENSOR_UNREAD)
    {
      sam_checkpoint_add_unreadable (torch->checkpoint, name, "is of a kind that we do not read");
      return TRUE;
    }
  if (kind != KIND_TENSOR && kind != KIND_TENSOR_V3)
    return sam_checkpoint_fail (torch->checkpoint, error,
                                "tensor %s is a parameter of something else", quoted);
  arguments = value->items[1];

  if (arguments->n < (uint32_t) value->items[0]->global->value ||
      ! parse_storage_id (arguments->items[0], &id) || ! get_size (arguments->items[1], &offset) ||
      ! get_sizes (arguments->items[2], tensor.shape, &tensor.rank) ||
      ! get_sizes (arguments->items[3], tensor.stride, &n_strides) || n_strides != tensor.rank)
    return sam_checkpoint_fail (torch->checkpoint, error,
                                "tensor %s is not described as PyTorch describes it (at most %d "
                                "dimensions, no negative strides)",
                                quoted, SAM_MAX_RANK);
  if (id.unread != NULL || ! get_dtype (value, &id, &tensor.dtype))
    {
      unread = id.unread != NULL ? g_strdup_printf ("has the unknown type %s", id.unread)
                                 : g_strdup ("has an unknown type");
      sam_checkpoint_add_unreadable (torch->checkpoint, name, unread);
      return TRUE;
    }

  storage = get_storage (torch, id.key, quoted, error);
  if (storage == NULL)
    return FALSE;
  if (! g_size_checked_mul (&n_bytes, id.n_element, id.n) || n_bytes > storage->n_bytes)
    return sam_checkpoint_fail (
      torch->checkpoint, error,
      "tensor %s needs a larger storage than there is; is the file complete?", quoted);
  if (! g_size_checked_mul (&offset, offset, sam_dtype_get_size (tensor.dtype)))
    return sam_checkpoint_fail (torch->checkpoint, error, "tensor %s lies outside its storage",
                                quoted);

  return sam_checkpoint_add_tensor (torch->checkpoint, &tensor,
                                    storage->data + id.first * id.n_element,
                                    id.n_view * id.n_element, offset, error);
}

static gboolean
read_object (Torch *torch, const SamPickle *object, GError **error)
{
  const char                 *file = sam_checkpoint_get_name (torch->checkpoint);
  g_autoptr (SamPickleSearch) search = sam_pickle_search_new (object, is_tensor, file, error);

  if (search == NULL)
    return FALSE;
  for (size_t i = 0; i < sam_pickle_search_get_n (search); i++)
    {
      const SamPickleFound *found = sam_pickle_search_get (search, i);

      if (! read_tensor (torch, found->name, found->value, error))
        return FALSE;
    }

  return TRUE;
}

static void
torch_clear (Torch *torch)
{
  g_clear_pointer (&torch->zip, sam_zip_free);
  g_clear_pointer (&torch->storages, g_hash_table_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Torch, torch_clear)

static void
torch_init (Torch *torch, SamCheckpoint *checkpoint)
{
  torch->checkpoint = checkpoint;
  torch->storages = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

/* The one entry whose name ends in a slash and @last, or is @last. NULL: there is none; or, with an
 * error, there are two. */
static const SamZipEntry *
find_entry (Torch *torch, const char *last, GError **error)
{
  const SamZipEntry *found = NULL;

  for (size_t i = 0; i < sam_zip_get_n_entries (torch->zip); i++)
    {
      const SamZipEntry *entry = sam_zip_get_entry (torch->zip, i);
      const char        *slash = strrchr (entry->name, '/');

      if (! g_str_equal (slash == NULL ? entry->name : slash + 1, last))
        continue;
      if (found != NULL)
        {
          sam_checkpoint_fail (torch->checkpoint, error, "there are two %s in the archive", last);
          return NULL;
        }
      found = entry;
    }

  return found;
}

/* EfficientSAM S is published as a .pt packed into a zip: the only entry that is a checkpoint by
 * its name. */
static gboolean
read_packed (Torch *torch, GError **error)
{
  const SamZipEntry *found = NULL;
  const uint8_t     *data;
  size_t             n_found = 0;

  for (size_t i = 0; i < sam_zip_get_n_entries (torch->zip); i++)
    {
      const SamZipEntry *entry = sam_zip_get_entry (torch->zip, i);

      if (g_str_has_suffix (entry->name, ".pt") || g_str_has_suffix (entry->name, ".pth") ||
          g_str_has_suffix (entry->name, ".safetensors"))
        {
          found = entry;
          n_found++;
        }
    }
  if (n_found != 1)
    return sam_checkpoint_fail (
      torch->checkpoint, error,
      "a zip archive that PyTorch did not write: there is no data.pkl in it");
  data = sam_zip_read (torch->zip, found, error);

  return data != NULL && sam_checkpoint_enter (torch->checkpoint, data, found->n_bytes, error);
}

gboolean
sam_torch_zip_read (SamCheckpoint *checkpoint, GError **error)
{
  g_auto (Torch)        torch = { NULL };
  g_autoptr (SamPickle) pickle = NULL;
  g_autoptr (GError)    two = NULL;
  g_autofree char      *folder = NULL;
  g_autofree char      *order_name = NULL;
  const SamZipEntry    *entry, *order;
  const uint8_t        *data;

  torch_init (&torch, checkpoint);
  torch.zip = sam_zip_new (checkpoint, error);
  if (torch.zip == NULL)
    return FALSE;
  entry = find_entry (&torch, "data.pkl", &two);
  if (two != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&two));
      return FALSE;
    }
  if (entry == NULL)
    return read_packed (&torch, error);
  folder = g_strndup (entry->name, strlen (entry->name) - strlen ("data.pkl"));
  torch.folder = folder;

  order_name = g_strconcat (folder, "byteorder", NULL);
  order = sam_zip_lookup (torch.zip, order_name);
  if (order != NULL)
    {
      data = sam_zip_read (torch.zip, order, error);
      if (data == NULL)
        return FALSE;
      if (order->n_bytes != 6 || memcmp (data, "little", 6) != 0)
        return sam_checkpoint_fail (checkpoint, error,
                                    "its numbers are big endian; load and save it again "
                                    "on an ordinary computer");
    }

  data = sam_zip_read (torch.zip, entry, error);
  if (data == NULL)
    return FALSE;
  pickle = sam_pickle_new (sam_checkpoint_get_name (checkpoint), data, entry->n_bytes, globals,
                           error);

  return pickle != NULL && read_object (&torch, pickle, error);
}

static gboolean
is_magic (const SamPickleValue *value)
{
  static const char magic[] = { 0x6c, (char) 0xfc, (char) 0x9c, 0x46, (char) 0xf9,
                                0x20, 0x6a,        (char) 0xa8, 0x50, 0x19 };

  return value->type == SAM_PICKLE_LONG && value->n == sizeof magic &&
         memcmp (value->bytes, magic, sizeof magic) == 0;
}

gboolean
sam_torch_legacy_probe (const uint8_t *data, size_t size)
{
  return size >= 2 && data[0] == 0x80 && data[1] >= 2 && data[1] <= 5;
}

/* The next pickle of a legacy file; moves @at behind it. */
static SamPickle *
next_pickle (SamCheckpoint *checkpoint, size_t *at, GError **error)
{
  SamPickle *pickle = sam_pickle_new (sam_checkpoint_get_name (checkpoint),
                                      sam_checkpoint_get_data (checkpoint) + *at,
                                      sam_checkpoint_get_size (checkpoint) - *at, globals, error);

  if (pickle != NULL)
    *at += sam_pickle_get_size (pickle);

  return pickle;
}

/* The size of one element of each storage that the object mentions. A storage's bytes cannot be
 * skipped without it. */
static gboolean
collect_element_sizes (Torch *torch, const SamPickle *object, GHashTable *sizes, GError **error)
{
  for (size_t i = 0; i < sam_pickle_get_n_persistent (object); i++)
    {
      g_auto (StorageId) id = { 0 };
      gsize              size, known;

      if (! parse_storage_id (sam_pickle_get_persistent (object, i), &id))
        return sam_checkpoint_fail (torch->checkpoint, error,
                                    "a storage is not described as PyTorch describes it");
      size = id.n_element;
      if (size == 0)
        return sam_checkpoint_fail (torch->checkpoint, error, "a storage has the unknown type %s",
                                    id.unread);
      known = GPOINTER_TO_SIZE (g_hash_table_lookup (sizes, id.key));
      if (known != 0 && known != size)
        return sam_checkpoint_fail (torch->checkpoint, error, "a storage has two different types");
      g_hash_table_insert (sizes, g_steal_pointer (&id.key), GSIZE_TO_POINTER (size));
    }

  return TRUE;
}

/* What follows the pickles: for each key a count and the elements, up to the end of the file. */
static gboolean
read_storages (Torch                *torch,
               const SamPickleValue *keys,
               GHashTable           *element_sizes,
               size_t                at,
               GError              **error)
{
  const uint8_t *data = sam_checkpoint_get_data (torch->checkpoint);
  size_t         size = sam_checkpoint_get_size (torch->checkpoint);

  if (keys->type != SAM_PICKLE_LIST)
    return sam_checkpoint_fail (torch->checkpoint, error, "the list of storages is missing");

  for (uint32_t i = 0; i < keys->n; i++)
    {
      const SamPickleValue *key = keys->items[i];
      g_autofree char      *name = NULL;
      g_autofree char      *quoted = NULL;
      gsize                 n_element;
      uint64_t              n;
      size_t                n_bytes;
      Storage              *storage;

      if (key->type != SAM_PICKLE_STRING || memchr (key->bytes, '\0', key->n) != NULL)
        return sam_checkpoint_fail (torch->checkpoint, error, "a storage's name is not text");
      name = g_strndup (key->bytes, key->n);
      quoted = sam_quote (key->bytes, key->n);
      n_element = GPOINTER_TO_SIZE (g_hash_table_lookup (element_sizes, name));
      if (n_element == 0)
        return sam_checkpoint_fail (torch->checkpoint, error, "storage %s belongs to no tensor",
                                    quoted);
      if (g_hash_table_contains (torch->storages, name))
        return sam_checkpoint_fail (torch->checkpoint, error, "there are two storages %s", quoted);

      if (size - at < sizeof n)
        return sam_checkpoint_fail (torch->checkpoint, error, "the file ends before storage %s",
                                    quoted);
      memcpy (&n, data + at, sizeof n);
      n = GUINT64_FROM_LE (n);
      at += sizeof n;
      if (n > G_MAXSSIZE || ! g_size_checked_mul (&n_bytes, n, n_element) || n_bytes > size - at)
        return sam_checkpoint_fail (torch->checkpoint, error, "the file ends inside storage %s",
                                    quoted);
      storage = g_new (Storage, 1);
      storage->data = data + at;
      storage->n_bytes = n_bytes;
      g_hash_table_insert (torch->storages, g_steal_pointer (&name), storage);
      at += n_bytes;
    }
  if (at != size)
    return sam_checkpoint_fail (torch->checkpoint, error,
                                "there are %zu bytes after the last storage", size - at);

  return TRUE;
}

gboolean
sam_torch_legacy_read (SamCheckpoint *checkpoint, GError **error)
{
  g_auto (Torch)         torch = { NULL };
  g_autoptr (SamPickle)  magic = NULL;
  g_autoptr (SamPickle)  version = NULL;
  g_autoptr (SamPickle)  machine = NULL;
  g_autoptr (SamPickle)  object = NULL;
  g_autoptr (SamPickle)  keys = NULL;
  g_autoptr (GHashTable) sizes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  const SamPickleValue  *value;
  size_t                 at = 0;

  torch_init (&torch, checkpoint);
  magic = next_pickle (checkpoint, &at, error);
  if (magic == NULL)
    return FALSE;
  if (! is_magic (sam_pickle_get_root (magic)))
    return sam_checkpoint_fail (checkpoint, error, "a pickle that PyTorch did not write");

  version = next_pickle (checkpoint, &at, error);
  if (version == NULL)
    return FALSE;
  value = sam_pickle_get_root (version);
  if (value->type != SAM_PICKLE_INT || value->integer != 1001)
    return sam_checkpoint_fail (checkpoint, error, "an unknown version of PyTorch's format");

  machine = next_pickle (checkpoint, &at, error);
  if (machine == NULL)
    return FALSE;
  value = sam_pickle_get_root (machine);
  value = value->type == SAM_PICKLE_DICT ? dict_lookup (value, "little_endian") : NULL;
  if (value == NULL || value->type != SAM_PICKLE_BOOL || ! value->integer)
    return sam_checkpoint_fail (checkpoint, error,
                                "its numbers are big endian; load and save it again on an "
                                "ordinary computer");

  object = next_pickle (checkpoint, &at, error);
  if (object == NULL || ! collect_element_sizes (&torch, object, sizes, error))
    return FALSE;
  keys = next_pickle (checkpoint, &at, error);
  if (keys == NULL || ! read_storages (&torch, sam_pickle_get_root (keys), sizes, at, error))
    return FALSE;

  return read_object (&torch, object, error);
}
