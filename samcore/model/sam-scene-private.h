/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How close-ups use a scene: what they see of the picture, and what they keep of it for the next
 * click. Internal. */
#pragma once

#include "samcore/image/sam-geometry.h"
#include "samcore/sam-image.h"
#include "samcore/sam-scene.h"

G_BEGIN_DECLS

/* @embedding: taken over; @image: the picture that it was made of, for models that make close-ups,
 * otherwise NULL. */
SamScene *sam_scene_new (SamEmbedding *embedding, SamImage *image);
/* Whether the scene has its picture. */
gboolean sam_scene_allows_closeups (const SamScene *scene);

/* (transfer full): the embedding of @part, where it is the whole or was kept; otherwise NULL. */
SamEmbedding *sam_scene_lookup_part (SamScene *scene, const SamGeometry *part);
/* Keeps the embedding of a part in place of the one that was unused longest. */
void sam_scene_keep_part (SamScene *scene, SamEmbedding *part);

/* (transfer none): what to see @part in: the picture, or, where that still shows more than the
 * model takes in, a reduced one. NULL with SAM_ERROR_NO_MEMORY. */
SamImage *sam_scene_choose_image (SamScene *scene, const SamGeometry *part, GError **error);
/* (transfer full): @part of @image, which is one that sam_scene_choose_image() gave, at its resized
 * size; the last few are kept. NULL with SAM_ERROR_NO_MEMORY. */
SamImage *
sam_scene_cut_part (SamScene *scene, SamImage *image, const SamGeometry *part, GError **error);

G_END_DECLS
