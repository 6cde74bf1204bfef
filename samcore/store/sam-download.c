/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files from the network.
 *
 *   PATH.part  what has arrived      PATH.part.tag  the server's name for this version of the file
 *
 *   ask for the rest (Range, If-Range) ──▶ 206: append │ 200: begin again │ 416: the same, anew
 *   connection breaks ──▶ ask again, a few times
 *   whole ──▶ SHA-256 ──▶ right: to the disk, under its name │ wrong: both files go
 *
 * A resumed file that turns out wrong may have been two halves of different versions: then it is
 * fetched once more from the beginning before we call the server wrong. The lock on PATH.part keeps
 * two programs from writing into it. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>
#include <libsoup/soup.h>

#include "samcore/sam-catalogue.h"
#include "samcore/store/sam-download.h"
#include "samcore/sam-error.h"

#define N_ATTEMPTS 4
#define N_BUFFER   (1 << 16)
#define MAX_SIZE   ((guint64) 16 << 30) /* where nothing says how large it is */

typedef struct
{
  const char   *address;
  guint64       size; /* 0: unknown */
  const SamJob *job;
  char         *path; /* as it will be called */
  char         *part;
  char         *tag_path;
  char         *tag; /* ETag, of what is in the part; NULL: none */
  int           fd;
  guint64       n;       /* bytes in the part */
  gboolean      locked;  /* the part is ours */
  gboolean      resumed; /* some of them from an earlier answer */
} Download;

typedef enum
{
  ANSWER_WHOLE,  /* everything is there */
  ANSWER_BROKEN, /* try again; the error says why */
  ANSWER_FAILED  /* no use */
} Answer;

static guint patience = 30;

void
sam_download_set_patience (guint seconds)
{
  patience = seconds;
}

static gboolean
fail_file (const char *path, GError **error)
{
  int              why = errno;
  g_autofree char *display = g_filename_display_name (path);

  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (why), "%s cannot be written: %s",
               display, g_strerror (why));

  return FALSE;
}

static void
throw_away (Download *download)
{
  g_unlink (download->tag_path);
  g_unlink (download->part);
}

/* An empty part is of no use to anybody. */
static void
download_clear (Download *download)
{
  if (download->locked && download->n == 0)
    throw_away (download);
  if (download->fd >= 0)
    close (download->fd);
  g_free (download->path);
  g_free (download->part);
  g_free (download->tag_path);
  g_free (download->tag);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Download, download_clear)

/* What has arrived is of no use. */
static gboolean
forget (Download *download, GError **error)
{
  g_clear_pointer (&download->tag, g_free);
  g_unlink (download->tag_path);
  download->n = 0;
  download->resumed = FALSE;
  if (ftruncate (download->fd, 0) != 0 || lseek (download->fd, 0, SEEK_SET) < 0)
    return fail_file (download->part, error);

  return TRUE;
}

/* Opens and locks the part. Another program may have finished and renamed it between our opening
 * and our locking: then the name belongs to nobody or to another file, and we open once more. */
