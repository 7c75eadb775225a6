/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What several hosts use together; samples of each interval are apart, for they cover other times.
 */
#ifndef VPERF_REPORT_DEMAND_H
#define VPERF_REPORT_DEMAND_H

#include <glib.h>

#include "core/series.h"

/* The samples of one interval. */
struct demand_part {
    int32_t interval; /* in seconds */
    GArray *samples;  /* struct sample */
};

/* demand_part: the samples of this interval, which begin empty, of struct demand_part in *parts. */
GArray *demand_part(GArray **parts, int32_t interval);

/* demand_find: the same; NULL when there are none. */
GArray *demand_find(const GArray *parts, int32_t interval);

/* demand_count: samples of all intervals. */
size_t demand_count(const GArray *parts);

/* demand_free: takes NULL. */
void demand_free(GArray *parts);

/* demand_sort: struct sample by time, each time once; of two, the one that came last. */
void demand_sort(GArray *samples);

/*
 * demand_add_up: the sums, struct sample, at the times that all lists have, each sorted; no list
 * has no times. The caller owns it.
 */
GArray *demand_add_up(GArray *const *lists, size_t count);

#endif
