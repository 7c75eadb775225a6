/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* When polls are made, at even distances, and which second their samples belong to. */
#ifndef VPERF_SOURCE_GRID_H
#define VPERF_SOURCE_GRID_H

#include <stdbool.h>
#include <stdint.h>

struct grid {
    int64_t period_ns;
    bool begun;
    int64_t start_ns;        /* clock_boot_ns of the first poll */
    int64_t slot;            /* number of the last poll's place */
    bool stamped;            /* the rest is known */
    int64_t stamp;           /* of the last samples */
    int64_t set_back;        /* seconds that the clock went back by before them */
    int64_t clock_offset_ns; /* CLOCK_REALTIME less CLOCK_BOOTTIME */
    int64_t held[2];         /* by the slowest of these polls and of the group before them */
    int held_polls;          /* number of these polls */
    int64_t fraction_ns;     /* of the second in which the first poll was made */
};

/* grid_begin: a poll begins now; returns how many places were left out since the one before. */
int64_t grid_begin(struct grid *grid, int64_t now_ns);

/* grid_due_ns: the first place after now. */
int64_t grid_due_ns(const struct grid *grid, int64_t now_ns);

/*
 * grid_stamp: the second, of Unix time, of samples that were taken at this time of clock_boot_ns.
 * Whole seconds at an even distance: those since the first poll are rounded, so that a call that
 * takes 10 ms longer does not repeat a second or leave one out. The distance between wall clock and
 * steady clock is taken anew only when somebody set the clock; the stamps follow it at once, also
 * back. Else none comes twice.
 */
int64_t grid_stamp(struct grid *grid, int64_t time_ns, int64_t wall_ns);

/*
 * grid_hold: this poll could hold an interval of so many seconds; returns the one that each of the
 * last polls, 30 to 60 of them, could hold.
 */
int64_t grid_hold(struct grid *grid, int64_t seconds);

#endif
