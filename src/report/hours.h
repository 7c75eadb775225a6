/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Averages of the hours of a week (UTC, from Monday on); an hour without samples is no zero.
 * Samples of a day or more tell no hour.
 */
#ifndef VPERF_REPORT_HOURS_H
#define VPERF_REPORT_HOURS_H

#include <stdbool.h>
#include <stddef.h>

#include "report/statistics.h"

enum { HOURS_OF_WEEK = 168, HOURS_NAME_SIZE = 12 };

/* Zeroed is empty. */
struct hours {
    struct weighted_mean means[HOURS_OF_WEEK]; /* weighted by the seconds that samples cover */
    bool has_days;                             /* there were samples that tell no hour */
};

/*
 * hours_add_all: each sample belongs to the hour in which it ends, and one of more than an hour to
 * each hour that it covers, by the seconds of it.
 */
void hours_add_all(struct hours *hours, const struct measure_samples *samples);

/* hours_missing: how many have no sample. */
size_t hours_missing(const struct hours *hours);

/* hours_extremes: those with the highest and the lowest average; false when none has samples. */
bool hours_extremes(const struct hours *hours, size_t *highest, size_t *lowest);

/* hours_name: such as "Mon 14:00". */
void hours_name(char name[HOURS_NAME_SIZE], size_t hour);

#endif
