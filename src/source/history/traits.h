/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What programs without SQLite know of the source of history files, too. */
#ifndef VPERF_SOURCE_HISTORY_TRAITS_H
#define VPERF_SOURCE_HISTORY_TRAITS_H

#include "source/source.h"

/* The members of struct source_ops that are no functions. */
#define HISTORY_TRAITS                                                                             \
    .name = "history", .help = "what 'vperf record' has written: vperf.db, ./FILE",                \
    .takes = SOURCE_TAKES_AT | SOURCE_TAKES_ATTRIBUTES, .keeps_samples = true, .recorded = true,   \
    .schemes = (const char *const[]) {                                                             \
        TARGET_HISTORY, NULL                                                                       \
    }

#endif