static gboolean
open_part (Download *download, GError **error)
{
  struct stat ours, named;

  for (int i = 0; i < 3; i++)
    {
      download->fd = g_open (download->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
      if (download->fd < 0)
        return fail_file (download->part, error);
      if (flock (download->fd, LOCK_EX | LOCK_NB) != 0)
        {
          g_set_error (error, SAM_ERROR, SAM_ERROR_NETWORK,
                       "another program is already downloading %s; wait for it", download->path);
          return FALSE;
        }
      if (fstat (download->fd, &ours) == 0 && stat (download->part, &named) == 0 &&
          ours.st_ino == named.st_ino && ours.st_dev == named.st_dev)
        break;
      close (download->fd);
      download->fd = -1;
    }
  if (download->fd < 0)
    return fail_file (download->part, error);

  download->locked = TRUE;
  download->n = ours.st_size;
  download->resumed = download->n > 0;
  if (! S_ISREG (ours.st_mode))
    {
      errno = EINVAL;
      return fail_file (download->part, error);
    }

  return TRUE;
}

/* The tag of what is in the part belongs to one address: "ADDRESS\nTAG". */
static void
load_tag (Download *download)
{
  g_autofree char *text = NULL;
  g_auto (GStrv)   lines = NULL;

  if (! g_file_get_contents (download->tag_path, &text, NULL, NULL))
    return;
  lines = g_strsplit (text, "\n", 3);
  if (g_strv_length (lines) >= 2 && g_str_equal (lines[0], download->address))
    download->tag = g_strdup (lines[1]);
}

/* A weak tag ("W/…") does not promise the same bytes and may not be used in If-Range. */
static void
save_tag (Download *download, SoupMessage *message)
{
  const char      *tag = soup_message_headers_get_one (soup_message_get_response_headers (message),
                                                       "ETag");
  g_autofree char *text = NULL;

  g_clear_pointer (&download->tag, g_free);
  g_unlink (download->tag_path);
  if (tag == NULL || tag[0] != '"' || strpbrk (tag, "\r\n") != NULL)
    return;
  download->tag = g_strdup (tag);
  text = g_strconcat (download->address, "\n", tag, "\n", NULL);
  g_file_set_contents (download->tag_path, text, -1,
                       NULL); /* without it we only resume less surely */
}

/* Can the disk take what is still to come? */
static gboolean
check_space (Download *download, GError **error)
{
  g_autofree char      *folder = g_path_get_dirname (download->path);
  g_autoptr (GFile)     file = g_file_new_for_path (folder);
  g_autoptr (GFileInfo) info = g_file_query_filesystem_info (file, G_FILE_ATTRIBUTE_FILESYSTEM_FREE,
                                                             NULL, NULL);
  guint64 free_bytes, needed = download->size > download->n ? download->size - download->n : 0;
  g_autofree char *needed_text = g_format_size (needed);

  if (info == NULL || ! g_file_info_has_attribute (info, G_FILE_ATTRIBUTE_FILESYSTEM_FREE))
    return TRUE;
  free_bytes = g_file_info_get_attribute_uint64 (info, G_FILE_ATTRIBUTE_FILESYSTEM_FREE);
  if (needed <= free_bytes)
    return TRUE;
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOSPC,
               "%s needs %s more than is free in %s; free some space there", download->path,
               needed_text, folder);

  return FALSE;
}

