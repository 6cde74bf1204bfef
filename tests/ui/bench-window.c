/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person waits for in the window, with the built-in model: from what was said to the frame
 * that shows the answer, the worker, the mask at the size of the view, its outline and the drawing
 * included.  Wall time and processor time of all threads, medians. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "samcore/sam-catalogue.h"
#include "ui/sui-window.h"

#define N_CLICKS   25
#define N_PREVIEWS 100

typedef struct
{
  SuiSession *session;
  GtkWidget  *canvas;
  gboolean    hovering;
  gboolean    answered, drawn;
} Bench;

typedef struct
{
  double wall, processor; /* seconds */
} Times;

static Times
now (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);

  return (Times) { g_get_monotonic_time () * 1e-6,
                   usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
                     1e-6 * (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) };
}

static void
on_view (SuiSession *session, Bench *bench)
{
  const SuiView *view = sui_session_get_view (session);

  if (! bench->hovering && view != NULL && view->mask != NULL)
    bench->answered = TRUE;
}

static void
on_hover (SuiSession *session, Bench *bench)
{
  if (bench->hovering && sui_session_get_hover (session) != NULL)
    bench->answered = TRUE;
}

/* Before the canvas does it; both are over when the main loop comes back. */
static gboolean
on_draw (GtkWidget *widget, cairo_t *cr, Bench *bench)
{
  bench->drawn = bench->answered;

  return FALSE;
}

/* Until the frame is drawn that shows the answer. */
static void
wait_for_frame (Bench *bench)
{
  gint64 until = g_get_monotonic_time () + 120 * G_TIME_SPAN_SECOND;

  while (! bench->drawn)
    {
      g_main_context_iteration (NULL, TRUE);
      if (g_get_monotonic_time () > until)
        g_error ("no answer in two minutes");
    }
}

static void
settle (Bench *bench)
{
  while (sui_session_get_busy (bench->session) != SUI_BUSY_NOTHING || gtk_events_pending ())
    g_main_context_iteration (NULL, TRUE);
}

static Times
time_click (Bench *bench, double x, double y)
{
  Times start = now (), end;

  bench->hovering = FALSE;
  bench->answered = bench->drawn = FALSE;
  if (! sui_session_add (bench->session, sui_prompt_new_point (x, y, 1)))
    g_error ("the prompt was refused");
  wait_for_frame (bench);
  end = now ();
  if (sui_session_get_n_candidates (bench->session) == 0)
    g_error ("the frame does not show the answer");
  settle (bench);

  return (Times) { end.wall - start.wall, end.processor - start.processor };
}

