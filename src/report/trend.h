/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Robust trends: the median of the slopes between all pairs of points (Theil 1950, Sen 1968), which
 * 29 % of bad points do not move, with Sen's interval, both as scipy.stats.theilslopes computes
 * them. Points are averages of whole days, for samples close to each other are too alike for the
 * interval to be true; the cycle of the week is taken out first.
 */
#ifndef VPERF_REPORT_TREND_H
#define VPERF_REPORT_TREND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct trend_point {
    double x;
    double y;
};

/* A slope and the interval that holds it in 95 % of cases. */
struct trend {
    double slope;
    double low;
    double high;
};

/* trend_of: false when there are no two points with different x. */
bool trend_of(const struct trend_point *points, size_t count, struct trend *trend);

/*
 * trend_of_days: the change per day over averages of days, x, each once and in any order, which get
 * sorted. From TREND_LEAST_DAYS days on without the cycle of the week; false when there are fewer
 * than least.
 */
bool trend_of_days(struct trend_point *points, size_t count, size_t least, struct trend *trend);

enum { TREND_LEAST_DAYS = 14 };

struct trend_days;

/* trend_days_new: none yet; owned by the caller. */
struct trend_days *trend_days_new(void);

/* trend_days_free: takes NULL. */
void trend_days_free(struct trend_days *days);

/* trend_days_add: a sample of an interval in seconds that ends at this time, in any order. */
void trend_days_add(struct trend_days *days, int64_t time, int32_t interval, double value);

/*
 * trend_days_trend: the change per day over the days (UTC) of which samples cover nine tenths,
 * without the cycle of the week: what each weekday differs by from the line through its own kind.
 * False when there are fewer than TREND_LEAST_DAYS of them.
 */
bool trend_days_trend(const struct trend_days *days, struct trend *trend);

#endif
