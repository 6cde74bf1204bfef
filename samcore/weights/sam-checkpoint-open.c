/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The door to checkpoints: opens a file, finds out what it is, lets the reader of that format fill
 * a checkpoint, and tidies what came of it.
 *
 *   open ──▶ map ──▶ first bytes ──▶ reader ──▶ a tensor each ──▶ scales, names
 *
 * The file is mapped privately and read only. Nothing can protect us from a program that shortens a
 * mapped file in place (the system then ends whoever touches the lost pages), so what we write
 * ourselves is always written under another name and renamed. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "samcore/weights/sam-checkpoint-private.h"
#include "samcore/weights/sam-rename.h"
#include "samcore/weights/sam-safetensors.h"
#include "samcore/weights/sam-scales.h"
#include "samcore/weights/sam-torch.h"
#include "samcore/weights/sam-zip.h"

/* What people have in place of a model, by its first bytes, and what to do then. */
static const struct
{
  size_t      n;
  const char *start;
  const char *sentence;
} strangers[] = {
#define START(bytes) sizeof bytes - 1, bytes
  { START ("version https://git-lfs"), "a pointer of Git LFS, not the model: get the file itself, "
                                       "with git lfs pull" },
  { START ("<"), "a web page, not the model: fetch the file that the page links to" },
  { START ("{"), "a text in JSON, not the model: an answer of the server, or the index of a model "
                 "in several files, which cannot be read" },
  { START ("\x1f\x8b"), "packed with gzip: unpack it first" },
  { START ("GGUF"), "a GGUF file, which cannot be read; get the model as .safetensors or .pth" },
  { START ("\x08"), "neither a safetensors nor a PyTorch file but perhaps ONNX, which cannot be "
                    "read; get the model as .safetensors or .pth" },
  { START ("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), "it begins with zeros, as a download that was not "
                                                "finished does; fetch it again" },
#undef START
};

static gboolean
fail_stranger (SamCheckpoint *checkpoint, const uint8_t *data, size_t size, GError **error)
{
  if (size == 0)
    return sam_checkpoint_fail (checkpoint, error, "the file is empty");
  for (size_t i = 0; i < G_N_ELEMENTS (strangers); i++)
    if (size >= strangers[i].n && memcmp (data, strangers[i].start, strangers[i].n) == 0)
      return sam_checkpoint_fail (checkpoint, error, "%s", strangers[i].sentence);

  return sam_checkpoint_fail (checkpoint, error, "neither a safetensors nor a PyTorch file");
}

/* By the first bytes; the name of a file says nothing. */
static gboolean
read_bytes (SamCheckpoint *checkpoint, GError **error)
{
  const uint8_t *data = sam_checkpoint_get_data (checkpoint);
  size_t         size = sam_checkpoint_get_size (checkpoint);

  if (sam_safetensors_probe (data, size))
    {
      sam_checkpoint_set_format (checkpoint, "safetensors");
      return sam_safetensors_read (checkpoint, error);
    }
  if (sam_zip_probe (data, size))
    {
      sam_checkpoint_set_format (checkpoint, "torch-zip");
      return sam_torch_zip_read (checkpoint, error);
    }
  if (sam_torch_legacy_probe (data, size))
    {
      sam_checkpoint_set_format (checkpoint, "torch-legacy");
      return sam_torch_legacy_read (checkpoint, error);
    }

  return fail_stranger (checkpoint, data, size, error);
}

/* Again for a checkpoint that a reader has found inside. */
static gboolean
read_contents (SamCheckpoint *checkpoint, GError **error)
{
  const uint8_t *data;

  do
    {
      data = sam_checkpoint_get_data (checkpoint);
      if (! read_bytes (checkpoint, error))
        return FALSE;
    }
  while (sam_checkpoint_get_data (checkpoint) != data);

  return TRUE;
}

static SamCheckpoint *
open_bytes (GBytes *bytes, const char *name, gboolean mapped, GError **error)
{
  g_autoptr (SamCheckpoint) checkpoint = sam_checkpoint_new (bytes, name, mapped);

  if (! read_contents (checkpoint, error) || ! sam_scales_attach (checkpoint, error) ||
      ! sam_rename_tensors (checkpoint, error) || ! sam_checkpoint_check_any (checkpoint, error))
    return NULL;

  return g_steal_pointer (&checkpoint);
}

SamCheckpoint *
sam_checkpoint_open_bytes (GBytes *bytes, const char *name, GError **error)
{
  return open_bytes (bytes, name, FALSE, error);
}

SamCheckpoint *
sam_checkpoint_open (const char *path, GError **error)
{
  g_autofree char        *display = g_filename_display_name (path);
  g_autoptr (GMappedFile) file = NULL;
  g_autoptr (GBytes)      bytes = NULL;
  struct stat             status;
  int                     fd;

  /* Not blocking, so that somebody's named pipe is an error and no endless wait. */
  fd = g_open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
  if (fd < 0)
    {
      int why = errno;

      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (why), "%s cannot be opened: %s",
                   display, g_strerror (why));
      return NULL;
    }
  if (fstat (fd, &status) == 0 && S_ISREG (status.st_mode))
    file = g_mapped_file_new_from_fd (fd, FALSE, error);
  else
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "not a file");
  close (fd);
  if (file == NULL)
    {
      g_prefix_error (error, "%s cannot be opened: ", display);
      return NULL;
    }
  bytes = g_mapped_file_get_bytes (file);

  return open_bytes (bytes, path, TRUE, error);
}
