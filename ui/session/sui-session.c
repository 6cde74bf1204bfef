/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The history is a list of states; a state is a list of objects; what is said about an object is
 * immutable, so states share objects and a step of undo costs a few pointers.
 *
 * One worker.  Whenever something changes, or a job ends, schedule() looks at what is missing and
 *              starts the
 * most urgent job: model, scene, answer, the mask that somebody waits for, preview under the
 * pointer.  A job has copies or references of all that it needs.  What a job finds is taken over if
 * it still fits; a job whose result is not wanted any more is cancelled, and ends at the next
 * layer. */
#include "config.h"

#include <math.h>
#include <string.h>

#include <glib/gi18n-lib.h>

#include "samcore/sam-error.h"
#include "ui/session/sui-job.h"
#include "ui/session/sui-session.h"

/* Answers are kept for so many states around the current one; older ones are computed again when
 * undo gets there. A SAM answer is 0.8 MB. */
#define KEEP_ANSWERS 24
#define MAX_STATES   1000

struct _SuiSession
{
  GObject  parent_instance;
  SuiLoad  load;
  gboolean closed;

  SamImage     *image;
  guint         width, height;
  char         *hash; /* of image; NULL until known */
  SamPredictor *predictor;
  char         *model_name;
  gpointer      scene; /* of image by predictor */

  char         *wanted_model; /* the name; NULL when predictor is the one */
  SamPredictor *next;         /* loaded, has not seen the picture */
  gboolean      stopped;      /* by the user: nothing is loaded or encoded until resumed */
  gboolean      encode_failed;
  double        encode_seconds; /* by predictor; 0 when it came from a cache */

  GPtrArray *states; /* of SuiState */
  guint      at;
  gboolean   open_step; /* replace() with more to come */

  double     factor, detail;
  SuiOptions options;
  SuiView   *view;
  gboolean   dirty; /* view is not that of the state and options */

  gboolean   hover_wanted;
  double     hover_x, hover_y;
  int        hover_label;
  SuiView   *hover;
  SuiObject *hover_object; /* that a click would change */
  double     hovered_x, hovered_y;
  int        hovered_label;

  GQueue  *makes; /* of GTask */
  char    *offer; /* text that waits for hash, or was found to fit */
  gboolean offer_fits;

  SuiJob *job;
  guint   ticker;
};

enum
{
  CHANGED,
  VIEW,
  HOVER,
  BUSY,
  MODEL,
  OFFER,
  FAILED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SuiSession, sui_session, G_TYPE_OBJECT)

static void schedule (SuiSession *session);
static void start_hashing (SuiSession *session);

static SuiState *
state_now (SuiSession *session)
{
  return g_ptr_array_index (session->states, session->at);
}

static SuiObject *
object_now (SuiSession *session)
{
  SuiState *state = state_now (session);

  return sui_state_get (state, state->current);
}

static void
emit (SuiSession *session, int signal)
{
  if (! session->closed)
    g_signal_emit (session, signals[signal], 0);
}

static void
fail (SuiSession *session, GError *error)
{
  if (! session->closed)
    g_signal_emit (session, signals[FAILED], 0, error);
}

/* --- life --- */

SuiSession *
sui_session_new (SuiLoad load)
{
  SuiSession *session = g_object_new (SUI_TYPE_SESSION, NULL);

  session->load = load;

  return session;
}

static void
sui_session_init (SuiSession *session)
{
  session->states = g_ptr_array_new_with_free_func ((GDestroyNotify) sui_state_free);
  g_ptr_array_add (session->states, sui_state_new ());
  session->factor = session->detail = 1.0;
  session->options.edge = SAM_EDGE_SMOOTH;
  session->makes = g_queue_new ();
}

static void
drop_hover (SuiSession *session)
{
  g_clear_pointer (&session->hover, sui_view_free);
  g_clear_pointer (&session->hover_object, sui_object_unref);
}

/* Answers belong to one scene. */
static void
drop_answers (SuiSession *session)
{
  for (guint s = 0; s < session->states->len; s++)
    {
      SuiState *state = g_ptr_array_index (session->states, s);

      for (guint i = 0; i < state->objects->len; i++)
        {
          SuiObject *old = sui_state_get (state, i);
          /* jobs may hold the old object with its previous answer: make another */
          SuiObject *object = sui_object_copy (old);

          /* a choice that was kept with the image waits for its first answer */
          if (old->result == NULL)
            {
              object->chosen = old->chosen;
              object->candidate = old->candidate;
            }
          sui_state_set (state, i, object);
        }
    }
  drop_hover (session);
  session->dirty = TRUE;
}

static void
drop_scene (SuiSession *session)
{
  if (session->scene != NULL)
    session->predictor->free_scene (session->scene);
  session->scene = NULL;
  drop_answers (session);
}

