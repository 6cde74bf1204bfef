/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a caller asks for: the procedure's arguments, checked. */
#pragma once

#include <libgimp/gimp.h>

#include "samcore/sam-mask-finish.h"
#include "samcore/sam-prompt.h"

G_BEGIN_DECLS

typedef enum
{
  SA_SELECTION_UNUSED,
  SA_SELECTION_BOX, /* its bounds */
  SA_SELECTION_MASK /* the rough object */
} SaSelectionUse;

typedef enum
{
  SA_OUTPUT_SELECTION,
  SA_OUTPUT_CHANNEL,
  SA_OUTPUT_LAYER_MASK,
  SA_OUTPUT_NEW_LAYER,
  SA_OUTPUT_PATH
} SaOutput;

typedef enum
{
  SA_EDGE_HARD,
  SA_EDGE_SMOOTH,
  SA_EDGE_MATTE /* hair and fur: opacity from the colours at the edge */
} SaEdge;

/**
 * SaRequest:
 * @prompt: points and boxes in IMAGE coordinates
 * @said: (nullable): instead, all that was said in a window, likewise: sui_replay_parse() reads it
 * @candidate: see sam_candidate_choose()
 * @finish: in pixels and square pixels of the drawable
 *
 * init from a procedure's configuration, then clear.
 */
typedef struct
{
  SamPrompt      prompt;
  char          *said;
  SaSelectionUse selection;
  gboolean       merged;
  char          *model;
  int            candidate;
  SaOutput       output;
  GimpChannelOps operation;
  SaEdge         edge;
  SamMaskFinish  finish;
} SaRequest;

/* Adds the arguments that hold a prompt, and those that say what is made of it. */
void sa_request_add_prompt_arguments (GimpProcedure *procedure);
void sa_request_add_model_arguments (GimpProcedure *procedure);
void sa_request_add_output_arguments (GimpProcedure *procedure);

/* FALSE, with nothing to clear, and a sentence about the first argument that is wrong. Arguments
 * that the procedure has not keep their defaults. */
gboolean sa_request_init (SaRequest *request, GimpProcedureConfig *config, GError **error);
/* The same for a window, which may begin without a prompt. */
gboolean
     sa_request_init_for_window (SaRequest *request, GimpProcedureConfig *config, GError **error);
void sa_request_clear (SaRequest *request);

/* GIMP puts what was used the last time over what the caller of a window says. A procedure that was
 * watched since it was created knows what the caller said, and can put that back, as far as it is
 * not the default. */
void sa_request_watch_caller (GimpProcedure *procedure);
void sa_request_prefer_caller (GimpProcedure *procedure, GimpProcedureConfig *config);

/* Empties the prompt arguments: they belong to one picture and never come back with another. */
void sa_request_forget_prompt (GimpProcedureConfig *config);

G_END_DECLS
