/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The model shelf: which models there are, where their files lie, and which one a name means.
 *
 * Folders are looked through in this order:
 *
 *   $SAM_MODEL_PATH                        folders (or files), separated by colons
 *   $XDG_DATA_HOME/segment-anything        the user's own; downloads go here
 *   $XDG_DATA_DIRS/segment-anything        the system's
 *   sam_catalogue_add_directory()          a program's own
 *   the built-in model's                   installed, or in the build tree
 *
 * and in each of them the folder itself before its "models" subfolder. */
#pragma once

#include "samcore/sam-job.h"

G_BEGIN_DECLS

/* The name of the model that is always there. */
#define SAM_MODEL_BUILTIN "builtin"

/**
 * SamModelInfo:
 * @name: what users type
 * @title: what users read
 * @family: as sam_model_get_family()
 * @file: what it is called in a models folder
 * @size: bytes; 0: unknown
 * @about: a rounded size to show where @size is unknown; else @size
 * @sha256: hex; NULL: unknown
 * @source: address; NULL for the built-in model
 * @offered: may be downloaded with sam_download_model(); the others are only recognised
 *
 * Strings in English; they and the structure live as long as the program.
 */
typedef struct
{
  const char *name;
  const char *title;
  const char *family;
  const char *good_for;
  const char *file;
  guint64     size;
  guint64     about;
  const char *sha256;
  const char *source;
  const char *licence;
  const char *licence_words;
  gboolean    offered;
} SamModelInfo;

/* The catalogue: data/models.ini as built in, or the file that $SAM_CATALOGUE names. */
size_t              sam_catalogue_get_n_models (void);
const SamModelInfo *sam_catalogue_get_model (size_t i);
/* By name or by the file's name with or without its ending, "-" and "_" alike. NULL: not known. */
const SamModelInfo *sam_catalogue_lookup (const char *name);

/* Looks through @directory too, before the built-in model's. Before other threads start. */
void sam_catalogue_add_directory (const char *directory);

/**
 * sam_catalogue_find:
 * @name: (nullable): a model's name, a file's path, or NULL or "" for the user's default
 *
 * Returns: (transfer full): the path of its file. SAM_ERROR_UNKNOWN_MODEL with a sentence that says
 * which models there are, or how to get the one meant; SAM_ERROR_BAD_FILE when $SAM_CATALOGUE is
 * damaged.
 */
char *sam_catalogue_find (const char *name, GError **error);

/* The user's default: a name or a path (free with g_free), SAM_MODEL_BUILTIN when none was
 * chosen. */
char *sam_catalogue_get_default (void);
/* NULL or "" goes back to the built-in one. A name is only taken if it can be found. */
gboolean sam_catalogue_set_default (const char *name, GError **error);

/**
 * SamModelItem:
 * @info: (nullable): NULL for a file in a models folder that the catalogue does not know
 * @path: (nullable): where it is installed
 */
typedef struct
{
  const SamModelInfo *info;
  char               *name;
  char               *path;
  gboolean            is_default;
} SamModelItem;

/* (element-type SamModelItem): the catalogue's models in its order, then other files in the
 * folders. */
GPtrArray *sam_catalogue_list (void);

/* Where downloads and added files go; not made yet. Free with g_free. */
char *sam_catalogue_get_user_directory (void);

/* The same at a glance, for a sentence on the screen: by the exact size, or by the file's name and
 * the rounded one. NULL: none of them. */
const SamModelInfo *sam_catalogue_guess (const char *path);

/**
 * sam_catalogue_recognise:
 *
 * Which model of the catalogue @path is, by size and SHA-256: for its licence. NULL without an
 * error when it is none of them. Reads the whole file only if the size fits one.
 */
const SamModelInfo *sam_catalogue_recognise (const char *path, const SamJob *job, GError **error);

/* Hex SHA-256 of a file. Free with g_free. */
char *sam_file_sha256 (const char *path, const SamJob *job, GError **error);

G_END_DECLS
