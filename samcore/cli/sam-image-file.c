/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures in and out. */
#include "config.h"

#include "samcore/cli/sam-image-file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <gdk-pixbuf/gdk-pixbuf.h>
#include <glib/gstdio.h>

#include "samcore/sam-error.h"
#include "samcore/cli/sam-png.h"

/* the traced edge of an overlay, and how much is left of the rest */
#define EDGE_RED   255
#define EDGE_GREEN 196
#define EDGE_BLUE  0
#define DIM_PART   0.4

static GBytes *
read_standard_input (GError **error)
{
  GByteArray *bytes = g_byte_array_new ();
  guint8      buffer[65536];
  size_t      n;

  while ((n = fread (buffer, 1, sizeof buffer, stdin)) > 0)
    {
      if (bytes->len > G_MAXINT32 - sizeof buffer)
        {
          g_set_error_literal (error, SAM_ERROR, SAM_ERROR_BAD_IMAGE,
                               "The picture on standard input is too large: save it as a file");
          g_byte_array_unref (bytes);
          return NULL;
        }
      g_byte_array_append (bytes, buffer, (guint) n);
    }
  if (ferror (stdin))
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
                   "Cannot read standard input: %s", g_strerror (errno));
      g_byte_array_unref (bytes);
      return NULL;
    }

  return g_byte_array_free_to_bytes (bytes);
}

static GdkPixbuf *
read_pixbuf (const char *path, GError **error)
{
  g_autoptr (GdkPixbuf)    pixbuf = NULL;
  g_autoptr (GInputStream) stream = NULL;
  g_autoptr (GError)       reason = NULL;
  GdkPixbuf               *upright;
  const char              *name = strcmp (path, "-") == 0 ? "standard input" : path;

  if (strcmp (path, "-") == 0)
    {
      g_autoptr (GBytes) bytes = read_standard_input (error);

      if (bytes == NULL)
        return NULL;
      stream = g_memory_input_stream_new_from_bytes (bytes);
    }
  else
    {
      g_autoptr (GFile) file = g_file_new_for_path (path);

      stream = G_INPUT_STREAM (g_file_read (file, NULL, &reason));
      if (stream == NULL)
        {
          g_set_error (error, reason->domain, reason->code, "Cannot open the picture: %s",
                       reason->message);
          return NULL;
        }
    }

  pixbuf = gdk_pixbuf_new_from_stream (stream, NULL, &reason);
  if (pixbuf == NULL)
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_BAD_FILE,
                   "%s is not a picture that can be read (%s): save it as PNG or JPEG", name,
                   reason->message);
      return NULL;
    }

  upright = gdk_pixbuf_apply_embedded_orientation (pixbuf);
  if (upright == NULL)
    g_set_error (error, SAM_ERROR, SAM_ERROR_NO_MEMORY, "Not enough memory for %s", name);

  return upright;
}

/* [height, width, 3], transparency over white */
static void
flatten (const GdkPixbuf *pixbuf, uint8_t *out)
{
  size_t        width = (size_t) gdk_pixbuf_get_width (pixbuf);
  size_t        height = (size_t) gdk_pixbuf_get_height (pixbuf);
  size_t        n_channels = (size_t) gdk_pixbuf_get_n_channels (pixbuf);
  size_t        stride = (size_t) gdk_pixbuf_get_rowstride (pixbuf);
  const guint8 *pixels = gdk_pixbuf_read_pixels (pixbuf);

  for (size_t y = 0; y < height; y++)
    {
      const guint8 *in = pixels + y * stride;

      for (size_t x = 0; x < width; x++, in += n_channels, out += 3)
        for (int c = 0; c < 3; c++)
          {
            int alpha = n_channels == 4 ? in[3] : 255;

            out[c] = (uint8_t) ((in[c] * alpha + 255 * (255 - alpha) + 127) / 255);
          }
    }
}

SamImage *
sam_picture_read (const char *path, GError **error)
{
  g_autoptr (GdkPixbuf) pixbuf = read_pixbuf (path, error);
  g_autoptr (GBytes)    bytes = NULL;
  uint8_t              *pixels;
  size_t                width, height;

  if (pixbuf == NULL)
    return NULL;

  width = (size_t) gdk_pixbuf_get_width (pixbuf);
  height = (size_t) gdk_pixbuf_get_height (pixbuf);
  pixels = g_try_malloc_n (height, width * 3);
  if (pixels == NULL)
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_NO_MEMORY,
                   "Not enough memory for a picture of %zu × %zu pixels", width, height);
      return NULL;
    }
  flatten (pixbuf, pixels);
  bytes = g_bytes_new_take (pixels, width * height * 3);

  return sam_image_new (width, height, bytes, error);
}

