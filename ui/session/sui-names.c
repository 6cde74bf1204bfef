/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "ui/session/sui-names.h"

const SuiName sui_output_names[SUI_N_OUTPUTS] = {
  [SUI_OUTPUT_SELECTION] = { "selection", N_ ("Selection") },
  [SUI_OUTPUT_CHANNEL] = { "channel", N_ ("Channel") },
  [SUI_OUTPUT_LAYER_MASK] = { "layer-mask", N_ ("Layer mask") },
  [SUI_OUTPUT_NEW_LAYER] = { "new-layer", N_ ("New layer") },
  [SUI_OUTPUT_PATH] = { "path", N_ ("Path") },
};

const SuiName sui_operation_names[SUI_N_OPERATIONS] = {
  [SUI_OPERATION_REPLACE] = { "replace", N_ ("Replace"), N_ ("Replace the current selection") },
  [SUI_OPERATION_ADD] = { "add", N_ ("Add"), N_ ("Add to the current selection") },
  [SUI_OPERATION_SUBTRACT] = { "subtract", N_ ("Subtract"),
                               N_ ("Subtract from the current selection") },
  [SUI_OPERATION_INTERSECT] = { "intersect", N_ ("Intersect"),
                                N_ ("Intersect with the current selection") },
};

const SuiName sui_edge_names[SUI_N_EDGES] = {
  [SUI_EDGE_SMOOTH] = { "smooth", N_ ("Smooth") },
  [SUI_EDGE_HARD] = { "hard", N_ ("Hard") },
  [SUI_EDGE_MATTE] = { "matte", N_ ("Matte"), N_ ("Matte, for hair and fur") },
};

const SuiName sui_candidate_names[1 + SUI_N_CANDIDATES] = {
  { "best", N_ ("Best") },
  { "1", N_ ("First") },
  { "2", N_ ("Second") },
  { "3", N_ ("Third") },
};