/* Those who wait for a mask wait in vain: because of @error, or because it was cancelled. */
static void
fail_makes (SuiSession *session, const GError *error)
{
  GTask *task;

  while ((task = g_queue_pop_head (session->makes)) != NULL)
    {
      if (error != NULL)
        g_task_return_error (task, g_error_copy (error));
      else
        g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "cancelled");
      g_object_unref (task);
    }
}

void
sui_session_close (SuiSession *session)
{
  if (session->closed)
    return;
  session->closed = TRUE;

  fail_makes (session, NULL);
  if (session->job != NULL)
    g_cancellable_cancel (session->job->cancellable);
  /* The worker ends at its next layer; its last words come through the main context. */
  while (session->job != NULL)
    g_main_context_iteration (NULL, TRUE);
  if (session->ticker != 0)
    g_source_remove (session->ticker);
  session->ticker = 0;
}

static void
sui_session_finalize (GObject *object)
{
  SuiSession *session = SUI_SESSION (object);

  drop_hover (session);
  g_ptr_array_unref (session->states);
  if (session->scene != NULL)
    session->predictor->free_scene (session->scene);
  sam_predictor_unref (session->predictor);
  sam_predictor_unref (session->next);
  sui_view_free (session->view);
  sam_image_unref (session->image);
  g_queue_free_full (session->makes, g_object_unref);
  g_free (session->hash);
  g_free (session->offer);
  g_free (session->model_name);
  g_free (session->wanted_model);

  G_OBJECT_CLASS (sui_session_parent_class)->finalize (object);
}

static void
sui_session_class_init (SuiSessionClass *klass)
{
  static const char *const names[] = { "changed", "view", "hover", "busy", "model", "offer" };

  G_OBJECT_CLASS (klass)->finalize = sui_session_finalize;

  for (int i = 0; i < FAILED; i++)
    signals[i] = g_signal_new (names[i], SUI_TYPE_SESSION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                               G_TYPE_NONE, 0);
  signals[FAILED] = g_signal_new ("failed", SUI_TYPE_SESSION, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                  NULL, G_TYPE_NONE, 1, G_TYPE_ERROR);
}

/* --- the worker --- */

static gboolean
is_slow (SuiSession *session)
{
  return session->job != NULL && session->job->kind != SUI_JOB_HOVER;
}

static gboolean
tick (gpointer data)
{
  SuiSession *session = data;

  if (! is_slow (session))
    {
      session->ticker = 0;
      return G_SOURCE_REMOVE;
    }
  emit (session, BUSY);

  return G_SOURCE_CONTINUE;
}

static void
take_objects (SuiSession *session, SuiJob *job)
{
  SuiState *state = state_now (session);

  for (guint i = 0; i < job->objects->len; i++)
    {
      SuiJobObject *o = &g_array_index (job->objects, SuiJobObject, i);
      SuiObject    *object = o->object;

      if (object->result == NULL && o->result != NULL)
        {
          object->result = sui_result_ref (o->result);
          object->candidate = o->candidate;
          object->chosen = object->chosen && o->keep_candidate;
        }
      if (i < state->objects->len && sui_state_get (state, i) == object &&
          o->result == object->result && o->candidate == object->candidate && o->mask != NULL &&
          ! job->stale && job->options.edge == session->options.edge)
        {
          sam_mask_free (object->mask);
          object->mask = g_steal_pointer (&o->mask);
        }
    }
}

