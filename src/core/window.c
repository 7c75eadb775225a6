/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Servers ignore maxSample for archived samples: the newest few are asked for by time. */
#include "core/window.h"

#include <stddef.h>

/* An archived sample appears up to this many intervals after its time. */
enum { ROLLUP_DELAY_INTERVALS = 2 };

void timing_init(struct timing *timing) {
    *timing = (struct timing){.samples = 1, .interval = REAL_TIME_SECONDS};
}

int32_t window_shorter_archive(int32_t interval) {
    static const int32_t archives[] = {7200, 1800, 300};
    for (size_t i = 0; i < sizeof archives / sizeof *archives; i++)
        if (archives[i] < interval)
            return archives[i];
    return 0;
}

static bool is_newest_real_time(const struct timing *timing) {
    return !timerange_given(&timing->range) && timing->interval == REAL_TIME_SECONDS;
}

static bool is_absolute(const struct moment *moment) {
    return moment->given && !moment->relative;
}

bool window_needs_now(const struct timing *timing) {
    bool absolute = is_absolute(&timing->range.start) && is_absolute(&timing->range.end);
    if (timing->follow)
        return true;
    return !is_newest_real_time(timing) && (!absolute || timing->interval == REAL_TIME_SECONDS);
}

/* The newest sample there is, and all that come. */
static void resolve_follow(struct window *window, const struct timing *timing, int64_t now) {
    const struct moment *start = &timing->range.start;
    window->fresh_only = true;
    window->after = start->given ? timerange_resolve(start, now) : now - (int64_t)timing->interval;
}

static void resolve_range(struct window *window, const struct timing *timing, int64_t now) {
    const struct timerange *range = &timing->range;
    int64_t newest = (int64_t)(timing->samples + ROLLUP_DELAY_INTERVALS) * timing->interval;
    window->newest = timing->samples;
    window->until = range->end.given ? timerange_resolve(&range->end, now) : now;
    window->after =
        range->start.given ? timerange_resolve(&range->start, now) : window->until - newest;
}

bool window_resolve(struct window *window, const struct timing *timing, int64_t now,
                    struct error *error) {
    *window = (struct window){.interval = timing->interval, .now = now};
    if (timing->follow) {
        resolve_follow(window, timing, now);
        return true;
    }
    if (is_newest_real_time(timing)) {
        window->newest = timing->samples;
        return true;
    }
    resolve_range(window, timing, now);
    return window->after < window->until ||
           error_set(error, ERROR_USAGE,
                     "--start is not before --end (the server's present when it is not given): no "
                     "sample can lie between them");
}
