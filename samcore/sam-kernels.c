/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Picks the table of kernels: the highest level that the processor can run, unless SAM_CPU asks for a lower
 * one. A name in SAM_CPU that is unknown or beyond the processor is ignored: a setting must never end in an
 * illegal instruction. */
#include "config.h"

#include "samcore/sam-kernels.h"

#include <glib.h>

extern const SamKernels kernels_generic;
#ifdef SAM_HAVE_X86_LEVELS
extern const SamKernels kernels_avx2;
extern const SamKernels kernels_avx512;
#endif

/* Exactly the features that meson.build compiles each level with. */
const SamKernels *
sam_kernels_level (size_t i)
{
  if (i == 0)
    return &kernels_generic;

#ifdef SAM_HAVE_X86_LEVELS
  if (i <= 2)
    {
      __builtin_cpu_init ();
      if (! (__builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma")))
        return NULL;
      if (i == 1)
        return &kernels_avx2;
      if (__builtin_cpu_supports ("avx512f") && __builtin_cpu_supports ("avx512bw") &&
          __builtin_cpu_supports ("avx512dq") && __builtin_cpu_supports ("avx512vl"))
        return &kernels_avx512;
    }
#endif

  return NULL;
}

const SamKernels *
sam_kernels (void)
{
  static gsize chosen;

  if (g_once_init_enter (&chosen))
    {
      const SamKernels *best   = NULL;
      const char       *wanted = g_getenv ("SAM_CPU");

      for (size_t i = 0; sam_kernels_level (i) != NULL; i++)
        {
          best = sam_kernels_level (i);
          if (g_strcmp0 (best->name, wanted) == 0)
            break;
        }
      g_once_init_leave (&chosen, (gsize) best);
    }

  return (const SamKernels *) chosen;
}
