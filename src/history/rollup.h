/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What is kept of an hour of a series for years. */
#ifndef VPERF_HISTORY_ROLLUP_H
#define VPERF_HISTORY_ROLLUP_H

#include <stddef.h>
#include <stdint.h>

#include "core/series.h"

struct rollup {
    size_t samples;
    int64_t sum; /* at the ends of int64_t, no further */
    int64_t minimum;
    int64_t maximum;
    int64_t p95; /* nearest rank: at least 95 % of the samples are not above it */
};

/* rollup_make: of at least one sample. */
struct rollup rollup_make(const struct sample *samples, size_t count);

/* rollup_hour: the hour, since 1970, that a sample of this time belongs to: it ends in it. */
int64_t rollup_hour(int64_t time);

#endif