SamMask *
sam_picture_read_mask (const char *path, GError **error)
{
  g_autoptr (SamImage) image = sam_picture_read (path, error);
  const uint8_t       *pixels;
  uint8_t             *coverage;
  size_t               n;

  if (image == NULL)
    return NULL;

  n = sam_image_get_width (image) * sam_image_get_height (image);
  pixels = sam_image_get_pixels (image);
  coverage = g_try_malloc (n);
  if (coverage == NULL)
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_NO_MEMORY, "Not enough memory for the mask %s",
                   path);
      return NULL;
    }
  for (size_t i = 0; i < n; i++)
    coverage[i] = (uint8_t) ((pixels[3 * i] + pixels[3 * i + 1] + pixels[3 * i + 2] + 1) / 3);

  return sam_mask_new_take (sam_image_get_width (image), sam_image_get_height (image), coverage);
}

/* "png", "jpeg" … by the file's ending; NULL with an error when it cannot be written. */
static char *
find_format (const char *path, gboolean alpha, GError **error)
{
  const char *dot = strrchr (path, '.');
  GSList     *formats;
  char       *found = NULL;
  gboolean    alpha_lacks = FALSE;

  if (strcmp (path, "-") == 0)
    return g_strdup ("png");
  if (dot == NULL || strchr (dot, '/') != NULL)
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_UNSUPPORTED,
                   "%s has no extension to tell its format: call it %s.png", path, path);
      return NULL;
    }

  formats = gdk_pixbuf_get_formats ();
  for (GSList *l = formats; l != NULL && found == NULL; l = l->next)
    {
      g_auto (GStrv)   endings = gdk_pixbuf_format_get_extensions (l->data);
      g_autofree char *ending = g_ascii_strdown (dot + 1, -1);
      g_autofree char *name = gdk_pixbuf_format_get_name (l->data);

      if (! gdk_pixbuf_format_is_writable (l->data) ||
          ! g_strv_contains ((const char *const *) endings, ending))
        continue;
      alpha_lacks = alpha && (strcmp (name, "jpeg") == 0 || strcmp (name, "bmp") == 0);
      if (! alpha_lacks)
        found = g_steal_pointer (&name);
    }
  g_slist_free (formats);

  if (found == NULL && alpha_lacks)
    g_set_error (error, SAM_ERROR, SAM_ERROR_UNSUPPORTED,
                 "%s files have no transparency: write a .png instead", dot);
  else if (found == NULL)
    g_set_error (error, SAM_ERROR, SAM_ERROR_UNSUPPORTED,
                 "Pictures cannot be written as %s: write a .png instead", dot);

  return found;
}

gboolean
sam_picture_check_output (const char *path, gboolean alpha, GError **error)
{
  g_autofree char *format = find_format (path, alpha, error);

  return format != NULL && sam_output_check (path, error);
}

gboolean
sam_output_check (const char *path, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);

  if (strcmp (path, "-") == 0 || g_file_test (folder, G_FILE_TEST_IS_DIR))
    return TRUE;

  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
               "%s cannot be written: there is no folder %s; create it first", path, folder);
  return FALSE;
}

gboolean
sam_output_write (const char *path, const void *data, size_t size, GError **error)
{
  gboolean to_stdout = strcmp (path, "-") == 0;
  GError  *reason = NULL;
  FILE    *file;
  int      saved_errno = 0;

  /* A pipe or a device must not be replaced by a file. */
  if (! to_stdout &&
      (! g_file_test (path, G_FILE_TEST_EXISTS) || g_file_test (path, G_FILE_TEST_IS_REGULAR)))
    {
      if (size > G_MAXSSIZE)
        {
          g_set_error (error, SAM_ERROR, SAM_ERROR_BAD_IMAGE, "%s would be too large", path);
          return FALSE;
        }
      if (g_file_set_contents_full (path, data, (gssize) size, G_FILE_SET_CONTENTS_CONSISTENT, 0666,
                                    &reason))
        return TRUE;
      g_set_error (error, reason->domain, reason->code, "%s cannot be written: %s", path,
                   reason->message);
      g_error_free (reason);
      return FALSE;
    }

  file = to_stdout ? stdout : g_fopen (path, "wb");
  if (file == NULL || fwrite (data, 1, size, file) != size || fflush (file) != 0)
    saved_errno = errno;
  if (file != NULL && ! to_stdout && fclose (file) != 0 && saved_errno == 0)
    saved_errno = errno;
  if (saved_errno != 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno), "Cannot write %s: %s",
                   to_stdout ? "standard output" : path, g_strerror (saved_errno));
      return FALSE;
    }

  return TRUE;
}