static int
compare (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

static void
print_medians (const char *what, const Times *times, int n)
{
  g_autofree double *wall = g_new (double, n), *processor = g_new (double, n);

  for (int i = 0; i < n; i++)
    {
      wall[i] = times[i].wall;
      processor[i] = times[i].processor;
    }
  qsort (wall, n, sizeof *wall, compare);
  qsort (processor, n, sizeof *processor, compare);
  printf ("  %-34s %8.1f ms, processor %8.1f ms\n", what, 1e3 * wall[n / 2],
          1e3 * processor[n / 2]);
}

static double
resident_megabytes (void)
{
  g_autofree char *text = NULL;
  unsigned long    size, resident;

  if (! g_file_get_contents ("/proc/self/statm", &text, NULL, NULL) ||
      sscanf (text, "%lu %lu", &size, &resident) != 2)
    return 0.0;

  return resident * 4096.0 / 1e6;
}

static SamImage *
read_picture (const char *path, int width, int height)
{
  g_autoptr (GError)    error = NULL;
  g_autoptr (GdkPixbuf) pixbuf = gdk_pixbuf_new_from_file_at_scale (path, width, height, FALSE,
                                                                    &error);
  g_autoptr (GBytes)    bytes = NULL;
  uint8_t              *pixels;
  int                   channels;
  SamImage             *image;

  g_assert_no_error (error);
  channels = gdk_pixbuf_get_n_channels (pixbuf);
  pixels = g_malloc ((size_t) width * height * 3);
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      memcpy (pixels + ((size_t) y * width + x) * 3,
              gdk_pixbuf_read_pixels (pixbuf) + (size_t) y * gdk_pixbuf_get_rowstride (pixbuf) +
                x * channels,
              3);
  bytes = g_bytes_new_take (pixels, (size_t) width * height * 3);
  image = sam_image_new (width, height, bytes, &error);
  g_assert_no_error (error);

  return image;
}

static void
run (const char *path, int width, int height)
{
  g_autoptr (SamImage) image = read_picture (path, width, height);
  Bench                bench = { .session = sui_session_new (sui_load) };
  GtkWidget           *window = sui_window_new (bench.session, "bench");
  Times                first[N_CLICKS], further[N_CLICKS], start, end;
  double               before = resident_megabytes ();

  bench.canvas = GTK_WIDGET (sui_window_get_canvas (SUI_WINDOW (window)));
  g_signal_connect (bench.session, "view", G_CALLBACK (on_view), &bench);
  g_signal_connect (bench.session, "hover", G_CALLBACK (on_hover), &bench);
  g_signal_connect (bench.canvas, "draw", G_CALLBACK (on_draw), &bench);
  gtk_widget_show (window);
  while (gtk_events_pending ())
    gtk_main_iteration ();

  printf ("\n%d x %d pixels\n", width, height);
  start = now ();
  sui_session_set_image (bench.session, image);
  sui_session_set_model (bench.session, SAM_MODEL_BUILTIN);
  while (! sui_session_is_ready (bench.session))
    g_main_context_iteration (NULL, TRUE);
  end = now ();
  settle (&bench);
  printf ("  %-34s %8.1f ms, processor %8.1f ms\n", "model and picture, once",
          1e3 * (end.wall - start.wall), 1e3 * (end.processor - start.processor));

  /* the cup, each time a little beside; then a click on the saucer */
  for (int i = -1; i < N_CLICKS; i++)
    {
      double dx = (i + 1) * 0.001 * width;

      sui_session_clear (bench.session);
      settle (&bench);
      first[MAX (i, 0)] = time_click (&bench, 0.45 * width + dx, 0.50 * height);
      further[MAX (i, 0)] = time_click (&bench, 0.25 * width + dx, 0.65 * height);
    }
  print_medians ("first click", first, N_CLICKS);
  print_medians ("further click", further, N_CLICKS);

  sui_session_clear (bench.session);
  settle (&bench);
  start = now ();
  for (int i = 0; i < N_PREVIEWS; i++)
    {
      bench.hovering = TRUE;
      bench.answered = bench.drawn = FALSE;
      sui_session_hover (bench.session, (0.3 + 0.3 * i / N_PREVIEWS) * width, 0.5 * height, 1);
      wait_for_frame (&bench);
    }
  end = now ();
  printf ("  %-34s %8.1f a second, processor %5.1f ms each\n", "previews, one after the other",
          N_PREVIEWS / (end.wall - start.wall),
          1e3 * (end.processor - start.processor) / N_PREVIEWS);
  sui_session_leave (bench.session);
  settle (&bench);
  printf ("  %-34s %8.1f MB more than the empty window's %.1f MB\n", "memory",
          resident_megabytes () - before, before);

  g_signal_handlers_disconnect_by_data (bench.session, &bench);
  g_signal_handlers_disconnect_by_data (bench.canvas, &bench);
  gtk_widget_destroy (window);
  sui_session_close (bench.session);
  g_object_unref (bench.session);
}

int
main (int argc, char **argv)
{
  g_autofree char *cache = g_dir_make_tmp ("bench-window-XXXXXX", NULL);
  g_autofree char *path = NULL;
  struct rusage    usage;

  /* the picture is to be encoded, not found */
  g_setenv ("XDG_CACHE_HOME", cache, TRUE);
  gtk_init (&argc, &argv);
  setvbuf (stdout, NULL, _IOLBF, 0);
  path = g_build_filename (g_getenv ("SAM_SOURCE_ROOT"), "data", "samples", "coffee.png", NULL);

  run (path, 600, 400);
  run (path, 4000, 2667);
  getrusage (RUSAGE_SELF, &usage);
  printf ("\npeak memory of the whole program: %.1f MB\n", usage.ru_maxrss / 1e3);

  return 0;
}
