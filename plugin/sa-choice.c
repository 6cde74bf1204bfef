/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GIMP replaces a name that a choice does not have by its default before we see it, so every value
 * that is asked for is in its table. */
#include "config.h"

#include "plugin/sa-choice.h"

#include "samcore/sam-candidate.h"
#include "ui/sui-window.h"

#include "plugin/sa-intl.h"
#include "plugin/sa-request.h"

const SaChoice sa_choice_selections[] = {
  { "none", SA_SELECTION_UNUSED, N_ ("Not used") },
  { "box", SA_SELECTION_BOX, N_ ("Its bounding box") },
  { "mask", SA_SELECTION_MASK, N_ ("As a rough object") },
  { NULL },
};

const SaChoice sa_choice_candidates[] = {
  { "best", SAM_CANDIDATE_BEST, N_ ("Best") },
  { "1", 1, N_ ("First") },
  { "2", 2, N_ ("Second") },
  { "3", 3, N_ ("Third") },
  { NULL },
};

const SaChoice sa_choice_outputs[] = {
  { "selection", SA_OUTPUT_SELECTION, N_ ("Selection"), SUI_OUTPUT_SELECTION },
  { "channel", SA_OUTPUT_CHANNEL, N_ ("Channel"), SUI_OUTPUT_CHANNEL },
  { "layer-mask", SA_OUTPUT_LAYER_MASK, N_ ("Layer mask"), SUI_OUTPUT_LAYER_MASK },
  { "new-layer", SA_OUTPUT_NEW_LAYER, N_ ("New layer"), SUI_OUTPUT_NEW_LAYER },
  { "path", SA_OUTPUT_PATH, N_ ("Path"), SUI_OUTPUT_PATH },
  { NULL },
};

const SaChoice sa_choice_items[] = {
  { "channels", SA_OUTPUT_CHANNEL, N_ ("Channels") },
  { "layers", SA_OUTPUT_NEW_LAYER, N_ ("Layers") },
  { NULL },
};

const SaChoice sa_choice_operations[] = {
  { "replace", GIMP_CHANNEL_OP_REPLACE, N_ ("Replace"), SUI_OPERATION_REPLACE },
  { "add", GIMP_CHANNEL_OP_ADD, N_ ("Add"), SUI_OPERATION_ADD },
  { "subtract", GIMP_CHANNEL_OP_SUBTRACT, N_ ("Subtract"), SUI_OPERATION_SUBTRACT },
  { "intersect", GIMP_CHANNEL_OP_INTERSECT, N_ ("Intersect"), SUI_OPERATION_INTERSECT },
  { NULL },
};

const SaChoice sa_choice_edges[] = {
  { "hard", SA_EDGE_HARD, N_ ("Hard") },
  { "smooth", SA_EDGE_SMOOTH, N_ ("Smooth") },
  { "matte", SA_EDGE_MATTE, N_ ("Matte, for hair and fur") },
  { NULL },
};

GimpChoice *
sa_choice_new (const SaChoice *choices)
{
  GimpChoice *choice = gimp_choice_new ();

  for (; choices->name != NULL; choices++)
    gimp_choice_add (choice, choices->name, choices->value, _ (choices->label), NULL);

  return choice;
}

static const SaChoice *
find_value (const SaChoice *choices, int value)
{
  while (choices->name != NULL && choices->value != value)
    choices++;

  return choices;
}

const char *
sa_choice_get_name (const SaChoice *choices, int value)
{
  return find_value (choices, value)->name;
}

int
sa_choice_get_shown (const SaChoice *choices, int value)
{
  return find_value (choices, value)->shown;
}

int
sa_choice_from_shown (const SaChoice *choices, int shown)
{
  while (choices->name != NULL && choices->shown != shown)
    choices++;

  return choices->value;
}