/* @pixels: [height, width, 3 or 4] */
static gboolean
write_pixels (const uint8_t *pixels,
              size_t         width,
              size_t         height,
              gboolean       alpha,
              const char    *path,
              GError       **error)
{
  g_autofree char      *format = find_format (path, alpha, error);
  g_autoptr (GdkPixbuf) pixbuf = NULL;
  g_autofree gchar     *buffer = NULL;
  gsize                 size;

  if (format == NULL)
    return FALSE;
  if (width * (alpha ? 4 : 3) > G_MAXINT)
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_BAD_IMAGE, "The picture is too wide for %s", path);
      return FALSE;
    }

  pixbuf = gdk_pixbuf_new_from_data (pixels, GDK_COLORSPACE_RGB, alpha, 8, (int) width,
                                     (int) height, (int) (width * (alpha ? 4 : 3)), NULL, NULL);
  if (! gdk_pixbuf_save_to_buffer (pixbuf, &buffer, &size, format, error, NULL))
    return FALSE;

  return sam_output_write (path, buffer, size, error);
}

static uint8_t *
allocate (size_t n, GError **error)
{
  uint8_t *pixels = g_try_malloc (n);

  if (pixels == NULL)
    g_set_error_literal (error, SAM_ERROR, SAM_ERROR_NO_MEMORY,
                         "Not enough memory to write the picture");

  return pixels;
}

gboolean
sam_picture_write_mask (const SamMask *mask, const char *path, GError **error)
{
  size_t              n = sam_mask_get_width (mask) * sam_mask_get_height (mask);
  g_autofree char    *format = find_format (path, FALSE, error);
  g_autofree uint8_t *pixels = NULL;

  if (format == NULL)
    return FALSE;

  if (strcmp (format, "png") == 0)
    {
      g_autoptr (GBytes) png = sam_png_encode_mask (mask, error);

      return png != NULL &&
             sam_output_write (path, g_bytes_get_data (png, NULL), g_bytes_get_size (png), error);
    }

  pixels = allocate (3 * n, error);
  if (pixels == NULL)
    return FALSE;
  for (size_t i = 0; i < n; i++)
    memset (pixels + 3 * i, sam_mask_get_coverage (mask)[i], 3);

  return write_pixels (pixels, sam_mask_get_width (mask), sam_mask_get_height (mask), FALSE, path,
                       error);
}

gboolean
sam_picture_write_overlay (const SamImage *image,
                           const SamMask  *mask,
                           const char     *path,
                           GError        **error)
{
  static const uint8_t edge[3] = { EDGE_RED, EDGE_GREEN, EDGE_BLUE };
  size_t               width = sam_image_get_width (image), height = sam_image_get_height (image);
  const uint8_t       *in = sam_image_get_pixels (image);
  const uint8_t       *coverage = sam_mask_get_coverage (mask);
  g_autofree uint8_t  *pixels = allocate (width * height * 3, error);

  if (pixels == NULL)
    return FALSE;

  for (size_t y = 0; y < height; y++)
    for (size_t x = 0; x < width; x++)
      {
        size_t   i = y * width + x;
        gboolean on = coverage[i] >= 128;
        gboolean at_edge = on && ((x > 0 && coverage[i - 1] < 128) ||
                                  (x + 1 < width && coverage[i + 1] < 128) ||
                                  (y > 0 && coverage[i - width] < 128) ||
                                  (y + 1 < height && coverage[i + width] < 128));

        for (int c = 0; c < 3; c++)
          {
            double part = DIM_PART + (1 - DIM_PART) * coverage[i] / 255.0;

            pixels[3 * i + c] = at_edge ? edge[c] : (uint8_t) (in[3 * i + c] * part + 0.5);
          }
      }

  return write_pixels (pixels, width, height, FALSE, path, error);
}

gboolean
sam_picture_write_cutout (const SamImage *image,
                          const SamMask  *mask,
                          const char     *path,
                          GError        **error)
{
  size_t              n = sam_image_get_width (image) * sam_image_get_height (image);
  const uint8_t      *in = sam_image_get_pixels (image);
  g_autofree uint8_t *pixels = allocate (n * 4, error);

  if (pixels == NULL)
    return FALSE;

  for (size_t i = 0; i < n; i++)
    {
      memcpy (pixels + 4 * i, in + 3 * i, 3);
      pixels[4 * i + 3] = sam_mask_get_coverage (mask)[i];
    }

  return write_pixels (pixels, sam_image_get_width (image), sam_image_get_height (image), TRUE,
                       path, error);
}
