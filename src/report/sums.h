/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Sums in the order in which numpy adds: pairs of pairs, eight by eight. The bits are the same, and
 * with them the last figure of a mean that lies half way between two that can be printed.
 */
#ifndef VPERF_REPORT_SUMS_H
#define VPERF_REPORT_SUMS_H

#include "report/tally.h"

/* sum_values: of any number of values. */
double sum_values(const double *values, size_t count);

/*
 * sum_columns: of at least one raw value with this scale; raw is their exact sum. Means of
 * thousands of values hardly ever lie half way: there the exact sum is taken, which costs less.
 */
double sum_columns(const struct series_columns *columns, const struct scale *scale, size_t count,
                   double raw);

#endif
