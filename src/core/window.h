/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* WHEN: the samples that are asked for; what they are of is the selection's. */
#ifndef VPERF_CORE_WINDOW_H
#define VPERF_CORE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "core/timerange.h"

/* The interval of the samples that ESXi keeps of the last hour, and the default of polls. */
enum { REAL_TIME_SECONDS = 20 };

/* WHEN as the user asks for it, before the source's clock is known. */
struct timing {
    struct timerange range;
    int32_t samples;     /* the newest N; 0 for all of the range */
    int32_t interval;    /* seconds; REAL_TIME_SECONDS is real time on vSphere */
    const char *archive; /* the name by which an archived interval was asked for, or NULL */
    bool follow;         /* each further sample as well, without end */
    bool shorter;        /* an archive that the source does not have yields to a shorter one */
};

/* Samples with after < time <= until in Unix seconds of the source's clock; 0: no such limit. */
struct window {
    int64_t after;
    int64_t until;
    int32_t interval; /* seconds between two samples */
    int32_t newest;   /* at most so many of each series, the newest; 0 for all */
    bool kept_only;   /* what is older than what the source keeps is left out without a word */
    bool fresh_only;  /* without the samples that earlier rounds of the source emitted */
    int64_t now;      /* the source's present; 0 when it was not asked for */
    bool archived;    /* of what is kept, where a source gives its moments otherwise */
};

/* window_bounded: the window has a limit; else it holds the newest samples there are. */
static inline bool window_bounded(const struct window *window) {
    return window->after || window->until;
}

/* timing_init: the newest real-time sample. */
void timing_init(struct timing *timing);

/* window_shorter_archive: the next one below of those that a vCenter is shipped with; 0: none. */
int32_t window_shorter_archive(int32_t interval);

/* window_needs_now: window_resolve has to know the source's present. */
bool window_needs_now(const struct timing *timing);

/*
 * window_resolve: the window of the timing; now is the source's present, or 0. ERROR_USAGE when no
 * sample can lie in it.
 */
bool window_resolve(struct window *window, const struct timing *timing, int64_t now,
                    struct error *error) __attribute__((warn_unused_result));

#endif
