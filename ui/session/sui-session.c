/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whenever something changes, or a job ends, schedule() looks at what is missing and starts the
 * most urgent job: model, scene, view, the mask that somebody waits for, preview under the
 * pointer. A job has copies or references of all that it needs. What it finds is taken over if it
 * still fits. A job whose result is not wanted any more is cancelled, and ends at the next
 * layer. */
#include "config.h"

#include "samcore/sam-error.h"
#include "ui/session/sui-history.h"
#include "ui/session/sui-hover.h"
#include "ui/session/sui-kept.h"
#include "ui/session/sui-mask-queue.h"
#include "ui/session/sui-session.h"
#include "ui/session/sui-shown.h"
#include "ui/session/sui-subject.h"
#include "ui/session/sui-worker.h"

struct _SuiSession
{
  GObject      parent_instance;
  SuiSubject   subject;
  SuiHistory  *history;
  SuiKept     *kept;
  SuiWorker   *worker;
  SuiShown     shown;
  SuiHover     hover;
  SuiMaskQueue waiting;
  gboolean     closed;
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

static SuiState *
state_now (SuiSession *session)
{
  return sui_history_get_state (session->history);
}

static SuiObject *
object_now (SuiSession *session)
{
  return sui_history_get_object (session->history);
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

/* Answers belong to one scene. */
static void
drop_answers (SuiSession *session)
{
  sui_history_drop_answers (session->history);
  sui_hover_clear (&session->hover);
  session->shown.dirty = TRUE;
}

/* --- jobs --- */

static void
schedule (SuiSession *session)
{
  SuiJob *job;

  if (session->closed || sui_worker_get_job (session->worker) != NULL)
    return;

  job = sui_subject_plan (&session->subject);
  if (job == NULL && sui_session_is_ready (session))
    {
      if (session->shown.dirty)
        job = sui_shown_ask (&session->shown, &session->subject, state_now (session));
      else if (! sui_mask_queue_is_empty (&session->waiting))
        job = sui_mask_queue_ask (&session->waiting, &session->shown, &session->subject,
                                  state_now (session));
      else if (session->hover.is_wanted)
        job = sui_hover_ask (&session->hover, &session->subject, object_now (session));
    }
  if (job != NULL)
    sui_worker_start (session->worker, job);
}

/* What runs is of no use any more, if it is of this kind or less urgent than a click. */
static void
interrupt (SuiSession *session, SuiJobKind kind)
{
  const SuiJob *job = sui_worker_get_job (session->worker);

  if (job != NULL && (job->kind == kind || (kind == SUI_JOB_ANSWER && job->kind == SUI_JOB_HOVER)))
    sui_worker_interrupt (session->worker);
}

/* A model or a scene. */
static void
subject_done (SuiSession *session, SuiJob *job)
{
  if (job->error == NULL)
    {
      sui_subject_take (&session->subject, job);
      if (job->kind == SUI_JOB_ENCODE)
        {
          drop_answers (session);
          emit (session, MODEL);
          emit (session, CHANGED);
        }
    }
  else if (! g_error_matches (job->error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      if (sui_subject_fail (&session->subject, job))
        emit (session, MODEL);
      if (! sui_session_is_ready (session))
        sui_mask_queue_fail (&session->waiting, job->error);
      fail (session, job->error);
    }
}

static void
job_done (SuiJob *job, gpointer owner)
{
  SuiSession *session = owner;

  if (session->closed)
    {
      if (job->task != NULL)
        g_task_return_new_error (job->task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "closed");
      return;
    }

  if (job->kind == SUI_JOB_MAKE)
    {
      sui_mask_queue_answer (job);
    }
  else if (job->kind == SUI_JOB_ANSWER && ! job->stale)
    {
      if (! sui_shown_take (&session->shown, job, state_now (session)))
        fail (session, job->error);
      emit (session, CHANGED);
      emit (session, VIEW);
    }
  else if (job->kind == SUI_JOB_HOVER && ! job->stale)
    {
      sui_hover_take (&session->hover, job);
      emit (session, HOVER);
    }
  else if (! job->stale)
    {
      subject_done (session, job);
    }

  schedule (session);
  emit (session, BUSY);
}

/* --- life --- */

static void
on_tick (gpointer owner)
{
  emit (owner, BUSY);
}

static void
on_offer_fits (gpointer owner)
{
  emit (owner, OFFER);
}

SuiSession *
sui_session_new (SuiLoad load)
{
  SuiSession *session = g_object_new (SUI_TYPE_SESSION, NULL);

  session->subject.load = load;

  return session;
}

static void
sui_session_init (SuiSession *session)
{
  session->history = sui_history_new ();
  session->kept = sui_kept_new (session, on_offer_fits);
  session->worker = sui_worker_new (session, job_done, on_tick);
  sui_shown_init (&session->shown);
}

void
sui_session_close (SuiSession *session)
{
  if (session->closed)
    return;
  session->closed = TRUE;

  sui_mask_queue_fail (&session->waiting, NULL);
  sui_worker_stop (session->worker);
}

static void
sui_session_finalize (GObject *object)
{
  SuiSession *session = SUI_SESSION (object);

  sui_hover_clear (&session->hover);
  sui_worker_free (session->worker);
  sui_kept_free (session->kept);
  sui_history_free (session->history);
  sui_subject_clear (&session->subject);
  sui_shown_clear (&session->shown);

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

/* --- picture and model --- */

void
sui_session_set_image (SuiSession *session, SamImage *image)
{
  const SuiJob *job = sui_worker_get_job (session->worker);

  g_return_if_fail (image != NULL);

  if (job != NULL && job->kind != SUI_JOB_LOAD)
    sui_worker_interrupt (session->worker);
  if (! sui_subject_set_image (&session->subject, image))
    {
      sui_history_reset (session->history);
      sui_shown_clear (&session->shown);
    }
  drop_answers (session);
  sui_kept_set_image (session->kept, image);
  schedule (session);
  emit (session, CHANGED);
  emit (session, VIEW);
  emit (session, BUSY);
}

SamImage *
sui_session_get_image (SuiSession *session)
{
  return session->subject.image;
}

void
sui_session_set_factor (SuiSession *session, double factor)
{
  session->shown.factor = factor;
}

void
sui_session_set_model (SuiSession *session, const char *model)
{
  const SuiJob *job = sui_worker_get_job (session->worker);

  /* also an encoding for a model that is not wanted any more */
  if (job != NULL && (job->kind == SUI_JOB_LOAD || (job->kind == SUI_JOB_ENCODE &&
                                                    job->predictor != session->subject.predictor)))
    sui_worker_interrupt (session->worker);
  sui_subject_set_model (&session->subject, model);
  schedule (session);
  emit (session, MODEL);
  emit (session, BUSY);
}

const char *
sui_session_get_model (SuiSession *session)
{
  return session->subject.name;
}

const char *
sui_session_get_wanted_model (SuiSession *session)
{
  return session->subject.wanted_name != NULL ? session->subject.wanted_name
                                              : session->subject.name;
}

SamModel *
sui_session_get_loaded (SuiSession *session)
{
  return session->subject.predictor != NULL ? session->subject.predictor->data : NULL;
}

double
sui_session_get_encode_seconds (SuiSession *session)
{
  return session->subject.seconds;
}

gboolean
sui_session_is_ready (SuiSession *session)
{
  return session->subject.scene != NULL;
}

/* --- what the user says --- */

static void
state_changed (SuiSession *session)
{
  session->shown.dirty = TRUE;
  sui_hover_clear (&session->hover);
  interrupt (session, SUI_JOB_ANSWER);
  sui_history_trim (session->history);
  schedule (session);
  emit (session, CHANGED);
  emit (session, HOVER);
  emit (session, BUSY);
}

static gboolean
prompt_fits (SuiSession *session, const SuiPrompt *prompt)
{
  return session->subject.image != NULL &&
         sui_prompt_fits (prompt, session->subject.width, session->subject.height);
}

/* A step more. */
static void
step_added (SuiSession *session)
{
  session->subject.stopped = FALSE;
  state_changed (session);
}

gboolean
sui_session_add (SuiSession *session, SuiPrompt *prompt)
{
  if (! prompt_fits (session, prompt))
    {
      sui_prompt_unref (prompt);
      return FALSE;
    }
  if (! sui_history_add (session->history, prompt))
    return FALSE;
  step_added (session);

  return TRUE;
}

void
sui_session_replace (SuiSession *session, guint i, SuiPrompt *prompt, gboolean more)
{
  g_return_if_fail (i < object_now (session)->prompts->len);

  if (! prompt_fits (session, prompt))
    sui_prompt_unref (prompt);
  else if (sui_history_replace (session->history, i, prompt, more))
    step_added (session);
  else
    state_changed (session);
}

void
sui_session_delete (SuiSession *session, guint i)
{
  g_return_if_fail (i < object_now (session)->prompts->len);

  sui_history_delete (session->history, i);
  step_added (session);
}

void
sui_session_clear (SuiSession *session)
{
  if (! sui_session_is_empty (session) || sui_session_get_n_objects (session) > 1)
    sui_session_say (session, sui_state_new ());
}

void
sui_session_say (SuiSession *session, SuiState *state)
{
  sui_history_push (session->history, state);
  step_added (session);
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
  if (object >= sui_session_get_n_objects (session) || object == sui_session_get_current (session))
    return;
  sui_history_set_current (session->history, object);
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

  sui_history_add_object (session->history);
  step_added (session);
}

void
sui_session_delete_object (SuiSession *session, guint object)
{
  g_return_if_fail (object < sui_session_get_n_objects (session));

  sui_history_delete_object (session->history, object);
  step_added (session);
}

gboolean
sui_session_is_empty (SuiSession *session)
{
  return sui_state_is_empty (state_now (session));
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
  return sui_history_can_undo (session->history);
}

gboolean
sui_session_can_redo (SuiSession *session)
{
  return sui_history_can_redo (session->history);
}

void
sui_session_undo (SuiSession *session)
{
  if (sui_history_undo (session->history))
    state_changed (session);
}

void
sui_session_redo (SuiSession *session)
{
  if (sui_history_redo (session->history))
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
  if (candidate >= sui_session_get_n_candidates (session) ||
      candidate == sui_session_get_candidate (session))
    return;

  sui_history_choose (session->history, candidate);
  step_added (session);
}

void
sui_session_set_options (SuiSession *session, const SuiOptions *options)
{
  gboolean other_edge = options->edge != session->shown.options.edge;

  if (! sui_shown_set_options (&session->shown, options))
    return;
  if (other_edge)
    sui_history_drop_masks (session->history);
  state_changed (session);
}

const SuiOptions *
sui_session_get_options (SuiSession *session)
{
  return &session->shown.options;
}

const SuiView *
sui_session_get_view (SuiSession *session)
{
  return session->shown.view;
}

void
sui_session_set_detail (SuiSession *session, double detail)
{
  double before = session->shown.detail;

  session->shown.detail = detail;
  if (session->subject.image == NULL ||
      sui_view_get_scale (session->subject.width, session->subject.height, detail) ==
        sui_view_get_scale (session->subject.width, session->subject.height, before))
    return;
  sui_history_drop_masks (session->history);
  session->shown.dirty = TRUE;
  interrupt (session, SUI_JOB_ANSWER);
  schedule (session);
}

void
sui_session_hover (SuiSession *session, double x, double y, int label)
{
  const SuiHoverPlace place = { x, y, label };

  if (sui_hover_want (&session->hover, object_now (session), &place))
    schedule (session);
}

void
sui_session_leave (SuiSession *session)
{
  session->hover.is_wanted = FALSE;
  interrupt (session, SUI_JOB_HOVER);
  if (session->hover.view == NULL)
    return;
  sui_hover_clear (&session->hover);
  emit (session, HOVER);
}

const SuiView *
sui_session_get_hover (SuiSession *session)
{
  return session->hover.view;
}

void
sui_session_make_mask (SuiSession         *session,
                       gboolean            finished,
                       GAsyncReadyCallback callback,
                       gpointer            data)
{
  g_autoptr (GTask) task = g_task_new (session, NULL, callback, data);
  const SamMask    *shown = sui_shown_get_mask (&session->shown);

  if (! sui_state_is_answerable (state_now (session)) || session->subject.image == NULL)
    {
      g_task_return_new_error (task, SAM_ERROR, SAM_ERROR_BAD_PROMPT,
                               "nothing has been clicked yet");
      return;
    }
  if (finished && shown != NULL && sui_session_is_ready (session))
    {
      GError  *error = NULL;
      SamMask *mask = sam_mask_copy (shown, &error);

      if (mask != NULL)
        g_task_return_pointer (task, mask, (GDestroyNotify) sam_mask_free);
      else
        g_task_return_error (task, error);
      return;
    }
  if (! sui_subject_has_prospect (&session->subject))
    {
      g_task_return_new_error (task, SAM_ERROR, SAM_ERROR_UNKNOWN_MODEL, "there is no model");
      return;
    }

  session->subject.stopped = FALSE;
  sui_mask_queue_add (&session->waiting, task, finished);
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
  const SuiJob *job = sui_worker_get_job (session->worker);

  if (job == NULL || (session->subject.stopped && job->stale))
    return SUI_BUSY_NOTHING;

  return busy[job->kind];
}

double
sui_session_get_progress (SuiSession *session)
{
  return sui_worker_get_progress (session->worker);
}

double
sui_session_get_seconds_left (SuiSession *session)
{
  return sui_worker_get_seconds_left (session->worker);
}

void
sui_session_cancel (SuiSession *session)
{
  const SuiJob *job = sui_worker_get_job (session->worker);

  sui_mask_queue_fail (&session->waiting, NULL);
  if (job == NULL)
    return;

  if (job->kind == SUI_JOB_MAKE)
    {
      sui_worker_interrupt (session->worker);
    }
  else if (job->kind == SUI_JOB_LOAD || job->kind == SUI_JOB_ENCODE)
    {
      if (sui_session_is_ready (session))
        {
          /* a switch is given up; the old model still knows the picture */
          sui_subject_keep_model (&session->subject);
          emit (session, MODEL);
        }
      else
        {
          session->subject.stopped = TRUE;
        }
      sui_worker_interrupt (session->worker);
    }
  emit (session, BUSY);
}

gboolean
sui_session_is_stopped (SuiSession *session)
{
  return session->subject.stopped;
}

void
sui_session_resume (SuiSession *session)
{
  session->subject.stopped = FALSE;
  session->subject.failed = FALSE;
  schedule (session);
  emit (session, BUSY);
}

/* --- keeping --- */

char *
sui_session_to_string (SuiSession *session)
{
  return sui_kept_write (session->kept, state_now (session));
}

void
sui_session_offer (SuiSession *session, const char *text)
{
  sui_kept_offer (session->kept, text);
}

void
sui_session_accept_offer (SuiSession *session)
{
  SuiState *state = sui_kept_accept (session->kept);

  if (state != NULL)
    sui_session_say (session, state);
}

char *
sui_session_to_script (SuiSession *session, const SuiPlace *place, const char *arguments)
{
  return sui_kept_to_script (state_now (session), place, arguments);
}
