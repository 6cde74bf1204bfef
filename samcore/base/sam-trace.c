/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lets tests see the values between the layers of a forward pass. */
#include "samcore/base/sam-trace.h"

#include <glib.h>

void
sam_trace_numbered (const SamTrace *trace,
                    const char     *name,
                    size_t          number,
                    const float    *values,
                    size_t          n,
                    size_t          c)
{
  char full[64];

  if (trace == NULL)
    return;

  g_snprintf (full, sizeof full, "%s%" G_GSIZE_FORMAT, name, number);
  trace->func (full, values, n, c, trace->data);
}
