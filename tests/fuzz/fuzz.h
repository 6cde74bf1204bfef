/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the fuzz targets share. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <glib.h>

/* The entry that libFuzzer calls; fuzz-main.c calls it for each file of a corpus where there is no
 * libFuzzer. */
int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

/* Opens @bytes and touches every element of what comes of it. */
void fuzz_open (GBytes *bytes);

/* The most memory that the program has had, in kilobytes; 0 with a sanitizer, which keeps what has
 * been freed. */
long fuzz_get_peak (void);

/* Ends the program if reading @size bytes since @peak was asked for has taken memory out of
 * proportion to them. */
void fuzz_check_peak (long peak, size_t size);

/* A sound zip file around a pickle, with one storage "0" of four floats: a fuzzer would never find
 * the checksum that the reader wants. */
GBytes *fuzz_wrap_pickle (const uint8_t *pickle, size_t size);
