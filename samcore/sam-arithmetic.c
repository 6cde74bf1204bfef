/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The choice between float32, bf16 and int8: by what was asked for, and by what the processor is known to multiply
 * faster. */
#include "config.h"

#include "samcore/sam-arithmetic.h"

#include "samcore/sam-kernels.h"

#include <glib.h>

static int allowed = -1; /* not set */

static bool
is_faster (const SamGemm *gemm)
{
#if defined (__x86_64__)
  if (gemm != NULL && gemm->faster == SAM_FASTER_ON_AMD)
    return __builtin_cpu_is ("amd");
#endif

  return gemm != NULL && gemm->faster == SAM_FASTER;
}

/* bf16 before int8, which changes masks more. */
static const SamGemm *
fast_gemm (void)
{
  static gsize chosen;

  if (g_once_init_enter (&chosen))
    {
      const char       *wanted  = g_getenv ("SAM_PRECISION");
      const SamKernels *kernels = sam_kernels ();
      const SamGemm    *gemm    = kernels->f32;

      if (g_strcmp0 (wanted, "int8") == 0)
        gemm = kernels->int8;
      else if (g_strcmp0 (wanted, "bf16") == 0)
        gemm = kernels->bf16 != NULL ? kernels->bf16 : kernels->f32;
      else if (is_faster (kernels->bf16))
        gemm = kernels->bf16;
      else if (is_faster (kernels->int8))
        gemm = kernels->int8;
      g_once_init_leave (&chosen, (gsize) gemm);
    }

  return (const SamGemm *) chosen;
}

SamArithmetic
sam_arithmetic_get (void)
{
  int arithmetic = g_atomic_int_get (&allowed);

  if (arithmetic < 0)
    arithmetic = g_strcmp0 (g_getenv ("SAM_PRECISION"), "f32") == 0 ? SAM_ARITHMETIC_F32 : SAM_ARITHMETIC_FAST;

  return arithmetic;
}

void
sam_arithmetic_set (SamArithmetic arithmetic)
{
  g_atomic_int_set (&allowed, arithmetic);
}

const char *
sam_arithmetic_name (void)
{
  const SamGemm *gemm = sam_arithmetic_get () == SAM_ARITHMETIC_FAST ? fast_gemm () : NULL;

  return gemm == NULL || gemm == sam_kernels ()->f32 ? "f32" : gemm == sam_kernels ()->int8 ? "int8" : "bf16";
}

const SamGemm *
sam_arithmetic_gemm (SamArithmetic arithmetic)
{
  const SamGemm *gemm = arithmetic == SAM_ARITHMETIC_FAST ? fast_gemm () : sam_kernels ()->f32;

  return gemm != sam_kernels ()->int8 ? gemm : sam_kernels ()->f32;
}

/* Bytes want at least one whole line of inputs, or too much of what is multiplied are zeros. */
const SamGemm *
sam_arithmetic_weights_gemm (SamArithmetic arithmetic, size_t in)
{
  const SamGemm *int8 = sam_kernels ()->int8;

  if (arithmetic == SAM_ARITHMETIC_FAST && fast_gemm () == int8 && in >= int8->line)
    return int8;

  return sam_arithmetic_gemm (arithmetic);
}
