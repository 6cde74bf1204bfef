/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a click costs in the window, by the picture's size: from the press to the frame that shows
 * the answer, and of it the time on the main thread, where the window does not react. Needs a
 * display:
 *   with-display.py bench-clicks [MEGAPIXELS…] */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "ui/sui-canvas.h"

#define CLICKS 15

/* Discs of many colours on a slope. */
static SamImage *
picture (size_t width, size_t height)
{
  uint8_t           *pixels = g_malloc (width * height * 3), *p = pixels;
  g_autoptr (GBytes) bytes = NULL;
  double             side = height / 4.0;

  for (size_t y = 0; y < height; y++)
    for (size_t x = 0; x < width; x++, p += 3)
      {
        size_t   column = (size_t) (x / side), row = (size_t) (y / side);
        gboolean disc = hypot (x - (column + 0.5) * side, y - (row + 0.5) * side) < 0.4 * side;

        p[0] = (uint8_t) (disc ? 60 + 37 * column : 180 * x / width);
        p[1] = (uint8_t) (disc ? 200 - 41 * row : 90);
        p[2] = (uint8_t) (disc ? 90 + 29 * (row ^ column) : 180 * y / height);
      }
  bytes = g_bytes_new_take (pixels, width * height * 3);

  return sam_image_new (width, height, bytes, NULL);
}

static double
own_seconds (void)
{
  struct timespec t;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &t);

  return (double) t.tv_sec + t.tv_nsec / 1e9;
}

static gboolean
is_done (SuiSession *session)
{
  return sui_session_get_busy (session) == SUI_BUSY_NOTHING && ! gtk_events_pending ();
}

static void
settle (SuiSession *session)
{
  /* a frame may wait for the next tick of the clock */
  for (int quiet = 0; quiet < 40;)
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (500);
      quiet = is_done (session) ? quiet + 1 : 0;
    }
}

static int
compare (const void *a, const void *b)
{
  return (*(const double *) a > *(const double *) b) - (*(const double *) a < *(const double *) b);
}

static void
measure (double megapixels)
{
  size_t                 height = (size_t) sqrt (megapixels * 1e6 / 1.5), width = height * 3 / 2;
  g_autoptr (SamImage)   image = picture (width, height);
  g_autoptr (SuiSession) session = sui_session_new (sui_load);
  GtkWidget             *window = gtk_window_new (GTK_WINDOW_POPUP);
  GtkWidget             *canvas = sui_canvas_new (session);
  double                 answered[CLICKS], own[CLICKS];

  gtk_container_add (GTK_CONTAINER (window), canvas);
  gtk_window_resize (GTK_WINDOW (window), 960, 640);
  gtk_widget_show_all (window);
  sui_session_set_image (session, image);
  sui_session_set_model (session, "builtin");
  settle (session);
  g_assert_true (sui_session_is_ready (session));

  for (int i = 0; i < CLICKS; i++)
    {
      const SuiView *before = sui_session_get_view (session);
      gint64         start = g_get_monotonic_time ();
      double         spent = own_seconds ();
      double         side = height / 4.0;

      if (i > 0)
        sui_session_new_object (session);
      before = sui_session_get_view (session);
      sui_session_add (session,
                       sui_prompt_new_point ((i % 5 + 0.5) * side, (i / 5 + 0.5) * side, 1));
      while (sui_session_get_view (session) == before)
        g_main_context_iteration (NULL, TRUE);
      answered[i] = (g_get_monotonic_time () - start) / 1e3;
      settle (session);
      own[i] = (own_seconds () - spent) * 1e3;
    }
  qsort (answered, CLICKS, sizeof (double), compare);
  qsort (own, CLICKS, sizeof (double), compare);
  g_print ("%6.1f megapixels: answered after %6.1f ms, the main thread busy for %6.1f ms (medians "
           "of %d clicks, "
           "each a new object)\n",
           width * height / 1e6, answered[CLICKS / 2], own[CLICKS / 2], CLICKS);

  gtk_widget_destroy (window);
  sui_session_close (session);
}

int
main (int argc, char **argv)
{
  static const double sizes[] = { 0.25, 1, 4, 12, 48 };

  gtk_init (&argc, &argv);
  if (argc > 1)
    for (int i = 1; i < argc; i++)
      measure (g_ascii_strtod (argv[i], NULL));
  else
    for (size_t i = 0; i < G_N_ELEMENTS (sizes); i++)
      measure (sizes[i]);

  return 0;
}
