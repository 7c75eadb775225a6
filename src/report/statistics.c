/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/statistics.h"

#include <glib.h>

#include "report/sums.h"

bool weighted_mean_known(const struct weighted_mean *mean) {
    return mean->weight > 0;
}

double weighted_mean_value(const struct weighted_mean *mean) {
    return weighted_mean_known(mean) ? mean->sum / mean->weight : 0;
}

/* What changes with the samples as a whole. */
static void note_span(struct measure *measure, int64_t first, int64_t last, int32_t interval) {
    bool any = measure->longest > 0;
    int64_t begin = first - interval;
    measure->begin_time = any ? MIN(measure->begin_time, begin) : begin;
    measure->first_time = any ? MIN(measure->first_time, first) : first;
    measure->last_time = any ? MAX(measure->last_time, last) : last;
    measure->shortest = any ? MIN(measure->shortest, interval) : interval;
    measure->longest = MAX(measure->longest, interval);
}

static void note_peak(struct measure *measure, double value, int64_t time, int32_t interval) {
    if (measure->longest > 0 &&
        (value < measure->peak || (value == measure->peak && time >= measure->peak_time)))
        return;
    measure->peak = value;
    measure->peak_time = time;
    measure->peak_interval = interval;
}

/* The first of the highest ones. */
static size_t find_highest(const double *values, size_t count) {
    double value = values[0];
    size_t highest = 0;
    for (size_t i = 1; i < count; i++)
        if (values[i] > value) {
            value = values[i];
            highest = i;
        }
    return highest;
}

static size_t count_above(const double *values, size_t count, double limit) {
    size_t above = 0;
    for (size_t i = 0; i < count; i++)
        above += values[i] > limit;
    return above;
}

void measure_add_all(struct measure *measure, const struct measure_samples *samples, double limit) {
    const double *values = samples->values;
    size_t count = samples->count;
    if (!count)
        return;
    size_t highest = find_highest(values, count);
    size_t above = values[highest] > limit ? count_above(values, count, limit) : 0;
    note_peak(measure, values[highest], samples->times[highest], samples->interval);
    note_span(measure, samples->times[0], samples->times[count - 1], samples->interval);
    double sum = sum_values(values, count);
    measure->sum += sum;
    measure->mean.sum += sum * samples->interval;
    measure->mean.weight += (double)samples->interval * (double)count;
    measure->seconds += samples->interval * (int64_t)count;
    measure->seconds_above += samples->interval * (int64_t)above;
}

/* The first of this value. */
static int64_t time_of(const struct measure_columns *samples, int64_t value) {
    size_t i = 0;
    while (series_columns_value(&samples->columns, i) != value)
        i++;
    return samples->columns.times[i];
}

static size_t count_columns_above(const struct measure_columns *samples, double limit) {
    size_t above = 0;
    for (size_t i = 0; i < samples->count; i++)
        above += scale_value(&samples->scale, series_columns_value(&samples->columns, i)) > limit;
    return above;
}

void measure_add_columns(struct measure *measure, const struct measure_columns *samples,
                         double limit) {
    const int64_t *times = samples->columns.times;
    size_t count = samples->count;
    if (!count)
        return;
    struct tally_sum raw = distribution_add_raw(&measure->values, samples->interval,
                                                &samples->scale, &samples->columns, count);
    double peak = scale_value(&samples->scale, raw.highest);
    if (measure->longest <= 0 || peak >= measure->peak)
        note_peak(measure, peak, time_of(samples, raw.highest), samples->interval);
    note_span(measure, times[0], times[count - 1], samples->interval);
    double sum = sum_columns(&samples->columns, &samples->scale, count, raw.sum);
    measure->sum += sum;
    measure->mean.sum += sum * samples->interval;
    measure->mean.weight += (double)samples->interval * (double)count;
    measure->seconds += samples->interval * (int64_t)count;
    if (peak > limit)
        measure->seconds_above += samples->interval * (int64_t)count_columns_above(samples, limit);
}

void measure_add(struct measure *measure, int64_t time, int32_t interval, double value,
                 double limit) {
    double *room = distribution_room(&measure->values, interval, 1);
    *room = value;
    measure_add_all(measure, &(struct measure_samples){&time, room, 1, interval}, limit);
}

bool measure_known(const struct measure *measure) {
    return measure->values.total > 0;
}

double measure_average(const struct measure *measure) {
    if (measure_known(measure) && measure->shortest == measure->longest)
        return measure->sum / (double)measure->values.total;
    return weighted_mean_value(&measure->mean);
}

double measure_percentile(struct measure *measure, double percent) {
    return distribution_percentile(&measure->values, percent);
}

double measure_coverage(const struct measure *measure, int64_t window_seconds) {
    if (window_seconds <= 0)
        return 0;
    return MIN(100.0 * (double)measure->seconds / (double)window_seconds, 100.0);
}

void measure_done(struct measure *measure) {
    distribution_done(&measure->values);
}
