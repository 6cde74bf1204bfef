/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the worker computes for a session: one job at a time, with everything that it needs in it,
 * so that the worker never looks at the session. Internal. */
#pragma once

#include "ui/session/sui-load.h"
#include "ui/session/sui-object.h"
#include "ui/session/sui-view.h"

G_BEGIN_DECLS

typedef enum
{
  SUI_JOB_LOAD,
  SUI_JOB_ENCODE,
  SUI_JOB_ANSWER,
  SUI_JOB_HOVER,
  SUI_JOB_MAKE
} SuiJobKind;

/* An object with room for what the job finds out about it. */
typedef struct
{
  SuiObject *object; /* only its immutable part is looked at */
  SuiResult *result; /* given or found */
  guint      candidate;
  gboolean   keep_candidate; /* given, else the best */
  SamMask   *mask;           /* given or made */
} SuiJobObject;

typedef struct
{
  SuiJobKind    kind;
  GCancellable *cancellable;
  gint          progress; /* thousandths, atomic */
  gint64        started;
  gboolean      stale; /* what it finds is not wanted any more */

  SuiLoad       load;
  char         *model_name;
  SamPredictor *predictor; /* given or loaded */
  SamImage     *image;
  gpointer      scene;         /* given or made, of image by predictor */
  guint         width, height; /* of the picture */

  GArray    *objects; /* of SuiJobObject */
  guint      current;
  SuiOptions options;
  double     factor; /* the image's pixels per pixel of the picture */
  double     scale;  /* of the masks of a view */
  SuiView   *view;   /* made */

  double x, y; /* of a hover */
  int    label;

  GTask *task; /* (nullable): of sui_session_make_mask */

  GError *error;
} SuiJob;

SuiJob *sui_job_new (SuiJobKind kind);
void    sui_job_free (SuiJob *job);
void    sui_job_add (SuiJob        *job,
                     SuiObject     *object,
                     SuiResult     *result,
                     gboolean       keep_candidate,
                     guint          candidate,
                     const SamMask *mask);

/* In the worker. What came of it is in the job. */
void sui_job_run (SuiJob *job);

G_END_DECLS