/* Also takes what a cancelled or failed job has found on its way. */
static void
job_done (SuiSession *session, SuiJob *job)
{
  gboolean cancelled = g_error_matches (job->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  session->job = NULL;
  if (session->closed)
    {
      if (job->task != NULL)
        g_task_return_new_error (job->task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "closed");
      return;
    }

  switch (job->kind)
    {
    case SUI_JOB_LOAD:
      if (job->stale)
        break;
      if (job->predictor != NULL)
        {
          session->next = g_steal_pointer (&job->predictor);
        }
      else if (! cancelled)
        {
          /* the old model, if any, stays */
          g_clear_pointer (&session->wanted_model, g_free);
          if (session->scene == NULL)
            fail_makes (session, job->error);
          emit (session, MODEL);
          fail (session, job->error);
        }
      break;

    case SUI_JOB_ENCODE:
      if (job->stale)
        break;
      if (job->scene != NULL)
        {
          if (session->scene != NULL)
            session->predictor->free_scene (session->scene);
          session->scene = g_steal_pointer (&job->scene);
          /* what comes from a cache reports no progress */
          session->encode_seconds = g_atomic_int_get (&job->progress) > 0
                                      ? (g_get_monotonic_time () - job->started) / 1e6
                                      : 0.0;
          if (job->predictor == session->next)
            {
              sam_predictor_unref (session->predictor);
              session->predictor = g_steal_pointer (&session->next);
              g_free (session->model_name);
              session->model_name = g_steal_pointer (&session->wanted_model);
            }
          drop_answers (session);
          emit (session, MODEL);
          emit (session, CHANGED);
        }
      else if (! cancelled)
        {
          if (job->predictor == session->next && session->scene != NULL)
            {
              sam_predictor_unref (session->next);
              session->next = NULL;
              g_clear_pointer (&session->wanted_model, g_free);
              emit (session, MODEL);
            }
          else
            {
              session->encode_failed = TRUE;
            }
          if (session->scene == NULL)
            fail_makes (session, job->error);
          fail (session, job->error);
        }
      break;

    case SUI_JOB_ANSWER:
      if (! job->stale)
        {
          take_objects (session, job);
          if (job->view != NULL)
            {
              sui_view_free (session->view);
              session->view = g_steal_pointer (&job->view);
              session->dirty = FALSE;
            }
          else if (! cancelled)
            {
              session->dirty = FALSE; /* asked again when something changes */
              fail (session, job->error);
            }
          emit (session, CHANGED);
          emit (session, VIEW);
        }
      break;

    case SUI_JOB_HOVER:
      if (! job->stale)
        {
          SuiJobObject *o = &g_array_index (job->objects, SuiJobObject, 0);

          drop_hover (session);
          if (job->view != NULL)
            {
              session->hover = g_steal_pointer (&job->view);
              session->hover_object = sui_object_ref (o->object);
              session->hovered_x = job->x;
              session->hovered_y = job->y;
              session->hovered_label = job->label;
            }
          emit (session, HOVER);
        }
      break;

    case SUI_JOB_MAKE:
      if (job->error != NULL)
        g_task_return_error (job->task, g_steal_pointer (&job->error));
      else
        g_task_return_pointer (job->task, g_steal_pointer (&job->view->mask),
                               (GDestroyNotify) sam_mask_free);
      break;
    }

  schedule (session);
  emit (session, BUSY);
}

static void
task_done (GObject *source, GAsyncResult *result, gpointer data)
{
  SuiSession *session = data;
  SuiJob     *job = g_task_get_task_data (G_TASK (result));

  job_done (session, job);
  sui_job_free (job);
  g_object_unref (session);
}

static void
task_run (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  sui_job_run (data);
  g_task_return_boolean (task, TRUE);
}

static void
start (SuiSession *session, SuiJob *job)
{
  /* The reference is not the task's source object: the worker lets go of a task a little later than
   * the main thread, and a session must not die there. */
  g_autoptr (GTask) task = g_task_new (NULL, NULL, task_done, g_object_ref (session));

  job->width = session->width;
  job->height = session->height;
  if (job->task == NULL || g_task_get_task_data (job->task) != NULL)
    {
      job->options = session->options;
    }
  else
    {
      /* not to be finished */
      job->options.edge = session->options.edge;
    }
  job->factor = session->factor;
  job->scale = session->image != NULL
                 ? sui_view_scale (session->width, session->height, session->detail)
                 : 1.0;
  job->started = g_get_monotonic_time ();
  session->job = job;
  g_task_set_task_data (task, job, NULL);
  g_task_run_in_thread (task, task_run);
  if (is_slow (session) && session->ticker == 0 && ! session->closed)
    session->ticker = g_timeout_add (100, tick, session);
}

static void
give (SuiJob *job, SamPredictor *predictor, gpointer scene, SamImage *image)
{
  job->predictor = sam_predictor_ref (predictor);
  job->scene = scene != NULL ? predictor->ref_scene (scene) : NULL;
  job->image = image != NULL ? sam_image_ref (image) : NULL;
}

static void
schedule (SuiSession *session)
{
  SuiJob *job;

  if (session->closed || session->job != NULL)
    return;

  if (session->wanted_model != NULL && session->next == NULL && ! session->stopped)
    {
      job = sui_job_new (SUI_JOB_LOAD);
      job->load = session->load;
      job->model_name = g_strdup (session->wanted_model);
      start (session, job);
      return;
    }

  if (session->image != NULL && ! session->stopped && ! session->encode_failed &&
      (session->next != NULL || (session->predictor != NULL && session->scene == NULL)))
    {
      job = sui_job_new (SUI_JOB_ENCODE);
      give (job, session->next != NULL ? session->next : session->predictor, NULL, session->image);
      start (session, job);
      return;
    }

  if (session->scene != NULL && session->dirty)
    {
      SuiState *state = state_now (session);

      job = sui_job_new (SUI_JOB_ANSWER);
      give (job, session->predictor, session->scene, NULL);
      for (guint i = 0; i < state->objects->len; i++)
        {
          SuiObject *object = sui_state_get (state, i);

          sui_job_add (job, object, object->result, object->result != NULL || object->chosen,
                       object->candidate, object->mask);
        }
      job->current = state->current;
      start (session, job);
      return;
    }

  if (! g_queue_is_empty (session->makes) && session->scene != NULL)
    {
      SuiState *state = state_now (session);
      GTask    *task = g_queue_pop_head (session->makes);

      job = sui_job_new (SUI_JOB_MAKE);
      give (job, session->predictor, session->scene, NULL);
      job->task = task;
      for (guint i = 0; i < state->objects->len; i++)
        {
          SuiObject *object = sui_state_get (state, i);

          sui_job_add (job, object, object->result, object->result != NULL || object->chosen,
                       object->candidate, NULL);
        }
      job->current = state->current;
      start (session, job);
      return;
    }

  if (session->hover_wanted && session->scene != NULL)
    {
      SuiObject *object = object_now (session);

      session->hover_wanted = FALSE;
      job = sui_job_new (SUI_JOB_HOVER);
      give (job, session->predictor, session->scene, NULL);
      sui_job_add (job, object, object->result, TRUE, object->candidate, NULL);
      job->x = session->hover_x;
      job->y = session->hover_y;
      job->label = session->hover_label;
      start (session, job);
      return;
    }
}

/* What runs is of no use any more, if it is of this kind or less urgent than a click. */
static void
interrupt (SuiSession *session, SuiJobKind kind)
{
  if (session->job == NULL)
    return;
  if (session->job->kind == kind || (kind == SUI_JOB_ANSWER && session->job->kind == SUI_JOB_HOVER))
    {
      session->job->stale = TRUE;
      g_cancellable_cancel (session->job->cancellable);
    }
}

/* --- picture and model --- */

static void
reset_states (SuiSession *session)
{
  g_ptr_array_set_size (session->states, 0);
  g_ptr_array_add (session->states, sui_state_new ());
  session->at = 0;
  session->open_step = FALSE;
}

void
sui_session_set_image (SuiSession *session, SamImage *image)
{
  gboolean same_size;

  g_return_if_fail (image != NULL);

  if (session->job != NULL && session->job->kind != SUI_JOB_LOAD)
    interrupt (session, session->job->kind);
  same_size = session->image != NULL && session->width == sam_image_get_width (image) &&
              session->height == sam_image_get_height (image);
  sam_image_ref (image);
  sam_image_unref (session->image);
  session->image = image;
  session->width = (guint) sam_image_get_width (image);
  session->height = (guint) sam_image_get_height (image);
  g_clear_pointer (&session->hash, g_free);
  session->encode_failed = FALSE;
  session->stopped = FALSE;
  if (! same_size)
    {
      reset_states (session);
      g_clear_pointer (&session->view, sui_view_free);
    }
  drop_scene (session);
  if (session->offer != NULL)
    start_hashing (session);
  schedule (session);
  emit (session, CHANGED);
  emit (session, VIEW);
  emit (session, BUSY);
}

SamImage *
sui_session_get_image (SuiSession *session)
{
  return session->image;
}

void
sui_session_set_factor (SuiSession *session, double factor)
{
  session->factor = factor;
}

void
sui_session_set_model (SuiSession *session, const char *model)
{
  sam_predictor_unref (session->next);
  session->next = NULL;
  g_clear_pointer (&session->wanted_model, g_free);
  interrupt (session, SUI_JOB_LOAD);
  /* an encoding for the model that is not wanted any more */
  if (session->job != NULL && session->job->kind == SUI_JOB_ENCODE &&
      session->job->predictor != session->predictor)
    interrupt (session, SUI_JOB_ENCODE);
  if (g_strcmp0 (session->model_name, model) != 0)
    session->wanted_model = g_strdup (model);
  session->stopped = FALSE;
  schedule (session);
  emit (session, MODEL);
  emit (session, BUSY);
}

const char *
sui_session_get_model (SuiSession *session)
{
  return session->model_name;
}

const char *
sui_session_get_wanted_model (SuiSession *session)
{
  return session->wanted_model != NULL ? session->wanted_model : session->model_name;
}

SamModel *
sui_session_get_loaded (SuiSession *session)
{
  return session->predictor != NULL ? session->predictor->data : NULL;
}

double
sui_session_get_encode_seconds (SuiSession *session)
{
  return session->encode_seconds;
}

gboolean
sui_session_is_ready (SuiSession *session)
{
  return session->scene != NULL;
}

/* --- what the user says --- */

/* Old answers go; masks at the size of the view are kept for the current state alone. */
static void
trim (SuiSession *session)
{
  for (guint s = 0; s < session->states->len; s++)
    {
      SuiState *state = g_ptr_array_index (session->states, s);
      gboolean  old = s + KEEP_ANSWERS < session->at || s > session->at + KEEP_ANSWERS;

      for (guint i = 0; i < state->objects->len; i++)
        {
          SuiObject *object = sui_state_get (state, i);

          if (s == session->at || g_ptr_array_find (state_now (session)->objects, object, NULL))
            continue;
          g_clear_pointer (&object->mask, sam_mask_free);
          if (old && (object->result != NULL || object->previous != NULL))
            {
              /* near states may share it */
              guint    first = session->at - MIN (session->at, KEEP_ANSWERS);
              guint    last = MIN (session->at + KEEP_ANSWERS, session->states->len - 1);
              gboolean shared = FALSE;

              for (guint n = first; n <= last && ! shared; n++)
                shared = g_ptr_array_find (
                  ((SuiState *) g_ptr_array_index (session->states, n))->objects, object, NULL);
              if (! shared)
                {
                  g_clear_pointer (&object->result, sui_result_unref);
                  g_clear_pointer (&object->previous, sui_result_unref);
                }
            }
        }
    }
}

static void
state_changed (SuiSession *session)
{
  session->dirty = TRUE;
  drop_hover (session);
  interrupt (session, SUI_JOB_ANSWER);
  trim (session);
  schedule (session);
  emit (session, CHANGED);
  emit (session, HOVER);
  emit (session, BUSY);
}

/* Takes @state: the next step of the history. */
static void
push (SuiSession *session, SuiState *state)
{
  g_ptr_array_set_size (session->states, session->at + 1);
  if (session->states->len >= MAX_STATES)
    g_ptr_array_remove_index (session->states, 0);
  g_ptr_array_add (session->states, state);
  session->at = session->states->len - 1;
  session->open_step = FALSE;
  session->stopped = FALSE;
}

gboolean
sui_session_add (SuiSession *session, SuiPrompt *prompt)
{
  g_autoptr (SuiPrompt) taken = prompt;
  SuiState             *state;
  SuiObject            *old = object_now (session), *object;

  if (session->image == NULL || ! sui_prompt_fits (prompt, session->width, session->height) ||
      ! sui_object_has_room (old))
    return FALSE;

  object = sui_object_copy (old);
  g_ptr_array_add (object->prompts, sui_prompt_ref (prompt));
  sui_object_follow (object, old, TRUE);

  state = sui_state_copy (state_now (session));
  sui_state_set (state, state->current, object);
  push (session, state);
  state_changed (session);

  return TRUE;
}

void
sui_session_replace (SuiSession *session, guint i, SuiPrompt *prompt, gboolean more)
{
  g_autoptr (SuiPrompt) taken = prompt;
  SuiObject            *object;
  gboolean              open = session->open_step;

  g_return_if_fail (i < object_now (session)->prompts->len);

  if (! sui_prompt_fits (prompt, session->width, session->height))
    return;

  /* What was found with the prompt elsewhere would hold it there: no previous answer. */
  object = sui_object_copy (object_now (session));
  sui_prompt_unref (g_ptr_array_index (object->prompts, i));
  g_ptr_array_index (object->prompts, i) = sui_prompt_ref (prompt);
  if (! open)
    push (session, sui_state_copy (state_now (session)));
  sui_state_set (state_now (session), state_now (session)->current, object);
  session->open_step = more;
  state_changed (session);
}

void
sui_session_delete (SuiSession *session, guint i)
{
  SuiObject *object;
  SuiState  *state;

  g_return_if_fail (i < object_now (session)->prompts->len);

  object = sui_object_copy (object_now (session));
  g_ptr_array_remove_index (object->prompts, i);
  state = sui_state_copy (state_now (session));
  sui_state_set (state, state->current, object);
  push (session, state);
  state_changed (session);
}

void
sui_session_clear (SuiSession *session)
{
  if (sui_session_is_empty (session) && sui_session_get_n_objects (session) == 1)
    return;
  push (session, sui_state_new ());
  state_changed (session);
}

void
sui_session_say (SuiSession *session, SuiState *state)
{
  push (session, state);
  state_changed (session);
}

guint
sui_session_get_n_objects (SuiSession *session)
{
  return state_now (session)->objects->len;
}

guint
sui_session_get_current (SuiSession *session)
{
  return state_now (session)->current;
}

void
sui_session_set_current (SuiSession *session, guint object)
{
  SuiState *state = state_now (session);

  if (object >= state->objects->len || object == state->current)
    return;
  state->current = object;
  session->open_step = FALSE;
  state_changed (session);
}

const GPtrArray *
sui_session_get_prompts (SuiSession *session, guint object)
{
  g_return_val_if_fail (object < sui_session_get_n_objects (session), NULL);

  return sui_state_get (state_now (session), object)->prompts;
}

void
sui_session_new_object (SuiSession *session)
{
  SuiState *state;

  if (object_now (session)->prompts->len == 0)
    return;
  /* an empty one that was left behind serves */
  for (guint i = 0; i < sui_session_get_n_objects (session); i++)
    if (sui_session_get_prompts (session, i)->len == 0)
      {
        sui_session_set_current (session, i);
        return;
      }
  if (sui_session_get_n_objects (session) >= SUI_MAX_OBJECTS)
    return;

  state = sui_state_copy (state_now (session));
  g_ptr_array_add (state->objects, sui_object_new ());
  state->current = state->objects->len - 1;
  push (session, state);
  state_changed (session);
}

void
sui_session_delete_object (SuiSession *session, guint object)
{
  SuiState *state;

  g_return_if_fail (object < sui_session_get_n_objects (session));

  state = sui_state_copy (state_now (session));
  g_ptr_array_remove_index (state->objects, object);
  if (state->objects->len == 0)
    g_ptr_array_add (state->objects, sui_object_new ());
  if (state->current > object || state->current >= state->objects->len)
    state->current--;
  state->current = MIN (state->current, state->objects->len - 1);
  push (session, state);
  state_changed (session);
}

gboolean
sui_session_is_empty (SuiSession *session)
{
  for (guint i = 0; i < sui_session_get_n_objects (session); i++)
    if (sui_session_get_prompts (session, i)->len > 0)
      return FALSE;

  return TRUE;
}

gboolean
sui_session_is_full (SuiSession *session)
{
  return ! sui_object_has_room (object_now (session));
}

gboolean
sui_session_needs_positive (SuiSession *session)
{
  return object_now (session)->prompts->len > 0 &&
         ! sui_object_is_answerable (object_now (session));
}

gboolean
sui_session_can_undo (SuiSession *session)
{
  return session->at > 0;
}

gboolean
sui_session_can_redo (SuiSession *session)
{
  return session->at + 1 < session->states->len;
}

void
sui_session_undo (SuiSession *session)
{
  if (! sui_session_can_undo (session))
    return;
  session->at--;
  session->open_step = FALSE;
  state_changed (session);
}

void
sui_session_redo (SuiSession *session)
{
  if (! sui_session_can_redo (session))
    return;
  session->at++;
  session->open_step = FALSE;
  state_changed (session);
}

/* --- answers --- */

guint
sui_session_get_n_candidates (SuiSession *session)
{
  SuiObject *object = object_now (session);

  return object->result != NULL ? object->result->n_candidates : 0;
}

guint
sui_session_get_candidate (SuiSession *session)
{
  return object_now (session)->candidate;
}

float
sui_session_get_iou (SuiSession *session, guint candidate)
{
  g_return_val_if_fail (candidate < sui_session_get_n_candidates (session), 0.0f);

  return object_now (session)->result->iou[candidate];
}

const SamMask *
sui_session_get_thumbnail (SuiSession *session, guint candidate)
{
  g_return_val_if_fail (candidate < sui_session_get_n_candidates (session), NULL);

  return object_now (session)->result->thumbnail[candidate];
}

void
sui_session_choose (SuiSession *session, guint candidate)
{
  SuiObject *old = object_now (session), *object;
  SuiState  *state;

  if (candidate >= sui_session_get_n_candidates (session) || candidate == old->candidate)
    return;

  object = sui_object_copy (old);
  object->result = sui_result_ref (old->result);
  object->candidate = candidate;
  object->chosen = TRUE;
  sui_object_follow (object, old, FALSE);
  state = sui_state_copy (state_now (session));
  sui_state_set (state, state->current, object);
  if (old->chosen)
    {
      /* leafing through the candidates is one step */
      sui_state_free (g_ptr_array_index (session->states, session->at));
      g_ptr_array_index (session->states, session->at) = state;
      g_ptr_array_set_size (session->states, session->at + 1);
    }
  else
    {
      push (session, state);
    }
  state_changed (session);
}

static void
drop_masks (SuiSession *session)
{
  SuiState *state = state_now (session);

  for (guint i = 0; i < state->objects->len; i++)
    g_clear_pointer (&sui_state_get (state, i)->mask, sam_mask_free);
}

void
sui_session_set_options (SuiSession *session, const SuiOptions *options)
{
  session->options.matte = options->matte;
  if (options->edge == session->options.edge && options->grow == session->options.grow &&
      options->feather == session->options.feather &&
      options->fill_holes == session->options.fill_holes &&
      options->min_area == session->options.min_area)
    return;

  if (options->edge != session->options.edge)
    drop_masks (session);
  session->options = *options;
  state_changed (session);
}

const SuiOptions *
sui_session_get_options (SuiSession *session)
{
  return &session->options;
}

const SuiView *
sui_session_get_view (SuiSession *session)
{
  return session->view;
}

void
sui_session_set_detail (SuiSession *session, double detail)
{
  double before = session->detail;

  session->detail = detail;
  if (session->image == NULL || sui_view_scale (session->width, session->height, detail) ==
                                  sui_view_scale (session->width, session->height, before))
    return;
  drop_masks (session);
  session->dirty = TRUE;
  interrupt (session, SUI_JOB_ANSWER);
  schedule (session);
}

void
sui_session_hover (SuiSession *session, double x, double y, int label)
{
  if (session->hover_object == object_now (session) && session->hovered_x == x &&
      session->hovered_y == y && session->hovered_label == label)
    return;
  session->hover_wanted = TRUE;
  session->hover_x = x;
  session->hover_y = y;
  session->hover_label = label;
  schedule (session);
}

void
sui_session_leave (SuiSession *session)
{
  session->hover_wanted = FALSE;
  interrupt (session, SUI_JOB_HOVER);
  if (session->hover == NULL)
    return;
  drop_hover (session);
  emit (session, HOVER);
}

const SuiView *
sui_session_get_hover (SuiSession *session)
{
  return session->hover;
}

void
sui_session_make_mask (SuiSession         *session,
                       gboolean            finished,
                       GAsyncReadyCallback callback,
                       gpointer            data)
{
  GTask   *task = g_task_new (session, NULL, callback, data);
  gboolean any = FALSE;

  g_task_set_task_data (task, GINT_TO_POINTER (finished), NULL);

  for (guint i = 0; i < sui_session_get_n_objects (session); i++)
    any = any || sui_object_is_answerable (sui_state_get (state_now (session), i));
  if (! any || session->image == NULL)
    {
      g_task_return_new_error (task, SAM_ERROR, SAM_ERROR_BAD_PROMPT,
                               "nothing has been clicked yet");
      g_object_unref (task);
      return;
    }
  if (finished && ! session->dirty && session->scene != NULL && session->view != NULL &&
      session->view->mask != NULL && session->view->scale == 1.0)
    {
      GError  *error = NULL;
      SamMask *mask = sam_mask_copy (session->view->mask, &error);

      if (mask != NULL)
        g_task_return_pointer (task, mask, (GDestroyNotify) sam_mask_free);
      else
        g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }
  if (session->encode_failed || (session->predictor == NULL && session->wanted_model == NULL))
    {
      g_task_return_new_error (task, SAM_ERROR, SAM_ERROR_UNKNOWN_MODEL, "there is no model");
      g_object_unref (task);
      return;
    }

  session->stopped = FALSE;
  g_queue_push_tail (session->makes, task);
  interrupt (session, SUI_JOB_HOVER);
  schedule (session);
  emit (session, BUSY);
}

SamMask *
sui_session_make_mask_finish (SuiSession *session, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* --- the worker --- */

SuiBusy
sui_session_get_busy (SuiSession *session)
{
  static const SuiBusy busy[] = {
    [SUI_JOB_LOAD] = SUI_BUSY_LOADING,     [SUI_JOB_ENCODE] = SUI_BUSY_ENCODING,
    [SUI_JOB_ANSWER] = SUI_BUSY_ANSWERING, [SUI_JOB_HOVER] = SUI_BUSY_HOVERING,
    [SUI_JOB_MAKE] = SUI_BUSY_MAKING,
  };

  if (session->job == NULL || (session->stopped && session->job->stale))
    return SUI_BUSY_NOTHING;

  return busy[session->job->kind];
}

double
sui_session_get_progress (SuiSession *session)
{
  int progress = session->job != NULL ? g_atomic_int_get (&session->job->progress) : 0;

  return progress > 0 ? progress / 1000.0 : -1.0;
}

double
sui_session_get_seconds_left (SuiSession *session)
{
  double progress = sui_session_get_progress (session);
  double elapsed;

  if (progress < 0.02)
    return -1.0;
  elapsed = (g_get_monotonic_time () - session->job->started) / 1e6;

  return elapsed > 0.3 ? elapsed * (1.0 - progress) / progress : -1.0;
}

void
sui_session_cancel (SuiSession *session)
{
  fail_makes (session, NULL);
  if (session->job == NULL)
    return;

  switch (session->job->kind)
    {
    case SUI_JOB_LOAD:
    case SUI_JOB_ENCODE:
      if (session->scene != NULL)
        {
          /* a switch is given up; the old model still knows the picture */
          sam_predictor_unref (session->next);
          session->next = NULL;
          g_clear_pointer (&session->wanted_model, g_free);
          emit (session, MODEL);
        }
      else
        {
          session->stopped = TRUE;
        }
      interrupt (session, session->job->kind);
      break;

    case SUI_JOB_MAKE:
      interrupt (session, SUI_JOB_MAKE);
      break;

    default:
      break;
    }
  emit (session, BUSY);
}

gboolean
sui_session_is_stopped (SuiSession *session)
{
  return session->stopped;
}

void
sui_session_resume (SuiSession *session)
{
  session->stopped = FALSE;
  session->encode_failed = FALSE;
  schedule (session);
  emit (session, BUSY);
}

/* --- keeping --- */

#define HEADER   "segment-anything prompts 1\n"
#define MAX_KEPT (16 * 1024 * 1024)

char *
sui_session_to_string (SuiSession *session)
{
  GString *text;

  if (sui_session_is_empty (session) || session->image == NULL)
    return NULL;
  if (session->hash == NULL)
    session->hash = sam_image_get_hash (session->image);

  text = g_string_new (HEADER);
  g_string_append_printf (text, "picture %s\n", session->hash);
  sui_state_append_to (state_now (session), NULL, text);

  return g_string_free (text, FALSE);
}

/* Beside the worker: hashing a huge picture must not keep a click waiting, and cannot be
 * cancelled. */
typedef struct
{
  GWeakRef  session;
  SamImage *image;
} Hashing;

static void
hashing_free (gpointer data)
{
  Hashing *hashing = data;

  g_weak_ref_clear (&hashing->session);
  sam_image_unref (hashing->image);
  g_free (hashing);
}

static void
hashing_run (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_task_return_pointer (task, sam_image_get_hash (((Hashing *) data)->image), g_free);
}

static void
compare_offer (SuiSession *session)
{
  g_autofree char *line = NULL;

  if (session->offer == NULL || session->hash == NULL || session->offer_fits)
    return;
  line = g_strdup_printf (HEADER "picture %s\n", session->hash);
  if (g_str_has_prefix (session->offer, line))
    {
      session->offer_fits = TRUE;
      emit (session, OFFER);
    }
  else
    {
      g_clear_pointer (&session->offer, g_free);
    }
}

static void
hashing_done (GObject *source, GAsyncResult *result, gpointer data)
{
  Hashing               *hashing = g_task_get_task_data (G_TASK (result));
  g_autoptr (SuiSession) session = g_weak_ref_get (&hashing->session);
  g_autofree char       *hash = g_task_propagate_pointer (G_TASK (result), NULL);

  if (session == NULL || session->closed || session->image != hashing->image ||
      session->hash != NULL)
    return;
  session->hash = g_steal_pointer (&hash);
  compare_offer (session);
}

static void
start_hashing (SuiSession *session)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, hashing_done, NULL);
  Hashing          *hashing = g_new0 (Hashing, 1);

  g_weak_ref_init (&hashing->session, session);
  hashing->image = sam_image_ref (session->image);
  g_task_set_task_data (task, hashing, hashing_free);
  g_task_run_in_thread (task, hashing_run);
}

