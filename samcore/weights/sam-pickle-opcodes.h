/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each opcode of a pickle does. Internal to the reader of pickles. */
#pragma once

#include "samcore/weights/sam-pickle-value.h"

G_BEGIN_DECLS

/* Done by the caller: PROTO is the first opcode, STOP the last. */
#define SAM_OPCODE_PROTO 0x80
#define SAM_OPCODE_STOP  '.'

/* One opcode, whose own byte was read. FALSE and an error where it cannot be done. */
gboolean sam_pickle_step (SamPickle *pickle, uint8_t code);

G_END_DECLS
