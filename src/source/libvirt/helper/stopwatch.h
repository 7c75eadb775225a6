/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* When a call was made. libvirt's records have no time of their own. */
#ifndef VPERF_SOURCE_LIBVIRT_STOPWATCH_H
#define VPERF_SOURCE_LIBVIRT_STOPWATCH_H

#include <stdint.h>

struct stopwatch {
    int64_t begin_ns; /* CLOCK_BOOTTIME: goes on while we are suspended, and never jumps */
    int64_t end_ns;
    int64_t wall_ns; /* CLOCK_REALTIME at the end */
};

/* stopwatch_begin: notes that a call begins. */
void stopwatch_begin(struct stopwatch *watch);

/* stopwatch_end: notes that it came back. */
void stopwatch_end(struct stopwatch *watch);

/*
 * stopwatch_stamp: the middle of the call on CLOCK_BOOTTIME, its duration, and the wall clock at
 * its middle in seconds (wall_seconds may be NULL). Returns the latter in nanoseconds.
 */
int64_t stopwatch_stamp(const struct stopwatch *watch, int64_t *time_ns, int64_t *duration_ns,
                        int64_t *wall_seconds);

#endif
