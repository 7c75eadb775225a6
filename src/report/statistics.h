/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Statistics over all samples of a series, weighted by the seconds that they cover. */
#ifndef VPERF_REPORT_STATISTICS_H
#define VPERF_REPORT_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report/distribution.h"

/* A mean whose values count differently: percent by vCPUs, latencies by requests. */
struct weighted_mean {
    double sum; /* of values times their weights */
    double weight;
};

/* weighted_mean_add: a value with its weight, which is not negative. */
static inline void weighted_mean_add(struct weighted_mean *mean, double value, double weight) {
    mean->sum += value * weight;
    mean->weight += weight;
}

/* weighted_mean_known: something has a weight. */
bool weighted_mean_known(const struct weighted_mean *mean);

/* weighted_mean_value: the mean; 0 when it is not known. */
double weighted_mean_value(const struct weighted_mean *mean);

/* What is known of a series over a window; zeroed is empty. Fields are for reading. */
struct measure {
    struct distribution values;
    double sum;
    struct weighted_mean mean; /* by the seconds that samples cover */
    double peak;               /* highest value */
    int64_t peak_time;         /* end of the first interval that has it, Unix seconds */
    int64_t first_time;
    int64_t last_time;
    int64_t seconds;       /* that the samples cover */
    int64_t seconds_above; /* covered by samples above the limit */
    int32_t shortest;      /* interval between samples, in seconds */
    int32_t longest;
    bool approximate;      /* the hypervisor has no such figure of its own */
    int32_t peak_interval; /* of the sample that has the peak */
    int64_t begin_time;    /* of the earliest interval */
};

/*
 * measure_add: a sample of an interval in seconds that ends at this time. Samples above the limit
 * count for seconds_above.
 */
void measure_add(struct measure *measure, int64_t time, int32_t interval, double value,
                 double limit);

/* Samples in ascending time, all of this interval, with their values. */
struct measure_samples {
    const int64_t *times;
    const double *values;
    size_t count;
    int32_t interval;
};

/* measure_add_all: as measure_add; the values, at least one, are in the room of its distribution.
 */
void measure_add_all(struct measure *measure, const struct measure_samples *samples, double limit);

/* Samples in ascending time, all of this interval, as raw values of a scale. */
struct measure_columns {
    struct series_columns columns;
    size_t count;
    int32_t interval;
    struct scale scale;
};

/* measure_add_columns: as measure_add. */
void measure_add_columns(struct measure *measure, const struct measure_columns *samples,
                         double limit);

/* measure_known: there is a sample. */
bool measure_known(const struct measure *measure);

/* measure_average: the mean of the samples, weighted by the seconds that they cover. */
double measure_average(const struct measure *measure);

/* measure_percentile: as distribution_percentile, weighted by the seconds that samples cover. */
double measure_percentile(struct measure *measure, double percent);

/* measure_coverage: percent of the seconds of a window that samples cover, at most 100. */
double measure_coverage(const struct measure *measure, int64_t window_seconds);

/* measure_done: frees what the measure holds. */
void measure_done(struct measure *measure);

#endif
