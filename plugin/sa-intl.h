/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Translation: the domain's name for <glib/gi18n-lib.h>. */
#pragma once

#include "config.h"

#define GETTEXT_PACKAGE SAM_GETTEXT_DOMAIN

#include <glib/gi18n-lib.h>
