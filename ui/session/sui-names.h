/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a mask can become, how it joins what is there, how it ends: the choices that the window and
 * the procedures share, with what they are called. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  SUI_OUTPUT_SELECTION,
  SUI_OUTPUT_CHANNEL,
  SUI_OUTPUT_LAYER_MASK,
  SUI_OUTPUT_NEW_LAYER,
  SUI_OUTPUT_PATH
} SuiOutput;
#define SUI_N_OUTPUTS (SUI_OUTPUT_PATH + 1)

typedef enum
{
  SUI_OPERATION_REPLACE,
  SUI_OPERATION_ADD,
  SUI_OPERATION_SUBTRACT,
  SUI_OPERATION_INTERSECT
} SuiOperation;
#define SUI_N_OPERATIONS (SUI_OPERATION_INTERSECT + 1)

typedef enum
{
  SUI_EDGE_SMOOTH,
  SUI_EDGE_HARD,
  SUI_EDGE_MATTE
} SuiEdge;
#define SUI_N_EDGES (SUI_EDGE_MATTE + 1)

/* A lone point has so many proposals. */
#define SUI_N_CANDIDATES 3

/**
 * SuiName:
 * @name: in calls and settings; never translated
 * @label: a word or two
 * @sentence: (nullable): the same, where there is room for more
 *
 * @label and @sentence are translated where they are shown.
 */
typedef struct
{
  const char *name, *label, *sentence;
} SuiName;

extern const SuiName sui_output_names[SUI_N_OUTPUTS];
extern const SuiName sui_operation_names[SUI_N_OPERATIONS];
extern const SuiName sui_edge_names[SUI_N_EDGES];
/* the best one comes first, then each by its number */
extern const SuiName sui_candidate_names[1 + SUI_N_CANDIDATES];

G_END_DECLS
