/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Statistics over all values of a series, exact: values are kept with how often they occur, so that
 * a month of samples takes the room of its different values. Percentiles are those of Hyndman and
 * Fan's type 7 ("Sample Quantiles in Statistical Packages", 1996), which numpy.percentile computes
 * unless told otherwise, to the last bit.
 */
#ifndef VPERF_REPORT_STATISTICS_H
#define VPERF_REPORT_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A value and how often it occurs. */
struct occurrence {
    double value;
    uint64_t count;
};

/* All values of a series in any order; zeroed is empty. */
struct distribution {
    struct occurrence *sorted; /* ascending, each value once */
    size_t count;
    struct occurrence *pending; /* values that are not in sorted yet, in the order they came */
    size_t pending_count;
    size_t pending_capacity;
    uint64_t total; /* values */
};

/* distribution_add: one more value, which must be a number. */
void distribution_add(struct distribution *distribution, double value);

/* distribution_percentile: type 7, percent from 0 to 100; 0 of no values. */
double distribution_percentile(struct distribution *distribution, double percent);

/* distribution_done: frees what the distribution holds. */
void distribution_done(struct distribution *distribution);

/* A mean whose values count differently: percent by vCPUs, latencies by requests. */
struct weighted_mean {
    double sum; /* of values times their weights */
    double weight;
};

/* weighted_mean_add: a value with its weight, which is not negative. */
void weighted_mean_add(struct weighted_mean *mean, double value, double weight);

/* weighted_mean_known: something has a weight. */
bool weighted_mean_known(const struct weighted_mean *mean);

/* weighted_mean_value: the mean; 0 when it is not known. */
double weighted_mean_value(const struct weighted_mean *mean);

/* What is known of a series over a window; zeroed is empty. Fields are for reading. */
struct measure {
    struct distribution values;
    struct weighted_mean mean; /* by the seconds that samples cover */
    double peak;               /* highest value */
    int64_t peak_time;         /* end of the first interval that has it, Unix seconds */
    int64_t first_time;
    int64_t last_time;
    int64_t seconds;       /* that the samples cover */
    int64_t seconds_above; /* covered by samples above the limit */
    int32_t shortest;      /* interval between samples, in seconds */
    int32_t longest;
    bool approximate; /* the hypervisor has no such figure of its own */
};

/*
 * measure_add: a sample of an interval in seconds that ends at this time. Samples above the limit
 * count for seconds_above.
 */
void measure_add(struct measure *measure, int64_t time, int32_t interval, double value,
                 double limit);

/* measure_known: there is a sample. */
bool measure_known(const struct measure *measure);

/* measure_average: the mean of the samples, weighted by the seconds that they cover. */
double measure_average(const struct measure *measure);

/* measure_percentile: as distribution_percentile; samples count alike, whatever they cover. */
double measure_percentile(struct measure *measure, double percent);

/* measure_coverage: percent of the seconds of a window that samples cover, at most 100. */
double measure_coverage(const struct measure *measure, int64_t window_seconds);

/* measure_done: frees what the measure holds. */
void measure_done(struct measure *measure);

#endif
