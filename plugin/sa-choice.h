/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The arguments that take one of several values: what each value is called, for scripts and for
 * people, and what the window calls it. */
#pragma once

#include <libgimp/gimp.h>

#include "ui/session/sui-names.h"

G_BEGIN_DECLS

/* Tables of values, ended by one without words. */
typedef struct
{
  const SuiName *words;
  int            value;   /* an SaOutput, a GimpChannelOps, an SaEdge … */
  int            shown;   /* the window's own enum, where it has one */
  gboolean       in_full; /* called by the sentence */
} SaChoice;

extern const SaChoice sa_choice_selections[]; /* SaSelectionUse */
extern const SaChoice sa_choice_candidates[]; /* as sam_candidate_choose() takes them */
extern const SaChoice sa_choice_outputs[];    /* SaOutput, SuiOutput */
extern const SaChoice sa_choice_items[];      /* SaOutput, for many objects */
extern const SaChoice sa_choice_operations[]; /* GimpChannelOps, SuiOperation */
extern const SaChoice sa_choice_edges[];      /* SaEdge */

GimpChoice *sa_choice_new (const SaChoice *choices);

const char *sa_choice_get_name (const SaChoice *choices, int value);

int sa_choice_get_shown (const SaChoice *choices, int value);
int sa_choice_from_shown (const SaChoice *choices, int shown);

G_END_DECLS
