/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The preview under the pointer: what a click there would select. The newest place wins. */
#pragma once

#include "ui/session/sui-job.h"
#include "ui/session/sui-subject.h"

G_BEGIN_DECLS

typedef struct
{
  double x, y;
  int    label;
} SuiHoverPlace;

typedef struct
{
  gboolean      is_wanted;
  SuiHoverPlace wanted;

  SuiView      *view;   /* NULL for none */
  SuiObject    *object; /* that the click would change */
  SuiHoverPlace place;
} SuiHover;

/* Clears the preview; a wanted one stays wanted. */
void sui_hover_clear (SuiHover *hover);
/* FALSE when that is shown already. */
gboolean sui_hover_want (SuiHover *hover, const SuiObject *object, const SuiHoverPlace *place);

/* A job for the wanted place. */
SuiJob *sui_hover_ask (SuiHover *hover, SuiSubject *subject, SuiObject *object);
/* Takes the view out of it. */
void sui_hover_take (SuiHover *hover, SuiJob *job);

G_END_DECLS
