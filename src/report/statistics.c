/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Values wait unsorted until there are enough of them to be worth a merge. */
#include "report/statistics.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

enum { LEAST_PENDING = 64, PENDING_SHARE = 4 };

static int compare_occurrences(const void *a, const void *b) {
    const struct occurrence *left = a, *right = b;
    return (left->value > right->value) - (left->value < right->value);
}

static void append(struct occurrence *list, size_t *count, const struct occurrence *more) {
    if (*count && list[*count - 1].value == more->value)
        list[*count - 1].count += more->count;
    else
        list[(*count)++] = *more;
}

/* All values into sorted. */
static void settle(struct distribution *distribution) {
    const struct occurrence *old = distribution->sorted;
    size_t pending = distribution->pending_count, count = 0, k = 0;
    if (!pending)
        return;
    qsort(distribution->pending, pending, sizeof *old, compare_occurrences);
    struct occurrence *merged = memory_array(distribution->count + pending, sizeof *merged);
    for (size_t i = 0; i < pending; i++) {
        const struct occurrence *one = &distribution->pending[i];
        for (; k < distribution->count && old[k].value <= one->value; k++)
            append(merged, &count, &old[k]);
        append(merged, &count, one);
    }
    for (; k < distribution->count; k++)
        append(merged, &count, &old[k]);
    free(distribution->sorted);
    distribution->sorted = memory_check(reallocarray(merged, count, sizeof *merged));
    distribution->count = count;
    distribution->pending_count = 0;
}

/* Many series stay the same for long: a value that is repeated takes no room. */
void distribution_add(struct distribution *distribution, double value) {
    size_t count = distribution->pending_count;
    distribution->total++;
    if (count && distribution->pending[count - 1].value == value) {
        distribution->pending[count - 1].count++;
        return;
    }
    if (count >= MAX(LEAST_PENDING, distribution->count / PENDING_SHARE))
        settle(distribution);
    distribution->pending =
        memory_grow(distribution->pending, distribution->pending_count,
                    &distribution->pending_capacity, sizeof *distribution->pending);
    distribution->pending[distribution->pending_count++] = (struct occurrence){value, 1};
}

/* The value at this place in ascending order, and the one after it. */
static void values_at(const struct distribution *distribution, uint64_t place, double *value,
                      double *next) {
    uint64_t before = 0;
    size_t i = 0;
    while (before + distribution->sorted[i].count <= place)
        before += distribution->sorted[i++].count;
    *value = distribution->sorted[i].value;
    bool ends = before + distribution->sorted[i].count == place + 1;
    *next = distribution->sorted[ends && i + 1 < distribution->count ? i + 1 : i].value;
}

/* The order of operations is numpy's: it decides the last bit. */
double distribution_percentile(struct distribution *distribution, double percent) {
    if (!distribution->total)
        return 0;
    settle(distribution);
    double virtual_place = (double)(distribution->total - 1) * (percent / 100);
    double place = floor(virtual_place), part = virtual_place - place;
    double value = 0, next = 0;
    values_at(distribution, (uint64_t)place, &value, &next);
    double difference = next - value;
    return part >= 0.5 ? next - difference * (1 - part) : value + difference * part;
}

void distribution_done(struct distribution *distribution) {
    free(distribution->sorted);
    free(distribution->pending);
    *distribution = (struct distribution){.sorted = NULL};
}

void weighted_mean_add(struct weighted_mean *mean, double value, double weight) {
    mean->sum += value * weight;
    mean->weight += weight;
}

bool weighted_mean_known(const struct weighted_mean *mean) {
    return mean->weight > 0;
}

double weighted_mean_value(const struct weighted_mean *mean) {
    return weighted_mean_known(mean) ? mean->sum / mean->weight : 0;
}

void measure_add(struct measure *measure, int64_t time, int32_t interval, double value,
                 double limit) {
    bool first = !measure_known(measure);
    distribution_add(&measure->values, value);
    weighted_mean_add(&measure->mean, value, interval);
    if (first || value > measure->peak || (value == measure->peak && time < measure->peak_time)) {
        measure->peak = value;
        measure->peak_time = time;
    }
    measure->first_time = first ? time : MIN(measure->first_time, time);
    measure->last_time = first ? time : MAX(measure->last_time, time);
    measure->shortest = first ? interval : MIN(measure->shortest, interval);
    measure->longest = MAX(measure->longest, interval);
    measure->seconds += interval;
    if (value > limit)
        measure->seconds_above += interval;
}

bool measure_known(const struct measure *measure) {
    return measure->values.total > 0;
}

double measure_average(const struct measure *measure) {
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
