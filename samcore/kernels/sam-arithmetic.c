/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The choice between float32, bf16 and int8: by what was asked for, and by what the processor is
 * known to multiply faster. bf16 changes masks less than int8, and is for products without weights,
 * too. */
#include "config.h"

#include "samcore/kernels/sam-arithmetic.h"

#include "samcore/kernels/sam-kernels.h"

#include <glib.h>

static int allowed = -1; /* not set */

static SamFaster
how_fast (const SamGemm *gemm)
{
  SamFaster faster = gemm != NULL ? gemm->faster : SAM_NOT_FASTER;

#if defined(__x86_64__)
  if (faster == SAM_FASTER_ON_AMD && ! __builtin_cpu_is ("amd"))
    return SAM_NOT_FASTER;
#endif

  return faster;
}

typedef struct
{
  const SamGemm *weights, *others;
} Fast;

static const Fast *
fast (void)
{
  static gsize chosen;
  static Fast  f;

  if (g_once_init_enter (&chosen))
    {
      const char       *wanted = g_getenv ("SAM_PRECISION");
      const SamKernels *kernels = sam_kernels ();
      bool              bytes = g_strcmp0 (wanted, "int8") == 0;
      bool              bf16 = g_strcmp0 (wanted, "bf16") == 0;

      if (kernels->bf16 != NULL && (bf16 || how_fast (kernels->bf16) > SAM_NOT_FASTER))
        f.others = kernels->bf16;
      else
        f.others = kernels->f32;
      if (bytes || (! bf16 && how_fast (kernels->int8) > how_fast (kernels->bf16)))
        f.weights = kernels->int8;
      else
        f.weights = f.others;
      g_once_init_leave (&chosen, 1);
    }

  return &f;
}

SamArithmetic
sam_arithmetic_get (void)
{
  int arithmetic = g_atomic_int_get (&allowed);

  if (arithmetic < 0)
    arithmetic = g_strcmp0 (g_getenv ("SAM_PRECISION"), "f32") == 0 ? SAM_ARITHMETIC_F32
                                                                    : SAM_ARITHMETIC_FAST;

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
  const SamGemm *gemm = sam_arithmetic_get () == SAM_ARITHMETIC_FAST ? fast ()->weights : NULL;

  return gemm == NULL || gemm == sam_kernels ()->f32 ? "f32"
         : gemm == sam_kernels ()->int8              ? "int8"
                                                     : "bf16";
}

const SamGemm *
sam_arithmetic_gemm (SamArithmetic arithmetic)
{
  return arithmetic == SAM_ARITHMETIC_FAST ? fast ()->others : sam_kernels ()->f32;
}

/* Bytes want at least one whole line of inputs, or too much of what is multiplied are zeros. */
const SamGemm *
sam_arithmetic_weights_gemm (SamArithmetic arithmetic, size_t in)
{
  const SamGemm *int8 = sam_kernels ()->int8;

  if (arithmetic == SAM_ARITHMETIC_FAST && fast ()->weights == int8 && in >= int8->line)
    return int8;

  return sam_arithmetic_gemm (arithmetic);
}
