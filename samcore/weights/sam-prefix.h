/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What stands in front of the names of SAM's tensors: wrapper classes, training programs and
 * compilers each add a word ("module.", "model.", "_orig_mod."). */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How long the prefix is, if @name is that of the one tensor that every network of SAM's kind has
 * and no other; -1 if it is not. */
gssize sam_prefix_measure (const char *name);

G_END_DECLS
