/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What a fuzz target is; libFuzzer runs it, and fuzz_replay.c runs it on its seeds. */
#ifndef VPERF_FUZZ_H
#define VPERF_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* LLVMFuzzerTestOneInput: tries one input; what is wrong ends the process. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* CHECK: ends the process unless the condition holds. */
#define CHECK(condition)                                                                           \
    do                                                                                             \
        if (!(condition))                                                                          \
            abort();                                                                               \
    while (0)

#endif
