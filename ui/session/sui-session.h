/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happens in the window, without the window: the picture, the model, the objects with what was
 * said about each, the answers, undo and redo, and the one worker that computes. Lives on the main
 * thread.
 *
 * Signals:
 *   changed  prompts, objects, candidates, history or options are not what they were
 *   view     sui_session_get_view() gives something new
 *   hover    sui_session_get_hover() gives something new
 *   busy     what the worker does, or how far it is
 *   model    another model answers, or the switch to one was given up
 *   offer    kept prompts fit this picture: sui_session_accept_offer() brings them back
 *   failed   (GError *): something could not be done; the session goes on */
#pragma once

#include "ui/session/sui-load.h"
#include "ui/session/sui-object.h"
#include "ui/session/sui-view.h"

G_BEGIN_DECLS

#define SUI_TYPE_SESSION (sui_session_get_type ())
G_DECLARE_FINAL_TYPE (SuiSession, sui_session, SUI, SESSION, GObject)

typedef enum
{
  SUI_BUSY_NOTHING,
  SUI_BUSY_LOADING,   /* the model */
  SUI_BUSY_ENCODING,  /* the picture */
  SUI_BUSY_ANSWERING, /* a click */
  SUI_BUSY_HOVERING,
  SUI_BUSY_MAKING /* the mask at the picture's size */
} SuiBusy;

/* @load: sui_load, but in tests */
SuiSession *sui_session_new (SuiLoad load);

/* Cancels everything, waits for the worker and forgets the picture; no signal comes afterwards. To
 * be called before the last unref. */
void sui_session_close (SuiSession *session);

/* --- picture and model --- */

/* Starts encoding once there is a model. Another picture of the same size keeps the prompts. */
void      sui_session_set_image (SuiSession *session, SamImage *image);
SamImage *sui_session_get_image (SuiSession *session);
/* A huge image is read at 1 / factor of its size; 1 at first. */
void sui_session_set_factor (SuiSession *session, double factor);

/* @model as SuiLoad takes it. The old model goes on until the new one has seen the picture;
 * a model that cannot be loaded is reported and the old one stays. */
void        sui_session_set_model (SuiSession *session, const char *model);
const char *sui_session_get_model (SuiSession *session); /* the one that answers; NULL before */
const char *sui_session_get_wanted_model (SuiSession *session); /* the one that it becomes */
SamModel   *sui_session_get_loaded (SuiSession *session);

/* How long the model that answers looked at the picture; 0 when that was known from before. */
double sui_session_get_encode_seconds (SuiSession *session);

gboolean sui_session_is_ready (SuiSession *session); /* a click is answered at once */

/* --- what the user says; all of it is one step of undo each --- */

gboolean sui_session_add (SuiSession *session,
                          SuiPrompt  *prompt); /* takes @prompt; FALSE when full */
/* Takes @prompt. While @more, further calls change the same step. */
void sui_session_replace (SuiSession *session, guint i, SuiPrompt *prompt, gboolean more);
void sui_session_delete (SuiSession *session, guint i);
void sui_session_clear (SuiSession *session); /* all objects */
void sui_session_say (SuiSession *session,
                      SuiState   *state); /* takes @state, instead of what was said */

guint sui_session_get_n_objects (SuiSession *session); /* at least 1, which may be empty */
guint sui_session_get_current (SuiSession *session);
void  sui_session_set_current (SuiSession *session, guint object);
const GPtrArray *sui_session_get_prompts (SuiSession *session, guint object); /* of SuiPrompt */
void             sui_session_new_object (SuiSession *session);
void             sui_session_delete_object (SuiSession *session, guint object);
gboolean         sui_session_is_empty (SuiSession *session);
gboolean
sui_session_is_full (SuiSession *session); /* the current object has all that a model takes */
/* Only what is not on the object was said: nothing can be found yet. */
gboolean sui_session_needs_positive (SuiSession *session);

gboolean sui_session_can_undo (SuiSession *session);
gboolean sui_session_can_redo (SuiSession *session);
void     sui_session_undo (SuiSession *session);
void     sui_session_redo (SuiSession *session);

/* --- the answers for the current object --- */

guint          sui_session_get_n_candidates (SuiSession *session); /* 0 before there is an answer */
guint          sui_session_get_candidate (SuiSession *session);
float          sui_session_get_iou (SuiSession *session, guint candidate);
const SamMask *sui_session_get_thumbnail (SuiSession *session, guint candidate);
void           sui_session_choose (SuiSession *session, guint candidate);

void              sui_session_set_options (SuiSession *session, const SuiOptions *options);
const SuiOptions *sui_session_get_options (SuiSession *session);

const SuiView *sui_session_get_view (SuiSession *session); /* NULL before the first */
/* Pixels of the screen per pixel of the picture: a view need not be finer. 1 at first. */
void sui_session_set_detail (SuiSession *session, double detail);

/* What a click there would select. The newest place wins, and a click goes before. */
void           sui_session_hover (SuiSession *session, double x, double y, int label);
void           sui_session_leave (SuiSession *session);
const SuiView *sui_session_get_hover (SuiSession *session); /* NULL for none */

/* All objects united at the picture's size; with @finished, options applied. */
void     sui_session_make_mask (SuiSession         *session,
                                gboolean            finished,
                                GAsyncReadyCallback callback,
                                gpointer            data);
SamMask *sui_session_make_mask_finish (SuiSession *session, GAsyncResult *result, GError **error);

/* --- the worker --- */

SuiBusy sui_session_get_busy (SuiSession *session);
double  sui_session_get_progress (SuiSession *session);     /* 0..1, -1 when unknown */
double  sui_session_get_seconds_left (SuiSession *session); /* -1 when unknown */
/* Stops loading, encoding or making a mask at once. Encoding goes on with the next prompt or
 * resume(). */
void     sui_session_cancel (SuiSession *session);
gboolean sui_session_is_stopped (SuiSession *session);
void     sui_session_resume (SuiSession *session);

/* --- keeping --- */

/* The objects as text, with a hash of the picture; NULL when there are none. Free with g_free. */
char *sui_session_to_string (SuiSession *session);
/* Compares with the picture, in the background; "offer" follows if it is the same. Damaged text,
 * which may come with a file from anywhere, is ignored. */
void sui_session_offer (SuiSession *session, const char *text);
void sui_session_accept_offer (SuiSession *session);

/**
 * sui_session_to_script:
 * @place: of the picture in the image
 * @arguments: further ones, such as `#:output "channel"`
 *
 * The Script-Fu call for the same result, to the pixel; NULL when nothing can be found yet.
 */
char *sui_session_to_script (SuiSession *session, const SuiPlace *place, const char *arguments);

G_END_DECLS
