/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Downloads from a server of our own on 127.0.0.1, which behaves as badly as the path of the
 * address says: breaks off, stalls, redirects, lies about lengths, sends wrong bytes, wrong ranges
 * or none. */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <gio/gio.h>
#include <glib/gstdio.h>

#include "samcore/weights/sam-checkpoint.h"
#include "samcore/store/sam-download.h"
#include "samcore/sam-error.h"
#include "samcore/sam-install.h"

#define N_FILE 300000

static GBytes         *file; /* what the server has */
static GSocketService *service;
static guint16         port;
static char           *sum;
static char           *folder;

static GMutex   log_lock;
static GString *requests; /* "PATH RANGE;" of each */
static int      n_requests;

typedef struct
{
  char    *path;
  char    *if_range;
  guint64  start;
  gboolean has_range;
} Request;

static gboolean
read_request (GInputStream *in, Request *request)
{
  g_autoptr (GDataInputStream) data = g_data_input_stream_new (in);
  g_autofree char             *first = NULL;
  g_auto (GStrv)               words = NULL;
  char                        *line;

  g_filter_input_stream_set_close_base_stream (G_FILTER_INPUT_STREAM (data), FALSE);
  g_data_input_stream_set_newline_type (data, G_DATA_STREAM_NEWLINE_TYPE_CR_LF);
  first = g_data_input_stream_read_line (data, NULL, NULL, NULL);
  words = g_strsplit (first != NULL ? first : "", " ", 3);
  if (g_strv_length (words) < 2)
    return FALSE;
  request->path = g_strdup (words[1]);
  while ((line = g_data_input_stream_read_line (data, NULL, NULL, NULL)) != NULL && *line != '\0')
    {
      if (g_ascii_strncasecmp (line, "range: bytes=", 13) == 0)
        {
          request->has_range = TRUE;
          request->start = g_ascii_strtoull (line + 13, NULL, 10);
        }
      if (g_ascii_strncasecmp (line, "if-range: ", 10) == 0)
        request->if_range = g_strdup (line + 10);
      g_free (line);
    }
  g_free (line);

  return TRUE;
}

static void
send_bytes (GOutputStream *out, const void *data, size_t n)
{
  g_output_stream_write_all (out, data, n, NULL, NULL, NULL);
}

G_GNUC_PRINTF (2, 3)
static void
send_text (GOutputStream *out, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list          args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  send_bytes (out, text, strlen (text));
}

/* The file from @start on with the right headers, but only the first @n bytes of the body. */
static void
send_file (GOutputStream *out, guint64 start, gboolean partial, size_t n, const char *tag)
{
  gsize          size;
  const uint8_t *data = g_bytes_get_data (file, &size);

  if (partial)
    send_text (out,
               "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes %" G_GUINT64_FORMAT
               "-%zu/%zu\r\n",
               start, size - 1, size);
  else
    send_text (out, "HTTP/1.1 200 OK\r\n");
  if (tag != NULL)
    send_text (out, "ETag: %s\r\n", tag);
  send_text (out, "Content-Length: %" G_GUINT64_FORMAT "\r\nConnection: close\r\n\r\n",
             size - start);
  send_bytes (out, data + start, MIN (n, size - start));
}