static gboolean
is_cancelled (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* A failure of the network as a sentence for people. */
static void
set_network_error (Download *download, const GError *reason, GError **error)
{
  g_autoptr (GUri) uri = g_uri_parse (download->address, G_URI_FLAGS_NONE, NULL);
  const char      *host = uri != NULL ? g_uri_get_host (uri) : download->address;

  if (is_cancelled (reason))
    {
      g_propagate_error (error, g_error_copy (reason));
      return;
    }
  g_set_error (error, SAM_ERROR, SAM_ERROR_NETWORK,
               "%s %s (%s); check the network and try again%s; or download %s elsewhere and add "
               "the file with: samcore models --add FILE",
               host, download->n > 0 ? "stopped sending" : "cannot be reached", reason->message,
               download->n > 0 ? ", the download will resume" : "", download->address);
}

/* Where the answer's body begins in the file, and how large the whole is (0: not said). */
static gboolean
get_range (SoupMessage *message, guint64 *start, guint64 *total)
{
  SoupMessageHeaders *headers = soup_message_get_response_headers (message);
  goffset             from, to, all;

  if (soup_message_get_status (message) != SOUP_STATUS_PARTIAL_CONTENT)
    {
      *start = 0;
      *total = soup_message_headers_get_encoding (headers) == SOUP_ENCODING_CONTENT_LENGTH
                 ? soup_message_headers_get_content_length (headers)
                 : 0;
      return TRUE;
    }
  if (! soup_message_headers_get_content_range (headers, &from, &to, &all) || from < 0)
    return FALSE;
  *start = from;
  *total = all < 0 ? 0 : all;

  return TRUE;
}

static gboolean
write_all (Download *download, const uint8_t *data, size_t n, GError **error)
{
  while (n > 0)
    {
      ssize_t written = write (download->fd, data, n);

      if (written < 0 && errno == EINTR)
        continue;
      if (written < 0)
        return fail_file (download->part, error);
      data += written;
      n -= written;
      download->n += written;
    }

  return TRUE;
}

/* Appends the body to the part. */
static Answer
read_body (Download *download, GInputStream *body, guint64 total, GError **error)
{
  g_autofree uint8_t *buffer = g_malloc (N_BUFFER);
  g_autoptr (GError)  reason = NULL;
  guint64             limit = download->size > 0 ? download->size : total > 0 ? total : MAX_SIZE;
  gssize              n;

  /* what is there from the last time, before the first bytes come */
  if (download->n > 0 &&
      ! sam_job_step (download->job, MIN (1.0, (double) download->n / limit), error))
    return ANSWER_FAILED;
  while ((n = g_input_stream_read (body, buffer, N_BUFFER, download->job->cancellable, &reason)) >
         0)
    {
      if ((guint64) n > limit - MIN (download->n, limit))
        {
          g_set_error (error, SAM_ERROR, SAM_ERROR_CHECKSUM,
                       "%s sent more than the %" G_GUINT64_FORMAT
                       " bytes that the file should have; nothing was kept",
                       download->address, limit);
          throw_away (download);
          return ANSWER_FAILED;
        }
      if (! write_all (download, buffer, n, error) ||
          ! sam_job_step (download->job, MIN (1.0, (double) download->n / limit), error))
        return ANSWER_FAILED;
    }
  if (n < 0)
    {
      set_network_error (download, reason, error);
      return is_cancelled (reason) ? ANSWER_FAILED : ANSWER_BROKEN;
    }
  limit = download->size > 0 ? download->size : total;
  if (download->n < limit)
    {
      g_autoptr (GError) early = g_error_new (G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT,
                                              "the connection was closed too early");

      set_network_error (download, early, error);
      return ANSWER_BROKEN;
    }

  return ANSWER_WHOLE;
}

/* One request and what comes of it. */
static Answer
send_request (Download *download, SoupSession *session, GError **error)
{
  g_autoptr (SoupMessage)  message = soup_message_new (SOUP_METHOD_GET, download->address);
  g_autoptr (GInputStream) body = NULL;
  g_autoptr (GError)       reason = NULL;
  SoupMessageHeaders      *headers;
  SoupStatus               status;
  guint64                  start, total;

  if (message == NULL)
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_NETWORK, "%s is not a valid address",
                   download->address);
      return ANSWER_FAILED;
    }
  /* Packed on the way, lengths and ranges would count something else than the file's bytes. */
  soup_message_disable_feature (message, SOUP_TYPE_CONTENT_DECODER);
  headers = soup_message_get_request_headers (message);
  soup_message_headers_replace (headers, "Accept-Encoding", "identity");
  if (download->n > 0)
    {
      soup_message_headers_set_range (headers, download->n, -1);
      if (download->tag != NULL)
        soup_message_headers_replace (headers, "If-Range", download->tag);
    }

  body = soup_session_send (session, message, download->job->cancellable, &reason);
  if (body == NULL)
    {
      set_network_error (download, reason, error);
      return is_cancelled (reason) ? ANSWER_FAILED : ANSWER_BROKEN;
    }

  status = soup_message_get_status (message);
  if (download->n > 0 && status == SOUP_STATUS_REQUESTED_RANGE_NOT_SATISFIABLE)
    {
      if (! forget (download, error))
        return ANSWER_FAILED;
      g_set_error (error, SAM_ERROR, SAM_ERROR_NETWORK, "%s cannot resume the download",
                   download->address);
      return ANSWER_BROKEN;
    }
  if (status != SOUP_STATUS_OK && ! (download->n > 0 && status == SOUP_STATUS_PARTIAL_CONTENT))
    {
      g_set_error (error, SAM_ERROR, SAM_ERROR_NETWORK,
                   "the server answered \"%d %s\" for %s; try again later, or download the file "
                   "elsewhere and add it with: samcore models --add FILE",
                   status, soup_message_get_reason_phrase (message), download->address);
      return status >= 500 ? ANSWER_BROKEN : ANSWER_FAILED;
    }

  if (! get_range (message, &start, &total) || (start != 0 && start != download->n))
    {
      if (! forget (download, error))
        return ANSWER_FAILED;
      g_set_error (error, SAM_ERROR, SAM_ERROR_NETWORK,
                   "%s sent a different part than the one requested", download->address);
      return ANSWER_BROKEN;
    }
  if (download->size > 0 && total > 0 && total != download->size)
    {
      /* Perhaps the page of somebody's gateway: what had arrived before is not its fault. */
      g_set_error (error, SAM_ERROR, SAM_ERROR_CHECKSUM,
                   "%s has %" G_GUINT64_FORMAT " bytes there instead of %" G_GUINT64_FORMAT
                   ": it is not the expected file, and was not downloaded",
                   download->address, total, download->size);
      if (download->n == 0)
        throw_away (download);
      return ANSWER_FAILED;
    }
  if (start != download->n && ! forget (download, error))
    return ANSWER_FAILED;
  save_tag (download, message);

  return read_body (download, body, total, error);
}

