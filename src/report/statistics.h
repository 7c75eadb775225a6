/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Statistics over all values of a series, exact. Percentiles are those of Hyndman and Fan's type 7
 * ("Sample Quantiles in Statistical Packages", 1996), which numpy.percentile computes unless told
 * otherwise, to the last bit. When no more values come, a distribution can be reduced: to the
 * percentiles that will be asked for, or to how often each value occurs.
 */
#ifndef VPERF_REPORT_STATISTICS_H
#define VPERF_REPORT_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report/tally.h"

/* A value and how often it occurs. */
struct occurrence {
    double value;
    uint64_t count;
};

/* A percentile that is known. */
struct percentile {
    double percent;
    double value;
};

/* Different values that are elsewhere: so many, at an offset of who keeps them. */
struct waiting {
    int64_t offset;
    size_t count;
};

/* All values of a series in any order; zeroed is empty. */
struct distribution {
    double *values; /* in the order they came, as far as they are not in sorted */
    size_t value_count;
    size_t value_capacity;
    struct occurrence *sorted; /* ascending, each value once */
    size_t count;
    struct percentile *known; /* all that is left of the values when they are gone */
    size_t known_count;
    uint64_t total;          /* values */
    struct waiting *waiting; /* percentiles are not known before all are here again */
    size_t waiting_count;
    struct tally raw; /* more values, of this scale */
    struct scale scale;
};

/* distribution_add: one more value, which must be a number. */
void distribution_add(struct distribution *distribution, double value);

/* distribution_room: room for so many more values, at least one, which the caller fills in. */
double *distribution_room(struct distribution *distribution, size_t count);

/*
 * distribution_percentile: type 7, percent from 0 to 100; 0 of no values. Of a distribution that is
 * reduced to percentiles, one of these.
 */
double distribution_percentile(struct distribution *distribution, double percent);

/* distribution_compact: from now on it takes the room of its different values. */
void distribution_compact(struct distribution *distribution);

/* distribution_wait: all that it has in sorted is elsewhere from now on, at this offset. */
void distribution_wait(struct distribution *distribution, int64_t offset);

/* distribution_merge: values that were elsewhere, ascending, each once. */
void distribution_merge(struct distribution *distribution, const struct occurrence *list,
                        size_t count);

/* distribution_reduce: keeps these percentiles alone; no value can be added any more. */
void distribution_reduce(struct distribution *distribution, const double *percents, size_t count);

/*
 * distribution_hand_over: as distribution_reduce; the memory of the values is free for those of
 * another one.
 */
void distribution_hand_over(struct distribution *distribution, const double *percents, size_t count,
                            struct distribution *other);

/* distribution_done: frees what the distribution holds. */
void distribution_done(struct distribution *distribution);

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
    bool approximate; /* the hypervisor has no such figure of its own */
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

/* measure_percentile: as distribution_percentile; samples count alike, whatever they cover. */
double measure_percentile(struct measure *measure, double percent);

/* measure_coverage: percent of the seconds of a window that samples cover, at most 100. */
double measure_coverage(const struct measure *measure, int64_t window_seconds);

/* measure_done: frees what the measure holds. */
void measure_done(struct measure *measure);

#endif
