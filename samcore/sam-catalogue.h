/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The catalogue of models: which there are, where their files lie, and which one a name means.
 *
 * Folders are searched in this order:
 *
 *   $SAM_MODEL_PATH                        folders (or files), separated by colons
 *   $XDG_DATA_HOME/segment-anything        the user's own; downloads go here
 *   $XDG_DATA_DIRS/segment-anything        the system's
 *   sam_catalogue_add_directory()          a program's own
 *   the built-in model's                   installed, or in the build tree
 *
 * and in each of them the folder itself before its subfolder "models". */
#pragma once

#include "samcore/sam-job.h"

G_BEGIN_DECLS

/* The name of the model that comes with the program. */
#define SAM_MODEL_BUILTIN "builtin"

/**
 * SamModelInfo:
 * @name: what users type
 * @title: what users read
 * @family: as sam_model_get_family()
 * @good_for: what to choose it for, in a few words
 * @file: its name in a folder of models
 * @size: in bytes; 0: unknown
 * @about: in bytes, rounded, to show if @size is unknown; otherwise @size
 * @sha256: (nullable): hexadecimal; NULL: unknown
 * @source: (nullable): its address; NULL for the built-in model
 * @licence: the name of its licence
 * @licence_words: what the licence allows and asks for, in a sentence or two
 * @offered: whether sam_install_download() downloads it; other models are only recognised
 *
 * Strings are in English. They and the structure live as long as the program.
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
/* By the model's name, or the file's name with or without its ending; "-" and "_" are the same.
 * NULL if there is none. */
const SamModelInfo *sam_catalogue_lookup (const char *name);

/* Adds a folder to be searched before the built-in model's. To be called before other threads
 * start. */
void sam_catalogue_add_directory (const char *directory);

/**
 * sam_catalogue_find:
 * @name: (nullable): a model's name, a file's path, or NULL or "" for the user's default
 *
 * Returns: (transfer full): the path of its file. NULL with SAM_ERROR_UNKNOWN_MODEL, in a sentence
 * that says which models there are, or how to install this one; or SAM_ERROR_BAD_FILE if
 * $SAM_CATALOGUE is damaged.
 */
char *sam_catalogue_find (const char *name, GError **error);

/* (transfer full): the user's default model, a name or a path; SAM_MODEL_BUILTIN if none was
 * chosen. Free with g_free(). */
char *sam_catalogue_get_default (void);
/* @name: (nullable): NULL or "" for the built-in model. FALSE with the errors of
 * sam_catalogue_find() if there is no such model, or G_FILE_ERROR. */
gboolean sam_catalogue_set_default (const char *name, GError **error);

/**
 * SamModelItem:
 * @info: (nullable): NULL for a file in a folder of models that the catalogue does not know
 * @name: the model's, or the file's
 * @path: (nullable): where it is installed; NULL if it is not
 * @is_default: whether it is the user's default
 */
typedef struct
{
  const SamModelInfo *info;
  char               *name;
  char               *path;
  gboolean            is_default;
} SamModelItem;

/* (transfer full) (element-type SamModelItem): the catalogue's models in its order, then other
 * files in the folders. */
GPtrArray *sam_catalogue_list (void);

/* (transfer full): the folder that models are installed in, which may not exist yet. Free with
 * g_free(). */
char *sam_catalogue_get_user_directory (void);

/* A quick guess at which model of the catalogue @path is, for a sentence on the screen: by its
 * exact size, or by its name and rounded size. NULL if it is none. */
const SamModelInfo *sam_catalogue_guess (const char *path);

/**
 * sam_catalogue_recognise:
 *
 * Finds out by size and SHA-256 which model of the catalogue @path is, whose licence holds for it
 * then. The whole file is read only if its size fits.
 *
 * Returns: (transfer none) (nullable): NULL without an error if it is none
 */
const SamModelInfo *sam_catalogue_recognise (const char *path, const SamJob *job, GError **error);

/* (transfer full): a file's SHA-256 in hexadecimal. Free with g_free(). */
char *sam_file_sha256 (const char *path, const SamJob *job, GError **error);

G_END_DECLS
