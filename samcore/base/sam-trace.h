/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lets tests see the values between the layers of a forward pass. Internal. */
#pragma once

#include <stddef.h>

/* values: [n, c], channels last */
typedef void (
  *SamTraceFunc) (const char *name, const float *values, size_t n, size_t c, void *data);

typedef struct
{
  SamTraceFunc func;
  void        *data;
} SamTrace;

/* trace may be NULL, which is what all but tests pass */
static inline void
sam_trace (const SamTrace *trace, const char *name, const float *values, size_t n, size_t c)
{
  if (trace != NULL)
    trace->func (name, values, n, c, trace->data);
}

/* the same for name + number: "blocks.7" */
void sam_trace_numbered (const SamTrace *trace,
                         const char     *name,
                         size_t          number,
                         const float    *values,
                         size_t          n,
                         size_t          c);
