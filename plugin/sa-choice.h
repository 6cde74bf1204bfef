/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The arguments that take one of several values: what each value is called for scripts, for people
 * and in the window. */
#pragma once

#include <libgimp/gimp.h>

G_BEGIN_DECLS

/* Tables of values, ended by one without a name. */
typedef struct
{
  const char *name;  /* part of the interface, never translated */
  int         value; /* an SaOutput, a GimpChannelOps, an SaEdge … */
  const char *label; /* to be translated */
  int         shown; /* the window's own enum, where it has one */
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
