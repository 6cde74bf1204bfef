/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GIMP replaces a name that a choice does not have by its default before we see it, so every value
 * that is asked for is in its table. */
#include "config.h"

#include "plugin/sa-choice.h"

#include "samcore/sam-candidate.h"
#include "ui/sui-window.h"

#include "plugin/sa-intl.h"
#include "plugin/sa-request.h"

static const SuiName selection_names[] = {
  { "none", N_ ("Not used") },
  { "box", N_ ("Its bounding box") },
  { "mask", N_ ("As a rough object") },
};
static const SuiName item_names[] = {
  { "channels", N_ ("Channels") },
  { "layers", N_ ("Layers") },
};

const SaChoice sa_choice_selections[] = {
  { &selection_names[0], SA_SELECTION_UNUSED },
  { &selection_names[1], SA_SELECTION_BOX },
  { &selection_names[2], SA_SELECTION_MASK },
  { NULL },
};

const SaChoice sa_choice_candidates[] = {
  { &sui_candidate_names[0], SAM_CANDIDATE_BEST },
  { &sui_candidate_names[1], 1 },
  { &sui_candidate_names[2], 2 },
  { &sui_candidate_names[3], 3 },
  { NULL },
};

const SaChoice sa_choice_outputs[] = {
  { &sui_output_names[SUI_OUTPUT_SELECTION], SA_OUTPUT_SELECTION, SUI_OUTPUT_SELECTION },
  { &sui_output_names[SUI_OUTPUT_CHANNEL], SA_OUTPUT_CHANNEL, SUI_OUTPUT_CHANNEL },
  { &sui_output_names[SUI_OUTPUT_LAYER_MASK], SA_OUTPUT_LAYER_MASK, SUI_OUTPUT_LAYER_MASK },
  { &sui_output_names[SUI_OUTPUT_NEW_LAYER], SA_OUTPUT_NEW_LAYER, SUI_OUTPUT_NEW_LAYER },
  { &sui_output_names[SUI_OUTPUT_PATH], SA_OUTPUT_PATH, SUI_OUTPUT_PATH },
  { NULL },
};

const SaChoice sa_choice_items[] = {
  { &item_names[0], SA_OUTPUT_CHANNEL },
  { &item_names[1], SA_OUTPUT_NEW_LAYER },
  { NULL },
};

const SaChoice sa_choice_operations[] = {
  { &sui_operation_names[SUI_OPERATION_REPLACE], GIMP_CHANNEL_OP_REPLACE, SUI_OPERATION_REPLACE },
  { &sui_operation_names[SUI_OPERATION_ADD], GIMP_CHANNEL_OP_ADD, SUI_OPERATION_ADD },
  { &sui_operation_names[SUI_OPERATION_SUBTRACT], GIMP_CHANNEL_OP_SUBTRACT,
    SUI_OPERATION_SUBTRACT },
  { &sui_operation_names[SUI_OPERATION_INTERSECT], GIMP_CHANNEL_OP_INTERSECT,
    SUI_OPERATION_INTERSECT },
  { NULL },
};

const SaChoice sa_choice_edges[] = {
  { &sui_edge_names[SUI_EDGE_HARD], SA_EDGE_HARD },
  { &sui_edge_names[SUI_EDGE_SMOOTH], SA_EDGE_SMOOTH },
  { &sui_edge_names[SUI_EDGE_MATTE], SA_EDGE_MATTE, .in_full = TRUE },
  { NULL },
};

GimpChoice *
sa_choice_new (const SaChoice *choices)
{
  GimpChoice *choice = gimp_choice_new ();

  for (; choices->words != NULL; choices++)
    gimp_choice_add (choice, choices->words->name, choices->value,
                     _ (choices->in_full ? choices->words->sentence : choices->words->label), NULL);

  return choice;
}

static const SaChoice *
find_value (const SaChoice *choices, int value)
{
  while (choices->words != NULL && choices->value != value)
    choices++;

  return choices;
}

const char *
sa_choice_get_name (const SaChoice *choices, int value)
{
  const SuiName *words = find_value (choices, value)->words;

  return words != NULL ? words->name : NULL;
}

int
sa_choice_get_shown (const SaChoice *choices, int value)
{
  return find_value (choices, value)->shown;
}

int
sa_choice_from_shown (const SaChoice *choices, int shown)
{
  while (choices->words != NULL && choices->shown != shown)
    choices++;

  return choices->value;
}
