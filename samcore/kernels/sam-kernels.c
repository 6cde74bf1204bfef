/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Picks the table of kernels: the highest level that the processor can run, unless SAM_CPU asks for
 * a lower one. A name in SAM_CPU that is unknown or beyond the processor is ignored: a setting must
 * never end in an illegal instruction. */
#include "config.h"

#include "samcore/kernels/sam-kernels.h"

#include <glib.h>

extern const SamKernels kernels_generic;

static bool
always (void)
{
  return true;
}

#ifdef SAM_HAVE_X86_LEVELS
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

extern const SamKernels kernels_avx2;
extern const SamKernels kernels_avxvnni;
extern const SamKernels kernels_avx512;
extern const SamKernels kernels_avx512vnni;
extern const SamKernels kernels_avx512bf16;
extern const SamKernels kernels_amx;

enum
{
  EAX,
  EBX,
  ECX,
  EDX
};

/* All of these bits of a register of CPUID's leaf 7. */
static bool
have_bits (unsigned subleaf, int where, unsigned bits)
{
  unsigned registers[4];

  return __get_cpuid_count (7, subleaf, &registers[EAX], &registers[EBX], &registers[ECX],
                            &registers[EDX]) &&
         (registers[where] & bits) == bits;
}

/* Exactly the features that kernels/meson.build compiles each level with. __builtin_cpu_supports
 * asks the operating system, too, whether it keeps the registers; those of AVX-VNNI are AVX2's. */
static bool
have_avx2 (void)
{
  return __builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma");
}

static bool
have_avxvnni (void)
{
  return have_avx2 () && have_bits (1, EAX, 1u << 4);
}

static bool
have_avx512 (void)
{
  return have_avx2 () && __builtin_cpu_supports ("avx512f") &&
         __builtin_cpu_supports ("avx512bw") && __builtin_cpu_supports ("avx512dq") &&
         __builtin_cpu_supports ("avx512vl");
}

static bool
have_avx512vnni (void)
{
  return have_avx512 () && have_bits (0, ECX, 1u << 11);
}

static bool
have_avx512bf16 (void)
{
  return have_avx512vnni () && have_bits (1, EAX, 1u << 5);
}

/* The tile registers, which a process has to ask the kernel for. */
static bool
have_amx (void)
{
#if defined(__linux__) && defined(SYS_arch_prctl)
  const unsigned amx_bf16 = 1u << 22, amx_tile = 1u << 24;
  const long     request = 0x1023, tile_data = 18; /* ARCH_REQ_XCOMP_PERM, XFEATURE_XTILE_DATA */

  return have_avx512bf16 () && have_bits (0, EDX, amx_bf16 | amx_tile) &&
         syscall (SYS_arch_prctl, request, tile_data) == 0;
#else
  return false;
#endif
}
#endif

#ifdef SAM_HAVE_ARM_LEVELS
#ifdef __linux__
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

extern const SamKernels kernels_neondot;

/* The dot products, and what a compiler may use in any program for ARMv8.2, to which they
 * belong. */
static bool
have_neondot (void)
{
#ifdef __linux__
  const unsigned long needed = HWCAP_ASIMDDP | HWCAP_ASIMDRDM | HWCAP_ATOMICS | HWCAP_CRC32;

  return (getauxval (AT_HWCAP) & needed) == needed;
#else
  return false;
#endif
}
#endif

/* The better ones later. Not each has all that the one before has: there are processors with
 * AVX-VNNI and without AVX-512, and the other way round. */
static const struct
{
  const SamKernels *kernels;
  bool (*have) (void);
} all_levels[] = {
  { &kernels_generic, always },
#ifdef SAM_HAVE_X86_LEVELS
  { &kernels_avx2, have_avx2 },
  { &kernels_avxvnni, have_avxvnni },
  { &kernels_avx512, have_avx512 },
  { &kernels_avx512vnni, have_avx512vnni },
  { &kernels_avx512bf16, have_avx512bf16 },
  { &kernels_amx, have_amx },
#endif
#ifdef SAM_HAVE_ARM_LEVELS
  { &kernels_neondot, have_neondot },
#endif
};

const SamKernels *
sam_kernels_level (size_t i)
{
  static const SamKernels *levels[G_N_ELEMENTS (all_levels)];
  static gsize             n_levels;

  if (g_once_init_enter (&n_levels))
    {
      gsize n = 0;

#ifdef SAM_HAVE_X86_LEVELS
      __builtin_cpu_init ();
#endif
      for (size_t k = 0; k < G_N_ELEMENTS (all_levels); k++)
        if (all_levels[k].have ())
          levels[n++] = all_levels[k].kernels;
      g_once_init_leave (&n_levels, n);
    }

  return i < n_levels ? levels[i] : NULL;
}

const SamKernels *
sam_kernels (void)
{
  static gsize chosen;

  if (g_once_init_enter (&chosen))
    {
      const SamKernels *best = NULL;
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