void
sui_session_offer (SuiSession *session, const char *text)
{
  g_clear_pointer (&session->offer, g_free);
  session->offer_fits = FALSE;
  if (strlen (text) > MAX_KEPT || ! g_str_has_prefix (text, HEADER))
    return;
  session->offer = g_strdup (text);
  if (session->hash != NULL)
    compare_offer (session);
  else if (session->image != NULL)
    start_hashing (session);
}

void
sui_session_accept_offer (SuiSession *session)
{
  g_autoptr (SuiState) state = NULL;
  g_auto (GStrv)       lines = NULL;

  if (! session->offer_fits)
    return;

  state = sui_state_new_without_objects ();
  lines = g_strsplit (session->offer, "\n", 0);
  /* what cannot be read or does not fit is left out */
  for (guint i = 2; lines[i] != NULL; i++)
    sui_state_read_line (state, lines[i], NULL, session->width, session->height, NULL);
  g_clear_pointer (&session->offer, g_free);
  session->offer_fits = FALSE;
  if (state->objects->len == 0)
    return;

  sui_session_say (session, g_steal_pointer (&state));
}

/* The one-line form that people write too; NULL when there is more to say than it can. */
static char *
to_plain_prompt (SuiSession *session, const SuiPlace *place)
{
  SuiObject         *object = NULL;
  g_auto (SamPrompt) prompt = { NULL };

  for (guint i = 0; i < sui_session_get_n_objects (session); i++)
    if (sui_state_get (state_now (session), i)->prompts->len > 0)
      {
        if (object != NULL)
          return NULL;
        object = sui_state_get (state_now (session), i);
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
sui_session_to_script (SuiSession *session, const SuiPlace *place, const char *arguments)
{
  g_autofree char *said = NULL;
  gboolean         any = FALSE;

  for (guint i = 0; i < sui_session_get_n_objects (session); i++)
    any = any || sui_object_is_answerable (sui_state_get (state_now (session), i));
  if (! any)
    return NULL;

  said = to_plain_prompt (session, place);
  if (said == NULL)
    {
      g_autoptr (GString) text = g_string_new (NULL);

      sui_state_append_to (state_now (session), place, text);
      g_string_truncate (text, text->len - 1);
      g_string_replace (text, "\n", "; ", 0);
      said = g_string_free (g_steal_pointer (&text), FALSE);
    }

  return g_strdup_printf ("(plug-in-segment-anything #:run-mode RUN-NONINTERACTIVE #:image image "
                          "#:drawables drawables\n  #:prompt \"%s\"\n  %s)\n",
                          said, arguments);
}
