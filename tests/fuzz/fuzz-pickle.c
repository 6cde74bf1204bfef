/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzz target: the pickle of a zip archive that is sound otherwise. */
#include "config.h"

#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GBytes) bytes = fuzz_wrap_pickle (data, size);

  fuzz_open (bytes);

  return 0;
}
