/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The time that the user asks for, before a server's clock is known. */
#ifndef VPERF_CORE_TIMERANGE_H
#define VPERF_CORE_TIMERANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"

/* A point in time: Unix seconds, or seconds from the server's present. */
struct moment {
    bool given;
    bool relative;
    int64_t seconds;
};

/* Samples with start < time <= end: adjacent ranges share no sample. */
struct timerange {
    struct moment start;
    struct moment end; /* not given: the server's present */
};

/*
 * timerange_moment: RFC 3339 such as 2026-11-21T19:00:00Z, a date alone, which is midnight UTC,
 * "now", or relative such as -2h, -90m, -1d12h. ERROR_USAGE names the option.
 */
bool timerange_moment(const char *option, const char *text, struct moment *moment,
                      struct error *error) __attribute__((warn_unused_result));

/* timerange_last: from text (such as 1h, 90m, 7d) before the present until the present. */
bool timerange_last(const char *option, const char *text, struct timerange *range,
                    struct error *error) __attribute__((warn_unused_result));

/* timerange_given: a start or an end was given. */
bool timerange_given(const struct timerange *range);

/*
 * timerange_is_within: the range has a start, and is shorter than this; false when that depends on
 * the server's present.
 */
bool timerange_is_within(const struct timerange *range, int64_t seconds);

/* timerange_resolve: the moment in Unix seconds when the server's present is now. */
int64_t timerange_resolve(const struct moment *moment, int64_t now);

#endif
