/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* How far a long collection is, on a terminal: work done of all, series, rate, time left; and what
 * a run waits for.
 */
#ifndef VPERF_COMMAND_PROGRESS_H
#define VPERF_COMMAND_PROGRESS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "core/log.h"

/* The lanes of a run report to one; threads may share it. */
struct progress {
    const struct log *log;
    pthread_mutex_t lock;
    int64_t started_ms;
    int64_t shown_ms;
    int done; /* sums over the lanes: entities of vSphere, polls of libvirt */
    int total;
    atomic_uint_least64_t series; /* not below the lock, which each would take */
};

/* What one lane has reported. */
struct progress_lane {
    struct progress *progress;
    int done;
    int total;
};

/* progress_init: nothing done, and nothing known to be done. */
void progress_init(struct progress *progress, const struct log *log);

/* progress_done: clears the line. */
void progress_done(struct progress *progress);

/* progress_report: done of total are over in the lane, the struct progress_lane that context is. */
void progress_report(void *context, int done, int total);

/*
 * progress_wait: the lane waits for something until this time of clock_boot_ns; waits of less than
 * a second are not shown.
 */
void progress_wait(struct progress_lane *lane, const char *what, int64_t until_ns);

/* progress_series: one more series. */
void progress_series(struct progress_lane *lane);

#endif