/* Until everything is there. */
static gboolean
fetch (Download *download, SoupSession *session, GError **error)
{
  for (int attempt = 1;; attempt++)
    {
      g_autoptr (GError) reason = NULL;
      Answer             answer = ANSWER_WHOLE;

      if (lseek (download->fd, download->n, SEEK_SET) < 0)
        return fail_file (download->part, error);
      if (download->size == 0 || download->n < download->size)
        answer = send_request (download, session, &reason);
      if (answer == ANSWER_WHOLE)
        return TRUE;
      if (answer == ANSWER_FAILED || attempt == N_ATTEMPTS)
        {
          g_propagate_error (error, g_steal_pointer (&reason));
          return FALSE;
        }
      download->resumed = download->n > 0;
    }
}

static gboolean
finish (Download *download, GError **error)
{
  if (fsync (download->fd) != 0 || g_rename (download->part, download->path) != 0)
    return fail_file (download->path, error);
  download->locked = FALSE;
  g_unlink (download->tag_path);

  return TRUE;
}

gboolean
sam_download (const char   *address,
              const char   *path,
              guint64       size,
              const char   *sha256,
              const SamJob *job,
              GError      **error)
{
  g_autoptr (SoupSession) session = NULL;
  SamJob                  first = sam_job_part (job, 0, 0.95);
  SamJob                  second = sam_job_part (job, 0.95, 1);
  g_auto (Download)       download = { address, size, &first, .fd = -1 };

  download.path = g_strdup (path);
  download.part = g_strconcat (path, ".part", NULL);
  download.tag_path = g_strconcat (path, ".part.tag", NULL);
  if (! open_part (&download, error))
    return FALSE;
  load_tag (&download);
  if (size > 0 && download.n > size && ! forget (&download, error))
    return FALSE;
  if (! check_space (&download, error))
    return FALSE;

  session = soup_session_new_with_options ("timeout", patience, "user-agent",
                                           "segment-anything/" SAM_VERSION, NULL);
  for (;;)
    {
      g_autofree char *sum = NULL;

      if (! fetch (&download, session, error))
        return FALSE;
      sum = sam_file_sha256 (download.part, &second, error);
      if (sum == NULL)
        return FALSE;
      if (g_str_equal (sum, sha256))
        return finish (&download, error);
      if (! download.resumed)
        {
          g_set_error (
            error, SAM_ERROR, SAM_ERROR_CHECKSUM,
            "%s did not send the expected file (SHA-256 %s instead of %s); nothing was kept",
            address, sum, sha256);
          throw_away (&download);
          return FALSE;
        }
      if (! forget (&download, error))
        return FALSE;
    }
}
