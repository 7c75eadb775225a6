/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * The course of a series in few steps of equal length, for a small chart: steps grow as time goes
 * on, so that they are never too many. A step without samples stays empty: it is no zero.
 */
#ifndef VPERF_REPORT_TIMELINE_H
#define VPERF_REPORT_TIMELINE_H

#include <stddef.h>
#include <stdint.h>

#include "report/statistics.h"

enum { TIMELINE_STEPS = 96 };

struct timeline_step {
    double sum;    /* of values times the seconds that they cover */
    double weight; /* these seconds; 0: no sample */
    double peak;
};

/* Zeroed is empty; fields are for reading. */
struct timeline {
    int64_t width; /* of a step, in seconds */
    int64_t first; /* number of the first step, counted from 1970 */
    size_t count;
    struct timeline_step steps[TIMELINE_STEPS];
};

/* timeline_add: a sample of an interval in seconds that ends at this time; in any order. */
void timeline_add(struct timeline *timeline, int64_t time, int32_t interval, double value);

/* timeline_add_all: so many of them. */
void timeline_add_all(struct timeline *timeline, const struct measure_samples *samples);

#endif
