/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Picks the table of kernels: the highest level that the processor can run, unless SAM_CPU asks for a lower
 * one. A name in SAM_CPU that is unknown or beyond the processor is ignored: a setting must never end in an
 * illegal instruction. */
#include "config.h"

#include "samcore/sam-kernels.h"

#include <glib.h>

extern const SamKernels kernels_generic;

#ifdef SAM_HAVE_X86_LEVELS
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

extern const SamKernels kernels_avx2;
extern const SamKernels kernels_avx512;
extern const SamKernels kernels_avx512bf16;
extern const SamKernels kernels_amx;

/* The tile registers, which a process has to ask the kernel for. */
static bool
have_amx (void)
{
#if defined (__linux__) && defined (SYS_arch_prctl)
  const unsigned amx_bf16 = 1u << 22, amx_tile = 1u << 24;
  const long     request = 0x1023, tile_data = 18; /* ARCH_REQ_XCOMP_PERM, XFEATURE_XTILE_DATA */
  unsigned       a, b, c, d;

  return __get_cpuid_count (7, 0, &a, &b, &c, &d) && (d & amx_bf16) && (d & amx_tile) &&
         syscall (SYS_arch_prctl, request, tile_data) == 0;
#else
  return false;
#endif
}

static bool
have_avx512bf16 (void)
{
  unsigned a, b, c, d;

  return __get_cpuid_count (7, 1, &a, &b, &c, &d) && (a & (1u << 5));
}
#endif

/* Exactly the features that kernels/meson.build compiles each level with. __builtin_cpu_supports asks the
 * operating system, too, whether it keeps the registers. */
const SamKernels *
sam_kernels_level (size_t i)
{
#ifdef SAM_HAVE_X86_LEVELS
  static const SamKernels *const levels[] = { &kernels_generic, &kernels_avx2, &kernels_avx512,
                                              &kernels_avx512bf16, &kernels_amx };
  static gsize n_levels;

  if (g_once_init_enter (&n_levels))
    {
      gsize n = 1;

      __builtin_cpu_init ();
      if (__builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma"))
        n = 2;
      if (n == 2 && __builtin_cpu_supports ("avx512f") && __builtin_cpu_supports ("avx512bw") &&
          __builtin_cpu_supports ("avx512dq") && __builtin_cpu_supports ("avx512vl"))
        n = 3;
      if (n == 3 && have_avx512bf16 ())
        n = 4;
      if (n == 4 && have_amx ())
        n = 5;
      g_once_init_leave (&n_levels, n);
    }

  return i < n_levels ? levels[i] : NULL;
#else
  return i == 0 ? &kernels_generic : NULL;
#endif
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
