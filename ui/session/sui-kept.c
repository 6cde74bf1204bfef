/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include <gio/gio.h>

#include "ui/session/sui-kept.h"

#define HEADER   "segment-anything prompts 1\n"
#define MAX_KEPT (16 * 1024 * 1024)

struct _SuiKept
{
  gpointer    owner;
  SuiKeptFits fits;

  SamImage *image; /* NULL before the first */
  char     *hash;  /* of image; NULL until known */

  char    *offer; /* text that waits for hash, or was found to fit */
  gboolean offer_fits;
};

SuiKept *
sui_kept_new (gpointer owner, SuiKeptFits fits)
{
  SuiKept *kept = g_new0 (SuiKept, 1);

  kept->owner = owner;
  kept->fits = fits;

  return kept;
}

void
sui_kept_free (SuiKept *kept)
{
  if (kept == NULL)
    return;

  sam_image_unref (kept->image);
  g_free (kept->hash);
  g_free (kept->offer);
  g_free (kept);
}

char *
sui_kept_write (SuiKept *kept, const SuiState *state)
{
  GString *text;

  if (sui_state_is_empty (state) || kept->image == NULL)
    return NULL;
  if (kept->hash == NULL)
    kept->hash = sam_image_get_hash (kept->image);

  text = g_string_new (HEADER);
  g_string_append_printf (text, "picture %s\n", kept->hash);
  sui_state_append_to (state, NULL, text);

  return g_string_free (text, FALSE);
}

/* --- offers --- */

/* Beside the worker: hashing a huge picture must not keep a click waiting, and cannot be
 * cancelled. */
typedef struct
{
  GWeakRef  owner;
  SuiKept  *kept; /* there as long as the owner is */
  SamImage *image;
} Hashing;

static void
hashing_free (gpointer data)
{
  Hashing *hashing = data;

  g_weak_ref_clear (&hashing->owner);
  sam_image_unref (hashing->image);
  g_free (hashing);
}

static void
hashing_run (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_task_return_pointer (task, sam_image_get_hash (((Hashing *) data)->image), g_free);
}

static void
compare_offer (SuiKept *kept)
{
  g_autofree char *start = NULL;

  if (kept->offer == NULL || kept->hash == NULL || kept->offer_fits)
    return;
  start = g_strdup_printf (HEADER "picture %s\n", kept->hash);
  if (g_str_has_prefix (kept->offer, start))
    {
      kept->offer_fits = TRUE;
      kept->fits (kept->owner);
    }
  else
    {
      g_clear_pointer (&kept->offer, g_free);
    }
}

static void
hashing_done (GObject *source, GAsyncResult *result, gpointer data)
{
  Hashing            *hashing = g_task_get_task_data (G_TASK (result));
  SuiKept            *kept = hashing->kept;
  g_autoptr (GObject) owner = g_weak_ref_get (&hashing->owner);
  g_autofree char    *hash = g_task_propagate_pointer (G_TASK (result), NULL);

  if (owner == NULL || kept->image != hashing->image || kept->hash != NULL)
    return;
  kept->hash = g_steal_pointer (&hash);
  compare_offer (kept);
}

static void
start_hashing (SuiKept *kept)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, hashing_done, NULL);
  Hashing          *hashing = g_new0 (Hashing, 1);

  g_weak_ref_init (&hashing->owner, kept->owner);
  hashing->kept = kept;
  hashing->image = sam_image_ref (kept->image);
  g_task_set_task_data (task, hashing, hashing_free);
  g_task_run_in_thread (task, hashing_run);
}

void
sui_kept_set_image (SuiKept *kept, SamImage *image)
{
  sam_image_ref (image);
  sam_image_unref (kept->image);
  kept->image = image;
  g_clear_pointer (&kept->hash, g_free);
  if (kept->offer != NULL)
    start_hashing (kept);
}

void
sui_kept_offer (SuiKept *kept, const char *text)
{
  g_clear_pointer (&kept->offer, g_free);
  kept->offer_fits = FALSE;
  if (strlen (text) > MAX_KEPT || ! g_str_has_prefix (text, HEADER))
    return;
  kept->offer = g_strdup (text);
  if (kept->hash != NULL)
    compare_offer (kept);
  else if (kept->image != NULL)
    start_hashing (kept);
}

SuiState *
sui_kept_accept (SuiKept *kept)
{
  g_autoptr (SuiState) state = NULL;
  g_auto (GStrv)       lines = NULL;

  if (! kept->offer_fits)
    return NULL;

  state = sui_state_new_without_objects ();
  lines = g_strsplit (kept->offer, "\n", 0);
  /* below the header and the hash; what cannot be read or does not fit is left out */
  for (guint i = 2; lines[i] != NULL; i++)
    sui_state_read_line (state, lines[i], NULL, (guint) sam_image_get_width (kept->image),
                         (guint) sam_image_get_height (kept->image), NULL);
  g_clear_pointer (&kept->offer, g_free);
  kept->offer_fits = FALSE;

  return state->objects->len > 0 ? g_steal_pointer (&state) : NULL;
}

/* --- Script-Fu --- */

/* The one-line form that people write too; NULL when there is more to say than it can. */
static char *
to_plain_prompt (const SuiState *state, const SuiPlace *place)
{
  SuiObject         *object = NULL;
  g_auto (SamPrompt) prompt = { NULL };

  for (guint i = 0; i < state->objects->len; i++)
    if (sui_state_get (state, i)->prompts->len > 0)
      {
        if (object != NULL)
          return NULL;
        object = sui_state_get (state, i);
      }
  if (object == NULL || object->chosen || object->steps->len > 0 || place->factor != 1.0)
    return NULL;

  sam_prompt_init (&prompt);
  for (guint i = 0; i < object->prompts->len; i++)
    {
      const SuiPrompt *said = g_ptr_array_index (object->prompts, i);
      float            xy[4];

      if (said->kind != SUI_PROMPT_POINT && said->kind != SUI_PROMPT_BOX)
        return NULL;
      for (size_t k = 0; k < 2 * said->n; k++)
        {
          float shift = (float) (k % 2 == 0 ? place->x : place->y);

          xy[k] = said->xy[k] + shift;
          /* as it is read back */
          if (xy[k] - shift != said->xy[k])
            return NULL;
        }
      if (said->kind == SUI_PROMPT_POINT)
        sam_prompt_add_point (&prompt, xy[0], xy[1], said->label);
      else
        sam_prompt_add_box (&prompt, xy[0], xy[1], xy[2], xy[3]);
    }

  /* the line's points would be answered one after the other */
  if (prompt.points->len + (prompt.boxes->len > 0) > 1)
    return NULL;

  return sam_prompt_to_string (&prompt);
}

char *
sui_kept_to_script (const SuiState *state, const SuiPlace *place, const char *arguments)
{
  g_autofree char *said = NULL;

  if (! sui_state_is_answerable (state))
    return NULL;

  said = to_plain_prompt (state, place);
  if (said == NULL)
    {
      g_autoptr (GString) text = g_string_new (NULL);

      sui_state_append_to (state, place, text);
      g_string_truncate (text, text->len - 1);
      g_string_replace (text, "\n", "; ", 0);
      said = g_string_free (g_steal_pointer (&text), FALSE);
    }

  return g_strdup_printf ("(plug-in-segment-anything #:run-mode RUN-NONINTERACTIVE #:image image "
                          "#:drawables drawables\n  #:prompt \"%s\"\n  %s)\n",
                          said, arguments);
}
