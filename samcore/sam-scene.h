/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A picture that a model has encoded, ready for prompts: its embedding and, for models that make
 * close-ups, the picture itself and the parts of it that were encoded lately. */
#pragma once

#include "samcore/sam-embedding.h"

G_BEGIN_DECLS

/* Reference counted, and safe to use from several threads at once. The embedding never changes.
 * The kept parts come and go behind a lock; they make later clicks faster, never different. */
typedef struct _SamScene SamScene;

SamScene *sam_scene_ref (SamScene *scene);
void      sam_scene_unref (SamScene *scene);

/* (transfer none): of the whole picture; lives at least as long as @scene. */
SamEmbedding *sam_scene_get_embedding (const SamScene *scene);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SamScene, sam_scene_unref)

G_END_DECLS
