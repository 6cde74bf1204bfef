/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzz target: a whole file. Which parser it meets is a matter of its first bytes, hence of the
 * corpus. */
#include "config.h"

#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);

  fuzz_open (bytes);

  return 0;
}
