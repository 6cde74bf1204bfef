/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Three buttons that look like the picture with all but the candidate darkened.  They keep their
 * place when there is nothing to choose, so that the window does not jump. */
#include "config.h"

#include <math.h>

#include <glib/gi18n-lib.h>

#include "ui/session/sui-names.h"
#include "ui/sui-strip.h"

/* as the desktop counts; thumbnails have twice as many pixels, sharp on HiDPI screens */
#define SIDE (SUI_THUMBNAIL_SIDE / 2)

struct _SuiStrip
{
  GtkBox         parent_instance;
  SuiSession    *session;
  GtkWidget     *buttons[SUI_N_CANDIDATES];
  GtkWidget     *images[SUI_N_CANDIDATES];
  GtkWidget     *labels[SUI_N_CANDIDATES];
  const SamMask *shown[SUI_N_CANDIDATES]; /* only compared */
  gboolean       showing;
};

G_DEFINE_FINAL_TYPE (SuiStrip, sui_strip, GTK_TYPE_BOX)

/* The mean of the picture below one pixel of the thumbnail, from at most 3 x 3 samples. */
static void
sample (SamImage *image, double x0, double y0, double x1, double y1, double *rgb)
{
  size_t         width = sam_image_get_width (image), height = sam_image_get_height (image);
  const uint8_t *pixels = sam_image_get_pixels (image);

  rgb[0] = rgb[1] = rgb[2] = 0.0;
  for (int j = 0; j < 3; j++)
    for (int i = 0; i < 3; i++)
      {
        size_t x = MIN ((size_t) (x0 + (x1 - x0) * (i + 0.5) / 3), width - 1);
        size_t y = MIN ((size_t) (y0 + (y1 - y0) * (j + 0.5) / 3), height - 1);

        for (int c = 0; c < 3; c++)
          rgb[c] += pixels[(y * width + x) * 3 + c] / 9.0;
      }
}

static cairo_surface_t *
make_thumbnail (SamImage *image, const SamMask *mask)
{
  int              w = (int) sam_mask_get_width (mask), h = (int) sam_mask_get_height (mask);
  const uint8_t   *coverage = sam_mask_get_coverage (mask);
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, w, h);
  uint8_t         *data = cairo_image_surface_get_data (surface);
  int              stride = cairo_image_surface_get_stride (surface);
  double           sx = (double) sam_image_get_width (image) / w;
  double           sy = (double) sam_image_get_height (image) / h;

  for (int y = 0; y < h; y++)
    for (int x = 0; x < w; x++)
      {
        double   rgb[3], in = coverage[y * w + x] / 255.0;
        uint32_t pixel = 0;

        sample (image, x * sx, y * sy, (x + 1) * sx, (y + 1) * sy, rgb);
        for (int c = 0; c < 3; c++)
          {
            double grey = 0.3 * (0.3 * rgb[0] + 0.6 * rgb[1] + 0.1 * rgb[2]);

            pixel = pixel << 8 | (uint32_t) lrint (CLAMP (in * rgb[c] + (1 - in) * grey, 0, 255));
          }
        ((uint32_t *) (void *) (data + y * stride))[x] = pixel;
      }
  cairo_surface_mark_dirty (surface);
  cairo_surface_set_device_scale (surface, 2, 2);

  return surface;
}

static void
name_empty (SuiStrip *strip, guint i)
{
  g_autofree char *name = g_strdup_printf (_ ("Candidate %u"), i + 1);

  atk_object_set_name (gtk_widget_get_accessible (strip->buttons[i]), name);
}

static void
update (SuiSession *session, SuiStrip *strip)
{
  guint     n = sui_session_get_n_candidates (session);
  SamImage *image = sui_session_get_image (session);

  strip->showing = TRUE;
  for (guint i = 0; i < SUI_N_CANDIDATES; i++)
    {
      const SamMask *mask = n > 1 && i < n ? sui_session_get_thumbnail (session, i) : NULL;

      gtk_widget_set_sensitive (strip->buttons[i], mask != NULL);
      gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (strip->buttons[i]),
                                    mask != NULL && i == sui_session_get_candidate (session));
      if (mask == strip->shown[i])
        continue;
      strip->shown[i] = mask;
      if (mask != NULL)
        {
          cairo_surface_t *surface = make_thumbnail (image, mask);
          g_autofree char *score = g_strdup_printf (
            /* Translators: how sure the model is of a candidate, e.g. "2: 87 %" */
            _ ("%u: %.0f %%"), i + 1, 100.0 * CLAMP (sui_session_get_iou (session, i), 0.0f, 1.0f));
          g_autofree char *name = g_strdup_printf (_ ("Candidate %u, the model is %.0f %% sure"),
                                                   i + 1,
                                                   100.0 * CLAMP (sui_session_get_iou (session, i),
                                                                  0.0f, 1.0f));

          gtk_image_set_from_surface (GTK_IMAGE (strip->images[i]), surface);
          cairo_surface_destroy (surface);
          gtk_label_set_text (GTK_LABEL (strip->labels[i]), score);
          atk_object_set_name (gtk_widget_get_accessible (strip->buttons[i]), name);
        }
      else
        {
          gtk_image_clear (GTK_IMAGE (strip->images[i]));
          gtk_label_set_text (GTK_LABEL (strip->labels[i]), "–");
          name_empty (strip, i);
        }
    }
  strip->showing = FALSE;
}

static void
toggled (GtkToggleButton *button, SuiStrip *strip)
{
  if (strip->showing)
    return;
  for (guint i = 0; i < SUI_N_CANDIDATES; i++)
    if (strip->buttons[i] == GTK_WIDGET (button))
      sui_session_choose (strip->session, i);
  /* one is always chosen */
  update (strip->session, strip);
}

static void
sui_strip_dispose (GObject *object)
{
  SuiStrip *strip = SUI_STRIP (object);

  if (strip->session != NULL)
    g_signal_handlers_disconnect_by_data (strip->session, strip);
  g_clear_object (&strip->session);
  G_OBJECT_CLASS (sui_strip_parent_class)->dispose (object);
}

static void
sui_strip_class_init (SuiStripClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sui_strip_dispose;
}

static void
sui_strip_init (SuiStrip *strip)
{
  gtk_box_set_spacing (GTK_BOX (strip), 6);
  gtk_box_set_homogeneous (GTK_BOX (strip), TRUE);
  for (guint i = 0; i < SUI_N_CANDIDATES; i++)
    {
      GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2);

      strip->buttons[i] = gtk_toggle_button_new ();
      strip->images[i] = gtk_image_new ();
      gtk_widget_set_size_request (strip->images[i], SIDE, SIDE * 3 / 4);
      strip->labels[i] = gtk_label_new ("–");
      gtk_box_pack_start (GTK_BOX (box), strip->images[i], TRUE, TRUE, 0);
      gtk_box_pack_start (GTK_BOX (box), strip->labels[i], FALSE, FALSE, 0);
      gtk_container_add (GTK_CONTAINER (strip->buttons[i]), box);
      gtk_box_pack_start (GTK_BOX (strip), strip->buttons[i], TRUE, TRUE, 0);
      gtk_widget_set_tooltip_text (
        strip->buttons[i],
        _ ("What the click could mean: a part, the whole object, or more (keys 1 to 3, Tab)"));
      g_signal_connect (strip->buttons[i], "toggled", G_CALLBACK (toggled), strip);
      name_empty (strip, i);
    }
}

void
sui_strip_attach (SuiStrip *strip, SuiSession *session)
{
  strip->session = g_object_ref (session);
  g_signal_connect (session, "changed", G_CALLBACK (update), strip);
  update (session, strip);
}
