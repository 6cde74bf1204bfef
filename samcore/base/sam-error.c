/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The error domain of samcore. */
#include "config.h"

#include "samcore/sam-error.h"

G_DEFINE_QUARK (sam-error-quark, sam_error)