static gboolean
on_connection (GThreadedSocketService *threaded,
               GSocketConnection      *connection,
               GObject                *source,
               gpointer                user_data)
{
  GOutputStream *out = g_io_stream_get_output_stream (G_IO_STREAM (connection));
  Request        request = { NULL };
  gsize          size;
  const uint8_t *data = g_bytes_get_data (file, &size);
  const char    *path;
  guint64        start;
  int            n;

  if (! read_request (g_io_stream_get_input_stream (G_IO_STREAM (connection)), &request))
    return TRUE;
  path = request.path;
  start = request.start;
  g_mutex_lock (&log_lock);
  g_string_append_printf (requests, "%s %" G_GUINT64_FORMAT "%s;", path, start,
                          request.if_range != NULL ? " if" : "");
  n = ++n_requests;
  g_mutex_unlock (&log_lock);

  if (g_str_equal (path, "/whole"))
    {
      if (request.if_range != NULL && ! g_str_equal (request.if_range, "\"v1\""))
        request.has_range = FALSE;
      send_file (out, request.has_range ? start : 0, request.has_range, size, "\"v1\"");
    }
  else if (g_str_equal (path, "/no-range"))
    send_file (out, 0, FALSE, size, NULL);
  else if (g_str_equal (path, "/breaks"))
    send_file (out, start, request.has_range, (size - start) / 3, "\"v1\"");
  else if (g_str_equal (path, "/breaks-no-range"))
    send_file (out, 0, FALSE, size / 2, NULL);
  else if (g_str_equal (path, "/breaks-once"))
    send_file (out, start, request.has_range, n == 1 ? size / 2 : size, NULL);
  else if (g_str_equal (path, "/stalls-once"))
    {
      send_file (out, start, request.has_range, n == 1 ? size / 2 : size, "\"v1\"");
      g_output_stream_flush (out, NULL, NULL);
      if (n == 1)
        g_usleep (3 * G_USEC_PER_SEC);
    }
  else if (g_str_equal (path, "/redirect"))
    send_text (
      out,
      "HTTP/1.1 302 Found\r\nLocation: /whole\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  else if (g_str_equal (path, "/loop"))
    send_text (
      out,
      "HTTP/1.1 302 Found\r\nLocation: /loop\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  else if (g_str_equal (path, "/longer") || g_str_equal (path, "/shorter"))
    {
      send_text (out, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
                 g_str_equal (path, "/longer") ? size + 5 : size - 5);
      send_bytes (out, data, size);
    }
  else if (g_str_equal (path, "/endless"))
    {
      send_text (out, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
      for (int i = 0; i < 20; i++)
        send_bytes (out, data, size);
    }
  else if (g_str_equal (path, "/no-length"))
    {
      send_text (out, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
      send_bytes (out, data, size);
    }
  else if (g_str_equal (path, "/wrong"))
    {
      g_autofree uint8_t *other = g_memdup2 (data, size);

      other[size / 2] ^= 1;
      send_text (out, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", size);
      send_bytes (out, other, size);
    }
  else if (g_str_equal (path, "/wrong-range"))
    {
      if (request.has_range)
        send_text (out,
                   "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 17-20/%zu\r\n"
                   "Content-Length: 4\r\nConnection: close\r\n\r\nabcd",
                   size);
      else
        send_file (out, 0, FALSE, size, NULL);
    }
  else if (g_str_equal (path, "/416"))
    {
      if (request.has_range)
        send_text (
          out,
          "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      else
        send_file (out, 0, FALSE, size, NULL);
    }
  else if (g_str_equal (path, "/busy-once") && n == 1)
    send_text (out, "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  else if (g_str_equal (path, "/busy-once"))
    send_file (out, 0, FALSE, size, NULL);
  else if (g_str_equal (path, "/garbage"))
    send_text (out, "what?\r\n\r\n");
  else
    send_text (out, "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno!");

  g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
  g_free (request.path);
  g_free (request.if_range);

  return TRUE;
}

/* The service accepts connections in a thread of its own; the tests block. */
static gpointer
serve (gpointer data)
{
  GMainLoop *loop = data;

  g_main_context_push_thread_default (g_main_loop_get_context (loop));
  g_socket_service_start (service);
  g_main_loop_run (loop);
  g_main_context_pop_thread_default (g_main_loop_get_context (loop));

  return NULL;
}

static void
start_server (void)
{
  g_autoptr (GMainContext)   context = g_main_context_new ();
  g_autoptr (GInetAddress)   here = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (here, 0);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GError)         error = NULL;

  g_main_context_push_thread_default (context);
  service = g_threaded_socket_service_new (8);
  g_signal_connect (service, "run", G_CALLBACK (on_connection), NULL);
  g_socket_listener_add_address (G_SOCKET_LISTENER (service), address, G_SOCKET_TYPE_STREAM,
                                 G_SOCKET_PROTOCOL_TCP, NULL, &bound, &error);
  g_assert_no_error (error);
  g_socket_service_stop (service);
  g_main_context_pop_thread_default (context);
  port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  g_thread_unref (g_thread_new ("server", serve, g_main_loop_new (context, FALSE)));
}

static char *
place (const char *name)
{
  return g_build_filename (folder, name, NULL);
}

static void
assert_log (const char *expected)
{
  g_mutex_lock (&log_lock);
  g_assert_cmpstr (requests->str, ==, expected);
  g_mutex_unlock (&log_lock);
}

static void
clean (void)
{
  static const char *names[] = { "x", "x.part", "x.part.tag" };

  for (size_t i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = place (names[i]);

      g_unlink (path);
    }
  g_mutex_lock (&log_lock);
  g_string_truncate (requests, 0);
  n_requests = 0;
  g_mutex_unlock (&log_lock);
}

static gboolean
download (const char *what, guint64 size, const SamJob *job, GError **error)
{
  g_autofree char *address = g_strdup_printf ("http://127.0.0.1:%u%s", port, what);
  g_autofree char *path = place ("x");

  return sam_download (address, path, size, sum, job, error);
}

static gboolean
exists (const char *name)
{
  g_autofree char *path = place (name);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static gsize
size_of (const char *name)
{
  g_autofree char *path = place (name);
  g_autofree char *contents = NULL;
  gsize            size = 0;

  g_file_get_contents (path, &contents, &size, NULL);

  return size;
}

/* The file has arrived, and only it. */
static void
assert_arrived (void)
{
  g_autofree char *path = place ("x");
  g_autofree char *contents = NULL;
  gsize            size;

  g_assert_true (g_file_get_contents (path, &contents, &size, NULL));
  g_assert_cmpmem (contents, size, g_bytes_get_data (file, NULL), g_bytes_get_size (file));
  g_assert_false (exists ("x.part"));
  g_assert_false (exists ("x.part.tag"));
}

/* These work out, with the size known and unknown. */
static void
test_arrives (gconstpointer data)
{
  const guint64 sizes[] = { N_FILE, 0 };

  for (size_t i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GError) error = NULL;

      clean ();
      download (data, sizes[i], NULL, &error);
      g_assert_no_error (error);
      assert_arrived ();
    }
}

/* These do not, and nothing stays. */
static void
test_refused (gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  clean ();
  g_assert_false (download (data, N_FILE, NULL, &error));
  g_assert_error (error, SAM_ERROR, SAM_ERROR_CHECKSUM);
  g_assert_false (exists ("x"));
  g_assert_false (exists ("x.part"));
  g_assert_false (exists ("x.part.tag"));
}

static void
test_wrong_unknown_size (void)
{
  g_autoptr (GError) error = NULL;

  clean ();
  g_assert_false (download ("/wrong", 0, NULL, &error));
  g_assert_error (error, SAM_ERROR, SAM_ERROR_CHECKSUM);
  g_assert_nonnull (strstr (error->message, sum));
  g_assert_false (exists ("x.part"));
}

static void
test_not_there (gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  clean ();
  g_assert_false (download (data, N_FILE, NULL, &error));
  g_assert_error (error, SAM_ERROR, SAM_ERROR_NETWORK);
  g_assert_nonnull (strstr (error->message, "--add"));
  g_assert_false (exists ("x"));
}

/* Goes on where it was: within one call, and over several. */
static void
test_resume (void)
{
  g_autoptr (GError) error = NULL;
  gsize              before = 0;

  clean ();
  download ("/breaks-once", N_FILE, NULL, &error);
  g_assert_no_error (error);
  assert_arrived ();
  assert_log ("/breaks-once 0;/breaks-once 150000;");

  clean ();
  for (int i = 0; i < 3; i++)
    {
      g_assert_false (download ("/breaks", N_FILE, NULL, &error));
      g_assert_error (error, SAM_ERROR, SAM_ERROR_NETWORK);
      g_clear_error (&error);
      g_assert_cmpuint (size_of ("x.part"), >, before);
      g_assert_false (exists ("x"));
      before = size_of ("x.part");
    }
  g_assert_true (exists ("x.part.tag"));

  /* Another address has another tag: asked without If-Range, and right all the same. */
  g_mutex_lock (&log_lock);
  g_string_truncate (requests, 0);
  g_mutex_unlock (&log_lock);
  download ("/whole", N_FILE, NULL, &error);
  g_assert_no_error (error);
  assert_arrived ();
  g_mutex_lock (&log_lock);
  g_assert_true (g_str_has_prefix (requests->str, "/whole 29"));
  g_mutex_unlock (&log_lock);
}

static void
test_breaks_always (void)
{
  g_autoptr (GError) error = NULL;

  clean ();
  g_assert_false (download ("/breaks-no-range", N_FILE, NULL, &error));
  g_assert_error (error, SAM_ERROR, SAM_ERROR_NETWORK);
  g_assert_false (exists ("x"));
}

static void
put_part (const char *tag, size_t n, gboolean right)
{
  g_autofree char *part = place ("x.part");
  g_autofree char *tag_path = place ("x.part.tag");
  g_autofree char *text = g_strdup_printf ("http://127.0.0.1:%u/whole\n%s\n", port, tag);
  g_autofree char *contents = g_malloc0 (n + 1);

  clean ();
  if (right)
    memcpy (contents, g_bytes_get_data (file, NULL), n);
  g_assert_true (g_file_set_contents (part, contents, n, NULL));
  if (*tag != '\0')
    g_assert_true (g_file_set_contents (tag_path, text, -1, NULL));
}

/* The file has changed on the server since: If-Range brings all of it. */
static void
test_changed (void)
{
  g_autoptr (GError) error = NULL;

  put_part ("\"v0\"", 1000, FALSE);
  download ("/whole", N_FILE, NULL, &error);
  g_assert_no_error (error);
  assert_arrived ();
  assert_log ("/whole 1000 if;");

  put_part ("\"v1\"", 1000, TRUE);
  download ("/whole", N_FILE, NULL, &error);
  g_assert_no_error (error);
  assert_arrived ();
  assert_log ("/whole 1000 if;");
}

/* A part that was wrong without anybody's knowledge: the sum says so, and it is fetched anew. */
static void
test_wrong_part (void)
{
  g_autoptr (GError) error = NULL;

  put_part ("", 1000, FALSE);
  download ("/whole", N_FILE, NULL, &error);
  g_assert_no_error (error);
  assert_arrived ();
  assert_log ("/whole 1000;/whole 0;");

  /* whole and wrong, too long, whole and right */
  put_part ("", N_FILE, FALSE);
  download ("/whole", N_FILE, NULL, &error);
  g_assert_no_error (error);
  assert_arrived ();
  put_part ("", N_FILE + 1, FALSE);
  download ("/whole", N_FILE, NULL, &error);
  g_assert_no_error (error);
  assert_arrived ();
  put_part ("", N_FILE, TRUE);
  download ("/whole", N_FILE, NULL, &error);
  g_assert_no_error (error);
  assert_arrived ();
  assert_log ("");
}

static void
test_other_ranges (void)
{
  static const char *what[] = { "/no-range", "/wrong-range", "/416" };

  for (size_t i = 0; i < G_N_ELEMENTS (what); i++)
    {
      g_autoptr (GError) error = NULL;

      put_part ("", 1000, TRUE);
      download (what[i], N_FILE, NULL, &error);
      g_assert_no_error (error);
      assert_arrived ();
    }
}

/* A page of some gateway does not cost us what we have. */
static void
test_gateway (void)
{
  g_autoptr (GError) error = NULL;

  put_part ("", 1000, TRUE);
  g_assert_false (download ("/shorter", N_FILE, NULL, &error));
  g_assert_error (error, SAM_ERROR, SAM_ERROR_CHECKSUM);
  g_assert_cmpuint (size_of ("x.part"), ==, 1000);
}

static void
cancel_half_way (double fraction, gpointer data)
{
  if (fraction > 0.3)
    g_cancellable_cancel (data);
}

static void
test_cancel (void)
{
  g_autoptr (GError)       error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  SamJob                   job = { cancellable, cancel_half_way, cancellable };
  gsize                    n;

  clean ();
  g_assert_false (download ("/whole", N_FILE, &job, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  n = size_of ("x.part");
  g_assert_cmpuint (n, >, 0);
  g_assert_cmpuint (n, <, N_FILE);
  g_assert_false (exists ("x"));

  download ("/whole", N_FILE, NULL, &error);
  g_assert_no_error (error);
  assert_arrived ();
  g_assert_cmpint (n_requests, ==, 2);
}

static void
test_locked (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char   *part = place ("x.part");
  int                fd;

  put_part ("", 1000, TRUE);
  fd = g_open (part, O_RDWR | O_CLOEXEC, 0);
  g_assert_cmpint (flock (fd, LOCK_EX), ==, 0);
  g_assert_false (download ("/whole", N_FILE, NULL, &error));
  g_assert_error (error, SAM_ERROR, SAM_ERROR_NETWORK);
  g_assert_nonnull (strstr (error->message, "another program"));
  g_assert_cmpuint (size_of ("x.part"), ==, 1000);
  close (fd);
}

static void
test_offline (void)
{
  g_autoptr (GError)         error = NULL;
  g_autofree char           *path = place ("x");
  g_autoptr (GSocket)        socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM,
                                                    G_SOCKET_PROTOCOL_TCP, NULL);
  g_autoptr (GInetAddress)   here = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new (here, 0);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autofree char           *address = NULL;

  /* A port where nobody listens. */
  g_assert_true (g_socket_bind (socket, any, FALSE, NULL));
  bound = g_socket_get_local_address (socket, NULL);
  address = g_strdup_printf ("http://127.0.0.1:%u/x",
                             g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound)));
  clean ();
  g_assert_false (sam_download (address, path, N_FILE, sum, NULL, &error));
  g_assert_error (error, SAM_ERROR, SAM_ERROR_NETWORK);
  g_assert_nonnull (strstr (error->message, address));
  g_assert_nonnull (strstr (error->message, "--add"));
  g_assert_false (exists ("x.part"));
  g_clear_error (&error);

  g_assert_false (sam_download ("no address", path, N_FILE, sum, NULL, &error));
  g_assert_error (error, SAM_ERROR, SAM_ERROR_NETWORK);
  g_clear_error (&error);
  g_assert_false (sam_download (address, "/nowhere/x", N_FILE, sum, NULL, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
}

/* The shelf's two ways in, with a catalogue of our own whose one model is the built-in one. */
static void
test_install (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char   *user = sam_catalogue_get_user_directory ();
  g_autofree char   *expected = g_build_filename (user, "local.safetensors", NULL);
  g_autofree char   *source = g_build_filename (g_getenv ("SAM_SOURCE_ROOT"), "data", "models",
                                                "builtin.safetensors", NULL);
  g_autofree char   *bad = place ("bad.pth");
  g_autofree char   *path = NULL, *again = NULL, *added = NULL, *twice = NULL;

  g_assert_null (sam_install_download ("what", NULL, &error));
  g_assert_error (error, SAM_ERROR, SAM_ERROR_UNKNOWN_MODEL);
  g_clear_error (&error);
  g_assert_null (sam_install_download ("not-free", NULL, &error));
  g_assert_error (error, SAM_ERROR, SAM_ERROR_UNKNOWN_MODEL);
  g_assert_nonnull (strstr (error->message, "Ask first."));
  g_clear_error (&error);

  clean ();
  path = sam_install_download ("local", NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (path, ==, expected);
  again = sam_install_download ("local", NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (again, ==, expected);
  g_assert_cmpint (n_requests, ==, 1);

  g_assert_true (g_file_set_contents (bad, "no model", -1, NULL));
  g_assert_null (sam_install_file (bad, NULL, &error));
  g_assert_error (error, SAM_ERROR, SAM_ERROR_BAD_FILE);
  g_clear_error (&error);
  g_assert_null (sam_install_file ("/nowhere/x.pth", NULL, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_clear_error (&error);

  added = sam_install_file (source, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_suffix (added, "/segment-anything/builtin.safetensors"));
  twice = sam_install_file (source, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (added, ==, twice);
  g_assert_true (g_file_set_contents (added, "other", -1, NULL));
  g_assert_null (sam_install_file (source, NULL, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_EXIST);
}

static void
write_catalogue (void)
{
  g_autofree char *path = place ("catalogue.ini");
  g_autofree char *text = g_strdup_printf (
    "[local]\ntitle=Local\nfamily=builtin\nfile=local.safetensors\nsize=%d\nsha256=%s\n"
    "source=http://127.0.0.1:%u/whole\nlicence=MIT\nlicence-words=Free.\noffer=true\n"
    "[not-free]\ntitle=Not free\nfamily=sam\nfile=not_free.pth\nsource=http://127.0.0.1:%u/whole\n"
    "licence=X\nlicence-words=Ask first.\noffer=false\n",
    N_FILE, sum, port, port);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  g_setenv ("SAM_CATALOGUE", path, TRUE);
}

int
main (int argc, char **argv)
{
  static const char *arrives[] = { "/whole",    "/no-range",  "/breaks-once", "/stalls-once",
                                   "/redirect", "/no-length", "/busy-once" };
  static const char *refused[] = { "/wrong", "/longer", "/shorter", "/endless" };
  static const char *not_there[] = { "/404", "/loop", "/garbage" };
  g_autofree guint8 *contents = g_malloc (N_FILE);

  g_setenv ("GIO_USE_PROXY_RESOLVER", "dummy",
            TRUE); /* the others want settings that are not there */
  g_unsetenv ("SAM_MODEL_PATH");
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  for (int i = 0; i < N_FILE; i++)
    contents[i] = (guint8) (i * 7 + i / 251);
  file = g_bytes_new (contents, N_FILE);
  sum = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, file);
  folder = g_dir_make_tmp ("download-XXXXXX", NULL);
  requests = g_string_new (NULL);
  sam_download_set_patience (1);
  start_server ();
  write_catalogue ();

  for (size_t i = 0; i < G_N_ELEMENTS (arrives); i++)
    {
      g_autofree char *name = g_strconcat ("/download/arrives", arrives[i], NULL);

      g_test_add_data_func (name, arrives[i], test_arrives);
    }
  for (size_t i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autofree char *name = g_strconcat ("/download/refused", refused[i], NULL);

      g_test_add_data_func (name, refused[i], test_refused);
    }
  for (size_t i = 0; i < G_N_ELEMENTS (not_there); i++)
    {
      g_autofree char *name = g_strconcat ("/download/not-there", not_there[i], NULL);

      g_test_add_data_func (name, not_there[i], test_not_there);
    }
  g_test_add_func ("/download/wrong-unknown-size", test_wrong_unknown_size);
  g_test_add_func ("/download/resume", test_resume);
  g_test_add_func ("/download/breaks-always", test_breaks_always);
  g_test_add_func ("/download/changed", test_changed);
  g_test_add_func ("/download/wrong-part", test_wrong_part);
  g_test_add_func ("/download/other-ranges", test_other_ranges);
  g_test_add_func ("/download/gateway", test_gateway);
  g_test_add_func ("/download/cancel", test_cancel);
  g_test_add_func ("/download/locked", test_locked);
  g_test_add_func ("/download/offline", test_offline);
  g_test_add_func ("/download/install", test_install);

  return g_test_run ();
}
