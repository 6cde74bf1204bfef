/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is kept of a session with the image: a state as text, with a hash of the picture that it is
 * about. Kept text that comes back is offered, and accepted if it is about this picture. */
#pragma once

#include "samcore/sam-image.h"
#include "ui/session/sui-object.h"

G_BEGIN_DECLS

typedef struct _SuiKept SuiKept;

/* An offer turned out to be about this picture. */
typedef void (*SuiKeptFits) (gpointer owner);

/* @owner: a GObject that has it */
SuiKept *sui_kept_new (gpointer owner, SuiKeptFits fits);
void     sui_kept_free (SuiKept *kept);
void     sui_kept_set_image (SuiKept *kept, SamImage *image);

/* NULL for a state without prompts, and without a picture. Free with g_free. */
char *sui_kept_write (SuiKept *kept, const SuiState *state);

/* Compares @text with the picture, in the background. Damaged text, which may come with a file from
 * anywhere, is ignored. */
void sui_kept_offer (SuiKept *kept, const char *text);
/* What the offer says, but for what cannot be read; NULL without one that fits. The offer is gone
 * afterwards. */
SuiState *sui_kept_accept (SuiKept *kept);

/* The Script-Fu call for the same result; see sui_session_to_script(). */
char *sui_kept_to_script (const SuiState *state, const SuiPlace *place, const char *arguments);

G_END_DECLS
