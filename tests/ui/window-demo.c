/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The window without GIMP, for a look at it:  window-demo PICTURE [MODEL]
 * With SAM_RTL set it runs from right to left. "Apply" writes the mask to mask.png in the current
 * folder. */
#include "config.h"

#include <locale.h>
#include <string.h>

#include <glib/gi18n-lib.h>

#include "ui/sui-window.h"

typedef struct
{
  SuiWindow *window;
  gboolean   close;
} Apply;

static void
on_mask (GObject *source, GAsyncResult *result, gpointer data)
{
  Apply              *apply = data;
  g_autoptr (GError)  error = NULL;
  g_autoptr (SamMask) mask = sui_session_make_mask_finish (SUI_SESSION (source), result, &error);

  if (mask == NULL)
    {
      sui_window_fail (apply->window, error);
    }
  else
    {
      size_t                width = sam_mask_get_width (mask), height = sam_mask_get_height (mask);
      g_autofree guchar    *rgb = g_malloc (width * height * 3);
      g_autoptr (GdkPixbuf) pixbuf = NULL;

      for (size_t i = 0; i < width * height; i++)
        memset (rgb + 3 * i, sam_mask_get_coverage (mask)[i], 3);
      pixbuf = gdk_pixbuf_new_from_data (rgb, GDK_COLORSPACE_RGB, FALSE, 8, (int) width,
                                         (int) height, (int) width * 3, NULL, NULL);
      if (! gdk_pixbuf_save (pixbuf, "mask.png", "png", &error, NULL))
        g_printerr ("%s\n", error->message);
    }
  sui_window_applied (apply->window, mask != NULL);
  if (apply->close && mask != NULL)
    gtk_main_quit ();
  g_free (apply);
}

static void
on_apply (SuiWindow *window, gboolean close)
{
  Apply *apply = g_new (Apply, 1);

  apply->window = window;
  apply->close = close;
  sui_session_make_mask (sui_window_get_session (window), TRUE, on_mask, apply);
}

static SamImage *
read_picture (const char *path, GError **error)
{
  g_autoptr (GdkPixbuf) pixbuf = gdk_pixbuf_new_from_file (path, error);
  g_autoptr (GBytes)    bytes = NULL;
  int                   width, height, channels;
  uint8_t              *pixels;

  if (pixbuf == NULL)
    return NULL;
  width = gdk_pixbuf_get_width (pixbuf);
  height = gdk_pixbuf_get_height (pixbuf);
  channels = gdk_pixbuf_get_n_channels (pixbuf);
  pixels = g_malloc ((size_t) width * height * 3);
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      memcpy (pixels + ((size_t) y * width + x) * 3,
              gdk_pixbuf_read_pixels (pixbuf) + (size_t) y * gdk_pixbuf_get_rowstride (pixbuf) +
                x * channels,
              3);
  bytes = g_bytes_new_take (pixels, (size_t) width * height * 3);

  return sam_image_new (width, height, bytes, error);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError)     error = NULL;
  g_autoptr (SuiSession) session = NULL;
  g_autoptr (SamImage)   image = NULL;
  g_autofree char       *name = NULL;
  GtkWidget             *window;

  setlocale (LC_ALL, "");
  if (g_getenv ("SAM_LOCALE_DIR") != NULL)
    {
      bindtextdomain (GETTEXT_PACKAGE, g_getenv ("SAM_LOCALE_DIR"));
      bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
    }
  gtk_init (&argc, &argv);
  if (g_getenv ("SAM_RTL") != NULL)
    gtk_widget_set_default_direction (GTK_TEXT_DIR_RTL);
  if (argc < 2 || (image = read_picture (argv[1], &error)) == NULL)
    {
      g_printerr ("%s\n", error != NULL ? error->message : "usage: window-demo PICTURE [MODEL]");
      return 1;
    }

  session = sui_session_new (sui_load);
  name = g_path_get_basename (argv[1]);
  window = sui_window_new (session, name);
  g_signal_connect (window, "apply", G_CALLBACK (on_apply), NULL);
  g_signal_connect (window, "cancel", G_CALLBACK (gtk_main_quit), NULL);
  sui_session_set_image (session, image);
  sui_session_set_model (session, argc > 2 ? argv[2] : "");
  gtk_widget_show (window);
  gtk_main ();
  gtk_widget_destroy (window);
  sui_session_close (session);

  return 0;
}
